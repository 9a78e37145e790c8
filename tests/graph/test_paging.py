import pytest

from opsapp.graph.client import GraphClient
from opsapp.graph.errors import ForeignAddress, ResponseInvalid
from tests.graph.stub import Answer, Stub, page

POLICIES = "/deviceManagement/configurationPolicies"


def test_items_of_all_pages_come_in_order_and_empty_pages_do_not_end_them(
    graph: GraphClient, stub: Stub
) -> None:
    link = f"{stub.base_url}/beta{POLICIES}?$skiptoken="
    stub.in_turn(
        POLICIES,
        page({"id": "1"}, {"id": "2"}, next_link=link + "a%26b"),
        page(next_link=link + "c"),
        page({"id": "3"}),
    )

    items = list(graph.iter_items(POLICIES, params={"$top": 2, "$filter": "a eq 'b&c'"}))

    assert [item["id"] for item in items] == ["1", "2", "3"]
    assert [seen.query for seen in stub.calls("/beta" + POLICIES)] == [
        "$top=2&$filter=a eq 'b&c'",
        "$skiptoken=a&b",
        "$skiptoken=c",
    ]


def test_headers_go_with_every_page_and_reads_ask_for_unknown_enum_members(
    graph: GraphClient, stub: Stub
) -> None:
    next_link = f"{stub.base_url}/v1.0/groups?$skiptoken=1"
    stub.in_turn("/groups", page(1, next_link=next_link), page(2))

    pages = graph.iter_pages("/groups", version="v1.0", headers={"ConsistencyLevel": "eventual"})

    assert [found["value"] for found in pages] == [[1], [2]]
    calls = stub.calls("/v1.0/groups")
    assert [seen.headers["consistencylevel"] for seen in calls] == ["eventual"] * 2
    assert {seen.headers["prefer"] for seen in calls} == {"include-unknown-enum-members"}
    assert len({seen.headers["client-request-id"] for seen in calls}) == 2


def test_a_stored_delta_link_is_followed_as_it_is(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn("/groups/delta", page({"id": "g"}, **{"@odata.deltaLink": "d"}))

    (only,) = graph.iter_pages(f"{stub.base_url}/v1.0/groups/delta?$deltatoken=x%3D%3D")

    assert only["@odata.deltaLink"] == "d"
    assert stub.calls("/v1.0/groups/delta")[0].query == "$deltatoken=x=="


@pytest.mark.parametrize(
    "foreign",
    [
        "https://graph.evil.test/beta/x",
        "http://localhost:{port}/beta/x",
        "https://localhost:{port}@evil.test/beta/x",
        "https://user@localhost:{port}/beta/x",
        "https://localhost:1/beta/x",
        "https://localhost:{port}\\@evil.test/beta/x",
        "https://localhost:{port}\\.evil.test/beta/x",
        "https://evil.test/\n@localhost:{port}/beta/x",
        "https://localhost.evil.test:{port}/beta/x",
        "https://localhost:99999/beta/x",
        "//evil.test/beta/x",
        "beta/x",
    ],
)
def test_a_next_link_to_another_place_is_refused_before_the_token_is_sent(
    graph: GraphClient, stub: Stub, foreign: str
) -> None:
    port = stub.base_url.rpartition(":")[2]
    stub.in_turn(POLICIES, page(1, next_link=foreign.format(port=port)))
    items = graph.iter_items(POLICIES)
    assert next(items) == 1
    before = len(stub.seen)

    with pytest.raises(ForeignAddress) as caught:
        next(items)

    assert caught.value.reason_code == "graph.response_invalid"
    assert not caught.value.sent
    assert len(stub.seen) == before


def test_pages_that_lead_back_to_themselves_end_with_an_error(
    graph: GraphClient, stub: Stub
) -> None:
    link = f"{stub.base_url}/beta{POLICIES}?$skiptoken=1"
    stub.in_turn(POLICIES, page(1, next_link=link))

    with pytest.raises(ResponseInvalid, match="endless loop"):
        list(graph.iter_items(POLICIES))

    assert len(stub.calls("/beta" + POLICIES)) == 2


@pytest.mark.parametrize(
    "body",
    [{"value": None}, {}, [1], b"<html>busy</html>", None, {"value": [], "@odata.nextLink": 5}],
)
def test_an_answer_that_is_no_page_is_an_error_not_an_empty_list(
    graph: GraphClient, stub: Stub, body: object
) -> None:
    stub.in_turn(POLICIES, Answer(200, body))

    with pytest.raises(ResponseInvalid) as caught:
        list(graph.iter_items(POLICIES))

    assert caught.value.request_id is not None
    assert caught.value.client_request_id is not None
    assert len(stub.calls("/beta" + POLICIES)) == 1


def test_paging_goes_on_from_a_first_page_that_has_come_already(
    graph: GraphClient, stub: Stub
) -> None:
    link = f"{stub.base_url}/beta{POLICIES}?$skiptoken="
    first = {"value": [1], "@odata.nextLink": link + "b"}
    stub.in_turn(POLICIES, page(2, next_link=link + "c"), page(3))

    pages = list(graph.iter_pages(POLICIES, first=first, params={"$top": 1}))

    assert [found["value"] for found in pages] == [[1], [2], [3]]
    assert [seen.query for seen in stub.calls("/beta" + POLICIES)] == [
        "$skiptoken=b",
        "$skiptoken=c",
    ]
    assert list(graph.iter_pages(POLICIES, first={"value": []})) == [{"value": []}]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ({"value": [], "@odata.nextLink": "https://evil.test/beta/x"}, ForeignAddress),
        ({"value": [], "@odata.nextLink": POLICIES}, ForeignAddress),
        ({"value": None}, ResponseInvalid),
        ({}, ResponseInvalid),
    ],
)
def test_a_first_page_is_trusted_no_more_than_others(
    graph: GraphClient, stub: Stub, first: dict, kind: type
) -> None:
    with pytest.raises(kind):
        list(graph.iter_pages(POLICIES, first=first))
    assert stub.seen == []


def test_a_first_page_that_leads_to_itself_ends_with_an_error(
    graph: GraphClient, stub: Stub
) -> None:
    link = f"{stub.base_url}/beta{POLICIES}"
    with pytest.raises(ResponseInvalid, match="endless loop"):
        list(graph.iter_pages(link, first={"value": [], "@odata.nextLink": link}))
    assert stub.seen == []
