"""What an export calls by name where Graph has ids: groups, filters, scope tags."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from opsapp.exports.made_up import made_up_id
from opsapp.exports.model import ExportedObject, ExportFolder, NamedGroup

DEFAULT_TAG: Final = "0"
SETTINGS_OF_TENANT: Final = "deviceManagementSettings"
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DYNAMIC: Final = "DynamicMembership"


def is_guid(value: Any) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def own_id(item: ExportedObject) -> str | None:
    """The id that the export gives an object; None where it gives none."""
    if item.collection == SETTINGS_OF_TENANT:
        return SETTINGS_OF_TENANT  # there is only one in a tenant, without an id of its own
    given = item.listed.id if item.listed else item.content.get("id")
    if isinstance(given, str) and given:
        return given
    if item.collection == "roleScopeTags" and _is_default_tag(item.content):
        return DEFAULT_TAG
    return None


def _is_default_tag(content: dict[str, Any]) -> bool:
    return bool(content.get("isBuiltIn")) or content.get("displayName") == "Default"


def id_of_object(item: ExportedObject) -> str:
    """Its own id, or one made from its place."""
    return own_id(item) or made_up_id(item.collection, item.file, str(item.index))


class Names:
    """Ids by name, as far as the export tells; the others are made up from the name.

    ``unknown`` collects, for the object in hand, the names that nothing in the export explains.
    """

    def __init__(self, found: ExportFolder) -> None:
        self.groups: dict[str, NamedGroup] = {}
        self.unknown: list[str] = []
        self._group_ids: defaultdict[str, set[str]] = defaultdict(set)
        self._filters = _by_name(found, "assignmentFilters")
        self._tags = _by_name(found, "roleScopeTags") | {"Default": DEFAULT_TAG}
        for group in [*found.named_groups, *map(_as_group, _groups_in(found))]:
            self._keep(group)

    def group(self, name: str, types: tuple[str, ...] = (), rule: str | None = None) -> str:
        """The group of this name. Where the export has two of that name it is neither of them."""
        ids = self._group_ids.get(name, set())
        if len(ids) == 1:
            return next(iter(ids))
        return self._keep(NamedGroup("", name, made_up_id("groups", name), types, rule), of_name=())

    def _keep(self, group: NamedGroup, of_name: Iterable[str] | None = None) -> str:
        """Remembers a group; what a second mention tells more of it is added."""
        graph_id = group.id or made_up_id("groups", group.display_name)
        known = self.groups.get(graph_id)
        if known is None:
            self.groups[graph_id] = replace(group, id=graph_id)
        else:
            more = {
                name: getattr(group, name)
                for name in ("group_types", "membership_rule", "description", "mail_nickname")
                if getattr(group, name) and not getattr(known, name)
            }
            self.groups[graph_id] = replace(known, **more)
        if of_name is None:
            self._group_ids[group.display_name].add(graph_id)
        return graph_id

    def filter(self, value: str) -> str:
        return value if is_guid(value) else self._of(self._filters, "assignmentFilters", value)

    def scope_tag(self, value: str) -> str:
        return value if value.isdecimal() else self._of(self._tags, "roleScopeTags", value)

    def _of(self, known: dict[str, str], collection: str, name: str) -> str:
        if name not in known:
            self.unknown.append(name)
        return known.get(name) or made_up_id(collection, name)


def group_types(entry: dict[str, Any]) -> tuple[str, ...]:
    """The types of a group, as Graph lists them or as IntuneCD tells them."""
    given = entry.get("groupTypes")
    if isinstance(given, list):
        return tuple(str(one) for one in given)
    told = (entry.get("groupType"), entry.get("membershipType"))
    return (_DYNAMIC,) if _DYNAMIC in told or entry.get("membershipRule") else ()


def _groups_in(found: ExportFolder) -> Iterable[ExportedObject]:
    return (item for item in found.objects if item.collection == "groups")


def _as_group(item: ExportedObject) -> NamedGroup:
    content = item.content
    given = content.get("id")
    enabled = content.get("securityEnabled")
    return NamedGroup(
        file=item.file,
        display_name=item.name,
        id=given if isinstance(given, str) and given else None,
        group_types=group_types(content),
        membership_rule=content.get("membershipRule"),
        description=str(content.get("description") or ""),
        mail_nickname=str(content.get("mailNickname") or ""),
        security_enabled=enabled if isinstance(enabled, bool) else True,
        mail_enabled=bool(content.get("mailEnabled")),
    )


def _by_name(found: ExportFolder, collection: str) -> dict[str, str]:
    """Ids by display name, of names that only one object has."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for item in found.objects:
        if item.collection == collection:
            ids[item.name].add(id_of_object(item))
    return {name: next(iter(some)) for name, some in ids.items() if len(some) == 1}
