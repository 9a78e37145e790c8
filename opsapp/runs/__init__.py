"""The ledger: every background operation is one row of ``operation_runs``, and it never lies."""

from opsapp.refusals import NotAllowed, Refused
from opsapp.runs import mirror
from opsapp.runs.dispatch import dispatch
from opsapp.runs.reconcile import reconcile
from opsapp.runs.retry import retry
from opsapp.runs.service import cancel, ensure_run, fail_run, start, update_run
from opsapp.runs.transitions import finalize, hand_back

__all__ = [
    "NotAllowed",
    "Refused",
    "cancel",
    "dispatch",
    "ensure_run",
    "fail_run",
    "finalize",
    "hand_back",
    "reconcile",
    "retry",
    "start",
    "update_run",
]

mirror.listen()
