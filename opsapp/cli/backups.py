"""``flask backups``: backup sets."""

from flask.cli import AppGroup

backups = AppGroup("backups", help="Backup sets: export and import.")
