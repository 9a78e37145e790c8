"""Files the export tools write beside the objects: reports, migration tables, halves of objects.

Two of them name groups whose ids or names policies mention; the rest is left out with a reason.
"""

from typing import Any

from opsapp.exports.model import NamedGroup

SETTINGS_HALF = "the settings half of an intent export"


def reason(folder: str, value: Any) -> str:
    """Why a file in this tool folder (or of this shape) is no configuration object."""
    known = {
        "_intentsettings": f"{SETTINGS_HALF}: the intent's own file has them",
        "_tool-migrationtable": "a migration table without groups",
        "_tool-assignmentreport": "an assignment report without groups",
    }
    if folder.lower() in known:
        return known[folder.lower()]
    if isinstance(value, dict) and "settings" in value:
        return known["_intentsettings"]
    return "a tool's own file, not a configuration object"


def named_groups(file: str, value: Any) -> list[NamedGroup]:
    """The groups a migration table (IntuneManagement) or assignment report (IntuneCD) names."""
    if isinstance(value, dict) and isinstance(value.get("Objects"), list):
        return [
            NamedGroup(file, entry["DisplayName"], entry["Id"])
            for entry in value["Objects"]
            if isinstance(entry, dict)
            and entry.get("Type") == "Group"
            and isinstance(entry.get("DisplayName"), str)
            and isinstance(entry.get("Id"), str)
        ]
    if isinstance(value, list):
        return [
            _from_report(file, entry)
            for entry in value
            if isinstance(entry, dict) and isinstance(entry.get("groupName"), str)
        ]
    return []


def _from_report(file: str, entry: dict[str, Any]) -> NamedGroup:
    kind = entry.get("groupType")
    return NamedGroup(
        file,
        entry["groupName"],
        group_types=("DynamicMembership",) if kind == "DynamicMembership" else (),
        membership_rule=entry.get("membershipRule"),
    )


def is_settings_half(file: str, value: Any) -> bool:
    """IntuneManagement keeps an intent's settings in ``<name>_Settings.json`` beside it."""
    return (
        file.endswith("_Settings.json") and isinstance(value, dict) and set(value) == {"settings"}
    )
