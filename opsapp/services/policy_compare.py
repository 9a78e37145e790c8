"""Two policies side by side: versions of one, or any two, also of different tenants."""

from dataclasses import dataclass

from opsapp.intune.diff import Comparison, Side, compare
from opsapp.models import Policy, PolicyVersion
from opsapp.services.definitions import definitions_in
from opsapp.services.policies import Names, names_in


@dataclass(frozen=True)
class Compared:
    """``before_names`` and ``after_names`` are what ids stand for on each side."""

    before: PolicyVersion
    after: PolicyVersion
    comparison: Comparison
    before_names: Names
    after_names: Names


def compare_versions(before: PolicyVersion, after: PolicyVersion) -> Compared:
    """Both with their policies loaded; who may see them is not asked here."""
    contents = [version.content.content for version in (before, after)]
    assignments = [version.assignments.content for version in (before, after)]
    across = before.policy.tenant_id != after.policy.tenant_id
    if across:
        names = [
            _names(version.policy, content, targets)
            for version, content, targets in zip(
                (before, after), contents, assignments, strict=True
            )
        ]
    else:
        names = [_names(after.policy, *contents, *assignments)] * 2
    sides = [
        Side(content, targets, _by_id(known), _tags(known))
        for content, targets, known in zip(contents, assignments, names, strict=True)
    ]
    comparison = compare(sides[0], sides[1], definitions_in(*contents), across=across)
    return Compared(before, after, comparison, names[0], names[1])


def _names(policy: Policy, *contents: object) -> Names:
    return names_in(policy.tenant, *contents)


def _by_id(names: Names) -> dict[str, str]:
    """Every known id but those of scope tags, which are small numbers."""
    objects = {
        graph_id: named.name
        for (collection, graph_id), named in names.objects.items()
        if collection != "roleScopeTags"
    }
    return objects | {graph_id: named.name for graph_id, named in names.groups.items()}


def _tags(names: Names) -> dict[str, str]:
    return {
        graph_id: named.name
        for (collection, graph_id), named in names.objects.items()
        if collection == "roleScopeTags"
    }
