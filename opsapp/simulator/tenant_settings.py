"""Single objects below ``deviceManagement``: its settings, connectors, and the audit events."""

from typing import Any

from opsapp.simulator import odata
from opsapp.simulator.catalogue_row import INTUNE_MAX_TOP, INTUNE_PAGE, rights
from opsapp.simulator.configuration_api import page_rules
from opsapp.simulator.faults import Faults
from opsapp.simulator.filters import compile_filter
from opsapp.simulator.messages import (
    Answer,
    GraphRefusal,
    GraphRequest,
    bad_request,
    missing,
    no_segment,
    wrong_method,
)
from opsapp.simulator.moments import now_text
from opsapp.simulator.state import StoredObject, Tenant, stable_id

KEY = "deviceManagementSettings"
_DEFAULTS: dict[str, Any] = {
    "androidDeviceAdministratorEnrollmentEnabled": False,
    "derivedCredentialProvider": "notConfigured",
    "derivedCredentialUrl": None,
    "deviceComplianceCheckinThresholdDays": 30,
    "deviceInactivityBeforeRetirementInDay": 0,
    "enableAutopilotDiagnostics": True,
    "enableDeviceGroupMembershipReport": False,
    "enableEnhancedTroubleshootingExperience": False,
    "enableLogCollection": True,
    "enhancedJailBreak": False,
    "ignoreDevicesForUnsupportedSettingsEnabled": False,
    "isScheduledActionEnabled": True,
    "m365AppDiagnosticsEnabled": False,
    "secureByDefault": False,
}
_CONFIG = rights("Configuration")
_SERVICE = rights("ServiceConfig")
_AUDIT = {"DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All"}


def serves(segments: list[str]) -> bool:
    """Whether this address belongs here."""
    if segments[0].lower() != "devicemanagement":
        return False
    return len(segments) == 1 or segments[1].lower() in _PLACES


def handle(request: GraphRequest, segments: list[str], faults: Faults) -> Answer:
    """Answer a call on one of these addresses."""
    if request.v1 and segments[1:2] == ["settings"]:
        raise no_segment("settings")
    place = segments[1].lower() if len(segments) > 1 else ""
    if place == "auditevents":
        return _audit(request, segments[2:], faults)
    if place in ("", "settings"):
        return _settings(request, place)
    _authorize(request, set(_SERVICE.read))
    if request.method != "GET":
        raise wrong_method()
    if place == "applepushnotificationcertificate":
        return _one(request, segments[1], _push_certificate(request.tenant))
    return _one(request, segments[1], _managed_play(request.tenant))


def stored(tenant: Tenant) -> StoredObject:
    """The tenant's device management settings, made when first asked for."""
    found = tenant.collection(KEY)
    if not found:
        identity = stable_id(tenant.id, KEY)
        found[identity] = StoredObject(identity, dict(_DEFAULTS))
    return next(iter(found.values()))


def load(tenant: Tenant, content: dict[str, Any], origin: str) -> None:
    """Take the settings of an export."""
    item = stored(tenant)
    given = content.get("settings") if isinstance(content.get("settings"), dict) else content
    item.content |= {key: value for key, value in (given or {}).items() if "@" not in key}
    item.origin = origin


def _settings(request: GraphRequest, place: str) -> Answer:
    if request.method == "PATCH" and not place:
        _authorize(request, set(_CONFIG.write))
        return _change(request)
    if request.method != "GET":
        raise wrong_method()
    _authorize(request, set(_CONFIG.read))
    settings = stored(request.tenant).content
    if place:
        return _one(request, "settings", settings)
    whole = {
        "@odata.context": request.context("deviceManagement"),
        "id": request.tenant.id,
        "intuneAccountId": request.tenant.id,
        "subscriptionState": "active",
        "maximumDepTokens": 2000,
        "settings": settings,
    }
    return Answer(200, odata.select(whole, request.query, with_key=True))


def _change(request: GraphRequest) -> Answer:
    body = request.body
    given = body.get("settings") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise bad_request("The property 'settings' is required.", intune=True)
    unknown = sorted(set(given) - set(_DEFAULTS) - {"@odata.type"})
    if unknown:
        raise bad_request(f"Invalid property name: '{unknown[0]}'.", intune=True)
    item = stored(request.tenant)
    item.content |= {key: value for key, value in given.items() if key in _DEFAULTS}
    return Answer(204)


def _one(request: GraphRequest, name: str, content: dict[str, Any]) -> Answer:
    context = request.context(f"deviceManagement/{name}")
    return Answer(200, {"@odata.context": context} | odata.select(content, request.query))


def _push_certificate(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": stable_id(tenant.id, "push"),
        "appleIdentifier": f"apple@{tenant.slug}.example",
        "topicIdentifier": f"com.apple.mgmt.External.{stable_id(tenant.id, 'topic')}",
        "lastModifiedDateTime": "2026-02-02T08:00:00Z",
        "expirationDateTime": "2027-02-02T08:00:00Z",
        "certificateUploadStatus": None,
        "certificateUploadFailureReason": None,
        "certificateSerialNumber": stable_id(tenant.id, "serial")[:16].upper(),
        "certificate": None,
    }


def _managed_play(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": "androidManagedStoreAccountEnterpriseSettings",
        "bindStatus": "boundAndValidated",
        "lastAppSyncDateTime": now_text(),
        "lastAppSyncStatus": "success",
        "ownerUserPrincipalName": f"play@{tenant.slug}.example",
        "ownerOrganizationName": tenant.name,
        "lastModifiedDateTime": "2026-01-12T08:00:00Z",
        "enrollmentTarget": "all",
        "targetGroupIds": [],
        "deviceOwnerManagementEnabled": True,
        "companyCodes": [],
        "androidDeviceOwnerFullyManagedEnrollmentEnabled": True,
        "managedGooglePlayInitialScopeTagIds": [],
    }


def _audit(request: GraphRequest, rest: list[str], faults: Faults) -> Answer:
    _authorize(request, _AUDIT)
    if request.method != "GET":
        raise wrong_method()
    place = "deviceManagement/auditEvents"
    rows = request.tenant.audit
    if rest and "getAuditCategories" in rest[0]:
        value = sorted({row["category"] for row in rows})
        return Answer(
            200, {"@odata.context": request.context("Collection(String)"), "value": value}
        )
    if rest:
        row = next((row for row in rows if row["id"] == rest[0]), None)
        if row is None:
            raise missing(rest[0])
        return Answer(200, {"@odata.context": request.context(f"{place}/$entity")} | row)
    if "$filter" in request.query:
        keep = compile_filter(request.query["$filter"])
        rows = [row for row in rows if keep(row)]
    query = {"$orderby": "activityDateTime desc"} | dict(request.query)
    rows = odata.order(rows, query)
    body = odata.page(request, rows, page_rules(faults, INTUNE_PAGE, INTUNE_MAX_TOP))
    body["value"] = [odata.select(row, request.query, with_key=True) for row in body["value"]]
    return Answer(200, {"@odata.context": request.context(place)} | body)


def _authorize(request: GraphRequest, needed: set[str]) -> None:
    if not request.roles & needed:
        message = (
            "Application is not authorized to perform this operation. "
            f"Application must have one of the following scopes: {', '.join(sorted(needed))}"
        )
        raise GraphRefusal(403, "Forbidden", message, intune=True)


_PLACES = frozenset(
    {
        "settings",
        "auditevents",
        "applepushnotificationcertificate",
        "androidmanagedstoreaccountenterprisesettings",
    }
)
