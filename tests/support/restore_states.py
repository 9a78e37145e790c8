"""Restores as a preview, or an execution, leaves them: written straight into the database."""

from flask import Flask

from opsapp.database import utcnow
from opsapp.intune.restore import ItemPlan, Note, Step, Wanted
from opsapp.models import (
    RestoreAction,
    RestoreItem,
    RestoreRun,
    RestoreStatus,
    RestoreWrite,
    Verdict,
    WriteState,
)
from opsapp.models.base import write
from opsapp.restore import fingerprint

SECRET = "opsapp-sealed:0123456789abcdef"
ADDRESS = "/deviceManagement/configurationPolicies"


def plan(*, blocked: bool = False) -> ItemPlan:
    """Of an object to create, with a secret in its body."""
    body = {"name": "Baseline", "password": SECRET}
    return ItemPlan(
        "create",
        steps=(Step("Create", "POST", ADDRESS, body),),
        blockers=(Note("mapping.undecided", "Say what stands for the group."),) * blocked,
        warnings=(Note("assignment.left_out", "An assignment is left out."),),
        lacks=("Its secrets",),
        wanted=Wanted({"name": "Baseline", "description": "New"}, []),
    )


def previewed(app: Flask, restore_id: int, *, blocked: bool = False) -> None:
    """Every object of the restore is to be created."""
    with app.app_context(), write() as session:
        restore = session.get_one(RestoreRun, restore_id)
        for at, item in enumerate(session.query(RestoreItem).filter_by(restore_id=restore_id)):
            item.action, item.is_blocked = RestoreAction.CREATE, blocked
            item.plan, item.position = plan(blocked=blocked).to_json(), at
            item.warning_count = 2
        restore.status, restore.previewed_at = RestoreStatus.PREVIEWED, utcnow()
        restore.warnings = [{"code": "cache.stale", "message": "The directory cache is old."}]
        session.flush()
        fingerprint.bind(session, restore)


def ended(app: Flask, restore_id: int) -> None:
    """A previewed restore was cancelled at its end: each object was created, and differs."""
    with app.app_context(), write() as session:
        restore = session.get_one(RestoreRun, restore_id)
        for item in session.query(RestoreItem).filter_by(restore_id=restore_id):
            item.done_at, item.target_id = utcnow(), f"new-{item.source_id}"
            item.verdict = Verdict.DIFFERENCES
            item.differences = [{"where": "description", "wanted": "New", "found": SECRET}]
            session.add(_written(item))
        restore.status, restore.verdict = RestoreStatus.CANCELLED, Verdict.DIFFERENCES
        restore.ended_at = utcnow()


def _written(item: RestoreItem) -> RestoreWrite:
    return RestoreWrite(
        restore_id=item.restore_id,
        item_id=item.id,
        step=0,
        method="POST",
        address=ADDRESS,
        body_sha256="0" * 64,
        state=WriteState.DONE,
        status_code=201,
        request_id="req-1",
        created_id=item.target_id,
    )
