"""Accounts: created, given passwords, deactivated; one administrator always stays."""

import threading

import pytest
import sqlalchemy as sa

from opsapp.audit import CLI, Actor
from opsapp.extensions import db
from opsapp.models import AuditEvent, User
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused
from opsapp.services import passwords, sign_in, users
from tests.support import apps
from tests.support import cast as cast_support
from tests.support.cast import PASSWORD
from tests.support.postgres import waits_for_a_lock
from tests.support.processes import wait_until

GOOD = "a perfectly long password"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def admin(cast, app_context):
    return db.session.get_one(User, cast["admin"].id)


@pytest.mark.usefixtures("app_context")
class TestCreating:
    def test_an_address_is_kept_in_lower_case_and_the_password_only_hashed(self):
        user, one_time = users.create_user(CLI, " Ana@Demo.Test ", "  Ana   F ", password=GOOD)
        assert (user.email, user.name, one_time) == ("ana@demo.test", "Ana F", None)
        assert user.password_hash.startswith("scrypt:")
        assert passwords.matches(user, GOOD)
        assert not passwords.is_one_time(user)

    def test_without_a_password_there_is_a_one_time_one(self):
        user, one_time = users.create_user(CLI, "ana@demo.test", "Ana", password=None)
        assert passwords.matches(user, one_time)
        assert passwords.is_one_time(user)

    def test_an_address_is_taken_once(self):
        users.create_user(CLI, "ana@demo.test", "Ana", password=GOOD)
        with pytest.raises(Refused, match="already an account") as refused:
            users.create_user(CLI, "ANA@demo.test", "Ana", password=GOOD)
        assert refused.value.field == "email"
        assert len(users.everybody()) == 1

    @pytest.mark.parametrize("email", ["", "ana", "ana@", "@demo.test", "a b@demo.test"])
    def test_an_address_must_look_like_one(self, email):
        with pytest.raises(Refused, match="email address"):
            users.create_user(CLI, email, "Ana", password=GOOD)

    @pytest.mark.parametrize("email", ["ana@intranet", "ana@demo.test"])
    def test_private_domains_are_fine(self, email):
        assert users.create_user(CLI, email, "Ana", password=GOOD)[0].email == email

    @pytest.mark.parametrize(
        "password", ["short", "x" * 201, "aaaaaaaaaaaaaaaa", "someone.long@demo.test"]
    )
    def test_weak_passwords_are_refused(self, password):
        with pytest.raises(Refused) as refused:
            users.create_user(CLI, "someone.long@demo.test", "S", password=password)
        assert refused.value.field == "password"

    def test_it_is_audited_without_the_password(self):
        users.create_user(CLI, "ana@demo.test", "Ana", password=GOOD, is_admin=True)
        event = db.session.scalars(sa.select(AuditEvent)).one()
        assert (event.actor, event.action, event.subject) == (
            "System (CLI)",
            "user.created",
            "ana@demo.test",
        )
        assert event.data == {"name": "Ana", "is_admin": True}


def test_deactivating_ends_sessions_and_keeps_the_account(cast, admin):
    operator = db.session.get_one(User, cast["operator"].id)
    token = sign_in.open_session(operator, "", "")
    users.deactivate(Actor.of(admin), operator.id)
    assert sign_in.session_of(token) is None
    users.activate(Actor.of(admin), operator.id)
    assert sign_in.session_of(token) is None
    actions = db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["user.deactivated", "user.activated"]


def test_the_last_active_administrator_stays(cast, admin):
    with pytest.raises(Refused, match="last active administrator"):
        users.deactivate(CLI, admin.id)
    with pytest.raises(Refused, match="last active administrator"):
        users.set_admin(CLI, admin.id, is_admin=False)
    users.set_admin(CLI, cast["owner"].id, is_admin=True)
    users.deactivate(CLI, cast["owner"].id)  # a deactivated administrator does not count
    with pytest.raises(Refused, match="last active administrator"):
        users.set_admin(CLI, admin.id, is_admin=False)


def test_two_administrators_cannot_remove_each_other(app, cast, admin):
    users.set_admin(CLI, cast["owner"].id, is_admin=True)
    ids = [cast["admin"].id, cast["owner"].id]
    db.session.remove()
    together = threading.Barrier(2)
    refused = []

    def remove(user_id):
        with app.app_context():
            together.wait()
            try:
                users.set_admin(CLI, user_id, is_admin=False)
            except Refused as answer:
                refused.append(answer)

    threads = [threading.Thread(target=remove, args=(user_id,)) for user_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sum(user.is_admin for user in users.everybody()) == 1


def test_removing_an_administrator_waits_for_whoever_removes_another(
    make_app, tmp_path, postgres_url
):
    app = make_app(apps.make_settings(tmp_path, database_url=postgres_url))
    cast = cast_support.create(app)
    answers = []

    def remove_second():
        with app.app_context():
            try:
                users.set_admin(CLI, cast["owner"].id, is_admin=False)
                answers.append("removed")
            except Refused:
                answers.append("refused")

    with app.app_context():
        users.set_admin(CLI, cast["owner"].id, is_admin=True)
        second = threading.Thread(target=remove_second)
        with write() as session:
            users._locked_admins(session)
            second.start()
            wait_until(lambda: answers or waits_for_a_lock(session), what="the second is there")
            session.get_one(User, cast["admin"].id).is_admin = False
        second.join()
    assert answers == ["refused"]


def test_nobody_deactivates_or_resets_themselves(admin):
    users.create_user(CLI, "second@demo.test", "Second", password=GOOD, is_admin=True)
    for forbidden in (users.deactivate, users.reset_password):
        with pytest.raises(Refused, match="own"):
            forbidden(Actor.of(admin), admin.id)


def test_a_reset_gives_a_one_time_password_and_ends_sessions(cast, admin):
    operator = db.session.get_one(User, cast["operator"].id)
    token = sign_in.open_session(operator, "", "")
    user, one_time = users.reset_password(Actor.of(admin), operator.id)
    assert passwords.matches(user, one_time)
    assert not passwords.matches(user, PASSWORD)
    assert passwords.is_one_time(user)
    assert sign_in.session_of(token) is None


def test_changing_ones_password_keeps_this_session_only(cast, app_context):
    user = db.session.get_one(User, cast["operator"].id)
    here, there = sign_in.open_session(user, "", ""), sign_in.open_session(user, "", "")
    kept = sign_in.session_of(here).id
    users.change_password(Actor.of(user), user, PASSWORD, GOOD, keep_session_id=kept)
    assert passwords.matches(user, GOOD)
    assert sign_in.session_of(here)
    assert sign_in.session_of(there) is None


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("wrong", GOOD, "current"), (PASSWORD, PASSWORD, "password"), (PASSWORD, "short", "password")],
)
def test_a_password_is_not_changed_to_just_anything(cast, app_context, current, new, field):
    user = db.session.get_one(User, cast["operator"].id)
    with pytest.raises(Refused) as refused:
        users.change_password(Actor.of(user), user, current, new, keep_session_id=None)
    assert refused.value.field == field
    assert passwords.matches(user, PASSWORD)


def test_a_time_zone_comes_from_the_list(cast, app_context):
    user = db.session.get_one(User, cast["operator"].id)
    users.change_profile(Actor.of(user), user, name="Op", timezone="Europe/Lisbon")
    assert (user.name, user.timezone) == ("Op", "Europe/Lisbon")
    with pytest.raises(Refused, match="time zone"):
        users.change_profile(Actor.of(user), user, name="Op", timezone="Mars/Olympus")


@pytest.mark.usefixtures("app_context")
def test_unknown_people_are_not_found():
    for missing in (lambda: users.find("nobody@demo.test"), lambda: users.by_id(99)):
        with pytest.raises(NotFound):
            missing()
    with pytest.raises(NotFound):
        users.activate(CLI, 99)


def test_a_refused_change_leaves_no_audit_line(admin):
    with pytest.raises(Refused):
        users.deactivate(CLI, admin.id)
    assert db.session.scalars(sa.select(AuditEvent)).all() == []


def test_the_audit_trail_cannot_be_changed(admin):
    users.create_user(CLI, "ana@demo.test", "Ana", password=GOOD)
    for statement in (sa.update(AuditEvent).values(actor="x"), sa.delete(AuditEvent)):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), write() as session:
            session.execute(statement)
