"""What an object names, made right for the target: mapped, to be created, or left out and said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.restore.plan import GROUPS, Note
from opsapp.intune.restore.references import Path, Place, places_in, replaced, without

UNDECIDED: Final = "mapping.undecided"
WIDENED: Final = "mapping.would_widen"
LEFT_OUT: Final = "mapping.left_out"
_CONDITIONAL_ACCESS: Final = "conditionalAccessPolicies"
_ENABLED: Final = "enabled"


@dataclass(frozen=True)
class Link:
    """What stands for a thing of the source; neither: nothing is decided. ``name`` for people."""

    target_id: str | None = None
    is_left_out: bool = False
    name: str = ""


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
) -> Linked:
    """``resolve(kind, source id)`` says what stands for each thing that the object names."""
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
    document = {**content, "assignments": [dict(one) for one in assignments]}
    cut = _cut(policy_type, document, gone, result)
    document = without(replaced(document, changes), cut)
    result.assignments = document.pop("assignments")
    result.content = document
    if "roleScopeTagIds" in content and not document.get("roleScopeTagIds"):
        document["roleScopeTagIds"] = ["0"] if content["roleScopeTagIds"] else []
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
    what = "group" if place.kind == GROUPS else "object"
    return Note(UNDECIDED, f"The {what} “{link.name or place.source_id}” is not mapped.")


def _cut(
    policy_type: PolicyType, document: Mapping[str, Any], gone: Mapping[Path, Link], out: Linked
) -> set[Path]:
    """What goes with the things that are left out; never so that more is reached than before."""
    cut: set[Path] = set()
    for path, link in gone.items():
        if path[0] == "assignments":
            cut.add(path[:2])
        else:
            cut.add(_row_or_member(path))
            _judge_condition(policy_type, document, link, out)
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


def _judge_condition(
    policy_type: PolicyType, document: Mapping[str, Any], link: Link, out: Linked
) -> None:
    """A condition that is gone may make Conditional Access reach more people than before."""
    if policy_type.key != _CONDITIONAL_ACCESS or document.get("state") != _ENABLED:
        return
    message = f"Without “{link.name}” the policy would reach others than before, and it is enabled."
    out.blockers.append(Note(WIDENED, message))


def _is_exclusion(assignment: Mapping[str, Any]) -> bool:
    target = assignment.get("target") or {}
    return str(target.get("@odata.type") or "").endswith("exclusionGroupAssignmentTarget")
