"""The audit trail: the page, and the file."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    abort,
    render_template,
    request,
    stream_with_context,
)
from flask.typing import ResponseReturnValue

from opsapp.audit import ACTIONS
from opsapp.blueprints.context import actor, cursor
from opsapp.database import utcnow
from opsapp.permissions import requires
from opsapp.presenters.viewer import zone
from opsapp.services import audit, audit_export

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")

FIELDS = ("actor", "action", "tenant", "subject", "since", "until")
EXPORTS = {"CSV": "csv", "JSON lines": "jsonl"}
MEDIA_TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
FIRST_YEAR, LAST_YEAR = 1970, 9000


@bp.get("")
@requires("audit.view")
def index() -> ResponseReturnValue:
    asked = _asked(request.args)
    chosen = _filter(asked)
    page = audit.browse(chosen, cursor())
    return render_template(
        "admin/audit.html",
        page=page,
        chosen=chosen,
        asked=asked,
        slugs=audit.tenant_slugs(page.rows),
        actions=ACTIONS,
        exports={label: asked | {"format": form} for label, form in EXPORTS.items()},
    )


@bp.post("/export")
@requires("audit.view")
def export() -> ResponseReturnValue:
    """What the filters of the form leave, as a file; that it was taken is recorded too."""
    form = request.form.get("format", "")
    if form not in audit_export.FORMATS:
        abort(HTTPStatus.BAD_REQUEST)
    pieces = audit_export.export(actor(), _filter(_asked(request.form)), form)
    name = f"opsapp-audit-{utcnow():%Y-%m-%d}.{form}"
    response = Response(
        stream_with_context(pieces), content_type=f"{MEDIA_TYPES[form]}; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: sent.get(name, "").strip() for name in FIELDS}


def _filter(asked: Mapping[str, str]) -> audit.AuditFilter:
    until = _day(asked["until"])
    return audit.AuditFilter(
        actor=asked["actor"],
        action=asked["action"],
        tenant=asked["tenant"],
        subject=asked["subject"],
        since=_midnight(_day(asked["since"])),
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    if not FIRST_YEAR < day.year < LAST_YEAR:
        abort(HTTPStatus.BAD_REQUEST)
    return day


def _midnight(day: date | None) -> datetime | None:
    """When the day begins for the viewer, in UTC."""
    return datetime.combine(day, time.min, zone()).astimezone(UTC) if day else None
