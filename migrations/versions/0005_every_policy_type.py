"""What is read of every policy type: what changed and who did it, settings, sealed secrets.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
LISTED = sa.Enum("refused", "doubtful", "trusted", name="listedassignments", native_enum=False, length=32)


def upgrade():
    # Added one by one: SQLite would copy whole tables otherwise, and these are referred to.
    op.add_column("policies", sa.Column("changed_at", MOMENT))
    op.add_column("policies", sa.Column("listed_sha256", sa.String(64)))
    op.add_column("policies", sa.Column("read_at", MOMENT))
    _fill_changed_at()
    op.create_index("ix_policies_tenant_changed", "policies", ["tenant_id", "changed_at", "id"])
    op.add_column("policy_versions", sa.Column("modified_at", MOMENT))
    op.add_column("policy_versions", sa.Column("changes", sa.JSON))
    op.add_column("collection_states", sa.Column("full_read_at", MOMENT))
    op.add_column("collection_states", sa.Column("listed_assignments", LISTED))
    _setting_tables()
    _sealed_tables()


def _fill_changed_at():
    """The latest version tells, but for the first one: that is older than we know."""
    op.execute(
        """
        UPDATE policies SET changed_at = CASE
            WHEN version > 1 THEN (
                SELECT seen_at FROM policy_versions
                WHERE policy_id = policies.id AND number = policies.version)
            ELSE coalesce(modified_at, first_seen_at) END
        """
    )


def _setting_tables():
    op.create_table(
        "setting_names",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("key", sa.String(400), nullable=False, unique=True),
        sa.Column("label", sa.String(400), nullable=False),
    )
    op.create_table(
        "policy_settings",
        sa.Column("policy_id", BIG_ID, primary_key=True),
        sa.Column("setting_id", BIG_ID, primary_key=True),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["setting_id"], ["setting_names.id"]),
    )
    op.create_index("ix_policy_settings_setting_id", "policy_settings", ["setting_id"])
    op.create_table(
        "setting_definitions",
        sa.Column("definition_id", sa.String(400), primary_key=True),
        sa.Column("label", sa.String(500), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
    )


def _sealed_tables():
    op.create_table(
        "sealed_values",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "instance_keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def downgrade():
    for table in ("instance_keys", "sealed_values", "setting_definitions", "policy_settings"):
        op.drop_table(table)
    op.drop_table("setting_names")
    for column in ("listed_assignments", "full_read_at"):
        op.drop_column("collection_states", column)
    for column in ("changes", "modified_at"):
        op.drop_column("policy_versions", column)
    op.drop_index("ix_policies_tenant_changed", "policies")
    for column in ("read_at", "listed_sha256", "changed_at"):
        op.drop_column("policies", column)
