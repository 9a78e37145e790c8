"""The start buttons of a tenant: what each starts, and why it cannot be pressed right now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from opsapp.permissions import viewer_may
from opsapp.presenters.frame import path
from opsapp.presenters.states import state_of

BUTTONS = {
    "inventory.sync": ("Sync inventory", "arrow-repeat"),
    "directory_groups.sync": ("Sync groups", "people"),
    "tenant.verify": ("Verify access", "patch-check"),
    "policy.capture_snapshot": ("Capture now", "camera"),
}


@dataclass(frozen=True)
class StartAction:
    """A button for ``action_button``; ``off`` is why it is disabled, None when it is not."""

    type: str
    label: str
    icon: str
    url: str
    off: str | Markup | None
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        return {"type": self.type, **self.inputs}


def start_action(
    tenant: Any, operation_type: str, active_run: Any, inputs: Mapping[str, str] | None = None
) -> StartAction:
    """``active_run`` is the run that a start would join, None when there is none."""
    label, icon = BUTTONS[operation_type]
    url = path(f"/tenants/{tenant.slug}/runs")
    off = _why_not(tenant, active_run)
    return StartAction(operation_type, label, icon, url, off, inputs or {})


def _why_not(tenant: Any, active_run: Any) -> str | Markup | None:
    if active_run is not None:
        address = path(f"/monitoring/operations/{active_run.id}")
        word = state_of(active_run).word
        return Markup('{}. <a href="{}">View run</a>').format(word, address)
    if not viewer_may("runs.start", tenant):
        return "Your role is Read only; an operator can start this."
    if tenant.suspended_at:
        return "The tenant is suspended."
    return None
