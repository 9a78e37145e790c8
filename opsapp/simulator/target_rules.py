"""What the service refuses in assignments."""

from typing import Any

from opsapp.simulator import references
from opsapp.simulator.assignments import NO_FILTER
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import GraphRefusal, bad_request
from opsapp.simulator.state import Tenant

_FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
_FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
_EXCLUSION = "exclusionGroupAssignmentTarget"
# @odata.type → whom it means, and the member it needs
_KINDS = {
    "groupAssignmentTarget": ("groups", "groupId"),
    _EXCLUSION: ("groups", "groupId"),
    "allDevicesAssignmentTarget": ("devices", ""),
    "allLicensedUsersAssignmentTarget": ("users", ""),
    "configurationManagerCollectionAssignmentTarget": ("collections", "collectionId"),
}
_INTENTS = frozenset({"available", "required", "uninstall", "availableWithoutEnrollment"})


def check_targets(tenant: Tenant, collection: Collection, rows: Any) -> None:
    """Raises the 400 of assignments that cannot be kept."""
    if not isinstance(rows, list):
        raise _refuse(f"The parameter '{collection.assign_member}' is missing.")
    seen: set[str] = set()
    for row in rows:
        target = row.get("target") if isinstance(row, dict) else None
        if not isinstance(target, dict):
            raise _refuse("An assignment needs a target.")
        if collection.key == "mobileApps" and row.get("intent") not in _INTENTS:
            raise _refuse("An app assignment needs an intent.")
        goal = _check_target(tenant, collection, target)
        if goal in seen:
            raise _refuse(f"The target '{goal}' is named more than once.")
        seen.add(goal)


def _check_target(tenant: Tenant, collection: Collection, target: dict[str, Any]) -> str:
    kind = str(target.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    if kind not in _KINDS:
        raise _refuse(f"'{kind}' is no assignment target.")
    meaning, member = _KINDS[kind]
    if meaning not in collection.targets:
        raise _refuse(f"This type cannot be assigned to {meaning}.")
    if meaning == "groups":
        references.require(tenant, "groups", target.get("groupId"))
    _check_filter(tenant, collection, target, kind)
    return str(target.get(member)) if member else kind


def _check_filter(
    tenant: Tenant, collection: Collection, target: dict[str, Any], kind: str
) -> None:
    identity, mode = target.get(_FILTER_ID), target.get(_FILTER_TYPE)
    if not identity or identity == NO_FILTER:
        if mode in ("include", "exclude"):
            raise _refuse("A filter type without a filter.")
        return
    if kind == _EXCLUSION:
        raise _refuse("An exclusion cannot have a filter.")
    if not collection.target_filters:
        raise _refuse("This type takes no filters in assignments.")
    references.require(tenant, "assignmentFilters", identity)
    if mode not in ("include", "exclude"):
        raise _refuse("A filter needs the type include or exclude.")


def _refuse(message: str) -> GraphRefusal:
    return bad_request(message, intune=True)
