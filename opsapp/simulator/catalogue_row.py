"""One row of the table of collections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INTUNE_PAGE = 100
INTUNE_MAX_TOP = 1000
CHILD_PAGE = 25
MAX_NAME = 256

EVERY_TARGET = frozenset({"groups", "devices", "users", "collections"})
SERVER_OWNED = frozenset(
    {"id", "createdDateTime", "lastModifiedDateTime", "modifiedDateTime", "isAssigned", "version"}
)


@dataclass(frozen=True)
class Rights:
    """App roles: any of ``read`` allows reading, any of ``write`` writing."""

    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """One Graph collection: how it answers, and what it refuses.

    ``children`` are navigation collections: absent from the plain answer, read by ``$expand`` or at
    their own URL. ``links`` are single navigations by the collection they lead to, written with
    ``@odata.bind``.

    Reading. ``empty_expand`` names parts that expand to an empty list, ``item_empty_expand`` those
    that do so on the object only; ``no_list_expand`` answers 400 in a list, ``no_child_url`` at the
    part's own URL. ``null_in_list`` and ``absent_in_list`` are what a list leaves out,
    ``on_select`` what is shown only when ``$select`` asks for it, ``images`` one at a time.
    ``page_with`` is the page size when a part is expanded in the list. ``shared`` collections are
    the same in every tenant.

    Writing. ``verbs`` are allowed on an object, ``create_parts`` and ``put_parts`` are navigation
    collections a POST or PUT may carry. ``read_only`` is refused in every body, ``immutable`` in a
    change, ``settable`` is allowed although the service owns it elsewhere. ``references`` are
    members that hold ids of other objects. ``row_verbs`` are the writes on the rows of a part.
    ``assign`` is the name of the action, ``assignments`` for one POST each, empty for none.
    ``targets`` says whom assignments may name.
    """

    key: str
    root: str
    element: str
    rights: Rights
    segment: str = ""
    alias: str = ""
    name: str = "displayName"
    v1: bool = False
    polymorphic: bool = False
    types: frozenset[str] = frozenset()
    children: tuple[str, ...] = ("assignments",)
    links: Mapping[str, str] = field(default_factory=dict)
    empty_expand: tuple[str, ...] = ()
    item_empty_expand: tuple[str, ...] = ()
    no_list_expand: tuple[str, ...] = ()
    no_child_url: tuple[str, ...] = ()
    null_in_list: tuple[str, ...] = ()
    absent_in_list: tuple[str, ...] = ()
    on_select: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    page_with: Mapping[str, int] = field(default_factory=dict)
    shared: bool = False
    scope_tags: str = "roleScopeTagIds"
    stamps: tuple[str, ...] = ("createdDateTime", "lastModifiedDateTime")
    version: str = ""
    has_is_assigned: bool = False
    top_allowed: bool = True
    max_top: int = INTUNE_MAX_TOP
    filter_allowed: bool = True
    unfiltered: tuple[str, ...] = ()
    creatable: bool = True
    verbs: tuple[str, ...] = ("PATCH", "DELETE")
    create_parts: tuple[str, ...] = ()
    put_parts: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    base64: tuple[str, ...] = ()
    max_name: int = MAX_NAME
    max_description: int = 0
    references: tuple[tuple[str, str], ...] = ()
    row_verbs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    assign: str = "assign"
    assign_cast: str = ""
    assign_member: str = "assignments"
    assign_status: int = 200
    targets: frozenset[str] = EVERY_TARGET
    target_filters: bool = True
    create_status: int = 201
    patch_status: int = 200
    delete_status: int = 200
    missing_status: int = 404
    id_prefix: str = ""
    assignment_separator: str = "_"
    defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The address below the version: ``deviceManagement/configurationPolicies``."""
        return f"{self.root}/{self.segment or self.key}"

    @property
    def intune(self) -> bool:
        """Intune answers errors with JSON nested in the message; the directory does not."""
        return self.root in (DM, DAM)

    @property
    def modified(self) -> str:
        """The member a write moves forward, or an empty string."""
        return self.stamps[-1] if self.stamps and self.stamps[-1] != "createdDateTime" else ""

    @property
    def assignable(self) -> bool:
        return "assignments" in self.children

    @property
    def server_owned(self) -> frozenset[str]:
        """Members no body may carry."""
        return (SERVER_OWNED | set(self.stamps) | set(self.read_only)) - set(self.settable)


DM = "deviceManagement"
DAM = "deviceAppManagement"
CA = "identity/conditionalAccess"


def rights(area: str) -> Rights:
    """The app roles of an Intune area: either right reads, the greater one writes."""
    read, write = f"DeviceManagement{area}.Read.All", f"DeviceManagement{area}.ReadWrite.All"
    return Rights((read, write), (write,))
