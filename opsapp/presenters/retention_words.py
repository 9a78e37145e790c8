"""What becomes of old runs, in words: for the settings of a tenant and the dialog that asks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsapp.models import Tenant
from opsapp.presenters.numbers import capped
from opsapp.retention import kept_words

if TYPE_CHECKING:  # importing it would bring the queue's client along
    from opsapp.services.retention import Preview


@dataclass(frozen=True)
class HistoryPanel:
    """``effect`` is what the button would do; ``off`` why it cannot be pressed now."""

    sentence: str
    effect: str
    stays: str
    off: str | None


def of(tenant: Tenant, found: "Preview") -> HistoryPanel:
    if found.before is None:
        return HistoryPanel("Runs are kept for ever.", "", "", "OPSAPP_RETENTION_DAYS is 0.")
    return HistoryPanel(
        f"Runs that ended more than {found.days:,} days ago are deleted once a day, with their "
        "items, events and notifications. Audit lines and policy versions stay.",
        f"{_count(found)} that ended before {found.before:%-d %b %Y} (UTC).",
        _stays(found),
        _why_not(tenant, found),
    )


def _count(found: "Preview") -> str:
    return f"{capped(found.going)} run{'' if found.going == 1 else 's'}"


def _stays(found: "Preview") -> str:
    words = kept_words(found.kept)
    return f"Of the old runs, {words}." if words else "No old run has to stay."


def _why_not(tenant: Tenant, found: "Preview") -> str | None:
    if tenant.suspended_at:
        return "The tenant is suspended."
    return None if found.going else "No run is old enough."
