"""Administrative templates: definitions, their presentations, and the values of a policy."""

import re
from typing import Any

from opsapp.exports.annotations import is_annotation
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import Answer, GraphRequest, bad_request
from opsapp.simulator.state import StoredObject, Tenant, stable_id

Row = dict[str, Any]
_DEFINITION = re.compile(r"groupPolicyDefinitions(?:\('|/)([^')/]+)")
_PRESENTATION = re.compile(r"presentations(?:\('|/)([^')/]+)")


def update_definition_values(
    request: GraphRequest, _: Collection, item: StoredObject, body: Row
) -> Answer:
    """``added`` and ``deletedIds`` in two calls; ``updated`` is refused, as seen in the service."""
    added, gone = body.get("added") or [], body.get("deletedIds") or []
    if body.get("updated"):
        raise bad_request("'updated' is not accepted: delete the value and add it.", intune=True)
    if added and gone:
        raise bad_request("'added' and 'deletedIds' cannot be in one call.", intune=True)
    rows = item.children.setdefault("definitionValues", [])
    for row in added:
        resolved = resolve(request.tenant, item, row)
        # a definition that has a value keeps it: the service says nothing
        if all(old["definition"]["id"] != resolved["definition"]["id"] for old in rows):
            rows.append(resolved)
    rows[:] = [row for row in rows if row["id"] not in gone]
    return Answer(204)


def resolve(tenant: Tenant, item: StoredObject, row: Row) -> Row:
    """A value as stored, its definition and presentations found. Raises the 400 of unknown ones."""
    definition = _bound(tenant, row)
    presentations = {
        part["id"]: part
        for part in tenant.collection("groupPolicyDefinitions")[definition["id"]].children.get(
            "presentations", []
        )
    }
    values = []
    for value in row.get("presentationValues") or []:
        match = _PRESENTATION.search(str(value.get("presentation@odata.bind", "")))
        if match is None or match[1] not in presentations:
            raise bad_request("The presentation was not found.", intune=True)
        if not value.get("@odata.type"):
            raise bad_request("A presentation value needs '@odata.type'.", intune=True)
        values.append(_plain(value) | {"presentation": presentations[match[1]]})
    return shape(item, {**_plain(row), "definition": definition, "presentationValues": values})


def _plain(row: Row) -> Row:
    """Without binds and without what a tool wrote for itself."""
    return {key: value for key, value in row.items() if not is_annotation(key)}


def _bound(tenant: Tenant, row: Row) -> Row:
    match = _DEFINITION.search(str(row.get("definition@odata.bind", "")))
    known = tenant.collection("groupPolicyDefinitions")
    if match is None or match[1] not in known:
        raise bad_request("The group policy definition was not found.", intune=True)
    uploaded = known[match[1]].origin  # the tenant that imported the ADMX, empty for built-in ones
    if uploaded and uploaded != tenant.id:
        raise bad_request("The group policy definition was not found.", intune=True)
    return known[match[1]].content


def shape(item: StoredObject, row: Row) -> Row:
    """Ids and times in the form of the service."""
    definition = row.get("definition") or {}
    identity = row.get("id") or stable_id(item.id, "value", str(definition.get("id")))
    stamp = item.content.get("lastModifiedDateTime")
    return row | {
        "createdDateTime": row.get("createdDateTime", stamp),
        "enabled": row.get("enabled", True),
        "configurationType": row.get("configurationType", "policy"),
        "lastModifiedDateTime": row.get("lastModifiedDateTime", stamp),
        "id": identity,
        "definition": definition,
        "presentationValues": [
            _value(identity, value, at)
            for at, value in enumerate(row.get("presentationValues") or [])
        ],
    }


def _value(owner: str, value: Row, at: int) -> Row:
    identity = value.get("id") or stable_id(owner, "presentationValue", str(at))
    kind = {"@odata.type": value["@odata.type"]} if "@odata.type" in value else {}
    return kind | value | {"id": identity, "presentation": value.get("presentation") or {}}


def admit(tenant: Tenant, item: StoredObject, raw: Row) -> Row:
    """A value from an export: IntuneCD expands the definition, IntuneManagement binds it."""
    definition = {
        member: raw[f"#Definition_{member}"]
        for member in ("displayName", "classType", "categoryPath")
        if raw.get(f"#Definition_{member}")
    } | (raw.get("definition") or {})
    match = _DEFINITION.search(str(raw.get("definition@odata.bind", "")))
    if match:
        definition.setdefault("id", match[1])
    definition.setdefault(
        "id", stable_id(item.id, "definition", str(definition.get("displayName")))
    )
    values = []
    for at, value in enumerate(raw.get("presentationValues") or []):
        presentation = dict(value.get("presentation") or {})
        match = _PRESENTATION.search(str(value.get("presentation@odata.bind", "")))
        if match:
            presentation.setdefault("id", match[1])
        presentation.setdefault("id", stable_id(definition["id"], "presentation", str(at)))
        values.append(_plain(value) | {"presentation": presentation})
    known = learn(tenant, definition, [value["presentation"] for value in values])
    return shape(item, {**_plain(raw), "definition": known, "presentationValues": values})


def learn(tenant: Tenant, definition: Row, presentations: list[Row]) -> Row:
    """Remember a definition; built-in ones have the same ids in every tenant."""
    known = tenant.collection("groupPolicyDefinitions")
    stored = known.get(definition["id"])
    if stored is None:
        custom = definition.get("policyType") == "admxIngested"
        stored = StoredObject(definition["id"], definition, {}, tenant.id if custom else "")
        known[definition["id"]] = stored
    else:
        stored.content |= definition
    rows = stored.children.setdefault("presentations", [])
    have = {row["id"] for row in rows}
    rows += [row for row in presentations if row["id"] not in have]
    return stored.content
