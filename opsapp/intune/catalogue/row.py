"""One row of the table of policy types: how a collection is read completely, and how written."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Content = Mapping[str, Any]


class AssignmentSource(enum.Enum):
    """Where a collection's assignments can be read for certain."""

    NONE = "none"  # the objects have no assignments
    SUBRESOURCE = "subresource"  # GET {id}/assignments
    ITEM = "item"  # GET {id}?$expand=assignments, with the content


def always(_: Content) -> bool:
    return True


def never(_: Content) -> bool:
    return False


def _none(_: Content) -> tuple["Part", ...]:
    return ()


@dataclass(frozen=True)
class Part:
    """A sub-resource that belongs to an object's content, as its property ``name``.

    ``fallback`` is asked where ``suffix`` is refused. ``rows`` are parts of each of its rows, read
    where the row came without them. ``single``: one object, not a collection; with ``member`` only
    that property of it. ``post``: a function that only reads but is called by POST. ``optional``:
    many objects have none, and the service says so by 400 or 404.
    """

    name: str
    suffix: str
    fallback: str = ""
    rows: tuple["Part", ...] = ()
    single: bool = False
    member: str = ""
    post: bool = False
    optional: bool = False
    needed: Callable[[Content], bool] = always


def unless_expanded(name: str, suffix: str = "") -> Part:
    """A part that comes with the object, asked for by itself where the service left it out."""
    return Part(name, suffix or name, optional=True, needed=lambda content: name not in content)


@dataclass(frozen=True)
class Reference:
    """Where an object names another one: ``a[].b`` is member ``b`` of each row of ``a``.

    ``to`` is a policy type key, or ``groups``.
    """

    where: str
    to: str


GROUPS = Reference("assignments[].target.groupId", "groups")
TARGETS = (
    GROUPS,
    Reference("assignments[].target.deviceAndAppManagementAssignmentFilterId", "assignmentFilters"),
)
TAGS = Reference("roleScopeTagIds[]", "roleScopeTags")
ENROLLMENT_GROUP = Reference(
    "enrollmentTimeDeviceMembershipTarget"
    ".enrollmentTimeDeviceMembershipTargetValidationStatuses[].targetId",
    "groups",
)


@dataclass(frozen=True)
class Assigning:
    """How the set of assignments is written: by an action that replaces it, or one at a time."""

    suffix: str = "assign"
    member: str = "assignments"
    one_by_one: bool = False


@dataclass(frozen=True)
class FollowUp:
    """A part written by a request of its own after the object: ``POST {id}/<action>``."""

    part: str
    action: str
    member: str


@dataclass(frozen=True)
class Writing:
    """How an object is created and changed. Sources: graph-facts of the service, per family.

    ``create`` and ``update`` are methods, with an address where it is not the usual one; empty
    where the service has none. ``strip`` are members never sent, besides those no type takes;
    ``strip_on_update`` those that cannot be changed. ``cannot`` says why an object cannot be
    restored, ``but`` what of it cannot.
    """

    create: str = "POST"
    update: str = "PATCH"
    assign: Assigning | None = None
    strip: tuple[str, ...] = ()
    strip_on_update: tuple[str, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    cannot: str = ""
    but: str = ""


# Members the service owns, whatever the type.
STRIPPED_EVERYWHERE = (
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "modifiedDateTime",
    "version",
    "supportsScopeTags",
    "isAssigned",
    "assignments",
)


_DATES = ("lastModifiedDateTime", "modifiedDateTime")
_NEVER = "0001-"
_SAFE = "!$'()*,;:@"  # besides letters and digits, what a segment of an address may hold as it is


def in_address(graph_id: str) -> str:
    """An id as a segment of an address: ids are opaque and may hold what an address must not."""
    return quote(graph_id, safe=_SAFE)


def _is_dated(entry: Content) -> bool:
    dates = [entry.get(name) for name in _DATES]
    return any(isinstance(date, str) and not date.startswith(_NEVER) for date in dates)


@dataclass(frozen=True)
class PolicyType:
    """How to read one collection.

    Attributes:
        list_query: belongs to the list address, without ``$expand``.
        list_expand: what the list must bring with each object.
        try_expand: what it may bring besides; read object by object where the list refuses.
        try_top: objects in a page to ask for with it, where a tenant may have many.
        item_query: set where the list leaves something out and each object is read by id (an
            empty string: without a query); ``item_fallback`` is asked where it is refused.
        parts: sub-resources that belong to the content; ``more_parts`` those of some objects.
        single: the address is one object, not a collection.
        reread: whether an object may change without its list entry changing, assignments aside;
            then it is read at each sync. ``always`` for all objects of the type.
        noise: members that the service changes by itself; they never make a version.
        kinds: the finer kinds of objects in the collection, for people.
        names_in_settings: its settings catalog settings name other objects at any depth.

    """

    key: str
    label: str
    singular: str
    path: str
    permission: str
    assignments: AssignmentSource = AssignmentSource.SUBRESOURCE
    list_query: str = ""
    list_expand: tuple[str, ...] = ()
    try_expand: tuple[str, ...] = ()
    try_top: int = 0
    item_query: str | None = None
    item_fallback: str | None = None
    parts: tuple[Part, ...] = ()
    more_parts: Callable[[Content], tuple[Part, ...]] = _none
    single: bool = False
    name_property: str = "displayName"
    reread: Callable[[Content], bool] = never
    noise: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    names_in_settings: bool = False
    writing: Writing = field(default_factory=Writing)

    def list_address(self, *, tried: bool = True) -> str:
        """Where the list is; ``tried`` with what it may refuse to bring."""
        expand = (*self.list_expand, *(self.try_expand if tried else ()))
        options = (
            f"$expand={','.join(expand)}" if expand else "",
            self.list_query,
            f"$top={self.try_top}" if tried and self.try_top else "",
        )
        query = "&".join(option for option in options if option)
        return f"{self.path}?{query}" if query else self.path

    @property
    def lists_assignments(self) -> bool:
        """Whether the list is asked for assignments that are read for certain elsewhere."""
        return "assignments" in self.try_expand

    @property
    def reads_each_time(self) -> bool:
        """Whether each object is read whole at each sync, whatever the list tells."""
        return self.reread is always

    def shows_changes(self, entry: Content) -> bool:
        """Whether a change of the object would show in its list entry, assignments aside.

        What the list leaves out shows by its date alone; what it cut short does not show.
        """
        if self.reread(entry) or any(key.endswith("@odata.nextLink") for key in entry):
            return False
        is_whole = self.item_query is None and not any(part.needed(entry) for part in self.parts)
        return is_whole or _is_dated(entry)

    def own_address(self, graph_id: str) -> str:
        return f"{self.path}/{in_address(graph_id)}"

    def item_address(self, graph_id: str, *, fallback: bool = False) -> str:
        """One object with all that the list, or its own address, tells of it."""
        query = self.item_fallback if fallback else self.item_query
        if query is None:
            query = f"$expand={','.join(self.list_expand)}" if self.list_expand else ""
        return f"{self.own_address(graph_id)}{'?' if query else ''}{query}"

    def name_of(self, content: Content) -> str:
        """The object's name; its id when it has none."""
        if self.single:
            return self.label
        return str(content.get(self.name_property) or content.get("id") or "")
