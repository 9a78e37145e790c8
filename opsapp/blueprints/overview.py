"""/tenants/<slug>/: one tenant at a glance, and the buttons that start its syncs."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from opsapp.models import Tenant
from opsapp.operations import label_of
from opsapp.permissions import requires
from opsapp.presenters import pause_words
from opsapp.presenters.tenant_actions import start_action
from opsapp.presenters.tenant_words import tenant_sentence
from opsapp.services import current_pauses, groups
from opsapp.services.overview import overview_of

bp = Blueprint("overview", __name__)

STARTS = ("inventory.sync", "directory_groups.sync", "tenant.verify")


@bp.get("/tenants/<slug>/")
@requires("tenant.view")
def show(tenant: Tenant) -> ResponseReturnValue:
    overview = overview_of(tenant)
    return render_template(
        "overview/show.html",
        tenant=tenant,
        overview=overview,
        sentence=tenant_sentence(tenant, overview),
        actions=[start_action(tenant, kind, overview.active_run(kind)) for kind in STARTS],
        operation_label=label_of,
        groups=groups.count_of(tenant),
        pauses=pause_words.banners_of(current_pauses.of_tenant(tenant)),
    )
