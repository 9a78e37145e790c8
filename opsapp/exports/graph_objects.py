"""Exported objects as Graph itself would give them: without notes, with ids in place of names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from opsapp.exports.definition_values import with_definition
from opsapp.exports.made_up import made_up_id
from opsapp.exports.minimal import minimal
from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut, NamedGroup
from opsapp.exports.names import (
    SETTINGS_OF_TENANT,
    Names,
    group_types,
    id_of_object,
    is_guid,
    own_id,
)
from opsapp.exports.spelling import POLYMORPHIC, graph_spelling

NO_FILTER: Final = "00000000-0000-0000-0000-000000000000"
_FILTER: Final = "deviceAndAppManagementAssignmentFilterId"
_FILTER_TYPE: Final = "deviceAndAppManagementAssignmentFilterType"
_TOLD_OF_GROUPS: Final = frozenset({"groupName", "groupType", "membershipRule"})
_GROUPS_OF_ROLES: Final = ("members", "scopeMembers", "resourceScopes")
_TAGS: Final = ("roleScopeTagIds", "roleScopeTags")


@dataclass(frozen=True)
class GraphObject:
    """An object to keep. ``remarks`` are sentences about what is odd about it.

    ``is_made_up``: its id is our own (``made_up``), the export gives none that is free.
    """

    collection: str
    id: str
    is_made_up: bool
    place: str
    content: dict[str, Any]
    assignments: list[dict[str, Any]]
    remarks: tuple[str, ...] = ()
    source: ExportedObject | None = None


@dataclass
class GraphObjects:
    """All of an export: its objects, the groups it names, and what gave nothing, with reasons."""

    objects: list[GraphObject] = field(default_factory=list)
    groups: list[NamedGroup] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def graph_objects(found: ExportFolder, names: Mapping[str, str]) -> GraphObjects:
    """``names``: by collection the member that names its objects; others are left out."""
    known = Names(found)
    result = GraphObjects(left_out=list(found.left_out))
    maker = _Maker(known, names, result)
    for item in found.objects:
        maker.take(item)
    result.groups = sorted(known.groups.values(), key=lambda group: group.display_name)
    return result


class _Maker:
    """Makes them one by one; an id counts once in a collection."""

    def __init__(self, names: Names, members: Mapping[str, str], result: GraphObjects) -> None:
        self._names = names
        self._members = members
        self._result = result
        self._taken: dict[tuple[str, str], GraphObject] = {}

    def take(self, item: ExportedObject) -> None:
        if item.collection == "groups":
            return  # not an object to restore, but one that others name
        if item.collection not in self._members:
            reason = f"OpsApp does not keep objects of {item.collection}"
            self._result.left_out.append(LeftOut(item.place, reason))
            return
        made = self._listed(item) if item.listed else self._told(item)
        self._keep(made)
        if not item.listed and item.collection == "roleDefinitions":
            for inner in _assignments_of_role(item):
                self.take(inner)

    def _keep(self, made: GraphObject) -> None:
        other = self._taken.get((made.collection, made.id))
        if other is not None:
            if (other.content, other.assignments) == (made.content, made.assignments):
                reason = f"the same object as in {other.place}"
                self._result.left_out.append(LeftOut(made.place, reason, is_no_loss=True))
                return
            remark = f"{other.place} has the same id: this one was given another."
            fresh = made_up_id(made.collection, made.place, made.id)
            made = replace(made, id=fresh, is_made_up=True, remarks=(*made.remarks, remark))
        self._taken[made.collection, made.id] = made
        self._result.objects.append(made)

    @staticmethod
    def _listed(item: ExportedObject) -> GraphObject:
        """One of our own exports: as it is."""
        assert item.listed is not None  # noqa: S101 - asked by the caller
        content, assignments = dict(item.content), item.apart
        if assignments is None:
            beside = content.pop("assignments", None)
            assignments = beside if isinstance(beside, list) else []
        remarks = (item.remark,) if item.remark else ()
        return GraphObject(
            item.collection, item.listed.id, False, item.file, content, assignments, remarks, item
        )

    def _told(self, item: ExportedObject) -> GraphObject:
        """One as another tool wrote it."""
        self._names.unknown.clear()
        member = self._members[item.collection]
        content = graph_spelling(item.collection, minimal(item.content), member)
        if item.collection not in POLYMORPHIC:
            content.pop("@odata.type", None)  # written by tools that ask for full metadata
        raw = content.pop("assignments", None)
        assignments = [
            self._assignment(row) for row in raw or () if isinstance(row, dict) and _target(row)
        ]
        graph_id = id_of_object(item)
        self._with_ids(item, graph_id, content)
        remarks = [item.remark] if item.remark else []
        remarks += [f"“{name}” is not in the export." for name in self._names.unknown]
        if len(assignments) < len(raw or ()):
            remarks.append(f"{len(raw or ()) - len(assignments)} assignments name no target.")
        return GraphObject(
            item.collection,
            graph_id,
            own_id(item) is None,
            item.place,
            content,
            assignments,
            tuple(remarks),
            item,
        )

    def _with_ids(self, item: ExportedObject, graph_id: str, content: dict[str, Any]) -> None:
        """Ids in the content where the export has names."""
        content["id"] = graph_id
        for member in _TAGS:
            tags = content.get(member)
            if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
                content[member] = list(dict.fromkeys(map(self._names.scope_tag, tags)))
        if item.collection == "roleDefinitions":
            content.pop("roleAssignments", None)  # objects of their own
        elif item.collection == "roleAssignments":
            for member in _GROUPS_OF_ROLES:
                groups = content.get(member)
                if isinstance(groups, list):
                    content[member] = [self._group(str(value)) for value in groups]
        elif item.collection == "groupPolicyConfigurations":
            rows = item.content.get("definitionValues") or []  # with what binds them
            content["definitionValues"] = [
                minimal(with_definition(row, lambda *known: made_up_id(graph_id, *known)))
                for row in rows
                if isinstance(row, dict)
            ]
        elif item.collection == SETTINGS_OF_TENANT and "settings" not in content:
            del content["id"]
            inner = dict(content)
            content.clear()
            content.update({"settings": inner})

    def _group(self, value: str) -> str:
        return value if is_guid(value) else self._names.group(value)

    def _assignment(self, row: dict[str, Any]) -> dict[str, Any]:
        target = dict(row["target"])
        target.setdefault("@odata.type", "#microsoft.graph.groupAssignmentTarget")
        given = target.get(_FILTER)
        is_none = not isinstance(given, str) or given in ("", NO_FILTER)
        target[_FILTER] = None if is_none else self._names.filter(str(given))
        target[_FILTER_TYPE] = target.get(_FILTER_TYPE) or "none"
        name = target.get("groupName")
        if isinstance(name, str) and name and not target.get("groupId"):
            target["groupId"] = self._names.group(
                name, group_types(target), target.get("membershipRule")
            )
        plain = {key: value for key, value in target.items() if key not in _TOLD_OF_GROUPS}
        return {**row, "target": plain}


def _target(row: dict[str, Any]) -> bool:
    return isinstance(row.get("target"), dict)


def _assignments_of_role(item: ExportedObject) -> Iterator[ExportedObject]:
    """Role assignments that a tool wrote into the file of their role."""
    role = {"id": id_of_object(item)}
    rows = item.content.get("roleAssignments")
    for at, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict) and row.get("displayName"):
            place = f"{item.place}/roleAssignments/{at}"
            yield ExportedObject("roleAssignments", place, 0, {**row, "roleDefinition": role})
