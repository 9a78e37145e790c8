"""History that cannot be rewritten: completed runs, their items, all events, the audit trail.

Deleting a whole completed run (retention) stays possible; a run in progress, a single item of a
completed run, an event, or an audit line cannot be deleted.

Revision ID: 0002
Revises: 0001
"""

from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


class Guard(NamedTuple):
    name: str
    event: str
    table: str
    when: str
    message: str


def of_completed(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM operation_runs r"
        f" WHERE r.id = {row}.run_id AND r.status = 'completed')"
    )


def of_kept(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM operation_runs r WHERE r.id = {row}.run_id)"


FROZEN_RUN = "a completed run never changes"
GUARDS = [
    Guard("run_frozen", "UPDATE", "operation_runs", "OLD.status = 'completed'", FROZEN_RUN),
    Guard(
        "run_active_kept",
        "DELETE",
        "operation_runs",
        "OLD.status <> 'completed'",
        "an active run cannot be deleted",
    ),
    Guard("item_added", "INSERT", "operation_run_items", of_completed("NEW"), FROZEN_RUN),
    Guard("item_changed", "UPDATE", "operation_run_items", of_completed("OLD"), FROZEN_RUN),
    Guard("item_removed", "DELETE", "operation_run_items", of_completed("OLD"), FROZEN_RUN),
    Guard("event_changed", "UPDATE", "operation_run_events", "1 = 1", "events are append-only"),
    Guard(
        "event_removed", "DELETE", "operation_run_events", of_kept("OLD"), "events are append-only"
    ),
    Guard("audit_changed", "UPDATE", "audit_events", "1 = 1", "the audit trail is append-only"),
    Guard("audit_removed", "DELETE", "audit_events", "1 = 1", "the audit trail is append-only"),
]


def upgrade() -> None:
    create = _create_sqlite if op.get_bind().dialect.name == "sqlite" else _create_postgresql
    for guard in GUARDS:
        create(guard)


def _create_sqlite(guard: Guard) -> None:
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}"
        f" WHEN {guard.when} BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _create_postgresql(guard: Guard) -> None:
    kept = "NEW" if guard.event != "DELETE" else "OLD"
    op.execute(
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF {guard.when} THEN RAISE EXCEPTION '{guard.message}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {kept}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
    )


def downgrade() -> None:
    for guard in reversed(GUARDS):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {guard.name}")
        else:
            op.execute(f"DROP TRIGGER {guard.name} ON {guard.table}")
            op.execute(f"DROP FUNCTION {guard.name}()")
