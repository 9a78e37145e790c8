"""Assignments in the form Graph gives them, whatever the export or the caller wrote."""

import re
from typing import Any

from opsapp.exports.minimal import minimal
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.groups import ensure_group
from opsapp.simulator.state import Tenant, stable_id

ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
NO_FILTER = "00000000-0000-0000-0000-000000000000"
_VIRTUAL = {
    "#microsoft.graph.allDevicesAssignmentTarget": ALL_DEVICES,
    "#microsoft.graph.allLicensedUsersAssignmentTarget": ALL_USERS,
}
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
_FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
# Types whose assignments carry neither source nor sourceId.
_NO_SOURCE = frozenset(
    {
        "deviceManagementScripts",
        "deviceShellScripts",
        "deviceCustomAttributeShellScripts",
        "deviceHealthScripts",
        "intents",
        "roleScopeTags",
    }
)


def shape(
    tenant: Tenant, collection: Collection, object_id: str, raw: list[Any], origin: str
) -> list[dict[str, Any]]:
    """Assignments with ids, sources and resolved targets. What cannot be used is noted."""
    shaped: list[dict[str, Any]] = []
    used: set[str] = set()
    for entry in raw:
        if not isinstance(entry, dict) or not isinstance(entry.get("target"), dict):
            tenant.report.note(origin, "an assignment without a target was dropped")
            continue
        target = _target(tenant, minimal(entry["target"]), origin)
        identity = object_id + collection.assignment_separator + _goal(target)
        while identity in used:
            identity += "_1"
        used.add(identity)
        extras = {
            key: value
            for key, value in minimal(entry).items()
            if key not in ("id", "target", "source", "sourceId", "@odata.type")
        }
        if collection.key == "deviceConfigurations":
            extras.setdefault("intent", "apply")
        source = (
            {}
            if collection.key in _NO_SOURCE
            else {"source": entry.get("source") or "direct", "sourceId": object_id}
        )
        shaped.append({"id": identity, **source, **extras, "target": target})
    return shaped


def _goal(target: dict[str, Any]) -> str:
    kind = target.get("@odata.type", "")
    return str(target.get("groupId") or target.get("collectionId") or _VIRTUAL.get(kind, kind))


def _target(tenant: Tenant, raw: dict[str, Any], origin: str) -> dict[str, Any]:
    target: dict[str, Any] = {
        "@odata.type": raw.get("@odata.type", "#microsoft.graph.groupAssignmentTarget"),
        _FILTER_ID: _filter_id(tenant, raw.get(_FILTER_ID), origin),
        _FILTER_TYPE: raw.get(_FILTER_TYPE) or "none",
    }
    if raw.get("groupName") and not raw.get("groupId"):
        target["groupId"] = ensure_group(
            tenant,
            raw["groupName"],
            dynamic=raw.get("groupType") == "DynamicMembership",
            rule=raw.get("membershipRule"),
            origin="assignments",
        )
    known = {*target, "groupName", "groupType", "membershipRule"}
    return target | {key: value for key, value in raw.items() if key not in known}


def _filter_id(tenant: Tenant, value: Any, origin: str) -> str | None:
    """Exports name the filter where Graph has its id."""
    if not value or value == NO_FILTER:
        return None
    if _GUID.fullmatch(str(value)):
        return str(value)
    for item in tenant.collection("assignmentFilters").values():
        if item.content.get("displayName") == value:
            return item.id
    tenant.report.note(origin, f"assignment filter {value!r} is not in the export: dangling id")
    return stable_id(tenant.id, "assignmentFilters", str(value))
