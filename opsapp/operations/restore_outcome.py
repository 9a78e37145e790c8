"""What became of an object of a restore, for the ledger."""

from collections.abc import Sequence

from opsapp.models import ItemResult, RestoreAction, RestoreItem, Verdict, WriteState
from opsapp.operations.base import Item
from opsapp.restore.journal import DONE
from opsapp.restore.proof import UNREADABLE

_CANNOT = "item.cannot_restore"
_CANCELLED = "run.cancelled_by_user"
_NOT_ATTEMPTED = "item.not_attempted"
_RESULTS = {
    RestoreAction.UNCHANGED: ItemResult.UNCHANGED,
    RestoreAction.SKIP: ItemResult.SKIPPED,
}
_SKIPPED = {"item.skipped_chosen", _NOT_ATTEMPTED, _CANCELLED}
_WRITING = (RestoreAction.CREATE, RestoreAction.UPDATE, RestoreAction.DELETE)


def settle(item: RestoreItem, lacks: tuple[str, ...]) -> None:
    """Gives an object that was written and read back its final word."""
    if item.reason_code is not None:
        return
    if item.verdict == Verdict.DIFFERENCES:
        item.reason_code = "item.differs"
        item.message = f"{len(item.differences)} differences were read back."
        if len(item.differences) == 1:
            item.message = "One difference was read back."
    elif lacks:
        is_secret = any("secret" in lack.lower() for lack in lacks)
        item.reason_code = "item.secret_missing" if is_secret else _CANNOT
        item.message = " ".join(lacks)[:500]


def settle_unfinished(
    item: RestoreItem, states: Sequence[WriteState], run_reason: str | None
) -> None:
    """Says what became of an object whose run ended before it: as the journal knows.

    ``states`` are those of the steps that were begun.
    """
    if item.reason_code is not None or item.verdict is not None or item.action not in _WRITING:
        return
    if item.done_at is not None:
        item.verdict, item.message = Verdict.UNPROVEN, UNREADABLE
    elif WriteState.SENDING in states or WriteState.UNKNOWN in states:
        item.reason_code = "item.effect_unknown"
        item.message = "A request was sent, and no answer to it is known."
    elif any(state in DONE for state in states):
        made = sum(state in DONE for state in states)
        item.reason_code, item.verdict = "item.effect_unknown", Verdict.UNPROVEN
        item.message = f"Partly written: the run ended after {made} of its requests."
    else:
        is_cancelled = run_reason == _CANCELLED
        item.reason_code = _CANCELLED if is_cancelled else _NOT_ATTEMPTED
        item.message = "Not attempted: the run ended before it."


def ledger_item(item: RestoreItem, policy_id: int | None = None) -> Item:
    """Of an object that is dealt with."""
    return Item(
        kind=item.collection,
        key=item.source_id,
        result=_result(item),
        name=item.name,
        reason_code=item.reason_code,
        message=item.message,
        policy_id=policy_id,
    )


def _result(item: RestoreItem) -> ItemResult:
    if item.reason_code is None:
        return _RESULTS.get(item.action or RestoreAction.CREATE, ItemResult.SUCCEEDED)
    return ItemResult.SKIPPED if item.reason_code in _SKIPPED else ItemResult.FAILED
