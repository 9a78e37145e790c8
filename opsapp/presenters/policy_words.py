"""Policies in words: their kind, the facts beside them, what a version changed."""

from collections.abc import Mapping
from typing import Any

from opsapp.intune.words import readable
from opsapp.presenters.numbers import capped, plural
from opsapp.presenters.viewer import relative

_KINDS = {
    "settingsCatalog": "Settings catalog",
    "baseline": "Security baseline",
    "endpointSecurityAntivirus": "Endpoint security: antivirus",
    "endpointSecurityDiskEncryption": "Endpoint security: disk encryption",
    "endpointSecurityFirewall": "Endpoint security: firewall",
    "endpointSecurityEndpointDetectionAndResponse": "Endpoint security: detection and response",
    "endpointSecurityAttackSurfaceReduction": "Endpoint security: attack surface reduction",
    "endpointSecurityAccountProtection": "Endpoint security: account protection",
    "endpointSecurityApplicationControl": "Endpoint security: application control",
    "endpointSecurityEndpointPrivilegeManagement": "Endpoint security: privilege management",
    "windowsUpdateForBusinessConfiguration": "Windows update ring",
    "windows10EnrollmentCompletionPageConfiguration": "Enrollment status page",
    "deviceEnrollmentLimitConfiguration": "Enrollment device limit",
    "deviceEnrollmentWindowsHelloForBusinessConfiguration": "Windows Hello for Business",
    "deviceEnrollmentPlatformRestrictionsConfiguration": "Enrollment restrictions",
    "deviceEnrollmentPlatformRestrictionConfiguration": "Enrollment restriction",
    "deviceComanagementAuthorityConfiguration": "Co-management authority",
    "winGetApp": "Store app (winget)",
    "win32LobApp": "Win32 app",
    "officeSuiteApp": "Microsoft 365 Apps",
    "macOSOfficeSuiteApp": "Microsoft 365 Apps for macOS",
    "macOSPkgApp": "macOS app (PKG)",
    "macOSDmgApp": "macOS app (DMG)",
    "macOSLobApp": "macOS line-of-business app",
    "iosLobApp": "iOS line-of-business app",
    "androidLobApp": "Android line-of-business app",
    "macOsVppApp": "macOS volume purchase program app",
    "iosVppApp": "iOS volume purchase program app",
    "iosiPadOSWebClip": "iOS/iPadOS web clip",
    "ipNamedLocation": "IP ranges",
    "countryNamedLocation": "Countries",
    "compliantNetworkNamedLocation": "Compliant network",
}
_ONE_KIND = frozenset(
    {
        "deviceManagementScripts", "deviceShellScripts", "assignmentFilters", "roleScopeTags",
        "notificationMessageTemplates", "conditionalAccessPolicies", "conditionalAccessPolicy",
        "androidManagedAppProtection", "iosManagedAppProtection",
        "deviceAndAppManagementAssignmentFilter", "roleScopeTag", "notificationMessageTemplate",
        "deviceManagementScript", "deviceShellScript",
    }
)  # fmt: skip
COUNTED = 1000  # lists are counted no further
CHANGED_WORDS = {
    "first": "First seen",
    "assignments": "Assignments changed",
    "object": "Policy changed",
    "both": "Policy and assignments changed",
}


def kind_word(kind: str) -> str:
    """The finer kind within a collection; empty where a collection has only one."""
    return "" if kind in _ONE_KIND else _KINDS.get(kind) or readable(kind)


def template_of(content: Mapping[str, Any]) -> str | None:
    """The template a settings catalog policy was made from: ``Firewall (version 1)``."""
    reference = content.get("templateReference")
    if not isinstance(reference, Mapping) or not reference.get("templateDisplayName"):
        return None
    name, version = reference["templateDisplayName"], reference.get("templateDisplayVersion")
    return f"{name} ({version})" if version else str(name)


def scope_tags_of(content: Mapping[str, Any], names: Any) -> list[str]:
    """The scope tags by name, by id where the name is not known."""
    tags = content.get("roleScopeTagIds") or content.get("roleScopeTags") or []
    shown = []
    for tag in tags:
        named = names.objects.get(("roleScopeTags", str(tag)))
        shown.append(named.name if named else "Default" if str(tag) == "0" else str(tag))
    return shown


def list_sentence(found: Any, facets: Any, chosen: Any, where: str) -> str:
    """What the list of policies shows, of how many. ``where``: in this tenant, in 12 tenants."""
    count = f"{capped(found.count)} {'policy' if found.count == 1 else 'policies'}"
    if chosen.group:
        return f"{count} assigned to, or excluded from, {_group(found, chosen)}."
    if chosen.narrows:
        total = f"{capped(facets.total)} {'policy' if facets.total == 1 else 'policies'}"
        verb = "fits" if found.count == 1 else "fit"
        return f"{capped(found.count)} of {total} {verb} the filters."
    gone = facets.total - found.count
    if gone <= 0 or found.count > COUNTED or facets.total > COUNTED:
        return f"{count} {where}."
    return f"{count} {where}; {plural(gone, 'more is', 'more are')} gone from it."


def _group(found: Any, chosen: Any) -> str:
    """The group that a list was asked for by name, if it is one."""
    names = set(found.meaning.groups.values())
    return names.pop() if len(names) == 1 else f"groups like “{chosen.group}”"


def policy_sentence(
    policy: Any, version: Any, assigned: str, settings: int, *, assignable: bool = True
) -> str:
    """To whom it is assigned, how much it sets, when it last changed; in the version shown."""
    parts = [assigned] if assignable else []
    parts.append(plural(settings, "setting"))
    text = "; ".join(parts)
    if version.number != policy.version:
        return f"{text}; version {version.number:,}, seen {relative(version.seen_at)}."
    changed = relative(policy.changed_at or policy.first_seen_at)
    has_changed = policy.version > 1 or policy.modified_at
    verb = "last changed" if has_changed else "first seen"
    return f"{text}; {verb} {changed}, version {version.number:,}."
