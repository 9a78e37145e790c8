"""Backs up and restores in this process: real ledger, Graph client and simulator, no worker."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import (
    BackupSet,
    OperationRun,
    Policy,
    PolicyVersion,
    RestoreItem,
    RestoreRun,
    Tenant,
)
from opsapp.runs import finalize
from opsapp.services import restore_confirming, restore_mappings, restore_undo, restores
from tests.support.performing import performer

Content = dict[tuple[str, str], tuple[Any, Any]]


class RestoreRig:
    """The steps of a restore as a person takes them, each done when it returns."""

    def __init__(self, app: Any, monkeypatch: Any) -> None:
        self._app = app
        self._monkeypatch = monkeypatch

    def perform(self, tenant: Tenant, operation: str, inputs: Any = None) -> OperationRun:
        return performer(self._app, tenant, self._monkeypatch)(operation, inputs)

    def back_up(self, tenant: Tenant, name: str = "Before") -> BackupSet:
        self.perform(tenant, "directory_groups.sync")
        run = self.perform(tenant, "backup_set.create", {"name": name})
        assert run.outcome == "succeeded", run.failure_summary
        return db.session.scalars(sa.select(BackupSet).where(BackupSet.run_id == run.id)).one()

    def draft(self, made: BackupSet, tenant: Tenant, **choices: Any) -> RestoreRun:
        self.perform(tenant, "directory_groups.sync")
        return restores.create(None, tenant, restores.Draft(made.id, **choices))

    def decide(self, restore: RestoreRun, *, create: bool = True) -> None:
        """Groups that the target lacks are created, or left out; whatever else is left out."""
        if create:
            restore_mappings.create_missing(None, restore)
        restore_mappings.skip_undecided(None, restore)

    def preview(self, restore: RestoreRun) -> RestoreRun:
        run = restore_confirming.start_preview(None, restore)
        self._do(run.id)
        run = db.session.get_one(OperationRun, run.id)
        assert run.outcome == "succeeded", run.failure_summary
        return db.session.get_one(RestoreRun, restore.id)

    def execute(self, restore: RestoreRun) -> OperationRun:
        given = restore_confirming.Confirmation("A bad change", restore.tenant.slug, True)
        run_id = restore_confirming.confirm(None, restore, given).run_id
        assert run_id is not None
        self._do(run_id)
        return db.session.get_one(OperationRun, run_id)

    def undo(self, restore: RestoreRun) -> RestoreRun:
        return restore_undo.undo(None, db.session.get_one(RestoreRun, restore.id))

    def _do(self, run_id: int) -> None:
        from workers import jobs

        self._monkeypatch.setattr(jobs, "app", lambda: self._app)
        run = db.session.get_one(OperationRun, run_id)
        token = run.dispatch_token
        db.session.rollback()
        try:
            jobs.run_operation(run_id, token)
        finally:
            finalize(run_id, None, token=token)
        db.session.rollback()

    def read(self, tenant: Tenant) -> Content:
        """What the tenant has now: content and assignments of what is there, read whole."""
        self.perform(tenant, "inventory.sync", {"full": True})
        rows = db.session.execute(
            sa.select(Policy, PolicyVersion)
            .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
            .where(
                Policy.tenant_id == tenant.id,
                Policy.gone_at.is_(None),
                PolicyVersion.number == Policy.version,
            )
        )
        return {
            (policy.collection, policy.graph_id): (
                version.content.content,
                version.assignments.content,
            )
            for policy, version in rows
        }


def items_of(restore: RestoreRun, keep: Callable[[RestoreItem], Any]) -> list[RestoreItem]:
    """The items of a restore for which ``keep`` holds, in their order."""
    query = sa.select(RestoreItem).where(RestoreItem.restore_id == restore.id)
    return [one for one in db.session.scalars(query.order_by(RestoreItem.position)) if keep(one)]


def told(items: list[RestoreItem]) -> list[Any]:
    """What to show of items that are not as they should be."""
    return [
        (one.collection, one.name, str(one.action), one.reason_code, one.message, one.differences)
        for one in items
    ]
