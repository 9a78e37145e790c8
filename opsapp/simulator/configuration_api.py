"""Intune and Conditional Access collections: lists, objects, their parts, and simple writes."""

import time
from typing import Any

from opsapp.simulator import admission, odata, views
from opsapp.simulator.catalogue_row import CHILD_PAGE, INTUNE_MAX_TOP, INTUNE_PAGE, Collection
from opsapp.simulator.faults import Faults
from opsapp.simulator.filters import compile_filter
from opsapp.simulator.messages import Answer, GraphRefusal, GraphRequest, bad_request, no_segment
from opsapp.simulator.state import StoredObject, Tenant

_SERVER_OWNED = ("id", "createdDateTime", "lastModifiedDateTime", "modifiedDateTime", "version")


def handle(
    request: GraphRequest, collection: Collection, rest: list[str], faults: Faults
) -> Answer:
    """Answer a call on a collection; ``rest`` are the segments after the collection's own."""
    if request.v1 and not collection.v1:
        raise no_segment(collection.segment or collection.key)
    authorize(request, collection)
    if not rest:
        return _on_collection(request, collection, faults)
    if rest == ["$count"]:
        return Answer(200, len(_matching(request, collection)))
    item = _find(request, collection, rest[0])
    if len(rest) == 1:
        return _on_item(request, collection, item)
    return _on_part(request, collection, item, rest[1:], faults)


def authorize(request: GraphRequest, collection: Collection) -> None:
    """Raises the 403 of a token without the app role this collection needs."""
    writing = request.method != "GET"
    needed = collection.rights.write if writing else collection.rights.read
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


def _on_collection(request: GraphRequest, collection: Collection, faults: Faults) -> Answer:
    if request.method == "POST":
        return _create(request, collection, faults)
    if request.method != "GET":
        raise _wrong_method(collection)
    if "$top" in request.query and not collection.top_allowed:
        raise bad_request("The query specified in the URI is not valid: $top is not supported.")
    if "$search" in request.query:
        raise bad_request("$search is not supported on this resource.", intune=collection.intune)
    items = [
        views.item_view(request, collection, item, in_list=True)
        for item in _sorted(request, _matching(request, collection))
    ]
    rules = page_rules(faults, INTUNE_PAGE, collection.max_top)
    body = odata.page(request, items, rules, intune=collection.intune)
    return Answer(200, {"@odata.context": request.context(collection.path)} | body)


def page_rules(faults: Faults, default: int, maximum: int) -> odata.PageRules:
    return odata.PageRules(
        default, maximum, faults.max_page, faults.empty_page_every, faults.next_link_base
    )


def _matching(request: GraphRequest, collection: Collection) -> list[StoredObject]:
    items = request.tenant.visible(collection.key)
    text = request.query.get("$filter")
    if not text:
        return items
    if not collection.filter_allowed:
        raise bad_request("Filtering is not supported on this resource.", intune=True)
    keep = compile_filter(text)
    return [item for item in items if keep(item.content)]


def _sorted(request: GraphRequest, items: list[StoredObject]) -> list[StoredObject]:
    if "$orderby" not in request.query:
        return items
    by_id = {item.id: item for item in items}
    return [by_id[row["id"]] for row in odata.order([i.content for i in items], request.query)]


def _find(request: GraphRequest, collection: Collection, object_id: str) -> StoredObject:
    item = request.tenant.collection(collection.key).get(object_id)
    if item is None or item.visible_from > time.monotonic():
        raise GraphRefusal(
            404,
            "ResourceNotFound" if collection.intune else "Request_ResourceNotFound",
            f"Resource '{object_id}' does not exist.",
            intune=collection.intune,
        )
    return item


def _wrong_method(collection: Collection) -> GraphRefusal:
    message = "Specified HTTP method is not allowed for the request target."
    return GraphRefusal(405, "UnknownError", message, intune=collection.intune)


def _on_item(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    if request.method == "GET":
        context = request.context(f"{collection.path}/$entity")
        view = views.item_view(request, collection, item, in_list=False)
        return Answer(200, {"@odata.context": context} | view)
    if request.method in ("PATCH", "PUT"):
        change(request, collection, item)
        if collection.patch_status == 204:  # noqa: PLR2004
            return Answer(204)
        return Answer(collection.patch_status, item.content)
    if request.method == "DELETE":
        del request.tenant.collection(collection.key)[item.id]
        return Answer(collection.delete_status)
    raise _wrong_method(collection)


def _on_part(
    request: GraphRequest,
    collection: Collection,
    item: StoredObject,
    rest: list[str],
    faults: Faults,
) -> Answer:
    name = rest[-1] if rest[0].startswith("microsoft.graph.") else rest[0]
    if name == "assign" and request.method == "POST" and "assignments" in collection.children:
        return _assign(request, collection, item)
    if name == "getOmaSettingPlainTextValue" and collection.key == "deviceConfigurations":
        return _plain_text(item, rest[-1])
    if name not in collection.children or name in collection.no_child_url:
        raise bad_request(f"Resource not found for the segment '{name}'.", intune=collection.intune)
    rows = item.children.get(name, [])
    if name == "assignments" and request.method == "POST":
        return _add_assignment(request, collection, item)
    if request.method != "GET":
        raise _wrong_method(collection)
    if len(rest) > 1:
        row = next((row for row in rows if row["id"] == rest[1]), None)
        if row is None:
            raise GraphRefusal(404, "ResourceNotFound", "Not found.", intune=collection.intune)
        return Answer(200, {"@odata.context": request.context(collection.path)} | row)
    place = f"{collection.path}('{item.id}')/{name}"
    rules = page_rules(faults, CHILD_PAGE if name == "settings" else INTUNE_PAGE, INTUNE_MAX_TOP)
    view = views.children_view(request, name, rows, request.query, place)
    body = odata.page(request, view, rules, intune=collection.intune)
    return Answer(200, {"@odata.context": request.context(place)} | body)


def _plain_text(item: StoredObject, argument: str) -> Answer:
    """The value behind an encrypted OMA setting; exports never hold it, so it is made up."""
    reference = argument.removeprefix("secretReferenceValueId=")
    for setting in item.content.get("omaSettings") or []:
        if reference and setting.get("secretReferenceValueId") == reference:
            return Answer(200, {"value": f"plain text of {setting.get('displayName')}"})
    raise GraphRefusal(404, "ResourceNotFound", "No such secret reference.", intune=True)


def _create(request: GraphRequest, collection: Collection, faults: Faults) -> Answer:
    body = _body(request, collection)
    given = {key: value for key, value in body.items() if key not in _SERVER_OWNED}
    request.tenant.created += 1
    origin = f"created/{request.tenant.created}"
    item = admission.admit(request.tenant, collection, given, origin)
    for member in collection.stamps:
        item.content[member] = admission.now_text()
    item.visible_from = time.monotonic() + faults.replication_ms / 1000
    context = request.context(f"{collection.path}/$entity")
    return Answer(collection.create_status, {"@odata.context": context} | item.content)


def _body(request: GraphRequest, collection: Collection) -> dict[str, Any]:
    if not isinstance(request.body, dict):
        raise bad_request("Invalid JSON payload.", intune=collection.intune)
    return request.body


def change(request: GraphRequest, collection: Collection, item: StoredObject) -> None:
    """PATCH (or PUT, which brings the settings too): apply, and move version and time forward."""
    body = _body(request, collection)
    for name in collection.children:
        if name in body and (name != "settings" or request.method != "PUT"):
            message = f"Cannot apply PATCH to navigation property '{name}' on entity type"
            raise bad_request(f"{message} '{collection.element}'.", intune=collection.intune)
    apply_change(request.tenant, collection, item, body)


def apply_change(
    tenant: Tenant, collection: Collection, item: StoredObject, body: dict[str, Any]
) -> None:
    """Set members (navigation collections too) and move version and time forward."""
    for name, value in body.items():
        if name in collection.children:
            admission.set_children(tenant, collection, item, name, value)
        elif name not in _SERVER_OWNED and "@" not in name:
            item.content[name] = value
    touch(collection, item)


def touch(collection: Collection, item: StoredObject) -> None:
    """What the service moves at every write."""
    if collection.version == "number":
        item.content["version"] = int(item.content.get("version") or 0) + 1
    elif collection.version == "etag":
        item.content["version"] = admission.etag(item.id + str(item.content.get("version")), 2)
    if collection.modified:
        item.content[collection.modified] = admission.now_text()


def _assign(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    rows = _body(request, collection).get(collection.assign_member)
    if not isinstance(rows, list):
        message = f"The parameter '{collection.assign_member}' is missing."
        raise bad_request(message, intune=collection.intune)
    admission.set_children(request.tenant, collection, item, "assignments", rows)
    touch(collection, item)
    if collection.assign_status == 204:  # noqa: PLR2004
        return Answer(204)
    place = f"{collection.path}('{item.id}')/assignments"
    value = item.children["assignments"]
    body = {"@odata.context": request.context(place), "value": value}
    return Answer(collection.assign_status, body)


def _add_assignment(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    rows = [*item.children["assignments"], _body(request, collection)]
    admission.set_children(request.tenant, collection, item, "assignments", rows)
    touch(collection, item)
    return Answer(201, item.children["assignments"][-1])
