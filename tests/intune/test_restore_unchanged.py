"""An object that is as it was needs nothing, whatever it names."""

from datetime import UTC, datetime

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore.linking import Link
from opsapp.intune.restore.planner import Existing, Source, plan_object

GONE = "7101093a-42e0-5150-8d69-a78ac5007c4e"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _plan(before: str, after: str):
    kind = "#microsoft.graph.groupAssignmentTarget"
    assignments = [{"target": {"@odata.type": kind, "groupId": GONE}}]
    contents = [{"id": "one", "displayName": "Script", "description": d} for d in (before, after)]
    source = Source(CATALOGUE["deviceManagementScripts"], "one", "Script", contents[0], assignments)
    existing = Existing("one", "Script", contents[1], assignments, "hash")
    return plan_object(source, existing, [], frozenset(), lambda _kind, _id: Link(), NOW)


def test_a_deleted_group_does_not_block_what_is_unchanged() -> None:
    plan = _plan("same", "same")

    assert (plan.action, plan.blockers) == ("unchanged", ())


def test_it_blocks_what_is_written() -> None:
    plan = _plan("before", "after")

    assert plan.action == "update"
    assert [note.code for note in plan.blockers] == ["mapping.undecided"]
