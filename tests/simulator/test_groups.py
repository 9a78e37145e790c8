"""Groups: list, search, getByIds, delta with removals and resets."""

import pytest


@pytest.fixture
def groups(simulator, tenant):
    return [simulator.add_group(tenant.slug, displayName=f"Group {n:03}") for n in range(250)]


def delta(caller, url="groups/delta"):
    """All rows of a round, and the link to the next one."""
    pages = caller.pages(url)
    return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"]


def test_lists_have_their_own_page_size(caller, groups):
    assert [len(page["value"]) for page in caller.pages("groups")] == [100, 100, 50]
    assert len(caller.pages("groups?$top=999")) == 1
    assert caller.get("groups?$top=1000").status_code == 400
    assert caller.get("groups?$skip=5").status_code == 400


def test_prefix_filter_and_search(caller, simulator, tenant):
    for name in ("Sales EMEA", "Sales Americas", "Presales", "O'Neil & Sons"):
        simulator.add_group(tenant.slug, displayName=name, mail=f"{name[:3].lower()}@x.example")
    rows = caller.everything("groups?$filter=startswith(displayName,'sales')")
    assert [row["displayName"] for row in rows] == ["Sales EMEA", "Sales Americas"]
    rows = caller.everything("groups", params={"$filter": "displayName eq 'O''Neil & Sons'"})
    assert len(rows) == 1
    refused = caller.get('groups?$search="displayName:sales"')
    assert refused.json()["error"]["code"] == "Request_UnsupportedQuery"
    advanced = {"ConsistencyLevel": "eventual"}
    rows = caller.everything('groups?$search="displayName:emea"', headers=advanced)
    assert [row["displayName"] for row in rows] == ["Sales EMEA"]
    both = '"displayName:emea" OR "mail:pre"'
    assert len(caller.everything(f"groups?$search={both}", headers=advanced)) == 2


def test_counting_needs_the_advanced_mode(caller, groups):
    advanced = {"ConsistencyLevel": "eventual"}
    assert caller.get("groups/$count").status_code == 400
    assert caller.get("groups/$count", headers=advanced).text == "250"
    assert "@odata.count" not in caller.body("groups?$count=true")
    assert caller.body("groups?$count=true", headers=advanced)["@odata.count"] == 250


def test_get_by_ids_leaves_out_the_unknown(caller, groups):
    ids = [groups[3]["id"], "nothing", groups[7]["id"]]
    body = {"ids": ids, "types": ["group"]}
    rows = caller.call("POST", "directoryObjects/getByIds", json=body).json()["value"]
    assert [row["displayName"] for row in rows] == ["Group 003", "Group 007"]
    assert rows[0]["@odata.type"] == "#microsoft.graph.group"
    too_many = {"ids": [str(number) for number in range(1001)]}
    assert caller.call("POST", "directoryObjects/getByIds", json=too_many).status_code == 400


def test_the_first_round_gives_every_group_once(caller, groups):
    pages = caller.pages("groups/delta?$select=displayName")
    assert [len(page["value"]) for page in pages] == [100, 100, 50]
    rows = [row for page in pages for row in page["value"]]
    assert [row["id"] for row in rows] == [group["id"] for group in groups]
    assert set(rows[0]) == {"id", "displayName"}
    assert "@odata.deltaLink" not in pages[0]


def test_later_rounds_give_changes_and_removals_only(caller, simulator, tenant, groups):
    _, link = delta(caller)
    assert delta(caller, link)[0] == []
    simulator.change_group(tenant.slug, groups[5]["id"], displayName="Renamed")
    simulator.remove_group(tenant.slug, groups[9]["id"], reason="deleted")
    added = simulator.add_group(tenant.slug, displayName="New")
    rows, following = delta(caller, link)
    assert [(row["id"], row.get("displayName"), row.get("@removed")) for row in rows] == [
        (groups[5]["id"], "Renamed", None),
        (groups[9]["id"], None, {"reason": "deleted"}),
        (added["id"], "New", None),
    ]
    assert delta(caller, following)[0] == []
    assert caller.get(f"groups/{groups[9]['id']}").status_code == 404


def test_a_change_between_two_pages_pushes_nobody_out(caller, simulator, tenant, groups):
    first = caller.body("groups/delta")
    simulator.change_group(tenant.slug, groups[0]["id"], displayName="Moved")
    rest, link = delta(caller, first["@odata.nextLink"])
    seen = {row["id"] for row in first["value"] + rest}
    assert seen == {group["id"] for group in groups}
    assert [row["id"] for row in delta(caller, link)[0]] == [groups[0]["id"]]


def test_an_old_token_answers_410_with_the_way_back(caller, simulator, tenant, groups):
    _, link = delta(caller, "groups/delta?$select=displayName")
    simulator.reset_delta(tenant.slug)
    gone = caller.get(link)
    assert gone.status_code == 410
    rows, fresh = delta(caller, gone.headers["Location"])
    assert len(rows) == 250
    assert delta(caller, fresh)[0] == []


def test_latest_gives_a_link_and_no_data(caller, simulator, tenant, groups):
    rows, link = delta(caller, "groups/delta?$deltatoken=latest")
    assert rows == []
    simulator.change_group(tenant.slug, groups[1]["id"], displayName="X")
    assert [row["id"] for row in delta(caller, link)[0]] == [groups[1]["id"]]


@pytest.mark.parametrize("query", ["$top=5", "$expand=members", "$orderby=displayName"])
def test_delta_refuses_options(caller, query):
    assert caller.get(f"groups/delta?{query}").status_code == 400


def test_badly_formed_delta_tokens_are_refused(caller):
    assert caller.get("groups/delta?$deltatoken=garbage").status_code == 400


def test_groups_can_be_written_through_graph(caller):
    made = caller.call("POST", "groups", json={"displayName": "Made", "securityEnabled": True})
    assert made.status_code == 201
    path = f"groups/{made.json()['id']}"
    assert caller.call("PATCH", path, json={"description": "d"}).status_code == 204
    assert caller.body(path)["description"] == "d"
    assert caller.call("DELETE", path).status_code == 204
    assert caller.get(path).status_code == 404
    assert caller.call("POST", "groups", json={}).status_code == 400
