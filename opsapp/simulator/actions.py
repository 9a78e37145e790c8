"""The actions and functions of Graph on collections and objects, found by name."""

import copy
from collections.abc import Callable
from typing import Any

from opsapp.simulator import audit_log, group_policy, policy_actions, row_writes, writes
from opsapp.simulator.admission import set_children
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import Answer, GraphRequest, bad_request, missing
from opsapp.simulator.state import StoredObject
from opsapp.simulator.target_rules import check_targets
from opsapp.simulator.write_rules import is_built_in

Body = dict[str, Any]
Action = Callable[[GraphRequest, Collection, StoredObject, Body], Answer]

_NO_CONTENT = 204
_READING = frozenset({"retrieveEnrollmentTimeDeviceMembershipTarget"})
_ACTIONS: dict[str, Action] = {
    "changeSettings": policy_actions.change_settings,
    "clearEnrollmentTimeDeviceMembershipTarget": policy_actions.clear_membership,
    "createCopy": policy_actions.create_copy,
    "createInstance": policy_actions.create_instance,
    "createToken": policy_actions.create_token,
    "remove": policy_actions.remove,
    "reorder": policy_actions.set_priority,
    "restore": policy_actions.restore,
    "retrieveEnrollmentTimeDeviceMembershipTarget": policy_actions.retrieve_membership,
    "revokeToken": policy_actions.revoke_token,
    "scheduleActionsForRules": policy_actions.schedule_actions,
    "setEnrollmentTimeDeviceMembershipTarget": policy_actions.set_membership,
    "setPriority": policy_actions.set_priority,
    "setScheduledActions": policy_actions.set_scheduled_actions,
    "targetApps": policy_actions.target_apps,
    "update": policy_actions.update_set,
    "updateAllowedCombinations": policy_actions.update_combinations,
    "updateDefinitionValues": group_policy.update_definition_values,
    "updateRelationships": policy_actions.update_relationships,
    "updateSettings": policy_actions.update_settings,
    "uploadNewVersion": policy_actions.upload_new_version,
    "windowsPrivacyAccessControls": policy_actions.privacy_controls,
}


def on_item(
    request: GraphRequest,
    collection: Collection,
    item: StoredObject,
    name: str,
    casts: list[str],
) -> Answer:
    """POST of an action on one object; a change moves version and time and leaves an event."""
    body = request.body if isinstance(request.body, dict) else {}
    if name in _READING:
        return _ACTIONS[name](request, collection, item, body)
    before = copy.deepcopy(audit_log.state_of(item))
    if name == "assign":
        answer = _assign(request, collection, item, casts)
    else:
        answer = _ACTIONS[name](request, collection, item, body)
    if collection.shared:
        return answer  # templates make other objects; they do not change
    if name != "assign":  # assignments move neither version nor time
        writes.touch(collection, item)
    after = audit_log.state_of(item)
    tenant = request.tenant
    operation = name[0].upper() + name[1:]
    audit_log.record(tenant, collection, operation, audit_log.application(tenant), before, after)
    return answer


def on_rows(
    request: GraphRequest, collection: Collection, item: StoredObject, rest: list[str]
) -> Answer:
    """POST, PATCH or DELETE of a row of a part."""
    before = copy.deepcopy(audit_log.state_of(item))
    answer = row_writes.write(request, collection, item, rest)
    if rest[0] != "assignments":
        writes.touch(collection, item)
    after = audit_log.state_of(item)
    tenant = request.tenant
    actor = audit_log.application(tenant)
    audit_log.record(tenant, collection, "Patch", actor, before, after)
    return answer


def on_collection(request: GraphRequest, collection: Collection, name: str) -> Answer:
    """POST of an action on the collection itself."""
    body = writes.body_of(request, collection)
    if name == "validateFilter":
        rule = (body.get("deviceAndAppManagementAssignmentFilter") or {}).get("rule")
        context = request.context("microsoft.graph.assignmentFilterValidationResult")
        return Answer(200, {"@odata.context": context, "isValidRule": bool(rule)})
    if name == "createEnrollmentNotificationConfiguration":
        return policy_actions.create_notifications(request, collection, body)
    raise bad_request(f"Resource not found for the segment '{name}'.", intune=True)


def function(
    request: GraphRequest, collection: Collection, item: StoredObject, rest: list[str]
) -> Answer:
    """GET of a function: the text behind an encrypted OMA setting, the properties of a filter."""
    if rest[0] == "getSupportedProperties" and collection.key == "assignmentFilters":
        names = ("deviceName", "manufacturer", "model", "deviceCategory", "osVersion")
        value = [{"name": name, "dataType": "String", "isCollection": False} for name in names]
        place = request.context(f"{collection.path}('{item.id}')/getSupportedProperties")
        return Answer(200, {"@odata.context": place, "value": value})
    if rest[0] != "getOmaSettingPlainTextValue" or collection.key != "deviceConfigurations":
        raise bad_request(f"Resource not found for the segment '{rest[0]}'.", intune=True)
    reference = rest[-1].removeprefix("secretReferenceValueId=")
    if reference in item.secrets:
        return Answer(200, {"value": item.secrets[reference]})
    for setting in item.content.get("omaSettings") or []:
        if reference and setting.get("secretReferenceValueId") == reference:
            # an export never holds it, so it is made up
            return Answer(200, {"value": f"plain text of {setting.get('displayName')}"})
    raise missing(reference)


def _assign(
    request: GraphRequest, collection: Collection, item: StoredObject, casts: list[str]
) -> Answer:
    """Replace all assignments."""
    if not collection.assignable or collection.assign != "assign":
        raise bad_request("Resource not found for the segment 'assign'.", intune=True)
    if collection.assign_cast and collection.assign_cast not in casts:
        raise bad_request(f"assign needs the segment {collection.assign_cast}.", intune=True)
    if is_built_in(item) and collection.key == "deviceEnrollmentConfigurations":
        raise bad_request("A default row cannot be assigned.", intune=True)
    body = writes.body_of(request, collection)
    rows = body.get(collection.assign_member)
    if not isinstance(rows, list):
        message = f"The parameter '{collection.assign_member}' is missing."
        raise bad_request(message, intune=collection.intune)
    check_targets(request.tenant, collection, rows)
    set_children(request.tenant, collection, item, "assignments", rows)
    if collection.assign_status == _NO_CONTENT:
        return Answer(_NO_CONTENT)
    place = f"{collection.path}('{item.id}')/assignments"
    value = item.children["assignments"]
    answer = {"@odata.context": request.context(place), "value": value}
    return Answer(collection.assign_status, answer)
