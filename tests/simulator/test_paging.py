"""Pages: default sizes, the tester's limits, empty pages, foreign links."""

from urllib.parse import urlsplit

import pytest

DM = "deviceManagement"
SCRIPTS = f"{DM}/deviceManagementScripts"


@pytest.fixture
def scripts(simulator, tenant):
    return [
        simulator.add_object(tenant.slug, "deviceManagementScripts", {"displayName": f"S{number}"})
        for number in range(230)
    ]


def test_intune_gives_100_a_page(caller, scripts):
    pages = caller.pages(SCRIPTS)
    assert [len(page["value"]) for page in pages] == [100, 100, 30]
    ids = [row["id"] for page in pages for row in page["value"]]
    assert ids == [row["id"] for row in scripts]


def test_top_is_the_page_size_and_kept_in_links(caller, scripts):
    assert [len(page["value"]) for page in caller.pages(f"{SCRIPTS}?$top=80")] == [80, 80, 70]
    assert len(caller.pages(f"{SCRIPTS}?$top=1000")) == 1


def test_links_are_absolute_on_the_host_that_was_asked(caller, scripts):
    link = urlsplit(caller.body(SCRIPTS)["@odata.nextLink"])
    assert f"{link.scheme}://{link.netloc}" == caller.simulator.base_url
    other = caller.simulator.base_url.replace("localhost", "127.0.0.1")
    answer = caller.http.get(f"{other}/beta/{SCRIPTS}")
    assert answer.json()["@odata.nextLink"].startswith(other)


def test_the_limit_knob_makes_pages_smaller(simulator, caller, scripts):
    simulator.set_faults(max_page=7)
    assert len(caller.pages(f"{SCRIPTS}?$top=100")) == 33


def test_empty_pages_come_and_nothing_is_lost(simulator, caller, scripts):
    simulator.set_faults(empty_page_every=2)
    pages = caller.pages(SCRIPTS)
    assert [len(page["value"]) for page in pages] == [100, 0, 100, 30]


def test_a_foreign_next_link_can_be_ordered(simulator, caller, scripts):
    simulator.set_faults(next_link_base="https://elsewhere.example")
    link = caller.body(SCRIPTS)["@odata.nextLink"]
    assert link.startswith(f"https://elsewhere.example/beta/{SCRIPTS}?")
