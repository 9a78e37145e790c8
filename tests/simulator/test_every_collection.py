"""Every collection of the table: lists, objects, parts and paging, on a tenant with all of them."""

import pytest

from opsapp.simulator.catalogue import COLLECTIONS

DM = "deviceManagement"
READABLE = sorted(COLLECTIONS)


@pytest.mark.parametrize("key", READABLE)
def test_contoso_has_one(contoso, key):
    assert contoso.everything(COLLECTIONS[key].path)


@pytest.mark.parametrize("key", READABLE)
def test_the_object_has_what_the_list_leaves_out(contoso, key):
    row = COLLECTIONS[key]
    item = contoso.everything(row.path)[0]
    full = contoso.body(f"{row.path}/{item['id']}")
    for member in row.absent_in_list:
        assert member not in item
        assert member in full
    for member in row.on_select:
        assert member not in item
        assert member not in full
        assert member in contoso.body(f"{row.path}/{item['id']}?$select=id,{member.lower()}")
    for member in row.null_in_list:
        assert item[member] is None


@pytest.mark.parametrize("key", READABLE)
def test_navigation_shows_only_where_it_is_asked_for(contoso, key):
    row = COLLECTIONS[key]
    for item in contoso.everything(row.path):
        assert not {*row.children, *row.links} & set(item)
        for name in row.children:
            address = f"{row.path}/{item['id']}/{name}"
            if name in row.no_child_url:
                assert contoso.get(address).status_code == 400
                continue
            rows = contoso.everything(f"{address}?$top=1000")
            assert all(part.get("id") for part in rows)
            expanded = contoso.body(f"{row.path}/{item['id']}?$expand={name}")[name]
            empty = {*row.empty_expand, *row.item_empty_expand}
            assert expanded == ([] if name in empty else rows)


@pytest.mark.parametrize("key", READABLE)
def test_lists_expand_their_parts_or_refuse(contoso, key):
    row = COLLECTIONS[key]
    for name in row.children:
        answer = contoso.get(f"{row.path}?$expand={name}")
        assert answer.status_code == (400 if name in row.no_list_expand else 200)
        for item in answer.json().get("value", []):
            if name in row.empty_expand:
                assert item[name] == []
            elif name not in row.no_child_url:
                address = f"{row.path}/{item['id']}/{name}?$top=1000"
                assert item[name] == contoso.everything(address)


@pytest.mark.parametrize("key", READABLE)
def test_pages_hold_every_object_once(simulator, contoso, key):
    row = COLLECTIONS[key]
    whole = [item["id"] for item in contoso.everything(row.path)]
    simulator.set_faults(max_page=1, empty_page_every=2)
    pages = contoso.pages(row.path)
    assert [item["id"] for page in pages for item in page["value"]] == whole
    assert max(len(page["value"]) for page in pages) == 1
    simulator.clear_faults()


@pytest.mark.parametrize("key", READABLE)
def test_lists_need_their_permission(simulator, key):
    from tests.simulator.conftest import Caller, _numbers

    row = COLLECTIONS[key]
    tenant = simulator.add_tenant(f"rights{next(_numbers)}")
    simulator.set_permissions(tenant.slug, revoke=[*row.rights.read, *row.rights.write])
    caller = Caller(simulator, tenant)
    assert caller.get(row.path).status_code == 403
    simulator.set_permissions(tenant.slug, grant=[row.rights.read[0]])
    caller.renew()
    assert caller.get(row.path).status_code == 200
    caller.http.close()


def test_list_of_policies_expands_assignments_and_the_object_does_not(contoso):
    path = f"{DM}/configurationPolicies"
    rows = contoso.everything(f"{path}?$expand=assignments")
    assert any(row["assignments"] for row in rows)
    for row in rows[:5]:
        assert row["assignments"] == contoso.everything(f"{path}/{row['id']}/assignments")
        assert contoso.body(f"{path}/{row['id']}?$expand=assignments")["assignments"] == []


def test_settings_in_a_list_make_pages_of_two(contoso):
    path = f"{DM}/configurationPolicies"
    pages = contoso.pages(f"{path}?$expand=settings&$top=50")
    assert {len(page["value"]) for page in pages[:-1]} == {2}
    for row in [row for page in pages for row in page["value"]]:
        assert len(row["settings"]) == row["settingCount"]


def test_definition_values_nested_and_at_their_own_address(contoso):
    path = f"{DM}/groupPolicyConfigurations"
    item = contoso.everything(path)[0]
    query = "$expand=definition($select=id),presentationValues($expand=presentation($select=id))"
    rows = contoso.everything(f"{path}/{item['id']}/definitionValues?{query}")
    plain = contoso.everything(f"{path}/{item['id']}/definitionValues")
    assert set(plain[0]) & {"definition", "presentationValues"} == set()
    known = {row["id"] for row in contoso.everything(f"{DM}/groupPolicyDefinitions?$top=1000")}
    assert {row["definition"]["id"] for row in rows} <= known
    assert any(row["presentationValues"] for row in rows)
    for row in rows:
        assert set(row["definition"]) == {"id"}
        own = f"{path}/{item['id']}/definitionValues/{row['id']}"
        values = contoso.everything(f"{own}/presentationValues?$expand=presentation($select=id)")
        assert [value["presentation"] for value in values] == [
            value["presentation"] for value in row["presentationValues"]
        ]
        definition = contoso.body(f"{own}/definition")
        assert definition["classType"] in ("machine", "user")


def test_intents_by_category_hold_every_setting_once(contoso):
    path = f"{DM}/intents"
    item = contoso.everything(path)[0]
    whole = contoso.everything(f"{path}/{item['id']}/settings?$top=1000")
    categories = contoso.everything(f"{path}/{item['id']}/categories")
    assert len(categories) > 1
    found = [
        row
        for category in categories
        for row in contoso.everything(
            f"{path}/{item['id']}/categories/{category['id']}/settings?$top=1000"
        )
    ]
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in whole)
    templates = {row["id"] for row in contoso.everything(f"{DM}/templates")}
    assert item["templateId"] in templates


def test_role_assignments_lead_to_role_and_tags(contoso):
    path = f"{DM}/roleAssignments"
    item = contoso.everything(path)[0]
    cast = "microsoft.graph.deviceAndAppManagementRoleAssignment/roleScopeTags"
    full = contoso.body(f"{path}/{item['id']}?$expand={cast},roleDefinition")
    assert [tag["id"] for tag in full["roleScopeTags"]] == ["0"]
    role = contoso.body(f"{path}/{item['id']}/roleDefinition")
    assert role["id"] == full["roleDefinition"]["id"]
    refs = contoso.body(f"{DM}/roleDefinitions/{role['id']}?$expand=roleAssignments")
    assert {"id": item["id"]} in refs["roleAssignments"]
    assert full["members"]


def test_images_come_one_at_a_time(contoso):
    path = f"{DM}/intuneBrandingProfiles"
    item = contoso.everything(path)[0]
    assert item["themeColorLogo"] is item["lightBackgroundLogo"] is None
    both = contoso.body(f"{path}/{item['id']}?$select=themeColorLogo,lightBackgroundLogo")
    assert both["themeColorLogo"] is both["lightBackgroundLogo"] is None
    one = contoso.body(f"{path}/{item['id']}?$select=themeColorLogo")
    assert one["themeColorLogo"]["value"]
    own = contoso.body(f"{path}/{item['id']}/themeColorLogo")
    assert own["value"] == one["themeColorLogo"]["value"]


def test_single_objects_below_device_management(contoso):
    whole = contoso.body(f"{DM}?$select=settings")
    assert set(whole) - {"@odata.context"} == {"id", "settings"}
    assert contoso.body(f"{DM}/settings").items() >= whole["settings"].items()
    assert contoso.body(f"{DM}/applePushNotificationCertificate")["appleIdentifier"]
    play = contoso.body(f"{DM}/androidManagedStoreAccountEnterpriseSettings")
    assert play["ownerUserPrincipalName"]
    for place in ("settings", "auditEvents", "applePushNotificationCertificate"):
        assert contoso.call("DELETE", f"{DM}/{place}").status_code == 405


def test_authentication_strengths_have_two_addresses(contoso):
    rows = contoso.everything("policies/authenticationStrengthPolicies")
    long = contoso.everything("identity/conditionalAccess/authenticationStrengths/policies")
    assert rows == long != []


def test_setting_definitions_are_expanded_with_settings(contoso):
    path = f"{DM}/configurationPolicies"
    found = {}
    for item in contoso.everything(path):
        for row in contoso.everything(f"{path}/{item['id']}/settings?$expand=settingDefinitions"):
            held = str(row["settingInstance"])
            for definition in row["settingDefinitions"]:
                assert definition["id"] in held
                found[definition["id"]] = definition
    inbound = found["vendor_msft_firewall_mdmstore_domainprofile_defaultinboundaction"]
    assert inbound["displayName"] == "Default Inbound Action for Domain Profile"
    assert [option["displayName"] for option in inbound["options"]] == ["Allow", "Block"]


def test_templates_of_policies_are_readable_and_nothing_else(contoso):
    path = f"{DM}/configurationPolicyTemplates"
    for item in contoso.everything(path):
        rows = contoso.everything(
            f"{path}/{item['id']}/settingTemplates?$expand=settingDefinitions&$top=1000"
        )
        assert len(rows) == item["settingTemplateCount"]
        assert contoso.call("DELETE", f"{path}/{item['id']}").status_code == 405
    assert contoso.call("POST", path, json={"displayName": "T"}).status_code == 405
