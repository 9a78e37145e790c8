"""The items of a run as rows: what each is, where it leads, how long it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import ItemResult, OperationRun, OperationRunItem
from opsapp.presenters.frame import path

_ALWAYS: tuple[dict[str, Any], ...] = (
    {"key": "name", "label": "Item", "wide": True},
    {"key": "result", "label": "Result", "narrow": True},
)
_LEFT = {
    "run.cancelled_by_user": "cancelled",
    "run.cancelled_by_system": "cancelled",
    "item.not_attempted": "not_attempted",
}
_WHY = {"key": "why", "label": "Reason"}
_TOOK = {"key": "took", "label": "Took", "numeric": True}


@dataclass(frozen=True)
class ItemRow:
    """``kind`` is in words, ``item.kind`` the key; ``url`` is None where nothing is to be seen.

    ``state`` is the item's result as a key of the states that pages show; ``repaired_by`` is the
    later run that did it, if one did (0: it was not met any more).
    """

    item: OperationRunItem
    name: str
    kind: str
    url: str | None
    state: str
    repaired_by: int | None = None


@dataclass(frozen=True)
class ItemTable:
    columns: list[dict[str, Any]]
    rows: list[ItemRow]


def kind_label(kind: str) -> str:
    """``configurationPolicies`` → ``Settings catalog policies``; kinds of ours in sentence case."""
    known = CATALOGUE.get(kind)
    return known.label if known else kind[:1].upper() + kind[1:]


def table_of(
    run: OperationRun,
    items: Sequence[OperationRunItem],
    repaired: Mapping[int, int | None] | None = None,
) -> ItemTable:
    """Reasons and durations have a column only where an item has one.

    ``repaired`` says by item id which later run did it.
    """
    columns = list(_ALWAYS)
    if any(item.reason_code for item in items):
        columns.append(_WHY)
    if any(item.duration_ms is not None for item in items):
        columns.append(_TOOK)
    return ItemTable(columns, [row_of(run, item, repaired or {}) for item in items])


def row_of(
    run: OperationRun, item: OperationRunItem, repaired: Mapping[int, int | None]
) -> ItemRow:
    policies = f"/tenants/{run.tenant.slug}/policies"
    return ItemRow(
        item=item,
        name=item.name or item.key,
        kind=kind_label(item.kind),
        url=path(f"{policies}/{item.policy_id}") if item.policy_id else None,
        state=state_of_item(item.result, item.reason_code),
        repaired_by=(repaired[item.id] or 0) if item.id in repaired else None,
    )


def state_of_item(result: ItemResult, reason_code: str | None) -> str:
    """What was left out says why at once: stopped by somebody, or never reached."""
    if result == ItemResult.SKIPPED and reason_code in _LEFT:
        return _LEFT[reason_code]
    return result.value
