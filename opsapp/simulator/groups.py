"""Entra groups of a tenant: made, changed and removed with a change number for delta."""

import hashlib
from typing import Any

from opsapp.exports import drop_annotations
from opsapp.simulator.state import GroupRow, Tenant, stable_id

_EMPTY: dict[str, Any] = {
    "deletedDateTime": None,
    "classification": None,
    "createdDateTime": "2024-01-08T08:00:00Z",
    "description": None,
    "displayName": "",
    "expirationDateTime": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mail": None,
    "mailEnabled": False,
    "mailNickname": "",
    "membershipRule": None,
    "membershipRuleProcessingState": None,
    "onPremisesDomainName": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesNetBiosName": None,
    "onPremisesSamAccountName": None,
    "onPremisesSecurityIdentifier": None,
    "onPremisesSyncEnabled": None,
    "preferredDataLocation": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "renewedDateTime": "2024-01-08T08:00:00Z",
    "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [],
    "securityEnabled": True,
    "securityIdentifier": "",
    "theme": None,
    "uniqueName": None,
    "visibility": None,
    "onPremisesProvisioningErrors": [],
    "serviceProvisioningErrors": [],
}


def add_group(tenant: Tenant, raw: dict[str, Any], origin: str) -> dict[str, Any]:
    """A new group from the members given; the service fills the rest. Returns it."""
    given = drop_annotations({key: value for key, value in raw.items() if key != "@odata.type"})
    if "membershipRule" in given and "groupTypes" not in given:
        given["groupTypes"] = ["DynamicMembership"]
    given.pop("membershipType", None)
    name = str(given.get("displayName", ""))
    identity = given.get("id")
    if not isinstance(identity, str) or not identity or identity in tenant.groups:
        identity = stable_id(tenant.id, "groups", origin, name)
    digest = hashlib.sha256(identity.encode()).digest()
    words = [str(int.from_bytes(digest[at : at + 4], "big")) for at in (0, 4, 8, 12)]
    group: dict[str, Any] = {"id": identity} | _EMPTY | given | {"id": identity}
    group["mailNickname"] = group["mailNickname"] or digest.hex()[:9]
    group["securityIdentifier"] = group["securityIdentifier"] or "S-1-12-1-" + "-".join(words)
    if "DynamicMembership" in group["groupTypes"]:
        group["membershipRuleProcessingState"] = group["membershipRuleProcessingState"] or "On"
    tenant.sequence += 1
    tenant.groups[identity] = GroupRow(group, tenant.sequence)
    tenant.group_ids_by_name.setdefault(name, identity)
    return group


def ensure_group(tenant: Tenant, name: str, *, dynamic: bool, rule: str | None, origin: str) -> str:
    """The id of the group with this name, made where the tenant has none."""
    if name in tenant.group_ids_by_name:
        return tenant.group_ids_by_name[name]
    raw: dict[str, Any] = {"displayName": name}
    if dynamic:
        raw |= {"groupTypes": ["DynamicMembership"], "membershipRule": rule}
    tenant.report.groups_from[origin] += 1
    return str(add_group(tenant, raw, origin)["id"])


def change_group(tenant: Tenant, group_id: str, changes: dict[str, Any]) -> dict[str, Any] | None:
    """Apply changes and move the group forward in the delta. None where there is no such group."""
    row = tenant.groups.get(group_id)
    if row is None or row.removed is not None:
        return None
    changes = {key: value for key, value in changes.items() if key != "id"}
    row.content = row.content | changes
    tenant.sequence += 1
    row.sequence = tenant.sequence
    if "displayName" in changes:
        tenant.group_ids_by_name.setdefault(changes["displayName"], group_id)
    return row.content


def remove_group(tenant: Tenant, group_id: str, reason: str = "changed") -> bool:
    """Remove a group; delta says ``@removed`` with ``reason`` (``changed`` is a soft delete)."""
    row = tenant.groups.get(group_id)
    if row is None or row.removed is not None:
        return False
    tenant.sequence += 1
    row.sequence = tenant.sequence
    row.removed = reason
    name = row.content["displayName"]
    if tenant.group_ids_by_name.get(name) == group_id:
        del tenant.group_ids_by_name[name]
    return True
