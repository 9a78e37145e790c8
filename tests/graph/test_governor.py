"""Who may send and who must wait; the arithmetic behind it is in test_shared_books."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from opsapp.graph.budgets import BUDGETS, Bucket, buckets_of, throttled_bucket
from opsapp.graph.client import GraphClient, GraphSettings
from opsapp.graph.errors import Throttled
from opsapp.graph.governor import Governor
from opsapp.graph.local_books import LocalBooks
from opsapp.graph.shared import RedisLink, Unreachable
from opsapp.graph.workloads import Cost, Workload, cost_of
from tests.graph.conftest import QUICK, OpenGraph, Waits
from tests.graph.stub import CLIENT, TENANT, Answer, Stub, page, throttled

READ = Cost(Workload.INTUNE)
WRITE = Cost(Workload.INTUNE, write=True)
ACCESS = Cost(Workload.CONDITIONAL_ACCESS)
DIRECTORY = Cost(Workload.IDENTITY)
ROOM = BUDGETS[Workload.INTUNE].everything.units


class Interrupted(Exception):
    """What a run raises out of its wait when it is cancelled."""


def never(_: float) -> None:
    raise Interrupted


def governor(
    connection: redis.Redis | None,
    *,
    wait=time.sleep,
    max_wait: float = 60.0,
    tenant: str = TENANT,
    client: str = CLIENT,
    interactive: bool = False,
) -> Governor:
    return Governor(
        RedisLink(connection),
        client_id=client,
        tenant_id=tenant,
        policy=QUICK,
        wait=wait,
        max_wait=max_wait,
        interactive=interactive,
    )


def room(books: Governor, cost: Cost) -> bool:
    """Whether a request may be sent without waiting; it is then on its way."""
    try:
        books.admit([cost])
    except (Interrupted, Throttled):
        return False
    return True


@pytest.mark.parametrize("workload", list(Workload))
def test_budgets_stay_just_below_what_is_published(workload: Workload) -> None:
    for bucket in {throttled_bucket(Cost(workload, write=write)) for write in (False, True)}:
        assert bucket.units < bucket.published or bucket.published == 1
        assert bucket.units >= 0.97 * bucket.published


def test_a_usual_tenant_never_waits(shared: redis.Redis) -> None:
    books = governor(shared, wait=never)
    for _ in range(900):
        books.settle(books.admit([READ]))


def test_what_is_full_makes_wait(shared: redis.Redis) -> None:
    waits: list[float] = []
    books = governor(shared, wait=waits.append, max_wait=60)
    books.settle(books.admit([Cost(Workload.INTUNE, ROOM)]))

    with pytest.raises(Throttled) as caught:
        books.admit([READ])

    assert not caught.value.sent
    assert waits
    assert all(0 < wait <= 20.2 for wait in waits)


def test_conditional_access_is_paced_in_real_time(shared: redis.Redis) -> None:
    books = governor(shared)
    ends = []
    for _ in range(3):
        admission = books.admit([ACCESS])
        ends.append(shared.time())
        books.settle(admission)
    moments = [seconds + micro / 1e6 for seconds, micro in ends]
    assert all(later - one >= 1 for one, later in pairwise(moments))


def test_workloads_tenants_and_apps_have_budgets_of_their_own(shared: redis.Redis) -> None:
    governor(shared).throttled(READ, 30)

    governor(shared, wait=never).admit([Cost(Workload.DEVICES)])
    governor(shared, wait=never).admit([DIRECTORY])
    governor(shared, wait=never, tenant="other").admit([READ])
    governor(shared, wait=never, client="other").admit([READ])
    assert not room(governor(shared, wait=never), READ)


def test_conditional_access_is_shared_by_all_apps_of_the_tenant(shared: redis.Redis) -> None:
    governor(shared).admit([ACCESS])

    assert not room(governor(shared, client="other", wait=never), ACCESS)
    assert room(governor(shared, tenant="other", wait=never), ACCESS)


def test_a_block_is_seen_by_all_and_only_ever_prolonged(shared: redis.Redis) -> None:
    one, other = governor(shared, max_wait=1), governor(shared, max_wait=1)
    one.throttled(READ, 100)
    other.throttled(READ, 5)

    with pytest.raises(Throttled) as caught:
        other.admit([READ])

    assert 90 < (caught.value.retry_after or 0) <= 100
    assert not caught.value.sent


def test_throttled_writes_do_not_hold_up_reads(shared: redis.Redis) -> None:
    books = governor(shared, max_wait=1)
    books.throttled(WRITE, 100)

    books.admit([READ])
    with pytest.raises(Throttled):
        books.admit([WRITE])


def test_a_refused_admission_leaves_no_trace(shared: redis.Redis) -> None:
    governor(shared).admit([ACCESS])
    before = {key: shared.hgetall(key) for key in shared.scan_iter("opsapp:graph:*")}

    for _ in range(5):
        assert not room(governor(shared, max_wait=0.5), ACCESS)
        assert not room(governor(shared, wait=never), ACCESS)

    assert {key: shared.hgetall(key) for key in shared.scan_iter("opsapp:graph:*")} == before


def test_a_block_set_while_somebody_waits_is_obeyed_after_the_wait(shared: redis.Redis) -> None:
    blocker = governor(shared)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            blocker.throttled(ACCESS, 3)
        elif len(waits) == 2:
            shared.delete(*shared.scan_iter("opsapp:graph:*"))

    books = governor(shared, wait=wait)
    books.settle(books.admit([ACCESS]))
    books.admit([ACCESS])

    assert len(waits) == 2
    assert 2 < waits[1] <= 3


def test_what_never_reached_the_service_costs_nothing(shared: redis.Redis) -> None:
    books = governor(shared, wait=never)
    for _ in range(3):
        books.settle(books.admit([ACCESS]), sent=False)
    assert room(books, ACCESS)


def test_what_the_directory_says_a_request_cost_counts(shared: redis.Redis) -> None:
    books = governor(shared, wait=never)
    units = BUDGETS[Workload.IDENTITY].everything.units
    books.settle(books.admit([DIRECTORY]), resource_units=units - 10)
    books.add_resource_units(5)

    assert room(books, Cost(Workload.IDENTITY, 5))
    assert not room(books, DIRECTORY)


def test_an_interactive_client_is_served_before_background_ones_that_wait(
    shared: redis.Redis,
) -> None:
    first = governor(shared).admit([ACCESS])
    served: list[str] = []
    waiting = {"background": threading.Event(), "person": threading.Event()}
    served_all = threading.Lock()

    def work(name: str) -> None:
        def wait(seconds: float) -> None:
            waiting[name].set()
            time.sleep(seconds)

        books = governor(shared, wait=wait, interactive=name == "person")
        admission = books.admit([ACCESS])
        with served_all:
            served.append(name)
        books.settle(admission)

    with ThreadPoolExecutor(2) as pool:
        later = [pool.submit(work, "background")]
        assert waiting["background"].wait(10)
        later.append(pool.submit(work, "person"))
        assert waiting["person"].wait(10)
        governor(shared).settle(first)
        for each in later:
            each.result(timeout=30)

    assert served == ["person", "background"]


class TestWithoutRedis:
    @pytest.fixture
    def gone(self, tmp_path: Path):
        with redis.Redis(unix_socket_path=str(tmp_path / "nobody"), retry=None) as connection:
            yield connection

    def test_each_process_keeps_to_half_the_budget(self, gone: redis.Redis) -> None:
        books = governor(gone, wait=never)
        assert room(books, Cost(Workload.INTUNE, ROOM // 2))
        assert not room(books, READ)

    def test_who_has_no_redis_at_all_keeps_to_the_whole(self) -> None:
        books = governor(None, wait=never)
        assert room(books, Cost(Workload.INTUNE, ROOM))
        assert not room(books, READ)

    def test_a_block_is_remembered(self, gone: redis.Redis) -> None:
        books = governor(gone, max_wait=1)
        books.throttled(READ, 100)

        with pytest.raises(Throttled):
            books.admit([READ])
        books.admit([Cost(Workload.DEVICES)])

    def test_what_was_seen_while_redis_was_there_still_counts(
        self, shared: redis.Redis, gone: redis.Redis
    ) -> None:
        books = governor(shared, max_wait=1)
        books.throttled(WRITE, 100)
        books.settle(books.admit([Cost(Workload.DEVICES, 1000)]))
        books._shared._link = RedisLink(gone)

        assert not room(books, WRITE)
        assert not room(books, Cost(Workload.DEVICES))

    def test_redis_is_left_alone_for_a_while(self) -> None:
        asked = []

        def fail(_: redis.Redis) -> None:
            asked.append(1)
            raise redis.ConnectionError

        with redis.Redis() as connection:
            link = RedisLink(connection)
            for _ in range(5):
                with pytest.raises(Unreachable):
                    link.ask(fail)
            assert len(asked) == 1

            link._resting_until = 1e-9  # long past
            assert link.ask(lambda _: "back") == "back"
            assert link.ask(lambda _: "stays") == "stays"

    def test_a_client_reads_on(self, open_graph: OpenGraph, stub: Stub, gone: redis.Redis) -> None:
        stub.in_turn("/groups", page("g"))

        assert list(open_graph(redis=gone).iter_items("/groups")) == ["g"]

    def test_threads_share_the_books(self) -> None:
        books, demand = LocalBooks(share=1.0), {Bucket("test", published=10, window=0.5): 1}
        moments: list[float] = []
        lock = threading.Lock()

        def use(_: int) -> None:
            while (wait := books.admit(demand)) > 0:
                time.sleep(wait)
            with lock:
                moments.append(time.monotonic())
            books.settle(demand, demand)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(use, range(40)))

        ordered = sorted(moments)
        units = next(iter(demand)).units
        assert len(ordered) == 40
        gaps = [later - one for one, later in zip(ordered, ordered[units:], strict=False)]
        assert min(gaps) >= 0.5 - 0.01  # the moment is noted just after the admission

    def test_waits_without_retry_after_grow(self) -> None:
        books, bucket = LocalBooks(share=1.0), Bucket("test", published=10, window=0.5)
        books.block(bucket, None, 100, 1000)
        books.block(bucket, None, 100, 1000)
        assert books.admit({bucket: 1}) == pytest.approx(100, abs=5)


@pytest.mark.parametrize(
    ("method", "url", "cost"),
    [
        ("GET", "/deviceManagement/configurationPolicies?$top=5", Cost(Workload.INTUNE)),
        ("GET", "/deviceAppManagement/mobileApps", Cost(Workload.INTUNE)),
        ("POST", "/deviceManagement/configurationPolicies", Cost(Workload.INTUNE, write=True)),
        ("GET", "/deviceManagement/deviceShellScripts/1/assignments", Cost(Workload.DEVICES)),
        ("GET", "/deviceManagement/managedDevices('1')", Cost(Workload.DEVICES)),
        ("GET", "/identity/conditionalAccess/policies", ACCESS),
        ("PATCH", "/identity/conditionalAccess/policies/1", Cost(ACCESS.workload, write=True)),
        ("GET", "/groups?$top=999", Cost(Workload.IDENTITY)),
        ("GET", "/groups?$expand=members", Cost(Workload.IDENTITY, 2)),
        ("GET", "/groups?$select=id", Cost(Workload.IDENTITY, 1)),
        ("GET", "/users", Cost(Workload.IDENTITY, 2)),
        ("GET", "/users?$select=id&$top=999", Cost(Workload.IDENTITY, 1)),
        ("GET", "/groups/1/members?$top=5&$select=id", Cost(Workload.IDENTITY, 1)),
        ("GET", "/groups/1/members?$top=20", Cost(Workload.IDENTITY, 3)),
        ("GET", "/groups/1/members", Cost(Workload.IDENTITY, 3)),
        ("GET", "/groups/1/transitiveMembers", Cost(Workload.IDENTITY, 5)),
        ("POST", "/directoryObjects/getByIds", Cost(Workload.IDENTITY, 3)),
        ("POST", "/groups", Cost(Workload.IDENTITY, 1, write=True)),
        ("DELETE", "/groups/1/members", Cost(Workload.IDENTITY, 1, write=True)),
        ("GET", "/identityProtection/riskyUsers", ACCESS),
        ("GET", "/policies/authenticationStrengthPolicies", ACCESS),
        ("GET", "/identity/identityProviders", Cost(Workload.IDENTITY)),
    ],
)
def test_what_a_request_costs(method: str, url: str, cost: Cost) -> None:
    assert cost_of(method, url) == cost


def test_a_write_takes_from_both_budgets() -> None:
    assert buckets_of(WRITE) == (
        BUDGETS[Workload.INTUNE].everything,
        BUDGETS[Workload.INTUNE].writes,
    )


def test_an_unthrottled_client_is_never_made_to_wait_for_a_few_requests(
    graph: GraphClient, stub: Stub, waits: Waits
) -> None:
    stub.in_turn("/deviceAppManagement/mobileApps", page("a"))

    for _ in range(30):
        graph.get("/deviceAppManagement/mobileApps")

    assert waits.seconds == []


def test_what_a_batch_cost_is_known_to_all(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis
) -> None:
    units = BUDGETS[Workload.IDENTITY].everything.units

    def answer(seen) -> Answer:
        cost = {"x-ms-resource-unit": str(units // 2 - 1)}
        parts = [{"id": p["id"], "status": 200, "headers": cost} for p in seen.json["requests"]]
        return Answer(body={"responses": parts})

    stub.on("/$batch", answer)
    open_graph(redis=shared).get_many({"a": "/groups/1", "b": "/groups/2"})

    assert room(governor(shared, wait=never), Cost(Workload.IDENTITY, 2))
    assert not room(governor(shared, wait=never), Cost(Workload.IDENTITY, 2))


def test_a_busy_directory_makes_all_take_less(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis
) -> None:
    busy = page("g")
    busy.headers["x-ms-throttle-limit-percentage"] = "0.95"
    stub.in_turn("/groups", busy)
    open_graph(redis=shared).get("/groups")

    units = BUDGETS[Workload.IDENTITY].everything.units
    assert not room(governor(shared, wait=never), Cost(Workload.IDENTITY, int(units * 0.75)))
    assert room(governor(shared, wait=never), Cost(Workload.IDENTITY, int(units * 0.5)))


def test_a_429_without_retry_after_holds_up_all(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis, graph_settings: GraphSettings
) -> None:
    stub.in_turn("/deviceManagement/intents", throttled())
    slow = replace(
        graph_settings, retry=replace(QUICK, first_throttle_backoff=70, longest_backoff=70)
    )

    with pytest.raises(Throttled):
        open_graph(redis=shared, settings=slow).get("/deviceManagement/intents")

    with pytest.raises(Throttled) as caught:
        governor(shared).admit([READ])
    assert 60 < (caught.value.retry_after or 0) <= 70 * 1.25
