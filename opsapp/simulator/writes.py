"""Create, change and delete objects as the service does: refuse first, then move what it owns."""

import copy
import time
from typing import Any

from opsapp.simulator import admission, audit_log, hidden_values, write_rules
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.faults import Faults
from opsapp.simulator.messages import Answer, GraphRequest, bad_request, wrong_method
from opsapp.simulator.moments import now_text
from opsapp.simulator.references import bound_id
from opsapp.simulator.state import StoredObject, Tenant

_NO_CONTENT = 204


def body_of(request: GraphRequest, collection: Collection) -> dict[str, Any]:
    """The JSON object of a write. Raises the 400 of anything else."""
    if not isinstance(request.body, dict):
        raise bad_request("Invalid JSON payload.", intune=collection.intune)
    return request.body


def create(request: GraphRequest, collection: Collection, faults: Faults) -> Answer:
    """POST on the collection."""
    if not collection.creatable:
        if collection.key == "intents":
            raise bad_request("Intents are created from a template: createInstance.", intune=True)
        raise wrong_method(intune=collection.intune)
    body = body_of(request, collection)
    write_rules.check_create(request.tenant, collection, body)
    item = admit(request, collection, body)
    item.visible_from = time.monotonic() + faults.replication_ms / 1000
    context = request.context(f"{collection.path}/$entity")
    content = dict(item.content)
    if collection.id_prefix:
        content.pop("@odata.type", None)  # app protection answers without it
    return Answer(collection.create_status, {"@odata.context": context} | content)


def admit(request: GraphRequest, collection: Collection, body: dict[str, Any]) -> StoredObject:
    """Store what a caller wrote (already checked), with the times of now, and log it."""
    tenant = request.tenant
    tenant.created += 1
    given = {key: value for key, value in body.items() if "@odata.bind" not in key}
    if collection.key == "compliancePolicies":
        given.pop("scheduledActionsForRule", None)  # taken silently; setScheduledActions sets them
    item = admission.admit(tenant, collection, given, f"created/{tenant.created}")
    _set_links(collection, item, body)
    hidden_values.hide(collection, item)
    for member in collection.stamps:
        item.content[member] = now_text()
    if collection.version == "number" and collection.key != "termsAndConditions":
        item.content["version"] = 1
    actor = audit_log.application(tenant)
    audit_log.record(tenant, collection, "Create", actor, {}, audit_log.state_of(item))
    return item


def change(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    """PATCH, or PUT, which brings the settings too and sets what is left out to its default."""
    body = body_of(request, collection)
    write_rules.check_change(request.tenant, collection, item, body, request.method)
    before = copy.deepcopy(audit_log.state_of(item))
    apply_change(request.tenant, collection, item, copy.deepcopy(body))
    hidden_values.hide(collection, item)
    tenant = request.tenant
    actor = audit_log.application(tenant)
    audit_log.record(tenant, collection, "Patch", actor, before, audit_log.state_of(item))
    if request.method == "PUT" or collection.patch_status == _NO_CONTENT:
        return Answer(_NO_CONTENT)
    return Answer(collection.patch_status, dict(item.content))


def delete(request: GraphRequest, collection: Collection, item: StoredObject) -> Answer:
    """DELETE; Conditional Access can be restored afterwards."""
    write_rules.check_delete(collection, item)
    remove(request.tenant, collection, item, audit_log.application(request.tenant))
    return Answer(collection.delete_status)


def remove(
    tenant: Tenant, collection: Collection, item: StoredObject, actor: dict[str, Any]
) -> None:
    """Take the object away; where the service can restore it, it is kept aside."""
    del tenant.collection(collection.key)[item.id]
    if "restore" in collection.actions:
        tenant.deleted.setdefault(collection.key, {})[item.id] = item
    audit_log.record(tenant, collection, "Delete", actor, audit_log.state_of(item), {})


def apply_change(
    tenant: Tenant, collection: Collection, item: StoredObject, body: dict[str, Any]
) -> None:
    """Set members (navigation collections too); all but assignments move version and time."""
    for name, value in body.items():
        if name in collection.children:
            admission.set_children(tenant, collection, item, name, value)
        elif name not in collection.server_owned and "@" not in name:
            item.content[name] = value
    _set_links(collection, item, body)
    if set(body) != {"assignments"}:
        touch(collection, item)


def _set_links(collection: Collection, item: StoredObject, body: dict[str, Any]) -> None:
    for name in collection.links:
        bound = body.get(f"{name}@odata.bind")
        if bound:
            item.links[name] = bound_id(bound[0] if isinstance(bound, list) else bound)
    tags = body.get("roleScopeTags@odata.bind")
    if isinstance(tags, list):
        item.content[collection.scope_tags] = [bound_id(tag) for tag in tags]


def touch(collection: Collection, item: StoredObject) -> None:
    """What the service moves at every write."""
    if collection.version == "number":
        item.content["version"] = int(item.content.get("version") or 0) + 1
    elif collection.version == "etag":
        item.content["version"] = admission.etag(item.id + str(item.content.get("version")), 2)
    if collection.modified:
        item.content[collection.modified] = now_text()
