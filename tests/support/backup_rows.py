"""Backup sets and drafts of restores, written straight into the database."""

from collections.abc import Iterable

import sqlalchemy as sa
from flask import Flask

from opsapp.database import utcnow
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupSet,
    Policy,
    PolicyVersion,
    RestoreItem,
    RestoreRun,
)
from opsapp.models.base import write


def backup_set(
    app: Flask,
    tenant_id: int,
    policy_ids: Iterable[int],
    *,
    name: str = "Nightly",
    **values: object,
) -> int:
    """A complete set of the latest versions of these policies; returns its id."""
    with app.app_context(), write() as session:
        made = BackupSet(
            tenant_id=tenant_id, name=name, created_by="Test", completed_at=None, **values
        )
        session.add(made)
        session.flush()
        for policy_id in policy_ids:
            policy = session.get_one(Policy, policy_id)
            session.add(_item(made.id, policy, _latest(session, policy)))
            made.item_count += 1
        session.flush()
        made.completed_at = utcnow()
        return made.id


def _latest(session: sa.orm.Session, policy: Policy) -> PolicyVersion:
    query = sa.select(PolicyVersion).where(
        PolicyVersion.policy_id == policy.id, PolicyVersion.number == policy.version
    )
    return session.scalars(query).one()


def _item(set_id: int, policy: Policy, version: PolicyVersion) -> BackupItem:
    return BackupItem(
        set_id=set_id,
        collection=policy.collection,
        graph_id=policy.graph_id,
        kind=policy.kind,
        name=policy.name,
        platform=policy.platform,
        assignment_count=policy.assignment_count,
        content_sha256=version.content_sha256,
        assignments_sha256=version.assignments_sha256,
        compare_sha256=version.compare_sha256,
        policy_id=policy.id,
        version=version.number,
    )


def backup_group(app: Flask, set_id: int, graph_id: str, name: str, **values: object) -> None:
    """A group as the set remembers it."""
    with app.app_context(), write() as session:
        row = BackupGroup(set_id=set_id, graph_id=graph_id, display_name=name, **values)
        session.add(row)


def draft(app: Flask, set_id: int, tenant_id: int, *, only: Iterable[str] | None = None) -> int:
    """A draft restore of a set's objects into a tenant, or of those with these Graph ids."""
    wanted = None if only is None else set(only)
    with app.app_context(), write() as session:
        made = RestoreRun(tenant_id=tenant_id, backup_set_id=set_id, created_by="Test")
        session.add(made)
        session.flush()
        for item in session.scalars(sa.select(BackupItem).where(BackupItem.set_id == set_id)):
            if wanted is None or item.graph_id in wanted:
                session.add(
                    RestoreItem(
                        restore_id=made.id,
                        backup_item_id=item.id,
                        collection=item.collection,
                        source_id=item.graph_id,
                        name=item.name,
                    )
                )
        return made.id
