"""Which object of the target a source object is: by id, by nature, by name; never guessed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsapp.intune.restore.mapping import lasting_id
from opsapp.intune.setting import is_guid

Key = tuple[str, str]  # collection, id
# Rows that every tenant has one of, whose ids mean the same everywhere.
LASTING: Final = frozenset({"authenticationContextClassReferences"})


@dataclass(frozen=True)
class Candidate:
    """An object by what tells it apart. ``sort``: what it is besides its type, as its platform."""

    id: str
    name: str
    sort: tuple[str, ...] = ()
    is_default: bool = False


@dataclass(frozen=True)
class Match:
    """``target_id`` where it is certain; else those of the same name."""

    target_id: str | None = None
    namesakes: tuple[str, ...] = ()


@dataclass
class _Index:
    ids: dict[str, str] = field(default_factory=dict)
    lasting: dict[str, str] = field(default_factory=dict)
    defaults: list[str] = field(default_factory=list)
    names: dict[tuple[str, tuple[str, ...]], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )


def matches(
    collection: str,
    sources: Sequence[Candidate],
    targets: Iterable[Candidate],
    *,
    same_tenant: bool,
    made: Mapping[str, str],
) -> dict[str, Match]:
    """For each source by its id. ``made``: what earlier restores created of them, by source id.

    A target that is certain for one source is no namesake of another.
    """
    index = _indexed(collection, targets)
    certain = {
        source.id: found
        for source in sources
        if (found := _certain(collection, source, index, same_tenant, made))
    }
    taken = set(certain.values())
    result = {}
    for source in sources:
        if source.id in certain:
            result[source.id] = Match(certain[source.id])
            continue
        same = index.names.get((source.name, source.sort), [])
        result[source.id] = Match(namesakes=tuple(one for one in same if one not in taken))
    return result


def _indexed(collection: str, targets: Iterable[Candidate]) -> _Index:
    index = _Index()
    for one in targets:
        index.ids[one.id.lower()] = one.id
        if one.is_default:
            index.defaults.append(one.id)
        if "_Default" in one.id or collection in LASTING:
            index.lasting[lasting_id(collection, one.id, same_tenant=False)] = one.id
        index.names[one.name, one.sort].append(one.id)
    return index


def _certain(
    collection: str,
    source: Candidate,
    index: _Index,
    same_tenant: bool,
    made: Mapping[str, str],
) -> str | None:
    if "_Default" in source.id or collection in LASTING:
        return index.lasting.get(lasting_id(collection, source.id, same_tenant=False))
    if source.is_default and len(index.defaults) == 1:
        return index.defaults[0]
    lasts = same_tenant or is_guid(source.id)  # a GUID is the same thing wherever it occurs
    if lasts and (own := index.ids.get(source.id.lower())):
        return own
    earlier = made.get(source.id)
    return index.ids.get(earlier.lower()) if earlier else None
