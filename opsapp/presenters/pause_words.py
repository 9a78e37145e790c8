"""Pauses in force as banners: what is paused, by whom, why, since when, who may resume it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from opsapp.permissions import viewer_may
from opsapp.presenters.frame import path
from opsapp.services.current_pauses import CurrentPause, word_for


@dataclass(frozen=True)
class Banner:
    """``resume_url`` is where the viewer can resume it; None for who may not: ``who`` says who."""

    title: str
    by: str
    reason: str
    since: datetime
    resume_url: str | None
    resume_label: str
    who: str


def banners_of(found: Iterable[CurrentPause]) -> list[Banner]:
    return [_banner(each) for each in found]


def _banner(found: CurrentPause) -> Banner:
    tenant, pause = found.tenant, found.pause
    may = viewer_may(word_for(tenant), tenant)
    url = path(f"/tenants/{tenant.slug}/runs/resume" if tenant else "/monitoring/queue/resume")
    who = f"An owner of {tenant.name} can resume them." if tenant else ""
    return Banner(
        f"Runs of {tenant.name} are paused" if tenant else "The queue is paused",
        pause.paused_by,
        pause.reason,
        pause.paused_at,
        url if may else None,
        "Resume runs" if tenant else "Resume the queue",
        who or "An administrator can resume it.",
    )
