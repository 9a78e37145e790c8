"""The audit trail as a file: CSV or JSON lines, oldest first, a batch at a time."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from opsapp.audit import Actor, record
from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant
from opsapp.models.base import write
from opsapp.services.audit import AuditFilter, conditions_of
from opsapp.services.csv_text import csv_text, iso

BATCH: Final = 500
COLUMNS: Final = (
    *("id", "at", "actor", "user_id", "tenant"),
    *("action", "subject", "remote_addr", "data"),
)

Row = Mapping[str, Any]


def export(actor: Actor, chosen: AuditFilter, form: str) -> Iterator[str]:
    """Records the export, then yields the text in pieces. ``form`` is one of ``FORMATS``.

    What is recorded later is not in it. No transaction and no row is kept between two pieces.
    """
    upto = db.session.scalar(sa.select(sa.func.max(AuditEvent.id))) or 0
    with write() as session:
        record(session, actor, "audit.exported", form, data=_described(chosen))
    return _pieces(chosen, upto, FORMATS[form])


def _pieces(
    chosen: AuditFilter, upto: int, render: Callable[[Sequence[Row], bool], str]
) -> Iterator[str]:
    last, is_first = 0, True
    while True:
        batch = _batch(chosen, last, upto)
        if batch or is_first:
            yield render(batch, is_first)
        if len(batch) < BATCH:
            return
        last, is_first = batch[-1]["id"], False


def _batch(chosen: AuditFilter, after: int, upto: int) -> list[Row]:
    query = (
        sa.select(
            *(AuditEvent.id, AuditEvent.at, AuditEvent.actor, AuditEvent.user_id),
            Tenant.slug.label("tenant"),
            *(AuditEvent.action, AuditEvent.subject, AuditEvent.remote_addr, AuditEvent.data),
        )
        .outerjoin(Tenant, Tenant.id == AuditEvent.tenant_id)
        .where(*conditions_of(chosen), AuditEvent.id > after, AuditEvent.id <= upto)
        .order_by(AuditEvent.id)
        .limit(BATCH)
    )
    rows = [_plain(row) for row in db.session.execute(query).mappings()]
    db.session.rollback()
    return rows


def _plain(row: sa.RowMapping) -> Row:
    return {**row, "at": iso(row["at"])}


def _described(chosen: AuditFilter) -> dict[str, str]:
    """The filters in force, for the trail."""
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in vars(chosen).items()
        if value
    }


def _as_csv(rows: Sequence[Row], is_first: bool) -> str:
    return csv_text(COLUMNS, rows, with_header=is_first)


def _as_json_lines(rows: Sequence[Row], is_first: bool) -> str:
    del is_first
    return "".join(f"{_json(row)}\n" for row in rows)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


FORMATS: Final[Mapping[str, Callable[[Sequence[Row], bool], str]]] = {
    "csv": _as_csv,
    "jsonl": _as_json_lines,
}
