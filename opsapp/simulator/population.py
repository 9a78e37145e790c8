"""Fill a tenant with any number of made-up policies in a realistic mix, for load tests.

The same tenant id, count and seed give the same tenant, object by object.
"""

from typing import Any

from opsapp.simulator import admission, groups
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.sample_apps import APPS
from opsapp.simulator.sample_configuration import CONFIGURATION
from opsapp.simulator.sample_maker import Sample, SampleMaker
from opsapp.simulator.sample_tenant import TENANT
from opsapp.simulator.state import Tenant

GROUPS = 200
SAMPLES: dict[str, Sample] = TENANT | CONFIGURATION | APPS
# Per thousand policies; every other collection shares what is left.
_MIX = {
    "configurationPolicies": 350,
    "deviceConfigurations": 200,
    "mobileApps": 150,
    "deviceCompliancePolicies": 80,
    "deviceManagementScripts": 30,
    "deviceShellScripts": 20,
    "deviceHealthScripts": 20,
    "deviceCustomAttributeShellScripts": 5,
    "deviceComplianceScripts": 5,
    "androidManagedAppProtections": 10,
    "iosManagedAppProtections": 10,
    "mobileAppConfigurations": 10,
    "targetedManagedAppConfigurations": 10,
    "deviceEnrollmentConfigurations": 20,
    "windowsAutopilotDeploymentProfiles": 10,
    "groupPolicyConfigurations": 30,
}
# Others refer to these.
_FIRST = ("roleScopeTags", "assignmentFilters", "roleDefinitions", "mobileApps")
_LAST = ("policySets", "roleAssignments")
_MOST = {"authenticationContextClassReferences": 99}
_ALL_DEVICES = "#microsoft.graph.allDevicesAssignmentTarget"
_GROUP = "#microsoft.graph.groupAssignmentTarget"
_EXCLUSION = "#microsoft.graph.exclusionGroupAssignmentTarget"


def plan(policies: int) -> dict[str, int]:
    """How many objects of each collection make up this many policies."""
    counts = {key: policies * share // 1000 for key, share in _MIX.items()}
    others = [key for key in SAMPLES if key not in _MIX]
    rest = policies - sum(counts.values())
    for at, key in enumerate(others):
        wanted = rest // len(others) + (1 if at < rest % len(others) else 0)
        counts[key] = min(wanted, _MOST.get(key, wanted))
    counts["configurationPolicies"] += policies - sum(counts.values())
    return counts


def populate(tenant: Tenant, policies: int, *, seed: int = 0) -> None:
    """Add groups and ``policies`` objects; two thirds of those that can be are assigned."""
    for number in range(GROUPS):
        group = {"displayName": f"Group {number:03}", "description": f"Made-up group {number}"}
        groups.add_group(tenant, group, f"populate/{number}")
    make = SampleMaker(tenant, seed, "{platform} - {area} - {topic}")
    counts = plan(policies)
    for key in _ordered(counts):
        for number in range(counts[key]):
            add(make, key, number)


def add(make: SampleMaker, key: str, number: int, title: tuple[str, str] = ("", "")) -> None:
    """One made-up object of a collection; ``title`` is a name and a description of one's own."""
    collection = COLLECTIONS[key]
    content = SAMPLES[key](make, number)
    for member, text in zip((collection.name, "description"), title, strict=True):
        if text and member in content:
            content[member] = text
    if collection.assignable and make.random.random() < 2 / 3:
        content["assignments"] = _assignments(make, collection)
    admission.admit(make.tenant, collection, content, f"populate/{key}/{number}")


def _ordered(counts: dict[str, int]) -> list[str]:
    middle = [key for key in counts if key not in _FIRST and key not in _LAST]
    return [key for key in (*_FIRST, *middle, *_LAST) if key in counts]


def _assignments(make: SampleMaker, collection: Collection) -> list[dict[str, Any]]:
    extra: dict[str, Any] = {"intent": "required"} if collection.key == "mobileApps" else {}
    if "devices" in collection.targets and make.random.random() < 0.2:  # noqa: PLR2004
        return [extra | {"target": {"@odata.type": _ALL_DEVICES}}]
    chosen = make.groups(make.random.choice((1, 1, 2, 3)))
    kinds = [_GROUP] + [_EXCLUSION if at % 2 else _GROUP for at in range(1, len(chosen))]
    return [
        extra | {"target": {"@odata.type": kind, "groupId": group}}
        for kind, group in zip(kinds, chosen, strict=True)
    ]
