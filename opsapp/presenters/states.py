"""Every state a page can show: its word, its icon, its tone. One table for all pages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opsapp.presenters.times import aware


@dataclass(frozen=True)
class State:
    """``tone`` is neutral, violet, blue, green, amber or red; ``icon`` is a Bootstrap icon."""

    key: str
    word: str
    icon: str
    tone: str


_TABLE = (
    # runs
    State("queued", "Queued", "clock", "neutral"),
    State("undispatched", "Not handed to the queue yet", "clock-history", "neutral"),
    State("awaiting_confirmation", "Awaiting confirmation", "hand-index", "violet"),
    State("awaiting_approval", "Awaiting approval", "hand-index", "violet"),
    State("paused", "Paused", "pause-circle", "neutral"),
    State("waiting", "Waiting for Graph", "hourglass-split", "amber"),
    State("running", "Running", "dot", "blue"),
    State("cancelling", "Cancelling", "dot", "blue"),
    State("stale", "Stale", "plug", "amber"),
    State("succeeded", "Succeeded", "check-circle-fill", "green"),
    State("partially_succeeded", "Partially succeeded", "circle-half", "amber"),
    State("failed", "Failed", "x-circle-fill", "red"),
    State("cancelled", "Cancelled", "slash-circle", "neutral"),
    # items
    State("unchanged", "Unchanged", "check", "neutral"),
    State("skipped", "Skipped", "skip-forward", "neutral"),
    State("not_attempted", "Not attempted", "dash-circle", "neutral"),
    State("repaired", "Repaired", "check-circle", "green"),
    # collections
    State("complete", "Complete", "check-circle-fill", "green"),
    State("forbidden", "Not permitted", "lock", "red"),
    State("throttled", "Throttled", "hourglass-split", "amber"),
    State("excluded", "Excluded", "slash-circle", "neutral"),
    State("not_read", "Not read yet", "dash-circle", "neutral"),
    State("partial", "Incomplete", "circle-half", "amber"),
    # backup sets, slots of schedules
    State("making", "Being made", "dot", "blue"),
    State("open", "Open", "folder2-open", "violet"),
    State("waiting_for_retry", "Waiting for a retry", "arrow-repeat", "amber"),
    State("interrupted", "Not finished", "x-circle", "red"),
    State("started", "Started", "play-circle", "neutral"),
    State("missed", "Missed", "calendar-x", "amber"),
    State("refused", "Refused", "slash-circle", "red"),
    # permissions, tenants
    State("granted", "Granted", "check-circle-fill", "green"),
    State("missing", "Missing", "x-circle-fill", "red"),
    State("missing_to_restore", "Missing for restores", "x-circle", "amber"),
    State("verified", "Verified", "patch-check", "green"),
    State("unverified", "Not verified", "question-circle", "amber"),
    State("suspended", "Suspended", "pause-circle", "amber"),
    # policies, groups, people
    State("present", "Present", "check-circle", "green"),
    State("gone", "Gone", "eye-slash", "amber"),
    State("removed", "Removed", "eye-slash", "amber"),
    State("active", "Active", "check-circle", "green"),
    State("deactivated", "Deactivated", "slash-circle", "neutral"),
    # restores, and what is planned for an object
    State("draft", "Draft", "pencil", "neutral"),
    State("previewed", "Awaiting confirmation", "hand-index", "violet"),
    State("completed", "Completed", "check-circle-fill", "green"),
    State("partial", "Completed in part", "circle-half", "amber"),
    State("create", "Create", "plus-circle", "green"),
    State("update", "Update", "pencil", "blue"),
    State("delete", "Delete", "trash", "red"),
    State("conflict", "To be decided", "question-circle", "amber"),
    State("skip", "Left out", "skip-forward", "neutral"),
    State("cannot", "Cannot be restored", "slash-circle", "amber"),
    State("differences", "Differences", "circle-half", "amber"),
    State("unproven", "Not proved", "question-circle", "amber"),
    State("blocked", "Blocked", "x-circle-fill", "red"),
    State("map", "Mapped", "check-circle", "green"),
    State("undecided", "Undecided", "question-circle", "amber"),
    # deliveries of notifications
    State("pending", "Waiting to be sent", "clock", "neutral"),
    State("delivered", "Delivered", "check-circle-fill", "green"),
    State("given_up", "Given up", "x-circle-fill", "red"),
    # workers and the queue
    State("idle", "Idle", "circle", "neutral"),
    State("busy", "Busy", "dot", "blue"),
    State("stopping", "Stopping", "box-arrow-down", "amber"),
    State("stopped", "Stopped", "stop-circle", "neutral"),
    State("lost", "Lost", "plug", "red"),
    State("reachable", "Reachable", "check-circle-fill", "green"),
    State("unreachable", "Unreachable", "plug", "red"),
)
STATES = {state.key: state for state in _TABLE}

_HELD = {
    "graph": "waiting",
    "approval": "awaiting_approval",
    "paused": "paused",
    "confirmation": "awaiting_confirmation",
}


def state_of(subject: Any, now: datetime | None = None) -> State:
    """The state of a run, or the one a key names (``"granted"``, an enum member).

    A word that is not in the table is shown as it is, grey: a page never breaks over a state.
    """
    if hasattr(subject, "dispatched_at"):
        return STATES[_run_key(subject, now or datetime.now(UTC))]
    key = str(getattr(subject, "value", subject))
    word = key.replace("_", " ").capitalize()
    return STATES.get(key) or State(key, word, "circle", "neutral")


def _run_key(run: Any, now: datetime) -> str:
    if run.status == "completed":
        return str(run.outcome)
    if run.status == "queued":
        if run.hold is not None:
            return _HELD[str(run.hold)]
        return "queued" if run.dispatched_at else "undispatched"
    if run.lease_expires_at is not None and aware(run.lease_expires_at) < now:
        return "stale"
    return "cancelling" if run.cancel_requested_at else "running"
