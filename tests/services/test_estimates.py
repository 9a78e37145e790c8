"""How long a run usually takes: the window, and how often it would have been right."""

import random
from datetime import timedelta

import pytest

from opsapp.extensions import db
from opsapp.models import OperationRun, RunStatus
from opsapp.services.estimates import Window, estimate_of, estimated
from tests.support.ledger_rows import CANCELLED, FAILED, PARTIAL, SUCCEEDED
from tests.support.queries import counted


def test_fewer_than_ten_runs_say_nothing():
    assert estimated([20.0] * 9) is None
    assert estimated([20.0] * 10) is not None


def test_half_end_by_the_earlier_end_and_nine_of_ten_by_the_later():
    shuffled = random.Random(1).sample(range(1, 31), 30)
    found = estimated([float(each) for each in shuffled])

    assert found.window == Window(15, 27)
    assert found.sample == 30


def test_only_the_last_thirty_runs_make_the_window():
    assert estimated([10.0] * 30 + [900.0] * 70).window == Window(10, 10)


def test_each_window_is_tested_on_a_run_that_it_does_not_know():
    past = [50.0] * 10
    slower, same, faster = 60.0, 50.0, 40.0

    assert (estimated(past).tested, estimated(past).right) == (0, 0)
    found = estimated([slower, *past])
    assert (found.tested, found.right, found.inside) == (1, 0, 0)
    found = estimated([same, *past])
    assert (found.tested, found.right, found.inside) == (1, 1, 1)
    found = estimated([faster, *past])
    assert (found.tested, found.right, found.inside) == (1, 1, 0)


def test_at_most_the_last_hundred_runs_are_tested():
    found = estimated([30.0] * 130)

    assert (found.tested, found.right, found.inside) == (100, 100, 100)


def test_of_steady_work_nine_windows_in_ten_are_right():
    rnd = random.Random(7)
    found = estimated([rnd.gauss(1000, 60) for _ in range(130)])

    assert found.tested == 100
    assert 80 <= found.right <= 98
    assert found.inside < found.right


class TestOfRuns:
    @pytest.fixture
    def database_url(self, any_database):
        return any_database

    def test_only_ended_runs_of_the_same_work_and_tenant_count(self, app, ledger):
        for number in range(10):
            ledger.run(PARTIAL if number % 2 else SUCCEEDED, took=timedelta(seconds=60))
        for state in (FAILED, CANCELLED, RunStatus.RUNNING):
            ledger.run(state, took=timedelta(hours=5))
        for _ in range(12):
            ledger.run(type="tenant.verify", took=timedelta(seconds=2))
        run_id = ledger.run(RunStatus.RUNNING)
        with app.app_context():
            run = db.session.get_one(OperationRun, run_id)
            with counted(app) as statements:
                found = estimate_of(run)

        assert (found.window, found.sample) == (Window(60, 60), 10)
        assert len(statements) == 1
