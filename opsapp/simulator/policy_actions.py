"""What the actions of single types do."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from opsapp.simulator import admission, write_rules, writes
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import Answer, GraphRequest, bad_request
from opsapp.simulator.moments import now_text
from opsapp.simulator.references import check, check_actions, check_items, require
from opsapp.simulator.state import StoredObject, Tenant
from opsapp.simulator.target_rules import check_targets

Body = dict[str, Any]
_APP_GROUPS = frozenset(
    {"selectedPublicApps", "allCoreMicrosoftApps", "allMicrosoftApps", "allApps"}
)


def _list(body: Body, name: str) -> list[Any]:
    rows = body.get(name)
    if not isinstance(rows, list):
        raise bad_request(f"The parameter '{name}' is missing.", intune=True)
    return rows


def target_apps(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    apps = _list(body, "apps")
    for app in apps:
        if not (app.get("mobileAppIdentifier") or {}).get("@odata.type"):
            raise bad_request("An app needs a mobileAppIdentifier with '@odata.type'.", intune=True)
    group = body.get("appGroupType")
    if group is not None:
        if collection.key == "windowsManagedAppProtections" or group not in _APP_GROUPS:
            raise bad_request("The parameter 'appGroupType' is not valid here.", intune=True)
        item.content["appGroupType"] = group
    item.content.pop("deployedAppCount", None)
    admission.set_children(request.tenant, collection, item, "apps", apps)
    return Answer(204)


def change_settings(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    settings = _list(body, "settings")
    check(request.tenant, collection, {"settings": settings})
    admission.set_children(request.tenant, collection, item, "settings", settings)
    return Answer(204)


def update_settings(_: GraphRequest, __: Collection, item: StoredObject, body: Body) -> Answer:
    """Settings of an intent are set one by one and never go away."""
    rows = item.children.setdefault("settings", [])
    for row in _list(body, "settings"):
        if not row.get("@odata.type") or not row.get("definitionId"):
            raise bad_request("A setting needs '@odata.type' and definitionId.", intune=True)
        same = next((at for at, old in enumerate(rows) if _same_setting(old, row)), None)
        if same is None:
            rows.append({"id": f"{item.id}_{row['definitionId']}"} | row)
        else:
            rows[same] = rows[same] | row
    return Answer(204)


def _same_setting(old: Body, new: Body) -> bool:
    return bool(old.get("definitionId") == new["definitionId"])


def create_instance(
    request: GraphRequest, _: Collection, template: StoredObject, body: Body
) -> Answer:
    """A new intent from a template."""
    intents = COLLECTIONS["intents"]
    if not body.get("displayName"):
        raise bad_request("The parameter 'displayName' is missing.", intune=True)
    if template.content.get("isDeprecated"):
        raise bad_request("The template is deprecated.", intune=True)
    settings = body.get("settingsDelta") or []
    for row in settings:
        if not row.get("@odata.type") or not row.get("definitionId"):
            raise bad_request("A setting needs '@odata.type' and definitionId.", intune=True)
    tags = {"roleScopeTagIds": body.get("roleScopeTagIds") or ["0"]}
    check(request.tenant, intents, tags)
    given = {
        "displayName": body["displayName"],
        "description": body.get("description") or "",
        "templateId": template.id,
        "settings": settings,
    }
    item = writes.admit(request, intents, given | tags)
    return Answer(201, {"@odata.context": request.context("intents/$entity")} | item.content)


def create_notifications(request: GraphRequest, collection: Collection, body: Body) -> Answer:
    """The only way to create enrolment notifications."""
    made = []
    for row in _list(body, "deviceEnrollmentNotificationConfigurations"):
        write_rules.check_create(request.tenant, collection, row)
        made.append(writes.admit(request, collection, row).content)
    return Answer(200, {"@odata.context": request.context(collection.path), "value": made})


def create_copy(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    copied = {
        key: value for key, value in item.content.items() if key not in collection.server_owned
    }
    copied |= {
        "name": body.get("displayName") or f"{item.content['name']} - Copy",
        "description": body.get("description"),
        "settings": item.children.get("settings", []),
    }
    made = writes.admit(request, collection, copied)
    return Answer(200, {"@odata.context": request.context(collection.path)} | made.content)


def schedule_actions(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    rules = _list(body, "deviceComplianceScheduledActionForRules")
    return _replace_actions(request.tenant, collection, item, rules)


def set_scheduled_actions(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    rules = _list(body, "scheduledActions")
    return _replace_actions(request.tenant, collection, item, rules)


def _replace_actions(
    tenant: Tenant, collection: Collection, item: StoredObject, rules: list[Any]
) -> Answer:
    check_actions(tenant, rules)
    admission.set_children(tenant, collection, item, "scheduledActionsForRule", rules)
    return Answer(200)


def set_priority(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    """Move the object to a place among those of its kind; the others make room."""
    priority = body.get("priority")
    if not isinstance(priority, int) or priority < 1:
        raise bad_request("The parameter 'priority' must be 1 or more.", intune=True)
    if write_rules.is_built_in(item):
        raise bad_request("A default row has no place in the order.", intune=True)
    if collection.key == "configurationPolicies":
        item.content["priorityMetaData"] = {"priority": priority}
        return Answer(200)
    others = [
        other
        for other in request.tenant.collection(collection.key).values()
        if other is not item
        and not write_rules.is_built_in(other)
        and other.content.get("@odata.type") == item.content.get("@odata.type")
    ]
    others.sort(key=lambda other: int(other.content.get("priority") or 0))
    others.insert(min(priority, len(others) + 1) - 1, item)
    for place, other in enumerate(others, start=1):
        other.content["priority"] = place
    return Answer(200)


def update_relationships(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    """Replace what this app depends on or supersedes; what leads to it stays."""
    rows = _list(body, "relationships")
    for row in rows:
        if not row.get("@odata.type"):
            raise bad_request("A relationship needs '@odata.type'.", intune=True)
        require(request.tenant, "mobileApps", row.get("targetId"))
        if row.get("targetType", "child") != "child":
            raise bad_request("Only relationships to a child are written.", intune=True)
    parents = [
        row for row in item.children.get("relationships", []) if row.get("targetType") == "parent"
    ]
    admission.set_children(request.tenant, collection, item, "relationships", [*parents, *rows])
    return Answer(204)


def update_set(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    """Items and assignments of a policy set in one call."""
    added = body.get("addedPolicySetItems") or []
    check_items(request.tenant, added)
    gone = set(body.get("deletedPolicySetItems") or [])
    changed = {row.get("id"): row for row in body.get("updatedPolicySetItems") or []}
    rows = [
        row | changed.get(row["id"], {})
        for row in item.children.get("items", [])
        if row["id"] not in gone
    ]
    if "assignments" in body:
        check_targets(request.tenant, collection, body["assignments"])
        rows_assigned = body["assignments"]
        admission.set_children(request.tenant, collection, item, "assignments", rows_assigned)
    admission.set_children(request.tenant, collection, item, "items", [*rows, *added])
    return Answer(204)


def privacy_controls(
    request: GraphRequest, collection: Collection, item: StoredObject, body: Body
) -> Answer:
    if not str(item.content.get("@odata.type")).endswith(".windows10GeneralConfiguration"):
        raise bad_request("Only windows10GeneralConfiguration has these.", intune=True)
    rows = _list(body, "windowsPrivacyAccessControls")
    admission.set_children(request.tenant, collection, item, "privacyAccessControls", rows)
    return Answer(200)


def retrieve_membership(
    request: GraphRequest, __: Collection, item: StoredObject, _: Body
) -> Answer:
    """The groups a device joins while it enrols."""
    rows = [
        {"targetId": group, "targetValidationErrorCode": "none", "validationSucceeded": True}
        for group in item.membership
    ]
    context = request.context("microsoft.graph.enrollmentTimeDeviceMembershipTargetResult")
    answer = {
        "@odata.context": context,
        "validationSucceeded": True,
        "enrollmentTimeDeviceMembershipTargetValidationStatuses": rows,
    }
    return Answer(200, answer)


def set_membership(request: GraphRequest, _: Collection, item: StoredObject, body: Body) -> Answer:
    rows = _list(body, "enrollmentTimeDeviceMembershipTargets")
    for row in rows:
        if row.get("targetType") != "staticSecurityGroup":
            raise bad_request("The targetType must be staticSecurityGroup.", intune=True)
        require(request.tenant, "groups", row.get("targetId"))
    item.membership = [row["targetId"] for row in rows]
    context = request.context("microsoft.graph.enrollmentTimeDeviceMembershipTargetResult")
    return Answer(200, {"@odata.context": context, "validationSucceeded": True})


def clear_membership(_: GraphRequest, __: Collection, item: StoredObject, ___: Body) -> Answer:
    item.membership = []
    return Answer(204)


def create_token(_: GraphRequest, __: Collection, item: StoredObject, body: Body) -> Answer:
    seconds = body.get("tokenValidityInSeconds")
    if not isinstance(seconds, int) or not 0 < seconds <= 90 * 86400:
        raise bad_request("The token may live 90 days at most.", intune=True)
    digest = hashlib.sha256(f"{item.id}:{time.time_ns()}".encode()).hexdigest()
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    item.content["tokenValue"] = digest[:20].upper()
    item.content["tokenExpirationDateTime"] = now_text(ends)
    return Answer(204)


def revoke_token(_: GraphRequest, __: Collection, item: StoredObject, ___: Body) -> Answer:
    item.content["tokenValue"] = ""
    item.content["tokenExpirationDateTime"] = now_text()
    return Answer(204)


def restore(request: GraphRequest, collection: Collection, item: StoredObject, _: Body) -> Answer:
    """Take a deleted Conditional Access object back, with its id."""
    del request.tenant.deleted[collection.key][item.id]
    request.tenant.collection(collection.key)[item.id] = item
    context = request.context(f"{collection.path}/$entity")
    return Answer(200, {"@odata.context": context} | item.content)


def remove(request: GraphRequest, collection: Collection, item: StoredObject, _: Body) -> Answer:
    del request.tenant.collection(collection.key)[item.id]
    return Answer(204)


def upload_new_version(_: GraphRequest, __: Collection, item: StoredObject, body: Body) -> Answer:
    for name in ("content", "groupPolicyUploadedLanguageFiles"):
        if not body.get(name):
            raise bad_request(f"The parameter '{name}' is missing.", intune=True)
        item.content[name] = body[name]
    item.content["revision"] = str(int(item.content.get("revision") or 1) + 1)
    return Answer(204)


def update_combinations(
    request: GraphRequest, _: Collection, item: StoredObject, body: Body
) -> Answer:
    """Authentication strengths change what they allow by this action only."""
    allowed = _list(body, "allowedCombinations")
    if write_rules.is_built_in(item):
        raise bad_request("A built-in object cannot be changed.")
    previous = item.content.get("allowedCombinations")
    item.content["allowedCombinations"] = allowed
    context = request.context("microsoft.graph.updateAllowedCombinationsResult")
    answer = {"previousCombinations": previous, "currentCombinations": allowed}
    return Answer(200, {"@odata.context": context} | answer)
