"""Backup sets and schedules, uploads; restores with their plans, journal and mappings.

A backup set that is complete, and its items, never change; a whole set can be deleted.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)

COMPLETE = "a complete backup set never changes"
OF_COMPLETE = "EXISTS (SELECT 1 FROM backup_sets s WHERE s.id = {row}.set_id AND s.completed_at IS NOT NULL)"
GUARDS = (
    ("backup_set_frozen", "UPDATE", "backup_sets", "OLD.completed_at IS NOT NULL"),
    ("backup_item_added", "INSERT", "backup_items", OF_COMPLETE.format(row="NEW")),
    ("backup_item_changed", "UPDATE", "backup_items", OF_COMPLETE.format(row="OLD")),
    ("backup_item_removed", "DELETE", "backup_items", OF_COMPLETE.format(row="OLD")),
)


def one_of(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def upgrade():
    _backups()
    _schedules()
    _restores()
    _writes()
    _mappings()
    op.add_column("tenants", sa.Column("needs_approval", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("tenants", sa.Column("timezone", sa.String(64), nullable=False, server_default="UTC"))
    for guard in GUARDS:
        _create_guard(*guard)


def _create_guard(name, event, table, when):
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
            f" WHEN {when} BEGIN SELECT RAISE(ABORT, '{COMPLETE}'); END"
        )
        return
    kept = "NEW" if event != "DELETE" else "OLD"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF {when} THEN RAISE EXCEPTION '{COMPLETE}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {kept}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _backups():
    op.create_table(
        "backup_sets",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tenant_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("origin", one_of("backuporigin", "created", "schedule", "import", "automatic"), nullable=False),
        sa.Column("collections", sa.JSON),
        sa.Column("keep_open", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("run_id", BIG_ID),
        sa.Column("schedule_id", BIG_ID),
        sa.Column("item_count", sa.Integer, nullable=False),
        sa.Column("left_out", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("completed_at", MOMENT),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_backup_sets_schedule", "backup_sets", ["schedule_id", "id"])
    op.create_index("ix_backup_sets_tenant", "backup_sets", ["tenant_id", "id"])
    op.create_table(
        "backup_set_types",
        sa.Column("set_id", BIG_ID, nullable=False),
        sa.Column("collection", sa.String(64), nullable=False),
        sa.Column("completeness", one_of("typecompleteness", "complete", "partial", "forbidden", "throttled", "failed", "excluded"), nullable=False),
        sa.Column("object_count", sa.Integer, nullable=False),
        sa.Column("item_count", sa.Integer, nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("message", sa.String(500)),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["backup_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("set_id", "collection"),
    )
    op.create_table(
        "backup_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("set_id", BIG_ID, nullable=False),
        sa.Column("collection", sa.String(64), nullable=False),
        sa.Column("graph_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("assignment_count", sa.Integer, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("assignments_sha256", sa.String(64), nullable=False),
        sa.Column("compare_sha256", sa.String(64), nullable=False),
        sa.Column("policy_id", BIG_ID),
        sa.Column("version", sa.Integer),
        sa.Column("file", sa.String(500)),
        sa.ForeignKeyConstraint(["assignments_sha256"], ["snapshots.sha256"]),
        sa.ForeignKeyConstraint(["content_sha256"], ["snapshots.sha256"]),
        sa.ForeignKeyConstraint(["set_id"], ["backup_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("set_id", "collection", "graph_id"),
    )
    op.create_index("ix_backup_items_set_name", "backup_items", ["set_id", "name", "id"])
    op.create_table(
        "backup_groups",
        sa.Column("set_id", BIG_ID, nullable=False),
        sa.Column("graph_id", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(300), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("mail_nickname", sa.String(300), nullable=False),
        sa.Column("group_types", sa.JSON, nullable=False),
        sa.Column("security_enabled", sa.Boolean, nullable=False),
        sa.Column("mail_enabled", sa.Boolean, nullable=False),
        sa.Column("membership_rule", sa.Text),
        sa.ForeignKeyConstraint(["set_id"], ["backup_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("set_id", "graph_id"),
    )
    op.create_table(
        "uploads",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tenant_id", BIG_ID, nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("passphrase_sealed", sa.Text),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def _schedules():
    op.create_table(
        "backup_schedules",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tenant_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("frequency", one_of("frequency", "hourly", "daily", "weekly", "monthly"), nullable=False),
        sa.Column("minute", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("monthday", sa.Integer, nullable=False),
        sa.Column("collections", sa.JSON),
        sa.Column("keep_count", sa.Integer),
        sa.Column("keep_days", sa.Integer),
        sa.Column("paused_at", MOMENT),
        sa.Column("paused_by", sa.String(254)),
        sa.Column("next_slot_at", MOMENT),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_index("ix_backup_schedules_next_slot_at", "backup_schedules", ["next_slot_at"])
    op.create_index("ix_backup_schedules_tenant_id", "backup_schedules", ["tenant_id"])
    op.create_table(
        "backup_slots",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("schedule_id", BIG_ID, nullable=False),
        sa.Column("slot_at", MOMENT, nullable=False),
        sa.Column("state", one_of("slotstate", "started", "missed", "refused"), nullable=False),
        sa.Column("run_id", BIG_ID),
        sa.Column("note", sa.String(300)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["backup_schedules.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("schedule_id", "slot_at"),
    )


def _restores():
    op.create_table(
        "restore_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tenant_id", BIG_ID, nullable=False),
        sa.Column("backup_set_id", BIG_ID),
        sa.Column("undo_of_id", BIG_ID),
        sa.Column("status", one_of("restorestatus", "draft", "previewed", "queued", "running", "completed", "partial", "failed", "cancelled"), nullable=False),
        sa.Column("on_conflict", one_of("conflictchoice", "update", "copy", "skip")),
        sa.Column("created_by_id", BIG_ID),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("preview_run_id", BIG_ID),
        sa.Column("previewed_at", MOMENT),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("fingerprint_parts", sa.JSON, nullable=False),
        sa.Column("plan_note", sa.String(500)),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("confirmed_by_id", BIG_ID),
        sa.Column("confirmed_by", sa.String(254)),
        sa.Column("approved_at", MOMENT),
        sa.Column("approved_by", sa.String(254)),
        sa.Column("run_id", BIG_ID),
        sa.Column("capture_id", BIG_ID),
        sa.Column("verdict", one_of("verdict", "verified", "differences", "unproven")),
        sa.Column("ended_at", MOMENT),
        sa.ForeignKeyConstraint(["backup_set_id"], ["backup_sets.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["capture_id"], ["backup_sets.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["operation_runs.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
        sa.ForeignKeyConstraint(["undo_of_id"], ["restore_runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_restore_runs_run", "restore_runs", ["run_id"])
    op.create_index("ix_restore_runs_set", "restore_runs", ["backup_set_id"])
    op.create_index("ix_restore_runs_status", "restore_runs", ["status", "previewed_at"])
    op.create_index("ix_restore_runs_tenant", "restore_runs", ["tenant_id", "id"])
    op.create_index("ix_restore_runs_undo", "restore_runs", ["undo_of_id"])
    op.create_table(
        "restore_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("restore_id", BIG_ID, nullable=False),
        sa.Column("backup_item_id", BIG_ID),
        sa.Column("collection", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("is_dependency", sa.Boolean, nullable=False),
        sa.Column("choice", one_of("conflictchoice", "update", "copy", "skip")),
        sa.Column("state_choice", sa.String(40)),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("action", one_of("restoreaction", "create", "update", "unchanged", "delete", "conflict", "skip", "cannot")),
        sa.Column("target_id", sa.String(200)),
        sa.Column("plan", sa.JSON),
        sa.Column("is_blocked", sa.Boolean, nullable=False),
        sa.Column("warning_count", sa.Integer, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("message", sa.String(500)),
        sa.Column("approval_code", sa.String(64)),
        sa.Column("verdict", one_of("verdict", "verified", "differences", "unproven")),
        sa.Column("differences", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["backup_item_id"], ["backup_items.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["restore_id"], ["restore_runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("restore_id", "collection", "source_id"),
    )
    op.create_index("ix_restore_items_action", "restore_items", ["restore_id", "action", "id"])
    op.create_index("ix_restore_items_position", "restore_items", ["restore_id", "position", "id"])


def _writes():
    op.create_table(
        "restore_writes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("restore_id", BIG_ID, nullable=False),
        sa.Column("item_id", BIG_ID, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("state", one_of("writestate", "sending", "done", "adopted", "refused", "unknown", "pending_approval"), nullable=False),
        sa.Column("status_code", sa.Integer),
        sa.Column("request_id", sa.String(64)),
        sa.Column("created_id", sa.String(200)),
        sa.Column("approval_code", sa.String(64)),
        sa.Column("message", sa.String(500)),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.ForeignKeyConstraint(["item_id"], ["restore_items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["restore_id"], ["restore_runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_restore_writes_item_id", "restore_writes", ["item_id"])
    op.create_index("ix_restore_writes_restore", "restore_writes", ["restore_id", "id"])


def _mappings():
    op.create_table(
        "restore_mappings",
        sa.Column("restore_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("source_name", sa.String(300), nullable=False),
        sa.Column("choice", one_of("mappingchoice", "map", "skip", "create")),
        sa.Column("target_id", sa.String(200)),
        sa.Column("target_name", sa.String(300)),
        sa.Column("origin", sa.String(20)),
        sa.Column("note", sa.String(300)),
        sa.ForeignKeyConstraint(["restore_id"], ["restore_runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("restore_id", "kind", "source_id"),
    )
    op.create_table(
        "saved_mappings",
        sa.Column("source_tenant_id", BIG_ID, nullable=False),
        sa.Column("target_tenant_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("source_name", sa.String(300), nullable=False),
        sa.Column("choice", one_of("mappingchoice", "map", "skip", "create"), nullable=False),
        sa.Column("target_id", sa.String(200)),
        sa.Column("target_name", sa.String(300)),
        sa.Column("is_made", sa.Boolean, nullable=False),
        sa.Column("updated_by", sa.String(254), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["source_tenant_id"], ["tenants.id"]),
        sa.ForeignKeyConstraint(["target_tenant_id"], ["tenants.id"]),
        sa.PrimaryKeyConstraint("source_tenant_id", "target_tenant_id", "kind", "source_id"),
    )


TABLES = (
    "saved_mappings",
    "restore_mappings",
    "restore_writes",
    "restore_items",
    "restore_runs",
    "backup_slots",
    "backup_schedules",
    "uploads",
    "backup_groups",
    "backup_items",
    "backup_set_types",
    "backup_sets",
)


def downgrade():
    for name, _event, table, _when in reversed(GUARDS):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    for column in ("timezone", "needs_approval"):
        op.drop_column("tenants", column)
    for table in TABLES:
        op.drop_table(table)
