"""What an object names, made right for the target: mapped, to be created, or left out and said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.restore import access
from opsapp.intune.restore.notes import BLOCKED, EMPTIED, LEFT_OUT, UNDECIDED, WIDENED
from opsapp.intune.restore.plan import GROUPS, Note
from opsapp.intune.restore.references import Path, Place, places_in, replaced, without

_BLOCKING: Final = (WIDENED, EMPTIED)
# Lists that without a row mean everything, or nothing at all: never left empty by leaving out.
_NEVER_EMPTY: Final = frozenset(
    {
        "simpleSettingCollectionValue",
        "choiceSettingCollectionValue",
        "groupSettingCollectionValue",
        "selectedMobileAppIds",
        "targetedMobileApps",
        "members",
        "scopeMembers",
        "resourceScopes",
    }
)


_TAGS: Final = ("roleScopeTagIds", "roleScopeTags")
_DEFAULT_TAG: Final = "0"


@dataclass(frozen=True)
class Link:
    """What stands for a thing of the source; neither: nothing is decided. ``name`` for people.

    ``is_blocked``: it is an object of the restore that is not going to be there as things stand.
    """

    target_id: str | None = None
    is_left_out: bool = False
    name: str = ""
    is_blocked: bool = False


Resolve = Callable[[str, str], Link]


@dataclass
class Linked:
    """The object as it is to be in the target."""

    content: dict[str, Any]
    assignments: list[dict[str, Any]]
    blockers: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    lacks: tuple[str, ...] = ()


def linked(
    policy_type: PolicyType,
    content: Mapping[str, Any],
    assignments: Sequence[Mapping[str, Any]],
    resolve: Resolve,
    *,
    is_foreign: bool = False,
) -> Linked:
    """``resolve(kind, source id)`` says what stands for each thing that the object names.

    ``is_foreign``: it comes from another tenant, whose users nobody knows here.
    """
    changes: dict[Path, Callable[[str], str]] = {}
    gone: dict[Path, Link] = {}
    result = Linked({}, [])
    for place in places_in(policy_type, content, assignments):
        link = resolve(place.kind, place.source_id)
        if link.target_id is not None:
            changes[place.path] = _chained(changes.get(place.path), place, link.target_id)
        elif link.is_left_out:
            gone[place.path] = link
        else:
            result.blockers.append(_undecided(place, link))
    if policy_type.key == access.KEY and is_foreign:
        gone |= {path: Link(name=f"user {one}") for path, one in access.foreign_users(content)}
    document = {**content, "assignments": [dict(one) for one in assignments]}
    cut = _cut(document, gone, result)
    left = without(replaced(document, changes), cut)
    for note in _judged(policy_type, document, left, cut):
        (result.blockers if note.code in _BLOCKING else result.warnings).append(note)
    result.assignments = left.pop("assignments")
    result.content = left
    for name in _TAGS:
        if content.get(name) and not left.get(name):
            left[name] = [_DEFAULT_TAG]
    return result


def _chained(
    earlier: Callable[[str], str] | None, place: Place, target_id: str
) -> Callable[[str], str]:
    """A text may hold several ids."""

    def change(text: str) -> str:
        text = earlier(text) if earlier else text
        return text.replace(place.source_id, target_id)

    return change


def _undecided(place: Place, link: Link) -> Note:
    if link.is_blocked:
        message = f"It needs “{link.name}”, which cannot be restored or is not decided: map it."
        return Note(BLOCKED, message)
    what = "group" if place.kind == GROUPS else "object"
    return Note(UNDECIDED, f"The {what} “{link.name or place.source_id}” is not mapped.")


def _cut(document: Mapping[str, Any], gone: Mapping[Path, Link], out: Linked) -> set[Path]:
    """What goes with the things that are left out; never so that more is reached than before."""
    cut: set[Path] = set()
    for path, link in gone.items():
        if path[0] == "assignments":
            cut.add(path[:2])
        else:
            cut.add(_row_or_member(path))
        name = f"“{link.name}”" if link.name else "an object"
        out.warnings.append(Note(LEFT_OUT, f"What names {name} is left out."))
    if any(_is_exclusion(document["assignments"][path[1]]) for path in cut if len(path) > 1
           and path[0] == "assignments"):  # fmt: skip
        includes = [
            ("assignments", at)
            for at, one in enumerate(document["assignments"])
            if not _is_exclusion(one)
        ]
        cut |= set(includes)
        out.warnings.append(
            Note(LEFT_OUT, "An exclusion is left out, and so that nobody else is reached, all"
                 " assignments are.")
        )  # fmt: skip
    count = len([path for path in cut if path[0] == "assignments"])
    if document["assignments"] and count == len(document["assignments"]):
        out.warnings.append(Note(LEFT_OUT, "It will be left unassigned."))
    return cut


def _row_or_member(path: Path) -> Path:
    """The innermost row that holds the place; without any, the outermost object below the top."""
    for length in range(len(path), 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    return path[:2] if path[0] in ("grantControls", "conditions") else path[:1]


def _judged(
    policy_type: PolicyType, document: Mapping[str, Any], left: Mapping[str, Any], cut: set[Path]
) -> list[Note]:
    """What is said of the content that is left: never so that it means more than before."""
    gone = {path for path in cut if path[0] != "assignments"}
    if policy_type.key == access.KEY:
        return access.judged(document, left, gone)
    notes = []
    for place in sorted({path[:-1] for path in gone if isinstance(path[-1], int)}, key=str):
        name = place[-1]
        if name == "children":
            notes.append(Note(WIDENED, "A rule would lose one of its conditions."))
        elif name in _NEVER_EMPTY and _all_rows(document, place) <= gone:
            notes.append(Note(EMPTIED, f"Nothing would be left of {_setting_at(document, place)}."))
    return notes


def _all_rows(document: Any, place: Path) -> set[Path]:
    return {(*place, at) for at in range(len(_at(document, place)))}


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def _setting_at(document: Any, place: Path) -> str:
    """The list by the setting that it is the value of; else by its own name."""
    owner = _at(document, place[:-1])
    named = owner.get("settingDefinitionId") if isinstance(owner, Mapping) else None
    return str(named or place[-1])


def _is_exclusion(assignment: Mapping[str, Any]) -> bool:
    target = assignment.get("target") or {}
    return str(target.get("@odata.type") or "").endswith("exclusionGroupAssignmentTarget")
