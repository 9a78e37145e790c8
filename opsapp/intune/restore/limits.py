"""What Microsoft Graph cannot restore, said before anything is tried."""

from collections.abc import Mapping
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.restore.bodies import is_mask

_MADE_WITHOUT_FILES: Final = frozenset(
    {
        "webApp",
        "windowsWebApp",
        "macOSWebClip",
        "iosiPadOSWebClip",
        "iosStoreApp",
        "winGetApp",
        "officeSuiteApp",
        "macOSOfficeSuiteApp",
        "windowsMicrosoftEdgeApp",
        "macOSMicrosoftEdgeApp",
        "macOSMicrosoftDefenderApp",
        "win32CatalogApp",
    }
)
_INTERNAL_TEMPLATE: Final = "EnrollmentNotificationInternalMEO"
_TOKEN_STATE: Final = "encryptedValueToken"  # noqa: S105 - Graph's own word


def why_not(policy_type: PolicyType, content: Mapping[str, Any], *, exists: bool) -> str:
    """Why such an object cannot be restored; empty when it can. ``exists``: it is changed."""
    writing = policy_type.writing
    if writing.cannot:
        return writing.cannot
    if is_built_in(content):
        return "It is built in and cannot be changed."
    if content.get("displayName") == _INTERNAL_TEMPLATE:
        return "Intune makes it by itself."
    return "" if exists else _why_not_created(policy_type, content)


def _why_not_created(policy_type: PolicyType, content: Mapping[str, Any]) -> str:
    if is_default(policy_type, content):
        return "It is a default of the tenant: it is changed, never created."
    if not policy_type.writing.create and not policy_type.single:
        return "Microsoft Graph has no way to create it."
    return _app(content) if policy_type.key == "mobileApps" else ""


def _app(content: Mapping[str, Any]) -> str:
    kind = str(content.get("@odata.type")).removeprefix("#microsoft.graph.")
    if kind in _MADE_WITHOUT_FILES:
        return ""
    return "Graph does not give its installation file or licence back: add the app by hand."


def is_built_in(content: Mapping[str, Any]) -> bool:
    flags = ("isBuiltIn", "isBuiltInRoleDefinition", "isGlobalScript")
    return (
        any(content.get(flag) is True for flag in flags) or content.get("policyType") == "builtIn"
    )


def is_default(policy_type: PolicyType, content: Mapping[str, Any]) -> bool:
    """Objects that every tenant has exactly one of, and that are only changed."""
    if policy_type.key == "deviceEnrollmentConfigurations":
        return "_Default" in str(content.get("id"))
    return content.get("isDefaultProfile") is True


def without_lost_secrets(content: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The content without values that only stand for a secret, and what these were, in words."""
    lost: list[str] = []
    kept = {name: _kept(name, value, lost) for name, value in content.items()}
    return {name: value for name, value in kept.items() if value is not _GONE}, tuple(lost)


_GONE: Final = object()


def _kept(name: str, value: Any, lost: list[str]) -> Any:
    if isinstance(value, list):
        rows = [_kept(name, row, lost) for row in value]
        return [row for row in rows if row is not _GONE]
    if not isinstance(value, Mapping):
        return value
    if name == "settings" and _holds_token(value):
        setting = value.get("settingInstance") or {}
        lost.append(f"the secret of {setting.get('settingDefinitionId') or 'a setting'}")
        return _GONE
    if name == "omaSettings" and value.get("isEncrypted") and is_lost(value.get("value")):
        lost.append(f"the secret value of {value.get('displayName') or value.get('omaUri')}")
        return _GONE
    members = {key: _kept(key, member, lost) for key, member in value.items()}
    return {key: member for key, member in members.items() if member is not _GONE}


def is_lost(value: Any) -> bool:
    return value is None or is_mask(value)


def _holds_token(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("valueState") == _TOKEN_STATE or any(map(_holds_token, value.values()))
    return isinstance(value, list) and any(map(_holds_token, value))
