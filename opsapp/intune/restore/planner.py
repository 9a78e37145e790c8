"""The plan of one object: what becomes of it, by which requests, and what stands against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.holding import lacking, lacking_assignments
from opsapp.intune.restore import access, recipes
from opsapp.intune.restore.bodies import own_assignments
from opsapp.intune.restore.comparable import comparable
from opsapp.intune.restore.foreign import without_imported
from opsapp.intune.restore.limits import is_default, why_not, without_lost_secrets
from opsapp.intune.restore.linking import Linked, Resolve, linked
from opsapp.intune.restore.matching import LASTING
from opsapp.intune.restore.notes import BLOCKED
from opsapp.intune.restore.notes import UNDECIDED as UNMAPPED
from opsapp.intune.restore.plan import ItemPlan, Note, Wanted, id_of
from opsapp.intune.restore.required import completed, fitted

UNDECIDED: Final = "conflict.undecided"


@dataclass(frozen=True)
class Source:
    """An object to restore.

    Attributes:
        choice: update, copy or skip, as chosen for this object: it always counts.
        on_conflict: the same, as chosen for the whole restore: only where a name collides.
        state: chosen for a Conditional Access policy.
        as_it_was: an undo, which puts back everything just so.
        is_foreign: it comes from another tenant.

    """

    policy_type: PolicyType
    id: str
    name: str
    content: Mapping[str, Any]
    assignments: Sequence[Mapping[str, Any]]
    choice: str | None = None
    on_conflict: str | None = None
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
    if source.choice == "skip":
        return ItemPlan("skip", candidates=_ids([existing] if existing else namesakes))
    if existing is not None and (source.choice != "copy" or _is_only_one(source)):
        return _onto(source, _linked(source, resolve, existing), existing, now)
    named = _linked(source, resolve, None)
    onto = [_onto(source, _linked(source, resolve, one), one, now) for one in namesakes]
    if existing is None and source.choice != "copy":
        for plan in onto:
            if plan.action == "unchanged":
                return replace(plan, candidates=_ids(namesakes))
    if reason := why_not(source.policy_type, source.content, exists=False):
        return ItemPlan("cannot", lacks=(reason,), warnings=tuple(named.warnings))
    if namesakes and (source.choice or source.on_conflict) != "copy":
        return _conflict(source, named, namesakes, onto)
    if namesakes or existing is not None:
        named = _renamed(source, named, taken_names)
    return _create(source, named, now)


def _linked(source: Source, resolve: Resolve, existing: Existing | None) -> Linked:
    """The object as it is to be in the target: with the ids, and in the state, that it has there.

    The state goes first: what is enforced is judged more strictly.
    """
    content, notes = source.content, list[Note]()
    if source.policy_type.key == access.KEY and not source.as_it_was:
        found = existing.content.get("state") if existing else None
        state, notes = access.state_to_be(content.get("state"), source.state, found)
        content = {**content, "state": state}
    lacks: tuple[str, ...] = ()
    if source.is_foreign:
        content, lacks = without_imported(content)
    named = linked(
        source.policy_type, content, source.assignments, resolve, is_foreign=source.is_foreign
    )
    return replace(named, warnings=[*notes, *named.warnings], lacks=lacks)


def _is_only_one(source: Source) -> bool:
    """Whether a tenant has exactly one of it, so that no copy can be made."""
    if source.policy_type.key in LASTING:
        return True
    return source.policy_type.single or is_default(source.policy_type, source.content)


def _conflict(
    source: Source, named: Linked, namesakes: Sequence[Existing], onto: Sequence[ItemPlan]
) -> ItemPlan:
    """``onto``: what restoring onto each of the namesakes would take."""
    choice = source.choice or source.on_conflict
    if choice == "skip":
        return ItemPlan("skip", candidates=_ids(namesakes))
    if choice == "update" and len(onto) == 1:
        return replace(onto[0], candidates=_ids(namesakes))
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


def _onto(source: Source, named: Linked, existing: Existing, now: datetime) -> ItemPlan:
    """What has to be sent so that an object of the target becomes as the source is."""
    policy_type = source.policy_type
    content, lacks = _keeping_secrets(named.content, existing.content)
    found = Wanted(existing.content, existing.assignments)
    wanted = fitted(policy_type, Wanted(content, named.assignments), found)
    base = ItemPlan("unchanged", existing.id, base_sha256=existing.compare_sha256)
    differs = _differences(policy_type, wanted, found)
    differs += recipes.to_clear(policy_type, wanted, found, now)
    # Whatever it names that nobody knows: nothing is sent.
    blockers = [note for note in named.blockers if note.code not in (UNMAPPED, BLOCKED)]
    if not differs and not blockers and not named.lacks:
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
    warnings = (*notes["warnings"], *_risks(policy_type, wanted.content))
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
    content, lacks = without_lost_secrets(named.content)
    wanted, notes = completed(policy_type, Wanted(content, named.assignments))
    own = id_of(policy_type.key, source.id)
    return ItemPlan(
        "create",
        steps=recipes.creation(policy_type, own, wanted, now),
        blockers=tuple(named.blockers),
        warnings=(*named.warnings, *notes, *_risks(policy_type, wanted.content, is_new=True)),
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


def _risks(
    policy_type: PolicyType, wanted: Mapping[str, Any], *, is_new: bool = False
) -> list[Note]:
    return access.risks(wanted, is_new=is_new) if policy_type.key == access.KEY else []


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
