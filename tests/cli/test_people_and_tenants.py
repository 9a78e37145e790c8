"""``flask users`` and ``flask tenants`` as scripts use them: data, errors, exit codes."""

import json

import pytest

from opsapp.models import Tenant
from opsapp.models.base import write
from opsapp.services import passwords, tenants, users
from opsapp.services.tenants import Credential

GUID = "abcdef00-0000-4000-8000-000000000001"
PASSWORD = "a perfectly long password"
CREATE = ["users", "create", "Ana@Demo.Test", "--name", "Ana", "--password-stdin"]
ADD = ["tenants", "add", "fabrikam", "--name", "Fabrikam", "--entra-tenant-id", GUID]


@pytest.fixture
def flask(runner):
    def run(*arguments, stdin=None):
        return runner.invoke(args=list(arguments), input=stdin)

    return run


def data_of(result):
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_a_user_is_created_with_the_password_from_stdin(app, flask):
    made = data_of(flask(*CREATE, "--admin", "--json", stdin=f"{PASSWORD}\n"))
    assert (made["email"], made["name"], made["is_admin"]) == ("ana@demo.test", "Ana", True)
    with app.app_context():
        assert passwords.matches(users.find("ana@demo.test"), PASSWORD)


def test_no_password_appears_in_any_output(flask):
    result = flask(*CREATE, stdin=f"{PASSWORD}\n")
    listed = flask("users", "list", "--json")
    for output in (result.output, listed.output):
        assert PASSWORD not in output
        assert "scrypt" not in output


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (CREATE, "short\n", 1, "Use 12 to 200 characters"),
        (CREATE, "", 2, "standard input is empty"),
        (CREATE[:-1], f"{PASSWORD}\n", 2, "--password-stdin"),
        (["users", "deactivate", "nobody@demo.test"], None, 1, "There is no account"),
        (["tenants", "show", "nowhere"], None, 1, "There is no tenant nowhere"),
        (["tenants", "grant", "nowhere", "a@b.test", "owner"], None, 1, "There is no tenant"),
        (["tenants", "grant", "nowhere", "a@b.test", "king"], None, 2, "king"),
        ([*ADD, "--client-id", GUID], None, 2, "belong together"),
        ([*ADD, "--client-secret-stdin"], "x\n", 2, "belong together"),
        ([*ADD, "--cloud", "moon"], None, 2, "moon"),
        ([*ADD[:-1], "no-guid"], None, 1, "Enter a GUID"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_refusals_go_to_stderr_with_their_code(flask, arguments, stdin, code, message, as_json):
    result = flask(*arguments, *(["--json"] if as_json else []), stdin=stdin)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""


def test_an_empty_list_is_an_empty_array(flask):
    assert data_of(flask("users", "list", "--json")) == []
    assert data_of(flask("tenants", "list", "--json")) == []


def test_a_tenant_is_added_with_its_own_registration(app, flask):
    arguments = ["--client-id", GUID, "--client-secret-stdin", "--json"]
    made = data_of(flask(*ADD, *arguments, stdin="the secret\n"))
    assert (made["slug"], made["cloud"], made["client_id"]) == ("fabrikam", "global", GUID)
    assert "the secret" not in json.dumps(made)
    with app.app_context():
        assert tenants.own_credential(tenants.find("fabrikam")) == Credential(GUID, "the secret")


def test_membership_is_granted_shown_and_revoked(flask):
    flask(*ADD)
    flask(*CREATE, stdin=f"{PASSWORD}\n")
    granted = data_of(flask("tenants", "grant", "fabrikam", "ana@demo.test", "manager", "--json"))
    assert granted["role"] == "manager"
    shown = data_of(flask("tenants", "show", "fabrikam", "--json"))
    assert shown["members"] == [{"email": "ana@demo.test", "name": "Ana", "role": "manager"}]
    assert flask("tenants", "revoke", "fabrikam", "ana@demo.test").exit_code == 0
    again = flask("tenants", "revoke", "fabrikam", "ana@demo.test")
    assert again.exit_code == 1
    assert "is not a member" in again.stderr


def test_tables_are_for_people(flask):
    flask(*ADD)
    header, row = flask("tenants", "list").stdout.splitlines()
    assert header.split()[:2] == ["SLUG", "NAME"]
    assert row.split()[:2] == ["fabrikam", "Fabrikam"]


def test_a_name_cannot_make_the_terminal_do_things(flask, app, cast):
    with app.app_context(), write() as session:
        session.get_one(Tenant, cast.tenant_id).name = "Con\x1b[2Jtoso\u202e"
    listed = flask("tenants", "list")
    assert "\x1b" not in listed.stdout
    assert "\u202e" not in listed.stdout
    assert "Con\N{REPLACEMENT CHARACTER}[2Jtoso" in listed.stdout
    [row] = json.loads(flask("tenants", "list", "--json").stdout)
    assert row["name"] == "Con\x1b[2Jtoso\u202e"
