"""From the draft to the run: the preview is started, read, confirmed, approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp import runs as ledger
from opsapp.audit import record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RestoreItem, RestoreRun, RestoreStatus, User
from opsapp.models.base import write
from opsapp.refusals import Refused
from opsapp.restore.fingerprint import changes_since_preview
from opsapp.services.restore_access import (
    SYSTEM_CLI,
    actor_of,
    find,
    locked,
    opened,
    refuse_while_previewing,
    require,
)

MAX_REASON: Final = 500
PREVIEW: Final = "restore.preview"
_TOLD: Final = 10


@dataclass(frozen=True)
class Confirmation:
    """What a person gives to confirm: why, the tenant's name or slug typed, the preview read."""

    reason: str
    typed: str
    has_read: bool


def start_preview(user: User | None, restore: RestoreRun) -> OperationRun:
    """Starts the run that makes the preview, or gives the one that does so already.

    An earlier preview is void from now on. Raises what starting a run raises, and Refused once the
    restore is confirmed.
    """
    require(user, restore.tenant, "restores.preview", "preview restores")
    if db.session.scalar(_items_of(restore).limit(1)) is None:
        raise Refused("There is nothing in this restore. Choose what to restore first.")
    _refuse_suspended(restore)
    with write() as session:
        opened(session, restore, "A new preview is being made.")
    inputs = {"restore": restore.id}
    run = ledger.start(restore.tenant, PREVIEW, inputs, user or SYSTEM_CLI)
    with write() as session:
        again = session.get_one(RestoreRun, restore.id)
        again.preview_run_id = run.id
    return run


def confirm(user: User | None, restore: RestoreRun, given: Confirmation) -> RestoreRun:
    """Lets a previewed restore go, or asks an owner to approve it where the tenant wants that.

    Raises Refused for what is missing, for blockers, and for a preview that is not true any more:
    then with what changed.
    """
    require(user, restore.tenant, "restores.execute", "execute restores")
    reason = _checked(restore, given)
    with write() as session:
        restore = locked(session, restore)
        _refuse_unless_valid(session, restore)
        if restore.confirmed_at is not None:
            raise Refused("This restore is confirmed already. It waits for an owner's approval.")
        restore.reason = reason
        restore.confirmed_at = utcnow()
        restore.confirmed_by_id = user.id if user else None
        restore.confirmed_by = user.email if user else SYSTEM_CLI
        waits = needs_approval(restore)
        if not waits:
            restore.status = RestoreStatus.QUEUED
        data = {"reason": reason, "awaits_approval": waits}
        subject = str(restore.id)
        by = actor_of(user)
        record(session, by, "restore.confirmed", subject, tenant=restore.tenant, data=data)
    return _dispatched(restore, user)


def approve(user: User | None, restore: RestoreRun) -> RestoreRun:
    """A second person lets a confirmed restore go. Raises Refused for the one who confirmed it."""
    if user is None:
        raise Refused("A person must approve: say which one with --as.")
    require(user, restore.tenant, "restores.approve", "approve restores")
    _refuse_suspended(restore)
    with write() as session:
        restore = locked(session, restore)
        if restore.status != RestoreStatus.PREVIEWED or restore.confirmed_at is None:
            raise Refused("This restore does not wait for approval.")
        if restore.confirmed_by_id == user.id:
            raise Refused("Another owner than the person who confirmed it must approve it.")
        _refuse_unless_valid(session, restore)
        restore.approved_at, restore.approved_by = utcnow(), user.email
        restore.status = RestoreStatus.QUEUED
        subject = str(restore.id)
        record(session, actor_of(user), "restore.approved", subject, tenant=restore.tenant)
    return _dispatched(restore, user)


def needs_approval(restore: RestoreRun) -> bool:
    """Whether a second person must let it go."""
    return restore.tenant.is_production and restore.tenant.needs_approval


def awaits_approval(restore: RestoreRun) -> bool:
    return restore.status == RestoreStatus.PREVIEWED and restore.confirmed_at is not None


def blocked_items(session: Session, restore: RestoreRun) -> Sequence[RestoreItem]:
    """Items with blockers, in order, with their plans."""
    query = _items_of(restore).where(RestoreItem.is_blocked.is_(True))
    plan = sa.orm.undefer(RestoreItem.plan)
    return session.scalars(query.order_by(RestoreItem.position).options(plan)).all()


def _items_of(restore: RestoreRun) -> sa.Select[RestoreItem]:
    return sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id)


def _checked(restore: RestoreRun, given: Confirmation) -> str:
    """The reason. Raises Refused for what a confirmation lacks."""
    _refuse_suspended(restore)
    typed = given.typed.strip()
    if typed not in (restore.tenant.name, restore.tenant.slug):
        raise Refused(f"Type the name of the tenant: {restore.tenant.name}.", "typed")
    if not given.has_read:
        raise Refused("Read the preview first, and say so.", "has_read")
    reason = " ".join(given.reason.split())
    if not 1 <= len(reason) <= MAX_REASON:
        raise Refused(f"Give a reason of at most {MAX_REASON} characters.", "reason")
    return reason


def _refuse_suspended(restore: RestoreRun) -> None:
    if restore.tenant.suspended_at:
        raise Refused(f"{restore.tenant.name} is suspended.", reason_code="tenant.suspended")


def _refuse_unless_valid(session: Session, restore: RestoreRun) -> None:
    refuse_while_previewing(session, restore)
    if restore.status == RestoreStatus.DRAFT:
        raise Refused(restore.plan_note or "There is no preview yet. Preview the restore first.")
    if restore.status != RestoreStatus.PREVIEWED:
        raise Refused("This restore is confirmed already, or has ended.")
    if blocked := blocked_items(session, restore):
        raise Refused(_blockers_in_words(blocked))
    if changes := changes_since_preview(session, restore):
        raise Refused(f"Changed since the preview: {' '.join(changes)} Preview again.")


def _blockers_in_words(blocked: Sequence[RestoreItem]) -> str:
    told = [
        f"“{item.name}”: {note['message']}"
        for item in blocked
        for note in (item.plan or {}).get("blockers", ())
    ]
    more = len(told) - _TOLD
    rest = f" And {more} more." if more > 0 else ""
    count = len(blocked)
    first = "1 item is blocked" if count == 1 else f"{count:,} items are blocked"
    return f"{first}. {' '.join(told[:_TOLD])}{rest}"


def _dispatched(restore: RestoreRun, user: User | None) -> RestoreRun:
    """Hands the released run to the queue, unless it is held still."""
    restore = find(restore.id, user)
    if restore.status == RestoreStatus.QUEUED and restore.run_id is not None:
        run = db.session.get_one(OperationRun, restore.run_id)
        if run.hold is None:
            ledger.dispatch(run)
    return find(restore.id, user)
