"""The one function RQ calls, for all types of operation."""

import logging
from contextlib import closing
from functools import partial

from rq.exceptions import ShutDownImminentException
from sqlalchemy.exc import InterfaceError, OperationalError

from opsapp.logging import run_logging
from opsapp.models import Tenant, User
from opsapp.operations import operation_of
from opsapp.operations.base import Operation, Park, park_if_told_to_wait
from opsapp.permissions import allows
from opsapp.runs.execution import Execution, RunCancelled, ShutdownRequested
from opsapp.runs.lease import LostFence
from opsapp.runs.reasons import REASONS
from opsapp.runs.result import RunResult
from opsapp.runs.transitions import hand_back, settle_interrupted
from workers import interrupts
from workers.graph_access import open_graph
from workers.runtime import app

logger = logging.getLogger(__name__)


def run_operation(run_id: int, dispatch_token: str) -> None:
    """Claims the run, performs its operation, stages the result. Callbacks then finalize it.

    Does nothing when the run is not queued under this token any more.
    """
    with app().app_context(), run_logging(run_id):
        execution = _execution(run_id, dispatch_token)
        if execution is None:
            logger.info("not ours to run", extra={"run_id": run_id})
            return
        interrupts.watch_for_shutdown(execution.request_shutdown)
        with closing(execution), execution.heartbeat():
            _perform(execution)


def _execution(run_id: int, token: str) -> Execution | None:
    """The worker claims a run before it hands it to this process, when it can."""
    if interrupts.begin_claimed(run_id, token):
        return Execution.of_claimed(run_id, token, open_graph)
    return Execution.begin(run_id, token, interrupts.worker_name(), open_graph)


def _perform(execution: Execution) -> None:
    resume = partial(hand_back, execution.run_id, execution.token)
    try:
        _check_still_permitted(execution)
        operation = operation_of(execution.run.type)
        with interrupts.inside_operation():
            execution.take_selection(operation)
            _do(operation, execution)
        execution.finish()
        interrupts.note_completed()
    except LostFence:
        logger.warning("lost the fence", extra={"run_id": execution.run_id})
    except RunCancelled:
        _end_cancelled(execution)
    except Park as park:
        resume(park.reason, hold=park.hold, not_before=park.not_before)
    except (ShutdownRequested, ShutDownImminentException):
        _stop_for_shutdown(execution)
    except (OperationalError, InterfaceError):
        logger.warning("the database failed during a run", exc_info=True)
        _stop_interrupted(execution, "db.unavailable")
    except BaseException as error:
        _stage_failure(execution, error)
        raise


def _do(operation: Operation, execution: Execution) -> None:
    try:
        operation.perform(execution)
    except Exception as error:
        if operation.resumable:
            park_if_told_to_wait(error)
        raise


def _end_cancelled(execution: Execution) -> None:
    execution.start_afresh()
    execution.record_not_started()
    execution.finish(RunResult.cancelled())
    interrupts.note_completed()


def _check_still_permitted(execution: Execution) -> None:
    """The initiator may have lost the right, or the tenant been suspended, while it waited."""
    run, tenant = execution.run, execution.tenant
    if tenant.suspended_at:
        raise NotPermitted("tenant.suspended")
    if run.user is not None and not _may_run(run.user, tenant, run.type):
        raise NotPermitted("auth.initiator_revoked")


def _may_run(user: User, tenant: Tenant, operation_type: str) -> bool:
    return user.is_active and allows(user, tenant, operation_of(operation_type).permission)


class NotPermitted(Exception):
    """Refused at the last moment; carries the reason code."""

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code
        self.item_message = REASONS[reason_code].message


def _stop_for_shutdown(execution: Execution) -> None:
    execution.start_afresh()
    if operation_of(execution.run.type).resumable:
        hand_back(execution.run_id, execution.token, REASONS["worker.shutdown"].message)
    else:
        _stop_interrupted(execution, "worker.shutdown")


def _stop_interrupted(execution: Execution, reason_code: str) -> None:
    """Nothing is wrong with the run: what can go on later does, as when its worker had died."""
    execution.start_afresh()
    settle_interrupted(execution.run_id, execution.token, reason_code)


def _stage_failure(execution: Execution, error: BaseException) -> None:
    result = RunResult.of_error(error)
    if result.reason_code == "internal.unexpected":
        logger.error("operation failed unexpectedly", exc_info=error)
    execution.start_afresh()
    try:
        execution.stage(result)
    except LostFence:
        logger.warning("lost the fence", extra={"run_id": execution.run_id})
