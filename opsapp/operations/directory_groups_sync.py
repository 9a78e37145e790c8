"""Sync groups: keeps the directory cache up to date by Graph's change feed."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from opsapp.database import storable, utcnow
from opsapp.models import DirectoryGroup, ItemResult, Tenant
from opsapp.operations.base import Item, Operation, RunContext, Step, milliseconds_since

SELECTED = (
    "id,displayName,description,mailNickname,mailEnabled,securityEnabled,groupTypes,membershipRule"
)
FIRST_ADDRESS = f"/groups/delta?$select={SELECTED}"
ITEM_KIND = "group"


class DirectoryGroupsSync(Operation):
    type = "directory_groups.sync"
    label = "Sync groups"
    timeout = timedelta(hours=1)
    resumable = True
    item_noun = "groups"

    def perform(self, ctx: RunContext) -> None:
        remembered = ctx.tenant.groups_delta_link
        if remembered is None:
            GroupSync(ctx, everything=True).run(FIRST_ADDRESS)
            return
        try:
            GroupSync(ctx, everything=False).run(remembered)
        except Exception as error:
            if not getattr(error, "must_start_over", False):
                raise
            ctx.event("resync", "The change feed's position expired: reading all groups.")
            GroupSync(ctx, everything=True).run(FIRST_ADDRESS)


class GroupSync:
    """One walk through the change feed; ``everything`` when it starts from nothing."""

    def __init__(self, ctx: RunContext, *, everything: bool) -> None:
        self._ctx = ctx
        self._everything = everything
        self._started_at = utcnow()
        self._seen: set[str] = set()
        self._page_began = time.monotonic()

    def run(self, address: str) -> None:
        delta_link = None
        for page in self._ctx.graph.iter_pages(address, version="v1.0"):
            self._ctx.checkpoint()
            self._keep(page["value"])
            self._page_began = time.monotonic()
            delta_link = page.get("@odata.deltaLink")
        with self._ctx.step() as step:
            if self._everything:
                self._remove_unseen(step)
            tenant = step.session.get_one(Tenant, self._ctx.tenant.id)
            tenant.groups_delta_link = delta_link
            tenant.groups_synced_at = self._started_at

    def _keep(self, changes: list[Any]) -> None:
        with self._ctx.step() as step:
            known = self._known(step, [change["id"] for change in changes])
            for change in changes:
                self._apply(step, known, change)
            step.set_total(ITEM_KIND, len(self._seen))

    def _known(self, step: Step, graph_ids: list[str]) -> dict[str, DirectoryGroup]:
        found = step.session.scalars(
            sa.select(DirectoryGroup).where(
                DirectoryGroup.tenant_id == self._ctx.tenant.id,
                DirectoryGroup.graph_id.in_(graph_ids),
            )
        )
        return {group.graph_id: group for group in found}

    def _apply(
        self, step: Step, known: dict[str, DirectoryGroup], change: Mapping[str, Any]
    ) -> None:
        graph_id = change["id"]
        group = known.get(graph_id)
        if "@removed" in change:
            if group is None or group.removed_at is not None:
                return  # the feed also tells of groups that came and went unseen
            group.removed_at = self._started_at
            result, name = ItemResult.SUCCEEDED, group.display_name
        else:
            if group is None:
                group = DirectoryGroup(tenant_id=self._ctx.tenant.id, graph_id=graph_id)
                step.session.add(group)
                known[graph_id] = group
            changed = _update(group, change)
            group.last_seen_at = self._started_at
            result = ItemResult.SUCCEEDED if changed else ItemResult.UNCHANGED
            name = group.display_name
        self._record(step, graph_id, result, name)

    def _record(self, step: Step, graph_id: str, result: ItemResult, name: str) -> None:
        if graph_id not in self._seen:  # the feed may tell of the same group several times
            self._seen.add(graph_id)
            took = milliseconds_since(self._page_began)  # groups come a page at a time
            step.record(Item(ITEM_KIND, graph_id, result, name, duration_ms=took))

    def _remove_unseen(self, step: Step) -> None:
        unseen = step.session.scalars(
            sa.select(DirectoryGroup).where(
                DirectoryGroup.tenant_id == self._ctx.tenant.id,
                DirectoryGroup.removed_at.is_(None),
                DirectoryGroup.last_seen_at < self._started_at,
            )
        )
        for group in unseen:
            group.removed_at = self._started_at
            self._record(step, group.graph_id, ItemResult.SUCCEEDED, group.display_name)
        step.set_total(ITEM_KIND, len(self._seen))


def _update(group: DirectoryGroup, change: Mapping[str, Any]) -> bool:
    """Takes over the properties that the change carries; whether any differed."""
    values = {
        "display_name": storable(change.get("displayName") or group.graph_id, 300),
        "description": storable(change.get("description")),
        "mail_nickname": storable(change.get("mailNickname"), 300),
        "group_types": change.get("groupTypes") or [],
        "security_enabled": bool(change.get("securityEnabled")),
        "mail_enabled": bool(change.get("mailEnabled")),
        "membership_rule": storable(change.get("membershipRule")) or None,
        "removed_at": None,
    }
    changed = False
    for name, value in values.items():
        if getattr(group, name) != value:
            setattr(group, name, value)
            changed = True
    return changed
