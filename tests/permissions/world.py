"""A tenant with one of everything, a browser for everybody, and a way back to the beginning."""

import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.normalise import canonical, sha256_of
from opsapp.models import (
    BackupItem,
    BackupSchedule,
    BackupSet,
    CollectionState,
    DirectoryGroup,
    Notification,
    NotificationKind,
    OperationRun,
    Policy,
    PolicyVersion,
    RestoreItem,
    RestoreRun,
    RunOutcome,
    RunStatus,
    Snapshot,
    User,
)
from opsapp.models.base import write
from opsapp.services import sign_in
from tests.permissions.table import Row
from tests.support import cast as cast_support
from tests.support.cast import ROLES, Cast

COLLECTION = "configurationPolicies"


@dataclass
class World:
    app: Flask
    file: Path
    pristine: Path
    cast: Cast
    cookies: dict[str, str] = field(default_factory=dict)
    samples: dict[str, dict[str, object]] = field(default_factory=dict)

    def restore(self) -> None:
        """Puts the database back to where every walk begins."""
        close(self.app)
        for leftover in ("-wal", "-shm"):
            self.file.with_name(self.file.name + leftover).unlink(missing_ok=True)
        shutil.copyfile(self.pristine, self.file)

    def knock(self, row: Row, role: str, *, csrf: bool = False) -> TestResponse:
        """Tries a door as somebody, in a browser that has done nothing but sign in."""
        self.app.config["WTF_CSRF_ENABLED"] = csrf
        client = self.app.test_client()
        if role in self.cookies:
            client.set_cookie("session", self.cookies[role])
        return client.open(self.address(row, role), method=row.method, buffered=True)

    def address(self, row: Row, role: str) -> str:
        """The route with its parameters filled from the samples."""
        adapter = self.app.url_map.bind("localhost")
        rule = next(
            rule
            for rule in self.app.url_map.iter_rules()
            if rule.rule == row.route and row.method in (rule.methods or ())
        )
        values = {name: self.samples[role][name] for name in rule.arguments}
        if rule.endpoint == "bootstrap.static":
            values["filename"] = "css/bootstrap.min.css"
        return adapter.build(rule.endpoint, values, method=row.method)


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def build(app: Flask, file: Path) -> World:
    cast = cast_support.create(app)
    world = World(app, file, file.with_suffix(".pristine"), cast)
    with app.app_context():
        shared = _one_of_everything(cast)
        for role in ROLES:
            if role != "anonymous":
                world.cookies[role] = _cookie(cast.client(role))
            world.samples[role] = shared | _own(cast, role)
    close(app)
    shutil.copyfile(file, world.pristine)
    return world


def _cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def _one_of_everything(cast: Cast) -> dict[str, object]:
    with write() as session:
        content, assignments = _snapshot({"id": "p1", "name": "Baseline"}), _snapshot([])
        policy = Policy(
            tenant_id=cast.tenant_id,
            collection=COLLECTION,
            graph_id="p1",
            kind="configurationPolicies",
            name="Baseline",
            version=1,
        )
        group = DirectoryGroup(tenant_id=cast.tenant_id, graph_id="g1", display_name="Everyone")
        state = CollectionState(tenant_id=cast.tenant_id, collection=COLLECTION)
        backup = BackupSet(tenant_id=cast.tenant_id, name="Monday", created_by="Ana")
        schedule = BackupSchedule(
            tenant_id=cast.tenant_id, name="Nightly", frequency="daily", created_by="Ana"
        )
        session.add_all([content, assignments, policy, group, state, backup, schedule])
        session.flush()
        item = BackupItem(
            set_id=backup.id,
            collection=COLLECTION,
            graph_id="p1",
            name="Baseline",
            content_sha256=content.sha256,
            assignments_sha256=assignments.sha256,
            compare_sha256=content.sha256,
        )
        session.add(item)
        session.flush()
        backup.completed_at = utcnow()
        session.add(
            PolicyVersion(
                policy_id=policy.id,
                number=1,
                content_sha256=content.sha256,
                assignments_sha256=assignments.sha256,
                compare_sha256=content.sha256,
            )
        )
        restore = RestoreRun(tenant_id=cast.tenant_id, created_by="Ana")
        session.add(restore)
        session.flush()
        item = RestoreItem(
            restore_id=restore.id, collection=COLLECTION, source_id="p1", name="Baseline"
        )
        session.add(item)
        session.flush()
        return {
            "slug": cast.slug,
            "restore_id": restore.id,
            "item_id": item.id,
            "user_id": cast["readonly"].id,
            "key": COLLECTION,
            "run_id": _failed_run(session, cast, "owner").id,
            "policy_id": policy.id,
            "set_id": backup.id,
            "item_id": item.id,
            "schedule_id": schedule.id,
            "group_id": group.id,
            "operation_type": "inventory.sync",
            "filename": "img/mark.svg",
            "asked_version": "any",
            "name": "img/mark.svg",
        }


def _own(cast: Cast, role: str) -> dict[str, object]:
    """What everybody has of their own: another session, a notification."""
    if role == "anonymous":
        return {"session_id": 1, "notification_id": 1}
    user_id = cast[role].id
    sign_in.open_session(db.session.get_one(User, user_id), "192.0.2.1", "another browser")
    session_id = sign_in.live_sessions(db.session.get_one(User, user_id))[0].id
    with write() as session:
        run = _failed_run(session, cast, role)
        notification = Notification(
            user_id=user_id, run_id=run.id, kind=NotificationKind.TERMINAL, title="It failed."
        )
        session.add(notification)
        session.flush()
        return {"session_id": session_id, "notification_id": notification.id}


def _failed_run(session: Session, cast: Cast, role: str) -> OperationRun:
    run = OperationRun(
        tenant_id=cast.tenant_id,
        user_id=cast[role].id,
        initiator_name=cast[role].name,
        type="inventory.sync",
        status=RunStatus.COMPLETED,
        outcome=RunOutcome.FAILED,
        reason_code="worker.lost",
        run_identity_hash="0" * 64,
        dispatch_token="0" * 32,
        completed_at=utcnow(),
    )
    session.add(run)
    session.flush()
    return run


def _snapshot(content: object) -> Snapshot:
    encoded = canonical(content)
    return Snapshot(sha256=sha256_of(encoded), body=zlib.compress(encoded), size=len(encoded))
