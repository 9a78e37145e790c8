"""The books by a clock that only moves when told: what is tested is arithmetic, not luck."""

import heapq
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from opsapp.graph.budgets import BUDGETS, Bucket, demand_of
from opsapp.graph.shared import RedisLink
from opsapp.graph.shared_books import LEASE_SECONDS, SharedBooks, Waits
from opsapp.graph.workloads import Cost, Workload
from tests.graph.stub import CLIENT, TENANT

ROOT = Path(__file__).parents[2]
BUCKET = Bucket("test", published=100, window=10)
MOST = BUCKET.units
TOLD = "local now = tonumber(redis.call('GET', 'told-clock'))\n"
WAITS = Waits(first=2, longest=60)
AT_ONCE = """
import random, sys, time
import redis
from opsapp.graph.budgets import Bucket
from opsapp.graph.shared import RedisLink
from opsapp.graph.shared_books import SharedBooks

url, name, tenant, client = sys.argv[1:]
bucket = Bucket("test", published=50, window=1)
with redis.Redis.from_url(url) as shared:
    books = SharedBooks(RedisLink(shared), client_id=client, tenant_id=tenant)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        who, demand = f"{name}-{number}", {bucket: random.randint(1, 5)}
        while True:
            wait, lease = books.admit(who, demand, interactive=False, longest=60)
            if wait <= 0:
                break
            time.sleep(wait)
        time.sleep(random.uniform(0, 0.03))
        seconds, micro = shared.time()
        print(seconds + micro / 1e6, demand[bucket], flush=True)
        time.sleep(random.uniform(0, 0.03))
        books.settle(demand, lease, demand)
"""


@dataclass
class Told:
    """Books by a told clock, which knows whole milliseconds."""

    server: redis.Redis
    milliseconds: int = 1_700_000_000_000
    names: int = 0
    books: SharedBooks = field(init=False)

    def __post_init__(self) -> None:
        self.books = SharedBooks(
            RedisLink(self.server), client_id=CLIENT, tenant_id=TENANT, clock=TOLD
        )
        self.go(0)

    @property
    def at(self) -> float:
        return self.milliseconds / 1000

    def go(self, seconds: float) -> None:
        self.milliseconds += round(seconds * 1000)
        self.server.set("told-clock", self.milliseconds)

    def ask(
        self,
        units: int,
        *,
        who: str | None = None,
        interactive: bool = False,
        bucket: Bucket = BUCKET,
        longest: float = 60,
    ) -> float:
        """The wait; what is admitted stays on its way."""
        self.names += 1
        name = who or f"caller-{self.names}"
        return self.books.admit(name, {bucket: units}, interactive=interactive, longest=longest)[0]

    def use(self, units: int, seconds: float = 0.1, bucket: Bucket = BUCKET) -> None:
        """A request that is admitted at once and over after so long."""
        self.names += 1
        wait, lease = self.books.admit(
            f"caller-{self.names}", {bucket: units}, interactive=False, longest=60
        )
        assert wait == 0
        self.go(seconds)
        self.books.settle({bucket: units}, lease, {bucket: units})

    def most_at_once(self, *, interactive: bool = False, bucket: Bucket = BUCKET) -> int:
        """How many units there are room for now; they are taken."""
        taken = 0
        while self.ask(1, bucket=bucket, longest=0, interactive=interactive) == 0:
            taken += 1
        return taken

    def block(self, seconds: float | None, *, throttled: bool = True) -> None:
        self.books.block(BUCKET, seconds, WAITS, spread=0.0, throttled=throttled)


@pytest.fixture
def told(shared: redis.Redis) -> Told:
    return Told(shared)


def most_within(moments: list[tuple[float, int]], seconds: float) -> int:
    ordered = sorted(moments)
    first = most = units = 0
    for moment, more in ordered:
        units += more
        while moment - ordered[first][0] >= seconds:
            units -= ordered[first][1]
            first += 1
        most = max(most, units)
    return most


@dataclass
class Traffic:
    """Callers that never rest, for some time by the told clock."""

    told: Told
    callers: int
    units: Callable[[random.Random], int]
    duration: Callable[[random.Random], float]
    counted: list[tuple[float, int]] = field(default_factory=list)

    def run(self, seconds: float, chance: random.Random) -> None:
        begin, order = self.told.at, self.callers
        events = [
            (begin, caller, self._asking(caller, 0, chance)) for caller in range(self.callers)
        ]
        while events and events[0][0] < begin + seconds:
            moment, _, act = heapq.heappop(events)
            self.told.go(max(0.0, moment - self.told.at))
            later, then = act()
            order += 1
            heapq.heappush(events, (self.told.at + later, order, then))

    def _asking(self, caller: int, number: int, chance: random.Random) -> Callable:
        demand = {BUCKET: self.units(chance)}

        def ask() -> tuple[float, Callable]:
            who = f"{caller}-{number}"
            wait, lease = self.told.books.admit(who, demand, interactive=False, longest=60)
            if wait > 0:
                return wait, ask
            took = self.duration(chance)
            # The service counts it some time between its sending and its answer.
            self.counted.append((self.told.at + chance.uniform(0, took), demand[BUCKET]))

            def settle() -> tuple[float, Callable]:
                self.told.books.settle(demand, lease, demand)
                return 0.0, self._asking(caller, number + 1, chance)

            return took, settle

        return ask


@pytest.mark.parametrize("seed", range(6))
def test_no_window_ever_holds_more_than_its_units(told: Told, seed: int) -> None:
    chance = random.Random(seed)
    slowest = chance.choice([0.05, 1.0, 15.0])
    traffic = Traffic(
        told, chance.randint(1, 12), lambda c: c.randint(1, 30), lambda c: c.uniform(0, slowest)
    )

    traffic.run(60, chance)

    assert most_within(traffic.counted, BUCKET.window) <= MOST
    assert sum(units for _, units in traffic.counted) > MOST


@pytest.mark.parametrize("callers", [4, 16])
def test_a_long_run_uses_nearly_all_of_it(told: Told, callers: int) -> None:
    bucket = BUDGETS[Workload.INTUNE].everything
    demand = demand_of([Cost(Workload.INTUNE, 20)])
    chance = random.Random(callers)
    events = [(told.at, caller, 0) for caller in range(callers)]
    begin, leases, done = told.at, {}, []
    while events[0][0] < begin + 5 * bucket.window:
        moment, caller, number = heapq.heappop(events)
        told.go(max(0.0, moment - told.at))
        if caller in leases:
            told.books.settle(demand, leases.pop(caller), demand)
            done.append(moment)
        wait, lease = told.books.admit(f"{caller}-{number}", demand, interactive=False, longest=60)
        if wait <= 0:
            leases[caller] = lease
            wait, number = chance.uniform(0.1, 0.3), number + 1
        heapq.heappush(events, (told.at + wait, caller, number))

    steady = 20 * sum(moment >= begin + bucket.window for moment in done)
    assert steady >= 0.95 * bucket.units * 4


def test_what_is_on_its_way_counts_until_a_window_after_its_end(told: Told) -> None:
    told.use(MOST, seconds=30)
    told.go(BUCKET.window - 0.01)
    assert told.ask(1, longest=0) > 0
    told.go(BUCKET.slot + 0.01)
    assert told.ask(1, longest=0) == 0


def test_a_caller_is_told_when_there_will_be_room(told: Told) -> None:
    told.use(60)
    told.go(3)
    told.use(MOST - 60)

    wait = told.ask(50, who="me")

    assert wait == pytest.approx(BUCKET.window - 3, abs=0.2)
    told.go(wait)
    assert told.ask(50, who="me") == 0


def test_who_died_is_believed_to_be_under_way_until_the_lease_ends(told: Told) -> None:
    assert told.ask(MOST) == 0
    told.go(LEASE_SECONDS - 0.1)
    assert told.ask(1, longest=0) > 0
    told.go(0.1 + BUCKET.slot)
    assert told.ask(MOST) == 0


def test_who_comes_back_after_the_lease_still_counts(told: Told) -> None:
    _, lease = told.books.admit("slow", {BUCKET: MOST}, interactive=False, longest=60)
    told.go(LEASE_SECONDS + 1)
    assert told.most_at_once() == MOST
    told.go(LEASE_SECONDS + 1)
    told.books.settle({BUCKET: MOST}, lease, {BUCKET: MOST})
    assert told.ask(1, longest=0) > 0


def test_what_costs_more_or_less_than_thought_is_corrected(told: Told) -> None:
    _, lease = told.books.admit("x", {BUCKET: 10}, interactive=False, longest=60)
    told.books.settle({BUCKET: 10}, lease, {BUCKET: 40})
    assert told.most_at_once() == MOST - 40


def test_what_is_larger_than_the_limit_goes_when_nothing_else_does(told: Told) -> None:
    small = Bucket("small", published=5, window=1)
    assert told.ask(20, bucket=small) == 0
    assert told.ask(1, bucket=small, longest=0) > 0


def test_first_come_first_served(told: Told) -> None:
    told.use(MOST)
    first = told.ask(80, who="first")
    told.go(0.1)
    assert told.ask(10, who="second") >= first - 0.1
    told.go(first - 0.1)
    assert told.ask(30, who="third", longest=0) > 0
    assert told.ask(80, who="first") == 0
    assert told.ask(10, who="second") == 0


def test_who_never_asks_again_loses_the_place(told: Told) -> None:
    told.use(MOST)
    wait = told.ask(MOST, who="dead")
    told.go(wait)
    assert told.ask(1, longest=0) > 0
    told.go(5.1)
    assert told.ask(1, longest=0) == 0


def test_who_leaves_makes_room(told: Told) -> None:
    told.use(MOST)
    wait = told.ask(MOST, who="gone")
    told.go(wait)
    assert told.ask(1, longest=0) > 0
    told.books.leave("gone", {BUCKET: MOST})
    assert told.ask(1, longest=0) == 0


def test_interactive_work_goes_before_background_work_that_waits(told: Told) -> None:
    told.use(MOST)
    wait = told.ask(60, who="background")
    told.ask(60, who="person", interactive=True)
    told.go(wait)

    assert told.ask(60, who="background") > 0
    assert told.ask(60, who="person", interactive=True) == 0


def test_background_work_leaves_a_reserve_while_somebody_is_there(told: Told) -> None:
    assert told.ask(1, interactive=True) == 0
    assert told.most_at_once() == int(MOST * 0.8) - 1
    assert told.most_at_once(interactive=True) == MOST - int(MOST * 0.8)


def test_background_work_is_not_held_up_for_ever(told: Told) -> None:
    told.use(MOST)
    begin = told.at
    told.ask(60, who="background")
    for number in range(100):
        wait = told.ask(60, who=f"person-{number}", interactive=True)
        told.go(max(wait, 0.1))
        if told.ask(60, who="background") == 0:
            break
    assert 30 <= told.at - begin < 30 + 3 * BUCKET.window


def test_the_reserve_ends_when_nobody_is_there_any_more(told: Told) -> None:
    assert told.ask(1, interactive=True) == 0
    told.go(11)
    assert told.most_at_once() == MOST - 1


def test_a_limit_that_others_use_too_shrinks_our_share_which_grows_back(told: Told) -> None:
    told.block(1)
    told.go(1)
    assert told.most_at_once() == pytest.approx(MOST * 0.6, abs=2)
    told.go(LEASE_SECONDS + 1)
    assert told.most_at_once() == MOST


def test_the_share_grows_back_slowly_and_never_ends(told: Told) -> None:
    for _ in range(12):
        told.block(1)
        told.go(6)
    assert 0.1 * MOST <= told.most_at_once() <= 0.2 * MOST

    told.server.delete(*told.server.scan_iter("opsapp:*"))
    told.block(1)
    told.go(30)
    assert 0.75 * MOST <= told.most_at_once() <= 0.9 * MOST


def test_answers_that_belong_together_shrink_it_once(told: Told) -> None:
    for _ in range(20):
        told.block(1)
    told.go(1)
    assert told.most_at_once() == pytest.approx(MOST * 0.6, abs=2)


def test_our_own_use_explains_a_429(told: Told) -> None:
    told.use(MOST)
    told.block(1)
    told.go(BUCKET.window + 1)
    assert told.most_at_once() == MOST


def test_an_unavailable_service_does_not_shrink_our_share(told: Told) -> None:
    told.block(1, throttled=False)
    assert told.ask(1, longest=0) == 1
    told.go(1)
    assert told.most_at_once() == MOST


def test_what_the_directory_says_is_in_use_shrinks_it_unless_it_is_ours(told: Told) -> None:
    told.use(50)
    told.books.crowded(BUCKET, 50)
    told.go(BUCKET.window + 1)
    told.use(50)
    told.books.crowded(BUCKET, 80)
    assert told.most_at_once() == pytest.approx(MOST * 0.6 - 50, abs=2)


def test_without_retry_after_all_wait_twice_as_long_every_time(told: Told) -> None:
    waits = []
    for _ in range(7):
        told.block(None)
        told.block(None)  # of another that was on its way
        waits.append(told.ask(1, longest=0))
        told.go(waits[-1])
    assert waits == [2, 4, 8, 16, 32, 60, 60]

    told.go(121)
    told.block(None)
    assert told.ask(1, longest=0) == 2


def test_a_write_waits_for_both_budgets_and_takes_from_neither_alone(told: Told) -> None:
    demand = demand_of([Cost(Workload.INTUNE, 98, write=True)])
    assert told.books.admit("one", demand, interactive=False, longest=60)[0] == 0
    assert told.books.admit("two", demand, interactive=False, longest=0)[0] > 0

    everything = BUDGETS[Workload.INTUNE].everything
    assert told.most_at_once(bucket=everything) == everything.units - 98


def test_an_unused_hash_is_forgotten(told: Told) -> None:
    told.use(1)
    told.block(3600)
    told.use(1, bucket=Bucket("other", 10, 1))
    lives = [told.server.pttl(key) / 1000 for key in told.server.scan_iter("opsapp:graph:*")]
    assert sorted(round(life, -1) for life in lives) == [600, 4200]


def test_four_processes_share_one_budget(redis_url: str) -> None:
    command = [sys.executable, "-c", AT_ONCE, redis_url]
    four = [
        subprocess.Popen(
            [*command, str(number), TENANT, CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(4)
    ]
    for process in four:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in four:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    written = [process.communicate(timeout=120)[0].splitlines() for process in four]

    assert [len(lines) for lines in written] == [20] * 4
    moments = [
        (float(moment), int(units)) for lines in written for moment, units in map(str.split, lines)
    ]
    assert most_within(moments, 1.0) <= 49
