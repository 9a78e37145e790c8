"""Administrative templates: definitions, their presentations, and the values of a policy."""

from typing import Any

from opsapp.exports.definition_values import (
    definition_id,
    presentation_id,
    with_definition,
    without_notes,
)
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import Answer, GraphRequest, bad_request
from opsapp.simulator.state import StoredObject, Tenant, stable_id

Row = dict[str, Any]


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
        bound = presentation_id(value)
        if bound not in presentations:
            raise bad_request("The presentation was not found.", intune=True)
        if not value.get("@odata.type"):
            raise bad_request("A presentation value needs '@odata.type'.", intune=True)
        values.append(without_notes(value) | {"presentation": presentations[bound]})
    return shape(
        item, {**without_notes(row), "definition": definition, "presentationValues": values}
    )


def _bound(tenant: Tenant, row: Row) -> Row:
    bound = definition_id(row)
    known = tenant.collection("groupPolicyDefinitions")
    if bound is None or bound not in known:
        raise bad_request("The group policy definition was not found.", intune=True)
    uploaded = known[bound].origin  # the tenant that imported the ADMX, empty for built-in ones
    if uploaded and uploaded != tenant.id:
        raise bad_request("The group policy definition was not found.", intune=True)
    return known[bound].content


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
    """A value from an export."""

    def made_up(kind: str, known: str) -> str:
        if kind == "definition":
            return stable_id(item.id, kind, known)
        return stable_id(kind, *known.split())

    row = with_definition(raw, made_up)
    presentations = [value["presentation"] for value in row["presentationValues"]]
    return shape(item, row | {"definition": learn(tenant, row["definition"], presentations)})


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
