"""Keeping what was read: policies, their versions, and content stored once by its hash."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable
from opsapp.intune.catalogue import PolicyType
from opsapp.intune.describe import kind_of, platform_of, target_kind, target_of
from opsapp.intune.normalise import canonical, comparison_hash, sha256_of
from opsapp.inventory.reader import ReadObject
from opsapp.models import Policy, PolicyAssignment, PolicyVersion, Snapshot
from opsapp.models.upsert import insert_or_ignore

_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Prepared:
    """An object with everything computed that needs no database."""

    source: ReadObject
    name: str
    kind: str
    platform: str
    content: bytes
    content_sha256: str
    assignments: bytes
    assignments_sha256: str
    compare_sha256: str


@dataclass(frozen=True)
class Stored:
    policy_id: int
    graph_id: str
    name: str
    is_new_version: bool


def prepare(policy_type: PolicyType, source: ReadObject) -> Prepared:
    """Encodes and hashes outside the write transaction."""
    content, assignments = canonical(source.content), canonical(source.assignments)
    return Prepared(
        source=source,
        name=storable(policy_type.name_of(source.content), 300),
        kind=kind_of(policy_type.key, source.content),
        platform=platform_of(policy_type.key, source.content),
        content=content,
        content_sha256=sha256_of(content),
        assignments=assignments,
        assignments_sha256=sha256_of(assignments),
        compare_sha256=comparison_hash(source.content, source.assignments),
    )


class CollectionStore:
    """Writes objects of one collection of one tenant, inside the caller's transactions."""

    def __init__(self, tenant_id: int, policy_type: PolicyType, run_id: int, now: datetime) -> None:
        self._tenant_id = tenant_id
        self._policy_type = policy_type
        self._run_id = run_id
        self._now = now

    def save(self, session: Session, objects: Sequence[Prepared]) -> list[Stored]:
        """Creates or updates the policies, with a new version only where something changed."""
        known = self._known(session, [prepared.source.graph_id for prepared in objects])
        hashes = self._current_hashes(session, [policy.id for policy in known.values()])
        stored = []
        for prepared in objects:
            policy = known.get(prepared.source.graph_id)
            if policy is None:
                policy = self._create(session, prepared)
                known[prepared.source.graph_id] = policy
            is_new = hashes.get(policy.id) != prepared.compare_sha256
            if is_new:
                self._add_version(session, policy, prepared)
                hashes[policy.id] = prepared.compare_sha256
            self._touch(policy, prepared)
            stored.append(Stored(policy.id, policy.graph_id, policy.name, is_new))
        return stored

    def mark_gone(self, session: Session) -> int:
        """After a complete listing: whatever was not in it is gone. Returns how many."""
        gone = session.scalars(
            sa.update(Policy)
            .where(
                Policy.tenant_id == self._tenant_id,
                Policy.collection == self._policy_type.key,
                Policy.gone_at.is_(None),
                Policy.last_seen_at < self._now,
            )
            .values(gone_at=self._now)
            .returning(Policy.id)
        ).all()
        return len(gone)

    def note_unread(self, session: Session, graph_ids: Sequence[str]) -> dict[str, Policy]:
        """Objects that were listed but not readable exist: they must not be taken for gone.

        Returns those that were read at some earlier time, by Graph id.
        """
        known = self._known(session, graph_ids)
        for policy in known.values():
            policy.last_seen_at, policy.gone_at = self._now, None
        return known

    def _known(self, session: Session, graph_ids: Sequence[str]) -> dict[str, Policy]:
        found = session.scalars(
            sa.select(Policy).where(
                Policy.tenant_id == self._tenant_id,
                Policy.collection == self._policy_type.key,
                Policy.graph_id.in_(graph_ids),
            )
        )
        return {policy.graph_id: policy for policy in found}

    @staticmethod
    def _current_hashes(session: Session, policy_ids: Sequence[int]) -> dict[int, str]:
        rows = session.execute(
            sa.select(PolicyVersion.policy_id, PolicyVersion.compare_sha256)
            .join(Policy, Policy.id == PolicyVersion.policy_id)
            .where(PolicyVersion.policy_id.in_(policy_ids), PolicyVersion.number == Policy.version)
        )
        return {row.policy_id: row.compare_sha256 for row in rows}

    def _create(self, session: Session, prepared: Prepared) -> Policy:
        policy = Policy(
            tenant_id=self._tenant_id,
            collection=self._policy_type.key,
            graph_id=prepared.source.graph_id,
            kind=prepared.kind,
            name=prepared.name,
            version=0,
            first_seen_at=self._now,
        )
        session.add(policy)
        session.flush()
        return policy

    def _add_version(self, session: Session, policy: Policy, prepared: Prepared) -> None:
        self._keep(session, prepared.content_sha256, prepared.content)
        self._keep(session, prepared.assignments_sha256, prepared.assignments)
        policy.version += 1
        session.add(
            PolicyVersion(
                policy_id=policy.id,
                number=policy.version,
                content_sha256=prepared.content_sha256,
                assignments_sha256=prepared.assignments_sha256,
                compare_sha256=prepared.compare_sha256,
                seen_at=self._now,
                run_id=self._run_id,
            )
        )
        self._spread_assignments(session, policy, prepared.source.assignments)

    def _keep(self, session: Session, sha256: str, body: bytes) -> None:
        session.execute(
            insert_or_ignore(session, Snapshot).values(
                sha256=sha256, body=zlib.compress(body), size=len(body), created_at=self._now
            )
        )

    @staticmethod
    def _spread_assignments(
        session: Session, policy: Policy, assignments: Sequence[Mapping[str, Any]]
    ) -> None:
        session.execute(sa.delete(PolicyAssignment).where(PolicyAssignment.policy_id == policy.id))
        for assignment in assignments:
            target = target_of(assignment)
            filter_id = target.get("deviceAndAppManagementAssignmentFilterId")
            session.add(
                PolicyAssignment(
                    policy_id=policy.id,
                    target=target_kind(assignment)[:32],
                    group_id=target.get("groupId"),
                    filter_id=None if filter_id in (None, "", _NO_ID) else filter_id,
                    filter_type=target.get("deviceAndAppManagementAssignmentFilterType"),
                    intent=assignment.get("intent"),
                )
            )

    def _touch(self, policy: Policy, prepared: Prepared) -> None:
        content = prepared.source.content
        policy.name, policy.kind = prepared.name, prepared.kind
        policy.platform = prepared.platform
        policy.description = storable(content.get("description"))
        policy.assignment_count = len(prepared.source.assignments)
        policy.modified_at = _moment(
            content.get("lastModifiedDateTime") or content.get("modifiedDateTime")
        )
        policy.last_seen_at = self._now
        policy.gone_at = None


def _moment(value: Any) -> datetime | None:
    """A Graph timestamp; None when absent or not one (``0001-01-01`` means never)."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
