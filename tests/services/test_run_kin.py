"""What a run is to other runs: compared with one of the same work, and in a family of retries."""

import pytest

from opsapp.extensions import db
from opsapp.models import ItemResult, OperationRun, RunStatus, Tenant
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services import comparison, lineage
from opsapp.services.comparison import Change
from opsapp.services.paging import Cursor
from tests.support.ledger_rows import FAILED, PARTIAL, SUCCEEDED, Ledger, item
from tests.support.queries import counted, plan_of

pytestmark = pytest.mark.usefixtures("app_context")
FAIL, SKIP, SAME = ItemResult.FAILED, ItemResult.SKIPPED, ItemResult.UNCHANGED
GOOD = ItemResult.SUCCEEDED
IDENTITY = "a" * 64


@pytest.fixture
def database_url(any_database):
    return any_database


def row(run_id: int) -> OperationRun:
    db.session.rollback()
    return db.session.get_one(OperationRun, run_id)


def same_work(ledger, state=PARTIAL, items=(), **values) -> int:
    return ledger.run(state, run_identity_hash=IDENTITY, items=items, **values)


class TestComparison:
    def test_every_item_that_failed_in_either_is_in_one_group(self, ledger):
        results = {
            "new-from-good": (GOOD, FAIL),
            "new-from-nothing": (None, FAIL),
            "new-from-skipped": (SKIP, FAIL),
            "still": (FAIL, FAIL),
            "fixed": (FAIL, GOOD),
            "fixed-unchanged": (FAIL, SAME),
            "left-out": (FAIL, SKIP),
            "vanished": (FAIL, None),
            "fine": (GOOD, SAME),
        }
        then, now = (
            same_work(ledger, items=[item(k, r[side]) for k, r in results.items() if r[side]])
            for side in (0, 1)
        )
        found = comparison.compare(row(now), row(then))

        keys = {change: {one.key for one in items} for change, items in found.first.items()}
        assert keys == {
            Change.NEW: {"new-from-good", "new-from-nothing", "new-from-skipped"},
            Change.STILL: {"still"},
            Change.FIXED: {"fixed", "fixed-unchanged"},
            Change.UNTRIED: {"left-out", "vanished"},
        }
        assert found.counts == {change: len(names) for change, names in keys.items()}
        assert {one.run_id for one in found.first[Change.STILL]} == {now}
        assert {one.run_id for one in found.first[Change.FIXED]} == {then}

    def test_items_are_the_same_by_kind_and_key(self, ledger):
        then = same_work(ledger, items=[item("1", FAIL, kind="check")])
        now = same_work(ledger, items=[item("1", FAIL, kind="collection")])
        counts = comparison.compare(row(now), row(then)).counts

        assert (counts[Change.NEW], counts[Change.STILL], counts[Change.UNTRIED]) == (1, 0, 1)

    def test_the_first_items_are_limited_and_the_rest_come_in_pages(self, ledger):
        then = same_work(ledger)
        now = same_work(ledger, items=[item(f"{number:03}", FAIL) for number in range(60)])
        now, then = row(now), row(then)
        found = comparison.compare(now, then)
        first = comparison.page_of_change(now, then, Change.NEW, Cursor())
        second = comparison.page_of_change(now, then, Change.NEW, Cursor(after=first.after))

        assert (found.counts[Change.NEW], len(found.first[Change.NEW])) == (60, 20)
        assert [one.key for one in [*first.rows, *second.rows]] == [f"{n:03}" for n in range(60)]

    def test_it_takes_two_queries(self, app, ledger):
        then, now = same_work(ledger), same_work(ledger, items=[item("1", FAIL)])
        pair = [db.session.get_one(OperationRun, each) for each in (now, then)]
        with counted(app) as statements:
            comparison.compare(*pair)

        assert len(statements) == 2
        if db.engine.dialect.name == "sqlite":
            plans = "\n".join(plan_of(app, statement) for statement in statements)
            assert "SCAN operation_run_items" not in plans
            assert "ix_operation_run_items_result" in plans
            assert "(run_id=? AND kind=? AND key=?)" in plans

    def test_the_previous_run_is_the_last_completed_of_the_same_work(self, ledger):
        same_work(ledger)
        wanted = same_work(ledger, FAILED)
        ledger.run(SUCCEEDED)
        now = row(same_work(ledger))
        same_work(ledger, RunStatus.RUNNING)

        assert comparison.previous_of(now).id == wanted
        assert comparison.counterpart(now).id == wanted

    def test_it_may_be_another_run_of_the_same_operation(self, app, ledger):
        with write() as session:
            other = Tenant(slug="fabrikam", name="Fabrikam", entra_tenant_id="2" * 36)
            session.add(other)
            session.flush()
            foreign = Ledger(app, other.id)
        other, now = ledger.run(), row(ledger.run())
        strangers = (foreign.run(), ledger.run(type="tenant.verify"), 999)

        assert comparison.counterpart(now, other).id == other
        for stranger in strangers:
            with pytest.raises(NotFound):
                comparison.counterpart(now, stranger)

    def test_what_has_not_ended_is_not_compared(self, ledger):
        active = ledger.run(RunStatus.RUNNING)
        ended = ledger.run()

        for pair in ((active, ended), (ended, active)):
            with pytest.raises(Refused, match=f"Run {active} has not ended"):
                comparison.counterpart(row(pair[0]), pair[1])
        with pytest.raises(NotFound, match="came before"):
            comparison.counterpart(row(ended))

    def test_how_much_longer_it_took(self, ledger):
        then = same_work(ledger)
        now = same_work(ledger, RunStatus.QUEUED)
        assert comparison.taken(row(then)) == 42
        assert comparison.compare(row(now), row(then)).seconds is None


class TestFamily:
    def family(self, run_id: int) -> list[int]:
        return [run.id for run in lineage.family_of(row(run_id)).runs]

    def test_everyone_of_the_family_is_found_from_anyone(self, ledger):
        ledger.run()
        first = ledger.run(FAILED)
        second = ledger.run(PARTIAL, retry_of_id=first)
        sibling = ledger.run(FAILED, retry_of_id=first)
        third = ledger.run(retry_of_id=second)

        for member in (first, second, sibling, third):
            assert self.family(member) == [first, second, sibling, third]
            assert not lineage.family_of(row(member)).more

    def test_a_run_of_its_own_is_its_whole_family(self, ledger):
        ledger.run(FAILED)
        alone = ledger.run()

        assert self.family(alone) == [alone]

    def test_of_a_long_chain_the_nearest_are_shown(self, ledger):
        chain = [ledger.run(FAILED)]
        for _ in range(29):
            chain.append(ledger.run(FAILED, retry_of_id=chain[-1]))
        found = lineage.family_of(row(chain[15]))

        assert [run.id for run in found.runs] == chain[6:26]
        assert found.more

    def test_of_a_very_long_chain_the_run_itself_is_shown(self, ledger):
        chain = [ledger.run(FAILED)]
        for _ in range(60):
            chain.append(ledger.run(FAILED, retry_of_id=chain[-1]))

        assert self.family(chain[-1]) == chain[-10:]
