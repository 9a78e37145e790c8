"""/tenants/<slug>/restores: the list, the wizard, and what became of a restore."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import asked_number, cursor, sent_number
from opsapp.blueprints.policy_pages import download
from opsapp.blueprints.restore_context import acting, found, to_restore
from opsapp.extensions import db
from opsapp.models import ConflictChoice, RestoreRun, RestoreStatus, Tenant
from opsapp.permissions import requires, viewer
from opsapp.presenters import restore_page, restore_report, restore_words
from opsapp.presenters.notices import notice
from opsapp.presenters.restore_json import restore_in_full
from opsapp.refusals import NotFound, Refused
from opsapp.services import (
    restore_confirming,
    restore_mappings,
    restore_sources,
    restore_undo,
    restore_views,
)
from opsapp.services import restores as service
from opsapp.services.policies import label_of
from opsapp.services.restore_access import active_preview
from opsapp.services.restore_views import ItemFilter

bp = Blueprint("restores", __name__, url_prefix="/tenants/<slug>/restores")

BLOCKERS_SHOWN = 10
STATUS_WORDS = {
    "draft": "Draft",
    "previewed": "Awaiting confirmation",
    "queued": "Queued",
    "running": "Running",
    "completed": "Completed",
    "partial": "Completed in part",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    status = request.args.get("status", "")
    status = status if status in STATUS_WORDS else ""
    page = service.browse(tenant, status, cursor())
    return render_template(
        "restores/index.html",
        tenant=tenant,
        page=page,
        status=status,
        status_words=STATUS_WORDS,
        source_words=restore_page.source_words,
    )


@bp.get("/new")
@requires("restores.preview")
def new(tenant: Tenant) -> ResponseReturnValue:
    """Step 1 without ``set`` in the query, step 2 with it."""
    set_id = asked_number("set")
    q = request.args.get("q", "").strip()[:200]
    if set_id is None:
        sets = restore_sources.browse(viewer(), q, cursor())
        return render_template("restores/source.html", tenant=tenant, page=sets, q=q)
    try:
        backup = service.source_set(viewer(), set_id)
    except NotFound:
        abort(HTTPStatus.NOT_FOUND)
    types = restore_views.set_types(backup.id)
    by_label = sorted(types.items(), key=lambda pair: label_of(pair[0]).casefold())
    kind = request.args.get("type", "")
    kind = kind if kind in types else ""
    return render_template(
        "restores/scope.html",
        tenant=tenant,
        backup=backup,
        types=by_label,
        type_choices=[(key, label_of(key)) for key, _ in by_label],
        label_of=label_of,
        kind=kind,
        q=q,
        page=restore_views.set_items(backup.id, kind, q, cursor()),
        conflict_words=restore_page.CONFLICT_WORDS,
        state_words=restore_page.STATE_WORDS,
    )


@bp.post("")
@requires("restores.preview")
def create(tenant: Tenant) -> ResponseReturnValue:
    """Form fields: ``set``, ``scope`` (all, types, items), ``types``, ``items``, choices."""
    set_id = sent_number("set") or 0
    try:
        restore = service.create(viewer(), tenant, _draft(set_id))
    except Refused as refused:
        notice(f"{refused.message} Nothing was drafted.", "error")
        address = url_for("restores.new", slug=tenant.slug, set=set_id or None)
        return redirect(address, HTTPStatus.SEE_OTHER)
    undecided = restore_mappings.counts_of(restore).undecided
    page = "restore_mapping.show" if undecided else "restores.show"
    address = url_for(page, slug=tenant.slug, restore_id=restore.id)
    return redirect(address, HTTPStatus.SEE_OTHER)


def _draft(set_id: int) -> service.Draft:
    sent = request.form
    scope = sent.get("scope", "")
    types = sent.getlist("types") if scope == "types" else []
    items = sent.getlist("items") if scope == "items" else []
    if scope not in ("all", "types", "items") or (scope != "all" and not types and not items):
        raise Refused("Choose what to restore.")
    conflict = sent.get("on_conflict", "")
    return service.Draft(
        backup_set_id=set_id,
        items=items,
        types=types,
        with_dependencies=sent.get("alone") != "1",
        on_conflict=ConflictChoice(conflict) if conflict in set(ConflictChoice) else None,
        state=sent.get("state") or None,
    )


@bp.get("/<int:restore_id>")
@requires("tenant.view")
def show(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    asked = request.args
    show_only = asked.get("show", "")
    show_only = show_only if show_only in restore_page.SHOW_WORDS else ""
    chosen = ItemFilter(show_only, asked.get("q", "").strip()[:200])
    return render_template("restores/show.html", **_page_values(restore, chosen), label_of=label_of)


def _page_values(restore: RestoreRun, chosen: ItemFilter) -> dict[str, Any]:
    counts = restore_views.counts_of(restore)
    mapping = restore_mappings.counts_of(restore)
    making = active_preview(db.session(), restore)
    is_previewing = making is not None
    blocked = restore_confirming.blocked_items(db.session(), restore)
    blockers = restore_page.blockers_of(restore, blocked)
    return {
        "tenant": restore.tenant,
        "restore": restore,
        "chosen": chosen,
        "counts": counts,
        "mapping": mapping,
        "making": making,
        "page": restore_views.items(restore, chosen, cursor()),
        "blockers": blockers[:BLOCKERS_SHOWN],
        "more_blockers": max(0, len(blockers) - BLOCKERS_SHOWN),
        "sentence": restore_words.sentence(restore, counts),
        "source": restore_page.source_words(restore),
        "steps": restore_page.steps_of(restore, mapping.undecided),
        "state_of_item": restore_page.shown_state,
        "show_words": restore_page.SHOW_WORDS,
        "conflict_words": restore_page.CONFLICT_WORDS,
        "effects": restore_page.effects(counts, restore.tenant),
        "writes": restore_page.writes_of(counts),
        "needs_approval": restore_confirming.needs_approval(restore),
        "awaits_approval": restore_confirming.awaits_approval(restore),
        "no_preview": restore_page.why_no_preview(restore, is_previewing),
        "no_confirm": restore_page.why_no_confirm(restore, counts, is_previewing),
        "no_approval": restore_page.why_no_approval(restore, viewer().id),
        "no_undo": restore_undo.why_no_undo(restore),
        "is_ended": restore.status in service.ENDED,
        "is_waiting": restore.status in restore_page.WAITING,
        "is_active": restore.status in restore_page.ACTIVE or is_previewing,
    }


@bp.post("/<int:restore_id>/preview")
@requires("restores.preview")
def preview(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    run = acting(lambda: restore_confirming.start_preview(viewer(), restore))
    if run is not None:
        url = url_for("monitoring.show", run_id=run.id)
        if run.reason_code:
            notice("The preview could not be started: the queue does not answer.", "error", url)
        else:
            notice("The preview is queued: the tenant is read again.", "success", url)
    return to_restore(tenant, restore_id)


@bp.post("/<int:restore_id>/confirm")
@requires("restores.execute")
def confirm(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form fields: ``confirm`` (the tenant's name), ``reason``, ``has_read``."""
    restore, sent = found(tenant, restore_id), request.form
    given = restore_confirming.Confirmation(
        sent.get("reason", ""), sent.get("confirm", ""), sent.get("has_read") == "1"
    )
    done = acting(lambda: restore_confirming.confirm(viewer(), restore, given))
    if done is not None:
        _announce(done)
    return to_restore(tenant, restore_id)


@bp.post("/<int:restore_id>/approve")
@requires("restores.approve")
def approve(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    done = acting(lambda: restore_confirming.approve(viewer(), restore))
    if done is not None:
        _announce(done)
    return to_restore(tenant, restore_id)


def _announce(restore: RestoreRun) -> None:
    url = url_for("monitoring.show", run_id=restore.run_id)
    if restore.status == RestoreStatus.PREVIEWED:
        notice("Confirmed. Another owner must approve it now.", "info", url)
    elif restore.status == RestoreStatus.FAILED:
        notice("It could not be started: the queue does not answer.", "error", url)
    else:
        notice("The restore is queued.", "success", url)


@bp.post("/<int:restore_id>/draft")
@requires("restores.preview")
def back_to_draft(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    acting(lambda: service.back_to_draft(viewer(), restore))
    return to_restore(tenant, restore_id)


@bp.post("/<int:restore_id>/conflicts")
@requires("restores.preview")
def set_conflicts(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form field: ``on_conflict``; empty leaves it to each item."""
    restore, sent = found(tenant, restore_id), request.form.get("on_conflict", "")
    choice = ConflictChoice(sent) if sent in set(ConflictChoice) else None
    acting(lambda: service.set_on_conflict(viewer(), restore, choice))
    return to_restore(tenant, restore_id)


@bp.post("/<int:restore_id>/cancel")
@requires("restores.preview")
def cancel(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    acting(lambda: service.cancel(viewer(), restore))
    return to_restore(tenant, restore_id)


@bp.post("/<int:restore_id>/delete")
@requires("restores.preview")
def delete(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    try:
        service.delete(viewer(), restore)
    except Refused as refused:
        notice(refused.message, "error")
        return to_restore(tenant, restore_id)
    notice(f"Draft {restore_id} is deleted.", "info")
    return redirect(url_for("restores.index", slug=tenant.slug), HTTPStatus.SEE_OTHER)


@bp.post("/<int:restore_id>/undo")
@requires("restores.preview")
def undo(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    made = acting(lambda: restore_undo.undo(viewer(), restore))
    if made is not None:
        notice("This draft undoes the restore. Preview it, then confirm it.", "info")
    return to_restore(tenant, made.id if made else restore_id)


@bp.post("/<int:restore_id>/report")
@requires("tenant.view")
def report(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form field: ``format``, html or json. Taking it away is recorded."""
    restore, wanted = found(tenant, restore_id), request.form.get("format", "")
    if wanted not in restore_report.FORMATS:
        abort(HTTPStatus.BAD_REQUEST)
    counts = restore_views.counts_of(restore)
    data = restore_in_full(
        restore,
        counts,
        restore_views.all_items(restore),
        restore_views.journal(restore),
        restore_mappings.rows_of(restore),
    )
    text = restore_report.report(data, restore_words.sentence(restore, counts), wanted)
    service.note_report(viewer(), restore)
    return download(text, restore_report.file_name(data, wanted), restore_report.FORMATS[wanted])
