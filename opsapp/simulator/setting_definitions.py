"""What the settings catalog says of some settings: their names and the words of their choices.

The real catalog defines all of some ten thousand; here are those a reader of the demo meets often.
A setting that is not in the table comes without definition.
"""

from typing import Any

_DEFINITION = "#microsoft.graph.deviceManagementConfigurationSettingDefinition"
_CHOICE = "#microsoft.graph.deviceManagementConfigurationChoiceSettingDefinition"

# One setting a line: ``name | label | choice=words; choice=words``; a line of its own gives the
# prefix of those that follow.
_TABLE = """
@ vendor_msft_firewall_mdmstore_domainprofile_
enablefirewall | Enable Domain Network Firewall | true=True; false=False
defaultinboundaction | Default Inbound Action for Domain Profile | 0=Allow; 1=Block
defaultoutboundaction | Default Outbound Action | 0=Allow; 1=Block
disableinboundnotifications | Disable Inbound Notifications | true=True; false=False
enablelogdroppedpackets | Enable Log Dropped Packets | true=Enable; false=Disable
logmaxfilesize | Log Max File Size |
@ vendor_msft_firewall_mdmstore_privateprofile_
enablefirewall | Enable Private Network Firewall | true=True; false=False
defaultinboundaction | Default Inbound Action for Private Profile | 0=Allow; 1=Block
defaultoutboundaction | Default Outbound Action | 0=Allow; 1=Block
disableinboundnotifications | Disable Inbound Notifications | true=True; false=False
enablelogdroppedpackets | Enable Log Dropped Packets | true=Enable; false=Disable
logmaxfilesize | Log Max File Size |
@ vendor_msft_firewall_mdmstore_publicprofile_
enablefirewall | Enable Public Network Firewall | true=True; false=False
defaultinboundaction | Default Inbound Action for Public Profile | 0=Allow; 1=Block
defaultoutboundaction | Default Outbound Action | 0=Allow; 1=Block
disableinboundnotifications | Disable Inbound Notifications | true=True; false=False
enablelogdroppedpackets | Enable Log Dropped Packets | true=Enable; false=Disable
logmaxfilesize | Log Max File Size |
@ device_vendor_msft_policy_config_onedrivengscv2~policy~onedrivengsc_
blockexternalsync | Block external sync | 0=Disabled; 1=Enabled
disablepersonalsync | Prevent users from syncing personal OneDrive accounts | 0=Disabled; 1=Enabled
filesondemandenabled | Use OneDrive Files On-Demand | 0=Disabled; 1=Enabled
kfmblockoptout | Prevent users from redirecting known folders to their PC | 0=Disabled; 1=Enabled
kfmoptinnowizard | Silently move Windows known folders to OneDrive | 0=Disabled; 1=Enabled
minimumdiskspace | Block file downloads when users are low on disk space |
silentaccountconfig | Silently sign in users with their Windows credentials | 0=Disabled; 1=Enabled
@ device_vendor_msft_policy_config_
power_displayofftimeoutonbattery | Turn off the display (on battery) |
power_displayofftimeoutpluggedin | Turn off the display (plugged in) |
power_selectlidcloseactiononbattery | Lid close action (on battery) | 0=Take no action; 1=Sleep
privacy_disableadvertisingid | Disable Advertising ID | 0=Disabled; 1=Enabled
search_allowcloudsearch | Allow Cloud Search | 0=Not allowed; 1=Allowed
system_allowtelemetry | Allow Telemetry | 0=Security; 1=Basic; 3=Full
textinput_allowlinguisticdatacollection | Allow Linguistic Data Collection | 0=Block; 1=Allow
timelanguagesettings_configuretimezone | Configure Time Zone |
@ passcode_
maximumfailedattempts | Maximum Failed Attempts |
maximuminactivityinminutes | Maximum Inactivity In Minutes |
minimumlength | Minimum Length |
requirepasscode | Require Passcode | true=True; false=False
@ linux_
deviceencryption_required | Require Device Encryption | true=True; false=False
passwordpolicy_minimumdigits | Minimum digits |
passwordpolicy_minimumlength | Minimum length |
"""


def _read_table() -> dict[str, dict[str, Any]]:
    found, prefix = {}, ""
    for line in filter(None, map(str.strip, _TABLE.splitlines())):
        if line.startswith("@"):
            prefix = line.removeprefix("@").strip()
            continue
        name, label, choices = (part.strip() for part in line.split("|"))
        found[prefix + name] = _definition(prefix + name, label, choices)
    return found


def _definition(identity: str, label: str, choices: str) -> dict[str, Any]:
    pairs = [choice.strip().partition("=") for choice in choices.split(";") if choice.strip()]
    definition: dict[str, Any] = {
        "@odata.type": _CHOICE if pairs else _DEFINITION,
        "id": identity,
        "name": identity.rsplit("_", 1)[-1],
        "displayName": label,
        "description": None,
        "rootDefinitionId": identity,
    }
    if pairs:
        definition["options"] = [
            {"itemId": f"{identity}_{value}", "name": value, "displayName": words}
            for value, _, words in pairs
        ]
    return definition


_DEFINITIONS = _read_table()


def definitions_of(value: Any) -> list[dict[str, Any]]:
    """The definitions of every setting in ``value`` that has one, each once."""
    return [
        _DEFINITIONS[identity]
        for identity in dict.fromkeys(_ids(value))
        if identity in _DEFINITIONS
    ]


def _ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [identity for element in value for identity in _ids(element)]
    if not isinstance(value, dict):
        return []
    own = value.get("settingDefinitionId")
    inner = [identity for member in value.values() for identity in _ids(member)]
    return [own, *inner] if isinstance(own, str) else inner
