"""A preview that nobody confirmed for a week says little about the tenant any more."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import RestoreRun, RestoreStatus
from opsapp.models.base import write

KEPT: Final = timedelta(days=7)
NOTE: Final = "The preview expired after 7 days. Preview again."
_AT_ONCE: Final = 100


def expire_previews() -> int:
    """Puts restores with an old preview back to draft; returns how many. For the tick."""
    expired = sa.and_(
        RestoreRun.status == RestoreStatus.PREVIEWED, RestoreRun.previewed_at < utcnow() - KEPT
    )
    ids = db.session.scalars(sa.select(RestoreRun.id).where(expired).limit(_AT_ONCE)).all()
    db.session.rollback()
    if not ids:
        return 0
    with write() as session:
        restores = session.scalars(
            sa.select(RestoreRun)
            .where(RestoreRun.id.in_(ids), expired)
            .order_by(RestoreRun.id)
            .with_for_update(of=RestoreRun)
            .execution_options(populate_existing=True)
        ).all()
        for restore in restores:
            restore.status, restore.plan_note = RestoreStatus.DRAFT, NOTE
    return len(restores)
