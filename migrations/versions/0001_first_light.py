"""The tables of the first release.

Revision ID: 0001
Revises:

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "queue_states",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queue_states")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "snapshots",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entra_tenant_id", sa.String(length=36), nullable=False),
        sa.Column(
            "cloud",
            sa.Enum("global", "usgov", "dod", "china", name="cloud", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("client_id", sa.String(length=36), nullable=True),
        sa.Column("client_secret_encrypted", sa.Text(), nullable=True),
        sa.Column("is_production", sa.Boolean(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_name", sa.String(length=256), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("groups_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("groups_delta_link", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "client_secret_encrypted IS NULL OR client_id IS NOT NULL",
            name=op.f("ck_tenants_secret_needs_client"),
        ),
        sa.CheckConstraint(
            "entra_tenant_id = lower(entra_tenant_id)", name=op.f("ck_tenants_entra_id_lower_case")
        ),
        sa.CheckConstraint("slug = lower(slug)", name=op.f("ck_tenants_slug_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("entra_tenant_id", name=op.f("uq_tenants_entra_tenant_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "ticks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ran_by", sa.String(length=120), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ticks")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "worker_heartbeats",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "idle",
                "busy",
                "stopping",
                "stopped",
                name="workerstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "current_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_heartbeats")),
    )
    op.create_index(
        op.f("ix_worker_heartbeats_heartbeat_at"),
        "worker_heartbeats",
        ["heartbeat_at"],
        unique=False,
    )
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("remote_addr", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_audit_events_tenant_id_tenants")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_audit_events_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_tenant_id"), "audit_events", ["tenant_id"], unique=False)
    op.create_table(
        "collection_states",
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column(
            "completeness",
            sa.Enum(
                "complete",
                "forbidden",
                "throttled",
                "failed",
                name="completeness",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("object_count", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reading_run_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_by", sa.String(length=254), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_collection_states_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "collection", name=op.f("pk_collection_states")),
    )
    op.create_table(
        "directory_groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("graph_id", sa.String(length=36), nullable=False),
        sa.Column("display_name", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("mail_nickname", sa.String(length=300), nullable=False),
        sa.Column("group_types", sa.JSON(), nullable=False),
        sa.Column("security_enabled", sa.Boolean(), nullable=False),
        sa.Column("mail_enabled", sa.Boolean(), nullable=False),
        sa.Column("membership_rule", sa.Text(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_directory_groups_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_groups")),
        sa.UniqueConstraint(
            "tenant_id", "graph_id", name=op.f("uq_directory_groups_tenant_id_graph_id")
        ),
    )
    op.create_index(
        "ix_directory_groups_name",
        "directory_groups",
        ["tenant_id", "display_name", "id"],
        unique=False,
    )
    op.create_table(
        "memberships",
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "readonly",
                "operator",
                "manager",
                "owner",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_memberships_tenant_id_tenants")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "operation_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("initiator_name", sa.String(length=254), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued", "running", "completed", name="runstatus", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "pending",
                "succeeded",
                "partially_succeeded",
                "failed",
                "cancelled",
                name="runoutcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("run_identity_hash", sa.String(length=64), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("summary_counts", sa.JSON(), nullable=False),
        sa.Column("failure_summary", sa.JSON(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("staged_result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("dispatch_token", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=80), nullable=True),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "hold",
            sa.Enum(
                "graph",
                "approval",
                "paused",
                "confirmation",
                name="hold",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("wait_reason", sa.String(length=300), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_by", sa.String(length=254), nullable=True),
        sa.Column(
            "retry_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'completed') = (completed_at IS NOT NULL)",
            name=op.f("ck_operation_runs_completed_has_time"),
        ),
        sa.CheckConstraint(
            "(status = 'completed') = (outcome <> 'pending')",
            name=op.f("ck_operation_runs_completed_has_outcome"),
        ),
        sa.CheckConstraint(
            "hold IS NULL OR status = 'queued'", name=op.f("ck_operation_runs_only_queued_is_held")
        ),
        sa.CheckConstraint("initiator_name <> ''", name=op.f("ck_operation_runs_has_initiator")),
        sa.CheckConstraint(
            "outcome IN ('pending', 'succeeded') OR reason_code IS NOT NULL",
            name=op.f("ck_operation_runs_outcome_has_reason"),
        ),
        sa.CheckConstraint(
            "outcome IN ('pending', 'succeeded', 'partially_succeeded', 'failed', 'cancelled')",
            name=op.f("ck_operation_runs_outcome"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'completed')", name=op.f("ck_operation_runs_status")
        ),
        sa.ForeignKeyConstraint(
            ["retry_of_id"],
            ["operation_runs.id"],
            name=op.f("fk_operation_runs_retry_of_id_operation_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_operation_runs_tenant_id_tenants")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_operation_runs_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_runs")),
    )
    op.create_index(
        "ix_operation_runs_active_status",
        "operation_runs",
        ["status", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_operation_runs_attention",
        "operation_runs",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("outcome IN ('failed', 'partially_succeeded')"),
        postgresql_where=sa.text("outcome IN ('failed', 'partially_succeeded')"),
    )
    op.create_index("ix_operation_runs_created", "operation_runs", ["created_at"], unique=False)
    op.create_index("ix_operation_runs_retry_of", "operation_runs", ["retry_of_id"], unique=False)
    op.create_index("ix_operation_runs_tenant", "operation_runs", ["tenant_id", "id"], unique=False)
    op.create_index(
        "ix_operation_runs_tenant_type", "operation_runs", ["tenant_id", "type", "id"], unique=False
    )
    op.create_index("ix_operation_runs_user", "operation_runs", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_operation_runs_active",
        "operation_runs",
        ["tenant_id", "run_identity_hash"],
        unique=True,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column("graph_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("platform", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assignment_count", sa.Integer(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_policies_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint(
            "tenant_id",
            "collection",
            "graph_id",
            name=op.f("uq_policies_tenant_id_collection_graph_id"),
        ),
    )
    op.create_index(
        "ix_policies_tenant_name", "policies", ["tenant_id", "name", "id"], unique=False
    )
    op.create_table(
        "tenant_permissions",
        sa.Column(
            "tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("permission", sa.String(length=100), nullable=False),
        sa.Column(
            "state",
            sa.Enum("granted", "missing", name="permissionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("needed_for", sa.String(length=300), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_permissions_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "permission", name=op.f("pk_tenant_permissions")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_addr", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("queued", "terminal", name="notificationkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["operation_runs.id"],
            name=op.f("fk_notifications_run_id_operation_runs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("run_id", "kind", name=op.f("uq_notifications_run_id_kind")),
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notifications_user", "notifications", ["user_id", "id"], unique=False)
    op.create_table(
        "operation_run_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["operation_runs.id"],
            name=op.f("fk_operation_run_events_run_id_operation_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_run_events")),
    )
    op.create_index(
        op.f("ix_operation_run_events_run_id"), "operation_run_events", ["run_id"], unique=False
    )
    op.create_table(
        "operation_run_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "succeeded",
                "unchanged",
                "failed",
                "skipped",
                name="itemresult",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "result IN ('succeeded', 'unchanged') OR reason_code IS NOT NULL",
            name=op.f("ck_operation_run_items_result_has_reason"),
        ),
        sa.CheckConstraint(
            "result IN ('succeeded', 'unchanged', 'failed', 'skipped')",
            name=op.f("ck_operation_run_items_result"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["operation_runs.id"],
            name=op.f("fk_operation_run_items_run_id_operation_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_run_items")),
        sa.UniqueConstraint(
            "run_id", "kind", "key", name=op.f("uq_operation_run_items_run_id_kind_key")
        ),
    )
    op.create_index(
        "ix_operation_run_items_result",
        "operation_run_items",
        ["run_id", "result", "id"],
        unique=False,
    )
    op.create_table(
        "policy_assignments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("filter_id", sa.String(length=64), nullable=True),
        sa.Column("filter_type", sa.String(length=16), nullable=True),
        sa.Column("intent", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policies.id"],
            name=op.f("fk_policy_assignments_policy_id_policies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_assignments")),
    )
    op.create_index(
        op.f("ix_policy_assignments_group_id"), "policy_assignments", ["group_id"], unique=False
    )
    op.create_index(
        op.f("ix_policy_assignments_policy_id"), "policy_assignments", ["policy_id"], unique=False
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("assignments_sha256", sa.String(length=64), nullable=False),
        sa.Column("compare_sha256", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignments_sha256"],
            ["snapshots.sha256"],
            name=op.f("fk_policy_versions_assignments_sha256_snapshots"),
        ),
        sa.ForeignKeyConstraint(
            ["content_sha256"],
            ["snapshots.sha256"],
            name=op.f("fk_policy_versions_content_sha256_snapshots"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name=op.f("fk_policy_versions_policy_id_policies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint(
            "policy_id", "number", name=op.f("uq_policy_versions_policy_id_number")
        ),
    )
    op.create_index(
        op.f("ix_policy_versions_assignments_sha256"),
        "policy_versions",
        ["assignments_sha256"],
        unique=False,
    )
    op.create_index(
        op.f("ix_policy_versions_content_sha256"),
        "policy_versions",
        ["content_sha256"],
        unique=False,
    )


def downgrade():
    op.drop_index(op.f("ix_policy_versions_content_sha256"), table_name="policy_versions")
    op.drop_index(op.f("ix_policy_versions_assignments_sha256"), table_name="policy_versions")
    op.drop_table("policy_versions")
    op.drop_index(op.f("ix_policy_assignments_policy_id"), table_name="policy_assignments")
    op.drop_index(op.f("ix_policy_assignments_group_id"), table_name="policy_assignments")
    op.drop_table("policy_assignments")
    op.drop_index("ix_operation_run_items_result", table_name="operation_run_items")
    op.drop_table("operation_run_items")
    op.drop_index(op.f("ix_operation_run_events_run_id"), table_name="operation_run_events")
    op.drop_table("operation_run_events")
    op.drop_index("ix_notifications_user", table_name="notifications")
    op.drop_index(
        "ix_notifications_unread",
        table_name="notifications",
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.drop_table("notifications")
    op.drop_index(op.f("ix_user_sessions_user_id"), table_name="user_sessions")
    op.drop_table("user_sessions")
    op.drop_table("tenant_permissions")
    op.drop_index("ix_policies_tenant_name", table_name="policies")
    op.drop_table("policies")
    op.drop_index(
        "uq_operation_runs_active",
        table_name="operation_runs",
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_index("ix_operation_runs_user", table_name="operation_runs")
    op.drop_index("ix_operation_runs_tenant_type", table_name="operation_runs")
    op.drop_index("ix_operation_runs_tenant", table_name="operation_runs")
    op.drop_index("ix_operation_runs_retry_of", table_name="operation_runs")
    op.drop_index("ix_operation_runs_created", table_name="operation_runs")
    op.drop_index(
        "ix_operation_runs_attention",
        table_name="operation_runs",
        sqlite_where=sa.text("outcome IN ('failed', 'partially_succeeded')"),
        postgresql_where=sa.text("outcome IN ('failed', 'partially_succeeded')"),
    )
    op.drop_index(
        "ix_operation_runs_active_status",
        table_name="operation_runs",
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_table("operation_runs")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index("ix_directory_groups_name", table_name="directory_groups")
    op.drop_table("directory_groups")
    op.drop_table("collection_states")
    op.drop_index(op.f("ix_audit_events_tenant_id"), table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index(op.f("ix_worker_heartbeats_heartbeat_at"), table_name="worker_heartbeats")
    op.drop_table("worker_heartbeats")
    op.drop_table("users")
    op.drop_table("ticks")
    op.drop_table("tenants")
    op.drop_table("snapshots")
    op.drop_table("sign_in_failures")
    op.drop_table("queue_states")
