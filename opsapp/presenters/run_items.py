"""The items of a run as rows: what each is, where it leads, how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import OperationRun, OperationRunItem
from opsapp.presenters.frame import path

_ALWAYS: tuple[dict[str, Any], ...] = (
    {"key": "name", "label": "Item", "wide": True},
    {"key": "result", "label": "Result", "narrow": True},
)
_WHY = {"key": "why", "label": "Reason"}
_TOOK = {"key": "took", "label": "Took", "numeric": True}


@dataclass(frozen=True)
class ItemRow:
    """``kind`` is in words, ``item.kind`` the key; ``url`` is None where nothing is to be seen."""

    item: OperationRunItem
    name: str
    kind: str
    url: str | None


@dataclass(frozen=True)
class ItemTable:
    columns: list[dict[str, Any]]
    rows: list[ItemRow]


def kind_label(kind: str) -> str:
    """``configurationPolicies`` → ``Settings catalog policies``; kinds of ours in sentence case."""
    known = CATALOGUE.get(kind)
    return known.label if known else kind[:1].upper() + kind[1:]


def table_of(run: OperationRun, items: Sequence[OperationRunItem]) -> ItemTable:
    """Reasons and durations have a column only where an item has one."""
    columns = list(_ALWAYS)
    if any(item.reason_code for item in items):
        columns.append(_WHY)
    if any(item.duration_ms is not None for item in items):
        columns.append(_TOOK)
    return ItemTable(columns, [_row(run, item) for item in items])


def _row(run: OperationRun, item: OperationRunItem) -> ItemRow:
    policies = f"/tenants/{run.tenant.slug}/policies"
    url = path(f"{policies}/{item.policy_id}") if item.policy_id else None
    return ItemRow(item, item.name or item.key, kind_label(item.kind), url)
