"""One row of the table of collections."""

from dataclasses import dataclass, field
from typing import Any

INTUNE_PAGE = 100
INTUNE_MAX_TOP = 1000
CHILD_PAGE = 25


@dataclass(frozen=True)
class Rights:
    """App roles: any of ``read`` allows reading, any of ``write`` writing."""

    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """One Graph collection.

    ``children`` are navigation collections: absent from the plain answer, read by ``$expand`` or at
    their own URL. ``empty_expand`` names those that expand to an empty list, ``no_child_url`` those
    whose own URL answers 400. ``null_in_list`` and ``absent_in_list`` are what a list leaves out.
    """

    key: str
    root: str
    element: str
    rights: Rights
    segment: str = ""
    name: str = "displayName"
    v1: bool = False
    polymorphic: bool = False
    children: tuple[str, ...] = ("assignments",)
    empty_expand: tuple[str, ...] = ()
    no_child_url: tuple[str, ...] = ()
    null_in_list: tuple[str, ...] = ()
    absent_in_list: tuple[str, ...] = ()
    scope_tags: str = "roleScopeTagIds"
    stamps: tuple[str, ...] = ("createdDateTime", "lastModifiedDateTime")
    version: str = ""
    has_is_assigned: bool = False
    top_allowed: bool = True
    max_top: int = INTUNE_MAX_TOP
    filter_allowed: bool = True
    assign_member: str = "assignments"
    assign_status: int = 200
    create_status: int = 201
    patch_status: int = 200
    delete_status: int = 200
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
        return self.root in ("deviceManagement", "deviceAppManagement")

    @property
    def modified(self) -> str:
        """The member a write moves forward, or an empty string."""
        return self.stamps[-1] if self.stamps and self.stamps[-1] != "createdDateTime" else ""


DM = "deviceManagement"
DAM = "deviceAppManagement"
CA = "identity/conditionalAccess"


def rights(area: str) -> Rights:
    """The app roles of an Intune area: either right reads, the greater one writes."""
    read, write = f"DeviceManagement{area}.Read.All", f"DeviceManagement{area}.ReadWrite.All"
    return Rights((read, write), (write,))
