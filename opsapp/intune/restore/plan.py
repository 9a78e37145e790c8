"""What a preview is: for each object the ordered requests, and what stands against them.

A plan is stored as JSON and executed as it stands. Only two things are put in when a request is
sent: secrets in place of their seals, and ids of objects that the same restore creates. Such an id
stands in bodies and addresses as ``opsapp-id:<collection>/<source id>;`` (``id_of``).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

GROUPS: Final = "groups"  # the collection of groups to create, beside the policy types
_ID: Final = re.compile(r"opsapp-id:([A-Za-z]+)/([^;]+);")


def id_of(collection: str, source_id: str) -> str:
    """What stands for the id that an object of the source has in the target, once created."""
    return f"opsapp-id:{collection}/{source_id};"


def ids_named(value: Any) -> Iterator[tuple[str, str]]:
    """Every (collection, source id) that a body or an address names so."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from ids_named(member)
    elif isinstance(value, str):
        for found in _ID.finditer(value):
            yield found[1], found[2]


def with_ids(value: Any, look_up: Callable[[str, str], str]) -> Any:
    """A copy with each of them replaced by what ``look_up(collection, source_id)`` gives."""
    if isinstance(value, dict):
        return {key: with_ids(member, look_up) for key, member in value.items()}
    if isinstance(value, list):
        return [with_ids(member, look_up) for member in value]
    if isinstance(value, str) and "opsapp-id:" in value:
        return _ID.sub(lambda found: look_up(found[1], found[2]), value)
    return value


@dataclass(frozen=True)
class Note:
    """A blocker or a warning: ``code`` for programs, ``message`` for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Step:
    """One request.

    Attributes:
        what: in words: ``Create``, ``Assign to 3 groups``.
        address: relative to the API version.
        body: JSON; None for a request without one.
        creates: the answer's ``id`` is that of the object itself.
        shows: the address at which its effect can be looked up, when its answer was lost. For a
            creation of the object itself it is the list of the collection. Empty: nothing shows
            it, and repeating does no harm.
        row: its effect is a row among those at ``shows``, not members of the object there.
        late: sent after all objects exist (relationships between apps, order of priorities).
        version: of the API.

    """

    what: str
    method: str
    address: str
    body: Any = None
    creates: bool = False
    shows: str = ""
    row: bool = False
    late: bool = False
    version: str = "beta"


@dataclass(frozen=True)
class Wanted:
    """What the object is to be in the target afterwards; the read-back is compared with it."""

    content: Mapping[str, Any]
    assignments: list[dict[str, Any]]


@dataclass(frozen=True)
class ItemPlan:
    """The plan of one object.

    Attributes:
        action: a ``RestoreAction`` value.
        target_id: the object in the target that it changes or is; None when it creates one.
        candidates: ids of objects in the target that a conflict is about.
        base_sha256: comparison hash of the target's object as previewed; empty when it creates.
        lacks: what of the object cannot be restored, in words.
        wanted: None where nothing is written.

    """

    action: str
    target_id: str | None = None
    candidates: tuple[str, ...] = ()
    base_sha256: str = ""
    steps: tuple[Step, ...] = ()
    blockers: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    lacks: tuple[str, ...] = ()
    wanted: Wanted | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        wanted = data["wanted"]
        return cls(
            **{
                **data,
                "candidates": tuple(data["candidates"]),
                "steps": tuple(Step(**step) for step in data["steps"]),
                "blockers": tuple(Note(**note) for note in data["blockers"]),
                "warnings": tuple(Note(**note) for note in data["warnings"]),
                "lacks": tuple(data["lacks"]),
                "wanted": Wanted(**wanted) if wanted else None,
            }
        )
