"""What may be asked of the list of runs, as conditions on ``operation_runs``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import OperationRun, RunAttention, RunOutcome, RunStatus, Tenant, User
from opsapp.models.conditions import ACTIVE, UNSUCCESSFUL, Condition
from opsapp.permissions import tenants_of
from opsapp.services.run_search import matches

DEFAULT_WINDOW = "30d"
WINDOWS: dict[str, timedelta | None] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "all": None,
}


@dataclass(frozen=True)
class RunFilter:
    """What the viewer asked to see; empty means everything. ``state`` is one of ``STATES``."""

    tenant: str = ""
    type: str = ""
    state: str = ""
    reason: str = ""
    since: str = ""
    q: str = ""
    mine: bool = False

    @property
    def window(self) -> timedelta | None:
        return WINDOWS.get(self.since, WINDOWS[DEFAULT_WINDOW])

    @property
    def narrows(self) -> bool:
        """Whether anything but the period is asked for."""
        return bool(self.tenant or self.type or self.state or self.reason or self.q or self.mine)


def visible_to(user: User) -> sa.Select[OperationRun]:
    """The runs of the person's tenants; of all tenants for an administrator."""
    query = sa.select(OperationRun)
    if user.is_admin and user.is_active:
        return query
    mine = tenants_of(user).with_only_columns(Tenant.id)
    return query.where(OperationRun.tenant_id.in_(mine))


def conditions_of(user: User, chosen: RunFilter) -> list[Condition]:
    """All conditions of a filter; a value it does not know is as if it were not there."""
    conditions = created_within(chosen.window)
    if chosen.tenant:
        slug = sa.select(Tenant.id).where(Tenant.slug == chosen.tenant).scalar_subquery()
        conditions.append(OperationRun.tenant_id == slug)
    if chosen.type:
        conditions.append(OperationRun.type == chosen.type)
    if chosen.state in STATES:
        conditions.append(STATES[chosen.state]())
    if chosen.reason:
        conditions.append(OperationRun.reason_code == chosen.reason)
    if chosen.mine:
        conditions.append(OperationRun.user_id == user.id)
    if chosen.q:
        conditions.append(matches(chosen.q))
    return conditions


def needs_attention() -> Condition:
    """Ended badly, and not settled yet (``opsapp.runs.attention``), nor being retried just now."""
    retried_now = (
        sa.select(OperationRun.retry_of_id)
        .where(ACTIVE, OperationRun.retry_of_id.is_not(None))
        .correlate(None)
    )
    return sa.and_(
        OperationRun.id.in_(sa.select(RunAttention.run_id)),
        OperationRun.id.not_in(retried_now),
    )


def is_stale() -> Condition:
    """Said to be running, but its worker has not been heard of for longer than the lease."""
    return sa.and_(
        ACTIVE,
        OperationRun.status == RunStatus.RUNNING,
        OperationRun.lease_expires_at < utcnow(),
    )


def _ended(outcome: RunOutcome) -> Condition:
    return sa.and_(UNSUCCESSFUL, OperationRun.outcome == outcome)


def _with_status(status: RunStatus, *more: Condition) -> Condition:
    return sa.and_(ACTIVE, OperationRun.status == status, *more)


STATES: dict[str, Callable[[], Condition]] = {
    "active": lambda: ACTIVE,
    "queued": lambda: _with_status(RunStatus.QUEUED, OperationRun.hold.is_(None)),
    "waiting": lambda: _with_status(RunStatus.QUEUED, OperationRun.hold.is_not(None)),
    "running": lambda: _with_status(RunStatus.RUNNING),
    "stale": is_stale,
    "attention": needs_attention,
    "succeeded": lambda: OperationRun.outcome == RunOutcome.SUCCEEDED,
    "partially_succeeded": lambda: _ended(RunOutcome.PARTIALLY_SUCCEEDED),
    "failed": lambda: _ended(RunOutcome.FAILED),
    "cancelled": lambda: _ended(RunOutcome.CANCELLED),
}


def created_within(window: timedelta | None) -> list[Condition]:
    """Created in the window, or active: what is active is never hidden by its age.

    Ids rise with time, so the oldest id to look at bounds the search whatever index serves it.
    """
    if window is None:
        return []
    since = utcnow() - window
    floors = [db.session.scalar(query) for query in (_first_since(since), _oldest_active())]
    known = [floor for floor in floors if floor is not None]
    if not known:
        return [sa.false()]
    return [OperationRun.id >= min(known), sa.or_(OperationRun.created_at >= since, ACTIVE)]


def _first_since(moment: datetime) -> sa.Select[int]:
    recent = sa.select(OperationRun.id).where(OperationRun.created_at >= moment)
    return recent.order_by(OperationRun.created_at).limit(1)


def _oldest_active() -> sa.Select[int]:
    return sa.select(OperationRun.id).where(ACTIVE).order_by(OperationRun.id).limit(1)
