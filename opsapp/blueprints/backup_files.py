"""/tenants/<slug>/backups/import and …/backups/<id>/export: backup sets as files."""

from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor
from opsapp.forms.backup_files import ImportForm
from opsapp.models import BackupSet, OperationRun, Tenant
from opsapp.operations.backup_set_import import MOST_BYTES
from opsapp.permissions import requires, viewer
from opsapp.presenters.notices import notice
from opsapp.refusals import NotFound, Refused
from opsapp.services import backup_export, uploads

bp = Blueprint("backup_files", __name__, url_prefix="/tenants/<slug>/backups")

_FIELDS_AROUND = 1024 * 1024  # bytes of the form besides the file


def allow_uploads() -> None:
    """Lets the one route that takes files read more than the others; before the form is read."""
    if request.endpoint == "backup_files.bring":
        request.max_content_length = MOST_BYTES + _FIELDS_AROUND


@bp.get("/import")
@requires("backups.create")
def choose(tenant: Tenant) -> ResponseReturnValue:
    return _page(tenant, ImportForm())


@bp.post("/import")
@requires("backups.create")
def bring(tenant: Tenant) -> ResponseReturnValue:
    form = ImportForm()
    try:
        run = form.attempt(lambda: _start(tenant, form))
    finally:
        for file in request.files.values():
            file.close()  # a large one is a file of its own until then
    if run is None:
        return _page(tenant, form), HTTPStatus.BAD_REQUEST
    address = url_for("monitoring.show", run_id=run.id)
    notice("The import was started.", "success", address)
    return redirect(address, HTTPStatus.SEE_OTHER)


def _start(tenant: Tenant, form: ImportForm) -> OperationRun:
    file = form.file.data
    about = {"name": form.name.data or "", "note": form.note.data or ""}
    passphrase = form.passphrase.data or ""
    return uploads.start_import(
        tenant, viewer(), file.stream, file.filename or "", about, passphrase
    )


def _page(tenant: Tenant, form: ImportForm) -> str:
    return render_template("backups/import.html", tenant=tenant, form=form)


@bp.post("/<int:set_id>/export")
@requires("backups.export")
def export(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    """A zip file, sent as it is made. Form field ``passphrase``: with the secrets, sealed by it."""
    found = _found(tenant, set_id)
    name = backup_export.zip_name(found)
    try:
        pieces = backup_export.as_zip(actor(), found, request.form.get("passphrase", ""))
    except Refused as refused:
        notice(refused.message, "warning")
        back = url_for(".files", slug=tenant.slug, set_id=set_id)
        return redirect(back, HTTPStatus.SEE_OTHER)
    response = Response(stream_with_context(pieces), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/<int:set_id>/files")
@requires("backups.export")
def files(tenant: Tenant, set_id: int) -> ResponseReturnValue:
    """The export by itself, with what the file will hold said first."""
    found = _found(tenant, set_id)
    return render_template("backups/files.html", tenant=tenant, backup=found)


def _found(tenant: Tenant, set_id: int) -> BackupSet:
    try:
        return backup_export.find(tenant, set_id)
    except NotFound:
        abort(404)
