import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from opsapp.graph.client import BatchRequest, GraphClient
from opsapp.graph.errors import (
    ConsentMissing,
    DependencyFailed,
    NotFound,
    PayloadRejected,
    ResponseInvalid,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from tests.graph.conftest import QUICK, OpenGraph, Waits
from tests.graph.stub import SECRET, Answer, Reset, Seen, Stub, graph_error, page, throttled

SCRIPTS = "/deviceManagement/deviceManagementScripts"


class Parts:
    """Answers each part of a batch; ``faults`` are played first, by part id."""

    def __init__(self, **faults: list[Answer]) -> None:
        self.faults = faults
        self.sizes: list[int] = []
        self.tries: Counter[str] = Counter()
        self.entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, seen: Seen) -> Answer:
        entries = seen.json["requests"]
        with self._lock:
            self.sizes.append(len(entries))
            self.entries += entries
            responses = [self._part(entry) for entry in entries]
        return Answer(body={"responses": responses[::-1]})

    def _part(self, entry: dict[str, Any]) -> dict[str, Any]:
        self.tries[entry["id"]] += 1
        waiting = self.faults.get(entry["id"])
        answer = waiting.pop(0) if waiting else Answer(200, {"id": entry["id"]})
        return {
            "id": entry["id"],
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.body,
        }


def reads(count: int) -> list[BatchRequest]:
    return [BatchRequest(f"p{number}", f"{SCRIPTS}/{number}") for number in range(count)]


def test_results_come_by_id_in_the_order_asked_twenty_in_an_exchange(
    graph: GraphClient, stub: Stub
) -> None:
    parts = Parts()
    stub.on("/$batch", parts)

    results = graph.batch(reads(45))

    assert list(results) == [f"p{number}" for number in range(45)]
    assert all(result.unwrap() == {"id": name} for name, result in results.items())
    assert sorted(parts.sizes) == [5, 20, 20]
    assert min(parts.entries, key=lambda entry: int(entry["id"][1:])) == {
        "id": "p0",
        "method": "GET",
        "url": f"{SCRIPTS}/0",
        "headers": {"Prefer": "include-unknown-enum-members"},
    }


def test_many_reads_come_by_the_names_they_were_given(graph: GraphClient, stub: Stub) -> None:
    parts = Parts()
    stub.on("/$batch", parts)
    addresses = {"item a": "/groups/1", "ITEM A": "/groups/2", "": "/groups/3"}

    results = graph.get_many(addresses, version="v1.0")

    assert list(results) == list(addresses)
    assert all(result.error is None for result in results.values())
    assert [entry["url"] for entry in parts.entries] == list(addresses.values())
    assert graph.get_many({}) == {}


def test_one_lone_request_is_not_batched(graph: GraphClient, stub: Stub) -> None:
    stub.on("/$batch", Parts())
    stub.in_turn(f"{SCRIPTS}/20", Answer(200, {"id": "alone"}))

    results = graph.batch(reads(21))

    assert results["p20"].json == {"id": "alone"}
    assert len(stub.calls("/beta/$batch")) == 1
    assert len(stub.calls(f"/beta{SCRIPTS}/20")) == 1


def test_no_requests_no_exchange(graph: GraphClient, stub: Stub) -> None:
    assert graph.batch([]) == {}
    assert stub.seen == []


def test_only_throttled_parts_are_sent_again_after_their_wait(
    graph: GraphClient, stub: Stub, waits: Waits
) -> None:
    parts = Parts(p3=[throttled("1")], p7=[throttled(), graph_error(503, "", "")])
    stub.on("/$batch", parts)
    stub.in_turn(f"{SCRIPTS}/7", Answer(200, {"id": "p7"}))

    results = graph.batch(reads(20))

    assert all(result.error is None for result in results.values())
    assert parts.tries == {**dict.fromkeys(results, 1), "p3": 2, "p7": 2}
    assert sum(waits.seconds) >= 1
    assert [entry["id"] for entry in parts.entries[20:]] == ["p3", "p7"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_unlucky_parts_are_tried_again(graph: GraphClient, stub: Stub, status: int) -> None:
    parts = Parts(p1=[graph_error(status, "", "")], p2=[graph_error(status, "", "")])
    stub.on("/$batch", parts)

    results = graph.batch(reads(3))

    assert [result.unwrap()["id"] for result in results.values()] == ["p0", "p1", "p2"]
    assert parts.sizes == [3, 2]


def test_one_unlucky_part_is_tried_again_on_its_own(graph: GraphClient, stub: Stub) -> None:
    stub.on("/$batch", Parts(p1=[graph_error(503, "", "")]))
    stub.in_turn(f"{SCRIPTS}/1", Answer(200, {"id": "p1"}))

    assert graph.batch(reads(3))["p1"].unwrap() == {"id": "p1"}
    assert len(stub.calls("/beta/$batch")) == 1


def test_a_part_that_stays_throttled_fails_alone(graph: GraphClient, stub: Stub) -> None:
    parts = Parts(p0=[throttled() for _ in range(99)], p1=[throttled() for _ in range(99)])
    stub.on("/$batch", parts)

    results = graph.batch(reads(5))

    for name in ("p0", "p1"):
        assert isinstance(results[name].error, Throttled)
        with pytest.raises(Throttled):
            results[name].unwrap()
        assert parts.tries[name] == QUICK.tries
    assert [results[name].error for name in ("p2", "p3", "p4")] == [None] * 3


def test_a_part_told_to_wait_long_says_so_at_once(graph: GraphClient, stub: Stub) -> None:
    parts = Parts(p0=[throttled("300")])
    stub.on("/$batch", parts)

    results = graph.batch(reads(3))

    assert isinstance(results["p0"].error, Throttled)
    assert results["p0"].error.retry_after == 300
    assert results["p1"].error is None
    assert parts.sizes == [3]


def test_each_failed_part_has_its_own_error(graph: GraphClient, stub: Stub) -> None:
    stub.roles = ["DeviceManagementApps.Read.All"]
    stub.on(
        "/$batch",
        Parts(
            p0=[graph_error(404, "ResourceNotFound", "Gone.")],
            p1=[graph_error(403, "Forbidden", "No.")],
            p2=[graph_error(424, "FailedDependency", "")],
            p3=[graph_error(400, "BadRequest", "Bad.")],
        ),
    )

    results = graph.batch(reads(5))

    kinds = [type(result.error) for result in results.values()]
    assert kinds == [NotFound, ConsentMissing, DependencyFailed, PayloadRejected, type(None)]
    refused = results["p1"].error
    assert refused is not None
    assert refused.permission == "DeviceManagementScripts.Read.All"
    assert results["p2"].error is not None
    assert results["p2"].error.reason_code == "item.dependency_failed"
    assert all(
        result.error.client_request_id for result in results.values() if result.error is not None
    )


def test_a_missing_or_malformed_part_is_an_error_of_that_part(
    graph: GraphClient, stub: Stub
) -> None:
    good = {"id": "P0", "status": 200, "body": {"id": "case"}}
    odd = ["text", {"status": 200}, {"id": "p1", "status": "200"}, {"id": "p9", "status": 200}]
    stub.in_turn("/$batch", Answer(body={"responses": [good, *odd]}))

    results = graph.batch(reads(3))

    assert results["p0"].json == {"id": "case"}
    assert isinstance(results["p1"].error, ResponseInvalid)
    assert isinstance(results["p2"].error, ResponseInvalid)
    assert list(results) == ["p0", "p1", "p2"]


@pytest.mark.parametrize("envelope", [graph_error(400, "BadRequest", "x"), Answer(200, {"a": 1})])
def test_a_failed_exchange_fails_its_own_parts_only(
    graph: GraphClient, stub: Stub, envelope: Answer
) -> None:
    parts = Parts()
    waiting = [envelope]
    stub.on("/$batch", lambda seen: waiting.pop() if waiting else parts(seen))

    results = graph.batch(reads(40))

    failed = [name for name, result in results.items() if result.error is not None]
    assert failed in ([f"p{number}" for number in some] for some in (range(20), range(20, 40)))


def test_a_broken_exchange_of_reads_is_repeated(graph: GraphClient, stub: Stub) -> None:
    parts = Parts()
    faults = [Reset(), graph_error(502, "", "")]
    stub.on("/$batch", lambda seen: faults.pop() if faults else parts(seen))

    assert all(result.error is None for result in graph.batch(reads(3)).values())
    assert parts.sizes == [3]


def test_a_broken_exchange_with_a_write_is_not_repeated(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn("/$batch", Reset())

    results = graph.batch([*reads(1), BatchRequest("w", "/groups", "POST", body={"a": 1})])

    assert isinstance(results["w"].error, Unavailable)
    assert results["w"].error.effect_unknown
    assert len(stub.calls("/beta/$batch")) == 1


def test_a_write_carries_its_body(graph: GraphClient, stub: Stub) -> None:
    parts = Parts(w=[Answer(201, {"id": "new"})])
    stub.on("/$batch", parts)

    results = graph.batch(
        [*reads(1), BatchRequest("w", "/groups", "POST", {"x": "y"}, {"displayName": "n\ud800"})],
        version="v1.0",
    )

    assert results["w"].status == 201
    assert parts.entries[1] == {
        "id": "w",
        "method": "POST",
        "url": "/groups",
        "headers": {"x": "y", "Content-Type": "application/json"},
        "body": {"displayName": "n\ud800"},
    }
    assert len(stub.calls("/v1.0/$batch")) == 1


def test_a_write_that_may_have_had_its_effect_is_not_sent_again(
    graph: GraphClient, stub: Stub
) -> None:
    parts = Parts(w=[graph_error(504, "", "")])
    stub.on("/$batch", parts)

    results = graph.batch([*reads(1), BatchRequest("w", "/groups", "POST", body={})])

    assert isinstance(results["w"].error, Unavailable)
    assert results["w"].error.effect_unknown
    assert parts.tries["w"] == 1


def test_conditional_access_is_paced_one_by_one(
    graph: GraphClient, stub: Stub, waits: Waits
) -> None:
    path = "/identity/conditionalAccess/policies"
    for number in range(3):
        stub.in_turn(f"{path}/{number}", Answer(200, {"id": str(number)}))

    results = graph.batch([BatchRequest(str(n), f"{path}/{n}") for n in range(3)])

    assert [result.json["id"] for result in results.values()] == ["0", "1", "2"]
    assert stub.calls("/beta/$batch") == []
    assert sum(waits.seconds) > 1.5


def test_ids_must_differ_in_more_than_case(graph: GraphClient, stub: Stub) -> None:
    with pytest.raises(ValueError, match="unique"):
        graph.batch([BatchRequest("a", "/groups"), BatchRequest("A", "/groups")])
    assert stub.seen == []


def test_a_token_that_expires_on_the_way_is_renewed_for_the_parts_it_failed(
    graph: GraphClient, stub: Stub
) -> None:
    stub.on("/$batch", Parts(p0=[graph_error(401, "InvalidAuthenticationToken", "")]))
    stub.in_turn(f"{SCRIPTS}/0", Answer(200, {"id": "p0"}))

    assert graph.batch(reads(3))["p0"].unwrap() == {"id": "p0"}
    assert stub.issued == 2


def test_a_part_that_is_refused_a_second_time_is_given_up(graph: GraphClient, stub: Stub) -> None:
    refused = [graph_error(401, "InvalidAuthenticationToken", "") for _ in range(9)]
    parts = Parts(p0=refused[:4], p1=refused[4:])
    stub.on("/$batch", parts)

    results = graph.batch(reads(3))

    assert isinstance(results["p0"].error, Unauthenticated)
    assert results["p2"].error is None
    assert parts.tries == {"p0": 2, "p1": 2, "p2": 1}
    assert stub.issued <= 3


def test_a_refused_write_in_a_batch_had_no_effect(graph: GraphClient, stub: Stub) -> None:
    stub.on("/$batch", Parts(w=[graph_error(503, "", "", Retry_After="300")]))

    results = graph.batch([*reads(1), BatchRequest("w", "/groups", "POST", body={})])

    error = results["w"].error
    assert isinstance(error, Unavailable)
    assert error.retry_after == 300
    assert not error.effect_unknown


def test_a_wrong_secret_fails_the_whole_batch(graph: GraphClient, stub: Stub) -> None:
    stub.secret = SECRET + "-changed"

    with pytest.raises(Unauthenticated):
        graph.batch(reads(50))

    assert stub.calls("/beta/$batch") == []


def test_threads_share_one_client(graph: GraphClient, stub: Stub) -> None:
    stub.on("/$batch", Parts())
    stub.in_turn("/deviceAppManagement/mobileApps", page("a"))

    def work(_: int) -> tuple[int, list]:
        return len(graph.batch(reads(30))), list(
            graph.iter_items("/deviceAppManagement/mobileApps")
        )

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == [(30, ["a"])] * 16


def test_a_retry_after_inside_a_batch_is_obeyed_by_other_workers(
    open_graph: OpenGraph, stub: Stub, shared: Any
) -> None:
    stub.on("/$batch", Parts(p0=[throttled("300")]))
    open_graph(redis=shared).batch(reads(2))

    with pytest.raises(Throttled):
        open_graph(redis=shared).get(SCRIPTS)
