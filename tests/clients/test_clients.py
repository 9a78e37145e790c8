"""Clients nobody here wrote read the simulator: IntuneCD 2.6 and Microsoft's Graph SDK (beta)."""

import json
import subprocess
from pathlib import Path

import pytest

from opsapp.exports import read_folder
from opsapp.simulator.catalogue import COLLECTIONS
from tests.clients.intunecd import back_up

HERE = Path(__file__).parent
SECONDS = 240
pytestmark = pytest.mark.timeout(SECONDS + 60)

# IntuneCD 2.6 has modules for these; for the others it has none.
KNOWN_TO_INTUNECD = tuple(
    """
    androidManagedAppProtections assignmentFilters compliancePolicies conditionalAccessPolicies
    configurationPolicies deviceCategories deviceCompliancePolicies deviceComplianceScripts
    deviceConfigurations deviceCustomAttributeShellScripts deviceEnrollmentConfigurations
    deviceHealthScripts deviceManagementScripts deviceShellScripts groupPolicyConfigurations
    intents iosManagedAppProtections mdmWindowsInformationProtectionPolicies mobileApps
    mobileAppConfigurations notificationMessageTemplates reusablePolicySettings roleDefinitions
    roleScopeTags targetedManagedAppConfigurations vppTokens windowsAutopilotDeploymentProfiles
    windowsDriverUpdateProfiles windowsFeatureUpdateProfiles windowsInformationProtectionPolicies
    windowsManagedAppProtections windowsQualityUpdateProfiles
    """.split()  # noqa: SIM905 (one name a line would be thirty lines)
)
# The SDK cannot read this value of an enumeration: "global" is a word of Python.
LOST_BY_THE_SDK = {"deviceAppManagement/mobileApps/appAvailability"}


def read_with_sdk(python, simulator, token, paths):
    script = HERE / "read_with_sdk.py"
    command = [python, script, simulator.base_url, simulator.ca_path, token, *paths]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_intunecd_backs_up_every_object_it_knows(
    client_python, simulator, contoso, token, tmp_path
):
    simulator.clear_requests()
    base, trusted = simulator.base_url, simulator.ca_path
    ended = back_up(client_python, base, trusted, token, tmp_path, seconds=SECONDS)
    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, output[-3000:]
    assert "[ERROR]" not in output, output[-3000:]
    assert "Traceback" not in output, output[-3000:]
    # IntuneCD misspells the plural of one address, which the service refuses too
    failed = [row for row in simulator.requests("contoso") if row.get("status", 200) >= 400]
    assert [row["path"] for row in failed if "InformationProtectionPolicy" not in row["path"]] == []
    found = read_folder(tmp_path).counts()
    wanted = {key: len(contoso.everything(COLLECTIONS[key].path)) for key in KNOWN_TO_INTUNECD}
    assert {key: found.get(key, 0) for key in wanted} == wanted
    assert found["deviceManagementSettings"] == found["enrollmentProfiles"] == 1


def test_the_graph_sdk_reads_every_type_and_loses_nothing(client_python, simulator, token):
    paths = [row.path for row in COLLECTIONS.values()]
    ended = read_with_sdk(client_python, simulator, token, paths)
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert set(found) == set(paths)
    assert all(row["objects"] for row in found.values())
    lost = {place for row in found.values() for place in row["lost"]}
    assert lost <= LOST_BY_THE_SDK
