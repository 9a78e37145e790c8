"""/tenants/<slug>/restores/<id>/mapping: what stands for the groups and objects it names."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import asked_number
from opsapp.blueprints.policy_pages import download
from opsapp.blueprints.restore_context import acting, found
from opsapp.intune.restore import GROUPS
from opsapp.models import MappingChoice, RestoreRun, Tenant
from opsapp.permissions import requires, viewer, viewer_may
from opsapp.presenters import restore_page
from opsapp.presenters.notices import notice
from opsapp.presenters.numbers import plural
from opsapp.presenters.tenant_actions import start_action
from opsapp.services import overview, restore_mapping_text
from opsapp.services import restore_mappings as service
from opsapp.services.policies import label_of
from opsapp.services.restore_mappings import Choice

bp = Blueprint(
    "restore_mapping", __name__, url_prefix="/tenants/<slug>/restores/<int:restore_id>/mapping"
)

SHOW_WORDS = {
    "undecided": "Undecided",
    "map": "Mapped",
    "skip": "Left out",
    "create": "To create",
}
_FURTHEST = 10_000
_ACTIONS = {
    "skip_undecided": service.skip_undecided,
    "create_missing": service.create_missing,
}


@bp.get("")
@requires("tenant.view")
def show(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore, asked = found(tenant, restore_id), request.args
    state = asked.get("state", "")
    state = state if state in SHOW_WORDS else ""
    q, number = asked.get("q", "").strip()[:200], asked_number("page", _FURTHEST) or 1
    rows, more = service.page_of_rows(restore, state=state, q=q, page=max(1, number))
    counts = service.counts_of(restore)
    return render_template(
        "restores/mapping.html",
        tenant=tenant,
        restore=restore,
        rows=rows,
        more=more,
        number=max(1, number),
        counts=counts,
        state=state,
        q=q,
        steps=restore_page.steps_of(restore, counts.undecided, on_mapping=True),
        sync=_sync(tenant),
        off=_why_not(restore),
        no_saving=_why_not_save(restore),
        kind_words=_kind_words,
        is_group=lambda kind: kind == GROUPS,
        show_words=SHOW_WORDS,
        choice_words=restore_page.CHOICE_WORDS,
        origin_words=restore_page.ORIGIN_WORDS,
    )


def _sync(tenant: Tenant) -> object:
    active = (run for run in overview.active_runs(tenant) if run.type == "directory_groups.sync")
    return start_action(tenant, "directory_groups.sync", next(active, None))


def _kind_words(kind: str) -> str:
    return "Group" if kind == GROUPS else label_of(kind)


def _why_not(restore: RestoreRun) -> str | None:
    if restore.status not in restore_page.WAITING:
        return "The restore is confirmed"
    if not viewer_may("restores.preview", restore.tenant):
        return "Your role is Read only"
    return None


def _why_not_save(restore: RestoreRun) -> str | None:
    if not viewer_may("mappings.save", restore.tenant):
        return "Your role does not include saving mappings"
    return _why_not(restore)


@bp.get("/target")
@requires("restores.preview")
def target(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Where one reference is mapped: a search over what the target has."""
    restore, asked = found(tenant, restore_id), request.args
    row = service.row_of(restore, asked.get("kind", ""), asked.get("source", ""))
    if row is None:
        return _back(tenant, restore_id)
    q = asked.get("q", row.source_name).strip()[:200]
    return render_template(
        "restores/target.html",
        tenant=tenant,
        restore=restore,
        row=row,
        q=q,
        off=_why_not(restore),
        found=service.search(restore, row.kind, q),
        most=service.FOUND_AT_MOST,
        kind=_kind_words(row.kind),
        sync=_sync(tenant),
    )


@bp.post("")
@requires("restores.preview")
def choose(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form fields: ``kind``, ``source``, ``choice`` (empty takes it back), ``target``."""
    restore, sent = found(tenant, restore_id), request.form
    word = sent.get("choice", "")
    choice = MappingChoice(word) if word in set(MappingChoice) else None
    one = Choice(sent.get("kind", ""), sent.get("source", ""), choice, sent.get("target", ""))
    acting(lambda: service.choose(viewer(), restore, [one]))
    return _back(tenant, restore_id)


@bp.post("/many")
@requires("restores.preview")
def choose_many(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form field ``action``: skip_undecided, create_missing, refresh."""
    restore, action = found(tenant, restore_id), request.form.get("action", "")
    if action == "refresh":
        acting(lambda: service.bring_up_to_date(viewer(), restore))
    elif action in _ACTIONS:
        count = acting(lambda: _ACTIONS[action](viewer(), restore))
        if count is not None:
            notice(f"{plural(count, 'choice')} made.", "info")
    return _back(tenant, restore_id)


@bp.post("/save")
@requires("mappings.save")
def save(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    restore = found(tenant, restore_id)
    count = acting(lambda: service.save(viewer(), restore))
    if count is not None:
        notice(f"{plural(count, 'choice')} saved for restores between both tenants.", "success")
    return _back(tenant, restore_id)


@bp.get("/file")
@requires("restores.preview")
def file(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """The mapping as CSV."""
    rows = service.rows_of(found(tenant, restore_id))
    name = f"opsapp-mapping-{restore_id}-{tenant.slug}.csv"
    return download(restore_mapping_text.as_csv(rows), name, "text/csv")


@bp.post("/file")
@requires("restores.preview")
def bring(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """Form field ``file``: a CSV file as it is given out."""
    restore, sent = found(tenant, restore_id), request.files.get("file")
    body = sent.stream.read(restore_mapping_text.MAX_BYTES + 1) if sent else b""
    try:
        taken = restore_mapping_text.from_csv(restore, body)
    except restore_mapping_text.BadLines as bad:
        return render_template(
            "restores/bad_file.html", tenant=tenant, restore=restore, lines=bad.lines
        ), HTTPStatus.UNPROCESSABLE_ENTITY
    count = acting(lambda: service.choose(viewer(), restore, taken.choices))
    if count is not None:
        beside = f" {plural(taken.beside, 'line')} named other groups." if taken.beside else ""
        notice(f"{plural(count, 'choice')} taken from the file.{beside}", "success")
    return _back(tenant, restore_id)


def _back(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    """To the list as it was filtered."""
    names = ("state", "q", "page")
    keep: dict[str, Any] = {name: request.form.get(name) or None for name in names}
    address = url_for("restore_mapping.show", slug=tenant.slug, restore_id=restore_id, **keep)
    return redirect(address, HTTPStatus.SEE_OTHER)
