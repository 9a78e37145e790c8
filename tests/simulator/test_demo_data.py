"""The demo tenants: as many and as varied as promised, and the same at every start."""

import pytest

from opsapp.simulator import demo_data
from opsapp.simulator.demo_setting import settings
from opsapp.simulator.state import World

NAMED = (
    "configurationPolicies",
    "deviceConfigurations",
    "deviceCompliancePolicies",
    "deviceManagementScripts",
    "deviceShellScripts",
    "assignmentFilters",
    "roleScopeTags",
    "notificationMessageTemplates",
    "deviceEnrollmentConfigurations",
    "windowsAutopilotDeploymentProfiles",
    "androidManagedAppProtections",
    "iosManagedAppProtections",
    "mobileApps",
    "conditionalAccessPolicies",
    "namedLocations",
)


def filled():
    world = World()
    for row in demo_data.TENANTS:
        demo_data.fill(world.enrol(row.slug, row.id, row.name), row)
    return world.tenants


@pytest.fixture(scope="module")
def tenants():
    return filled()


@pytest.mark.parametrize("slug", ["contoso", "fabrikam", "northwind"])
def test_enough_of_everything(tenants, slug):
    counts = tenants[slug].counts()
    assert counts["groups"] >= 40
    assert sum(counts.values()) - counts["groups"] >= 60
    assert set(NAMED) <= set(counts)
    assert tenants[slug].report.notes == []


def test_every_start_makes_the_same(tenants):
    for slug, again in filled().items():
        assert again.objects == tenants[slug].objects
        assert again.groups == tenants[slug].groups


def test_every_assignment_points_at_something_that_exists(tenants):
    for tenant in tenants.values():
        filters = tenant.collection("assignmentFilters")
        for collection in tenant.objects.values():
            for item in collection.values():
                for row in item.children.get("assignments", []):
                    target = row["target"]
                    assert target.get("groupId") is None or target["groupId"] in tenant.groups
                    name = target["deviceAndAppManagementAssignmentFilterId"]
                    assert name is None or name in filters


def test_the_extremes_are_there(tenants):
    policies = tenants["contoso"].collection("configurationPolicies").values()
    names = [item.content["name"] for item in policies]
    assert max(len(name) for name in names) == 120
    assert any("\u05d0" <= char <= "\u05ea" for name in names for char in name)
    assert any("&" in name for name in names)
    counts = [item.content["settingCount"] for item in policies]
    assert max(counts) > 300
    assert min(counts) == 0
    groups = [row.content["displayName"] for row in tenants["contoso"].groups.values()]
    assert any("🚀" in name for name in groups)


def test_all_kinds_of_targets_are_used(tenants):
    for tenant in tenants.values():
        targets = [
            row["target"]
            for collection in tenant.objects.values()
            for item in collection.values()
            for row in item.children.get("assignments", [])
        ]
        assert {target["@odata.type"].rsplit(".", 1)[1] for target in targets} == {
            "groupAssignmentTarget",
            "exclusionGroupAssignmentTarget",
            "allDevicesAssignmentTarget",
            "allLicensedUsersAssignmentTarget",
        }
        modes = {row["deviceAndAppManagementAssignmentFilterType"] for row in targets}
        assert modes >= {"none", "include"}


def test_northwind_did_not_consent_to_conditional_access(tenants):
    assert "Policy.Read.All" in tenants["contoso"].permissions
    assert not any(name.startswith("Policy.") for name in tenants["northwind"].permissions)


def test_a_line_that_is_no_setting_is_refused():
    with pytest.raises(ValueError, match="not a setting"):
        settings("x_", "what is this")
