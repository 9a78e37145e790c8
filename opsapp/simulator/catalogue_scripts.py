"""Scripts of all kinds."""

from typing import Any

from opsapp.simulator.catalogue_row import DM, Collection, rights

_SCRIPTS = rights("Scripts")
_FAMILY: dict[str, Any] = {"root": DM, "rights": _SCRIPTS, "assignment_separator": ":"}
_PLATFORM: dict[str, Any] = _FAMILY | {
    "null_in_list": ("scriptContent",),
    "base64": ("scriptContent",),
    "required": ("scriptContent",),
    "assign_member": "deviceManagementScriptAssignments",
}

SCRIPTS = (
    Collection("deviceManagementScripts", element="deviceManagementScript", **_PLATFORM),
    Collection(
        "deviceShellScripts",
        element="deviceShellScript",
        no_child_url=("assignments",),
        **_PLATFORM,
    ),
    Collection(
        "deviceCustomAttributeShellScripts",
        element="deviceCustomAttributeShellScript",
        no_child_url=("assignments",),
        immutable=("customAttributeName", "customAttributeType", "displayName"),
        **_PLATFORM,
    ),
    Collection(
        "deviceHealthScripts",
        element="deviceHealthScript",
        null_in_list=("detectionScriptContent", "remediationScriptContent"),
        base64=("detectionScriptContent", "remediationScriptContent"),
        required=("detectionScriptContent",),
        read_only=("isGlobalScript", "highestAvailableVersion"),
        immutable=("deviceHealthScriptType",),
        # a text like 1.0, and the service counts it
        version="text",
        assign_member="deviceHealthScriptAssignments",
        defaults={
            "isGlobalScript": False,
            "highestAvailableVersion": None,
            "deviceHealthScriptType": "deviceHealthScript",
        },
        **_FAMILY,
    ),
    Collection(
        "deviceComplianceScripts",
        DM,
        "deviceComplianceScript",
        rights("Configuration"),
        children=(),
        null_in_list=("detectionScriptContent",),
        base64=("detectionScriptContent",),
        required=("detectionScriptContent",),
        version="text",
    ),
)
