"""Who asks for work: a person, somebody named (the command line, a schedule), or the system."""

from sqlalchemy.orm import Session

from opsapp.audit import Actor, record
from opsapp.models import OperationRun, User
from opsapp.runs.events import SYSTEM

Initiator = User | str | None


def name_of(initiator: Initiator) -> str:
    """What the run's history calls them."""
    return initiator.name if isinstance(initiator, User) else (initiator or SYSTEM)


def audit(session: Session, initiator: Initiator, action: str, run: OperationRun) -> None:
    """One line of the audit trail, in the caller's transaction; none for the system itself."""
    if initiator is None:
        return
    actor = Actor.of(initiator) if isinstance(initiator, User) else Actor(initiator)
    data = {"retry_of_id": run.retry_of_id} if run.retry_of_id else {}
    record(session, actor, action, f"{run.type} #{run.id}", tenant=run.tenant, data=data)
