"""Backup sets: making them, what they hold, when they are due, export and import."""
