"""What the initiator is told: one notification when queued, one when ended, nobody else."""

from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.models import Notification, NotificationKind, OperationRun
from opsapp.models.upsert import insert_or_ignore
from opsapp.runs.sentences import sentence, subject


def notify_queued(session: Session, run: OperationRun) -> None:
    _notify(session, run, NotificationKind.QUEUED, f"{subject(run)} is queued.")


def notify_ended(session: Session, run: OperationRun) -> None:
    _notify(session, run, NotificationKind.TERMINAL, sentence(run))


def _notify(session: Session, run: OperationRun, kind: NotificationKind, title: str) -> None:
    if run.user_id is None:
        return
    session.execute(
        insert_or_ignore(session, Notification).values(
            user_id=run.user_id,
            run_id=run.id,
            kind=kind,
            title=storable(title, 300),
            created_at=utcnow(),
        )
    )
