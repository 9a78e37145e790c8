"""What becomes of an object by what was chosen for it, and by what the target has."""

import pytest

from tests.intune.planning_cases import existing, plan, source

SKIP, COPY, UPDATE = "skip", "copy", "update"
OTHER = {"displayName": "Corporate", "rule": '(device.model -eq "other")'}


def test_what_is_certainly_the_same_is_updated_whatever_the_whole_restore_says():
    for on_conflict in (None, UPDATE, COPY, SKIP):
        made = plan(source(on_conflict=on_conflict), existing(OTHER))
        assert (made.action, made.target_id) == ("update", "there")


@pytest.mark.parametrize("there", [None, existing(OTHER)])
@pytest.mark.parametrize("namesakes", [[], [existing(OTHER, "namesake")]])
def test_an_object_chosen_to_be_left_out_is(there, namesakes):
    made = plan(source(choice=SKIP, on_conflict=UPDATE), there, namesakes)
    assert (made.action, made.steps, made.target_id) == ("skip", (), None)


@pytest.mark.parametrize("content", [OTHER, {}])
def test_a_copy_is_made_beside_what_is_certainly_the_same(content):
    made = plan(source(choice=COPY), existing(content), taken={"Corporate"})
    assert (made.action, made.target_id) == ("create", None)
    assert made.steps[0].body["displayName"] == "Corporate (restored)"


def test_what_a_tenant_has_only_one_of_is_never_copied():
    made = plan(
        source("intuneBrandingProfiles", {"isDefaultProfile": True, "contactITName": "Ann"},
               choice=COPY),
        existing({"isDefaultProfile": True, "contactITName": "Bob"}),
    )  # fmt: skip
    assert made.action == "update"


@pytest.mark.parametrize(
    ("on_conflict", "action"),
    [(None, "conflict"), (SKIP, "skip"), (COPY, "create"), (UPDATE, "update")],
)
def test_the_choice_for_the_whole_restore_counts_where_a_name_collides(on_conflict, action):
    assert plan(source(on_conflict=on_conflict), None, [existing(OTHER)]).action == action


def test_the_objects_own_choice_goes_before_that_of_the_whole_restore():
    made = plan(source(choice=UPDATE, on_conflict=SKIP), None, [existing(OTHER)])
    assert (made.action, made.target_id) == ("update", "there")
