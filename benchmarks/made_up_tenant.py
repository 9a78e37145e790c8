"""A simulated tenant with any number of policies, in a mix as real tenants have it."""

import base64
from collections.abc import Callable
from typing import Any

from opsapp.simulator.process import SimulatedTenant, Simulator

GROUPS = 200
_SETTINGS = 15
# Per thousand policies.
_MIX = {
    "configurationPolicies": 370,
    "deviceConfigurations": 220,
    "mobileApps": 170,
    "deviceCompliancePolicies": 90,
    "deviceManagementScripts": 60,
    "deviceShellScripts": 30,
    "androidManagedAppProtections": 15,
    "iosManagedAppProtections": 15,
    "windowsAutopilotDeploymentProfiles": 10,
    "assignmentFilters": 10,
    "conditionalAccessPolicies": 10,
}


def made_up_tenant(simulator: Simulator, slug: str, policies: int) -> SimulatedTenant:
    """Fills a new tenant; two thirds of what can be assigned is."""
    tenant = simulator.add_tenant(slug)
    groups = [
        simulator.add_group(slug, displayName=f"Group {number}")["id"] for number in range(GROUPS)
    ]
    for key, count in plan(policies).items():
        for number in range(count):
            content = {"displayName": f"{key} {number:05}", "description": "Made up. " * 10}
            content |= _CONTENTS.get(key, _nothing)(number)
            if number % 3 and key not in ("assignmentFilters", "conditionalAccessPolicies"):
                content["assignments"] = [_assignment(groups[number % GROUPS], key)]
            simulator.add_object(slug, key, content)
    return tenant


def plan(policies: int) -> dict[str, int]:
    """How many of each collection."""
    counts = {key: policies * share // 1000 for key, share in _MIX.items()}
    counts["configurationPolicies"] += policies - sum(counts.values())
    return counts


def _assignment(group: str, key: str) -> dict[str, Any]:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    return {"target": target} | ({"intent": "required"} if key == "mobileApps" else {})


def _nothing(_: int) -> dict[str, Any]:
    return {}


def _settings_catalog(number: int) -> dict[str, Any]:
    kind = "#microsoft.graph.deviceManagementConfiguration"
    names = [f"device_vendor_msft_policy_config_area{number % 50}_{n}" for n in range(_SETTINGS)]
    settings = [
        {
            "settingInstance": {
                "@odata.type": f"{kind}ChoiceSettingInstance",
                "settingDefinitionId": name,
                "choiceSettingValue": {"value": f"{name}_1", "children": []},
            }
        }
        for name in names
    ]
    return {"platforms": "windows10", "technologies": "mdm", "settings": settings}


def _oma(number: int) -> dict[str, Any]:
    values = [
        {
            "@odata.type": "#microsoft.graph.omaSettingString",
            "displayName": f"Setting {n}",
            "omaUri": f"./Device/Vendor/MSFT/Made/Up/{number}/{n}",
            "value": f"value {n} " * 20,
        }
        for n in range(8)
    ]
    return {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "omaSettings": values}


def _compliance(_: int) -> dict[str, Any]:
    action = {"actionType": "block", "gracePeriodHours": 24}
    return {
        "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
        "passwordRequired": True,
        "scheduledActionsForRule": [
            {"ruleName": "PasswordRequired", "scheduledActionConfigurations": [action]}
        ],
    }


def _script(number: int) -> dict[str, Any]:
    text = f"# script {number}\n" + "Write-Output 'made up'\n" * 60
    name = f"script-{number}.ps1"
    return {"fileName": name, "scriptContent": base64.b64encode(text.encode()).decode()}


def _app(number: int) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.win32LobApp",
        "publisher": "Made Up",
        "fileName": f"app-{number}.intunewin",
        "displayVersion": "1.0",
        "detectionRules": [],
        "requirementRules": [],
        "installCommandLine": "setup.exe /quiet",
        "uninstallCommandLine": "setup.exe /remove",
    }


def _filter(number: int) -> dict[str, Any]:
    return {"platform": "windows10AndLater", "rule": f'(device.model -eq "Model {number}")'}


def _access(_: int) -> dict[str, Any]:
    everyone = {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
    }
    grant = {"operator": "OR", "builtInControls": ["mfa"]}
    return {"state": "disabled", "conditions": everyone, "grantControls": grant}


_CONTENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "configurationPolicies": _settings_catalog,
    "deviceConfigurations": _oma,
    "deviceCompliancePolicies": _compliance,
    "deviceManagementScripts": _script,
    "deviceShellScripts": _script,
    "mobileApps": _app,
    "assignmentFilters": _filter,
    "conditionalAccessPolicies": _access,
}
