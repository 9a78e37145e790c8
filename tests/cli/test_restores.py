"""``flask restores``: what scripts rely on, up to what needs a worker."""

import csv
import io
import json

import pytest

from opsapp.database import utcnow
from tests.support.backup_rows import backup_set
from tests.support.inventory_rows import add_tenant, to_group
from tests.support.restore_states import previewed

STAFF = "Staff"


@pytest.fixture
def target(app, cast):
    """The tenant that is restored into: ``fabrikam``, with the cast's roles in ``contoso`` only."""
    made = add_tenant(app, "fabrikam")
    made.number = 500
    made.tenant(groups_synced_at=utcnow())
    return made


@pytest.fixture
def groups(inventory):
    return {name: inventory.group(name) for name in (STAFF, "Sales", "Gone")}


@pytest.fixture
def made(app, cast, inventory, groups):
    """A set of two policies and a filter that one of them needs."""
    kept = inventory.policy("Windows", {"rule": "x"}, collection="assignmentFilters", key="f-1")
    first = inventory.policy("One", {}, [to_group(groups[STAFF], filter_id="f-1")], key="p-1")
    others = [to_group(groups["Sales"]), to_group(groups["Gone"])]
    second = inventory.policy("Two", {}, others, key="p-2")
    return backup_set(app, cast.tenant_id, [kept, first, second])


@pytest.fixture
def drafted(flask, made, target):
    """A draft of the whole set into ``fabrikam``; gives its id."""

    def drafted(*options: object) -> int:
        result = flask("restores", "create", "--backup", made, "--tenant", "fabrikam", *options)
        assert result.exit_code == 0, result.output
        return int(result.stdout)

    return drafted


def rows(data, restore_id):
    found = data("restores", "mapping", restore_id)
    return {row["source_name"]: row for row in found}


def test_create_prints_the_id_and_takes_everything(drafted, data):
    shown = data("restores", "show", drafted())
    assert (shown["status"], shown["tenant"], shown["source_tenant"]) == (
        "draft",
        "fabrikam",
        "contoso",
    )
    assert sorted(item["name"] for item in shown["items"]) == ["One", "Two", "Windows"]


@pytest.mark.parametrize("named", ["configurationPolicies/p-1", "p-1"])
def test_one_item_brings_what_it_needs(drafted, data, named):
    shown = data("restores", "show", drafted("--item", named))
    assert {item["name"]: item["is_dependency"] for item in shown["items"]} == {
        "One": False,
        "Windows": True,
    }
    shown = data("restores", "show", drafted("--item", named, "--no-dependencies"))
    assert [item["name"] for item in shown["items"]] == ["One"]
    assert [row["kind"] for row in shown["mapping"]] == ["groups", "assignmentFilters"]


def test_a_type_alone(drafted, data):
    shown = data("restores", "show", drafted("--type", "assignmentFilters"))
    assert [item["type"] for item in shown["items"]] == ["assignmentFilters"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--item", "none"], "The backup set has no item none."),
        (["--type", "nonsense"], "There is no policy type nonsense."),
        (["--type", "mobileApps"], "The backup set has no Apps."),
        (["--map-group", "Nobody=skip"], "This restore names no group “Nobody”."),
        (["--map-group", "Staff=Nobody"], "The directory cache of Fabrikam has no group “Nobody”."),
        (["--map-group", "Staff="], "Give an id or a name, skip or create"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(flask, data, made, target, options, said):
    result = flask("restores", "create", "--backup", made, "--tenant", "fabrikam", *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert data("restores", "list", "--tenant", "fabrikam") == []


def test_groups_by_option(drafted, data, target, groups):
    there = target.group("Everybody = all")
    target.group("Other")
    made = drafted(
        *("--map-group", f"{groups[STAFF]}=Everybody = all"),
        *("--map-group", "Sales=skip", "--map-group", "Gone=create"),
    )
    found = rows(data, made)
    assert (found[STAFF]["choice"], found[STAFF]["target_id"]) == ("map", there)
    assert (found["Sales"]["choice"], found["Gone"]["choice"]) == ("skip", "create")


def test_a_name_that_two_have_is_refused(flask, drafted, target):
    made = drafted()
    for _ in range(2):
        target.group("Twice")
    result = flask("restores", "mapping", made, "--map-group", "Staff=Twice")
    assert result.exit_code == 1
    assert "2 groups of Fabrikam are called “Twice”: give the id." in result.stderr


def test_many_at_once(flask, drafted, data, target):
    target.group("Gone ")
    for _ in range(2):
        target.group("Sales")
    made = drafted()
    assert flask("restores", "mapping", made, "--create-missing").exit_code == 0
    found = rows(data, made)
    assert {name: row["choice"] for name, row in found.items()} == {
        STAFF: "create",
        "Gone": "create",
        "Sales": None,
    }
    assert found["Sales"]["note"] == "2 groups of this name."
    flask("restores", "mapping", made, "--skip-undecided")
    assert rows(data, made)["Sales"]["choice"] == "skip"


def test_csv_out_and_in(flask, drafted, data, target, groups, tmp_path):
    there = target.group("=Everybody")
    made = drafted("--map-group", f"Staff={there}")
    out = flask("restores", "mapping", made, "--csv").stdout
    lines = list(csv.DictReader(io.StringIO(out)))
    assert lines[0]["kind"] == "groups"
    by_name = {line["source_name"]: line for line in lines}
    assert by_name[STAFF]["target_name"] == "'=Everybody"  # no formula
    by_name["Sales"]["choice"] = "skip"
    by_name["Gone"] |= {"choice": "map", "target_name": "'=Everybody"}
    file = tmp_path / "mapping.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    again = drafted("--map-file", file)
    found = rows(data, again)
    assert found["Sales"]["choice"] == "skip"
    assert found["Gone"]["target_id"] == found[STAFF]["target_id"] == there


def test_of_a_bad_file_every_line_is_told_and_nothing_taken(flask, drafted, data, groups, tmp_path):
    made = drafted()
    file = tmp_path / "mapping.csv"
    file.write_text(
        "source_id,choice,target_id\n"
        f"{groups[STAFF]},skip,\n"
        f"{groups['Sales']},perhaps,\n"
        "11111111-2222-4333-8444-555555555555,skip,\n"
        f"{groups['Gone']},map,\n"
        f"{groups[STAFF]},skip,\n"
    )
    result = flask("restores", "mapping", made, "--map-file", file)
    assert result.exit_code == 1
    told = [line.partition(":")[0] for line in result.stderr.splitlines()]
    assert told == ["Line 3", "Line 4", "Line 5", "Line 6", "Error"]
    assert rows(data, made)[STAFF]["choice"] is None


def test_lines_of_groups_beside_are_counted(flask, drafted, inventory, groups, tmp_path):
    other = inventory.group("Beside")
    file = tmp_path / "mapping.csv"
    file.write_text(f"source_id,choice\n{other},skip\n{groups[STAFF]},skip\n")
    result = flask("restores", "mapping", drafted(), "--map-file", file)
    assert result.exit_code == 0
    assert "1 lines are of groups" in result.stderr


def test_saved_choices_serve_the_next_restore(flask, drafted, data):
    made = drafted("--map-group", "Staff=skip")
    assert flask("restores", "mapping", made, "--save").exit_code == 0
    row = rows(data, drafted())[STAFF]
    assert (row["choice"], row["origin"]) == ("skip", "saved")


def test_execute_needs_a_preview_and_the_name(app, flask, drafted):
    made = drafted()
    assert (
        "There is no preview yet"
        in flask("restores", "execute", made, "--confirm", "fabrikam").stderr
    )
    previewed(app, made)
    wrong = flask("restores", "execute", made, "--confirm", "contoso")
    assert wrong.exit_code == 1
    assert "Type the name of the tenant" in wrong.stderr


def test_blockers_refuse(app, flask, drafted, data):
    made = drafted("--item", "p-2")
    previewed(app, made, blocked=True)
    result = flask("restores", "execute", made, "--confirm", "fabrikam")
    assert result.exit_code == 1
    assert "1 item is blocked. “Two”: Say what stands for the group." in result.stderr
    assert data("restores", "show", made)["blockers"][0]["code"] == "mapping.undecided"


def test_a_change_of_the_mapping_makes_it_a_draft_again(app, flask, drafted, data):
    made = drafted()
    previewed(app, made)
    assert flask("restores", "mapping", made, "--map-group", "Staff=skip").exit_code == 0
    shown = data("restores", "show", made)
    assert shown["status"] == "draft"
    assert "Preview again" in shown["plan_note"]
    held = data("runs", "list", "--tenant", "fabrikam", "--type", "restore.execute")
    assert [(run["status"], run["outcome"]) for run in held] == [("completed", "cancelled")]


def test_execute_starts_the_run_or_says_that_the_queue_is_gone(app, flask, drafted, data):
    made = drafted()
    previewed(app, made)
    result = flask("restores", "execute", made, "--confirm", "fabrikam", "--reason", "Change 7")
    assert result.exit_code == 4  # nothing listens where the queue should be
    shown = data("restores", "show", made)
    assert (shown["status"], shown["reason"], shown["confirmed_by"]) == (
        "failed",
        "Change 7",
        "System (CLI)",
    )


def test_cancel_and_delete(app, flask, drafted, data):
    made = drafted()
    previewed(app, made)
    assert data("restores", "cancel", made)["status"] == "cancelled"
    assert flask("restores", "delete", made).exit_code == 1
    assert flask("restores", "delete", drafted()).exit_code == 0
    assert len(data("restores", "list", "--tenant", "fabrikam")) == 1


@pytest.mark.parametrize(("role", "code"), [("outsider", 1), ("readonly", 1), ("operator", 0)])
def test_who_may_draft(app, flask, cast, inventory, role, code):
    made = backup_set(app, cast.tenant_id, [inventory.policy("One")])
    result = flask("restores", "create", "--backup", made, "--tenant", "contoso", role=role)
    assert result.exit_code == code


def test_a_set_of_a_tenant_not_theirs_does_not_exist(app, flask, cast, target):
    made = backup_set(app, target.tenant_id, [target.policy("One")])
    result = flask("restores", "create", "--backup", made, "--tenant", "contoso", role="owner")
    assert result.exit_code == 1
    assert f"There is no backup set {made}." in result.stderr


def test_an_operator_does_not_execute(app, flask, cast, inventory):
    made = backup_set(app, cast.tenant_id, [inventory.policy("One")])
    arguments = ("restores", "create", "--backup", made, "--tenant", "contoso")
    restore = int(flask(*arguments, role="operator").stdout)
    previewed(app, restore)
    result = flask("restores", "execute", restore, "--confirm", "contoso", role="operator")
    assert result.exit_code == 1
    assert "You may not execute restores in Contoso." in result.stderr


def test_approval_by_another_owner(app, flask, data, cast, inventory):
    inventory.tenant(is_production=True, needs_approval=True)
    made = backup_set(app, cast.tenant_id, [inventory.policy("One")])
    restore = int(flask("restores", "create", "--backup", made, "--tenant", "contoso").stdout)
    previewed(app, restore)
    shown = data("restores", "execute", restore, "--confirm", "contoso", role="owner")
    assert (shown["status"], shown["confirmed_by"]) == ("previewed", cast["owner"].email)
    same = flask("restores", "approve", restore, role="owner")
    assert "Another owner than the person who confirmed it" in same.stderr
    assert "You may not approve" in flask("restores", "approve", restore, role="manager").stderr
    assert "A person must approve" in flask("restores", "approve", restore).stderr
    flask("restores", "approve", restore, role="admin")
    shown = data("restores", "show", restore)
    assert (shown["status"], shown["approved_by"]) == ("failed", cast["admin"].email)  # no queue


@pytest.mark.parametrize("name", ["report.html", "report.json"])
def test_the_report_is_one_file(app, flask, drafted, tmp_path, name):
    made = drafted()
    previewed(app, made)
    file = tmp_path / name
    assert flask("restores", "report", made, file).exit_code == 0
    text = file.read_text()
    assert "Windows" in text
    assert "<script" not in text
    if name.endswith("json"):
        assert json.loads(text)["id"] == made
