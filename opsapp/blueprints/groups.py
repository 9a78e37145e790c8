"""/tenants/<slug>/groups: the directory cache of a tenant."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import cursor
from opsapp.models import Tenant
from opsapp.permissions import requires
from opsapp.presenters.numbers import capped
from opsapp.presenters.tenant_actions import start_action
from opsapp.presenters.viewer import relative
from opsapp.services import groups as service
from opsapp.services import overview

bp = Blueprint("groups", __name__, url_prefix="/tenants/<slug>/groups")

KIND_WORDS = {
    "security": "Security",
    "microsoft365": "Microsoft 365",
    "mail": "Distribution",
}
KIND_CHOICES = KIND_WORDS | {"dynamic": "Dynamic membership"}
STATE_WORDS = {"removed": "Removed from the directory", "all": "Present and removed"}


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    asked = request.args
    kind, state = asked.get("kind", ""), asked.get("state", "")
    chosen = service.GroupFilter(
        kind=kind if kind in KIND_CHOICES else "",
        state=state if state in STATE_WORDS else "",
        q=asked.get("q", "").strip(),
    )
    sort = asked.get("sort", "")
    sort = sort if sort.removeprefix("-") in service.SORTS else "name"
    found = service.browse(tenant, chosen, sort, cursor())
    known = service.count_of(tenant)
    active = (run for run in overview.active_runs(tenant) if run.type == "directory_groups.sync")
    active_run = next(active, None)
    return render_template(
        "groups/index.html",
        tenant=tenant,
        chosen=chosen,
        sort=sort,
        found=found,
        sentence=_sentence(tenant, known),
        has_any=bool(known or found.page.rows or chosen.narrows),
        policies=service.policy_counts(tenant, found.page.rows),
        active_run=active_run,
        sync=start_action(tenant, "directory_groups.sync", active_run),
        kind_of=service.kind_of,
        is_dynamic=service.is_dynamic,
        kind_words=KIND_WORDS,
        kind_choices=KIND_CHOICES,
        state_words=STATE_WORDS,
    )


def _sentence(tenant: Tenant, known: int) -> str:
    """How many groups the cache knows, and how old it is."""
    if tenant.groups_synced_at is None:
        return "The directory has not been read yet; assignments show group ids instead of names."
    count = f"{capped(known)} {'group' if known == 1 else 'groups'}"
    return f"{count} in the directory cache, last synced {relative(tenant.groups_synced_at)}."
