"""backup_set.create: a tenant read into a set; what is missing is said, and mended by a retry."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from opsapp import runs
from opsapp.backup import contents
from opsapp.backup.contents import SetComplete
from opsapp.extensions import db
from opsapp.models import (
    BackupGroup,
    BackupItem,
    BackupSet,
    BackupSetType,
    CollectionState,
    OperationRun,
    Tenant,
    TypeCompleteness,
)
from opsapp.models.base import write
from opsapp.operations.backup_set_create import BackupSetCreate
from opsapp.operations.base import InvalidInputs
from opsapp.presenters.backup_words import sentence, types_sentence
from opsapp.runs import finalize
from opsapp.services import backups
from opsapp.simulator.process import SimulatedTenant, Simulator
from tests.support.graph_content import catalog_policy, policy_named, to_group, wifi
from tests.support.performing import Perform
from workers.graph_access import NotConnected

CATALOG = "configurationPolicies"
CONFIG = "deviceConfigurations"
SCRIPTS = "deviceManagementScripts"
SCRIPT = {"displayName": "S", "fileName": "s.ps1", "scriptContent": "ZXhpdA=="}
CREATE = "backup_set.create"
Retry = Callable[..., OperationRun]


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def retry(app: Flask, perform: Perform) -> Retry:
    """Starts a retry and does it in this process."""
    from workers import jobs

    def do(run: OperationRun, **how: Any) -> OperationRun:
        new = runs.retry(run, None, **({"failed_only": True} | how))
        run_id, token = new.id, new.dispatch_token
        try:
            jobs.run_operation(run_id, token)
        finally:
            finalize(run_id, None, token=token)
        db.session.rollback()
        return db.session.get_one(OperationRun, run_id)

    return do


@pytest.fixture
def made(simulator: Simulator, simulated: SimulatedTenant) -> dict[str, dict[str, Any]]:
    group = simulator.add_group(simulated.slug, displayName="All staff")
    rows = [(CATALOG, catalog_policy(f"C{number}", 3)) for number in range(4)]
    rows += [(CONFIG, wifi("Wi-Fi", assignments=[to_group(group["id"])])), (SCRIPTS, SCRIPT)]
    found = [simulator.add_object(simulated.slug, key, body) for key, body in rows]
    names = ["C0", "C1", "C2", "C3", "Wi-Fi", "S"]
    return dict(zip(names, found, strict=True)) | {"group": group}


def latest_run() -> OperationRun:
    db.session.rollback()
    return db.session.scalars(sa.select(OperationRun).order_by(OperationRun.id.desc())).first()


def the_set() -> BackupSet:
    return db.session.scalars(sa.select(BackupSet)).one()


def names_in(backup: BackupSet) -> list[str]:
    query = sa.select(BackupItem.name).where(BackupItem.set_id == backup.id)
    return sorted(db.session.scalars(query))


def type_of(backup: BackupSet, key: str) -> BackupSetType:
    return db.session.get_one(BackupSetType, (backup.id, key))


def said(backup: BackupSet) -> tuple[str, str]:
    types = backups.types_of(backup)
    items = backups.item_count(backup)
    return sentence(backup, backups.run_of(backup), types, items), types_sentence(types)


def test_a_whole_tenant(made: dict[str, Any], perform: Perform, simulated: SimulatedTenant) -> None:
    run = perform(CREATE, {"name": "Monday", "note": "Before the change"})
    assert run.outcome == "succeeded", run.failure_summary
    backup = the_set()
    assert (backup.name, backup.note, backup.run_id) == ("Monday", "Before the change", run.id)
    assert backup.completed_at is not None
    assert {"C0", "C1", "C2", "C3", "Wi-Fi", "S"} <= set(names_in(backup))
    assert backup.item_count == run.summary_counts["total"]
    assert {row.completeness for row in backups.types_of(backup)} == {TypeCompleteness.COMPLETE}
    group = db.session.scalars(sa.select(BackupGroup)).one()
    assert (group.graph_id, group.display_name) == (made["group"]["id"], "All staff")
    whole, types = said(backup)
    assert whole == f"Backup of {simulated.name} is complete: {backup.item_count} items."
    count = len(backups.types_of(backup))
    assert types == f"{count} of {count} types complete."


def test_a_second_backup_of_an_unchanged_tenant_holds_the_same(
    made: dict[str, Any], perform: Perform
) -> None:
    perform(CREATE, {"name": "One", "types": [CATALOG, CONFIG]})
    run = perform(CREATE, {"name": "Two", "types": [CATALOG, CONFIG]})
    assert run.summary_counts["unchanged"] == 5
    one, two = db.session.scalars(sa.select(BackupSet).order_by(BackupSet.id))
    assert names_in(one) == names_in(two) == ["C0", "C1", "C2", "C3", "Wi-Fi"]


def test_a_403_on_a_type_is_said_and_the_rest_is_there(
    made: dict[str, Any], simulator: Simulator, perform: Perform, retry: Retry
) -> None:
    simulator.set_faults(rules=[{"path": CONFIG, "status": 403}])
    run = perform(CREATE, {"name": "Monday", "types": [CONFIG, CATALOG, SCRIPTS]})
    assert run.outcome == "partially_succeeded"
    backup = the_set()
    assert backup.completed_at is not None  # nothing that a retry alone could mend
    assert names_in(backup) == ["C0", "C1", "C2", "C3", "S"]
    row = type_of(backup, CONFIG)
    assert (row.completeness, row.item_count) == (TypeCompleteness.FORBIDDEN, 0)
    assert row.reason_code in ("graph.forbidden", "graph.consent_missing")
    assert said(backup)[1] == ("2 of 3 types complete; 1 forbidden: Device configuration profiles.")
    simulator.clear_faults()
    with pytest.raises(SetComplete):
        retry(run)
    late = latest_run()
    assert (late.outcome, late.reason_code) == ("failed", "backup.complete")
    assert "complete and never changes" in late.failure_summary[0]["message"]
    assert names_in(backup) == ["C0", "C1", "C2", "C3", "S"]


def test_what_may_be_mended_keeps_the_set_open_and_a_retry_completes_it(
    made: dict[str, Any], simulator: Simulator, perform: Perform, retry: Retry
) -> None:
    path = f"{made['C1']['id']}/settings"
    simulator.set_faults(rules=[{"path": path, "status": 503}])
    run = perform(CREATE, {"name": "Monday", "types": [CATALOG, CONFIG]})
    assert run.outcome == "partially_succeeded"
    backup = the_set()
    assert backup.completed_at is None
    assert names_in(backup) == ["C0", "C2", "C3", "Wi-Fi"]
    row = type_of(backup, CATALOG)
    assert (row.completeness, row.item_count, row.object_count) == ("partial", 3, 4)
    assert [(one["graph_id"], one["name"]) for one in row.missing] == [(made["C1"]["id"], "C1")]
    assert said(backup)[0].endswith("partially succeeded: 4 of 5 items.")
    simulator.clear_faults()
    new = retry(run)
    assert new.outcome == "succeeded"
    db.session.expire_all()
    backup = the_set()
    assert backup.completed_at is not None
    assert names_in(backup) == ["C0", "C1", "C2", "C3", "Wi-Fi"]
    assert type_of(backup, CATALOG).completeness == TypeCompleteness.COMPLETE


def test_a_type_that_was_not_answered_is_read_by_the_retry(
    made: dict[str, Any], simulator: Simulator, perform: Perform, retry: Retry
) -> None:
    simulator.set_faults(rules=[{"path": CONFIG, "status": 503}])
    run = perform(CREATE, {"name": "Monday", "types": [CATALOG, CONFIG]})
    assert type_of(the_set(), CONFIG).completeness == TypeCompleteness.FAILED
    assert the_set().completed_at is None
    simulator.clear_faults()
    assert retry(run).outcome == "succeeded"
    db.session.expire_all()
    assert names_in(the_set()) == ["C0", "C1", "C2", "C3", "Wi-Fi"]
    assert the_set().completed_at is not None


def test_repeating_the_whole_run_fills_the_open_set_or_makes_another(
    made: dict[str, Any], simulator: Simulator, perform: Perform, retry: Retry
) -> None:
    simulator.set_faults(rules=[{"path": CONFIG, "status": 503}])
    run = perform(CREATE, {"name": "Monday", "types": [CATALOG, CONFIG]})
    simulator.clear_faults()
    again = retry(run, failed_only=False)
    assert the_set().run_id == again.id
    retry(again, failed_only=False)
    sets = db.session.scalars(sa.select(BackupSet).order_by(BackupSet.id)).all()
    assert [names_in(one) for one in sets] == [["C0", "C1", "C2", "C3", "Wi-Fi"]] * 2


def test_an_excluded_type_is_left_out_on_purpose(
    made: dict[str, Any], tenant: Tenant, perform: Perform
) -> None:
    with write() as session:
        session.add(
            CollectionState(
                tenant_id=tenant.id, collection=CONFIG, object_count=0,
                excluded_at=sa.func.now(), excluded_by="ana",
            )
        )  # fmt: skip
    run = perform(CREATE, {"name": "Monday", "types": [CATALOG, CONFIG]})
    assert run.outcome == "succeeded"
    assert type_of(the_set(), CONFIG).completeness == TypeCompleteness.EXCLUDED
    assert said(the_set())[1].startswith("1 of 1 types complete; 1 excluded: ")


def test_a_killed_run_goes_on_and_completes_its_one_set(
    made: dict[str, Any], app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opsapp.operations import backup_making
    from opsapp.runs import ensure_run
    from opsapp.runs.transitions import settle_interrupted
    from workers import jobs

    monkeypatch.setattr(jobs, "app", lambda: app)
    real, calls = backup_making.completeness.note, []

    def die_at_second(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        real(*args)

    monkeypatch.setattr(backup_making.completeness, "note", die_at_second)
    run = ensure_run(tenant, CREATE, {"name": "Monday", "types": [CATALOG, CONFIG, SCRIPTS]})
    run_id, token = run.id, run.dispatch_token
    with pytest.raises(SystemExit):
        jobs.run_operation(run_id, token)
    db.session.remove()
    with write() as session:  # as after a SIGKILL: nothing could be staged
        session.get_one(OperationRun, run_id).staged_result = None
    assert settle_interrupted(run_id, token, "worker.killed")
    assert the_set().completed_at is None
    token = db.session.get_one(OperationRun, run_id).dispatch_token
    db.session.rollback()
    jobs.run_operation(run_id, token)
    finalize(run_id, None, token=token)
    db.session.rollback()
    assert db.session.get_one(OperationRun, run_id).outcome == "succeeded"
    assert the_set().completed_at is not None
    assert names_in(the_set()) == ["C0", "C1", "C2", "C3", "S", "Wi-Fi"]
    assert len(backups.types_of(the_set())) == 3


def test_no_token_leaves_an_open_set_that_says_so(
    made: dict[str, Any], simulator: Simulator, perform: Perform, tenant: Tenant
) -> None:
    with write() as session:
        session.get_one(Tenant, tenant.id).client_secret_encrypted = None
        session.get_one(Tenant, tenant.id).client_id = None
    with pytest.raises(NotConnected):
        perform(CREATE, {"name": "Monday"})
    assert latest_run().outcome == "failed"
    assert "was not finished: 0 items" in said(the_set())[0]


def test_kept_open_takes_chosen_policies_until_it_is_closed(
    made: dict[str, Any], simulator: Simulator, simulated: SimulatedTenant, perform: Perform
) -> None:
    perform("inventory.sync", {"types": [CONFIG, SCRIPTS]})
    perform(CREATE, {"name": "Monday", "types": [CATALOG], "keep_open": True})
    backup = the_set()
    assert backup.completed_at is None
    simulator.change_object(simulated.slug, CONFIG, made["Wi-Fi"]["id"], ssid="Guests")
    chosen = [policy_named(name).id for name in ("Wi-Fi", "C1")]
    run = perform("backup_set.add_policies", {"set": backup.id, "policies": chosen})
    assert run.outcome == "succeeded"
    assert names_in(backup) == ["C0", "C1", "C2", "C3", "Wi-Fi"]
    item = db.session.scalars(sa.select(BackupItem).where(BackupItem.name == "Wi-Fi")).one()
    assert item.content.content["ssid"] == "Guests"
    assert [row.collection for row in backups.types_of(backup)] == [CATALOG]
    assert db.session.scalars(sa.select(BackupGroup.graph_id)).all() == [made["group"]["id"]]
    with write() as session:
        contents.close(session, backup.id)
    with pytest.raises(SetComplete):
        perform("backup_set.add_policies", {"set": backup.id, "policies": chosen})
    late = latest_run()
    assert (late.outcome, late.reason_code) == ("failed", "backup.complete")


def test_a_policy_added_by_hand_is_missing_no_more(
    made: dict[str, Any], simulator: Simulator, perform: Perform
) -> None:
    perform("inventory.sync", {"types": [CATALOG]})
    path = f"{made['C1']['id']}/settings"
    simulator.set_faults(rules=[{"path": path, "status": 503}])
    perform(CREATE, {"name": "Monday", "types": [CATALOG], "full": True})
    simulator.clear_faults()
    backup = the_set()
    perform("backup_set.add_policies", {"set": backup.id, "policies": [policy_named("C1").id]})
    db.session.expire_all()
    row = type_of(backup, CATALOG)
    assert (row.completeness, row.missing, row.item_count) == ("complete", [], 4)


@pytest.mark.parametrize(
    "given",
    [{}, {"name": " "}, {"name": "x" * 121}, {"name": "x", "types": "policies"}, {"title": "x"}],
)
def test_bad_inputs_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputs):
        BackupSetCreate().clean_inputs(given)
