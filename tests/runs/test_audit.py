"""Who started, retried or cancelled work is in the audit trail, for good."""

import sqlalchemy as sa

from opsapp import runs
from opsapp.extensions import db
from opsapp.models import AuditEvent, Tenant, User
from tests.runs.conftest import EnsureDrill


def trail() -> list[tuple[str, str, str]]:
    query = sa.select(AuditEvent).where(AuditEvent.action.startswith("run."))
    events = db.session.scalars(query.order_by(AuditEvent.id))
    return [(event.actor, event.action, event.subject) for event in events]


def test_a_start_is_audited_once(ensure: EnsureDrill, tenant: Tenant, operator: User) -> None:
    run = ensure()
    ensure()  # joins the active run: nothing was changed
    assert trail() == [(operator.email, "run.started", f"drill.plain #{run.id}")]
    [event] = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "run.started"))
    assert event.tenant_id == tenant.id
    assert event.user_id == operator.id
    assert event.data == {}


def test_a_cancel_is_audited_once(ensure: EnsureDrill, operator: User) -> None:
    run = ensure()
    runs.cancel(run, operator)
    assert trail()[1:] == [(operator.email, "run.cancel_requested", f"drill.plain #{run.id}")]


def test_asking_a_running_run_twice_is_audited_once(ensure: EnsureDrill, operator: User) -> None:
    run = runs.update_run(ensure(), "running")
    runs.cancel(run, operator)
    runs.cancel(run, operator)
    assert [action for _, action, _ in trail()] == ["run.started", "run.cancel_requested"]


def test_a_retry_names_what_it_repeats(ensure: EnsureDrill, operator: User) -> None:
    first = ensure()
    runs.cancel(first, operator)
    second = runs.retry(first, "System (CLI)")
    assert trail()[-1] == ("System (CLI)", "run.retried", f"drill.plain #{second.id}")
    last = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert last.data == {"retry_of_id": first.id}


def test_the_system_itself_is_not_an_operator(tenant: Tenant) -> None:
    runs.ensure_run(tenant, "drill.plain", {"trace": "/dev/null", "name": "x"}, None)
    assert trail() == []
