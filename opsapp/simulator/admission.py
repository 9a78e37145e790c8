"""A new object enters a tenant: the service fills what only the service knows."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from opsapp.simulator import assignments
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.minimal import minimal
from opsapp.simulator.state import StoredObject, Tenant, stable_id

_FIRST_DAY = datetime(2024, 3, 4, 7, 30, tzinfo=UTC)
_ZERO = "00000000-0000-0000-0000-000000000000"
_TOOL_MEMBERS = frozenset({"versionInfo", "TemplateDisplayName", "supportsScopeTags"})

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
}


def admit(tenant: Tenant, collection: Collection, raw: dict[str, Any], origin: str) -> StoredObject:
    """Store a new object made from what an export or a caller wrote, and return it.

    The id is kept where it is free, else made from tenant, collection and ``origin`` (the file), so
    that loading the same folder twice gives the same tenant.
    """
    content = _spelling(collection, minimal(raw))
    raw_children = {name: content.pop(name, None) or [] for name in collection.children}
    stray = content.pop("assignments", None)
    if stray:
        tenant.report.note(origin, f"{collection.key} have no assignments: dropped")
    content["@odata.type"] = _odata_type(collection, content)
    object_id = _new_id(tenant, collection, content, origin)
    _fill(tenant, collection, content, object_id, origin)
    item = StoredObject(object_id, content, {}, origin)
    for name, rows in raw_children.items():
        set_children(tenant, collection, item, name, rows)
    item.content = _ordered(collection, content, object_id)
    tenant.collection(collection.key)[object_id] = item
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
    rows = minimal(rows)
    if name == "settings":
        rows = [
            {"id": str(at)} | row | {"id": row.get("id", str(at))} for at, row in enumerate(rows)
        ]
        if collection.key == "configurationPolicies":
            item.content["settingCount"] = len(rows)
    elif name == "apps":
        item.content["deployedAppCount"] = item.content.get("deployedAppCount") or len(rows)
        rows = [_app(row) for row in rows]
    elif name == "scheduledActionsForRule":
        rows = [_rule(item.id, row, at) for at, row in enumerate(rows)]
    elif name == "localizedNotificationMessages":
        rows = [_message(item, row) for row in rows]
    elif name == "categories":
        rows = [{"id": stable_id(tenant.id, "mobileAppCategories", str(row))} | row for row in rows]
    item.children[name] = rows


def _spelling(collection: Collection, content: dict[str, Any]) -> dict[str, Any]:
    """Members that templates spell differently from Graph."""
    content = {key: value for key, value in content.items() if key not in _TOOL_MEMBERS}
    if collection.name == "name" and "displayName" in content:
        content.setdefault("name", content["displayName"])
        del content["displayName"]
    if collection.key == "intents":
        for wrong, right in (("TemplateId", "templateId"), ("settingsDelta", "settings")):
            if wrong in content:
                content.setdefault(right, content.pop(wrong))
    return content


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
        content.setdefault(member, _stamp(object_id))
    if collection.version == "number":
        content.setdefault("version", 1)
    elif collection.version == "etag":
        content.setdefault("version", etag(object_id, 1))
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


def _stamp(object_id: str) -> str:
    """A plausible time in the past, the same for the same object."""
    offset = int.from_bytes(hashlib.sha256(object_id.encode()).digest()[:4], "big") % (600 * 86400)
    return now_text(_FIRST_DAY + timedelta(seconds=offset))


def now_text(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _ordered(collection: Collection, content: dict[str, Any], object_id: str) -> dict[str, Any]:
    """Type and id first, as in Graph's answers."""
    kind = content.pop("@odata.type")
    content.pop("id", None)
    if kind and collection.polymorphic:
        return {"@odata.type": kind, "id": object_id} | content
    return {"id": object_id} | content


def _app(row: dict[str, Any]) -> dict[str, Any]:
    identifier = row.get("mobileAppIdentifier") or {}
    name = identifier.get("bundleId") or identifier.get("packageId") or "app"
    android = str(identifier.get("@odata.type", "")).endswith("androidMobileAppIdentifier")
    identity = row.get("id") or f"{name}.{'android' if android else 'ios'}"
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4], "big", signed=True)
    return {
        "id": identity,
        "version": row.get("version") or str(number),
        "mobileAppIdentifier": identifier,
    }


def _rule(object_id: str, row: dict[str, Any], at: int) -> dict[str, Any]:
    identity = object_id if at == 0 else stable_id(object_id, "rule", str(at))
    actions = [
        {
            "id": action.get("id") or stable_id(object_id, "action", str(at), str(number)),
            "gracePeriodHours": action.get("gracePeriodHours", 0),
            "actionType": action.get("actionType", "block"),
            "notificationTemplateId": action.get("notificationTemplateId") or _ZERO,
            "notificationMessageCCList": action.get("notificationMessageCCList") or [],
        }
        for number, action in enumerate(row.get("scheduledActionConfigurations") or [])
    ]
    return {
        "id": identity,
        "ruleName": row.get("ruleName"),
        "scheduledActionConfigurations": actions,
    }


def _message(item: StoredObject, row: dict[str, Any]) -> dict[str, Any]:
    locale = re.sub(r"[^a-z0-9-]", "", str(row.get("locale", "en-us")).lower())
    if row.get("isDefault") and not item.content.get("defaultLocale"):
        item.content["defaultLocale"] = locale
    return {
        "id": row.get("id") or f"{item.id}_{locale}",
        "lastModifiedDateTime": row.get("lastModifiedDateTime") or _stamp(f"{item.id}_{locale}"),
        "locale": locale,
        "subject": row.get("subject", ""),
        "messageTemplate": row.get("messageTemplate", ""),
        "isDefault": bool(row.get("isDefault")),
    }
