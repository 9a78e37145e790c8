"""What of an object can be compared after it was written: not what the service owns or adds."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.catalogue.configuration import CERTIFICATE_LINKS
from opsapp.intune.catalogue.row import STRIPPED_EVERYWHERE
from opsapp.intune.restore import parts
from opsapp.intune.restore.bodies import clean, own_assignments, without_members
from opsapp.intune.restore.plan import Wanted

Rows = Callable[[Any], Any]


def comparable(policy_type: PolicyType, wanted: Wanted) -> Wanted:
    """Without the service's own members, and without what rows only repeat of other objects."""
    named = {part.name for part in (*policy_type.parts, *policy_type.more_parts(wanted.content))}
    owned = {*STRIPPED_EVERYWHERE, *policy_type.writing.strip, *policy_type.noise}
    owned -= named | {"priority"}
    forms = _FORMS.get(policy_type.key, {})
    content = {}
    for name, value in clean(wanted.content).items():
        if name not in owned and name not in _ALWAYS_OWNED.get(policy_type.key, ()):
            content[name] = forms[name](value) if name in forms else value
    return Wanted(content, own_assignments(wanted.assignments))


def _each(change: Callable[[Mapping[str, Any]], Any]) -> Rows:
    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [change(row) if isinstance(row, Mapping) else row for row in value]
        return change(value) if isinstance(value, Mapping) else value

    return changed


def _only(*names: str) -> Rows:
    return _each(lambda row: {name: row[name] for name in names if row.get(name) is not None})


def _but(*names: str) -> Rows:
    return _each(lambda row: without_members(row, *names))


def _definition_value(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = _only("id")
    values = [
        {**without_members(one, "id"), "presentation": kept(one.get("presentation"))}
        for one in parts.rows(row, "presentationValues")
    ]
    shown = without_members(row, "id", "createdDateTime", "lastModifiedDateTime")
    return {**shown, "definition": kept(row.get("definition")), "presentationValues": values}


_FILES: Final[Mapping[str, Rows]] = {
    name: _but("id", "version") for name in ("protectedAppLockerFiles", "exemptAppLockerFiles")
}
_APPS: Final[Mapping[str, Rows]] = {"apps": _only("mobileAppIdentifier")}
_LINK: Final = _only("id")
_GROUPS_OF_ENROLMENT: Final = {
    "enrollmentTimeDeviceMembershipTarget": _each(
        lambda part: {
            "enrollmentTimeDeviceMembershipTargetValidationStatuses": [
                {"targetId": row.get("targetId")}
                for row in parts.rows(
                    part, "enrollmentTimeDeviceMembershipTargetValidationStatuses"
                )
            ]
        }
    )
}
_TAGS: Final = {"roleScopeTags": _only("id"), "roleDefinition": _only("id")}

_FORMS: Final[Mapping[str, Mapping[str, Rows]]] = {
    "configurationPolicies": {
        "settings": _only("settingInstance"),
        "templateReference": _only("templateId"),
        **_GROUPS_OF_ENROLMENT,
    },
    "compliancePolicies": {"settings": _only("settingInstance")},
    "deviceConfigurations": {
        "omaSettings": _but("secretReferenceValueId", "isEncrypted"),
        **dict.fromkeys(CERTIFICATE_LINKS, _LINK),
    },
    "groupPolicyConfigurations": {"definitionValues": _each(_definition_value)},
    "intents": {"settings": _only("@odata.type", "definitionId", "valueJson")},
    "mobileApps": {
        "categories": _only("id"),
        "relationships": lambda value: [
            {name: row[name] for name in parts.RELATIONSHIP if row.get(name) is not None}
            for row in value or []
            if row.get("targetType") != "parent"
        ],
    },
    "targetedManagedAppConfigurations": {**_APPS, "settings": _only("settingInstance")},
    "androidManagedAppProtections": _APPS,
    "iosManagedAppProtections": _APPS,
    "windowsManagedAppProtections": _APPS,
    "windowsInformationProtectionPolicies": _FILES,
    "mdmWindowsInformationProtectionPolicies": _FILES,
    "policySets": {"items": _each(parts.set_item)},
    "notificationMessageTemplates": {
        "localizedNotificationMessages": _only("locale", "subject", "messageTemplate", "isDefault")
    },
    "androidDeviceOwnerEnrollmentProfiles": _GROUPS_OF_ENROLMENT,
    "roleDefinitions": {"rolePermissions": _but("actions")},
    "roleAssignments": _TAGS,
    "authenticationStrengthPolicies": {"combinationConfigurations": _but("id")},
    "conditionalAccessPolicies": {
        "grantControls": _each(
            lambda row: {**row, "authenticationStrength": _LINK(row.get("authenticationStrength"))}
        )
    },
}
_ALWAYS_OWNED: Final[Mapping[str, tuple[str, ...]]] = {
    "roleDefinitions": ("permissions",),
    "authenticationStrengthPolicies": ("requirementsSatisfied",),
    "wdacSupplementalPolicies": ("creationDateTime",),
}
