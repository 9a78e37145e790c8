"""How a stored object looks in an answer: plain, in a list, expanded, in v1.0."""

from collections.abc import Mapping
from typing import Any

from opsapp.simulator import odata
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import GraphRequest, bad_request
from opsapp.simulator.state import StoredObject

_BETA_TARGET = (
    "deviceAndAppManagementAssignmentFilterId",
    "deviceAndAppManagementAssignmentFilterType",
)
# Collections inside the rows of a navigation collection, shown only by a nested $expand.
_NESTED = {"scheduledActionsForRule": "scheduledActionConfigurations"}


def item_view(
    request: GraphRequest, collection: Collection, item: StoredObject, *, in_list: bool
) -> dict[str, Any]:
    """The object as Graph answers it for this request's ``$expand`` and ``$select``."""
    view = dict(item.content)
    if in_list:
        for member in collection.null_in_list:
            if member in view:
                view[member] = None
        for member in collection.absent_in_list:
            view.pop(member, None)
    for name, options in odata.expansions(request.query.get("$expand", "")).items():
        _check_expand(collection, name)
        place = f"{collection.path}('{item.id}')/{name}"
        view[f"{name}@odata.context"] = request.context(place)
        rows = [] if name in collection.empty_expand else item.children.get(name, [])
        view[name] = children_view(request, name, rows, options, place)
    return odata.select(view, request.query, with_key=collection.intune)


def children_view(
    request: GraphRequest,
    name: str,
    rows: list[dict[str, Any]],
    options: Mapping[str, str],
    place: str,
) -> list[dict[str, Any]]:
    """The rows of a navigation collection; their own collections only where expanded."""
    if name == "assignments" and request.v1:
        return [_v1_assignment(row) for row in rows]
    nested = _NESTED.get(name)
    if nested is None:
        return rows
    if nested not in odata.expansions(options.get("$expand", "")):
        return [{key: value for key, value in row.items() if key != nested} for row in rows]
    return [_with_context(request, row, nested, place) for row in rows]


def _with_context(
    request: GraphRequest, row: dict[str, Any], nested: str, place: str
) -> dict[str, Any]:
    inner = {key: value for key, value in row.items() if key != nested}
    context = request.context(f"{place}('{row['id']}')/{nested}")
    return inner | {f"{nested}@odata.context": context, nested: row[nested]}


def _v1_assignment(row: dict[str, Any]) -> dict[str, Any]:
    target = {key: value for key, value in row["target"].items() if key not in _BETA_TARGET}
    return row | {"target": target}


def _check_expand(collection: Collection, name: str) -> None:
    if name not in collection.children:
        text = f"Could not find a property named '{name}' on type 'microsoft.graph."
        raise bad_request(
            f"Parsing OData Select and Expand failed: {text}{collection.element}'.",
            intune=collection.intune,
        )
