"""What all workers together have used of each bucket, kept in Redis and counted by its clock.

A bucket is one hash. Its fields, with times in milliseconds:

``sent:<slot>``   units on their way; the slot is that of the end of their lease, after which a
                  worker that never came back is believed dead
``done:<slot>``   units by the moment their requests were over; they count for one window more
``wait:<who>``    somebody who waits: rank, since when, units, until when that is to be believed
``blocked``       nobody sends before this time; ``streak``: how often in a row without Retry-After
``share``         the part of the bucket that is ours, as of ``share_at``; it grows back by itself
``interactive``   until then, background work leaves a reserve
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opsapp.graph.budgets import Bucket, Demand
from opsapp.graph.shared import RedisLink

if TYPE_CHECKING:
    import redis

LEASE_SECONDS: Final = 150.0  # longer than any request lives
SERVER_CLOCK: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

_RULES: Final = """
local GRACE = 5000          -- a waiter that does not ask again so long after its time is gone
local KEEP = 600000         -- an unused hash is forgotten
local ATTENTION = 10000     -- background work leaves a reserve so long after an interactive ask
local RESERVE = 0.2
local PATIENCE = 30000      -- who has waited so long is served like interactive work
local LEAST_SHARE, SHRINK, SHRINK_PAUSE = 0.1, 0.6, 5000
local RECOVERY = 0.9 / 120000
local FORGET_STREAK = 120000

local function look(key, window, slot)
  local book = {used = 0, done = {}, waiting = {}, notes = {}}
  local flat, stale = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    local kind, name = string.match(field, '^(%l+):(.+)$')
    local till
    if kind == 'done' then
      till = (name + 1) * slot + window
      table.insert(book.done, {till = till, units = tonumber(value)})
    elseif kind == 'sent' then
      till = (name + 1) * slot
    elseif kind == 'wait' then
      local rank, since, units, ends = string.match(value, '(%d+) (%d+) (%d+) (%d+)')
      till = tonumber(ends)
      if till > now then
        book.waiting[name] = {rank = tonumber(rank), since = tonumber(since),
                              units = tonumber(units)}
      end
    else
      book.notes[field] = tonumber(value)
    end
    if till and till <= now then
      table.insert(stale, field)
    elseif kind == 'done' or kind == 'sent' then
      book.used = book.used + value
    end
  end
  if #stale > 0 then redis.call('HDEL', key, unpack(stale)) end
  return book
end

local function note(key, ...)
  redis.call('HSET', key, ...)
end

local function keep(key, length)
  if redis.call('PTTL', key) < length then redis.call('PEXPIRE', key, length) end
end

local function slot_of(time, slot)
  return string.format('%.0f', math.floor(time / slot))
end

local function share_of(notes)
  return math.min(1, (notes.share or 1) + (now - (notes.share_at or now)) * RECOVERY)
end

-- Only when our own use does not explain it, and once for what belongs together.
local function shrink(key, book, explained)
  local notes = book.notes
  local again = now - (notes.shrunk_at or 0) < SHRINK_PAUSE
  if explained or again then return end
  note(key, 'share', math.max(LEAST_SHARE, share_of(notes) * SHRINK), 'share_at', now,
       'shrunk_at', now)
end
"""

# KEYS: a hash per bucket. ARGV: who, rank, longest acceptable wait, lease; then per bucket the
# units asked for, its units, window and slot. Answers the wait and the end of the lease.
_ADMIT: Final = """
local who, rank, longest = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lease_end = now + ARGV[4]

local function rank_now(its_rank, since)
  return now - since >= PATIENCE and 1 or its_rank
end

local function limit_of(book, most, since)
  local limit = math.max(1, math.floor(most * share_of(book.notes)))
  if rank_now(rank, since) == 0 and (book.notes.interactive or 0) > now then
    limit = math.max(1, math.floor(limit * (1 - RESERVE)))
  end
  return limit
end

local function units_ahead(book, since)
  local units, mine = 0, rank_now(rank, since)
  for name, other in pairs(book.waiting) do
    local its = rank_now(other.rank, other.since)
    local earlier = other.since < since or (other.since == since and name < who)
    if name ~= who and (its > mine or (its == mine and earlier)) then
      units = units + other.units
    end
  end
  return units
end

local function time_to_free(book, excess, window)
  if excess <= 0 then return 0 end
  table.sort(book.done, function(one, other) return one.till < other.till end)
  for _, each in ipairs(book.done) do
    if each.till > now then
      excess = excess - each.units
      if excess <= 0 then return each.till - now end
    end
  end
  return window
end

local wait, since = 0, {}
for i, key in ipairs(KEYS) do
  local units, most = tonumber(ARGV[i * 4 + 1]), tonumber(ARGV[i * 4 + 2])
  local window, slot = tonumber(ARGV[i * 4 + 3]), tonumber(ARGV[i * 4 + 4])
  local book = look(key, window, slot)
  if rank > 0 then note(key, 'interactive', now + ATTENTION) end
  since[i] = book.waiting[who] and book.waiting[who].since or now
  local limit = limit_of(book, most, since[i])
  -- What is larger than the limit goes when nothing else is on its way.
  local excess = book.used + units_ahead(book, since[i]) + math.min(units, limit) - limit
  wait = math.max(wait, time_to_free(book, excess, window), (book.notes.blocked or 0) - now)
end
for i, key in ipairs(KEYS) do
  local units, slot = tonumber(ARGV[i * 4 + 1]), tonumber(ARGV[i * 4 + 4])
  if wait > 0 and wait <= longest then
    note(key, 'wait:' .. who,
         string.format('%d %.0f %d %.0f', rank, since[i], units, now + wait + GRACE))
  else
    redis.call('HDEL', key, 'wait:' .. who)
  end
  if wait <= 0 then redis.call('HINCRBY', key, 'sent:' .. slot_of(lease_end, slot), units) end
  keep(key, KEEP)
end
return {math.ceil(math.max(wait, 0)), lease_end}
"""

# KEYS: a hash per bucket. ARGV: end of the lease (0: none was taken); then per bucket the units
# that were admitted, the units that were used, and the slot.
_SETTLE: Final = """
local lease_end = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local admitted, used = tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
  local slot = tonumber(ARGV[i * 3 + 1])
  local sent = 'sent:' .. slot_of(lease_end, slot)
  if tonumber(redis.call('HGET', key, sent) or 0) > admitted then
    redis.call('HINCRBY', key, sent, -admitted)
  else
    redis.call('HDEL', key, sent)
  end
  if used > 0 then redis.call('HINCRBY', key, 'done:' .. slot_of(now, slot), used) end
  keep(key, KEEP)
end
return 1
"""

# KEYS: the hash of one bucket. ARGV: its units, window and slot; how long the service asks to
# wait (0: it does not say), the first wait and the longest if it does not, and how much to spread
# them; whether it was a 429.
_BLOCK: Final = """
local most, window, slot = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local length, first, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local spread, throttled = tonumber(ARGV[7]), ARGV[8] == '1'
local book = look(KEYS[1], window, slot)
local blocked = book.notes.blocked or 0
local told = blocked > now
if throttled then shrink(KEYS[1], book, told or book.used >= most) end
if length == 0 then
  if told then return 0 end
  local streak = now - blocked < FORGET_STREAK and (book.notes.streak or 0) or 0
  length = math.min(longest, first * 2 ^ streak) * (1 + spread)
  note(KEYS[1], 'streak', streak + 1)
end
if now + length > blocked then note(KEYS[1], 'blocked', math.ceil(now + length)) end
keep(KEYS[1], math.ceil(KEEP + length))
return 1
"""

# KEYS: the hash of one bucket. ARGV: its window and slot; the units that the service says are in
# use, and how many of them are ours at least when it is we who use them.
_CROWDED: Final = """
local book = look(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
shrink(KEYS[1], book, book.used >= tonumber(ARGV[3]))
keep(KEYS[1], KEEP)
return 1
"""

_LEAVE: Final = """
for _, key in ipairs(KEYS) do redis.call('HDEL', key, 'wait:' .. ARGV[1]) end
return 1
"""


@dataclass(frozen=True)
class Waits:
    """Seconds: the first and the longest wait after a 429 that names none."""

    first: float
    longest: float


class SharedBooks:
    """The buckets of one app in one tenant. Every method raises Unreachable without Redis."""

    def __init__(
        self, link: RedisLink, *, client_id: str, tenant_id: str, clock: str = SERVER_CLOCK
    ) -> None:
        self._link = link
        self._client_id = client_id
        self._tenant_id = tenant_id
        self._prelude = clock + _RULES

    def admit(
        self, who: str, demand: Demand, *, interactive: bool, longest: float
    ) -> tuple[float, int]:
        """Seconds to wait before asking again, 0 when admitted; and the end of the lease.

        While ``who`` waits no longer than ``longest``, a place in the queue is kept.
        """
        numbers: list[Any] = [who, int(interactive), _ms(longest), _ms(LEASE_SECONDS)]
        for bucket, units in demand.items():
            numbers += [units, bucket.units, _ms(bucket.window), _ms(bucket.slot)]
        wait, lease_end = self._run(_ADMIT, list(demand), numbers)
        return wait / 1000, lease_end

    def settle(self, demand: Demand, lease_end: int, used: Demand) -> None:
        """The requests are over; ``used`` units count for one window from now."""
        numbers: list[Any] = [lease_end]
        for bucket, units in demand.items():
            numbers += [units, used.get(bucket, 0), _ms(bucket.slot)]
        self._run(_SETTLE, list(demand), numbers)

    def leave(self, who: str, demand: Demand) -> None:
        """Gives up a place in the queue."""
        self._run(_LEAVE, list(demand), [who])

    def block(
        self, bucket: Bucket, seconds: float | None, waits: Waits, spread: float, *, throttled: bool
    ) -> None:
        """Nobody sends for so long; None: as long as the last times suggest."""
        shape = [bucket.units, _ms(bucket.window), _ms(bucket.slot)]
        length = max(1, _ms(seconds)) if seconds else 0
        numbers = [length, _ms(waits.first), _ms(waits.longest), spread, int(throttled)]
        self._run(_BLOCK, [bucket], shape + numbers)

    def crowded(self, bucket: Bucket, units: float) -> None:
        """The service says that so many units are in use; if not by us, we take less."""
        self._run(_CROWDED, [bucket], [_ms(bucket.window), _ms(bucket.slot), units])

    def _run(self, script: str, buckets: Sequence[Bucket], numbers: Sequence[Any]) -> Any:
        keys = [self._key(bucket) for bucket in buckets]

        def question(server: "redis.Redis") -> Any:
            return server.register_script(self._prelude + script)(keys=keys, args=list(numbers))

        return self._link.ask(question)

    def _key(self, bucket: Bucket) -> str:
        app = "all-apps" if bucket.whole_tenant else self._client_id
        # The braces keep a tenant's keys on one node of a Redis cluster.
        return f"opsapp:graph:budget:{{{self._tenant_id}}}:{app}:{bucket.name}"


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
