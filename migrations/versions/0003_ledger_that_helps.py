"""Retries of a selection, pauses, deliveries of notifications, totals for metrics.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
IN_FORCE = sa.text("lifted_at IS NULL")
PENDING = sa.text("state = 'pending'")
PROBLEM = sa.text("result IN ('failed', 'skipped')")
AUDIT_GUARDS = {"audit_changed": "UPDATE", "audit_removed": "DELETE"}
APPEND_ONLY = "the audit trail is append-only"
SELECTION_FIXED = "the selection of a run never changes"


def upgrade():
    op.add_column("operation_runs", sa.Column("cancel_reason", sa.String(300), nullable=True))
    op.add_column("operation_runs", sa.Column("selection_hash", sa.String(64), nullable=True))
    op.create_index("ix_operation_runs_identity", "operation_runs", ["run_identity_hash", "id"])
    op.create_index("ix_operation_runs_completed", "operation_runs", ["completed_at"])
    op.create_index("ix_operation_run_items_run", "operation_run_items", ["run_id", "id"])
    op.create_index(
        "ix_operation_run_items_problems",
        "operation_run_items",
        ["run_id", "result", "reason_code", "id"],
        sqlite_where=PROBLEM,
        postgresql_where=PROBLEM,
    )
    op.add_column("tenants", sa.Column("last_turn_at", TIME, nullable=True))
    op.add_column("notifications", sa.Column("updated_title", sa.String(300), nullable=True))
    op.add_column("notifications", sa.Column("updated_at", TIME, nullable=True))
    _create_lineage()
    _create_attention()
    _create_pauses()
    _create_deliveries()
    op.create_table(
        "metric_totals",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("labels", sa.String(300), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name="pk_metric_totals"),
    )
    _let_audit_outlive_users()


def _create_lineage():
    run = sa.ForeignKeyConstraint(
        ["run_id"],
        ["operation_runs.id"],
        name="fk_operation_run_selections_run_id_operation_runs",
        ondelete="CASCADE",
    )
    op.create_table(
        "operation_run_selections",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
        run,
        sa.PrimaryKeyConstraint("run_id", "kind", "key", name="pk_operation_run_selections"),
    )
    _guard("selection_changed", "UPDATE", "operation_run_selections", SELECTION_FIXED)
    op.create_table(
        "operation_run_repairs",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("by_run_id", BIG_ID, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["operation_runs.id"],
            name="fk_operation_run_repairs_run_id_operation_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_operation_run_repairs"),
    )


def _create_attention():
    """With what needs it today, by the rules so far: neither retried nor succeeded since."""
    op.create_table(
        "operation_run_attention",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["operation_runs.id"],
            name="fk_operation_run_attention_run_id_operation_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_operation_run_attention"),
    )
    op.execute(
        "INSERT INTO operation_run_attention (run_id) SELECT r.id FROM operation_runs r"
        " WHERE r.outcome IN ('failed', 'partially_succeeded') AND NOT EXISTS (SELECT 1"
        " FROM operation_runs o WHERE o.retry_of_id = r.id AND o.outcome <> 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM operation_runs o WHERE o.id > r.id"
        " AND o.tenant_id = r.tenant_id AND o.run_identity_hash = r.run_identity_hash"
        " AND o.outcome = 'succeeded')"
    )


def _create_pauses():
    op.create_table(
        "pauses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tenant_id", BIG_ID, nullable=True),
        sa.Column("scope", BIG_ID, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("paused_by", sa.String(254), nullable=False),
        sa.Column("paused_at", TIME, nullable=False),
        sa.Column("lifted_by", sa.String(254), nullable=True),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_pauses_has_reason")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_pauses_tenant_id_tenants"),
        sa.PrimaryKeyConstraint("id", name="pk_pauses"),
    )
    op.create_index(
        "uq_pauses_in_force",
        "pauses",
        ["scope"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def _create_deliveries():
    op.create_table(
        "delivery_preferences",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.Column("webhook_url_encrypted", sa.Text(), nullable=True),
        sa.Column("webhook_secret_encrypted", sa.Text(), nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_delivery_preferences_user_id_users"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_delivery_preferences"),
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("notification_id", BIG_ID, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", TIME, nullable=False),
        sa.Column("message", sa.String(300), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name="fk_notification_deliveries_notification_id_notifications",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_notification_deliveries_user_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification_deliveries"),
        sa.UniqueConstraint(
            "notification_id", "channel", name="uq_notification_deliveries_notification_id_channel"
        ),
    )
    op.create_index("ix_notification_deliveries_user", "notification_deliveries", ["user_id", "id"])
    op.create_index(
        "ix_notification_deliveries_due",
        "notification_deliveries",
        ["next_attempt_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )


def _let_audit_outlive_users():
    """SQLite makes the table anew for that, and its triggers go with the old one."""
    name = "fk_audit_events_user_id_users"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(name, "audit_events", type_="foreignkey")
        return
    with op.batch_alter_table("audit_events") as table:
        table.drop_constraint(name, type_="foreignkey")
    for guard, event in AUDIT_GUARDS.items():
        _guard(guard, event, "audit_events", APPEND_ONLY)


def _guard(name, event, table, message):
    """A trigger that refuses every such statement."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{message}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def downgrade():
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("audit_events") as table:
        table.create_foreign_key("fk_audit_events_user_id_users", "users", ["user_id"], ["id"])
    if is_sqlite:
        for guard, event in AUDIT_GUARDS.items():
            _guard(guard, event, "audit_events", APPEND_ONLY)
    op.drop_table("metric_totals")
    op.drop_table("notification_deliveries")
    op.drop_table("delivery_preferences")
    op.drop_table("pauses")
    op.drop_table("operation_run_attention")
    op.drop_table("operation_run_repairs")
    op.drop_table("operation_run_selections")
    if not is_sqlite:
        op.execute("DROP FUNCTION selection_changed()")
    op.drop_column("notifications", "updated_at")
    op.drop_column("notifications", "updated_title")
    op.drop_column("tenants", "last_turn_at")
    op.drop_index("ix_operation_run_items_problems", table_name="operation_run_items")
    op.drop_index("ix_operation_run_items_run", table_name="operation_run_items")
    op.drop_index("ix_operation_runs_completed", table_name="operation_runs")
    op.drop_index("ix_operation_runs_identity", table_name="operation_runs")
    op.drop_column("operation_runs", "selection_hash")
    op.drop_column("operation_runs", "cancel_reason")
