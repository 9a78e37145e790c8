"""Kind, platform and target of an object, from what Graph says about it."""

from typing import Any

import pytest

from opsapp.intune.describe import kind_of, platform_of, target_kind


@pytest.mark.parametrize(
    ("collection", "content", "platform"),
    [
        ("configurationPolicies", {"platforms": "windows10"}, "Windows"),
        ("configurationPolicies", {"platforms": "iOS,macOS"}, "iOS/iPadOS, macOS"),
        ("configurationPolicies", {"platforms": "somethingNew"}, "somethingNew"),
        ("configurationPolicies", {"platforms": "none"}, ""),
        (
            "deviceConfigurations",
            {"@odata.type": "#microsoft.graph.macOSCustomConfiguration"},
            "macOS",
        ),
        (
            "deviceCompliancePolicies",
            {"@odata.type": "#microsoft.graph.androidWorkProfileCompliancePolicy"},
            "Android",
        ),
        (
            "deviceConfigurations",
            {"@odata.type": "#microsoft.graph.aospDeviceOwnerWiFiConfiguration"},
            "Android (AOSP)",
        ),
        ("deviceShellScripts", {}, "macOS"),
        (
            "deviceConfigurations",
            {"@odata.type": "#microsoft.graph.windowsKioskConfiguration"},
            "Windows",
        ),
        ("mobileApps", {"@odata.type": "#microsoft.graph.managedIOSStoreApp"}, "iOS/iPadOS"),
        ("mobileApps", {"@odata.type": "#microsoft.graph.managedAndroidStoreApp"}, "Android"),
        ("mobileApps", {"@odata.type": "#microsoft.graph.webApp"}, ""),
        (
            "windowsAutopilotDeploymentProfiles",
            {"@odata.type": "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile"},
            "Windows",
        ),
        ("deviceEnrollmentConfigurations", {"platformType": "mac"}, "macOS"),
        ("deviceEnrollmentConfigurations", {"platformType": "allPlatforms"}, ""),
        ("mobileApps", {"@odata.type": "#microsoft.graph.win32LobApp"}, "Windows"),
        ("assignmentFilters", {"platform": "windows10AndLater"}, "Windows"),
        ("conditionalAccessPolicies", {}, ""),
    ],
)
def test_platform(collection: str, content: dict[str, Any], platform: str) -> None:
    assert platform_of(collection, content) == platform


@pytest.mark.parametrize(
    ("collection", "content", "kind"),
    [
        (
            "configurationPolicies",
            {"templateReference": {"templateFamily": "none"}},
            "settingsCatalog",
        ),
        (
            "configurationPolicies",
            {"templateReference": {"templateFamily": "endpointSecurityAntivirus"}},
            "endpointSecurityAntivirus",
        ),
        ("configurationPolicies", {"templateReference": None}, "settingsCatalog"),
        ("mobileApps", {"@odata.type": "#microsoft.graph.winGetApp"}, "winGetApp"),
        ("roleScopeTags", {}, "roleScopeTags"),
    ],
)
def test_kind(collection: str, content: dict[str, Any], kind: str) -> None:
    assert kind_of(collection, content) == kind


@pytest.mark.parametrize(
    ("assignment", "kind"),
    [
        ({"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget"}}, "group"),
        (
            {"target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget"}},
            "exclusionGroup",
        ),
        ({"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}, "allDevices"),
        ({"target": None}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_target(assignment: dict[str, Any], kind: str) -> None:
    assert target_kind(assignment) == kind
