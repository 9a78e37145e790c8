"""Groups of the demo tenants: rings, platforms, departments, sites, exclusions."""
# ruff: noqa: RUF001 (names as people type them)

from opsapp.simulator.demo_builder import Demo

_WINDOWS = '(device.deviceOSType -eq "Windows") and (device.managementType -eq "MDM")'
_MAC = '(device.deviceOSType -eq "MacMDM")'
_PHONE = '(device.deviceOSType -eq "{os}") and (device.deviceOwnership -eq "Company")'

# key, name at Contoso, Fabrikam, Northwind, membership rule ("" : assigned by hand)
_CORE = (
    ("all-windows", "Windows – all managed", "FAB-DYN-Windows", "nw.devices.windows", _WINDOWS),
    ("all-mac", "macOS – all managed", "FAB-DYN-macOS", "nw.devices.mac", _MAC),
    ("iphones", "iOS – corporate", "FAB-DYN-iOS", "nw.devices.ios", _PHONE.format(os="iPhone")),
    (
        "androids",
        "Android – corporate",
        "FAB-DYN-Android",
        "nw.devices.android",
        _PHONE.format(os="AndroidEnterprise"),
    ),
    (
        "autopilot",
        "Autopilot – all registered",
        "FAB-DYN-Autopilot",
        "nw.devices.autopilot",
        '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))',
    ),
    ("pilot", "Ring 0 – IT 🚀", "FAB-RING-Pilot", "nw.ring.pilot", ""),
    ("early", "Ring 1 – Early adopters", "FAB-RING-Early", "nw.ring.early", ""),
    ("broad", "Ring 2 – Broad", "FAB-RING-Broad", "nw.ring.broad", ""),
    ("vip", "Executives & Assistants", "FAB-USR-Board", "nw.people.leadership", ""),
    ("it", "IT Operations", "FAB-USR-IT", "nw.people.it", ""),
    ("developers", "Software Engineering", "FAB-USR-Engineering", "nw.people.developers", ""),
    ("frontline", "Shop floor & Warehouse", "FAB-USR-Production", "nw.people.stores", ""),
    ("external", "Contractors", "FAB-USR-External", "nw.people.partners", ""),
    ("kiosk", "Kiosks – reception", "FAB-DEV-Kiosk", "nw.devices.kiosk", ""),
    ("shared", "Shared workstations", "FAB-DEV-Shared", "nw.devices.shared", ""),
    ("break-glass", "Emergency access accounts", "FAB-SEC-BreakGlass", "nw.sec.breakglass", ""),
    ("no-bitlocker", "BitLocker – exempt", "FAB-EXC-BitLocker", "nw.exempt.bitlocker", ""),
    ("no-updates", "Updates – paused", "FAB-EXC-Updates", "nw.exempt.updates", ""),
    ("legacy-vpn", "Legacy VPN users", "FAB-EXC-VPN", "nw.exempt.vpn", ""),
    ("lab", "R&D <Lab> & Test Benches", "FAB-DEV-Lab", "nw.devices.lab", ""),
    ("rtl", "צוות ישראל – כל העובדים", "FAB-USR-مكتب دبي", "nw.people.tel‑aviv", ""),
)

_DEPARTMENTS = {
    "contoso": "Finance|Human Resources|Legal|Marketing|Sales EMEA|Sales Americas|Procurement|"
    "Customer Care|Facilities|Quality|Product Management|Data & Analytics|Internal Audit",
    "fabrikam": "Assembly|Paint Shop|Logistics|Maintenance|Quality Lab|Purchasing|Payroll|"
    "Design Studio|Plant Safety|Dealer Support|Works Council|Training",
    "northwind": "buying|merchandising|wine & spirits|bakery|seafood|online shop|delivery|"
    "store managers|treasury|brand|people team|supplier care",
}
_SITES = {
    "contoso": "Berlin|Kraków|São Paulo|Oslo|Singapore|Denver",
    "fabrikam": "Plant 1 Stuttgart|Plant 2 Győr|Plant 3 Querétaro|HQ Lyon|Hub Gdańsk|Depot Ghent|"
    "Depot Turin",
    "northwind": "Seattle|Portland|Boise|Tacoma|Vancouver|Spokane|Eugene",
}


def fill(demo: Demo) -> None:
    """About 45 groups: assigned and dynamic security groups, Microsoft 365 groups, synced ones."""
    for key, contoso, fabrikam, northwind, rule in _CORE:
        members = {"description": _description(key)}
        if rule:
            members["membershipRule"] = rule
        demo.group(key, demo.pick(contoso, fabrikam, northwind), **members)
    demo.group(
        "long",
        demo.pick("Project", "FAB-PRJ", "nw.project")
        + " – device refresh wave 2 for regional branches including shared meeting room equipment "
        "and spare pool, approved 2025",
    )
    for number, department in enumerate(_DEPARTMENTS[demo.slug].split("|")):
        _department(demo, number, department)
    for number, site in enumerate(_SITES[demo.slug].split("|")):
        name = demo.pick(f"Site {site}", f"FAB-LOC-{site}", f"nw.site.{site.lower()}")
        rule = f'(user.city -eq "{site}") and (user.accountEnabled -eq true)'
        demo.group(f"site-{number}", name, membershipRule=rule)


def _description(key: str) -> str:
    return {
        "pilot": "First to get every change. Ask the service desk before joining.",
        "break-glass": "Never target with blocking policies.",
        "no-bitlocker": "Needs an approved exception, reviewed every quarter.",
    }.get(key, "")


def _department(demo: Demo, number: int, department: str) -> None:
    name = demo.pick(f"Dept {department}", f"FAB-USR-{department}", f"nw.team.{department}")
    key = f"department-{number}"
    if number % 4 == 0:
        mail = f"team{number}@{demo.slug}.example"
        demo.group(
            key, name, groupTypes=["Unified"], mailEnabled=True, mail=mail, visibility="Private"
        )
    elif number % 4 == 1:
        demo.group(
            key,
            name,
            onPremisesSyncEnabled=True,
            onPremisesSamAccountName=f"gg_{number:02}",
            onPremisesLastSyncDateTime="2026-10-02T04:15:00Z",
        )
    else:
        rule = f'(user.department -eq "{department}")'
        demo.group(key, name, membershipRule=rule)
