"""What in the target stands for what a restore's objects name: suggested, never guessed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsapp.intune.setting import is_guid

_CONTEXTS: Final = "authenticationContextClassReferences"  # c1 … c99 in every tenant
_DEFAULTS: Final = "_Default"  # <tenant>_DefaultLimit …: one of each in every tenant


@dataclass(frozen=True)
class Thing:
    """A group, or another object, by what tells it apart; an empty text tells nothing.

    ``name`` counts exactly as it is: blanks and case too. ``sort`` must agree beside the name: what
    the object is, and of which platform. ``rule`` is that of a dynamic group.
    """

    id: str
    name: str = ""
    nickname: str = ""
    rule: str = ""
    sort: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """``target`` and the ``origin`` of the suggestion; else ``note`` says why there is none."""

    target: Thing | None = None
    origin: str = ""
    note: str = ""


@dataclass
class _Round:
    """The state of suggesting: what each source got, and which targets are given away."""

    given: dict[str, Suggestion] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Rule:
    origin: str
    key: Callable[[Thing], object]
    words: str  # what several have in common


_RULES: Final = (
    _Rule("name", lambda thing: thing.name and (thing.name, thing.sort), "of this name"),
    _Rule("mail_nickname", lambda thing: thing.nickname, "with this mail nickname"),
    _Rule("rule", lambda thing: thing.rule, "with this membership rule"),
)


def lasting_id(kind: str, graph_id: str, *, same_tenant: bool) -> str:
    """What of an id means the same in the target; empty where nothing does.

    Ids such as those of scope tags count from 1 in every tenant; GUIDs are the same thing wherever
    they occur, as those of built-in roles do.
    """
    if kind == _CONTEXTS:
        return graph_id
    _, is_default, nature = graph_id.partition(_DEFAULTS)
    if is_default:
        return nature
    return graph_id.lower() if same_tenant or is_guid(graph_id) else ""


def suggest(
    kind: str,
    sources: Sequence[Thing],
    targets: Sequence[Thing],
    *,
    words: tuple[str, str],
    same_tenant: bool = False,
    namesakes: Mapping[str, int] | None = None,
) -> dict[str, Suggestion]:
    """A suggestion for each of ``sources``, by id.

    In this order: the same id, the only one of the name, of the mail nickname, of the rule. What
    fits several, or what several sources fit, is left to the operator. Nothing is given twice.

    ``words`` are what such things are called, one and several: ``("group", "groups")``. In the same
    tenant ids mean the same. ``namesakes``: how many the source tenant has of a name, where known.
    """
    state = _Round()
    _by_id(kind, sources, targets, state, same_tenant=same_tenant)
    for rule in _RULES:
        among = _indexed(rule, targets)
        rivals = Counter(rule.key(source) for source in sources)
        for source in sources:
            if source.id not in state.given and (key := rule.key(source)):
                known = (namesakes or {}).get(source.name, 0) if rule.origin == "name" else 0
                _judge(rule, source, among[key], max(rivals[key], known), state, words)
    return {source.id: state.given.get(source.id) or _none(source, words) for source in sources}


def _by_id(
    kind: str,
    sources: Iterable[Thing],
    targets: Iterable[Thing],
    state: _Round,
    *,
    same_tenant: bool,
) -> None:
    known = {
        lasting: target
        for target in targets
        if (lasting := lasting_id(kind, target.id, same_tenant=same_tenant))
    }
    for source in sources:
        target = known.get(lasting_id(kind, source.id, same_tenant=same_tenant))
        if target is not None:
            state.given[source.id] = Suggestion(target, "id")
            state.taken.add(target.id)


def _indexed(rule: _Rule, targets: Iterable[Thing]) -> dict[object, list[Thing]]:
    found: dict[object, list[Thing]] = defaultdict(list)
    for target in targets:
        if key := rule.key(target):
            found[key].append(target)
    return found


def _judge(
    rule: _Rule,
    source: Thing,
    found: Sequence[Thing],
    rivals: int,
    state: _Round,
    words: tuple[str, str],
) -> None:
    """Gives ``source`` the one that is meant, or says that it is not clear which one is."""
    if len(found) > 1:
        state.given[source.id] = Suggestion(note=f"{len(found)} {words[1]} {rule.words}.")
    elif found and rivals > 1:
        note = f"{rivals} {words[1]} {rule.words} in the source, one in the target."
        state.given[source.id] = Suggestion(note=note)
    elif found and found[0].id not in state.taken:
        state.given[source.id] = Suggestion(found[0], rule.origin)
        state.taken.add(found[0].id)


def _none(source: Thing, words: tuple[str, str]) -> Suggestion:
    if not source.name:
        return Suggestion(note=f"The name of this {words[0]} is not known.")
    return Suggestion(note=f"No {words[0]} of this name.")
