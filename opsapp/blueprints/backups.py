"""/tenants/<slug>/backups: the backup sets of a tenant; one of them, and what is in it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, check_typed, cursor
from opsapp.forms.backups import BackupForm
from opsapp.intune.readable import count_of, sections_of
from opsapp.intune.secrets import masked
from opsapp.models import BackupItem, BackupSet, OperationRun, Tenant
from opsapp.permissions import requires, viewer
from opsapp.presenters import assignment_words, backup_words, policy_words
from opsapp.presenters.notices import notice
from opsapp.presenters.viewer import relative
from opsapp.refusals import NotFound, Refused
from opsapp.runs.selection import offer_of
from opsapp.runs.sentences import sentence as run_sentence
from opsapp.services import backups as service
from opsapp.services import policy_list
from opsapp.services.definitions import definitions_in
from opsapp.services.paging import Cursor
from opsapp.services.policies import TYPE_LABELS, is_assignable, label_of
from opsapp.services.policy_search import Scope

bp = Blueprint("backups", __name__, url_prefix="/tenants/<slug>/backups")

STATES = {"complete": "Complete", "open": "Not complete"}
LONGEST_TEXT = 200
TYPE_CHOICES = sorted(TYPE_LABELS.items(), key=lambda pair: pair[1])


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    return _list(tenant, BackupForm(formdata=None))


@bp.post("")
@requires("backups.create")
def create(tenant: Tenant) -> ResponseReturnValue:
    """Form fields: ``name``, ``note``, ``keep_open``, and ``types`` as often as needed."""
    form = BackupForm()
    run = form.attempt(lambda: service.start(tenant, _inputs(form), viewer()))
    if run is None:
        return _list(tenant, form), HTTPStatus.UNPROCESSABLE_ENTITY
    _say_started(run)
    return redirect(url_for(".index", slug=tenant.slug), HTTPStatus.SEE_OTHER)


def _inputs(form: BackupForm) -> dict[str, Any]:
    return {
        "name": form.name.data or "",
        "note": form.note.data or "",
        "keep_open": form.keep_open.data,
        "types": request.form.getlist("types"),
    }


def _say_started(run: OperationRun) -> None:
    address = url_for("monitoring.show", run_id=run.id)
    if run.reason_code:
        notice(run_sentence(run), "error", address)
    else:
        notice(
            "The backup was started." if run.is_new else "It is at work already.",
            "success",
            address,
        )


def _list(tenant: Tenant, form: BackupForm) -> str:
    chosen = _set_filter()
    sort = request.args.get("sort", "")
    sort = sort if sort.removeprefix("-") in service.SORTS else "-created"
    page = service.browse(tenant, chosen, sort, cursor())
    total = service.count(tenant)
    newest = service.browse(tenant, service.SetFilter(), "-created", Cursor()).rows[:1]
    latest = newest[0].backup if newest else None
    when = relative(latest.created_at) if latest else ""
    return render_template(
        "backups/index.html",
        tenant=tenant,
        form=form,
        types=TYPE_CHOICES,
        chosen_types=request.form.getlist("types"),
        chosen=chosen,
        sort=sort,
        page=page,
        total=total,
        count=service.count(tenant, chosen) if chosen.narrows else total,
        active=service.active_runs(tenant),
        run_sentence=run_sentence,
        state_of_set=backup_words.state_of_set,
        origins={key.value: words for key, words in backup_words.ORIGINS.items()},
        states=STATES,
        sentence=backup_words.list_sentence(total, latest, when),
    )


def _set_filter() -> service.SetFilter:
    asked = request.args
    origin, state = asked.get("origin", ""), asked.get("state", "")
    return service.SetFilter(
        q=asked.get("q", "").strip()[:LONGEST_TEXT],
        origin=origin if origin in set(backup_words.ORIGINS) else "",
        state=state if state in STATES else "",
    )


@bp.get("/<int:set_id>")
@requires("tenant.view")
def show(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    backup = _found(tenant, set_id)
    run, types = service.run_of(backup), service.types_of(backup)
    count = service.item_count(backup)
    offer = offer_of(run) if run is not None and backup.completed_at is None else None
    return render_template(
        "backups/show.html",
        tenant=tenant,
        backup=backup,
        run=run,
        run_sentence=run_sentence,
        offer=offer,
        state=backup_words.state_of_set(backup, run),
        types=types,
        count=count,
        sentence=backup_words.sentence(
            backup, run, types, count, offer.retryable if offer and not offer.busy_with else 0
        ),
        types_sentence=backup_words.types_sentence(types),
        origin=backup_words.ORIGINS[backup.origin],
        type_label=label_of,
        **_item_values(backup),
        **_policies_to_add(tenant, backup),
    )


def _item_values(backup: BackupSet) -> dict[str, Any]:
    asked = request.args
    chosen = service.ItemFilter(
        q=asked.get("q", "").strip()[:LONGEST_TEXT], type=asked.get("type", "")
    )
    sort = asked.get("sort", "")
    sort = sort if sort.removeprefix("-") in ("name", "type") else "name"
    return {
        "chosen": chosen,
        "sort": sort,
        "page": service.browse_items(backup, chosen, sort, cursor()),
        "item_types": service.item_types(backup),
        "kind_word": policy_words.kind_word,
    }


def _policies_to_add(tenant: Tenant, backup: BackupSet) -> dict[str, Any]:
    """What a search for policies found, to be put into an open set."""
    find = request.args.get("find", "").strip()[:LONGEST_TEXT]
    found: Any = ()
    if find and backup.completed_at is None:
        wanted = policy_list.PolicyFilter(q=find)
        found = policy_list.browse(Scope(tenant), wanted, "name", Cursor()).page.rows
    return {"find": find, "found": found}


@bp.post("/<int:set_id>/add")
@requires("backups.create")
def add(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    """Form field ``policies``: our ids, as often as needed."""
    backup = _found(tenant, set_id)
    chosen = [number for number in request.form.getlist("policies", type=int) if number > 0]
    try:
        _say_started(service.add_policies(backup, chosen, viewer()))
    except Refused as refused:
        notice(refused.message, "warning")
    return _to(backup)


@bp.get("/<int:set_id>/items/<int:item_id>")
@requires("tenant.view")
def item(tenant: Tenant, set_id: int, item_id: int) -> ResponseReturnValue:
    backup = _found(tenant, set_id)
    try:
        found = service.find_item(backup, item_id)
    except NotFound:
        abort(404)
    return _item_page(tenant, backup, found)


def _item_page(tenant: Tenant, backup: BackupSet, found: BackupItem) -> str:
    content, assignments = found.content.content, found.assignments.content
    names = service.names_of_item(backup, content, assignments)
    sections = sections_of(content, definitions_in(content))
    rows = assignment_words.rows_of(assignments, names)
    return render_template(
        "backups/item.html",
        tenant=tenant,
        backup=backup,
        item=found,
        names=names,
        sections=sections,
        total=count_of(sections),
        assignments=rows,
        assigned=assignment_words.assigned_sentence(rows),
        is_assignable=is_assignable(found.collection),
        label=label_of(found.collection),
        raw=masked({"content": content, "assignments": assignments}),
    )


@bp.post("/<int:set_id>/close")
@requires("backups.create")
def close(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    backup = _found(tenant, set_id)
    return _change(backup, lambda: service.close(actor(), backup), "The set is complete now.")


@bp.post("/<int:set_id>/delete")
@requires("backups.delete")
def delete(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    backup = _found(tenant, set_id)
    check_typed(backup.name)
    name = backup.name
    try:
        service.delete(actor(), backup)
    except Refused as refused:
        notice(refused.message, "warning")
        return _to(backup)
    notice(f"The backup set “{name}” is deleted.", "success")
    return redirect(url_for(".index", slug=tenant.slug), HTTPStatus.SEE_OTHER)


def _found(tenant: Tenant, set_id: int) -> BackupSet:
    try:
        return service.find(set_id, tenant)
    except NotFound:
        abort(404)


def _change(backup: BackupSet, change: Callable[[], object], done: str) -> ResponseReturnValue:
    try:
        change()
    except Refused as refused:
        notice(refused.message, "warning")
    else:
        notice(done, "success")
    return _to(backup)


def _to(backup: BackupSet) -> ResponseReturnValue:
    address = url_for(".show", slug=backup.tenant.slug, set_id=backup.id)
    return redirect(address, HTTPStatus.SEE_OTHER)
