"""What keeps a run from its turn: pauses, limits, Microsoft Graph, and people's decisions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opsapp.database import utcnow
from opsapp.models import Hold, OperationRun, Pause
from opsapp.presenters.frame import path
from opsapp.presenters.numbers import plural
from opsapp.presenters.run_cause import ADMINISTRATOR, OPERATIONS, QUEUE_PAGE, Cause

if TYPE_CHECKING:  # what finds them imports the queue, which no page may reach
    from opsapp.services.obstacles import Obstacles


def paused(run: OperationRun, pause: Pause) -> Cause:
    name, slug = run.tenant.name, run.tenant.slug
    whole = pause.tenant_id is None
    return Cause(
        "The queue is paused" if whole else f"Runs of {name} are paused",
        f"By {pause.paused_by}: {pause.reason}",
        "Resume it." if whole else "Resume them.",
        ADMINISTRATOR if whole else f"An owner of {name}, or an administrator.",
        "warning",
        "queue.paused",
        since=pause.paused_at,
        url=path(QUEUE_PAGE if whole else f"/tenants/{slug}/"),
        link="Queue" if whole else name,
        needs="queue.view" if whole else None,
    )


def limits(run: OperationRun, found: "Obstacles") -> Iterator[Cause]:
    """Not more than so many runs of a tenant at a time, and one that changes it."""
    standing, name = found.standing, run.tenant.name
    if run.hold:
        return
    if standing.writing_run_id:
        yield Cause(
            f"Another run is changing {name}",
            "Only one run at a time may change a tenant. This one starts when that has ended.",
            url=path(f"{OPERATIONS}/{standing.writing_run_id}"),
            link=f"Run {standing.writing_run_id}",
        )
    if standing.is_at_limit:
        yield Cause(
            f"{name} is at its limit of {plural(standing.limit, 'run')} at a time",
            f"{standing.running_in_tenant:,} of its runs are running. This one starts when one of "
            "them has ended.",
            url=path(f"{OPERATIONS}?state=running&tenant={run.tenant.slug}"),
            link="Running runs",
        )


def graph(run: OperationRun, found: "Obstacles") -> Iterator[Cause]:
    """What Graph tells one run of a tenant holds for all of them."""
    until = run.not_before if run.hold == Hold.GRAPH else found.standing.graph_until
    if run.hold != Hold.GRAPH and until is None:
        return
    said = f"{run.wait_reason.rstrip('.')}. " if run.hold and run.wait_reason else ""
    coming = until if until and until > utcnow() else None
    yield Cause(
        f"{run.tenant.name} waits for Microsoft Graph",
        f"{said}Graph asked for a pause; it holds for all runs of the tenant."
        + ("" if coming else " It goes on within seconds."),
        kind="warning",
        code="graph.throttled",
        until=coming,
    )


_DECISIONS = {
    Hold.CONFIRMATION: (
        "Awaiting confirmation",
        "Nothing happens until it is confirmed.",
        "Confirm it, or cancel it.",
    ),
    Hold.APPROVAL: (
        "Awaiting approval",
        "Nothing happens until it is approved.",
        "Approve it, or cancel it.",
    ),
}


def decisions(run: OperationRun, found: "Obstacles") -> Iterator[Cause]:
    """What waits for somebody's word, or for the end of a pause."""
    if run.hold in _DECISIONS:
        title, text, todo = _DECISIONS[run.hold]
        said = f"{run.wait_reason.rstrip('.')}. " if run.wait_reason else ""
        restore = run.inputs.get("restore")
        yield Cause(
            title,
            said + text,
            todo,
            f"Whoever may in {run.tenant.name}.",
            url=path(f"/tenants/{run.tenant.slug}/restores/{restore}") if restore else "",
            link=f"Restore {restore}" if restore else "",
        )
    elif run.hold == Hold.PAUSED and not found.pauses:
        yield Cause("The pause is over", "It goes on within seconds.")
