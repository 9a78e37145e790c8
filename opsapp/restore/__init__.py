"""Restores: the plan from the database, the journal of writes, looking up, the proof."""
