"""The journal of a restore: a line for each request, written before it is sent.

All of it happens in the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable, utcnow
from opsapp.intune.normalise import canonical, sha256_of
from opsapp.models import RestoreWrite, WriteState
from opsapp.restore.request import Request

DONE = (WriteState.DONE, WriteState.ADOPTED)
_AT_ONCE = 500  # ids in a statement


@dataclass(frozen=True)
class Line:
    """The last line of a step."""

    id: int
    state: WriteState
    sent_at: datetime
    approval_code: str | None


def lines_of(session: Session, item_id: int) -> dict[int, Line]:
    """The last line of each step of an item, by the step's place in the plan."""
    rows = session.execute(
        sa.select(
            RestoreWrite.step,
            RestoreWrite.id,
            RestoreWrite.state,
            RestoreWrite.sent_at,
            RestoreWrite.approval_code,
        )
        .where(RestoreWrite.item_id == item_id)
        .order_by(RestoreWrite.id)
    )
    return {row.step: Line(row.id, row.state, row.sent_at, row.approval_code) for row in rows}


def begin(
    session: Session,
    restore_id: int,
    item_id: int,
    step: int,
    request: Request,
    approval_code: str | None = None,
) -> Line:
    """Before the request is sent. Its body is known by the hash of what it is with seals in it."""
    row = RestoreWrite(
        restore_id=restore_id,
        item_id=item_id,
        step=step,
        method=request.method,
        address=request.address[:1000],
        body_sha256=sha256_of(canonical(request.body)),
        state=WriteState.SENDING,
        approval_code=approval_code,
    )
    session.add(row)
    session.flush()
    return Line(row.id, row.state, row.sent_at, approval_code)


def note(session: Session, line: Line, state: WriteState, **facts: Any) -> None:
    """What became of it: ``status_code``, ``request_id``, ``created_id``, ``message`` and so on."""
    values: Mapping[str, Any] = {
        **facts,
        "state": state,
        "message": storable(facts.get("message"), 500) or None,
        "answered_at": utcnow(),
    }
    session.execute(
        sa.update(RestoreWrite)
        .where(RestoreWrite.id == line.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def states_of(session: Session, item_ids: Sequence[int]) -> dict[int, list[WriteState]]:
    """The state that each step of these items is in, as far as any was begun."""
    last: dict[tuple[int, int], WriteState] = {}
    for start in range(0, len(item_ids), _AT_ONCE):
        rows = session.execute(
            sa.select(RestoreWrite.item_id, RestoreWrite.step, RestoreWrite.state)
            .where(RestoreWrite.item_id.in_(item_ids[start : start + _AT_ONCE]))
            .order_by(RestoreWrite.id)
        )
        last |= {(row.item_id, row.step): row.state for row in rows}
    found: dict[int, list[WriteState]] = {}
    for (item_id, _), state in last.items():
        found.setdefault(item_id, []).append(state)
    return found
