"""Sends one step of a restore, exactly once as far as anybody can tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NoReturn

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.crypto import WrongKey
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore import GROUPS, Step
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.sealing import opened
from opsapp.models import Hold, OperationRun, Policy, RestoreItem, RestoreWrite, WriteState
from opsapp.operations.base import Park, RunContext, park_if_told_to_wait
from opsapp.restore import approval, journal
from opsapp.restore.journal import Line
from opsapp.restore.lookup import Effect, Finding, Search, look
from opsapp.restore.made import remember
from opsapp.restore.request import Request, ready, with_secrets
from opsapp.restore.targets import Targets

_SENDINGS: Final = 5  # of one step in one attempt, when answers are lost or objects not seen yet
_UNSEEN: Final = timedelta(seconds=20)  # how long a creation may stay out of the lists
_REPLICATION: Final = timedelta(minutes=2)  # how long a new object may be unknown elsewhere
_FIRST_LOOK, _LAST_LOOK = 1.0, 8.0  # seconds between looks
_UNKNOWN: Final = "item.effect_unknown"
_DOUBTFUL: Final = (WriteState.SENDING, WriteState.UNKNOWN)


class StepFailed(Exception):
    """A step that will not be done; ``message`` is safe to show."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = code
        self.item_message = message


class StepWaits(Exception):
    """A second administrator must agree first."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Place:
    """Which step of which item."""

    item_id: int
    collection: str
    source_id: str
    number: int


class Sender:
    """For the length of one attempt of a run."""

    def __init__(self, ctx: RunContext, restore_id: int, reason: str, targets: Targets) -> None:
        self._ctx = ctx
        self._restore_id = restore_id
        self._reason = reason
        self._targets = targets

    def do(self, place: Place, step: Step, before: Line | None) -> None:
        """Sends the step, or finds that it was done. ``before``: its last line in the journal.

        Raises StepFailed, StepWaits, what ``Targets`` raises, Park, and errors with which nothing
        else can succeed.
        """
        request = ready(step, self._targets.id_in_target, self._ctx.graph.base)
        body = self._with_secrets(request.body)
        code = before.approval_code if before else None
        if before is not None and before.state == WriteState.PENDING_APPROVAL:
            decision = self._decision(before)
            is_doubtful = decision is approval.Decision.USED
            code = None if is_doubtful else code
        else:
            is_doubtful = before is not None and before.state in _DOUBTFUL
        if before is not None and is_doubtful and self._is_settled(place, step, request, before):
            return
        self._send(place, step, request, body, code)

    def _decision(self, line: Line) -> approval.Decision:
        try:
            decision = approval.decision_of(self._ctx.graph, line.approval_code or "")
        except Exception as error:
            if is_hopeless(error) or getattr(error, "reason_code", None) is None:
                raise
            raise StepWaits(line.approval_code or "") from error
        if decision is approval.Decision.WAITING:
            raise StepWaits(line.approval_code or "")
        if decision in (approval.Decision.REJECTED, approval.Decision.EXPIRED):
            words = "rejected" if decision is approval.Decision.REJECTED else "not decided in time"
            self._note(line, WriteState.REFUSED, message=f"The approval request was {words}.")
            raise StepFailed(decision.value, f"The approval request was {words}.")
        return decision

    def _with_secrets(self, body: Any) -> Any:
        session = db.session()
        try:
            return with_secrets(body, partial(opened, session, current_settings()))
        except (KeyError, WrongKey) as error:
            message = "A secret of it is not known here, or its key is not."
            raise StepFailed("item.secret_missing", message) from error
        finally:
            session.rollback()

    def _send(
        self, place: Place, step: Step, request: Request, body: Any, code: str | None
    ) -> None:
        for _ in range(_SENDINGS):
            line = self._begin(place, request, code)
            try:
                reply = self._ctx.graph.write(
                    request.method,
                    request.address,
                    body,
                    version=request.version,
                    headers=approval.headers_of(self._reason, code),
                )
            except Exception as error:  # noqa: BLE001 - what is not Graph's is raised again
                if self._is_done_after(error, place, step, request, line):
                    return
                continue
            made = _id_in(reply.json) if step.creates else None
            if step.creates and made is None:
                self._note(line, WriteState.UNKNOWN, status_code=reply.status)
                if self._is_settled(place, step, request, line):
                    return
                continue
            self._done(place, line, made, status=reply.status, request_id=reply.request_id)
            return
        raise StepFailed(_UNKNOWN, "Microsoft Graph never answered, and no effect was found.")

    def _is_done_after(
        self, error: Exception, place: Place, step: Step, request: Request, line: Line
    ) -> bool:
        """Whether the step is done all the same; False: it is to be sent again. Else raises."""
        code = getattr(error, "reason_code", None)
        if code is None:
            raise error
        facts = _facts_of(error)
        if _is_lost(error):
            self._note(line, WriteState.UNKNOWN, **facts)
            return self._is_settled(place, step, request, line)
        if code == "approval.pending":
            self._wait_for_approval(place, line, str(getattr(error, "approval_code", "")), facts)
        if request.method == "DELETE" and code == "graph.not_found":
            self._done(place, line, None, status=404, state=WriteState.ADOPTED)
            return True
        self._note(line, WriteState.REFUSED, **facts)
        if is_hopeless(error):
            raise error
        if code == "graph.throttled":
            park_if_told_to_wait(error)
            why = "Microsoft Graph limits how fast this tenant may be changed."
            raise Park(Hold.GRAPH, why, utcnow() + timedelta(minutes=1)) from error
        if approval.is_open_already(error):
            self._adopt_approval(place, line, error)
        if self._waited_for_replication(error, place, step):
            return False
        failure = ReadFailure.of(error)
        raise StepFailed(failure.reason_code, failure.message) from error

    # -- lost answers -------------------------------------------------------------------------

    def _is_settled(self, place: Place, step: Step, request: Request, line: Line) -> bool:
        """Looks up what became of a doubtful request; False when it is to be sent (again)."""
        pause = _FIRST_LOOK
        while True:
            finding = self._look(place, step, request, line)
            if finding.effect is Effect.HAPPENED:
                made = finding.created_id if step.creates else None
                self._done(place, line, made, state=WriteState.ADOPTED)
                return True
            if finding.effect is Effect.AMBIGUOUS:
                self._note(line, WriteState.UNKNOWN, message="Several objects may be it.")
                message = "No answer came, and several objects in the tenant may be it."
                raise StepFailed(_UNKNOWN, message)
            if finding.effect is Effect.REPEATABLE or utcnow() - line.sent_at > _UNSEEN:
                return False
            self._ctx.wait(pause)
            pause = min(_LAST_LOOK, 2 * pause)

    def _look(self, place: Place, step: Step, request: Request, line: Line) -> Finding:
        known = self._known(place) if step.creates else frozenset()
        try:
            return look(self._ctx.graph, step, request, Search(known, line.sent_at))
        except Exception as error:
            if getattr(error, "reason_code", None) is None or is_hopeless(error):
                raise
            park_if_told_to_wait(error)
            self._note(line, WriteState.UNKNOWN, **_facts_of(error))
            message = "No answer came, and what it did could not be looked up."
            raise StepFailed(_UNKNOWN, message) from error

    def _known(self, place: Place) -> frozenset[str]:
        """Ids that a creation of this run cannot have made: of before it, or made for others."""
        session = db.session()
        started = sa.select(OperationRun.started_at).where(OperationRun.id == self._ctx.run_id)
        query = sa.select(Policy.graph_id).where(
            Policy.tenant_id == self._ctx.tenant.id,
            Policy.collection == place.collection,
            Policy.first_seen_at < started.scalar_subquery(),
        )
        before = session.scalars(query).all()
        made = session.scalars(
            sa.select(RestoreWrite.created_id).where(
                RestoreWrite.restore_id == self._restore_id,
                RestoreWrite.item_id != place.item_id,
                RestoreWrite.created_id.is_not(None),
            )
        ).all()
        session.rollback()
        others = self._targets.ids_of(place.collection, besides=place.source_id)
        return frozenset({*before, *(one for one in made if one), *others})

    # -- new objects that are not known everywhere yet ------------------------------------------

    def _waited_for_replication(self, error: Exception, place: Place, step: Step) -> bool:
        """Waits until all that this restore made for the request can be seen.

        False when that is no reason for the refusal: it can be seen already, or time is up.
        """
        if getattr(error, "reason_code", None) not in ("graph.not_found", "graph.payload_rejected"):
            return False
        own = (place.collection, place.source_id)
        made = self._targets.made_and_named([step.address, step.body], own)
        if step.creates:
            made -= {own}
        youngest = self._youngest(made)
        if not made or youngest is None or utcnow() - youngest > _REPLICATION:
            return False
        pause = _FIRST_LOOK
        while utcnow() - youngest <= _REPLICATION:
            if all(self._is_visible(*one) for one in made):
                return self._is_worth_another_try(place)
            self._ctx.wait(pause)
            pause = min(_LAST_LOOK, 2 * pause)
        return False

    def _youngest(self, made: set[tuple[str, str]]) -> datetime | None:
        ids = [self._targets.id_in_target(*one) for one in made]
        found = db.session.scalar(
            sa.select(sa.func.max(RestoreWrite.answered_at)).where(
                RestoreWrite.restore_id == self._restore_id, RestoreWrite.created_id.in_(ids)
            )
        )
        db.session.rollback()
        return found

    def _is_visible(self, collection: str, source_id: str) -> bool:
        graph_id = self._targets.id_in_target(collection, source_id)
        address = f"/groups/{graph_id}"
        if collection != GROUPS:
            address = CATALOGUE[collection].own_address(graph_id)
        try:
            shown = self._ctx.graph.get(address).json
        except Exception as error:
            if getattr(error, "reason_code", None) is None or is_hopeless(error):
                raise
            return False
        state = shown.get("publishingState") if isinstance(shown, Mapping) else None
        return state in (None, "published", "notPublished")

    def _is_worth_another_try(self, place: Place) -> bool:
        """What is seen by one server may be unknown to another for a moment: three times."""
        tries = db.session.scalar(
            sa.select(sa.func.count()).where(
                RestoreWrite.item_id == place.item_id,
                RestoreWrite.step == place.number,
                RestoreWrite.state == WriteState.REFUSED,
            )
        )
        db.session.rollback()
        if (tries or 0) >= _SENDINGS - 2:
            return False
        self._ctx.wait(_FIRST_LOOK)
        return True

    # -- approval -----------------------------------------------------------------------------

    def _wait_for_approval(
        self, place: Place, line: Line, code: str, facts: Mapping[str, Any]
    ) -> NoReturn:
        with self._ctx.step() as step:
            values = {**facts, "approval_code": code, "message": "It waits for approval."}
            journal.note(step.session, line, WriteState.PENDING_APPROVAL, **values)
            item = step.session.get_one(RestoreItem, place.item_id)
            item.approval_code = code
            item.message = f"It waits for approval in Intune: request {code}."
            name = item.name
        self._ctx.event("approval", f"“{name}” waits for approval: request {code}.")
        raise StepWaits(code)

    def _adopt_approval(self, place: Place, line: Line, error: Exception) -> None:
        """A request of ours whose code was lost on the way; else the step fails."""
        known = db.session.scalars(
            sa.select(RestoreWrite.approval_code).where(RestoreWrite.approval_code.is_not(None))
        ).all()
        db.session.rollback()
        ours = frozenset(one for one in known if one)
        code = approval.code_of_open(self._ctx.graph, self._reason, ours)
        if code is None:
            message = "Another approval request for this change is open in Intune."
            raise StepFailed("graph.conflict", message) from error
        self._wait_for_approval(place, line, code, {})

    # -- the journal --------------------------------------------------------------------------

    def _begin(self, place: Place, request: Request, code: str | None) -> Line:
        with self._ctx.step() as step:
            return journal.begin(
                step.session, self._restore_id, place.item_id, place.number, request, code
            )

    def _note(self, line: Line, state: WriteState, **facts: Any) -> None:
        with self._ctx.step() as step:
            journal.note(step.session, line, state, **facts)

    def _done(
        self,
        place: Place,
        line: Line,
        made: str | None,
        *,
        status: int | None = None,
        request_id: str | None = None,
        state: WriteState = WriteState.DONE,
    ) -> None:
        with self._ctx.step() as step:
            facts = {"status_code": status, "request_id": (request_id or "")[:64] or None}
            journal.note(step.session, line, state, created_id=made, **facts)
            if made:
                item = step.session.get_one(RestoreItem, place.item_id)
                item.target_id = made
                remember(step.session, item, made)
        if made:
            self._targets.created(place.collection, place.source_id, made)


def _id_in(body: Any) -> str | None:
    found = body.get("id") if isinstance(body, Mapping) else None
    return str(found) if found else None


def _is_lost(error: Exception) -> bool:
    """Whether nobody can say if the request had its effect."""
    if getattr(error, "effect_unknown", False):
        return True
    status = getattr(error, "status", None)
    is_success = isinstance(status, int) and 200 <= status < 300  # noqa: PLR2004
    return is_success and getattr(error, "reason_code", None) == "graph.response_invalid"


def _facts_of(error: Exception) -> dict[str, Any]:
    failure = ReadFailure.of(error)
    return {
        "status_code": getattr(error, "status", None),
        "request_id": failure.request_id,
        "message": failure.message,
    }
