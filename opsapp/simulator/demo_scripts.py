"""PowerShell and shell scripts of the demo tenants."""

from opsapp.simulator.demo_builder import Demo, script

# key, topic, account, text, assignments, companies
_POWERSHELL = (
    (
        "timezone",
        "Set time zone by site",
        "system",
        (
            "# Set the time zone from the site code in the computer name.\n"
            "$site = $env:COMPUTERNAME.Substring(0, 3)\n"
            "$zones = @{ BER = 'W. Europe Standard Time'; OSL = 'W. Europe Standard Time' }\n"
            "if ($zones.ContainsKey($site)) { Set-TimeZone -Id $zones[$site] }\n"
        ),
        ("+all-windows",),
        "",
    ),
    (
        "drives",
        "Map department drives",
        "user",
        (
            "# Map drives for people who still need the file server.\n"
            "$shares = @{ 'S' = '\\\\files\\shared'; 'P' = '\\\\files\\projects' }\n"
            "foreach ($letter in $shares.Keys) {\n"
            '  if (-not (Test-Path "$letter`:")) {\n'
            "    New-PSDrive -Name $letter -PSProvider FileSystem -Root $shares[$letter] -Persist\n"
            "  }\n}\n"
        ),
        ("+legacy-vpn", "-external"),
        "",
    ),
    (
        "cleanup",
        "Remove bundled apps & trials",
        "system",
        (
            "$unwanted = 'Solitaire', 'Xbox', 'BingNews'\n"
            "foreach ($name in $unwanted) {\n"
            '  Get-AppxPackage -AllUsers "*$name*" | Remove-AppxPackage -AllUsers\n}\n'
        ),
        ("*devices ?Corporate Windows", "-lab"),
        "cn",
    ),
    (
        "lldp",
        "Collect switch port (LLDP)",
        "system",
        (
            "Write-Output 'Collecting neighbour information'\nGet-NetAdapter -Physical | "
            "Select-Object Name, LinkSpeed | ConvertTo-Json\n"
        ),
        ("+lab",),
        "f",
    ),
    (
        "certificate",
        "Renew plant certificate",
        "system",
        (
            "$old = Get-ChildItem Cert:\\LocalMachine\\My |\n"
            "  Where-Object NotAfter -lt (Get-Date).AddDays(14)\n"
            'Write-Output "$($old.Count) certificates end soon"\n'
        ),
        ("+site-0", "+site-1"),
        "f",
    ),
)
_SHELL = (
    (
        "dock",
        "Tidy the Dock",
        "user",
        (
            "#!/bin/zsh\n# Keep the tools everybody uses in the Dock.\n"
            'for app in "Microsoft Teams" "Microsoft Outlook"; do\n  echo "adding ${app}"\ndone\n'
        ),
        ("+all-mac",),
        "",
    ),
    (
        "rename",
        "Name Macs by serial number",
        "system",
        (
            "#!/bin/bash\nset -euo pipefail\n"
            "serial=$(ioreg -l | awk -F'\"' '/IOPlatformSerialNumber/ {print $4}')\n"
            'scutil --set ComputerName "MAC-${serial: -8}"\n'
        ),
        ("*devices ?Apple silicon",),
        "cn",
    ),
    (
        "rosetta",
        "Install Rosetta",
        "system",
        (
            "#!/bin/zsh\n/usr/bin/pgrep oahd || /usr/sbin/softwareupdate --install-rosetta "
            "--agree-to-license\n"
        ),
        ("+developers", "-external"),
        "",
    ),
    (
        "proxy",
        "Proxy for plant network",
        "system",
        '#!/bin/sh\nnetworksetup -setautoproxyurl "Wi-Fi" "http://proxy.fabrikam.example/p.pac"\n',
        ("+site-0", "+site-2"),
        "f",
    ),
)


def fill(demo: Demo) -> None:
    """Scripts with their content; who may read them depends on DeviceManagementScripts."""
    for key, topic, account, text, assigned, only in _POWERSHELL:
        if not demo.has(only):
            continue
        content = {
            "displayName": demo.title("Windows", "Script", topic),
            "description": "",
            "scriptContent": script(text),
            "runAsAccount": account,
            "enforceSignatureCheck": demo.has("f"),
            "fileName": f"{key}.ps1",
            "runAs32Bit": False,
        }
        demo.add("deviceManagementScripts", key, content, assigned)
    for key, topic, account, text, assigned, only in _SHELL:
        if not demo.has(only):
            continue
        content = {
            "executionFrequency": demo.pick("P1D", "PT0S", "P7D"),
            "retryCount": 3,
            "blockExecutionNotifications": True,
            "displayName": demo.title("macOS", "Script", topic),
            "description": "",
            "scriptContent": script(text),
            "runAsAccount": account,
            "fileName": f"{key}.sh",
        }
        demo.add("deviceShellScripts", key, content, assigned)
