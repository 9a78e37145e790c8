"""The settings of the demo's endpoint security policies."""

from opsapp.simulator.demo_setting import choices, grouped, settings

_CONFIG = "device_vendor_msft_policy_config_"
_FIREWALL = "vendor_msft_firewall_mdmstore_"

BITLOCKER = settings(
    "device_vendor_msft_bitlocker_",
    """
    requiredeviceencryption = 1
    allowwarningforotherdiskencryption = 0
    allowstandarduserencryption = 1
    configurerecoverypasswordrotation = 2
    encryptionmethodbydrivetype = 1
    systemdrivesrequirestartupauthentication = 1
    systemdrivesminimumpinlength : 6
    systemdrivesrecoveryoptions = 1
    fixeddrivesrecoveryoptions = 1
    removabledrivesconfigurebde = 0
    identificationfield ~ Recovery key is held by the service desk
    """,
)
ANTIVIRUS = settings(
    _CONFIG + "defender_",
    """
    allowarchivescanning = 1
    allowbehaviormonitoring = 1
    allowcloudprotection = 1
    allowemailscanning = 1
    allowfullscanremovabledrivescanning = 1
    allowioavprotection = 1
    allowrealtimemonitoring = 1
    allowscriptscanning = 1
    avgcpuloadfactor : 40
    checkforsignaturesbeforerunningscan = 1
    cloudblocklevel = 2
    cloudextendedtimeout : 50
    daystoretaincleanedmalware : 30
    enablenetworkprotection = 1
    excludedextensions [] tmp; bak
    excludedpaths [] C:\\Build\\Cache; D:\\Databases
    puaprotection = 1
    realtimescandirection = 0
    scanparameter = 1
    scheduledaily : 720
    signatureupdateinterval : 4
    submitsamplesconsent = 1
    """,
)
RULES = choices(
    _CONFIG + "defender_attacksurfacereductionrules_",
    "blockadobereaderfromcreatingchildprocesses "
    "blockallofficeapplicationsfromcreatingchildprocesses "
    "blockcredentialstealingfromwindowslocalsecurityauthoritysubsystem "
    "blockexecutablecontentfromemailclientandwebmail blockexecutionofpotentiallyobfuscatedscripts "
    "blockofficeapplicationsfromcreatingexecutablecontent "
    "blockpersistencethroughwmieventsubscription blockuntrustedunsignedprocessesthatrunfromusb "
    "blockwin32apicallsfromofficemacros useadvancedprotectionagainstransomware",
    "block",
)
FIREWALL_ROWS = [
    row
    for profile in ("domainprofile", "privateprofile", "publicprofile")
    for row in settings(
        f"{_FIREWALL}{profile}_",
        """
        enablefirewall = true
        defaultinboundaction = 1
        defaultoutboundaction = 0
        disableinboundnotifications = true
        enablelogdroppedpackets = true
        logmaxfilesize : 16384
        """,
    )
]
LOCAL_ADMINISTRATORS = grouped(
    _CONFIG + "localusersandgroups_configure",
    [
        [
            *settings(
                _CONFIG + "localusersandgroups_configure_groupconfiguration_accessgroup_",
                """
                desc = administrators
                action = add_update
                users [] FAB\\Workstation Admins; AzureAD\\laps@demo.example
                """,
            )
        ]
    ],
)
