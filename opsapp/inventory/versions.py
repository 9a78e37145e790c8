"""New versions of policies, many in a few statements: content, secrets, settings, assignments."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.intune.describe import target_kind, target_of
from opsapp.inventory.prepared import Prepared
from opsapp.inventory.sealing import keep_sealed
from opsapp.inventory.setting_index import index_settings
from opsapp.models import PolicyAssignment, PolicyVersion, Snapshot
from opsapp.models.upsert import insert_or_ignore

_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class NewVersion:
    """A version that is not in the database yet, and what it was made of."""

    version: PolicyVersion
    prepared: Prepared


def keep_versions(session: Session, versions: Sequence[NewVersion], now: datetime) -> None:
    """Stores the versions and all that belongs to them."""
    if not versions:
        return
    keep_snapshots(session, [one.prepared for one in versions], now)
    for one in versions:
        keep_sealed(session, one.prepared.secrets)
        session.add(one.version)
    session.flush()
    index_settings(session, {one.version.policy_id: one.prepared.settings for one in versions})
    _spread_assignments(session, versions)


def keep_snapshots(session: Session, objects: Sequence[Prepared], now: datetime) -> None:
    """Stores contents and assignments that are not there yet, each once."""
    bodies = {one.content_sha256: one.content for one in objects}
    bodies |= {one.assignments_sha256: one.assignments for one in objects}
    known = sa.select(Snapshot.sha256).where(Snapshot.sha256.in_(bodies))
    for sha256 in session.scalars(known):
        del bodies[sha256]
    rows = [
        {"sha256": key, "body": zlib.compress(bodies[key]), "size": len(bodies[key])}
        for key in sorted(bodies)  # two runs that store the same must not wait for each other
    ]
    if rows:
        statement = insert_or_ignore(session, Snapshot)
        session.execute(statement, [{**row, "created_at": now} for row in rows])


def _spread_assignments(session: Session, versions: Sequence[NewVersion]) -> None:
    """Replaces the rows by which policies are found and shown by their assignments."""
    policies = [one.version.policy_id for one in versions]
    session.execute(sa.delete(PolicyAssignment).where(PolicyAssignment.policy_id.in_(policies)))
    rows = [row for one in versions for row in _rows(one)]
    if rows:
        session.execute(sa.insert(PolicyAssignment), rows)


def _rows(one: NewVersion) -> Iterator[dict[str, Any]]:
    for assignment in one.prepared.source.assignments:
        target = target_of(assignment)
        filter_id = target.get("deviceAndAppManagementAssignmentFilterId")
        yield {
            "policy_id": one.version.policy_id,
            "target": target_kind(assignment)[:32],
            "group_id": target.get("groupId"),
            "filter_id": None if filter_id in (None, "", _NO_ID) else filter_id,
            "filter_type": target.get("deviceAndAppManagementAssignmentFilterType"),
            "intent": assignment.get("intent"),
        }
