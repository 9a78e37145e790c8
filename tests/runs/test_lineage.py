"""Retries of what is open: nothing is lost on the way, nothing is done twice, nothing blindly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import (
    ItemResult,
    Notification,
    NotificationKind,
    OperationRun,
    OperationRunItem,
    RunRepair,
    RunSelection,
    Tenant,
    User,
)
from opsapp.models.base import write
from opsapp.operations import REGISTRY
from opsapp.operations.base import Expected, Item, Operation, RunContext, Selected
from opsapp.refusals import Refused
from opsapp.runs.execution import RunCancelled, SelectionChanged
from opsapp.runs.lineage import NOT_BEGUN, family
from opsapp.runs.result import RunResult
from opsapp.runs.selection import offer_of
from tests.support.run_looks import begin, items, state

TRANSIENT, NEEDS_YOU, UNKNOWN = "graph.throttled", "graph.forbidden", "item.effect_unknown"
HAPPENED, DID_NOT = "happened", "did not happen"


class Lottery(Operation):
    """Each item ends as the test says; what it did to the world is counted beside the ledger."""

    type = "drill.lottery"
    label = "Lottery"
    writes = True
    by_item = True

    def __init__(self) -> None:
        self.fate: dict[str, str] = {}
        self.effects: Counter[str] = Counter()
        self.looked_up: list[str] = []
        self.cancel_after: int | None = None

    def clean_inputs(self, raw: Any) -> dict[str, Any]:
        return dict(raw)

    def perform(self, ctx: RunContext) -> None:
        keys = [str(number) for number in range(ctx.inputs["items"])]
        if ctx.selection is not None:
            keys = [each.key for each in ctx.selection]
        ctx.expect("things", [Expected("thing", key) for key in keys])
        for place, key in enumerate(keys):
            if place == self.cancel_after:
                raise RunCancelled
            with ctx.step() as step:
                step.record(self._do(key))

    def _do(self, key: str) -> Item:
        fate = self.fate.get(key)
        if fate in (None, HAPPENED):
            self.effects[key] += 1
        if fate is None:
            return Item("thing", key, ItemResult.SUCCEEDED)
        code = UNKNOWN if fate in (HAPPENED, DID_NOT) else fate
        return Item("thing", key, ItemResult.FAILED, reason_code=code)

    def look_up(self, ctx: RunContext, item: Selected) -> Item | None:
        self.looked_up.append(item.key)
        if not self.effects[item.key]:
            return None
        return Item("thing", item.key, ItemResult.SUCCEEDED, message="It had happened.")


@pytest.fixture
def lottery() -> Iterator[Lottery]:
    operation = Lottery()
    with patch.dict(REGISTRY, {operation.type: operation}):
        yield operation


def perform(run: OperationRun, lottery: Lottery) -> OperationRun:
    """As the worker does it, in this process."""
    execution = begin(run)
    try:
        execution.take_selection(lottery)
        lottery.perform(execution)
        execution.finish()
    except RunCancelled:
        execution.record_not_started()
        execution.finish(RunResult.cancelled())
    db.session.rollback()
    return run


def first_run(tenant: Tenant, user: User, lottery: Lottery, count: int, number: int = 0) -> Any:
    inputs = {"items": count, "number": number}
    return perform(runs.ensure_run(tenant, lottery.type, inputs, user), lottery)


def again(run: OperationRun, user: User, lottery: Lottery, **how: Any) -> OperationRun:
    return perform(runs.retry(run, user, **({"failed_only": True} | how)), lottery)


def keys_of(run: OperationRun) -> set[str]:
    return set(items(run))


FATES = st.sampled_from([None, None, TRANSIENT, NEEDS_YOU, HAPPENED, DID_NOT])
ROUND = st.tuples(
    st.lists(FATES, min_size=5, max_size=5),
    st.one_of(st.none(), st.integers(0, 4)),
    st.integers(0, 5),
    st.sampled_from(["open", "offered"]),
)


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a story of its own: small as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=st.lists(ROUND, min_size=1, max_size=5))
def test_over_any_lineage_everything_is_dealt_with_and_nothing_is_done_twice(
    tenant: Tenant, operator: User, lottery: Lottery, rounds: Sequence[Any]
) -> None:
    lottery.effects.clear()
    lineage: list[OperationRun] = []
    original = {str(number) for number in range(5)}
    for fates, cancel_after, which, how in rounds:
        lottery.fate = {str(key): fate for key, fate in enumerate(fates) if fate}
        lottery.cancel_after = cancel_after
        lottery.looked_up.clear()
        before = Counter(lottery.effects)
        if not lineage:
            number = db.session.scalar(sa.select(sa.func.max(OperationRun.id))) or 0
            lineage.append(first_run(tenant, operator, lottery, 5, number))
            continue
        repeated = lineage[which % len(lineage)]
        was_unknown = unknown_so_far(lineage)
        seen = {"selection": offer_of(repeated).hash} if how == "offered" else {}
        try:
            lineage.append(again(repeated, operator, lottery, **seen))
        except Refused:
            continue
        new = lineage[-1]
        assert keys_of(new) == {each.key for each in selected(new)} <= keys_of(repeated)
        done_again = {key for key, count in lottery.effects.items() if count > before[key]}
        assert done_again & was_unknown <= set(lottery.looked_up), "looked up before it is repeated"
    assert max(lottery.effects.values(), default=0) <= 1, "nothing is done twice"
    assert set().union(*(keys_of(run) for run in lineage)) == original
    kin = [each.id for each in family(db.session(), lineage[-1])]
    assert kin == [run.id for run in lineage]


def unknown_so_far(lineage: Sequence[OperationRun]) -> set[str]:
    """The items of which nobody knows what became of them when they were last tried."""
    last = {
        item.key: item.reason_code
        for run in lineage
        for item in rows(run)
        if item.reason_code not in NOT_BEGUN
    }
    return {key for key, code in last.items() if code == UNKNOWN}


def rows(run: OperationRun) -> Sequence[OperationRunItem]:
    db.session.rollback()
    query = sa.select(OperationRunItem).where(OperationRunItem.run_id == run.id)
    return db.session.scalars(query).all()


def selected(run: OperationRun) -> Sequence[RunSelection]:
    return db.session.scalars(sa.select(RunSelection).where(RunSelection.run_id == run.id)).all()


def note_of(run: OperationRun) -> Notification:
    db.session.rollback()
    terminal = Notification.kind == NotificationKind.TERMINAL
    note = db.session.scalar(sa.select(Notification).where(Notification.run_id == run.id, terminal))
    assert note is not None
    return note


class TestTheOffer:
    def test_says_what_can_be_retried_and_what_needs_somebody(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT, "1": TRANSIENT, "2": NEEDS_YOU, "3": DID_NOT}
        offer = offer_of(first_run(tenant, operator, lottery, 6))
        assert (offer.retryable, offer.needs_you, offer.busy_with) == (3, 1, None)
        assert [(each.code, each.count) for each in offer.reasons] == [
            (TRANSIENT, 2), (NEEDS_YOU, 1), (UNKNOWN, 1),
        ]  # fmt: skip

    def test_an_unknown_effect_that_nobody_can_look_up_is_not_offered(
        self, tenant: Tenant, operator: User, lottery: Lottery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lottery.fate = {"0": DID_NOT}
        monkeypatch.setattr(Lottery, "look_up", Operation.look_up)
        run = first_run(tenant, operator, lottery, 2)
        assert (offer_of(run).retryable, offer_of(run).needs_you) == (0, 1)
        for how in ({}, {"reason_code": UNKNOWN}):
            with pytest.raises(Refused, match="left to be retried"):
                again(run, operator, lottery, **how)

    def test_of_one_reason_only(self, tenant: Tenant, operator: User, lottery: Lottery) -> None:
        lottery.fate = {"0": TRANSIENT, "1": NEEDS_YOU}
        run = first_run(tenant, operator, lottery, 3)
        (offer,) = (each for each in offer_of(run).reasons if each.code == NEEDS_YOU)
        lottery.fate = {}
        new = again(run, operator, lottery, reason_code=NEEDS_YOU, selection=offer.hash)
        assert items(new) == {"1": "succeeded"}

    def test_one_that_is_out_of_date_is_refused(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT, "1": TRANSIENT}
        run = first_run(tenant, operator, lottery, 3)
        seen = offer_of(run).hash
        lottery.fate = {"0": TRANSIENT}
        again(run, operator, lottery, selection=seen)
        with pytest.raises(Refused, match="has changed since you looked"):
            again(run, operator, lottery, selection=seen)
        assert items(again(run, operator, lottery, selection=offer_of(run).hash)) == {"0": "failed"}

    def test_while_a_retry_is_at_work(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT}
        run = first_run(tenant, operator, lottery, 2)
        busy = runs.retry(run, operator, failed_only=True)
        assert offer_of(run).busy_with == busy.id
        with pytest.raises(Refused, match=f"Run {busy.id} is already at work"):
            again(run, operator, lottery)

    def test_everything_again_waits_for_it_too(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT}
        run = first_run(tenant, operator, lottery, 2)
        busy = runs.retry(run, operator, failed_only=True)
        with pytest.raises(Refused, match=f"Run {busy.id} is already at work"):
            runs.retry(run, operator)

    def test_an_operation_that_cannot_be_narrowed(
        self, tenant: Tenant, operator: User, lottery: Lottery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lottery.fate = {"0": TRANSIENT}
        run = first_run(tenant, operator, lottery, 2)
        monkeypatch.setattr(Lottery, "by_item", False)
        with pytest.raises(Refused, match="as a whole"):
            again(run, operator, lottery)


def test_a_selection_that_was_tampered_with_is_not_worked_on(
    tenant: Tenant, operator: User, lottery: Lottery
) -> None:
    lottery.fate = {"0": TRANSIENT, "1": TRANSIENT}
    run = first_run(tenant, operator, lottery, 3)
    new = runs.retry(run, operator, failed_only=True)
    with write() as session:
        session.execute(
            sa.delete(RunSelection).where(RunSelection.run_id == new.id, RunSelection.key == "1")
        )
    with pytest.raises(SelectionChanged):
        begin(new).take_selection(lottery)


class TestWhatALaterRunRepaired:
    def test_is_noted_beside_the_frozen_run_and_in_its_notification(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT, "1": TRANSIENT, "2": NEEDS_YOU}
        run = first_run(tenant, operator, lottery, 4)
        title = note_of(run).title
        lottery.fate = {}
        new = again(run, operator, lottery, selection=offer_of(run).hash)
        repair = db.session.get_one(RunRepair, run.id)
        assert (repair.repaired, repair.open, repair.by_run_id) == (2, 1, new.id)
        assert not repair.superseded
        assert note_of(run).title == title
        assert note_of(run).updated_title == f"2 of 3 since repaired by run {new.id}; 1 open."
        last = again(run, operator, lottery)
        db.session.expire_all()
        assert (repair.repaired, repair.open, repair.by_run_id) == (3, 0, last.id)
        assert note_of(run).updated_title == f"All 3 since repaired by run {last.id}."
        assert state(run) == ("completed", "partially_succeeded", "run.partial")

    def test_reaches_the_first_run_through_all_in_between(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT}
        run = first_run(tenant, operator, lottery, 2)
        second = again(run, operator, lottery)
        lottery.fate = {}
        third = again(second, operator, lottery)
        for earlier in (run, second):
            repair = db.session.get_one(RunRepair, earlier.id)
            assert (repair.open, repair.by_run_id) == (0, third.id)

    def test_everything_done_again_repairs_what_it_did_not_meet_any_more(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"1": NEEDS_YOU}
        run = first_run(tenant, operator, lottery, 2)
        lottery.fate = {}
        new = perform(runs.retry(run, operator), lottery)
        repair = db.session.get_one(RunRepair, run.id)
        assert (repair.repaired, repair.open, repair.superseded) == (1, 0, True)
        assert new.selection_hash is None

    def test_a_cancelled_retry_repairs_what_it_did(
        self, tenant: Tenant, operator: User, lottery: Lottery
    ) -> None:
        lottery.fate = {"0": TRANSIENT, "1": TRANSIENT}
        run = first_run(tenant, operator, lottery, 2)
        lottery.fate, lottery.cancel_after = {}, 1
        new = again(run, operator, lottery)
        assert items(new) == {"0": "succeeded", "1": "skipped"}
        assert offer_of(new).retryable == 1
        repair = db.session.get_one(RunRepair, run.id)
        assert (repair.repaired, repair.open) == (1, 1)


def test_what_a_cancelled_run_did_not_begin_is_no_failure(
    tenant: Tenant, operator: User, lottery: Lottery
) -> None:
    lottery.cancel_after = 2
    run = first_run(tenant, operator, lottery, 5)
    assert state(run) == ("completed", "cancelled", "run.cancelled_by_user")
    assert run.summary_counts == {
        "total": 5, "processed": 5, "succeeded": 2, "unchanged": 0, "failed": 0, "skipped": 3,
    }  # fmt: skip
    left = [item for item in rows(run) if item.result == ItemResult.SKIPPED]
    assert {item.reason_code for item in left} == {"run.cancelled_by_user"}
    assert {item.key for item in left} == {"2", "3", "4"}
    lottery.cancel_after = None
    assert keys_of(again(run, operator, lottery)) == {"2", "3", "4"}
