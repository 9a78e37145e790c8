"""``flask queue``: workers and queue, as the database knows them."""

from flask.cli import AppGroup

queue = AppGroup("queue", help="Workers and queue.")
