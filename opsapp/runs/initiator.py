"""Who asks for work: a person, somebody named (the command line, a schedule), or the system."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from opsapp.audit import Actor, record
from opsapp.models import Tenant, User
from opsapp.runs.events import SYSTEM

Initiator = User | str | None


def name_of(initiator: Initiator) -> str:
    """What the run's history calls them."""
    return initiator.name if isinstance(initiator, User) else (initiator or SYSTEM)


def actor_of(initiator: Initiator) -> Actor:
    """As the audit trail names them."""
    return Actor.of(initiator) if isinstance(initiator, User) else Actor(name_of(initiator))


def audit(
    session: Session,
    initiator: Initiator,
    action: str,
    run: Mapping[str, Any],
    tenant: Tenant,
) -> None:
    """One line of the audit trail, in the caller's transaction; none for the system itself.

    ``run`` holds the values of its columns.
    """
    if initiator is None:
        return
    data = {"retry_of_id": run["retry_of_id"]} if run["retry_of_id"] else {}
    subject = f"{run['type']} #{run['id']}"
    record(session, actor_of(initiator), action, subject, tenant=tenant, data=data)
