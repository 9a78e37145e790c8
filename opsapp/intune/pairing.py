"""Which settings of two versions belong together: by key, and the entries of lists by content.

Lists are sets to Intune: their order says nothing (where it does, the list is one value whose order
counts). Of two lists, equal entries belong together, then those of the same name, then the most
alike, so a rule that was changed is one rule with a change and not one removed and another added.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from opsapp.intune.flat import FlatSetting, key_of
from opsapp.intune.setting import Entry, Step

Pair = tuple[FlatSetting | None, FlatSetting | None]
_MOST_COMPARED = 40_000


def paired(before: list[FlatSetting], after: list[FlatSetting]) -> list[Pair]:
    """Every setting of both once, in the order of ``after``; what it lacks comes where it was."""
    pairs = list(_pairs(_tree(before), _tree(after)))
    places = {id(one): place for place, one in enumerate(after)}
    partners = {id(was): places[id(now)] for was, now in pairs if was and now}
    order: dict[int, tuple[int, int]] = {}
    anchor = -1
    for number, one in enumerate(before, 1):
        anchor = partners.get(id(one), anchor)
        order[id(one)] = (anchor, number)

    def place(pair: Pair) -> tuple[int, int]:
        was, now = pair
        return (places[id(now)], 0) if now else order[id(was)]

    return sorted(pairs, key=place)


@dataclass
class _Node:
    """What lies at and under one step. ``depth`` steps lead to it."""

    depth: int
    leaf: FlatSetting | None = None
    named: dict[str, "_Node"] = field(default_factory=dict)
    entries: dict[Entry, "_Node"] = field(default_factory=dict)

    def below(self, step: Step) -> "_Node":
        if isinstance(step, Entry):
            return self.entries.setdefault(step, _Node(self.depth + 1))
        return self.named.setdefault(step, _Node(self.depth + 1))

    def leaves(self) -> Iterator[FlatSetting]:
        if self.leaf:
            yield self.leaf
        for node in (*self.named.values(), *self.entries.values()):
            yield from node.leaves()

    def contents(self) -> dict[str, str]:
        """The exact values under this step, by the steps from here."""
        return {key_of(one.steps[self.depth :]): one.exact for one in self.leaves()}


def _tree(settings: list[FlatSetting]) -> _Node:
    root = _Node(0)
    for setting in settings:
        node = root
        for step in setting.steps:
            node = node.below(step)
        node.leaf = setting
    return root


def _pairs(before: _Node, after: _Node) -> Iterator[Pair]:
    if before.leaf or after.leaf:
        yield before.leaf, after.leaf
    for step in {**before.named, **after.named}:
        yield from _together(before.named.get(step), after.named.get(step))
    for was, now in _entries(before.entries, after.entries):
        yield from _together(was, now)


def _together(was: _Node | None, now: _Node | None) -> Iterator[Pair]:
    if was and now:
        yield from _pairs(was, now)
    elif was:
        yield from ((one, None) for one in was.leaves())
    elif now:
        yield from ((None, one) for one in now.leaves())


@dataclass(frozen=True)
class _Candidate:
    step: Entry
    node: _Node
    contents: dict[str, str]

    @property
    def name(self) -> str | None:
        return self.step.name if self.step.named else None


def _entries(
    before: dict[Entry, _Node], after: dict[Entry, _Node]
) -> Iterator[tuple[_Node | None, _Node | None]]:
    left = [_Candidate(step, node, node.contents()) for step, node in before.items()]
    right = [_Candidate(step, node, node.contents()) for step, node in after.items()]
    matched: list[tuple[_Candidate, _Candidate]] = []
    for like in (_by_looks, _by_name):
        waiting: dict[Hashable, list[_Candidate]] = {}
        for one in right:
            waiting.setdefault(like(one), []).append(one)
        for one in left:
            same = waiting.get(like(one)) if like(one) is not None else None
            if same:
                matched.append((one, same.pop(0)))
        left, right = _unmatched(left, right, matched)
    matched += _most_alike(left, right)
    left, right = _unmatched(left, right, matched)
    yield from ((was.node, now.node) for was, now in matched)
    yield from ((one.node, None) for one in left)
    yield from ((None, one.node) for one in right)


def _by_looks(one: _Candidate) -> Hashable:
    return one.name, frozenset(one.contents.items())


def _by_name(one: _Candidate) -> Hashable:
    return one.step if one.step.named else None


def _unmatched(
    left: list[_Candidate],
    right: list[_Candidate],
    matched: list[tuple[_Candidate, _Candidate]],
) -> tuple[list[_Candidate], list[_Candidate]]:
    taken = {id(one) for pair in matched for one in pair}
    return (
        [one for one in left if id(one) not in taken],
        [one for one in right if id(one) not in taken],
    )


def _most_alike(
    left: list[_Candidate], right: list[_Candidate]
) -> list[tuple[_Candidate, _Candidate]]:
    """The best matches first; so many that comparing all would take too long go by their order."""
    if len(left) * len(right) > _MOST_COMPARED:
        pairs = zip_longest(left, right)
        return [(was, now) for was, now in pairs if was and now and _likeness(was, now)]
    scores = [
        (_likeness(was, now), -i, -j) for i, was in enumerate(left) for j, now in enumerate(right)
    ]
    matched: list[tuple[_Candidate, _Candidate]] = []
    taken: set[tuple[str, int]] = set()
    for score, i, j in sorted(scores, reverse=True):
        if score and ("left", i) not in taken and ("right", j) not in taken:
            taken |= {("left", i), ("right", j)}
            matched.append((left[-i], right[-j]))
    return matched


def _likeness(was: _Candidate, now: _Candidate) -> float:
    """From 0, nothing in common, to 3. Entries of different names must share half of what they say.

    One that holds a single value is known by its name alone.
    """
    shared = was.contents.keys() & now.contents.keys()
    equal = sum(was.contents[key] == now.contents[key] for key in shared)
    size = max(len(was.contents), len(now.contents)) or 1
    if (was.name or now.name) and was.name != now.name and (size == 1 or equal * 2 < size):
        return 0.0
    return (2 * equal + len(shared)) / size
