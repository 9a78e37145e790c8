"""What a target has, as its last reading left it in the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore.limits import is_default
from opsapp.intune.restore.matching import Candidate
from opsapp.intune.restore.planner import Existing
from opsapp.models import Policy, PolicyVersion, SavedMapping, Snapshot

_NAMES_DEFAULTS = "intuneBrandingProfiles"


class TargetView:
    """The objects of a tenant: what tells them apart, and the content of those asked for."""

    def __init__(self, session: Session, tenant_id: int) -> None:
        self._session = session
        self._tenant_id = tenant_id

    def candidates(self, collections: Iterable[str]) -> dict[str, list[Candidate]]:
        """Objects of these types that are there, by type."""
        found: dict[str, list[Candidate]] = defaultdict(list)
        query = sa.select(
            Policy.collection, Policy.graph_id, Policy.name, Policy.kind, Policy.platform
        ).where(
            Policy.tenant_id == self._tenant_id,
            Policy.gone_at.is_(None),
            Policy.collection.in_(list(collections)),
        )
        for collection, graph_id, name, kind, platform in self._session.execute(query):
            one = Candidate(graph_id, name, (kind, platform), "_Default" in graph_id)
            found[collection].append(one)
        if _NAMES_DEFAULTS in found:
            found[_NAMES_DEFAULTS] = [self._judged(one) for one in found[_NAMES_DEFAULTS]]
        return found

    def _judged(self, one: Candidate) -> Candidate:
        """Whether a branding profile is the default only its content tells."""
        existing = self.existing(_NAMES_DEFAULTS, [one.id])
        default = any(is_default(CATALOGUE[_NAMES_DEFAULTS], each.content) for each in existing)
        return Candidate(one.id, one.name, one.sort, default)

    def existing(self, collection: str, graph_ids: Sequence[str]) -> list[Existing]:
        """These objects with their content, in this order; what is gone is left out."""
        if not graph_ids:
            return []
        assignments = sa.orm.aliased(Snapshot)
        query = (
            sa.select(Policy.graph_id, Policy.name, Snapshot, assignments, PolicyVersion)
            .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
            .join(Snapshot, Snapshot.sha256 == PolicyVersion.content_sha256)
            .join(assignments, assignments.sha256 == PolicyVersion.assignments_sha256)
            .where(
                Policy.tenant_id == self._tenant_id,
                Policy.collection == collection,
                Policy.graph_id.in_(graph_ids),
                Policy.gone_at.is_(None),
                PolicyVersion.number == Policy.version,
            )
        )
        found = {
            row[0]: Existing(row[0], row[1], row[2].content, row[3].content, row[4].compare_sha256)
            for row in self._session.execute(query)
        }
        return [found[one] for one in graph_ids if one in found]

    def hashes(self, wanted: dict[str, set[str]]) -> dict[tuple[str, str], str]:
        """Comparison hashes of objects that are there, by type and id."""
        found = {}
        for collection, ids in wanted.items():
            query = (
                sa.select(Policy.graph_id, PolicyVersion.compare_sha256)
                .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
                .where(
                    Policy.tenant_id == self._tenant_id,
                    Policy.collection == collection,
                    Policy.graph_id.in_(ids),
                    Policy.gone_at.is_(None),
                    PolicyVersion.number == Policy.version,
                )
            )
            found.update({(collection, row[0]): row[1] for row in self._session.execute(query)})
        return found


def made_before(
    session: Session, source_tenant_id: int, target_tenant_id: int
) -> dict[str, dict[str, str]]:
    """What earlier restores between two tenants created: target ids by type and source id."""
    query = sa.select(SavedMapping.kind, SavedMapping.source_id, SavedMapping.target_id).where(
        SavedMapping.source_tenant_id == source_tenant_id,
        SavedMapping.target_tenant_id == target_tenant_id,
        SavedMapping.is_made.is_(True),
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, source_id, target_id in session.execute(query):
        if target_id:
            found[kind][source_id] = target_id
    return found
