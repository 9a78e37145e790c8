"""What is odd about writing a type: a table by policy type. Types that are not in it are plain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from opsapp.intune.catalogue.configuration import CERTIFICATE_LINKS
from opsapp.intune.restore import parts
from opsapp.intune.restore.bodies import clean, without_members

Body = dict[str, Any]
Shape = Callable[[Body, Mapping[str, Any], datetime], Body]

_BIND: Final = parts.GRAPH
_TOKEN_DAYS: Final = 89  # the service allows 90
_IMAGES: Final = ("themeColorLogo", "lightBackgroundLogo", "landingPageCustomizedImage")
_HEADER: Final = ("profileName", "profileDescription", "roleScopeTagIds")


def _as_it_is(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del content, now
    return body


@dataclass(frozen=True)
class Family:
    """How a type is written beyond its row in the catalogue.

    Attributes:
        shape: makes the body of the object itself; the content and the time help.
        writers: the requests for its parts, in order.
        header: only these members may be in a creation; the rest follows by PATCH.
        links: members that name one or more other objects by navigation.

    """

    shape: Shape = _as_it_is
    writers: tuple[parts.Writer, ...] = ()
    header: tuple[str, ...] = ()
    links: Mapping[str, str] | None = None


def _catalog(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    reference = content.get("templateReference")
    template = reference.get("templateId") if isinstance(reference, Mapping) else None
    body = without_members(body, "@odata.type", "templateReference")
    if template:
        body["templateReference"] = {"templateId": template}
    return {**body, "settings": parts.settings_of(content)}


def _catalog_compliance(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    actions = parts.scheduled_actions(content, "")
    body = {**without_members(body, "@odata.type"), "settings": parts.settings_of(content)}
    return {**body, "scheduledActionsForRule": actions} if actions else body


def _compliance(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    actions = parts.scheduled_actions(content, "PasswordRequired")
    return {**body, "scheduledActionsForRule": actions}


def _profile(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    """Secrets of custom settings as plain text; the service encrypts them again."""
    del content, now
    settings = body.get("omaSettings")
    if isinstance(settings, list):
        body = {**body, "omaSettings": [_oma(row) for row in settings]}
    return body


def _oma(row: Any) -> Any:
    if not isinstance(row, Mapping) or not row.get("isEncrypted"):
        return row
    plain = {**without_members(row, "secretReferenceValueId"), "isEncrypted": False}
    is_xml = str(row.get("@odata.type")).endswith("StringXml")
    if is_xml and isinstance(plain.get("value"), str):
        plain["value"] = f"{plain['value']}|base64"
    return plain


def _intent(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    header = {name: body[name] for name in ("displayName", "description", "roleScopeTagIds")
              if body.get(name) is not None}  # fmt: skip
    return {**header, "settingsDelta": [parts.intent_setting(row)
                                        for row in parts.rows(content, "settings")]}  # fmt: skip


def _reusable(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    return {**body, "settingInstance": clean(content.get("settingInstance"))}


def _locker_files(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    for name in ("protectedAppLockerFiles", "exemptAppLockerFiles"):
        found = [without_members(clean(row), "id", "version") for row in parts.rows(content, name)]
        if found:
            body = {**body, name: found}
    return body


def _set(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    return {**body, "items": [parts.set_item(row) for row in parts.rows(content, "items")]}


def _android(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del content
    body = without_members(body, "wifiPassword") if not body.get("wifiPassword") else body
    ends = (now + timedelta(days=_TOKEN_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**body, "tokenExpirationDateTime": ends}


def _terms(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    version = content.get("version")
    return {**body, "version": version if isinstance(version, int) and version > 0 else 1}


def _role(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del content, now
    permissions = [without_members(row, "actions") for row in body.get("rolePermissions") or []]
    return {**body, "rolePermissions": permissions}


def _role_assignment(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    definition = content.get("roleDefinition")
    tags = [row.get("id") for row in parts.rows(content, "roleScopeTags")]
    if isinstance(definition, Mapping) and definition.get("id"):
        where = f"{_BIND}/deviceManagement/roleDefinitions('{definition['id']}')"
        body = {**body, "roleDefinition@odata.bind": where}
    if tags:
        where = f"{_BIND}/deviceManagement/roleScopeTags"
        body = {**body, "roleScopeTags@odata.bind": [f"{where}('{tag}')" for tag in tags]}
    return body


def _access(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del content, now
    conditions = body.get("conditions")
    if isinstance(conditions, Mapping):
        body = {**body, "conditions": without_members(conditions, "deviceStates")}
    controls = body.get("grantControls")
    strength = controls.get("authenticationStrength") if isinstance(controls, Mapping) else None
    if isinstance(controls, Mapping) and isinstance(strength, Mapping):
        controls = {**controls, "authenticationStrength": {"id": strength.get("id")}}
        body = {**body, "grantControls": controls}
    session = body.get("sessionControls")
    if isinstance(session, Mapping) and session.get("disableResilienceDefaults") is False:
        body = {**body, "sessionControls": {**session, "disableResilienceDefaults": None}}
    return body


def _strength(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del content, now
    return without_members(body, "requirementsSatisfied", "policyType", "combinationConfigurations")


def _context(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    return {**body, "id": content.get("id")}


def _branding(body: Body, content: Mapping[str, Any], now: datetime) -> Body:
    del now
    images = {name: clean(content[name]) for name in _IMAGES if content.get(name)}
    return {**body, **images}


_MAM: Final = Family(writers=(parts.target_apps,))
_INFORMATION: Final = Family(_locker_files)
_CERTIFICATES: Final = dict.fromkeys(CERTIFICATE_LINKS, "/deviceManagement/deviceConfigurations")

FAMILIES: Final[Mapping[str, Family]] = {
    "configurationPolicies": Family(_catalog, (parts.enrollment_group,)),
    "deviceConfigurations": Family(_profile, (parts.privacy_controls,), links=_CERTIFICATES),
    "deviceCompliancePolicies": Family(_compliance, (parts.compliance_actions,)),
    "compliancePolicies": Family(_catalog_compliance, (parts.catalog_compliance_actions,)),
    "groupPolicyConfigurations": Family(writers=(parts.definition_values,)),
    "intents": Family(_intent, (parts.intent_settings,)),
    "reusablePolicySettings": Family(_reusable),
    "mobileApps": Family(writers=(parts.categories, parts.relationships)),
    "targetedManagedAppConfigurations": Family(writers=(parts.target_apps, parts.app_settings)),
    "androidManagedAppProtections": _MAM,
    "iosManagedAppProtections": _MAM,
    "windowsManagedAppProtections": _MAM,
    "windowsInformationProtectionPolicies": _INFORMATION,
    "mdmWindowsInformationProtectionPolicies": _INFORMATION,
    "policySets": Family(_set),
    "deviceEnrollmentConfigurations": Family(writers=(parts.priority,)),
    "appleUserInitiatedEnrollmentProfiles": Family(writers=(parts.priority,)),
    "androidDeviceOwnerEnrollmentProfiles": Family(_android, (parts.enrollment_group,)),
    "androidForWorkEnrollmentProfiles": Family(_android),
    "termsAndConditions": Family(_terms),
    "notificationMessageTemplates": Family(writers=(parts.messages,)),
    "intuneBrandingProfiles": Family(_branding, header=_HEADER),
    "roleDefinitions": Family(_role),
    "roleAssignments": Family(_role_assignment),
    "conditionalAccessPolicies": Family(_access),
    "authenticationStrengthPolicies": Family(_strength, (parts.combinations,)),
    "authenticationContextClassReferences": Family(_context),
}
PLAIN: Final = Family()


def family_of(key: str) -> Family:
    return FAMILIES.get(key, PLAIN)
