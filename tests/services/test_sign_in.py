"""Signing in: what is checked, how attempts are throttled, how sessions live and end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from opsapp.audit import Actor
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.models import AuditEvent, SignInFailure, User, UserSession
from opsapp.models.base import write
from opsapp.refusals import NotFound
from opsapp.services import passwords, sign_in
from tests.support.cast import PASSWORD

ADDRESS = "203.0.113.7"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def operator(cast, app_context):
    return db.session.get_one(User, cast["operator"].id)


def enter(email, password=PASSWORD, address=ADDRESS):
    return sign_in.sign_in(email, password, address, "tests")


def fail(email):
    """One failed attempt that was looked at, not throttled."""
    with pytest.raises(sign_in.SignInRefused) as refused:
        enter(email, "not the password")
    assert not isinstance(refused.value, sign_in.Throttled)


def failed_before(subject, times):
    """What ``times`` failures leave behind, without the cost of hashing for each."""
    with write() as session:
        session.merge(SignInFailure(subject=subject, count=times))


def test_the_right_password_opens_a_session_known_by_its_token_only(operator):
    token = enter(" Operator@OpsApp.test ")
    found = sign_in.session_of(token)
    assert found is not None
    assert found.user_id == operator.id
    assert token not in {found.token_sha256, str(found.id)}
    assert found.user.last_sign_in_at is not None
    assert db.session.scalars(sa.select(AuditEvent.action)).all() == ["session.signed_in"]


def test_every_sign_in_gets_a_token_of_its_own(operator):
    assert enter(operator.email) != enter(operator.email)


@pytest.mark.parametrize("who", ["wrong password", "nobody", "deactivated", "no password"])
def test_every_refusal_says_the_same(operator, who):
    email = "nobody@opsapp.test" if who == "nobody" else operator.email
    with write():
        operator.is_active = who != "deactivated"
        operator.password_hash = None if who == "no password" else operator.password_hash
    password = "wrong password" if who == "wrong password" else PASSWORD
    with pytest.raises(sign_in.SignInRefused, match=sign_in.WRONG):
        enter(email, password)


def test_an_unknown_account_costs_a_password_check_too(operator, monkeypatch):
    checked = []
    real = passwords.check_password_hash
    monkeypatch.setattr(
        passwords, "check_password_hash", lambda *a: checked.append(a[0]) or real(*a)
    )
    with pytest.raises(sign_in.SignInRefused):
        enter("nobody@opsapp.test")
    assert [stored.partition("$")[0] for stored in checked] == ["scrypt:32768:8:1"]


def test_an_account_is_throttled_whether_or_not_it_exists(operator):
    for email in (operator.email, "nobody@opsapp.test"):
        failed_before(f"account:{email}", sign_in.MAX_PER_ACCOUNT - 1)
        fail(email)
        with pytest.raises(
            sign_in.Throttled, match=r"Try again in 15 minutes, after \d\d:\d\d UTC"
        ):
            enter(email, PASSWORD)


def test_an_address_is_throttled_across_accounts(operator):
    failed_before(f"address:{ADDRESS}", sign_in.MAX_PER_ADDRESS - 1)
    fail("somebody@opsapp.test")
    with pytest.raises(sign_in.Throttled):
        enter(operator.email)
    assert enter(operator.email, address="198.51.100.1")


def test_a_success_forgives_the_failures_before_it(operator):
    for _ in range(2):
        failed_before(f"account:{operator.email}", sign_in.MAX_PER_ACCOUNT - 2)
        fail(operator.email)
        enter(operator.email)


def test_the_window_passes(operator):
    failed_before(f"account:{operator.email}", sign_in.MAX_PER_ACCOUNT)
    with write() as session:
        past = utcnow() - sign_in.WINDOW - timedelta(seconds=1)
        session.execute(sa.update(SignInFailure).values(window_started_at=past))
    assert enter(operator.email)
    assert "account:operator@opsapp.test" not in db.session.scalars(
        sa.select(SignInFailure.subject)
    )


def test_throttling_is_audited_once_not_per_attempt(operator):
    failed_before(f"account:{operator.email}", sign_in.MAX_PER_ACCOUNT)
    for _ in range(3):
        with pytest.raises(sign_in.Throttled):
            enter(operator.email)
    throttled = sa.select(sa.func.count()).where(AuditEvent.action == "session.throttled")
    assert db.session.scalar(throttled) == 1


def test_parallel_attempts_do_not_outrun_the_limit(app, operator):
    email = operator.email
    db.session.remove()

    def attempt(_number):
        with app.app_context():
            try:
                enter(email, "not the password")
            except sign_in.Throttled:
                return "throttled"
            except sign_in.SignInRefused:
                return "checked"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(10)))
    assert answers.count("checked") == sign_in.MAX_PER_ACCOUNT


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_one_customer_is_one_address_to_the_throttle(address, network):
    assert sign_in.network_of(address) == network


@pytest.mark.parametrize("why", ["revoked", "expired", "deactivated"])
def test_a_session_ends(operator, why):
    token = enter(operator.email)
    with write() as session:
        found = session.scalars(sa.select(UserSession)).one()
        if why == "revoked":
            found.revoked_at = utcnow()
        elif why == "expired":
            found.expires_at = utcnow()
        else:
            session.get_one(User, operator.id).is_active = False
    assert sign_in.session_of(token) is None


def test_a_session_lasts_as_long_as_configured(operator, settings):
    found = sign_in.session_of(enter(operator.email))
    lasts = found.expires_at - found.created_at
    assert abs(lasts - timedelta(hours=settings.session_hours)) < timedelta(seconds=5)


def test_being_seen_is_noted_at_most_once_a_minute(operator):
    token = enter(operator.email)
    first = sign_in.session_of(token).last_seen_at
    assert sign_in.session_of(token).last_seen_at == first
    long_ago = utcnow() - sign_in.SEEN_EVERY - timedelta(seconds=1)
    with write() as session:
        session.execute(sa.update(UserSession).values(last_seen_at=long_ago))
    assert sign_in.session_of(token).last_seen_at > long_ago


def test_people_end_their_own_sessions_only(cast, operator):
    enter(operator.email)
    mine = sign_in.live_sessions(operator)[0].id
    owner = db.session.get_one(User, cast["owner"].id)
    with pytest.raises(NotFound):
        sign_in.revoke(owner, mine, Actor.of(owner))
    sign_in.revoke(operator, mine, Actor.of(operator))
    assert sign_in.live_sessions(operator) == []


def test_all_other_sessions_end_at_once(operator):
    kept = sign_in.session_of(enter(operator.email)).id
    enter(operator.email)
    enter(operator.email)
    sign_in.revoke_others(operator, kept, Actor.of(operator))
    assert [session.id for session in sign_in.live_sessions(operator)] == [kept]
