"""How a stored object looks in an answer: plain, in a list, expanded, in v1.0."""

from typing import Any

from opsapp.simulator import odata, parts
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import GraphRequest, bad_request
from opsapp.simulator.state import StoredObject


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
    if collection.on_select or collection.images:
        _hide_unless_selected(request, collection, view)
    if not ("$expand" in request.query or "$select" in request.query):
        return view
    for path, options in odata.expansions(request.query.get("$expand", "")).items():
        name = path.rsplit("/", 1)[-1]  # microsoft.graph.someType/part
        place = f"{collection.path}('{item.id}')/{name}"
        view[f"{name}@odata.context"] = request.context(place)
        view[name] = _expanded(request, collection, item, name, options, in_list, place)
    return odata.select(view, request.query, with_key=collection.intune)


def check_expand(request: GraphRequest, collection: Collection, *, in_list: bool) -> None:
    """Raises the 400 of an ``$expand`` this collection does not know, before any row is made."""
    for path in odata.expansions(request.query.get("$expand", "")):
        name = path.rsplit("/", 1)[-1]
        refused = in_list and name in collection.no_list_expand
        if refused or (name not in collection.children and name not in collection.links):
            text = f"Could not find a property named '{name}' on type 'microsoft.graph."
            raise bad_request(
                f"Parsing OData Select and Expand failed: {text}{collection.element}'.",
                intune=collection.intune,
            )


def linked(request: GraphRequest, collection: Collection, item: StoredObject, name: str) -> Any:
    """The object a single navigation leads to, or None."""
    target = request.tenant.collection(collection.links[name]).get(item.links.get(name, ""))
    if target is None:
        return None
    row = COLLECTIONS[collection.links[name]]
    plain = GraphRequest(**{**vars(request), "query": {}})
    return item_view(plain, row, target, in_list=False)


def _expanded(
    request: GraphRequest,
    collection: Collection,
    item: StoredObject,
    name: str,
    options: dict[str, str],
    in_list: bool,
    place: str,
) -> Any:
    if name in collection.links:
        return linked(request, collection, item, name)
    if name in collection.empty_expand or (not in_list and name in collection.item_empty_expand):
        return []
    rows = parts.rows_of(request.tenant, collection, item, name)
    return parts.show(request, rows, parts.shape_of(collection, name), options, place)


def _hide_unless_selected(
    request: GraphRequest, collection: Collection, view: dict[str, Any]
) -> None:
    selected = {name.strip().lower() for name in request.query.get("$select", "").split(",")}
    for member in collection.on_select:
        if member.lower() not in selected:
            view.pop(member, None)
    shown = [member for member in collection.images if member.lower() in selected]
    for member in collection.images:
        if member in view and shown != [member]:
            view[member] = None
