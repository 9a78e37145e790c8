"""What a person was told about their runs. Only that person's own, always."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import Notification, OperationRun, User
from opsapp.models.base import write
from opsapp.refusals import NotFound
from opsapp.services.paging import Cursor, Page, page_of

COUNT_LIMIT = 1000


def browse(user: User, cursor: Cursor, *, unread_only: bool = False) -> Page[Notification]:
    """A page of the person's notifications, newest first, with their runs and tenants."""
    query = _with_runs(user, unread_only=unread_only)
    return page_of(query, Notification, Notification.id, cursor, descending=True)


def newest(user: User, limit: int, *, unread_only: bool = False) -> Sequence[Notification]:
    query = _with_runs(user, unread_only=unread_only).order_by(Notification.id.desc())
    return db.session.scalars(query.limit(limit)).all()


def count(user: User, *, unread_only: bool = False) -> int:
    """Counted up to ``COUNT_LIMIT`` + 1."""
    query = _of(user)
    if unread_only:
        query = query.where(Notification.read_at.is_(None))
    ids = query.with_only_columns(Notification.id).limit(COUNT_LIMIT + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def latest_id(user: User) -> int:
    """Of the person's newest notification; 0 when there is none."""
    return db.session.scalar(_of(user).with_only_columns(sa.func.max(Notification.id))) or 0


def mark_read(user: User, notification_id: int) -> Notification:
    """Marks one as read; reading it again changes nothing. Raises NotFound for another's."""
    with write() as session:
        found = session.scalar(_of(user).where(Notification.id == notification_id))
        if found is None:
            raise NotFound("There is no such notification.")
        found.read_at = found.read_at or utcnow()
    return found


def mark_all_read(user: User, upto: int) -> int:
    """Marks what is unread up to and including the id ``upto``; returns how many."""
    with write() as session:
        done = session.execute(
            sa.update(Notification)
            .where(
                Notification.user_id == user.id,
                Notification.read_at.is_(None),
                Notification.id <= upto,
            )
            .values(read_at=utcnow())
            .returning(Notification.id)
        )
        return len(done.all())


def _with_runs(user: User, *, unread_only: bool) -> sa.Select[Notification]:
    query = _of(user).options(joinedload(Notification.run).joinedload(OperationRun.tenant))
    return query.where(Notification.read_at.is_(None)) if unread_only else query


def _of(user: User) -> sa.Select[Notification]:
    return sa.select(Notification).where(Notification.user_id == user.id)
