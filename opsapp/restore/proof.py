"""What reading an object back proves: it is as wanted, it differs, or nobody can tell."""

from dataclasses import dataclass
from typing import Any, Final

from opsapp.intune.describe import target_kind, target_of
from opsapp.intune.holding import Lack, lacking, lacking_assignments
from opsapp.intune.restore import Wanted
from opsapp.intune.restore.bodies import own_assignments
from opsapp.intune.secrets import SHOWN_INSTEAD, is_secret_name, masked
from opsapp.models import Verdict

_MOST: Final = 50
_LONGEST: Final = 500


@dataclass(frozen=True)
class Proof:
    """``differences`` are {where, wanted, found}, without secrets. ``note``: what is not proven."""

    verdict: Verdict
    differences: tuple[dict[str, Any], ...] = ()
    note: str = ""


UNREADABLE: Final = "It could not be read back."


def prove(
    wanted: Wanted, content: Any, assignments: list[dict[str, Any]], noise: tuple[str, ...] = ()
) -> Proof:
    """``content`` has seals in place of secrets, as ``wanted`` has."""
    lacks = lacking(wanted.content, content, noise)
    shown = [lack for lack in lacks if not lack.is_hidden]
    differences = [_difference(lack) for lack in shown][:_MOST]
    differences += _of_assignments(wanted.assignments, own_assignments(assignments))
    if differences:
        return Proof(Verdict.DIFFERENCES, tuple(differences))
    hidden = sorted({lack.where for lack in lacks if lack.is_hidden})
    if hidden:
        what = ", ".join(hidden[:5])
        return Proof(Verdict.UNPROVEN, note=f"Microsoft Graph does not show: {what}.")
    return Proof(Verdict.VERIFIED)


def _difference(lack: Lack) -> dict[str, Any]:
    name = lack.where.rpartition(".")[2].partition("[")[0]
    if is_secret_name(name):
        return {"where": lack.where, "wanted": SHOWN_INSTEAD, "found": SHOWN_INSTEAD}
    shown = {"where": lack.where, "wanted": lack.wanted, "found": lack.found}
    return {key: _short(masked(value)) for key, value in shown.items()}


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _of_assignments(
    wanted: list[dict[str, Any]], found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [
        {"where": "assignments", "wanted": _words(one.before), "found": _words(one.after)}
        for one in lacking_assignments(wanted, found)
    ]


def _words(assignment: Any) -> Any:
    """Kind and group of a target; all of it where that would not show what differs."""
    if assignment is None:
        return None
    target = target_of(assignment)
    rest = {key: value for key, value in assignment.items() if key not in ("id", "target")}
    return _short(masked({"target": target_kind(assignment), **target, **rest}))


def verdict_of(verdicts: list[Verdict | None]) -> Verdict | None:
    """Of a whole restore: the worst of its objects; None when nothing was written."""
    for one in (Verdict.DIFFERENCES, Verdict.UNPROVEN, Verdict.VERIFIED):
        if one in verdicts:
            return one
    return None
