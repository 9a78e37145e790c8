"""The plan of one object: what becomes of it, by which requests, and what stands against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.holding import lacking, lacking_assignments
from opsapp.intune.restore import recipes
from opsapp.intune.restore.bodies import own_assignments
from opsapp.intune.restore.comparable import comparable
from opsapp.intune.restore.foreign import abroad
from opsapp.intune.restore.limits import why_not, without_lost_secrets
from opsapp.intune.restore.linking import WIDENED, Linked, Resolve, linked
from opsapp.intune.restore.plan import ItemPlan, Note, Wanted, id_of

UNDECIDED: Final = "conflict.undecided"
_ACCESS: Final = "conditionalAccessPolicies"
_DISABLED: Final = "disabled"
_ENABLED: Final = "enabled"
_STATES: Final = (_DISABLED, "enabledForReportingButNotEnforced", _ENABLED)


@dataclass(frozen=True)
class Source:
    """An object to restore. ``choice``: update, copy or skip at a conflict; ``state`` for access.

    ``as_it_was``: an undo, which puts back everything just so. ``is_foreign``: of another tenant.
    """

    policy_type: PolicyType
    id: str
    name: str
    content: Mapping[str, Any]
    assignments: Sequence[Mapping[str, Any]]
    choice: str | None = None
    state: str | None = None
    as_it_was: bool = False
    is_foreign: bool = False


@dataclass(frozen=True)
class Existing:
    """An object of the target."""

    id: str
    name: str
    content: Mapping[str, Any]
    assignments: list[dict[str, Any]]
    compare_sha256: str


def plan_object(
    source: Source,
    existing: Existing | None,
    namesakes: Sequence[Existing],
    taken_names: frozenset[str],
    resolve: Resolve,
    now: datetime,
) -> ItemPlan:
    """``existing`` is certainly the same object; ``namesakes`` only have its name."""
    policy_type = source.policy_type
    named = _named(source, resolve)
    if existing is not None:
        return _onto(source, named, existing, now)
    equals = [one for one in namesakes if _is_same(source, named, one, now)]
    if equals and not named.blockers:
        return replace(_onto(source, named, equals[0], now), candidates=_ids(namesakes))
    if reason := why_not(policy_type, source.content, exists=False):
        return ItemPlan("cannot", lacks=(reason,), warnings=tuple(named.warnings))
    if namesakes and source.choice != "copy":
        return _conflict(source, named, namesakes, now)
    if namesakes:
        return _create(source, _renamed(source, named, taken_names), now)
    return _create(source, named, now)


def _named(source: Source, resolve: Resolve) -> Linked:
    """The source as it is to be in the target, as far as that can be said of it alone."""
    policy_type = source.policy_type
    if not source.is_foreign:
        return linked(policy_type, source.content, source.assignments, resolve)
    left = abroad(policy_type.key, source.content)
    named = linked(policy_type, left.content, source.assignments, resolve)
    named.warnings += left.warnings
    named.lacks = left.lacks
    if left.excluded and source.state == _ENABLED:
        message = "Without the users that it excludes the policy would reach more, and is enabled."
        named.blockers.append(Note(WIDENED, message))
    return named


def _conflict(
    source: Source, named: Linked, namesakes: Sequence[Existing], now: datetime
) -> ItemPlan:
    if source.choice == "skip":
        return ItemPlan("skip", candidates=_ids(namesakes))
    if source.choice == "update" and len(namesakes) == 1:
        return replace(_onto(source, named, namesakes[0], now), candidates=_ids(namesakes))
    count = len(namesakes)
    if count == 1:
        message = f"The tenant has another “{source.name}”: update it, create a copy, or skip."
    else:
        message = f"The tenant has {count} others named “{source.name}”: create a copy, or skip."
    blockers = (Note(UNDECIDED, message), *named.blockers)
    return ItemPlan("conflict", candidates=_ids(namesakes), blockers=blockers,
                    warnings=tuple(named.warnings))  # fmt: skip


def _ids(objects: Sequence[Existing]) -> tuple[str, ...]:
    return tuple(one.id for one in objects)


def _is_same(source: Source, named: Linked, existing: Existing, now: datetime) -> bool:
    return _onto(source, named, existing, now).action == "unchanged"


def _onto(source: Source, named: Linked, existing: Existing, now: datetime) -> ItemPlan:
    """What has to be sent so that an object of the target becomes as the source is."""
    policy_type = source.policy_type
    named = _with_state(source, named, existing)
    content, lacks = _keeping_secrets(named.content, existing.content)
    wanted = Wanted(content, named.assignments)
    found = Wanted(existing.content, existing.assignments)
    base = ItemPlan("unchanged", existing.id, base_sha256=existing.compare_sha256)
    differs = _differences(policy_type, wanted, found)
    if not differs:  # whatever it names that nobody knows: nothing is sent
        return base
    reason = why_not(policy_type, existing.content, exists=True)
    if reason:
        return replace(base, action="cannot", lacks=(reason,))
    steps = recipes.update(policy_type, existing.id, wanted, found, now)
    notes = {"blockers": tuple(named.blockers), "warnings": tuple(named.warnings)}
    if not steps and not named.blockers:
        what = ", ".join(sorted({one.partition("[")[0] for one in differs})[:5])
        return replace(base, action="cannot", lacks=(f"Graph takes no change of: {what}.",))
    names = {one.partition("[")[0].partition(".")[0] for one in differs}
    fixed = sorted(names & recipes.unchangeable(policy_type, found))
    if fixed:
        lacks = (*lacks, f"Graph takes no change of: {', '.join(fixed)}.")
    warnings = (*notes["warnings"], *_risks(policy_type, wanted.content, existing.content))
    return replace(
        base,
        action="update",
        steps=steps,
        blockers=notes["blockers"],
        warnings=warnings,
        lacks=(*named.lacks, *lacks),
        wanted=comparable(policy_type, wanted),
    )


def _differences(policy_type: PolicyType, wanted: Wanted, found: Wanted) -> list[str]:
    """Where the target's object is not as wanted, its own ids apart."""
    noise = tuple(policy_type.noise)
    shown = comparable(policy_type, wanted)
    places = [lack.where for lack in lacking(shown.content, dict(found.content), noise)
              if not lack.is_hidden]  # fmt: skip
    # What the target has besides, and the source says nothing of, is no difference of the content;
    # an assignment more than wanted is one.
    theirs = own_assignments(found.assignments)
    places += ["assignments"] * len(lacking_assignments(shown.assignments, theirs))
    return places


def _keeping_secrets(
    content: dict[str, Any], found: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A secret that only the tenant knows stays as the tenant has it."""
    kept, lost = without_lost_secrets(content)
    if not lost:
        return content, ()
    _, theirs = without_lost_secrets(found)
    unknown = tuple(one for one in lost if one not in theirs)
    if not unknown:
        return content, ()
    return kept, unknown


def _create(source: Source, named: Linked, now: datetime) -> ItemPlan:
    policy_type = source.policy_type
    named = _with_state(source, named, None)
    content, lacks = without_lost_secrets(named.content)
    wanted = Wanted(content, named.assignments)
    own = id_of(policy_type.key, source.id)
    return ItemPlan(
        "create",
        steps=recipes.creation(policy_type, own, wanted, now),
        blockers=tuple(named.blockers),
        warnings=(*named.warnings, *_risks(policy_type, wanted.content, None)),
        lacks=(*named.lacks, *lacks),
        wanted=comparable(policy_type, wanted),
    )


def _renamed(source: Source, named: Linked, taken: frozenset[str]) -> Linked:
    """A copy beside the others: a name that nobody has."""
    is_plain = source.policy_type.key == "windowsAutopilotDeploymentProfiles"
    number, name = 1, ""
    while not name or name in taken:
        suffix = " (restored)" if number == 1 else f" (restored {number})"
        name = f"{source.name[: 128 - len(suffix)]}{suffix}"
        name = name.replace("-", " ") if is_plain else name
        number += 1
    content = {**named.content, source.policy_type.name_property: name}
    return replace(named, content=content)


def _with_state(source: Source, named: Linked, existing: Existing | None) -> Linked:
    """Conditional Access that would take effect at once does so only where that was chosen."""
    if source.policy_type.key != _ACCESS or source.as_it_was:
        return named
    state = named.content.get("state")
    if source.state in _STATES and state in _STATES:  # never more than the backup has
        state = min(state, source.state, key=_STATES.index)
    elif state == _ENABLED:
        state = existing.content.get("state") if existing else _DISABLED
    return replace(named, content={**named.content, "state": state})


def _risks(
    policy_type: PolicyType, wanted: Mapping[str, Any], found: Mapping[str, Any] | None
) -> list[Note]:
    if policy_type.key != _ACCESS or wanted.get("state") != _ENABLED:
        state = wanted.get("state")
        if policy_type.key == _ACCESS and found is None and state == _DISABLED:
            return [Note("access.disabled", "It is restored disabled: enable it when it is safe.")]
        return []
    users = (wanted.get("conditions") or {}).get("users") or {}
    controls = (wanted.get("grantControls") or {}).get("builtInControls") or []
    notes = [Note("access.enabled", "It takes effect at once.")]
    excludes = [*(users.get("excludeUsers") or []), *(users.get("excludeGroups") or [])]
    if "All" in (users.get("includeUsers") or []) and not excludes:
        what = "blocks" if "block" in controls else "reaches"
        message = f"It {what} all users without an exclusion: it can lock everybody out."
        notes.append(Note("access.lock_out", message))
    return notes


def plan_deletion(
    policy_type: PolicyType | None, target_id: str, found: Existing | None
) -> ItemPlan:
    """For an undo: takes away what the restore created, unless it is gone already."""
    if policy_type is not None and found is None:
        return ItemPlan("unchanged", target_id)
    before = Wanted(found.content, found.assignments) if found else None
    steps = recipes.deletion(policy_type, target_id, before)
    base = found.compare_sha256 if found else ""
    return ItemPlan("delete", target_id, base_sha256=base, steps=steps)


def plan_group(source_id: str, group: Mapping[str, Any]) -> ItemPlan:
    """A group that the target lacks: assigned members are not known, a rule is."""
    warnings = () if group.get("membershipRule") else (
        Note("group.empty", "The group is created without members."),)  # fmt: skip
    wanted = {"displayName": group["displayName"]}
    if group.get("membershipRule"):
        wanted["membershipRule"] = group["membershipRule"]
    return ItemPlan(
        "create",
        steps=recipes.group_creation(source_id, group),
        warnings=warnings,
        wanted=Wanted(wanted, []),
    )
