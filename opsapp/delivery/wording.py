"""What a delivery says: the letter of an e-mail, the JSON of a webhook. Never a run's inputs."""

from datetime import datetime
from typing import Any

from opsapp.config import Settings
from opsapp.models import Delivery, Notification, OperationRun
from opsapp.run_facts import facts_of

TEST_TITLE = "This is a test message of OpsApp."
_RUN_TIMES = ("created_at", "dispatched_at", "started_at", "completed_at")


def message_id_of(delivery: Delivery) -> str:
    """The same in every attempt, so that a receiver can tell a message it already has."""
    return f"msg_{delivery.id}_{delivery.created_at:%Y%m%d%H%M%S%f}"


def title_of(notification: Notification | None) -> str:
    return notification.title if notification else TEST_TITLE


def payload(settings: Settings, delivery: Delivery) -> dict[str, Any]:
    """The body of a webhook; its keys are a promise (docs/monitoring.md)."""
    notification = delivery.notification
    if notification is None:
        return {
            "type": "test",
            "timestamp": _iso(delivery.created_at),
            "data": {"title": TEST_TITLE, "url": _link(settings, "/account")},
        }
    run = notification.run
    return {
        "type": "run.completed",
        "timestamp": _iso(run.completed_at),
        "data": {
            "title": notification.title,
            "url": _link(settings, f"/monitoring/operations/{run.id}"),
            "run": _run(run),
        },
    }


def _run(run: OperationRun) -> dict[str, Any]:
    """The keys of ``flask runs list --json``, as far as an ended run has them."""
    return facts_of(run) | {name: _iso(getattr(run, name)) for name in _RUN_TIMES}


def text(settings: Settings, delivery: Delivery) -> str:
    """The body of an e-mail."""
    notification = delivery.notification
    parts: list[str | None] = [title_of(notification)]
    if notification is not None:
        parts.append(_facts(notification.run))
        parts.append(_link(settings, f"/monitoring/operations/{notification.run_id}"))
        parts.append("You get this because you started the run.")
    where = _link(settings, "/account")
    parts.append(f"Choose what you get on your account page{f': {where}' if where else '.'}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(run: OperationRun) -> str:
    facts = {
        "Run": f"#{run.id} ({run.type})",
        "Tenant": f"{run.tenant.name} ({run.tenant.slug})",
        "Outcome": run.outcome.value.replace("_", " "),
        "Reason": run.reason_code,
        "Ended": f"{run.completed_at:%Y-%m-%d %H:%M:%S} UTC" if run.completed_at else None,
    }
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value)


def _link(settings: Settings, path: str) -> str | None:
    return f"{settings.public_url}{path}" if settings.public_url else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
