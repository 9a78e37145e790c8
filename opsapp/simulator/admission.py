"""A new object enters a tenant: the service fills what only the service knows."""

import hashlib
import re
from typing import Any

from opsapp.exports.minimal import minimal
from opsapp.exports.spelling import graph_spelling
from opsapp.simulator import assignments, known_everywhere, part_rows
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.moments import stamp
from opsapp.simulator.state import StoredObject, Tenant, stable_id

# @odata.type of enrolment configurations → (suffix of the default row's id, suffix otherwise, type)
_ENROLLMENT = {
    "deviceEnrollmentLimitConfiguration": ("DefaultLimit", "Limit", "limit"),
    "deviceEnrollmentPlatformRestrictionsConfiguration": (
        "DefaultPlatformRestrictions",
        "PlatformRestrictions",
        "platformRestrictions",
    ),
    "deviceEnrollmentPlatformRestrictionConfiguration": (
        "DefaultSinglePlatformRestriction",
        "SinglePlatformRestriction",
        "singlePlatformRestriction",
    ),
    "deviceEnrollmentWindowsHelloForBusinessConfiguration": (
        "DefaultWindowsHelloForBusiness",
        "WindowsHelloForBusiness",
        "windowsHelloForBusiness",
    ),
    "windows10EnrollmentCompletionPageConfiguration": (
        "DefaultWindows10EnrollmentCompletionPageConfiguration",
        "Windows10EnrollmentCompletionPageConfiguration",
        "windows10EnrollmentCompletionPageConfiguration",
    ),
    "deviceComanagementAuthorityConfiguration": (
        "DefaultDeviceComanagementAuthority",
        "DeviceComanagementAuthority",
        "deviceComanagementAuthorityConfiguration",
    ),
    "windowsRestoreDeviceEnrollmentConfiguration": (
        "DefaultWindowsRestore",
        "WindowsRestore",
        "windowsRestore",
    ),
    "deviceEnrollmentNotificationConfiguration": (
        "",
        "EnrollmentNotificationsConfiguration",
        "enrollmentNotificationsConfiguration",
    ),
}


def admit(tenant: Tenant, collection: Collection, raw: dict[str, Any], origin: str) -> StoredObject:
    """Store a new object made from what an export or a caller wrote, and return it.

    The id is kept where it is free, else made from tenant, collection and ``origin`` (the file), so
    that loading the same folder twice gives the same tenant.
    """
    content = graph_spelling(collection.key, minimal(raw), collection.name)
    raw_children = {name: content.pop(name, None) or [] for name in collection.children}
    if "definitionValues" in raw_children:
        raw_children["definitionValues"] = raw.get("definitionValues") or []  # with their binds
    stray = content.pop("assignments", None)
    if stray:
        tenant.report.note(origin, f"{collection.key} have no assignments: dropped")
    content["@odata.type"] = _odata_type(collection, content)
    object_id = _new_id(tenant, collection, content, origin)
    _fill(tenant, collection, content, object_id, origin)
    item = StoredObject(object_id, content, {}, origin, links=_links(collection, raw, content))
    for name, rows in raw_children.items():
        set_children(tenant, collection, item, name, rows)
    item.content = _ordered(collection, content, object_id)
    tenant.collection(collection.key)[object_id] = item
    known_everywhere.learn(tenant, collection, item)
    return item


def set_children(
    tenant: Tenant, collection: Collection, item: StoredObject, name: str, rows: list[Any]
) -> None:
    """Replace a navigation collection and the members that follow from it."""
    if name == "assignments":
        item.children[name] = assignments.shape(tenant, collection, item.id, rows, item.origin)
        if collection.has_is_assigned:
            item.content["isAssigned"] = bool(rows)
        return
    item.children[name] = part_rows.shape(tenant, collection, item, name, rows)
    if name == "settings" and "settings" in collection.put_parts:
        item.content["settingCount"] = len(rows)
    elif name == "apps":
        item.content["deployedAppCount"] = item.content.get("deployedAppCount") or len(rows)


def _links(collection: Collection, raw: dict[str, Any], content: dict[str, Any]) -> dict[str, str]:
    """Single navigations, bound by address or expanded in the export."""
    found = {}
    for name in collection.links:
        bound = raw.get(f"{name}@odata.bind")
        expanded = content.pop(name, None)
        if bound:
            text = bound[0] if isinstance(bound, list) else bound
            found[name] = re.split(r"[('/)]+", str(text).rstrip("')"))[-1]
        elif isinstance(expanded, dict) and expanded.get("id"):
            found[name] = expanded["id"]
    return found


def _odata_type(collection: Collection, content: dict[str, Any]) -> str:
    """The concrete type; an empty string where the collection has only one."""
    given = content.pop("@odata.type", "")
    if not collection.polymorphic:
        return ""
    if given:
        return str(given)
    if collection.key == "namedLocations":
        kind = "ipNamedLocation" if "ipRanges" in content else "countryNamedLocation"
    elif collection.key == "deviceEnrollmentConfigurations":
        wanted = content.get("deviceEnrollmentConfigurationType")
        kind = next((name for name, row in _ENROLLMENT.items() if row[2] == wanted), "")
    elif collection.key == "windowsAutopilotDeploymentProfiles":
        kind = "azureADWindowsAutopilotDeploymentProfile"
    else:
        kind = collection.element
    return f"#microsoft.graph.{kind}" if kind else ""


def _new_id(tenant: Tenant, collection: Collection, content: dict[str, Any], origin: str) -> str:
    taken = tenant.collection(collection.key)
    given = content.get("id")
    if isinstance(given, str) and given and given not in taken:
        return given
    if given:
        tenant.report.note(origin, f"the id {given} is taken: a new one was given")
    if collection.key == "roleScopeTags":
        builtin = content.get("isBuiltIn") or content.get("displayName") == "Default"
        numbers = (str(number) for number in range(0 if builtin else 1, len(taken) + 2))
        return next(number for number in numbers if number not in taken)
    fresh = collection.id_prefix + stable_id(tenant.id, collection.key, origin)
    if collection.key != "deviceEnrollmentConfigurations":
        return fresh
    kind = content["@odata.type"].removeprefix("#microsoft.graph.")
    default, suffix, _ = _ENROLLMENT.get(kind, ("", kind, ""))
    wanted = f"{tenant.id}_{default}"
    if content.get("priority") == 0 and default and wanted not in taken:
        return wanted
    return f"{fresh}_{suffix}"


def _fill(
    tenant: Tenant, collection: Collection, content: dict[str, Any], object_id: str, origin: str
) -> None:
    for member, value in collection.defaults.items():
        content.setdefault(member, value.copy() if isinstance(value, dict | list) else value)
    for member in collection.stamps:
        content.setdefault(member, stamp(object_id))
    if collection.version == "number":
        content.setdefault("version", 1)
    elif collection.version == "etag":
        content.setdefault("version", etag(object_id, 1))
    elif collection.version == "text":
        content.setdefault("version", "1.0")
    if collection.scope_tags:
        content[collection.scope_tags] = _scope_tags(
            tenant, content.get(collection.scope_tags), origin
        )
    if collection.key == "deviceEnrollmentConfigurations":
        kind = content["@odata.type"].removeprefix("#microsoft.graph.")
        if kind in _ENROLLMENT:
            content.setdefault("deviceEnrollmentConfigurationType", _ENROLLMENT[kind][2])
        same = [
            other.content.get("priority", 0)
            for other in tenant.collection(collection.key).values()
            if other.content.get("@odata.type") == content["@odata.type"]
        ]
        content.setdefault("priority", max(same, default=0) + 1)


def _scope_tags(tenant: Tenant, given: Any, origin: str) -> list[str]:
    """Ids of scope tags; exports write names. Absent means the built-in Default tag."""
    if not isinstance(given, list):
        return ["0"]
    by_name = {
        item.content.get("displayName"): item.id
        for item in tenant.collection("roleScopeTags").values()
    } | {"Default": "0"}
    result = []
    for tag in given:
        if str(tag).isdecimal() or tag in by_name:
            result.append(str(tag) if str(tag).isdecimal() else by_name[tag])
        else:
            tenant.report.note(origin, f"scope tag {tag!r} is not in the export: Default instead")
            result.append("0")
    return list(dict.fromkeys(result))


def etag(object_id: str, number: int) -> str:
    """App protection policies have a quoted string as version."""
    digest = hashlib.sha256(f"{object_id}:{number}".encode()).hexdigest()
    return f'"{digest[:8]}-0000-0d00-0000-{digest[8:16]}0000"'


def _ordered(collection: Collection, content: dict[str, Any], object_id: str) -> dict[str, Any]:
    """Type and id first, as in Graph's answers."""
    kind = content.pop("@odata.type")
    content.pop("id", None)
    if kind and collection.polymorphic:
        return {"@odata.type": kind, "id": object_id} | content
    return {"id": object_id} | content
