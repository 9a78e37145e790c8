"""The conditions of partial indexes, in their very words.

SQLite only uses such an index when it finds the index's condition in the query: literally, without
parameters, and not through an alias.
"""

import sqlalchemy as sa

from opsapp.models.run import ACTIVE_SQL, DISPATCHED_SQL, PROBLEM_SQL, UNSUCCESSFUL_SQL

Condition = sa.ColumnElement[bool]

ACTIVE: Condition = sa.literal_column(f"operation_runs.{ACTIVE_SQL}")
UNSUCCESSFUL: Condition = sa.literal_column(f"operation_runs.{UNSUCCESSFUL_SQL}")
PROBLEM: Condition = sa.literal_column(f"operation_run_items.{PROBLEM_SQL}")
DISPATCHED: Condition = sa.literal_column(f"operation_run_events.{DISPATCHED_SQL}")
