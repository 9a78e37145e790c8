"""Settings-catalog and endpoint security policies of the demo tenants."""
# ruff: noqa: RUF001 (names as people type them)

from dataclasses import dataclass
from typing import Any

from opsapp.simulator.demo_builder import Demo
from opsapp.simulator.demo_endpoint_security import (
    ANTIVIRUS,
    BITLOCKER,
    FIREWALL_ROWS,
    LOCAL_ADMINISTRATORS,
    RULES,
)
from opsapp.simulator.demo_hardening import hardening
from opsapp.simulator.demo_setting import choices, settings

_CONFIG = "device_vendor_msft_policy_config_"
_APPLE = "com.apple."


@dataclass(frozen=True)
class Row:
    """One policy of the table. ``family`` is the endpoint security template family, if any."""

    key: str
    platform: str
    area: str
    topic: str
    settings: list[dict[str, Any]]
    assigned: tuple[str, ...] = ()
    family: str = "none"
    only: str = ""
    description: str = ""


_PLATFORMS = {
    "Windows": ("windows10", "mdm"),
    "macOS": ("macOS", "mdm,appleRemoteManagement"),
    "iOS": ("iOS", "mdm,appleRemoteManagement"),
    "Android": ("androidEnterprise", "android"),
    "Linux": ("linux", "linuxMdm"),
}

_TABLE = (
    Row(
        "bitlocker",
        "Windows",
        "Security",
        "BitLocker",
        BITLOCKER,
        ("*devices ?Corporate Windows", "-no-bitlocker"),
        "endpointSecurityDiskEncryption",
        description="Silent encryption, keys escrowed. Exceptions need a ticket.",
    ),
    Row(
        "antivirus",
        "Windows",
        "Security",
        "Defender Antivirus",
        ANTIVIRUS,
        ("*devices", "-lab"),
        "endpointSecurityAntivirus",
    ),
    Row(
        "asr",
        "Windows",
        "Security",
        "Attack surface reduction",
        RULES,
        ("+pilot", "+early", "+broad"),
        "endpointSecurityAttackSurfaceReduction",
    ),
    Row(
        "firewall",
        "Windows",
        "Security",
        "Firewall",
        FIREWALL_ROWS,
        ("*devices ?Corporate Windows",),
        "endpointSecurityFirewall",
    ),
    Row(
        "laps",
        "Windows",
        "Security",
        "Local administrator password",
        settings(
            "device_vendor_msft_laps_policies_",
            """
            backupdirectory = 1
            passwordagedays : 14
            passwordcomplexity = 4
            passwordlength : 20
            postauthenticationactions = 3
            postauthenticationresetdelay : 8
            """,
        ),
        ("+all-windows",),
        "endpointSecurityAccountProtection",
    ),
    Row(
        "administrators",
        "Windows",
        "Security",
        "Local administrators",
        [LOCAL_ADMINISTRATORS],
        ("+site-0", "+site-1"),
        "endpointSecurityAccountProtection",
        "cf",
    ),
    Row(
        "hardening",
        "Windows",
        "Security",
        "Browser hardening & legacy zones (full baseline)",
        hardening(),
        ("+pilot ?Windows 11 only",),
    ),
    Row(
        "edge",
        "Windows",
        "Browser",
        "Edge for everybody",
        settings(
            _CONFIG + "microsoft_edge~policy~microsoft_edge~startup_",
            """
            homepagelocation ~ https://intranet.example/?lang=en&src=edge
            homepageisnewtabpage = 0
            newtabpagelocation ~ https://intranet.example/start
            restoreonstartup = 1
            restoreonstartupurls [] https://intranet.example; https://status.example
            showhomebutton = 1
            """,
        ),
        ("*users",),
    ),
    Row(
        "onedrive",
        "Windows",
        "Files",
        "OneDrive known folders",
        settings(
            _CONFIG + "onedrivengscv2~policy~onedrivengsc_",
            """
            kfmoptinnowizard = 1
            kfmblockoptout = 1
            silentaccountconfig = 1
            filesondemandenabled = 1
            disablepersonalsync = 1
            blockexternalsync = 0
            minimumdiskspace : 2048
            """,
        ),
        ("+broad", "+early", "-shared", "-kiosk"),
    ),
    Row(
        "lock",
        "Windows",
        "Device",
        "Lock screen & power",
        settings(
            _CONFIG,
            """
            devicelock_maxinactivitytimedevicelock : 15
            devicelock_preventlockscreenslideshow = 1
            abovelock_allowtoasts = 0
            power_displayofftimeoutpluggedin : 900
            power_displayofftimeoutonbattery : 300
            power_selectlidcloseactiononbattery = 1
            """,
        ),
        ("+all-windows", "-kiosk"),
    ),
    Row(
        "office",
        "Windows",
        "Office",
        "Macros: signed only",
        choices(
            "user_vendor_msft_policy_config_",
            "excel16v2~policy~l_microsoftofficeexcel_l_vbawarningspolicy "
            "word16v2~policy~l_microsoftofficeword_l_vbawarningspolicy "
            "ppt16v2~policy~l_microsoftofficepowerpoint_l_vbawarningspolicy "
            "access16v2~policy~l_microsoftofficeaccess_l_vbawarningspolicy "
            "outlk16v2~policy~l_microsoftofficeoutlook_l_securitylevel "
            "office16v2~policy~l_microsoftofficesystem_l_blockmacrofrominternet",
        ),
        ("+department-0", "+department-1", "-developers"),
    ),
    Row(
        "privacy",
        "Windows",
        "Privacy",
        "Telemetry off",
        choices(
            _CONFIG,
            "system_allowtelemetry privacy_disableadvertisingid experience_allowcortana "
            "search_allowcloudsearch experience_allowwindowsconsumerfeatures "
            "textinput_allowlinguisticdatacollection",
            "0",
        ),
        ("*devices",),
        only="cf",
    ),
    Row(
        "updates",
        "Windows",
        "Updates",
        "Delivery optimization",
        settings(
            _CONFIG + "deliveryoptimization_",
            """
            dodownloadmode = 2
            dogroupid ~ 6f1f3f6f-2c11-4f0e-9d0a-5d0b3d6c0a5e
            domaxcachesize : 20
            dominfilesizetocache : 10
            """,
        ),
        ("+site-0", "+site-1", "+site-2", "+site-3"),
    ),
    Row(
        "rtl",
        "Windows",
        "שפה ואזור",
        "הגדרות שפה ומקלדת עבור צוות ישראל",
        settings(_CONFIG, "timelanguagesettings_configuretimezone ~ Israel Standard Time"),
        ("+rtl",),
        only="cn",
    ),
    Row(
        "filevault",
        "macOS",
        "Security",
        "FileVault",
        settings(
            _APPLE + "mcx.filevault2_",
            """
            enable = 0
            defer = true
            recoverykeyrotationininmonths = 5
            forceenableinsetupassistant = true
            """,
        ),
        ("+all-mac",),
    ),
    Row(
        "gatekeeper",
        "macOS",
        "Security",
        "Gatekeeper & firewall",
        settings(
            _APPLE,
            """
            systempolicy.control_enableassessment = true
            systempolicy.control_allowidentifieddevelopers = true
            security.firewall_enablefirewall = true
            security.firewall_enablestealthmode = true
            security.firewall_blockallincoming = false
            """,
        ),
        ("*devices ?Apple silicon",),
        only="cn",
    ),
    Row(
        "macsoftware",
        "macOS",
        "Updates",
        "Software updates",
        settings(
            "softwareupdate_",
            "automaticactions_download = 1\nautomaticactions_installosupdates = 1\n"
            "deferrals_majorperiodindays : 30\ndeferrals_minorperiodindays : 7",
        ),
        ("+all-mac", "-no-updates"),
    ),
    Row(
        "supervised",
        "iOS",
        "Restrictions",
        "Supervised iPads",
        choices(
            _APPLE + "applicationaccess_",
            "allowaccountmodification allowairdrop allowappremoval allowbookstore "
            "allowenterpriseapptrust allowerasecontentandsettings allowfindmyfriends "
            "allowgamecenter allowmultiplayergaming allowuiconfigurationprofileinstallation",
            "false",
        ),
        ("+frontline ?Supervised iPads", "+iphones"),
    ),
    Row(
        "passcode",
        "iOS",
        "Security",
        "Passcode",
        settings(
            "passcode_",
            "minimumlength : 6\nrequirepasscode = true\nmaximumfailedattempts : 10\n"
            "maximuminactivityinminutes : 5",
        ),
        ("+iphones",),
    ),
    Row(
        "kiosk-android",
        "Android",
        "Kiosk",
        "Warehouse scanners",
        settings(
            "com.android.devicerestrictionpolicy_",
            "cameradisabled = false\nscreencapturedisabled = true\nfactoryresetdisabled = true\n"
            "wifisettingslocked = true",
        ),
        ("+androids ?Android fully managed",),
        only="cf",
    ),
    Row(
        "linux",
        "Linux",
        "Security",
        "Workstations",
        settings(
            "linux_",
            "deviceencryption_required = true\npasswordpolicy_minimumlength : 12\n"
            "passwordpolicy_minimumdigits : 1\ndistribution_alloweddistros_item_$type = ubuntu",
        ),
        ("+developers",),
    ),
    Row("empty", "Windows", "Draft", "Not finished (do not assign!)", [], only="cn"),
)
_LONG = (
    "Temporary exception for branch offices without reliable power – agreed with Works Council & "
    "Legal until the refresh ends"
)


def fill(demo: Demo) -> None:
    """The table in the tenant's own names, and one policy with a name of 120 characters."""
    tags = [item.id for item in demo.tenant.collection("roleScopeTags").values()]
    for number, row in enumerate(_TABLE):
        if not demo.has(row.only):
            continue
        platforms, technologies = _PLATFORMS[row.platform]
        if row.family != "none":
            technologies = "mdm,microsoftSense"
        content = {
            "name": demo.title(row.platform, row.area, row.topic),
            "description": row.description,
            "platforms": platforms,
            "technologies": technologies,
            "templateReference": _template(row),
            "roleScopeTagIds": ["0"] if number % 5 else ["0", tags[-1]],
            "settings": row.settings,
        }
        demo.add("configurationPolicies", row.key, content, row.assigned)
    content = {
        "name": f"{_LONG:.<120}",
        "description": "Only here to show what a name of the greatest length does to a page.",
        "platforms": "windows10",
        "technologies": "mdm",
        "settings": BITLOCKER[:2],
    }
    demo.add("configurationPolicies", "long", content, ("+long", "-vip"))


def _template(row: Row) -> dict[str, Any]:
    if row.family == "none":
        return {
            "templateId": "",
            "templateFamily": "none",
            "templateDisplayName": None,
            "templateDisplayVersion": None,
        }
    return {
        "templateId": f"{row.family.lower()}-demo_1",
        "templateFamily": row.family,
        "templateDisplayName": row.topic,
        "templateDisplayVersion": "Version 1",
    }
