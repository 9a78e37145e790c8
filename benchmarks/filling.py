"""Fills a ledger by plain SQL, inside the database: a million rows in seconds."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from opsapp.models import Membership, Role, Tenant, User
from opsapp.models.base import write

MOST_TENANTS = 300
LEAST_RUNS_OF_A_TENANT = 160  # so that even the small ledger fills a page with one tenant's
WORKS = 1200  # different pieces of work, each done again and again
RARE = 60  # runs of somebody who seldom starts any, however large the ledger
ACTIVE = 40
DAYS = 90


class _Words:
    """What both databases say differently."""

    def __init__(self, dialect: str, runs: int) -> None:
        self.is_sqlite = dialect == "sqlite"
        self.runs = runs
        self.tenants = min(MOST_TENANTS, runs // LEAST_RUNS_OF_A_TENANT)
        self.every = min(15, self.tenants)  # the operator is a member of every such tenant
        self._step = DAYS * 86_400 / runs

    def json(self, text: str) -> str:
        return f"'{text}'" if self.is_sqlite else f"CAST('{text}' AS json)"

    def time(self, later: int = 0) -> str:
        """When run ``n`` was created, or that many seconds later."""
        ago = f"((({self.runs} - n) * {self._step}) - {later})"
        if self.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', (-{ago}) || ' seconds')"
        return f"now() - make_interval(secs => {ago})"

    def text64(self, number: str) -> str:
        if self.is_sqlite:
            return f"printf('%064d', {number})"
        return f"lpad(CAST({number} AS text), 64, '0')"


def fill(engine: sa.Engine, runs: int, items_of_one: int) -> None:
    """Runs over the last 90 days with five items each, and ``items_of_one`` of run 2."""
    words = _Words(engine.dialect.name, runs)
    _add_people_and_tenants(words)
    with engine.connect() as connection:
        triggers = _drop_triggers(connection)
        for statement in _statements(words, runs, items_of_one):
            connection.exec_driver_sql(
                statement.replace("%", "%%") if _formats(engine) else statement
            )
        for trigger in triggers:
            connection.exec_driver_sql(trigger)
        connection.commit()
    if engine.dialect.name != "sqlite":  # as autovacuum would
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _add_people_and_tenants(words: _Words) -> None:
    """The first person is an administrator, the second a member of some of the tenants."""
    with write() as session:
        session.add_all(
            Tenant(slug=f"tenant-{n}", name=f"Tenant {n}", entra_tenant_id=f"{n:036}")
            for n in range(1, words.tenants + 1)
        )
        for name in ("admin", "operator"):
            email = f"{name}@opsapp.test"
            user = User(email=email, name=name, password_hash="", is_admin=name == "admin")
            session.add(user)
            session.flush()
        tenants = session.scalars(sa.select(Tenant.id).where(Tenant.id % words.every == 0))
        session.add_all(
            Membership(tenant_id=tenant, user_id=user.id, role=Role.OPERATOR) for tenant in tenants
        )


def _formats(engine: sa.Engine) -> bool:
    return engine.dialect.paramstyle in ("format", "pyformat")


def _drop_triggers(connection: sa.Connection) -> Sequence[str]:
    """Nothing checks what is filled in; returns what brings the triggers back."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET session_replication_role = replica")
        return ["SET session_replication_role = origin"]
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    found = connection.exec_driver_sql(query).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def _numbers(last: int) -> str:
    return (
        "WITH RECURSIVE numbers(n) AS"
        f" (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
    )


def _statements(words: _Words, runs: int, items_of_one: int) -> Iterator[str]:
    yield _runs(words)
    yield (
        "INSERT INTO operation_run_attention (run_id) SELECT r.id FROM operation_runs r"
        " WHERE r.outcome IN ('failed', 'partially_succeeded') AND NOT EXISTS (SELECT 1"
        " FROM operation_runs o WHERE o.retry_of_id = r.id AND o.outcome <> 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM operation_runs o WHERE o.id > r.id"
        " AND o.tenant_id = r.tenant_id AND o.run_identity_hash = r.run_identity_hash"
        " AND o.outcome = 'succeeded')"
    )
    items = "kind, key, name, result, reason_code, message, duration_ms, created_at"
    values = (
        "'deviceConfigurations', CAST({k} AS text), 'Policy ' || {k},"
        " CASE WHEN {k} % 5 = 4 THEN 'failed' ELSE 'succeeded' END,"
        " CASE WHEN {k} % 5 = 4 THEN 'graph.throttled' END,"
        " CASE WHEN {k} % 5 = 4 THEN 'Microsoft Graph asked us to slow down.' END, 12,"
    )
    yield (
        f"INSERT INTO operation_run_items (run_id, {items}) {_numbers(runs)}, five(k) AS"
        " (SELECT 1 UNION ALL SELECT k + 1 FROM five WHERE k < 5)"
        f" SELECT n, {values.format(k='k')} {words.time()} FROM numbers, five WHERE n <> 2"
    )
    yield (
        f"INSERT INTO operation_run_items (run_id, {items}) {_numbers(items_of_one)}"
        f" SELECT 2, {values.format(k='n')} {words.time()} FROM numbers"
    )
    for kind in ("created", "dispatched"):
        yield (
            "INSERT INTO operation_run_events (run_id, at, kind, actor, message, data)"
            f" {_numbers(runs)} SELECT n, {words.time(1)}, '{kind}', 'System', 'So it was.',"
            f" {words.json('{}')} FROM numbers"
        )
    yield (
        "INSERT INTO notifications (user_id, run_id, kind, title, created_at, read_at)"
        f" {_numbers(runs)} SELECT 2, n, 'terminal', 'It ended.', {words.time(60)},"
        f" CASE WHEN n < {runs - 30} THEN {words.time(90)} END FROM numbers WHERE n % 7 = 0"
    )
    if not words.is_sqlite:
        for table in ("operation_runs", "operation_run_items", "operation_run_events"):
            last = f"(SELECT max(id) FROM {table})"
            yield f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"


def _runs(words: _Words) -> str:
    columns = {**_who_and_what(words), **_fate(words), **_times(words)}
    return (
        f"INSERT INTO operation_runs ({', '.join(columns)}) {_numbers(words.runs)}"
        f" SELECT {', '.join(columns.values())} FROM numbers"
    )


def _who_and_what(words: _Words) -> dict[str, str]:
    """Tenants take turns; what they do, and how it ends, has nothing to do with which one it is."""
    tenant = f"n % {words.tenants} + 1"
    by_operator = f"({tenant}) % {words.every} = 0 AND n % 7 < 3"
    types = "'inventory.sync'", "'directory_groups.sync'", "'tenant.verify'", "'runs.purge'"
    kind = " ".join(f"WHEN {number} THEN {type_}" for number, type_ in enumerate(types))
    work = f"CASE WHEN {_active(words)} THEN n + 5000 ELSE n % {WORKS} END"
    return {
        "id": "n",
        "tenant_id": tenant,
        "user_id": f"CASE WHEN {by_operator} THEN 2 END",
        "initiator_name": f"CASE WHEN {by_operator} THEN 'operator'"
        f" WHEN n % {max(7, words.runs // RARE)} = 1 THEN 'Schedule: Rarely'"
        " ELSE 'Schedule: Nightly' END",
        "type": f"CASE n / {words.tenants} % 4 {kind} END",
        "run_identity_hash": words.text64(work),
        "inputs": words.json("{}"),
        "priority": "0",
        "dispatch_token": "'0'",
        "retry_of_id": "CASE WHEN n > 9000 AND n % 500 = 0 THEN n - 7919 END",
    }


def _active(words: _Words) -> str:
    return f"n > {words.runs - ACTIVE}"


def _fate(words: _Words) -> dict[str, str]:
    """One in eight of the runs that ended is not a success; the last few are active."""
    active, dice = _active(words), "CAST(n AS bigint) * 2654435761 % 4294967296 % 100"
    return {
        "status": f"CASE WHEN {active} THEN CASE WHEN n % 2 = 0 THEN 'queued' ELSE 'running' END"
        " ELSE 'completed' END",
        "outcome": f"CASE WHEN {active} THEN 'pending' WHEN n = 2 OR {dice} < 5 THEN"
        f" 'partially_succeeded' WHEN {dice} < 9 THEN 'failed'"
        f" WHEN {dice} < 12 THEN 'cancelled' ELSE 'succeeded' END",
        "reason_code": f"CASE WHEN {active} THEN NULL WHEN n = 2 OR {dice} < 5 THEN 'run.partial'"
        f" WHEN {dice} < 9 THEN 'worker.lost' WHEN {dice} < 12 THEN 'run.cancelled_by_user' END",
        "context": words.json("{}"),
        "summary_counts": words.json('{"total": 5, "processed": 5, "succeeded": 4, "failed": 1}'),
        "failure_summary": words.json("[]"),
        "attempt": "1",
        "worker": "CASE WHEN n % 2 = 1 THEN 'worker-' || (n % 8) END",
    }


def _times(words: _Words) -> dict[str, str]:
    ended = words.time(42)
    return {
        "dispatched_at": words.time(1),
        "started_at": words.time(2),
        "heartbeat_at": words.time(3),
        "lease_expires_at": words.time(3600),
        "completed_at": f"CASE WHEN {_active(words)} THEN NULL ELSE {ended} END",
        "created_at": words.time(),
        "updated_at": ended,
    }
