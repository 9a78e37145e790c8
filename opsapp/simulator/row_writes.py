"""Rows of a part written one by one: messages, definition values, assignments, profiles."""

from typing import Any

from opsapp.simulator import admission, catalogue_types, group_policy
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import (
    Answer,
    GraphRequest,
    bad_request,
    missing,
    wrong_method,
)
from opsapp.simulator.references import bound_id, require
from opsapp.simulator.state import StoredObject, stable_id
from opsapp.simulator.target_rules import check_targets

Row = dict[str, Any]
_CREATED = 201


def write(
    request: GraphRequest, collection: Collection, item: StoredObject, rest: list[str]
) -> Answer:
    """Raises the 405 of a verb this part does not know."""
    name = rest[0]
    if name == "categories" and collection.key == "mobileApps" and "$ref" in rest:
        return _category(request, collection, item, rest)
    verbs = collection.row_verbs.get(name, ())
    alone = len(rest) == 1
    if request.method not in verbs or alone != (request.method == "POST"):
        raise wrong_method(intune=collection.intune)
    if alone:
        return _add(request, collection, item, name)
    rows = item.children.get(name, [])
    row = next((row for row in rows if row["id"] == rest[1]), None)
    if row is None:
        raise missing(rest[1], intune=collection.intune)
    if request.method == "DELETE":
        left = [other for other in rows if other is not row]
        admission.set_children(request.tenant, collection, item, name, left)
        return Answer(200)
    return _change(request, collection, item, name, row)


def _body(request: GraphRequest) -> Row:
    if not isinstance(request.body, dict):
        raise bad_request("Invalid JSON payload.", intune=True)
    return request.body


def _add(request: GraphRequest, collection: Collection, item: StoredObject, name: str) -> Answer:
    body = _body(request)
    if "id" in body:
        raise bad_request("Invalid property name: 'id' is read-only.", intune=collection.intune)
    rows = item.children.get(name, [])
    if name == "assignments":
        check_targets(request.tenant, collection, [*rows, body])
    elif name == "definitionValues":
        body = group_policy.resolve(request.tenant, item, body)
    elif name == "localizedNotificationMessages":
        _check_message(rows, body)
    elif name == "enrollmentProfiles":
        body = _profile(request, body, len(rows))
    admission.set_children(request.tenant, collection, item, name, [*rows, body])
    return Answer(_CREATED, item.children[name][-1])


def _check_message(rows: list[Row], body: Row) -> None:
    for member in ("locale", "subject", "messageTemplate"):
        if not body.get(member):
            raise bad_request(f"The property '{member}' is required.", intune=True)
    if any(row["locale"] == str(body["locale"]).lower() for row in rows):
        raise bad_request(f"A message for '{body['locale']}' exists.", intune=True)


def _profile(request: GraphRequest, body: Row, at: int) -> Row:
    kind = str(body.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    if kind not in catalogue_types.ADE_PROFILES:
        raise bad_request("The annotation '@odata.type' is required.", intune=True)
    if not body.get("displayName"):
        raise bad_request("The property 'displayName' is required.", intune=True)
    tenant = request.tenant
    tenant.created += 1
    identity = stable_id(tenant.id, "enrollmentProfiles", str(tenant.created), str(at))
    return {"@odata.type": body["@odata.type"], "id": identity} | body


def _change(
    request: GraphRequest, collection: Collection, item: StoredObject, name: str, row: Row
) -> Answer:
    body = _body(request)
    fixed = {"id", "locale", "isDefault"} if name == "localizedNotificationMessages" else {"id"}
    for member in sorted(fixed & set(body)):
        raise bad_request(f"Invalid property name: '{member}' cannot be changed.", intune=True)
    if body.get("@odata.type", row.get("@odata.type")) != row.get("@odata.type"):
        raise bad_request("The type of an object cannot be changed.", intune=True)
    if name == "definitionValues":
        body = {key: value for key, value in body.items() if key == "enabled"}
    rows = [other | body if other is row else other for other in item.children[name]]
    admission.set_children(request.tenant, collection, item, name, rows)
    changed = next(other for other in item.children[name] if other["id"] == row["id"])
    return Answer(204) if name == "enrollmentProfiles" else Answer(200, changed)


def _category(
    request: GraphRequest, collection: Collection, item: StoredObject, rest: list[str]
) -> Answer:
    rows = item.children.get("categories", [])
    if request.method == "POST":
        identity = bound_id(_body(request).get("@odata.id"))
        require(request.tenant, "mobileAppCategories", identity)
        category = request.tenant.collection("mobileAppCategories")[identity].content
        rows = [*(row for row in rows if row["id"] != identity), dict(category)]
    elif request.method == "DELETE":
        rows = [row for row in rows if row["id"] != rest[1]]
    else:
        raise wrong_method()
    admission.set_children(request.tenant, collection, item, "categories", rows)
    return Answer(204)
