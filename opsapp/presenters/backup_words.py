"""Backup sets in words: how complete one is, what it waits for, what is missing."""

from collections.abc import Sequence
from typing import Any

from opsapp.models import (
    BackupOrigin,
    BackupSet,
    BackupSetType,
    OperationRun,
    RunOutcome,
    RunStatus,
    TypeCompleteness,
)
from opsapp.presenters.numbers import capped, plural
from opsapp.services.policies import TYPE_LABELS

ORIGINS = {
    BackupOrigin.CREATED: "Made by hand",
    BackupOrigin.SCHEDULE: "By a schedule",
    BackupOrigin.IMPORT: "Imported",
    BackupOrigin.AUTOMATIC: "Before a restore",
}
TYPE_WORDS = {
    TypeCompleteness.COMPLETE: "complete",
    TypeCompleteness.PARTIAL: "incomplete",
    TypeCompleteness.FORBIDDEN: "forbidden",
    TypeCompleteness.THROTTLED: "throttled",
    TypeCompleteness.FAILED: "failed",
    TypeCompleteness.EXCLUDED: "excluded",
}
NAMED = 4  # types that a sentence names
COMPLETE, MAKING, OPEN = "complete", "making", "open"
WAITING, BROKEN = "waiting_for_retry", "interrupted"


def state_of_set(backup: BackupSet, run: OperationRun | None) -> str:
    """A key of the table of states."""
    if backup.completed_at is not None:
        return COMPLETE
    if run is not None and run.status != RunStatus.COMPLETED:
        return MAKING
    has_ended_well = run is not None and run.outcome in (
        RunOutcome.SUCCEEDED,
        RunOutcome.PARTIALLY_SUCCEEDED,
    )
    if has_ended_well:
        return OPEN if backup.keep_open else WAITING
    return OPEN if backup.keep_open and run is None else BROKEN


def sentence(
    backup: BackupSet,
    run: OperationRun | None,
    types: Sequence[BackupSetType],
    items: int,
    retryable: int = 0,
) -> str:
    """What the set has, of what the tenant had; and what can be done about the rest."""
    missing = sum(len(row.missing) for row in types)
    held = f"{items:,} of {items + missing:,} items" if missing else plural(items, "item")
    retry = f"; {retryable:,} can be retried now" if retryable else ""
    state = state_of_set(backup, run)
    whose = f"Backup of {backup.tenant.name}"
    if state == MAKING:
        return f"{whose} is being made: {plural(items, 'item')} so far."
    if state == BROKEN:
        return f"{whose} was not finished: {held}{retry}."
    amiss = bool(missing) or any(_is_amiss(row) for row in types) or bool(backup.left_out)
    how = "partially succeeded" if amiss else "is complete" if state == COMPLETE else "is open"
    return f"{whose} {how}: {held}{retry}."


def types_sentence(types: Sequence[BackupSetType]) -> str:
    """``41 of 43 types complete; 2 forbidden: Conditional Access policies, Terms of use``."""
    if not types:
        return ""
    counted = [row for row in types if row.completeness != TypeCompleteness.EXCLUDED]
    complete = sum(row.completeness == TypeCompleteness.COMPLETE for row in counted)
    parts = [f"{complete:,} of {len(counted):,} types complete"]
    for kind, word in TYPE_WORDS.items():
        rows = [row for row in types if row.completeness == kind]
        if rows and kind != TypeCompleteness.COMPLETE:
            parts.append(f"{len(rows):,} {word}: {_named(rows)}")
    return "; ".join(parts) + "."


def list_sentence(sets: int, newest: BackupSet | None, when: str) -> str:
    """How many sets there are, and how old the newest is."""
    if newest is None:
        return "Nothing of this tenant has been backed up yet."
    return f"{capped(sets)} backup {'set' if sets == 1 else 'sets'}, the newest made {when}."


def _is_amiss(row: BackupSetType) -> bool:
    return row.completeness not in (TypeCompleteness.COMPLETE, TypeCompleteness.EXCLUDED)


def _named(rows: Sequence[BackupSetType]) -> str:
    labels = sorted(TYPE_LABELS.get(row.collection, row.collection) for row in rows)
    more = len(labels) - NAMED
    return f"{', '.join(labels[:NAMED])} and {more} more" if more > 0 else ", ".join(labels)


def as_data(backup: BackupSet, run: OperationRun | None) -> dict[str, Any]:
    """A set in the keys that commands print."""
    return {
        "id": backup.id,
        "tenant": backup.tenant.slug,
        "name": backup.name,
        "note": backup.note,
        "origin": backup.origin,
        "state": state_of_set(backup, run),
        "item_count": backup.item_count,
        "types": backup.collections,
        "keep_open": backup.keep_open,
        "created_by": backup.created_by,
        "created_at": backup.created_at,
        "completed_at": backup.completed_at,
        "run_id": backup.run_id,
        "schedule_id": backup.schedule_id,
    }


def type_as_data(row: BackupSetType) -> dict[str, Any]:
    return {
        "type": row.collection,
        "completeness": row.completeness,
        "object_count": row.object_count,
        "item_count": row.item_count,
        "reason_code": row.reason_code,
        "message": row.message,
        "missing": row.missing,
    }
