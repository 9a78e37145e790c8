"""Names show as they were typed, wherever they come from."""

import pytest

from opsapp.audit import CLI
from opsapp.extensions import db
from opsapp.models import Tenant, User
from opsapp.refusals import Refused
from opsapp.services import tenants, users
from opsapp.services.names import MAX_NAME, checked_name

HIDDEN = [0, 7, 0x1B, 0x1F, 0x7F, 0x85, 0x9B, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize(
    "mark", [chr(code) for code in HIDDEN], ids=lambda mark: f"{ord(mark):04x}"
)
def test_marks_that_do_not_show_are_refused(mark):
    for name in (f"Con{mark}toso", f"Contoso{mark}"):
        with pytest.raises(Refused, match="control characters") as refused:
            checked_name(name)
        assert refused.value.field == "name"


@pytest.mark.parametrize(
    "name", ["Contoso", "Müller & Söhne", "شركة", "משה", "👩\u200d🔧", "x" * MAX_NAME]
)
def test_names_of_all_languages_are_fine(name):
    assert checked_name(name) == name


def test_white_space_becomes_single_spaces():
    assert checked_name(" North\t wind \u2028 Ltd\r\n") == "North wind Ltd"


@pytest.mark.parametrize("name", ["", " \n", "x" * (MAX_NAME + 1)])
def test_a_name_has_a_length(name):
    with pytest.raises(Refused, match="at most 120"):
        checked_name(name)


def test_tenants_and_people_are_named_alike(cast, app_context):
    tenant = db.session.get_one(Tenant, cast.tenant_id)
    person = db.session.get_one(User, cast["owner"].id)
    guid, name = "2" * 8 + "-2222-4222-8222-" + "2" * 12, "\u202eosotnoC"
    attempts = (
        lambda: tenants.create_tenant(CLI, tenants.NewTenant("new-one", name, guid)),
        lambda: tenants.change(CLI, tenant, name=name, is_production=False),
        lambda: users.create_user(CLI, "new@opsapp.test", name, password=None),
        lambda: users.change_profile(CLI, person, name=name, timezone=None),
    )
    for attempt in attempts:
        with pytest.raises(Refused, match="control characters"):
            attempt()


@pytest.mark.parametrize("address", ["/account/profile", "/tenants/contoso/settings"])
def test_the_refusal_stands_at_the_field(cast, address):
    data = {"name": "a\x1bb", "timezone": "UTC"}
    answer = cast.client("owner").post(address, data=data)
    assert answer.status_code == 422
    assert "Leave out control characters" in answer.text
