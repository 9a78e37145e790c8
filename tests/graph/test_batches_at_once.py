"""Several exchanges at once, and one wait that belongs to the caller's thread."""

import threading
import time
from contextlib import suppress
from typing import Any

import pytest
import redis

from opsapp.graph.budgets import RESOURCE_UNITS
from opsapp.graph.client import BatchRequest, GraphClient
from opsapp.graph.crew import Patience
from opsapp.graph.errors import Unauthenticated
from opsapp.graph.workloads import Cost, Workload
from tests.graph.conftest import OpenGraph
from tests.graph.stub import SECRET, Answer, Seen, Stub, graph_error, login_refusal, throttled
from tests.graph.test_batch import SCRIPTS, Parts, reads
from tests.graph.test_governor import governor

ACCESS = "/identity/conditionalAccess/policies"


class Cancelled(BaseException):
    """As the ledger's, which no ``except Exception`` may eat."""


class Together:
    """Lets batches be answered only when so many are asked at once, or time is up."""

    def __init__(self, count: int) -> None:
        self.parts = Parts()
        self.most = self.now = 0
        self._gate = threading.Barrier(count)
        self._lock = threading.Lock()

    def __call__(self, seen: Seen) -> Answer:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        with suppress(threading.BrokenBarrierError):
            self._gate.wait(10)
        with self._lock:
            self.now -= 1
        return self.parts(seen)


def test_four_exchanges_are_on_their_way_at_once(graph: GraphClient, stub: Stub) -> None:
    together = Together(4)
    stub.on("/$batch", together)

    results = graph.batch(reads(160))

    assert together.most == 4
    assert [result.unwrap()["id"] for result in results.values()] == list(results)
    assert sorted(together.parts.sizes) == [20] * 8


def test_connections_are_kept(graph: GraphClient, stub: Stub) -> None:
    stub.on("/$batch", Parts())
    before = stub.connections

    for _ in range(6):
        graph.batch(reads(160))

    assert len(stub.calls("/beta/$batch")) == 48
    assert stub.connections - before <= 4 + 1  # and one for the sign-in


def test_parts_of_a_workload_go_together(graph: GraphClient, stub: Stub) -> None:
    seen: list[list[str]] = []
    parts = Parts()

    def script(request: Seen) -> Answer:
        seen.append([entry["url"].split("/")[1] for entry in request.json["requests"]])
        return parts(request)

    stub.on("/$batch", script)
    mixed = [
        BatchRequest(f"{name}{number}", f"/{name}/{number}")
        for number in range(20)
        for name in ("groups", "deviceAppManagement")
    ]

    results = graph.batch(mixed)

    assert list(results) == [part.id for part in mixed]
    assert sorted(len(set(names)) for names in seen) == [1, 1]


def test_conditional_access_does_not_hold_up_the_others(graph: GraphClient, stub: Stub) -> None:
    ended: list[str] = []
    parts = Parts()

    def batch(request: Seen) -> Answer:
        ended.append("batch")
        return parts(request)

    def single(request: Seen) -> Answer:
        ended.append(request.path)
        return Answer(200, {"id": request.path.rpartition("/")[2]})

    stub.on("/$batch", batch)
    paced = [BatchRequest(str(number), f"{ACCESS}/{number}") for number in range(3)]
    for part in paced:
        stub.on(part.url, single)

    results = graph.batch([*paced, *reads(100)])

    assert [results[part.id].json["id"] for part in paced] == ["0", "1", "2"]
    assert all(result.error is None for result in results.values())
    assert ended[-1] == f"/beta{ACCESS}/2"
    assert ended.count("batch") == 5


def test_only_the_callers_thread_waits(open_graph: OpenGraph, stub: Stub) -> None:
    stub.on("/$batch", Parts(**{f"p{number}": [throttled("1")] for number in range(0, 100, 20)}))
    for number in range(0, 100, 20):
        stub.in_turn(f"{SCRIPTS}/{number}", Answer(200, {"id": f"p{number}"}))
    threads, pieces = set(), []

    def wait(seconds: float) -> None:
        threads.add(threading.get_ident())
        pieces.append(seconds)
        time.sleep(seconds)

    results = open_graph(wait=wait).batch(reads(100))

    assert all(result.error is None for result in results.values())
    assert threads == {threading.get_ident()}
    assert max(pieces) <= 0.25


def test_a_cancel_stops_all_and_comes_out(open_graph: OpenGraph, stub: Stub) -> None:
    stub.on("/$batch", Parts(**{f"p{number}": [throttled("20")] for number in range(0, 400, 20)}))
    started = time.monotonic()

    def wait(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        open_graph(wait=wait).batch(reads(400))

    assert time.monotonic() - started < 15
    assert not [t for t in threading.enumerate() if t.name == "graph-exchange"]
    seen = len(stub.seen)
    assert seen < 20
    time.sleep(0.1)
    assert len(stub.seen) == seen


def test_a_cancelled_wait_for_room_gives_up_the_place(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis
) -> None:
    stub.on("/$batch", Parts())
    governor(shared).admit([Cost(Workload.IDENTITY, RESOURCE_UNITS.units)])

    def wait(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        open_graph(redis=shared, wait=wait).batch(
            BatchRequest(str(number), f"/groups/{number}") for number in range(100)
        )

    deadline = time.monotonic() + 5
    while any(b"wait:" in name for name in fields(shared)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert stub.calls("/beta/$batch") == []


def fields(shared: redis.Redis) -> list[bytes]:
    return [name for key in shared.scan_iter("opsapp:graph:budget:*") for name in shared.hkeys(key)]


def test_a_sign_in_that_fails_on_the_way_fails_the_whole(graph: GraphClient, stub: Stub) -> None:
    good = Parts()
    stub.on("/$batch", good)
    graph.batch(reads(2))
    stub.expire_tokens()
    stub.secret = SECRET + "-changed"

    with pytest.raises(Unauthenticated):
        graph.batch(reads(200))


def test_a_sign_in_service_that_is_away_fails_every_part_and_is_asked_once(
    graph: GraphClient, stub: Stub
) -> None:
    stub.login_script = lambda _: login_refusal(90033, "Busy.", 503, "temporarily_unavailable")

    results = graph.batch(reads(100))

    assert {result.error.reason_code for result in results.values() if result.error} == {
        "graph.unavailable"
    }
    assert len(results) == 100
    assert stub.calls("/beta/$batch") == []


def test_a_token_refused_to_several_exchanges_is_renewed_once(
    graph: GraphClient, stub: Stub
) -> None:
    together = Together(4)
    refused = graph_error(401, "InvalidAuthenticationToken", "")
    together.parts = Parts(**{f"p{number}": [refused] for number in range(80)})
    stub.on("/$batch", together)

    results = graph.batch(reads(80))

    assert all(result.error is None for result in results.values())
    assert stub.issued == 2


def test_throttled_parts_of_all_exchanges_come_in_the_end(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis
) -> None:
    faults: dict[str, list[Any]] = {f"p{number}": [throttled("1")] for number in range(0, 200, 7)}
    throttled_once, parts = set(faults), Parts(**faults)
    stub.on("/$batch", parts)

    results = open_graph(redis=shared).batch(reads(200))

    assert all(result.error is None for result in results.values())
    assert parts.tries == {name: 1 + (name in throttled_once) for name in results}


class TestPatience:
    def test_results_come_in_order(self) -> None:
        patience = Patience(time.sleep)

        def job(number: int) -> int:
            patience(0.002 * (20 - number))
            return number

        assert patience.run([lambda n=n: job(n) for n in range(20)], 4) == list(range(20))

    def test_one_job_runs_in_the_callers_thread(self) -> None:
        assert Patience(time.sleep).run([threading.get_ident], 4) == [threading.get_ident()]
        assert Patience(time.sleep).run([], 4) == []

    def test_the_first_failure_comes_out_and_wakes_who_sleeps(self) -> None:
        patience = Patience(time.sleep)
        asleep = threading.Event()

        def sleeper() -> None:
            asleep.set()
            patience(60)

        def failing() -> None:
            assert asleep.wait(10)
            raise KeyError("first")

        started = time.monotonic()
        with pytest.raises(KeyError, match="first"):
            patience.run([sleeper, failing], 2)
        assert time.monotonic() - started < 30

    def test_jobs_not_begun_are_never_begun_after_a_failure(self) -> None:
        begun: list[int] = []

        def job(number: int) -> None:
            begun.append(number)
            raise ValueError

        with pytest.raises(ValueError):
            Patience(time.sleep).run([lambda n=n: job(n) for n in range(50)], 2)
        assert len(begun) <= 2
