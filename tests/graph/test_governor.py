"""Rates are judged by what the books promise and by counting, so a slow machine changes nothing."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from opsapp.graph.budgets import BUDGETS, Bucket, buckets_of, throttled_bucket
from opsapp.graph.client import GraphClient
from opsapp.graph.errors import Throttled
from opsapp.graph.governor import Governor, LocalBooks
from opsapp.graph.shared import RedisLink, Unreachable
from opsapp.graph.workloads import Cost, Workload, cost_of
from tests.graph.conftest import OpenGraph, Waits
from tests.graph.stub import CLIENT, TENANT, Stub, page

READ = Cost(Workload.INTUNE)
WRITE = Cost(Workload.INTUNE, write=True)
ACCESS = Cost(Workload.CONDITIONAL_ACCESS)

ROOT = Path(__file__).parents[2]
PACED_ELSEWHERE = """
import sys, time
import redis
from opsapp.graph.governor import Governor
from opsapp.graph.shared import RedisLink
from opsapp.graph.workloads import Cost, Workload

url, tenant, client = sys.argv[1:]
with redis.Redis.from_url(url) as shared:
    governor = Governor(
        RedisLink(shared), client_id=client, tenant_id=tenant, wait=time.sleep, max_wait=60
    )
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(90):
        governor.admit(Cost(Workload.INTUNE))
        seconds, micro = shared.time()
        print(seconds + micro / 1e6)
"""


class Booked:
    """Stands in for sleeping: what was promised is what is tested."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def governor(
    connection: redis.Redis | None,
    *,
    wait=None,
    max_wait: float = 60.0,
    tenant: str = TENANT,
    client: str = CLIENT,
) -> Governor:
    return Governor(
        RedisLink(connection),
        client_id=client,
        tenant_id=tenant,
        wait=wait or Booked(),
        max_wait=max_wait,
    )


def most_within(moments: list[float], seconds: float) -> int:
    ordered = sorted(moments)
    first = 0
    most = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize(
    ("workload", "write", "limit", "window"),
    [
        (Workload.INTUNE, False, 1000, 20),
        (Workload.INTUNE, True, 100, 20),
        (Workload.DEVICES, False, 2000, 20),
        (Workload.DEVICES, True, 200, 20),
        (Workload.IDENTITY, False, 3500, 10),
        (Workload.IDENTITY, True, 3000, 150),
        (Workload.CONDITIONAL_ACCESS, False, 1, 1),
    ],
)
def test_rates_stay_just_below_what_is_published(
    workload: Workload, write: bool, limit: int, window: int
) -> None:
    bucket = throttled_bucket(Cost(workload, write=write))

    if workload is Workload.CONDITIONAL_ACCESS:
        assert bucket.burst == 1
        assert 0.9 <= bucket.rate < 1
        return
    most = bucket.burst + bucket.rate * window
    assert 0.85 * limit <= most < limit


def test_two_processes_share_one_budget(redis_url: str) -> None:
    command = [sys.executable, "-c", PACED_ELSEWHERE, redis_url, TENANT, CLIENT]
    pair = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]
    for process in pair:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in pair:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    written = [process.communicate(timeout=60)[0].split() for process in pair]

    assert [len(lines) for lines in written] == [90, 90]
    bucket = throttled_bucket(READ)
    together = sorted(float(moment) for lines in written for moment in lines)
    # Admission is never early; a slow machine only makes it later.
    for window in (0.5, 1.0, 2.0):
        assert most_within(together, window) <= bucket.burst + bucket.rate * window + 2
    assert together[-1] - together[0] >= (180 - bucket.burst) / bucket.rate * 0.95


def test_the_books_promise_exactly_the_rate(shared: redis.Redis) -> None:
    waits = Booked()
    books = governor(shared, wait=waits)
    bucket = throttled_bucket(ACCESS)

    for _ in range(11):
        books.admit(ACCESS)

    assert len(waits.seconds) == 10
    assert waits.seconds[-1] - waits.seconds[0] == pytest.approx(9 / bucket.rate, abs=1.5)
    assert waits.seconds[-1] <= 10 / bucket.rate


def test_workloads_tenants_and_apps_have_budgets_of_their_own(shared: redis.Redis) -> None:
    busy = governor(shared)
    busy.block(READ, 30)
    idle = Booked()

    governor(shared, wait=idle).admit(Cost(Workload.DEVICES))
    governor(shared, wait=idle).admit(Cost(Workload.IDENTITY))
    governor(shared, wait=idle, tenant="other").admit(READ)
    governor(shared, wait=idle, client="other").admit(READ)
    assert idle.seconds == []


def test_conditional_access_is_shared_by_all_apps_of_the_tenant(shared: redis.Redis) -> None:
    waits = Booked()
    governor(shared).admit(ACCESS)
    governor(shared, client="other", wait=waits).admit(ACCESS)

    assert len(waits.seconds) == 1


def test_a_block_is_seen_by_all_and_only_ever_prolonged(shared: redis.Redis) -> None:
    one, other = governor(shared, max_wait=1), governor(shared, max_wait=1)
    one.block(READ, 100)
    other.block(READ, 5)

    with pytest.raises(Throttled) as caught:
        other.admit(READ)

    assert 90 < (caught.value.retry_after or 0) <= 100
    assert not caught.value.sent


def test_throttled_writes_do_not_hold_up_reads(shared: redis.Redis) -> None:
    books = governor(shared, max_wait=1)
    books.block(WRITE, 100)

    books.admit(READ)
    with pytest.raises(Throttled):
        books.admit(WRITE)


def test_a_refused_admission_books_nothing(shared: redis.Redis) -> None:
    patient, hasty = governor(shared), governor(shared, max_wait=0.5)
    patient.admit(ACCESS)
    before = {key: shared.get(key) for key in shared.scan_iter("*booked")}

    for _ in range(5):
        with pytest.raises(Throttled):
            hasty.admit(ACCESS)

    assert {key: shared.get(key) for key in shared.scan_iter("*booked")} == before


def test_a_block_set_while_somebody_waits_is_obeyed_after_the_wait(shared: redis.Redis) -> None:
    blocker = governor(shared)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            blocker.block(ACCESS, 3)
        elif len(waits) == 2:
            shared.delete(*shared.scan_iter("*blocked"))

    books = governor(shared, wait=wait)
    books.admit(ACCESS)
    books.admit(ACCESS)

    assert len(waits) == 2
    assert 2 < waits[1] <= 3


def test_keys_of_idle_tenants_go_away(shared: redis.Redis) -> None:
    books = governor(shared)
    books.admit(WRITE)
    books.block(READ, 2)

    lives = [shared.pttl(key) for key in shared.scan_iter("opsapp:graph:budget:*")]
    assert len(lives) == 3
    assert all(0 < life < 10_000 for life in lives)


class TestWithoutRedis:
    @pytest.fixture
    def gone(self, tmp_path: Path):
        with redis.Redis(unix_socket_path=str(tmp_path / "nobody"), retry=None) as connection:
            yield connection

    def test_each_process_paces_itself_at_half_the_rate(self, gone: redis.Redis) -> None:
        waits = Booked()
        books = governor(gone, wait=waits)

        books.admit(ACCESS)
        books.admit(ACCESS)

        rate = throttled_bucket(ACCESS).rate
        assert waits.seconds == [pytest.approx(2 / rate, abs=0.5)]

    def test_a_block_is_remembered(self, gone: redis.Redis) -> None:
        books = governor(gone, max_wait=1)
        books.block(READ, 100)

        with pytest.raises(Throttled):
            books.admit(READ)
        books.admit(Cost(Workload.DEVICES))

    def test_a_block_seen_while_redis_was_there_still_counts(
        self, shared: redis.Redis, gone: redis.Redis
    ) -> None:
        books = governor(shared, max_wait=1)
        books.block(READ, 100)
        books._link = RedisLink(gone)

        with pytest.raises(Throttled):
            books.admit(READ)

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
        books = LocalBooks(share=1.0)
        bucket = Bucket("test", rate=10, burst=1)
        found: list[float] = []
        lock = threading.Lock()

        def book(_: int) -> None:
            wait = books.book((bucket,), 1, 60)
            with lock:
                found.append(wait)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(book, range(50)))

        assert 4 < max(found) <= 4.9
        assert len(set(found)) == 50


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
        ("GET", "/groups/1/members", Cost(Workload.IDENTITY, 3)),
        ("GET", "/groups/1/transitiveMembers", Cost(Workload.IDENTITY, 5)),
        ("POST", "/directoryObjects/getByIds", Cost(Workload.IDENTITY, 3)),
        ("POST", "/groups", Cost(Workload.IDENTITY, 1, write=True)),
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
