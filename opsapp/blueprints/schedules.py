"""/tenants/<slug>/schedules: recurring backups of a tenant."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, check_typed
from opsapp.forms.schedules import ScheduleForm
from opsapp.models import BackupSchedule, OperationRun, Tenant
from opsapp.permissions import requires, viewer
from opsapp.presenters import schedule_words
from opsapp.presenters.notices import notice
from opsapp.refusals import NotFound, Refused
from opsapp.runs.sentences import sentence as run_sentence
from opsapp.services import schedules as service
from opsapp.services.policies import TYPE_LABELS, label_of

bp = Blueprint("schedules", __name__, url_prefix="/tenants/<slug>/schedules")

TYPE_CHOICES = sorted(TYPE_LABELS.items(), key=lambda pair: pair[1])


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    return _list(tenant, ScheduleForm(formdata=None))


@bp.post("")
@requires("schedules.manage")
def add(tenant: Tenant) -> ResponseReturnValue:
    form = ScheduleForm()
    made = form.attempt(lambda: service.add(actor(), tenant, form.plan(_types())))
    if made is None:
        return _list(tenant, form), HTTPStatus.UNPROCESSABLE_ENTITY
    notice(f"“{made.name}” is added.", "success")
    return _to_list(tenant)


def _types() -> list[str]:
    return request.form.getlist("types")


def _list(tenant: Tenant, form: ScheduleForm) -> str:
    lines = service.lines(tenant)
    return render_template(
        "schedules/index.html",
        tenant=tenant,
        form=form,
        types=TYPE_CHOICES,
        chosen_types=_types(),
        lines=lines,
        words=schedule_words,
        sentence=schedule_words.sentence(lines, tenant.timezone),
    )


@bp.get("/<int:schedule_id>")
@requires("tenant.view")
def show(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    schedule = _found(tenant, schedule_id)
    form = ScheduleForm.showing(schedule)
    return _page(tenant, schedule, form, list(schedule.collections or ()))


@bp.post("/<int:schedule_id>")
@requires("schedules.manage")
def change(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    schedule, form = _found(tenant, schedule_id), ScheduleForm()

    def save() -> bool:
        service.change(actor(), schedule, form.plan(_types()))
        return True

    if not form.attempt(save):
        return _page(tenant, schedule, form, _types()), HTTPStatus.UNPROCESSABLE_ENTITY
    notice("The schedule is saved.", "success")
    return _to_list(tenant)


def _page(
    tenant: Tenant, schedule: BackupSchedule, form: ScheduleForm, chosen_types: list[str]
) -> str:
    return render_template(
        "schedules/show.html",
        tenant=tenant,
        schedule=schedule,
        line=service.line_of(schedule),
        form=form,
        types=TYPE_CHOICES,
        chosen_types=chosen_types,
        words=schedule_words,
        type_label=label_of,
    )


@bp.post("/<int:schedule_id>/run-now")
@requires("backups.create")
def run_now(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    return _start(tenant, schedule_id, lambda schedule: service.run_now(schedule, viewer()))


@bp.post("/<int:schedule_id>/retry")
@requires("backups.create")
def retry(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    return _start(tenant, schedule_id, lambda schedule: service.retry(schedule, viewer()))


def _start(
    tenant: Tenant, schedule_id: int, start: Callable[[BackupSchedule], OperationRun]
) -> ResponseReturnValue:
    schedule = _found(tenant, schedule_id)
    try:
        run = start(schedule)
    except Refused as refused:
        notice(refused.message, "warning")
        return _to_list(tenant)
    address = url_for("monitoring.show", run_id=run.id)
    if run.reason_code:
        notice(run_sentence(run), "error", address)
    else:
        notice("The backup was started.", "success", address)
    return _to_list(tenant)


@bp.post("/<int:schedule_id>/pause")
@requires("schedules.manage")
def pause(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    schedule = _found(tenant, schedule_id)
    service.pause(actor(), schedule)
    notice(f"“{schedule.name}” is paused.", "success")
    return _to_list(tenant)


@bp.post("/<int:schedule_id>/resume")
@requires("schedules.manage")
def resume(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    schedule = _found(tenant, schedule_id)
    service.resume(actor(), schedule)
    notice(f"“{schedule.name}” is resumed.", "success")
    return _to_list(tenant)


@bp.post("/<int:schedule_id>/delete")
@requires("schedules.manage")
def delete(tenant: Tenant, schedule_id: int) -> ResponseReturnValue:
    schedule = _found(tenant, schedule_id)
    name = schedule.name
    check_typed(name)
    service.delete(actor(), schedule)
    notice(f"“{name}” is deleted. Its backup sets stay.", "success")
    return _to_list(tenant)


def _found(tenant: Tenant, schedule_id: int) -> BackupSchedule:
    try:
        return service.find(schedule_id, tenant)
    except NotFound:
        abort(404)


def _to_list(tenant: Tenant) -> ResponseReturnValue:
    return redirect(url_for(".index", slug=tenant.slug), HTTPStatus.SEE_OTHER)
