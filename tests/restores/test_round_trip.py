"""Everything a tenant has, restored into an empty one, and read back from there."""

import uuid
from collections import Counter

import pytest
import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import (
    BackupItem,
    BackupSet,
    MappingChoice,
    RestoreItem,
    RestoreMapping,
    RestoreRun,
    RestoreStatus,
    RestoreWrite,
)
from opsapp.models.base import write
from opsapp.simulator.process import TenantSpec, running_simulator
from tests.support.performing import connect, performer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


def test_round_trip(app, app_context, settings, simulator, monkeypatch):
    source = connect(settings, simulator.tenants["contoso"])
    empty = simulator.add_tenant("empty")
    target = connect(settings, empty)
    do_source = performer(app, source, monkeypatch)
    do_target = performer(app, target, monkeypatch)
    do_source("directory_groups.sync")
    do_target("directory_groups.sync")
    run = do_source("backup_set.create", {"name": "Before"})
    print(run.outcome, run.summary_counts, run.failure_summary)
    made = db.session.scalar(sa.select(BackupSet))
    items = db.session.scalars(sa.select(BackupItem).where(BackupItem.set_id == made.id)).all()
    with write() as session:
        restore = RestoreRun(tenant_id=target.id, backup_set_id=made.id, created_by="test")
        session.add(restore)
        session.flush()
        for one in items:
            session.add(
                RestoreItem(
                    restore_id=restore.id,
                    backup_item_id=one.id,
                    collection=one.collection,
                    source_id=one.graph_id,
                    name=one.name,
                )
            )
    restore_id = restore.id
    run = do_target("restore.preview", {"restore": restore_id})
    print(run.outcome, run.failure_summary)
    rows = db.session.scalars(sa.select(RestoreMapping)).all()
    print(Counter((r.kind, r.choice, r.origin) for r in rows))
    with write() as session:
        for row in session.scalars(sa.select(RestoreMapping)):
            if row.choice is None:
                row.choice = MappingChoice.CREATE if row.kind == "groups" else MappingChoice.SKIP
                row.origin = "chosen"
    run = do_target("restore.preview", {"restore": restore_id})
    restore = db.session.get(RestoreRun, restore_id)
    print(restore.counts, restore.warnings)
    for item in db.session.scalars(
        sa.select(RestoreItem).where(
            sa.or_(RestoreItem.is_blocked, RestoreItem.action.in_(["cannot", "conflict"]))
        )
    ):
        print(
            item.collection,
            item.name,
            item.action,
            [b["message"] for b in item.plan["blockers"]],
            item.plan["lacks"],
        )
    with write() as session:
        restore = session.get(RestoreRun, restore_id)
        restore.status = RestoreStatus.QUEUED
        restore.reason = "test"
        restore.confirmed_by = "test"
    from opsapp.runs import finalize
    from opsapp.models import OperationRun
    from workers import jobs

    run = db.session.get(OperationRun, db.session.get(RestoreRun, restore_id).run_id)
    run_id, token = run.id, run.dispatch_token
    db.session.rollback()
    try:
        jobs.run_operation(run_id, token)
    finally:
        finalize(run_id, None, token=token)
    db.session.rollback()
    run = db.session.get(OperationRun, run_id)
    print(run.status, run.outcome, run.summary_counts)
    restore = db.session.get(RestoreRun, restore_id)
    print(restore.status, restore.verdict)
    for item in db.session.scalars(sa.select(RestoreItem)):
        if item.reason_code or item.verdict not in (None, "verified"):
            print(
                item.collection,
                item.name,
                item.action,
                item.reason_code,
                item.message,
                item.verdict,
                str(item.differences)[:600],
            )
    assert False
