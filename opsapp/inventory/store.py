"""Keeping what was read: policies, and a version of each that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable
from opsapp.intune.catalogue import PolicyType
from opsapp.intune.normalise import comparison_hash, without_new_defaults
from opsapp.inventory.listing import Listed
from opsapp.inventory.prepared import Prepared
from opsapp.inventory.versions import NewVersion, keep_versions
from opsapp.models import Policy, PolicyVersion


@dataclass(frozen=True)
class Stored:
    policy_id: int
    graph_id: str
    name: str
    is_new_version: bool


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
        self._create_missing(session, known, objects)
        latest = self._latest(session, [policy.id for policy in known.values()])
        stored, new_versions = [], []
        for prepared in objects:
            policy = known[prepared.source.graph_id]
            before = latest.get(policy.id)
            is_new = self._differs(before, prepared)
            if is_new:
                latest[policy.id] = version = self._next_version(policy, prepared, before)
                new_versions.append(NewVersion(version, prepared))
            self._touch(policy, prepared)
            stored.append(Stored(policy.id, policy.graph_id, policy.name, is_new))
        keep_versions(session, new_versions, self._now)
        return stored

    def unchanged(self, session: Session, page: Sequence[Listed]) -> list[Stored]:
        """Those of a page whose list entry is the one of their last whole reading; now seen."""
        told = {one.key: one.sha256 for one in page if one.sha256 is not None}
        same = [
            policy
            for policy in self._known(session, list(told)).values()
            if policy.listed_sha256 == told[policy.graph_id] and policy.gone_at is None
        ]
        session.execute(
            sa.update(Policy)
            .where(Policy.id.in_([policy.id for policy in same]))
            .values(last_seen_at=self._now)
            .execution_options(synchronize_session=False)
        )
        return [Stored(policy.id, policy.graph_id, policy.name, False) for policy in same]

    def mark_absent(self, session: Session, graph_id: str) -> int | None:
        """An object that was asked for by its id is gone. Returns the policy's id."""
        policy = self._known(session, [graph_id]).get(graph_id)
        if policy is None:
            return None
        policy.gone_at = policy.gone_at or self._now
        return policy.id

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
    def _latest(session: Session, policy_ids: Sequence[int]) -> dict[int, PolicyVersion]:
        found = session.scalars(
            sa.select(PolicyVersion)
            .join(Policy, Policy.id == PolicyVersion.policy_id)
            .where(PolicyVersion.policy_id.in_(policy_ids), PolicyVersion.number == Policy.version)
        )
        return {version.policy_id: version for version in found}

    def _differs(self, latest: PolicyVersion | None, prepared: Prepared) -> bool:
        """Whether it changed in substance, judged for both sides as this release judges.

        Properties that the service has learned since, at their defaults, are no change.
        """
        if latest is None:
            return True
        if latest.compare_sha256 == prepared.compare_sha256:
            return False
        noise, before = self._policy_type.noise, latest.content.content
        judged_now = comparison_hash(before, latest.assignments.content, noise)
        told = without_new_defaults(prepared.stored, before)
        if judged_now != comparison_hash(told, prepared.source.assignments, noise):
            return True
        latest.compare_sha256 = prepared.compare_sha256
        return False

    def _create_missing(
        self, session: Session, known: dict[str, Policy], objects: Sequence[Prepared]
    ) -> None:
        """Adds those that are seen for the first time to ``known``, with their ids."""
        for prepared in objects:
            graph_id = prepared.source.graph_id
            if graph_id not in known:
                known[graph_id] = Policy(
                    tenant_id=self._tenant_id,
                    collection=self._policy_type.key,
                    graph_id=graph_id,
                    kind=prepared.kind,
                    name=prepared.name,
                    version=0,
                    first_seen_at=self._now,
                )
                session.add(known[graph_id])
        session.flush()

    def _next_version(
        self, policy: Policy, prepared: Prepared, before: PolicyVersion | None
    ) -> PolicyVersion:
        policy.version += 1
        modified_at = _modified_at(prepared.source.content)
        policy.changed_at = self._changed_at(policy, before, modified_at)
        return PolicyVersion(
            policy_id=policy.id,
            number=policy.version,
            content_sha256=prepared.content_sha256,
            assignments_sha256=prepared.assignments_sha256,
            compare_sha256=prepared.compare_sha256,
            seen_at=self._now,
            modified_at=modified_at,
            run_id=self._run_id,
        )

    def _changed_at(
        self, policy: Policy, before: PolicyVersion | None, modified_at: datetime | None
    ) -> datetime:
        """As Graph dates it; now where the date did not move, as with assignments."""
        earliest = before.seen_at if before is not None else None
        if modified_at is None or (earliest is not None and modified_at <= earliest):
            return policy.first_seen_at if before is None else self._now
        return modified_at

    def _touch(self, policy: Policy, prepared: Prepared) -> None:
        content = prepared.source.content
        policy.name, policy.kind = prepared.name, prepared.kind
        policy.platform = prepared.platform
        policy.description = storable(content.get("description"))
        policy.assignment_count = len(prepared.source.assignments)
        policy.modified_at = _modified_at(content)
        policy.read_at = policy.last_seen_at = self._now
        if prepared.source.listed_sha256 is not None:  # read by its id, the list told nothing
            policy.listed_sha256 = prepared.source.listed_sha256
        policy.gone_at = None


def _modified_at(content: Mapping[str, Any]) -> datetime | None:
    return _moment(content.get("lastModifiedDateTime") or content.get("modifiedDateTime"))


def _moment(value: Any) -> datetime | None:
    """A Graph timestamp; None when absent or not one (``0001-01-01`` means never)."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
