"""Navigation collections of an object: their rows, and what lies inside the rows."""

import re
from collections.abc import Mapping
from typing import Any

from opsapp.simulator import odata
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.filters import compile_filter
from opsapp.simulator.messages import GraphRequest, bad_request
from opsapp.simulator.setting_definitions import definitions_of
from opsapp.simulator.state import StoredObject, Tenant, stable_id

Row = dict[str, Any]
Shape = Mapping[str, Any]

# What the rows of a part hold in turn, shown only by a nested $expand or at its own address.
SHAPES: dict[str, Shape] = {
    "scheduledActionsForRule": {"scheduledActionConfigurations": {}},
    "definitionValues": {"definition": {}, "presentationValues": {"presentation": {}}},
    "settings": {"settingDefinitions": {}},
    "settingTemplates": {"settingDefinitions": {}},
    "categories": {"settings": {}},
}
_BETA_TARGET = (
    "deviceAndAppManagementAssignmentFilterId",
    "deviceAndAppManagementAssignmentFilterType",
)


def rows_of(tenant: Tenant, collection: Collection, item: StoredObject, name: str) -> list[Row]:
    """The rows of a part, some of which follow from other objects."""
    if name == "categories" and collection.key in ("intents", "templates"):
        return _categories(item)
    if name == "roleAssignments":
        return [
            {"id": other.id}
            for other in tenant.visible("roleAssignments")
            if other.links.get("roleDefinition") == item.id
        ]
    if name == "roleScopeTags":
        tags = tenant.collection("roleScopeTags")
        wanted = item.content.get(collection.scope_tags) or []
        return [tags[identity].content for identity in wanted if identity in tags]
    return item.children.get(name, [])


def shape_of(collection: Collection, name: str) -> Shape:
    """The shape of a part's rows; the categories of an app hold nothing."""
    if name == "categories" and collection.key == "mobileApps":
        return {}
    return SHAPES.get(name, {})


def show(
    request: GraphRequest, rows: list[Row], shape: Shape, query: Mapping[str, str], place: str
) -> list[Row]:
    """Rows as answered for this query: inner collections only where expanded."""
    if request.v1 and place.endswith("/assignments"):
        rows = [_v1_assignment(row) for row in rows]
    if not query:
        return [_without(row, shape) for row in rows] if shape else rows
    if "$filter" in query:
        keep = compile_filter(query["$filter"])
        rows = [row for row in rows if keep(row)]
    wanted = odata.expansions(query.get("$expand", ""))
    for name in wanted:
        if name not in shape:
            raise bad_request(f"Could not find a property named '{name}'.", intune=True)
    shown = [_expanded(request, row, shape, wanted, place) for row in odata.order(rows, query)]
    return [odata.select(row, query, with_key=True) for row in shown]


def _without(row: Row, shape: Shape) -> Row:
    if row.keys().isdisjoint(shape):
        return row
    return {key: value for key, value in row.items() if key not in shape}


def _expanded(
    request: GraphRequest,
    row: Row,
    shape: Shape,
    wanted: Mapping[str, Mapping[str, str]],
    place: str,
) -> Row:
    view = dict(_without(row, shape))
    for name, options in wanted.items():
        inner_place = f"{place}('{row['id']}')/{name}"
        inner = inner_rows(row, name)
        view[f"{name}@odata.context"] = request.context(inner_place)
        if isinstance(inner, dict):
            view[name] = show(request, [inner], shape[name], options, inner_place)[0]
        else:
            view[name] = show(request, inner, shape[name], options, inner_place)
    return view


def inner_rows(row: Row, name: str) -> Any:
    """What a row holds under this name: a single object, or rows."""
    return definitions_of(row) if name == "settingDefinitions" else row.get(name) or []


def _v1_assignment(row: Row) -> Row:
    target = {key: value for key, value in row["target"].items() if key not in _BETA_TARGET}
    return row | {"target": target}


def _categories(item: StoredObject) -> list[Row]:
    """An intent's settings by the part of the definition id that names their area."""
    areas: dict[str, list[Row]] = {}
    for setting in item.children.get("settings", []):
        area = re.split(r"--|_", str(setting.get("definitionId", "")))
        areas.setdefault(area[1] if len(area) > 1 else "settings", []).append(setting)
    template = str(item.content.get("templateId") or item.id)
    return [
        {
            "id": stable_id(template, "category", area),
            "displayName": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", area).capitalize(),
            "hasRequiredSetting": False,
            "settings": settings,
        }
        for area, settings in areas.items()
    ]
