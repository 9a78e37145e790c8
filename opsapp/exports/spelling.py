"""Members that tools and templates spell differently from Graph, or add for themselves."""

from typing import Any

# Collections whose objects are of several types, so that Graph names the type of each.
POLYMORPHIC = frozenset(
    """
    androidManagedAppProtections deviceCompliancePolicies deviceConfigurations
    deviceEnrollmentConfigurations iosManagedAppProtections mobileAppConfigurations mobileApps
    namedLocations roleDefinitions windowsAutopilotDeploymentProfiles windowsManagedAppProtections
    """.split()  # noqa: SIM905 (a list of names is easier to read so)
)
_TOOL_MEMBERS = frozenset({"versionInfo", "TemplateDisplayName"})
_INTENTS = (("TemplateId", "templateId"), ("settingsDelta", "settings"))


def graph_spelling(collection: str, content: dict[str, Any], name: str) -> dict[str, Any]:
    """The content as Graph spells it; ``name`` is the member the collection has for a name."""
    content = {key: value for key, value in content.items() if key not in _TOOL_MEMBERS}
    if name == "name" and "displayName" in content:
        content.setdefault("name", content["displayName"])
        del content["displayName"]
    if collection == "intents":
        for wrong, right in _INTENTS:
            if wrong in content:
                content.setdefault(right, content.pop(wrong))
    return content
