"""Runs found by who started them, by operation, outcome and reason, however few of many they are.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEEDED_ATTENTION = sa.text("outcome IN ('failed', 'partially_succeeded')")
UNSUCCESSFUL = sa.text("outcome IN ('partially_succeeded', 'failed', 'cancelled')")
HAS_REASON = sa.text("reason_code IS NOT NULL")
DISPATCHED = sa.text("kind = 'dispatched'")


def upgrade():
    op.drop_index("ix_operation_runs_attention", "operation_runs")
    op.create_index("ix_operation_runs_initiator", "operation_runs", ["initiator_name", "id"])
    op.create_index("ix_operation_runs_type", "operation_runs", ["type", "id"])
    _partial_index("operation_runs", "unsuccessful", ["outcome", "id"], UNSUCCESSFUL)
    _partial_index("operation_runs", "reason", ["reason_code", "id"], HAS_REASON)
    _partial_index("operation_run_events", "dispatched", ["at"], DISPATCHED)


def _partial_index(table, name, columns, where):
    op.create_index(
        f"ix_{table}_{name}", table, columns, sqlite_where=where, postgresql_where=where
    )


def downgrade():
    op.drop_index("ix_operation_run_events_dispatched", "operation_run_events")
    for name in ("reason", "unsuccessful", "type", "initiator"):
        op.drop_index(f"ix_operation_runs_{name}", "operation_runs")
    _partial_index("operation_runs", "attention", ["tenant_id", "id"], NEEDED_ATTENTION)
