import contextvars
import threading

import pytest

from opsapp.graph import guard
from opsapp.graph.client import BatchRequest, GraphClient
from tests.graph.conftest import OpenGraph
from tests.graph.stub import Stub, page

USES = {
    "get": lambda graph: graph.get("/organization"),
    "get_json": lambda graph: graph.get_json("/organization"),
    "iter_items": lambda graph: list(graph.iter_items("/groups")),
    "iter_pages": lambda graph: list(graph.iter_pages("/groups")),
    "post": lambda graph: graph.post("/groups", {}),
    "batch": lambda graph: graph.batch([BatchRequest("1", "/groups")]),
    "empty batch": lambda graph: graph.batch([]),
    "token_roles": lambda graph: graph.token_roles(),
    "fresh token_roles": lambda graph: graph.token_roles(fresh=True),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_no_use_of_a_client_gets_out_where_graph_is_forbidden(
    graph: GraphClient, stub: Stub, use
) -> None:
    token = guard.forbid()
    try:
        with pytest.raises(guard.GraphForbiddenHere):
            use(graph)
    finally:
        guard.lift(token)

    assert stub.seen == []


def test_no_client_is_opened_where_graph_is_forbidden(open_graph: OpenGraph) -> None:
    token = guard.forbid()
    try:
        with pytest.raises(guard.GraphForbiddenHere):
            open_graph()
    finally:
        guard.lift(token)


def test_pages_begun_before_do_not_go_on(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn("/groups", page(1, next_link=f"{stub.base_url}/beta/groups?$skiptoken=1"))
    items = graph.iter_items("/groups")
    assert next(items) == 1
    token = guard.forbid()
    try:
        with pytest.raises(guard.GraphForbiddenHere):
            next(items)
    finally:
        guard.lift(token)


def test_it_is_lifted_explicitly_and_only_inside(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn("/groups", page(1))
    token = guard.forbid()
    try:
        with guard.allow_here():
            assert list(graph.iter_items("/groups")) == [1]
        with pytest.raises(guard.GraphForbiddenHere):
            graph.get("/groups")
    finally:
        guard.lift(token)
    assert list(graph.iter_items("/groups")) == [1]


def test_it_holds_in_its_own_context_only() -> None:
    found: list[bool] = []

    def elsewhere() -> None:
        guard.check()
        found.append(True)

    token = guard.forbid()
    try:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with pytest.raises(guard.GraphForbiddenHere):
            contextvars.copy_context().run(guard.check)
    finally:
        guard.lift(token)
    assert found == [True]
