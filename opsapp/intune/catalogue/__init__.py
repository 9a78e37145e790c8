"""The policy types: where each collection lives in Graph, how it is read completely and written.

One row a collection; the key is the collection's name in Graph. Sources: the Graph metadata, and
the service's own behaviour where it differs (noted at the row). Left out on purpose: what Microsoft
publishes, the same in every tenant (``configurationPolicyTemplates``, ``templates``).
"""

from opsapp.intune.catalogue.apps import APPS
from opsapp.intune.catalogue.configuration import CONFIGURATION
from opsapp.intune.catalogue.enrollment import ENROLLMENT
from opsapp.intune.catalogue.row import AssignmentSource, PolicyType
from opsapp.intune.catalogue.scripts import SCRIPTS
from opsapp.intune.catalogue.tenant import TENANT

__all__ = [
    "CATALOGUE",
    "OTHER_PERMISSIONS",
    "AssignmentSource",
    "PolicyType",
    "permissions_needed",
    "permissions_to_restore",
    "write_permission",
]

CATALOGUE: dict[str, PolicyType] = {
    row.key: row for row in (*CONFIGURATION, *SCRIPTS, *APPS, *ENROLLMENT, *TENANT)
}

_POLICY_WRITE = "Policy.ReadWrite.ConditionalAccess"
_NAMED = 6  # policy types that a permission is explained with

OTHER_PERMISSIONS: dict[str, str] = {
    "GroupMember.Read.All": "groups and their names",
    "Organization.Read.All": "the organization's name",
}


def permissions_needed() -> dict[str, str]:
    """Every Graph permission OpsApp reads with, and what for, in words."""
    needed: dict[str, list[str]] = {}
    for row in CATALOGUE.values():
        needed.setdefault(row.permission, []).append(row.label)
    return {
        **OTHER_PERMISSIONS,
        **{permission: _in_words(labels) for permission, labels in needed.items()},
    }


def write_permission(permission: str) -> str:
    """The permission to write what ``permission`` lets read."""
    if permission == "Policy.Read.All":
        return _POLICY_WRITE
    return permission.replace(".Read.All", ".ReadWrite.All")


def permissions_to_restore() -> dict[str, str]:
    """Every Graph permission that restores write policies with, and what for, in words."""
    needed: dict[str, list[str]] = {}
    for row in CATALOGUE.values():
        if not row.writing.cannot:
            needed.setdefault(write_permission(row.permission), []).append(row.label)
    return {
        permission: f"restores of: {_in_words(labels)}" for permission, labels in needed.items()
    }


def _in_words(labels: list[str]) -> str:
    """The first few, and how many more."""
    more = len(labels) - _NAMED
    named = ", ".join(labels[:_NAMED])
    return f"{named} and {more} more types" if more > 1 else ", ".join(labels)
