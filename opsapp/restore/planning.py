"""Makes the plan of a restore from the database: every object, in order, with its requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import GROUPS, ItemPlan, Note, id_of
from opsapp.intune.restore.limits import is_default
from opsapp.intune.restore.linking import Link
from opsapp.intune.restore.matching import Candidate, Match, matches
from opsapp.intune.restore.order import Key, ordered
from opsapp.intune.restore.planner import (
    Source,
    plan_deletion,
    plan_group,
    plan_object,
)
from opsapp.intune.restore.references import kinds_like, references_of
from opsapp.models import (
    BackupGroup,
    BackupItem,
    CollectionState,
    Completeness,
    ConflictChoice,
    DirectoryGroup,
    MappingChoice,
    RestoreAction,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
)
from opsapp.restore.target_view import TargetView, made_before

_UNREAD = "target.unread"


@dataclass
class _Object:
    """An item of the restore while it is planned."""

    item: RestoreItem
    match: Match
    plan: ItemPlan | None = None


def keep_group_items(session: Session, restore: RestoreRun) -> None:
    """An item for each group to create; those no longer wanted go."""
    wanted = {
        row.source_id: row
        for row in session.scalars(
            sa.select(RestoreMapping).where(
                RestoreMapping.restore_id == restore.id,
                RestoreMapping.kind == GROUPS,
                RestoreMapping.choice == MappingChoice.CREATE,
            )
        )
    }
    query = sa.select(RestoreItem).where(
        RestoreItem.restore_id == restore.id, RestoreItem.collection == GROUPS
    )
    known = {item.source_id: item for item in session.scalars(query) if not _is_removal(item)}
    for source_id in known.keys() - wanted.keys():
        session.delete(known[source_id])
    for source_id in wanted.keys() - known.keys():
        name = wanted[source_id].source_name or source_id
        session.add(
            RestoreItem(restore_id=restore.id, collection=GROUPS, source_id=source_id, name=name)
        )


def _is_removal(item: RestoreItem) -> bool:
    return item.action == RestoreAction.DELETE


class Planning:
    """Plans one restore, reading alone: it may take a while, and nobody waits for it."""

    def __init__(self, session: Session, restore: RestoreRun) -> None:
        self._session = session
        self._restore = restore
        self._view = TargetView(session, restore.tenant_id)
        self._now: datetime = utcnow()
        self._mappings = {
            (row.kind, row.source_id): row
            for row in session.scalars(
                sa.select(RestoreMapping).where(RestoreMapping.restore_id == restore.id)
            )
        }
        self._objects: dict[Key, _Object] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._unread: set[str] = set()

    @property
    def _same_tenant(self) -> bool:
        source = self._restore.backup_set
        return source is None or source.tenant_id == self._restore.tenant_id

    def run(self) -> list[tuple[RestoreItem, ItemPlan]]:
        """Every item with its plan, in the order of execution."""
        items = self._items()
        self._unread = self._unread_types({item.collection for item in items})
        restored = [item for item in items if item.backup_item_id is not None]
        removed = [item for item in items if _is_removal(item)]
        self._match(restored)
        needs = self._needs(restored)
        planned = [(item, self._plan_group(item)) for item in self._groups(items)]
        for key in ordered(needs):
            one = self._objects[key]
            one.plan = self._plan(one)
            planned.append((one.item, one.plan))
        order = ordered({(item.collection, item.source_id): () for item in removed})
        by_key = {(item.collection, item.source_id): item for item in removed}
        planned += [(by_key[key], self._plan_removal(by_key[key])) for key in reversed(order)]
        return planned

    # -- what there is ------------------------------------------------------------------------

    def _items(self) -> list[RestoreItem]:
        query = sa.select(RestoreItem).where(RestoreItem.restore_id == self._restore.id)
        return list(self._session.scalars(query.order_by(RestoreItem.id)))

    def _unread_types(self, collections: Iterable[str]) -> set[str]:
        """Types of which nobody knows what the target has: unknown is not absent."""
        wanted = {one for one in collections if one in CATALOGUE}
        query = sa.select(CollectionState.collection).where(
            CollectionState.tenant_id == self._restore.tenant_id,
            CollectionState.completeness == Completeness.COMPLETE,
        )
        return wanted - set(self._session.scalars(query))

    def _groups(self, items: Iterable[RestoreItem]) -> list[RestoreItem]:
        """The items of groups to create."""
        created = [item for item in items if item.collection == GROUPS and not _is_removal(item)]
        return sorted(created, key=lambda item: item.source_id)

    def _match(self, items: list[RestoreItem]) -> None:
        source = self._restore.backup_set
        made = (
            made_before(self._session, source.tenant_id, self._restore.tenant_id) if source else {}
        )
        by_type: dict[str, list[RestoreItem]] = {}
        for item in items:
            by_type.setdefault(item.collection, []).append(item)
        targets = self._view.candidates(by_type)
        for collection, some in by_type.items():
            there = targets.get(collection, [])
            self._names[collection] = frozenset(one.name for one in there)
            found = matches(
                collection,
                [self._candidate(item) for item in some],
                there,
                same_tenant=self._same_tenant or CATALOGUE[collection].single,
                made=made.get(collection, {}),
            )
            for item in some:
                self._objects[collection, item.source_id] = _Object(item, found[item.source_id])

    def _candidate(self, item: RestoreItem) -> Candidate:
        held = self._held(item)
        default = False
        if item.collection in ("deviceEnrollmentConfigurations", "intuneBrandingProfiles"):
            default = is_default(CATALOGUE[item.collection], held.content.content)
        return Candidate(item.source_id, held.name, (held.kind, held.platform), default)

    def _held(self, item: RestoreItem) -> BackupItem:
        return self._session.get_one(BackupItem, item.backup_item_id)

    def _needs(self, items: list[RestoreItem]) -> dict[Key, list[Key]]:
        """What each object needs of the others."""
        needs: dict[Key, list[Key]] = {}
        for item in items:
            held = self._held(item)
            named = references_of(
                CATALOGUE[item.collection], held.content.content, held.assignments.content
            )
            keys = [
                (like, source_id)
                for kind, source_id in named
                for like in kinds_like(kind)
                if (like, source_id) in self._objects
            ]
            needs[item.collection, item.source_id] = keys
        return needs

    # -- plans --------------------------------------------------------------------------------

    def _plan(self, one: _Object) -> ItemPlan:
        item = one.item
        held = self._held(item)
        policy_type = CATALOGUE[item.collection]
        source = Source(
            policy_type,
            item.source_id,
            held.name,
            held.content.content,
            held.assignments.content,
            item.choice,
            self._restore.on_conflict,
            item.state_choice,
            as_it_was=self._restore.undo_of_id is not None,
            is_foreign=not self._same_tenant,
        )
        certain = [one.match.target_id] if one.match.target_id else []
        existing = self._view.existing(item.collection, certain)
        namesakes = self._view.existing(item.collection, list(one.match.namesakes[:20]))
        plan = plan_object(
            source,
            existing[0] if existing else None,
            [each for each in namesakes if not self._is_taken(item, each.id)],
            self._names[item.collection],
            self._resolve,
            self._now,
        )
        if item.collection in self._unread and plan.action != "skip":
            message = f"{policy_type.label} of the target could not be read."
            blockers = (Note(_UNREAD, message), *plan.blockers)
            plan = ItemPlan(**{**vars(plan), "blockers": blockers})
        if plan.action == "create":
            self._names[item.collection] |= {str((plan.wanted.content if plan.wanted else {}).get(
                policy_type.name_property))}  # fmt: skip
        return plan

    def _is_taken(self, item: RestoreItem, target_id: str) -> bool:
        """Two objects of the source never become one of the target."""
        return any(
            other.plan is not None and other.plan.target_id == target_id
            for (collection, source_id), other in self._objects.items()
            if collection == item.collection and source_id != item.source_id
        )

    def _resolve(self, kind: str, source_id: str) -> Link:
        blocked = ""
        for like in kinds_like(kind):
            one = self._objects.get((like, source_id))
            if one is not None and (link := self._link_to(like, source_id, one)):
                return link
            blocked = one.item.name if one is not None else blocked
        row = self._mappings.get((kind, source_id))
        if blocked and (row is None or row.choice is None):
            return Link(name=blocked, is_blocked=True)
        if row is None or row.choice is None:
            return Link(name=(row.source_name if row else "") or source_id)
        if row.choice == MappingChoice.SKIP:
            return Link(is_left_out=True, name=row.source_name or source_id)
        if row.choice == MappingChoice.CREATE:
            return Link(id_of(kind, source_id), name=row.source_name)
        return Link(row.target_id, name=row.source_name)

    def _link_to(self, kind: str, source_id: str, one: _Object) -> Link | None:
        """To an object of this restore; None when it will not be there: then a mapping counts."""
        plan, name = one.plan, one.item.name
        if plan is not None and plan.action == "create":
            return Link(id_of(kind, source_id), name=name)
        if target := (plan.target_id if plan else None) or one.match.target_id:
            return Link(target, name=name)
        if one.item.choice == ConflictChoice.SKIP or (plan and plan.action == "skip"):
            return Link(is_left_out=True, name=name)
        return None if plan else Link(id_of(kind, source_id), name=name)

    def _plan_group(self, item: RestoreItem) -> ItemPlan:
        return plan_group(item.source_id, self._group(item))

    def _group(self, item: RestoreItem) -> dict[str, Any]:
        """The group as the set has it, else as the source tenant's cache does."""
        source = self._restore.backup_set
        found: BackupGroup | DirectoryGroup | None = None
        if source is not None:
            found = self._session.get(BackupGroup, (source.id, item.source_id))
            if found is None or not found.display_name:
                found = self._session.scalar(
                    sa.select(DirectoryGroup).where(
                        DirectoryGroup.tenant_id == source.tenant_id,
                        DirectoryGroup.graph_id == item.source_id,
                    )
                )
        if found is None:
            return {"displayName": item.name}
        is_dynamic = "DynamicMembership" in (found.group_types or [])
        return {
            "displayName": found.display_name,
            "description": found.description,
            "mailNickname": found.mail_nickname,
            "membershipRule": found.membership_rule if is_dynamic else None,
        }

    def _plan_removal(self, item: RestoreItem) -> ItemPlan:
        target_id = item.target_id or item.source_id
        if item.collection == GROUPS:
            return plan_deletion(None, target_id, None)
        found = self._view.existing(item.collection, [target_id])
        return plan_deletion(CATALOGUE[item.collection], target_id, found[0] if found else None)
