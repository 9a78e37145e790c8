"""Objects for the tests of the planner: what is restored, what is there, what stands for what."""

from datetime import UTC, datetime

from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.restore.linking import Link
from opsapp.intune.restore.planner import Existing, Source, plan_object

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FILTER = {
    "displayName": "Corporate",
    "platform": "windows10AndLater",
    "rule": '(device.deviceOwnership -eq "Corporate")',
}


def source(key="assignmentFilters", content=None, assignments=(), name="Corporate", **choices):
    """An object of a backup; without content: an assignment filter."""
    content = FILTER if content is None else content
    return Source(CATALOGUE[key], "here", name, content, assignments, **choices)


def existing(changes, graph_id="there", base=None, assignments=()):
    content = {**(FILTER if base is None else base), **changes}
    return Existing(graph_id, "Corporate", content, list(assignments), "0" * 64)


def links(**known):
    """What stands for what: an id, or None for what is left out; all else is not decided."""

    def resolve(kind, source_id):
        del kind
        if source_id not in known:
            return Link(name=source_id)
        target = known[source_id]
        return Link(target, is_left_out=target is None, name=source_id)

    return resolve


def plan(one, there=None, namesakes=(), taken=(), resolve=links()):  # noqa: B008
    return plan_object(one, there, namesakes, frozenset(taken), resolve, NOW)
