"""A comparison of two policies in words: the answer in a sentence, and rows to show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opsapp.intune.diff import Comparison
from opsapp.intune.difference import Change, Difference, line_groups
from opsapp.presenters.assignment_words import rows_of
from opsapp.presenters.numbers import plural

_ORDER = (Change.CHANGED, Change.ADDED, Change.REMOVED)


@dataclass(frozen=True)
class DiffSection:
    """``changed`` counts the rows that are not unchanged."""

    title: str
    rows: list[dict[str, Any]]
    changed: int


def side_labels(left: Any, right: Any) -> tuple[str, str]:
    """What tells two versions apart: the names of the policies, else tenants, else the numbers."""
    if left is None or right is None:
        return "Left", "Right"
    for ours, theirs in (
        (left.policy.name, right.policy.name),
        (left.policy.tenant.name, right.policy.tenant.name),
    ):
        if ours != theirs:
            return ours, theirs
    if left.policy_id == right.policy_id and left.number != right.number:
        return f"Version {left.number}", f"Version {right.number}"
    return "Left", "Right"


def sentence(comparison: Comparison) -> str:
    """The answer: ``3 settings changed, 1 added; assignments unchanged``."""
    if comparison.is_empty:
        return "Nothing differs that is part of the policy."
    parts = [_counted(comparison, "settings", "setting"), _facts(comparison)]
    if comparison.assignments:
        parts.append(_counted(comparison, "assignments", "assignment"))
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."


def _counted(comparison: Comparison, part: str, noun: str) -> str:
    count = comparison.count(part)
    told = [(change, count[change]) for change in _ORDER if count[change]]
    if not told:
        return f"{part} unchanged"
    first, *others = told
    words = [f"{plural(first[1], noun)} {first[0].value}"]
    return ", ".join([*words, *(f"{number:,} {change.value}" for change, number in others)])


def _facts(comparison: Comparison) -> str:
    changed = [
        one.setting.label.lower() for one in comparison.facts if one.change != Change.UNCHANGED
    ]
    if not changed:
        return ""
    listed = f"{', '.join(changed[:-1])} and {changed[-1]}" if len(changed) > 1 else changed[0]
    return f"{listed} changed"


def sections_of(differences: Iterable[Difference]) -> list[DiffSection]:
    """By section of the page, in the order of their first appearance; changed ones first."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in differences:
        grouped.setdefault(one.setting.section, []).append(row_of(one))
    found = [
        DiffSection(title, rows, sum(row["kind"] != Change.UNCHANGED for row in rows))
        for title, rows in grouped.items()
    ]
    return sorted(found, key=lambda section: not section.changed)


def row_of(one: Difference) -> dict[str, Any]:
    """What a row of the comparison shows; ``note`` says why a change cannot be seen."""
    return {
        "kind": one.change.value,
        "key": one.setting.key,
        "label": one.setting.label,
        "path": one.setting.path,
        "before": one.before,
        "after": one.after,
        "lines": line_groups(one) if one.change == Change.CHANGED else [],
        "note": _note(one),
    }


def _note(one: Difference) -> str:
    if not one.looks_equal:
        return ""
    if one.setting.form == "secret":
        return "The secret is another one. It is not shown."
    return "They read alike but are stored differently: by line ends, coding or order."


@dataclass(frozen=True)
class AssignmentChange:
    """``before`` and ``after`` are rows of ``assignment_words``; None where there is none."""

    kind: str
    before: Any
    after: Any
    details: list[dict[str, Any]]


def assignment_changes(
    comparison: Comparison, before_names: Any, after_names: Any
) -> list[AssignmentChange]:
    """What changed first."""
    found = [
        AssignmentChange(
            one.change.value,
            _assignment(one.before, before_names),
            _assignment(one.after, after_names),
            [row_of(detail) for detail in one.details],
        )
        for one in comparison.assignments
    ]
    return sorted(found, key=lambda one: one.kind == Change.UNCHANGED)


def _assignment(assignment: Any, names: Any) -> Any:
    return rows_of([assignment], names)[0] if assignment is not None else None


def page_values(compared: Any) -> dict[str, Any]:
    """What ``policies/_diff.html`` needs of two compared versions."""
    comparison = compared.comparison
    return {
        "compared": compared,
        "answer": sentence(comparison),
        "facts": [row_of(one) for one in comparison.facts],
        "facts_changed": any(one.change != Change.UNCHANGED for one in comparison.facts),
        "sections": sections_of(comparison.settings),
        "assignments": assignment_changes(comparison, compared.before_names, compared.after_names),
    }
