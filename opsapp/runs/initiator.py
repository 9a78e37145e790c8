"""Who asks for work: a person, somebody named (the command line, a schedule), or the system."""

from collections.abc import Mapping
from typing import Any

from opsapp.audit import Actor, write_line
from opsapp.models import User
from opsapp.models.base import Writing
from opsapp.runs.events import SYSTEM

Initiator = User | str | None


def name_of(initiator: Initiator) -> str:
    """What the run's history calls them."""
    return initiator.name if isinstance(initiator, User) else (initiator or SYSTEM)


def actor_of(initiator: Initiator) -> Actor:
    """As the audit trail names them."""
    return Actor.of(initiator) if isinstance(initiator, User) else Actor(name_of(initiator))


def answerable(initiator: Initiator) -> Actor | None:
    """Whom the audit trail holds to what is done to a run; nobody for the system itself."""
    return None if initiator is None else actor_of(initiator)


def audit(where: Writing, actor: Actor | None, action: str, run: Mapping[str, Any]) -> None:
    """One line of the audit trail, in the caller's transaction, if somebody is answerable.

    ``run`` holds the values of its columns.
    """
    if actor is None:
        return
    data = {"retry_of_id": run["retry_of_id"]} if run["retry_of_id"] else {}
    subject = f"{run['type']} #{run['id']}"
    write_line(where, actor, action, subject, tenant_id=run["tenant_id"], data=data)
