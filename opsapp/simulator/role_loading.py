"""Role assignments of an export: inside their roles, or in files of their own, groups by name."""

import re
from typing import Any

from opsapp.simulator import admission
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.groups import ensure_group
from opsapp.simulator.state import StoredObject, Tenant

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUPS = ("members", "scopeMembers", "resourceScopes")


def attach(tenant: Tenant, role: StoredObject, rows: list[Any], origin: str) -> None:
    """Make the assignments a role's file holds; a row that is an id alone is only linked."""
    known = tenant.collection("roleAssignments")
    for at, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        item = known.get(str(row.get("id")))
        if item is None and row.get("displayName"):
            place = f"{origin}/roleAssignments/{at}"
            item = admission.admit(
                tenant, COLLECTIONS["roleAssignments"], with_ids(tenant, row), place
            )
        if item is None:
            tenant.report.note(origin, f"role assignment {row.get('id')} is not in the export")
        else:
            item.links["roleDefinition"] = role.id


def with_ids(tenant: Tenant, row: dict[str, Any]) -> dict[str, Any]:
    """The assignment with ids where a tool wrote the names of groups."""
    row = dict(row)
    for member in _GROUPS:
        row[member] = [_group(tenant, str(value)) for value in row.get(member) or []]
    row["resourceScopes"] = row["resourceScopes"] or row["scopeMembers"]
    row["scopeMembers"] = row["scopeMembers"] or row["resourceScopes"]
    return row


def _group(tenant: Tenant, value: str) -> str:
    if _GUID.fullmatch(value):
        return value
    return ensure_group(tenant, value, dynamic=False, rule=None, origin="roles")
