"""What no column can hold is refused or ignored before it gets as far as the database."""

import pytest
from bs4 import BeautifulSoup

from tests.support.ledger_rows import Ledger
from tests.support.queries import counted

TENANT = "/tenants/contoso"
RUNS = "/monitoring/operations"
NUL = "\0@x"


@pytest.fixture
def database_url(any_database):
    return any_database


@pytest.fixture
def run_id(app, cast) -> int:
    return Ledger(app, cast.tenant_id).run()


def addresses(run_id):
    fields = {
        f"{TENANT}/policies": ("q", "type", "platform", "group"),
        f"{TENANT}/groups": ("q",),
        RUNS: ("q", "type", "tenant", "reason"),
        f"{RUNS}/{run_id}": ("q", "reason"),
        "/admin/audit": ("action", "actor", "subject", "tenant"),
        "/admin/users": ("q",),
        "/tenants/": ("q", "a%00"),
        "/": ("q", "after"),
        "/login": ("next",),
    }
    asked = [f"{path}?{name}=a%00b" for path, names in fields.items() for name in names]
    return [*asked, "/tenants/%00/", f"{TENANT}/groups/%00", "/%00"]


def forms():
    tenant = {"slug": "new-one", "entra_tenant_id": "2" * 36, "cloud": "global"}
    return {
        "/account/profile": {"name": NUL, "timezone": "UTC"},
        "/tenants/new": {"name": NUL, **tenant},
        f"{TENANT}/settings": {"name": NUL},
        f"{TENANT}/settings/members": {"email": NUL, "role": "owner"},
        f"{TENANT}/runs": {"type": "tenant.verify", NUL: "x"},
        "/login": {"email": NUL, "password": "x"},
    }


def refused(answer) -> bool:
    heading = BeautifulSoup(answer.data, "html.parser").h1.text
    return (answer.status_code, heading) == (400, "The request could not be read")


def test_wherever_a_nul_is_sent_the_answer_is_a_plain_refusal(cast, run_id):
    client = cast.client("admin")
    answers = {address: client.get(address) for address in addresses(run_id)}
    answers |= {f"POST {path}": client.post(path, data=data) for path, data in forms().items()}
    answers["User-Agent"] = client.get("/", environ_overrides={"HTTP_USER_AGENT": NUL})

    assert [sent for sent, answer in answers.items() if not refused(answer)] == []


def test_a_nul_in_a_cookie_goes_nowhere(cast):
    client = cast.client("admin")
    for name in ("theme", "tz", "sidebar", "columns_runs"):
        client.set_cookie(name, NUL)
    assert client.get(RUNS).status_code == 200
    client.set_cookie("session", NUL)
    assert client.get(RUNS).location.startswith("/login")


def test_the_refusal_of_an_anonymous_nul_asks_the_database_nothing(cast):
    client = cast.client()
    with counted(cast.app) as statements:
        answer = client.post("/login", data=forms()["/login"])

    assert refused(answer)
    assert statements == []


@pytest.mark.parametrize("number", ["9" * 20, "-" + "9" * 20, "9" * 5000])
def test_a_number_beyond_all_ids_is_as_if_it_were_not_there(cast, run_id, number):
    client = cast.client("admin")
    answers = {
        f"{path}?{name}={number}": client.get(f"{path}?{name}={number}").status_code
        for path, names in {
            RUNS: ("upto", "after", "before", "q"),
            f"{RUNS}/{run_id}": ("after", "before"),
            f"{TENANT}/policies": ("after", "before"),
            "/notifications": ("after", "before"),
        }.items()
        for name in names
    }

    assert {address for address, code in answers.items() if code != 200} == set()
    assert client.post("/notifications/read", data={"upto": number}).status_code == 400
