"""The wizard of a restore: its steps, what can be done now, and why something cannot."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opsapp.models import RestoreAction, RestoreItem, RestoreRun, RestoreStatus
from opsapp.permissions import viewer_may
from opsapp.presenters.frame import path
from opsapp.presenters.numbers import plural

if TYPE_CHECKING:
    from opsapp.services.restore_views import Counts

WAITING = (RestoreStatus.DRAFT, RestoreStatus.PREVIEWED)
ACTIVE = (RestoreStatus.QUEUED, RestoreStatus.RUNNING)
SHOW_WORDS = {
    "create": "To create",
    "update": "To update",
    "unchanged": "Unchanged",
    "delete": "To delete",
    "conflict": "To be decided",
    "skip": "Left out",
    "cannot": "Cannot be restored",
    "blocked": "Blocked",
    "warned": "With warnings",
    "failed": "Failed",
    "verified": "Verified",
    "differences": "With differences",
    "unproven": "Not proved",
}
CONFLICT_WORDS = {
    "update": "Update it in place",
    "copy": "Create a copy beside it",
    "skip": "Leave the object out",
}
STATE_WORDS = {
    "disabled": "Disabled",
    "enabledForReportingButNotEnforced": "Report-only",
    "enabled": "Enabled: it is enforced at once",
}
CHOICE_WORDS = {"map": "Mapped", "skip": "Left out", "create": "Created"}
ORIGIN_WORDS = {
    "id": "the same id",
    "name": "the only one of this name",
    "mail_nickname": "the same mail nickname",
    "rule": "the same membership rule",
    "saved": "saved for these tenants",
    "chosen": "chosen here",
}


@dataclass(frozen=True)
class Step:
    """A step of the wizard; ``state`` is done, current or open."""

    label: str
    state: str
    url: str | None = None


@dataclass(frozen=True)
class Blocker:
    """Something to decide, and the objects it blocks: the first of them, and how many."""

    message: str
    title: str
    url: str
    link: str


def blockers_of(restore: RestoreRun, blocked: Iterable[RestoreItem]) -> list[Blocker]:
    """Each thing to decide once, in the order of the objects, with where to decide it."""
    grouped: dict[tuple[str, str], list[RestoreItem]] = {}
    for item in blocked:
        for note in (item.plan or {}).get("blockers", ()):
            grouped.setdefault((note["code"], note["message"]), []).append(item)
    return [_blocker(restore, code, message, items) for (code, message), items in grouped.items()]


def _blocker(restore: RestoreRun, code: str, message: str, items: list[RestoreItem]) -> Blocker:
    more = len(items) - 1
    title = f"{items[0].name} and {more:,} more:" if more else f"{items[0].name}:"
    if code.startswith("mapping."):
        return Blocker(message, title, f"{base_of(restore)}/mapping?state=undecided", "Decide")
    return Blocker(message, title, f"{base_of(restore)}/items/{items[0].id}", "Look at it")


def base_of(restore: RestoreRun) -> str:
    return path(f"/tenants/{restore.tenant.slug}/restores/{restore.id}")


def steps_of(restore: RestoreRun, undecided: int, *, on_mapping: bool = False) -> list[Step]:
    """The five steps; an undo has no source and no scope to choose."""
    base = base_of(restore)
    draft = restore.status == RestoreStatus.DRAFT
    confirmed = restore.confirmed_at is not None
    mapping = "current" if on_mapping else "open" if undecided and draft else "done"
    return [
        Step("Source", "done"),
        Step("Scope", "done", base),
        Step("Mapping", mapping, f"{base}/mapping"),
        Step("Preview", "done" if not draft else "open" if on_mapping else "current", base),
        Step("Confirm", "done" if confirmed else "open" if draft else "current"),
    ]


def source_words(restore: RestoreRun) -> str:
    if restore.undo_of_id is not None:
        return f"Undoes restore {restore.undo_of_id}"
    source = restore.backup_set
    if source is None:
        return "From a backup set that was deleted"
    return f"From “{source.name}” of {source.tenant.name}"


def shown_state(item: RestoreItem) -> str:
    """The key of the state to show: how it ended, else what stands against it or is planned."""
    if item.verdict is not None and not item.reason_code:
        return item.verdict.value
    if item.reason_code == "item.skipped_chosen":
        return "skip"
    if item.reason_code == "approval.pending":
        return "awaiting_approval"
    if item.reason_code:
        return "failed" if item.verdict is None else item.verdict.value
    if item.is_blocked:
        return "blocked"
    return item.action.value if item.action else "draft"


def why_no_preview(restore: RestoreRun, previewing: bool) -> str | None:
    if not viewer_may("restores.preview", restore.tenant):
        return "Your role is Read only; an operator can preview this."
    if previewing:
        return "A preview is being made"
    return f"{restore.tenant.name} is suspended" if restore.tenant.suspended_at else None


def why_no_confirm(restore: RestoreRun, counts: "Counts", previewing: bool) -> str | None:
    """Why the previewed restore cannot be confirmed now; None when it can."""
    if not viewer_may("restores.execute", restore.tenant):
        return "Your role does not include executing restores"
    if previewing:
        return "A preview is being made"
    if restore.tenant.suspended_at:
        return f"{restore.tenant.name} is suspended"
    if counts.blocked:
        return f"{plural(counts.blocked, 'item')} blocked: decide first"
    return None


def why_no_approval(restore: RestoreRun, viewer_id: int) -> str | None:
    if not viewer_may("restores.approve", restore.tenant):
        return "Only an owner can approve it"
    if restore.confirmed_by_id == viewer_id:
        return "Another owner than the person who confirmed it must approve it"
    return f"{restore.tenant.name} is suspended" if restore.tenant.suspended_at else None


def writes_of(counts: "Counts") -> int:
    """How many objects a restore writes to."""
    writing = (RestoreAction.CREATE, RestoreAction.UPDATE, RestoreAction.DELETE)
    return sum(counts.of(action) for action in writing)


def effects(counts: "Counts", tenant: Any) -> list[str]:
    """What confirming does, in numbers."""
    words = {
        RestoreAction.CREATE: "created",
        RestoreAction.UPDATE: "updated",
        RestoreAction.DELETE: "deleted",
    }
    told = [f"{counts.of(action):,} {word}" for action, word in words.items() if counts.of(action)]
    if not told:
        return [f"Nothing is written to {tenant.name}: there is nothing to change."]
    lines = [f"In {tenant.name}: {', '.join(told)}."]
    if count := counts.of(RestoreAction.CANNOT):
        lines.append(f"{plural(count, 'object')} cannot be restored.")
    return lines
