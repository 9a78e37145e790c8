"""What contoso calls the objects of rarer types, and what they are for: its own words."""

_TABLE = """
reusablePolicySettings: Windows | Firewall | Branch office networks
  Address ranges of all branch offices.
managedDeviceCleanupRules: All | Devices | Remove after 90 days
  Devices that have not checked in for three months.
policySets: All | Starter set | New employees
  Apps and policies of everybody's first day.
operationApprovalPolicies: All | Approval | Scripts need two people
  Decided after the incident in March.
androidDeviceOwnerEnrollmentProfiles: Android | Enrollment | Warehouse scanners
  Dedicated devices, token renewed each quarter.
androidForWorkEnrollmentProfiles: Android | Enrollment | Personal work profiles
  For phones people own themselves.
depOnboardingSettings: Apple Business Manager, headquarters
  -
targetedManagedAppConfigurations: All | Apps | Outlook defaults
  Signature off, focused inbox on.
mobileAppCategories: Field service
  -
deviceCategories: Point of sale
  Tills in the shops.
deviceComplianceScripts: Windows | Compliance | Disk health
  Reports whether the disk predicts a failure.
authenticationContextClassReferences: Sensitive data
  Asked for before files marked confidential open.
mobileAppConfigurations: Android | Apps | Managed home screen
  Tiles of the warehouse scanners.
appleUserInitiatedEnrollmentProfiles: iOS | Enrollment | Personal phones
  User enrollment with a managed Apple account.
iosLobAppProvisioningConfigurations: iOS | Apps | Field service app profile
  Renew before the certificate ends.
compliancePolicies: Linux | Compliance | Workstations
  Distribution, encryption and password.
deviceCustomAttributeShellScripts: macOS | Attribute | Rosetta installed
  Says whether Intel apps still run.
roleAssignments: Role | Help desk, branch offices
  Reads policies and restarts devices of the branches.
roleDefinitions: Role | Help desk
  Reads what is needed on the phone, changes nothing.
authenticationStrengthPolicies: Phishing-resistant for administrators
  Passkeys and smart cards alone.
agreements: Terms of use for guests
  -
termsAndConditions: All | Terms | Acceptable use
  Accepted once at enrollment.
groupPolicyConfigurations: Windows | Policy | Office telemetry and updates
  Kept from the old domain.
hardwareConfigurations: Windows | BIOS | Boot order locked
  Laptops of the field service.
windowsDriverUpdateProfiles: Windows | Updates | Drivers, manual approval
  Approved on the second Tuesday.
deviceHealthScripts: Windows | Remediation | Stale printer queues
  Clears queues that block sign-out.
windowsManagedAppProtections: Windows | Apps | Edge on personal computers
  Company data stays in the work profile.
wdacSupplementalPolicies: Windows | Apps | Till software in S mode
  Signed by the supplier.
windowsFeatureUpdateProfiles: Windows | Updates | Stay on 24H2
  Until the till software is certified.
windowsInformationProtectionPolicies: Windows | Data | Without enrollment
  Retired by Microsoft, kept until the end of the year.
intents: Windows | Security | Baseline of 2021
  To be moved to the settings catalog.
windowsQualityUpdateProfiles: Windows | Updates | Expedite the October fix
  Within two days, with restart.
mdmWindowsInformationProtectionPolicies: Windows | Data | Enrolled devices
  Retired by Microsoft, kept until the end of the year.
windowsQualityUpdatePolicies: Windows | Updates | Hotpatch for laptops
  No restart in ten of twelve months.
"""


def _read_table() -> dict[str, tuple[str, str]]:
    """Name and description by collection; two lines each, a dash for no description."""
    lines = [line.strip() for line in _TABLE.strip().splitlines()]
    found = {}
    for first, description in zip(lines[::2], lines[1::2], strict=True):
        key, _, name = first.partition(": ")
        found[key] = (name, description.removeprefix("-"))
    return found


TITLES = _read_table()
