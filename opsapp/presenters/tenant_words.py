"""Tenants in sentences: the answer on top of the portfolio and of a tenant's page."""

from dataclasses import dataclass
from typing import Any

from opsapp.presenters.frame import path
from opsapp.presenters.numbers import number, plural
from opsapp.presenters.viewer import relative

ROLE_WORDS = {
    "readonly": "Read only",
    "operator": "Operator",
    "manager": "Manager",
    "owner": "Owner",
    "admin": "Administrator",
}


@dataclass(frozen=True)
class Problem:
    """Something wrong with a tenant, and where to look. ``tone`` and ``icon`` as in states."""

    text: str
    url: str
    tone: str
    icon: str


def problems_of(row: Any) -> list[Problem]:
    """What is wrong with a row of the portfolio, worst first."""
    page = path(f"/tenants/{row.slug}/")
    runs = path(f"/monitoring/operations?tenant={row.slug}&state=attention&since=7d")
    found = []
    if row.is_suspended:
        found.append(Problem("Suspended", page, "amber", "pause-circle"))
    if row.failed_runs:
        text = f"{plural(row.failed_runs, 'run')} failed or partial"
        found.append(Problem(text, runs, "red", "x-circle-fill"))
    if row.missing_permissions:
        text = f"{plural(row.missing_permissions, 'permission')} missing"
        found.append(Problem(text, f"{page}#permissions", "red", "key"))
    if row.forbidden:
        text = f"{plural(row.forbidden, 'collection')} not permitted"
        found.append(Problem(text, f"{page}#collections", "red", "lock"))
    if row.unread > row.forbidden:
        text = f"{plural(row.unread - row.forbidden, 'collection')} incomplete"
        found.append(Problem(text, f"{page}#collections", "amber", "circle-half"))
    if row.never_synced:
        found.append(Problem("Never synced", page, "amber", "dash-circle"))
    return found


def portfolio_sentence(portfolio: Any) -> str:
    """How many tenants need attention, of how many, and what is running."""
    if not portfolio.tenants:
        return "You are not a member of any tenant yet."
    tenants = plural(portfolio.tenants, "tenant")
    if portfolio.attention:
        verb = "needs" if portfolio.attention == 1 else "need"
        first = f"{number(portfolio.attention)} of {tenants} {verb} attention"
    elif portfolio.tenants == 1:
        first = "Your tenant is in order"
    else:
        first = f"All {tenants} are in order"
    if not portfolio.active_runs:
        return f"{first}."
    verb = "is" if portfolio.active_runs == 1 else "are"
    return f"{first}; {plural(portfolio.active_runs, 'run')} {verb} active."


def tenant_sentence(tenant: Any, overview: Any) -> str:
    """The state of one tenant in a sentence or two."""
    if tenant.suspended_at:
        return "Suspended: nothing is read and no run can be started until it is resumed."
    if overview.attempted_at is None:
        return (
            "Nothing has been read from this tenant yet. Sync the inventory to see what it holds."
        )
    policies = plural(overview.policies, "policy", "policies")
    when = relative(overview.attempted_at)
    problems, missing = overview.problems, overview.missing
    if problems:
        read = f"{number(len(problems))} of {plural(len(overview.collections), 'collection')}"
        text = f"{policies} known; {read} could not be read completely in the last sync, {when}."
    elif overview.unread:
        unread = plural(len(overview.unread), "collection")
        text = f"{policies} known, last read {when}; {unread} not read yet."
    else:
        text = f"{policies}, read completely {when}."
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        text += f" {plural(len(missing), 'permission')} {verb} missing."
    return text
