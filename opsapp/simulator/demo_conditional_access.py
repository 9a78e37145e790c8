"""Conditional Access of the demo tenants: named locations and policies."""

from typing import Any

from opsapp.simulator.demo_builder import Demo

_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
_INTUNE_ADMINISTRATOR = "3a2c62db-5318-420d-8d74-23affee5d9d5"
_AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
_ON = "enabled"
_REPORT = "enabledForReportingButNotEnforced"

# key, number and topic, state, members of conditions, grant controls, session controls, companies
_POLICIES: tuple[tuple[str, str, str, dict[str, Any], list[str], dict[str, Any] | None, str], ...]
_POLICIES = (
    ("mfa", "CA001 Require MFA for everybody", _ON, {}, ["mfa"], None, ""),
    (
        "legacy",
        "CA002 Block legacy authentication",
        _ON,
        {"clientAppTypes": ["exchangeActiveSync", "other"]},
        ["block"],
        None,
        "",
    ),
    (
        "admins",
        "CA003 Administrators need a compliant device",
        _ON,
        {"users": {"includeRoles": [_GLOBAL_ADMINISTRATOR, _INTUNE_ADMINISTRATOR]}},
        ["compliantDevice"],
        {"signInFrequency": {"value": 8, "type": "hours", "isEnabled": True}},
        "",
    ),
    (
        "azure",
        "CA004 MFA for Azure management",
        _ON,
        {"applications": {"includeApplications": [_AZURE_MANAGEMENT]}},
        ["mfa"],
        None,
        "cf",
    ),
    (
        "countries",
        "CA005 Block countries & regions where we do not work",
        _REPORT,
        {"locations": {"includeLocations": ["All"], "excludeLocations": ["@countries"]}},
        ["block"],
        None,
        "",
    ),
    (
        "risk",
        "CA006 Password change at high user risk",
        _REPORT,
        {"userRiskLevels": ["high"]},
        ["mfa", "passwordChange"],
        None,
        "c",
    ),
    (
        "phones",
        "CA007 Approved apps on phones",
        "disabled",
        {"platforms": {"includePlatforms": ["android", "iOS"], "excludePlatforms": []}},
        ["approvedApplication", "compliantApplication"],
        None,
        "",
    ),
    (
        "guests",
        "CA008 Guests: no persistent browser session",
        _ON,
        {"users": {"includeUsers": ["GuestsOrExternalUsers"]}},
        [],
        {"persistentBrowser": {"mode": "never", "isEnabled": True}},
        "fn",
    ),
    (
        "stores",
        "CA009 Stores sign in from stores only 🏬",
        _ON,
        {
            "users": {"includeGroups": ["@frontline"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": ["@offices"]},
        },
        ["block"],
        None,
        "n",
    ),
)


def fill(demo: Demo) -> None:
    """Locations first; the policies name them by id."""
    ids = _locations(demo) | {"@frontline": demo.group_id("frontline")}
    for key, topic, state, conditions, controls, session, only in _POLICIES:
        if demo.has(only):
            content = {
                "displayName": topic,
                "state": state,
                "templateId": None,
                "partialEnablementStrategy": None,
                "sessionControls": session,
                "conditions": _conditions(demo, _resolve(conditions, ids)),
                "grantControls": _grant(controls),
            }
            demo.add("conditionalAccessPolicies", key, content)


def _locations(demo: Demo) -> dict[str, str]:
    """Two named locations; gives the ids that the policies' table has marks for."""
    offices = demo.add(
        "namedLocations",
        "offices",
        {
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "displayName": demo.title("All", "Network", "Offices & plants"),
            "isTrusted": True,
            "ipRanges": [
                {
                    "@odata.type": "#microsoft.graph.iPv4CidrRange",
                    "cidrAddress": demo.pick("192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/26"),
                },
                {"@odata.type": "#microsoft.graph.iPv6CidrRange", "cidrAddress": "2001:db8::/48"},
            ],
        },
    )
    countries = demo.add(
        "namedLocations",
        "countries",
        {
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "displayName": demo.title("All", "Network", "Countries we work in"),
            "countriesAndRegions": demo.pick(
                ["DE", "PL", "BR", "NO", "SG", "US"], ["DE", "HU", "MX", "FR", "PL"], ["US", "CA"]
            ),
            "includeUnknownCountriesAndRegions": False,
            "countryLookupMethod": "clientIpAddress",
        },
    )
    return {"@offices": offices.id, "@countries": countries.id}


def _resolve(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _resolve(member, ids) for name, member in value.items()}
    if isinstance(value, list):
        return [ids.get(member, member) for member in value]
    return value


def _conditions(demo: Demo, own: dict[str, Any]) -> dict[str, Any]:
    users = {
        "includeUsers": [],
        "excludeUsers": [],
        "includeGroups": [],
        "excludeGroups": [demo.group_id("break-glass")],
        "includeRoles": [],
        "excludeRoles": [],
        "includeGuestsOrExternalUsers": None,
        "excludeGuestsOrExternalUsers": None,
    }
    applications = {
        "includeApplications": ["All"],
        "excludeApplications": [],
        "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": None,
    }
    return {
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "clientAppTypes": ["all"],
        "servicePrincipalRiskLevels": [],
        "platforms": None,
        "locations": None,
        "times": None,
        "devices": None,
        "clientApplications": None,
        **own,
        "applications": applications | own.get("applications", {}),
        "users": users | own.get("users", {"includeUsers": ["All"]}),
    }


def _grant(controls: list[str]) -> dict[str, Any] | None:
    if not controls:
        return None
    return {
        "operator": "AND" if "passwordChange" in controls else "OR",
        "builtInControls": controls,
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        "authenticationStrength": None,
    }
