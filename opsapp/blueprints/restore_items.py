"""/tenants/<slug>/restores/<id>/items/<item>: one object: difference, requests, journal, proof."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.restore_context import acting, found, to_restore
from opsapp.intune.secrets import masked
from opsapp.models import ConflictChoice, RestoreItem, RestoreRun, Tenant
from opsapp.permissions import requires, viewer
from opsapp.presenters import policy_diff, restore_page
from opsapp.presenters.restore_json import requests_of
from opsapp.refusals import NotFound
from opsapp.services import restore_diff, restore_scope, restore_views
from opsapp.services.policies import label_of

bp = Blueprint(
    "restore_items", __name__, url_prefix="/tenants/<slug>/restores/<int:restore_id>/items"
)


@bp.get("/<int:item_id>")
@requires("tenant.view")
def show(tenant: Tenant, restore_id: int, item_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    item = _item(restore, item_id)
    change = restore_diff.change_of(restore, item)
    plan = item.plan or {}
    return render_template(
        "restores/item.html",
        tenant=tenant,
        restore=restore,
        item=item,
        plan=plan,
        state=restore_page.shown_state(item),
        label=label_of(item.collection),
        change=change,
        is_waiting=restore.status in restore_page.WAITING,
        is_access=item.collection == restore_scope.ACCESS,
        requests=requests_of(item),
        writes=restore_views.journal(restore, item),
        differences=masked(item.differences),
        conflict_words=restore_page.CONFLICT_WORDS,
        state_words=restore_page.STATE_WORDS,
        **(policy_diff.page_values(change) if change else {"answer": ""}),
    )


@bp.post("/<int:item_id>")
@requires("restores.preview")
def choose(tenant: Tenant, restore_id: int, item_id: int) -> ResponseReturnValue:
    """Form fields: ``choice`` of the conflict, ``state`` of a Conditional Access policy."""
    restore, sent = found(tenant, restore_id), request.form
    choice = sent.get("choice", "")
    acting(
        lambda: restore_scope.set_choices(
            viewer(),
            restore,
            [item_id],
            choice=ConflictChoice(choice) if choice in set(ConflictChoice) else None,
            state=sent.get("state") or None,
        )
    )
    address = url_for(
        "restore_items.show", slug=tenant.slug, restore_id=restore_id, item_id=item_id
    )
    return redirect(address, HTTPStatus.SEE_OTHER)


@bp.post("/<int:item_id>/remove")
@requires("restores.preview")
def remove(tenant: Tenant, restore_id: int, item_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    acting(lambda: restore_scope.remove_item(viewer(), restore, item_id))
    return to_restore(tenant, restore_id)


def _item(restore: RestoreRun, item_id: int) -> RestoreItem:
    try:
        return restore_views.item_of(restore, item_id)
    except NotFound:
        abort(HTTPStatus.NOT_FOUND)
