"""One throttling budget per tenant and workload, shared by every worker through Redis.

Each bucket is one number in Redis: the moment up to which its units are already promised. A
caller books its units and is told how long to wait before sending, so waiting is first come, first
served and the service's limit is approached but not crossed. A ``Retry-After`` that one worker
receives is a second number all others look at before they send.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import redis

from opsapp.graph.budgets import Bucket, buckets_of, throttled_bucket
from opsapp.graph.errors import Throttled
from opsapp.graph.shared import RedisLink, Unreachable
from opsapp.graph.workloads import Cost

_logger = logging.getLogger(__name__)
_MICRO: Final = 1_000_000
_LONGEST_BLOCK: Final = 3600.0

# KEYS: per bucket its booked-until key and its blocked-until key.
# ARGV: units (0: only look at the blocks), longest acceptable wait, then per bucket the interval
# of one unit and the burst in units. Times are microseconds of the server's clock.
_BOOK: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local units, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait, booked = 0, {}
for i = 1, #KEYS, 2 do
  local interval, burst = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  wait = math.max(wait, tonumber(redis.call('GET', KEYS[i + 1]) or 0) - now)
  if units > 0 then
    local from = math.max(now, tonumber(redis.call('GET', KEYS[i]) or 0))
    booked[i] = from + units * interval
    wait = math.max(wait, booked[i] - burst * interval - now)
  end
end
if wait <= longest then
  for i, till in pairs(booked) do
    redis.call('SET', KEYS[i], string.format('%.0f', till),
               'PX', math.ceil((till - now) / 1000) + 1000)
  end
end
return math.ceil(wait)
"""

# A block is only ever prolonged. KEYS: blocked-until key. ARGV: length in microseconds.
_BLOCK: Final = """
local clock = redis.call('TIME')
local till = clock[1] * 1000000 + clock[2] + tonumber(ARGV[1])
if till > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil(ARGV[1] / 1000) + 1)
end
return 1
"""


class Governor:
    """Admits requests of one app in one tenant. Safe to use from several threads.

    Args:
        wait: sleeps the given seconds; may raise to interrupt.
        max_wait: seconds; a longer wait raises Throttled so that the run can be parked.

    """

    def __init__(
        self,
        link: RedisLink,
        *,
        client_id: str,
        tenant_id: str,
        wait: Callable[[float], None],
        max_wait: float,
    ) -> None:
        self._link = link
        self._client_id = client_id
        self._tenant_id = tenant_id
        self._wait = wait
        self._max_wait = max_wait
        # Others are just as blind while Redis is away, so each takes half.
        self._alone = LocalBooks(share=0.5 if link.expected else 1.0)

    def admit(self, cost: Cost) -> None:
        """Returns when the request may be sent; raises Throttled when that is too far away."""
        buckets = buckets_of(cost)
        wait = self._book(buckets, cost.units)
        waited = 0.0
        while wait > 0:
            if waited + wait > self._max_wait:
                raise Throttled(retry_after=wait, sent=False)
            self._wait(wait)
            waited += wait
            wait = self._book(buckets, 0)

    def block(self, cost: Cost, seconds: float) -> None:
        """Nobody sends to the throttled bucket for this long."""
        bucket = throttled_bucket(cost)
        length = min(seconds, _LONGEST_BLOCK)
        self._alone.block(bucket, length)
        keys = [self._keys(bucket)[1]]
        try:
            self._link.ask(lambda server: _run(server, _BLOCK, keys, [round(length * _MICRO)]))
        except Unreachable:
            _logger.debug("block of %s kept in this process only", bucket.name)

    def _book(self, buckets: Sequence[Bucket], units: int) -> float:
        keys = [key for bucket in buckets for key in self._keys(bucket)]
        numbers: list[float] = [units, round(self._max_wait * _MICRO)]
        for bucket in buckets:
            numbers += [_MICRO / bucket.rate, bucket.burst]
        try:
            return self._link.ask(lambda server: _run(server, _BOOK, keys, numbers)) / _MICRO
        except Unreachable:
            return self._alone.book(buckets, units, self._max_wait)

    def _keys(self, bucket: Bucket) -> tuple[str, str]:
        app = "all-apps" if bucket.whole_tenant else self._client_id
        # The braces keep a tenant's keys on one node of a Redis cluster.
        stem = f"opsapp:graph:budget:{{{self._tenant_id}}}:{app}:{bucket.name}"
        return f"{stem}:booked", f"{stem}:blocked"


class LocalBooks:
    """The same books in this process, for the time Redis is away."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._lock = threading.Lock()
        self._booked: dict[str, float] = {}
        self._blocked: dict[str, float] = {}

    def book(self, buckets: Sequence[Bucket], units: int, longest: float) -> float:
        with self._lock:
            now = time.monotonic()
            wait, booked = 0.0, {}
            for bucket in buckets:
                wait = max(wait, self._blocked.get(bucket.name, now) - now)
                if units:
                    rate = bucket.rate * self._share
                    till = max(now, self._booked.get(bucket.name, now)) + units / rate
                    booked[bucket.name] = till
                    wait = max(wait, till - bucket.burst / rate - now)
            if wait <= longest:
                self._booked |= booked
            return wait

    def block(self, bucket: Bucket, seconds: float) -> None:
        with self._lock:
            till = time.monotonic() + seconds
            self._blocked[bucket.name] = max(till, self._blocked.get(bucket.name, till))


def _run(server: redis.Redis, script: str, keys: list[str], numbers: Sequence[float]) -> int:
    return int(server.register_script(script)(keys=keys, args=list(numbers)))
