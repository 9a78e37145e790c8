"""Restores in sentences."""

from typing import TYPE_CHECKING

from opsapp.models import RestoreAction, RestoreRun, RestoreStatus, Verdict
from opsapp.presenters.numbers import plural

if TYPE_CHECKING:
    from opsapp.services.restore_views import Counts

_PLANNED = {
    RestoreAction.CREATE: "will be created",
    RestoreAction.UPDATE: "updated",
    RestoreAction.DELETE: "deleted",
    RestoreAction.CONFLICT: "to be decided",
    RestoreAction.SKIP: "left out",
}
_VERDICTS = {
    Verdict.VERIFIED: "read back and found as wanted",
    Verdict.DIFFERENCES: "read back and different from what was wanted",
    Verdict.UNPROVEN: "not proved: it could not be read back, or not all of it",
}
_STANDING = {
    RestoreStatus.QUEUED: "Confirmed; it waits for a worker.",
    RestoreStatus.RUNNING: "It is being restored.",
    RestoreStatus.CANCELLED: "Cancelled.",
}
_ENDED = {
    RestoreStatus.COMPLETED: "Completed.",
    RestoreStatus.PARTIAL: "Completed in part.",
    RestoreStatus.FAILED: "Failed.",
    RestoreStatus.CANCELLED: "Cancelled.",
}


def preview_sentence(counts: "Counts") -> str:
    """Such as: 12 will be created, 3 updated, 40 are unchanged, 2 cannot be restored; 1 blocked."""
    parts: list[str] = []
    for action, words in _PLANNED.items():
        if count := counts.of(action):
            will = "will be " if not parts and not words.startswith(("will", "to be")) else ""
            parts.append(f"{count:,} {will}{words}")
    if count := counts.of(RestoreAction.UNCHANGED):
        parts.append(f"{count:,} {'is' if count == 1 else 'are'} unchanged")
    if count := counts.of(RestoreAction.CANNOT):
        parts.append(f"{count:,} cannot be restored")
    text = ", ".join(parts) or "Nothing is planned"
    blocked = f"; {counts.blocked:,} blocked" if counts.blocked else ""
    return f"{text}{blocked}."


def sentence(restore: RestoreRun, counts: "Counts") -> str:
    """What is the matter with a restore, first of all."""
    match restore.status:
        case RestoreStatus.DRAFT:
            note = f" {restore.plan_note}" if restore.plan_note else ""
            return f"A draft of {plural(counts.total, 'object')}; nothing is changed yet.{note}"
        case RestoreStatus.PREVIEWED if restore.confirmed_at is not None:
            return f"Confirmed by {restore.confirmed_by}; an owner must approve it."
        case RestoreStatus.PREVIEWED:
            return preview_sentence(counts)
        case status if status in _ENDED:
            return _result_sentence(restore, counts)
        case status:
            return _STANDING[status]


def _result_sentence(restore: RestoreRun, counts: "Counts") -> str:
    parts = [_ENDED[restore.status]]
    for verdict, words in _VERDICTS.items():
        if count := counts.verdicts.get(verdict, 0):
            parts.append(f"{count:,} {words}.")
    if counts.failed:
        parts.append(f"{counts.failed:,} not restored, or not whole.")
    if restore.status == RestoreStatus.CANCELLED and not counts.verdicts:
        parts.append("Nothing was restored.")
    return " ".join(parts)
