"""Intune and Conditional Access collections: lists, objects and their parts, read and written."""

import time
from collections.abc import Mapping
from typing import Any

from opsapp.simulator import actions, approvals, odata, parts, views, writes
from opsapp.simulator.catalogue_row import CHILD_PAGE, INTUNE_MAX_TOP, INTUNE_PAGE, Collection
from opsapp.simulator.faults import Faults
from opsapp.simulator.filters import compile_filter
from opsapp.simulator.messages import (
    Answer,
    GraphRefusal,
    GraphRequest,
    bad_request,
    missing,
    no_segment,
    wrong_method,
)
from opsapp.simulator.state import StoredObject

_READING_POSTS = frozenset({"validateFilter", "retrieveEnrollmentTimeDeviceMembershipTarget"})


def handle(
    request: GraphRequest, collection: Collection, rest: list[str], faults: Faults
) -> Answer:
    """Answer a call on a collection; ``rest`` are the segments after the collection's own."""
    if request.v1 and not collection.v1:
        raise no_segment(collection.segment or collection.key)
    authorize(request, collection, rest)
    if not _is_reading(request, rest):
        approvals.check(request, collection)
    if not rest:
        return _on_collection(request, collection, faults)
    if rest == ["$count"]:
        return Answer(200, len(_matching(request, collection)))
    if request.method == "POST" and rest[0] in collection.actions:
        return actions.on_collection(request, collection, rest[0])
    item = _find(request, collection, rest)
    if len(rest) == 1:
        return _on_item(request, collection, item)
    return _on_part(request, collection, item, rest[1:], faults)


def authorize(request: GraphRequest, collection: Collection, rest: list[str] | None = None) -> None:
    """Raises the 403 of a token without the app role this collection needs."""
    reading = _is_reading(request, rest or [])
    needed = collection.rights.read if reading else collection.rights.write
    if request.roles & set(needed):
        return
    if collection.intune:
        message = (
            "Application is not authorized to perform this operation. "
            f"Application must have one of the following scopes: {', '.join(needed)}"
        )
        raise GraphRefusal(403, "Forbidden", message, intune=True)
    raise GraphRefusal(
        403,
        "AccessDenied",
        "You cannot perform the requested operation, required scopes are missing in the token.",
    )


def _is_reading(request: GraphRequest, rest: list[str]) -> bool:
    return request.method == "GET" or bool(rest and rest[-1] in _READING_POSTS)


def _on_collection(request: GraphRequest, collection: Collection, faults: Faults) -> Answer:
    if request.method == "POST":
        return writes.create(request, collection, faults)
    if request.method != "GET":
        raise wrong_method(intune=collection.intune)
    if "$top" in request.query and not collection.top_allowed:
        raise bad_request("The query specified in the URI is not valid: $top is not supported.")
    if "$search" in request.query:
        raise bad_request("$search is not supported on this resource.", intune=collection.intune)
    views.check_expand(request, collection, in_list=True)
    found = _sorted(request, _matching(request, collection))
    rules = page_rules(faults, INTUNE_PAGE, collection.max_top, _cap(request, collection))
    body = odata.page(request, found, rules, intune=collection.intune)
    body["value"] = [
        views.item_view(request, collection, item, in_list=True) for item in body["value"]
    ]
    return Answer(200, {"@odata.context": request.context(collection.path)} | body)


def _cap(request: GraphRequest, collection: Collection) -> int | None:
    """Some parts are heavy: expanded in a list they make its pages short."""
    names = odata.expansions(request.query.get("$expand", ""))
    return min(
        (collection.page_with[name] for name in names if name in collection.page_with), default=None
    )


def page_rules(
    faults: Faults, default: int, maximum: int, cap: int | None = None
) -> odata.PageRules:
    limits = [limit for limit in (faults.max_page, cap) if limit]
    return odata.PageRules(
        default,
        maximum,
        min(limits, default=None),
        faults.empty_page_every,
        faults.next_link_base,
    )


def _matching(request: GraphRequest, collection: Collection) -> list[StoredObject]:
    items = request.tenant.visible(collection.key)
    text = request.query.get("$filter")
    if not text:
        return items
    if not collection.filter_allowed or any(name in text for name in collection.unfiltered):
        raise bad_request("Filtering is not supported on this resource.", intune=collection.intune)
    if collection.key == "deviceEnrollmentConfigurations" and "'default" in text:
        raise bad_request("Invalid filter clause: a default type.", intune=True)
    keep = compile_filter(text)
    return [item for item in items if keep(item.content)]


def _sorted(request: GraphRequest, items: list[StoredObject]) -> list[StoredObject]:
    if "$orderby" not in request.query:
        return items
    by_id = {item.id: item for item in items}
    return [by_id[row["id"]] for row in odata.order([i.content for i in items], request.query)]


def _find(request: GraphRequest, collection: Collection, rest: list[str]) -> StoredObject:
    object_id = rest[0]
    if rest[1:] == ["restore"]:
        item = request.tenant.deleted.get(collection.key, {}).get(object_id)
    else:
        item = request.tenant.collection(collection.key).get(object_id)
    if item is None or item.visible_from > time.monotonic():
        status = collection.missing_status
        raise missing(object_id, intune=collection.intune, status=status)
    return item


def _on_item(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    if request.method == "GET":
        views.check_expand(request, collection, in_list=False)
        context = request.context(f"{collection.path}/$entity")
        view = views.item_view(request, collection, item, in_list=False)
        return Answer(200, {"@odata.context": context} | view)
    if request.method not in collection.verbs:
        raise wrong_method(intune=collection.intune)
    if request.method == "DELETE":
        return writes.delete(request, collection, item)
    return writes.change(request, collection, item)


def _on_part(
    request: GraphRequest,
    collection: Collection,
    item: StoredObject,
    rest: list[str],
    faults: Faults,
) -> Answer:
    casts = [name for name in rest if name.startswith("microsoft.graph.")]
    rest = [name for name in rest if name not in casts]
    name = rest[0] if rest else ""
    acting = request.method == "POST" and len(rest) == 1
    if acting and (name == "assign" or name in collection.actions):
        return actions.on_item(request, collection, item, name, casts)
    if request.method == "GET" and name in (
        "getOmaSettingPlainTextValue",
        "getSupportedProperties",
    ):
        return actions.function(request, collection, item, rest)
    if name in collection.images and len(rest) == 1 and request.method == "GET":
        return _image(request, collection, item, name)
    if name in collection.links and len(rest) == 1 and request.method == "GET":
        return _linked(request, collection, item, name)
    if name not in collection.children or name in collection.no_child_url:
        raise bad_request(f"Resource not found for the segment '{name}'.", intune=collection.intune)
    if request.method != "GET":
        return actions.on_rows(request, collection, item, rest)
    rows = parts.rows_of(request.tenant, collection, item, name)
    place = f"{collection.path}('{item.id}')/{name}"
    return _rows(request, rows, parts.shape_of(collection, name), rest, place, faults)


def _rows(
    request: GraphRequest,
    rows: list[parts.Row],
    shape: parts.Shape,
    rest: list[str],
    place: str,
    faults: Faults,
) -> Answer:
    """The rows of a part, one of them, or what lies inside one: as deep as the address goes."""
    deeper = rest[1:]
    if not deeper:
        return _row_page(request, rows, shape, place, faults)
    if deeper == ["$count"]:
        return Answer(200, len(rows))
    row = next((row for row in rows if row["id"] == deeper[0]), None)
    if row is None:
        raise missing(deeper[0])
    place = f"{place}('{row['id']}')"
    if len(deeper) == 1:
        (view,) = parts.show(request, [row], shape, _shaping(request.query), place)
        return Answer(200, {"@odata.context": request.context(f"{place}/$entity")} | view)
    inner_name = deeper[1]
    if inner_name not in shape:
        raise no_segment(inner_name)
    inner = parts.inner_rows(row, inner_name)
    place = f"{place}/{inner_name}"
    if isinstance(inner, dict):
        (view,) = parts.show(request, [inner], shape[inner_name], _shaping(request.query), place)
        return Answer(200, {"@odata.context": request.context(place)} | view)
    return _rows(request, inner, shape[inner_name], deeper[1:], place, faults)


def _row_page(
    request: GraphRequest,
    rows: list[parts.Row],
    shape: parts.Shape,
    place: str,
    faults: Faults,
) -> Answer:
    default = CHILD_PAGE if place.endswith("/settings") else INTUNE_PAGE
    view = parts.show(request, rows, shape, _shaping(request.query), place)
    body = odata.page(request, view, page_rules(faults, default, INTUNE_MAX_TOP))
    return Answer(200, {"@odata.context": request.context(place)} | body)


def _shaping(query: Mapping[str, str]) -> dict[str, str]:
    """The options that change rows; paging is done afterwards."""
    return {
        name: value
        for name, value in query.items()
        if name in ("$expand", "$select", "$filter", "$orderby")
    }


def _image(request: GraphRequest, collection: Collection, item: StoredObject, name: str) -> Answer:
    value = item.content.get(name)
    if value is None:
        return Answer(204)
    context = request.context(f"{collection.path}('{item.id}')/{name}")
    return Answer(200, {"@odata.context": context} | value)


def _linked(request: GraphRequest, collection: Collection, item: StoredObject, name: str) -> Answer:
    view: dict[str, Any] | None = views.linked(request, collection, item, name)
    if view is None:
        raise missing(name)
    context = request.context(f"{collection.path}('{item.id}')/{name}/$entity")
    return Answer(200, {"@odata.context": context} | view)
