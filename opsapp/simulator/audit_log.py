"""``deviceManagement/auditEvents``: every write to Intune leaves one event, as in the service."""

import json
from typing import Any

from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.moments import now_text
from opsapp.simulator.state import StoredObject, Tenant, stable_id

LIMIT = 20_000
_COMPONENTS = {
    "DeviceManagementConfiguration.Read.All": "DeviceConfiguration",
    "DeviceManagementScripts.Read.All": "DeviceConfiguration",
    "DeviceManagementServiceConfig.Read.All": "Enrollment",
    "DeviceManagementApps.Read.All": "MobileApp",
    "DeviceManagementRBAC.Read.All": "RoleBasedAccessControl",
}


def application(tenant: Tenant) -> dict[str, Any]:
    """The actor of a call with the application's own token."""
    return _actor("Application") | {
        "applicationId": tenant.client_id,
        "applicationDisplayName": "OpsApp",
        "servicePrincipalName": tenant.client_id,
    }


def administrator(tenant: Tenant) -> dict[str, Any]:
    """The actor of a change made by hand in the portal."""
    return _actor("ItPro") | {
        "applicationId": "5926fc8e-304e-4f59-8bed-58ca97cc39a4",
        "applicationDisplayName": "Microsoft Intune portal extension",
        "userPrincipalName": f"admin@{tenant.slug}.onmicrosoft.example",
        "userId": stable_id(tenant.id, "users", "admin"),
    }


def _actor(kind: str) -> dict[str, Any]:
    return {
        "auditActorType": kind,
        "type": kind,
        "userPermissions": ["*"],
        "applicationId": None,
        "applicationDisplayName": None,
        "userPrincipalName": None,
        "servicePrincipalName": None,
        "ipAddress": None,
        "userId": None,
    }


def state_of(item: StoredObject) -> dict[str, Any]:
    """What an event compares: the members, and the parts as one value each."""
    return item.content | {name: list(rows) for name, rows in item.children.items()}


def record(
    tenant: Tenant,
    collection: Collection,
    operation: str,
    actor: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Append an event; ``operation`` is Create, Patch, Delete, Assign or the action's name."""
    if not collection.intune:
        return  # Entra keeps its own log
    subject = after or before
    kind = collection.element[0].upper() + collection.element[1:]
    tenant.events += 1
    number = tenant.events
    component = _COMPONENTS[collection.rights.read[0]]
    event = {
        "id": stable_id(tenant.id, "auditEvents", str(number), subject["id"]),
        "displayName": f"{operation} {kind}",
        "componentName": component,
        "actor": actor,
        "activity": f"{operation} {kind}",
        "activityDateTime": now_text(),
        "activityType": f"{operation} {kind}",
        "activityOperationType": operation if operation in ("Create", "Delete") else "Patch",
        "activityResult": "Success",
        "correlationId": stable_id(tenant.id, "correlation", str(number)),
        "category": component,
        "resources": [_resource(collection, kind, before, after)],
    }
    if len(tenant.audit) >= LIMIT:
        del tenant.audit[: LIMIT // 2]
    tenant.audit.append(event)


def _resource(
    collection: Collection, kind: str, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    subject = after or before
    return {
        "displayName": subject.get(collection.name),
        "auditResourceType": kind,
        "type": kind,
        "resourceId": subject["id"],
        "modifiedProperties": _differences(before, after),
    }


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    names = dict.fromkeys((*before, *after))
    return [
        {
            "displayName": name,
            "oldValue": _text(before.get(name)),
            "newValue": _text(after.get(name)),
        }
        for name in names
        if before.get(name) != after.get(name)
    ]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
