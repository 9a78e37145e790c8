"""The ordered requests that create an object, change it, or take it away again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.catalogue.row import AssignmentSource
from opsapp.intune.normalise import same_assignments
from opsapp.intune.restore import parts
from opsapp.intune.restore.bodies import (
    assignment_body,
    changed,
    own_assignments,
    writable,
)
from opsapp.intune.restore.families import Family, family_of
from opsapp.intune.restore.parts import Change
from opsapp.intune.restore.plan import GROUPS, Step, Wanted
from opsapp.intune.restore.surplus import cleared, is_whole, surplus

_ONE: Final = "1 target"
_NOTIFICATION: Final = "deviceEnrollmentNotificationConfiguration"


def creation(
    policy_type: PolicyType, own_id: str, wanted: Wanted, now: datetime
) -> tuple[Step, ...]:
    """``own_id`` stands for the id that the object is going to have."""
    family = family_of(policy_type.key)
    body = _body(policy_type, family, wanted.content, now)
    body = {name: value for name, value in body.items() if value is not None}
    first = {name: body[name] for name in family.header if name in body} if family.header else body
    own = f"{policy_type.path}/{own_id}"
    steps = [_creating(policy_type, wanted.content, first)]
    rest = {name: value for name, value in body.items() if name not in first and name[0] != "@"}
    if family.header and rest:
        steps.append(Step("Set the rest", "PATCH", own, rest, shows=own))
    change = Change(own, wanted.content, {}, is_new=True)
    steps += parts.writers_of(family.writers, change)
    steps += _assigning(policy_type, own, wanted, None)
    return tuple(steps)


def _body(
    policy_type: PolicyType, family: Family, content: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    body = family.shape(writable(policy_type, content), content, now)
    for link, path in (family.links or {}).items():
        body.pop(link, None)
        if bound := _bound(content.get(link), path):
            body[f"{link}@odata.bind"] = bound
    return body


def _bound(named: Any, path: str) -> Any:
    """The address, or addresses, of what a navigation property leads to."""
    if isinstance(named, list):
        found = [_bound(one, path) for one in named]
        return [one for one in found if one] or None
    if isinstance(named, Mapping) and named.get("id"):
        return f"{parts.GRAPH}{path}('{named['id']}')"
    return None


def _creating(policy_type: PolicyType, content: Mapping[str, Any], body: dict[str, Any]) -> Step:
    address = policy_type.path
    if policy_type.key == "intents":
        address = f"/deviceManagement/templates/{content.get('templateId')}/createInstance"
    elif str(content.get("@odata.type")).endswith(_NOTIFICATION):
        address = f"{policy_type.path}/createEnrollmentNotificationConfiguration"
        body = {"deviceEnrollmentNotificationConfigurations": [body]}
    return Step("Create", "POST", address, body, creates=True, shows=policy_type.path)


def update(
    policy_type: PolicyType, target_id: str, wanted: Wanted, found: Wanted, now: datetime
) -> tuple[Step, ...]:
    """Brings the target's object to what is wanted; only what differs is sent."""
    if policy_type.single:
        path = policy_type.path.partition("?")[0]
        return (Step("Change", "PATCH", path, _single_body(wanted, found), shows=policy_type.path),)
    family = family_of(policy_type.key)
    own = policy_type.own_address(target_id)
    change = Change(own, wanted.content, found.content, is_new=False)
    steps = list(_changing(policy_type, family, change, now))
    if policy_type.key == "policySets":
        steps += _changing_set(own, wanted, found)
        return tuple(steps)
    steps += parts.writers_of(family.writers, change)
    steps += _assigning(policy_type, own, wanted, found)
    return tuple(steps)


def _single_body(wanted: Wanted, found: Wanted) -> dict[str, Any]:
    del found
    content = {
        name: value for name, value in wanted.content.items() if "@" not in name and name != "id"
    }
    return content if "settings" in content else {"settings": content}


def _changing(policy_type: PolicyType, family: Family, change: Change, now: datetime) -> list[Step]:
    whole = _body(policy_type, family, change.wanted, now)
    before = _body(policy_type, family, change.found, now)
    fixed = (*_fixed(policy_type, change), *policy_type.writing.strip_on_update)
    differing = {
        name: value
        for name, value in changed(policy_type, whole, before, fixed).items()
        if name in before or value is not None
    }
    for name in _surplus(change, whole, before, fixed):
        differing[name] = whole.get(name, cleared(name, before))
    if not differing:
        return []
    if policy_type.writing.update == "PUT":
        body = {name: value for name, value in whole.items() if value is not None}
        body.pop("scheduledActionsForRule", None)
        return [Step("Change", "PUT", change.own, body, shows=change.own)]
    kind = {"@odata.type": whole["@odata.type"]} if "@odata.type" in whole else {}
    return [Step("Change", "PATCH", change.own, {**kind, **differing}, shows=change.own)]


def _surplus(
    change: Change, whole: dict[str, Any], before: dict[str, Any], fixed: tuple[str, ...]
) -> list[str]:
    found = surplus(whole, before, whole=is_whole(change.wanted))
    return [name for name in found if name not in fixed]


def to_clear(policy_type: PolicyType, wanted: Wanted, found: Wanted, now: datetime) -> list[str]:
    """Members of the target's object that the source has not, and that a change can clear."""
    if policy_type.single or not policy_type.writing.update:
        return []
    family = family_of(policy_type.key)
    change = Change("", wanted.content, found.content, is_new=False)
    whole = _body(policy_type, family, wanted.content, now)
    before = _body(policy_type, family, found.content, now)
    fixed = (*_fixed(policy_type, change), *policy_type.writing.strip_on_update)
    return _surplus(change, whole, before, fixed)


_FIXED: Final = {
    "intents": ("settingsDelta",),
    "deviceCompliancePolicies": ("scheduledActionsForRule",),
    "policySets": ("items",),
    "androidDeviceOwnerEnrollmentProfiles": ("tokenExpirationDateTime",),
    "androidForWorkEnrollmentProfiles": ("tokenExpirationDateTime",),
    "termsAndConditions": ("version",),
    "authenticationStrengthPolicies": ("allowedCombinations",),
    "authenticationContextClassReferences": ("id",),
}
_FIXED_KINDS: Final = {
    "officeSuiteApp": ("officeConfigurationXml", "officePlatformArchitecture", "developer",
                       "owner", "publisher"),
    "windowsMobileMSI": ("useDeviceContext",),
}  # fmt: skip
_DEFAULT_BRANDING: Final = ("profileName", "profileDescription")


def _fixed(policy_type: PolicyType, change: Change) -> tuple[str, ...]:
    kind = str(change.found.get("@odata.type")).removeprefix("#microsoft.graph.")
    fixed = (*_FIXED.get(policy_type.key, ()), *_FIXED_KINDS.get(kind, ()))
    return (*fixed, *_DEFAULT_BRANDING) if change.found.get("isDefaultProfile") else fixed


def unchangeable(policy_type: PolicyType, found: Wanted) -> frozenset[str]:
    """Members of an object that exists which the service takes no change of, by any request."""
    kind = str(found.content.get("@odata.type")).removeprefix("#microsoft.graph.")
    fixed = {*policy_type.writing.strip_on_update, *_FIXED_KINDS.get(kind, ())}
    return frozenset(fixed - {one.part for one in policy_type.writing.follow_ups})


def _changing_set(own: str, wanted: Wanted, found: Wanted) -> list[Step]:
    """Items and assignments of a policy set in the one call there is for both."""
    ours = [parts.set_item(row) for row in parts.rows(wanted.content, "items")]
    theirs = {str(row.get("payloadId")): row for row in parts.rows(found.content, "items")}
    kept = [str(row.get("payloadId")) for row in ours]
    added = [row for row in ours if str(row.get("payloadId")) not in theirs]
    updated = [
        {**row, "id": theirs[key]["id"]}
        for row in ours
        if (key := str(row.get("payloadId"))) in theirs
        and parts.form_of(row) != parts.form_of(parts.set_item(theirs[key]))
    ]
    deleted = [row["id"] for key, row in theirs.items() if key not in kept and row.get("id")]
    assignments = own_assignments(wanted.assignments)
    same = same_assignments(assignments, own_assignments(found.assignments))
    if not (added or updated or deleted) and same:
        return []
    return [_set_update(own, added, updated, deleted, assignments)]


def _set_update(
    own: str, added: list[Any], updated: list[Any], deleted: list[Any], assignments: list[Any]
) -> Step:
    rows = [{"target": assignment_body(_NO_TYPE, one)["target"]} for one in assignments]
    body = {
        "addedPolicySetItems": added,
        "updatedPolicySetItems": updated,
        "deletedPolicySetItems": deleted,
        "assignments": rows,
    }
    return Step(f"Set items and {_targets(len(rows))}", "POST", f"{own}/update", body)


_NO_TYPE: Final = PolicyType("policySets", "", "", "", "")


def _targets(count: int) -> str:
    return _ONE if count == 1 else f"{count:,} targets"


def _assigning(
    policy_type: PolicyType, own: str, wanted: Wanted, found: Wanted | None
) -> list[Step]:
    if policy_type.assignments is AssignmentSource.NONE:
        return []
    ours = own_assignments(wanted.assignments)
    theirs = own_assignments(found.assignments) if found else []
    if same_assignments(ours, theirs):
        return []
    if policy_type.key == "policySets":
        return [_set_update(own, [], [], [], ours)]
    assigning = policy_type.writing.assign
    if assigning is None:
        return []
    if assigning.one_by_one:
        return _one_by_one(policy_type, own, ours, theirs)
    rows = [assignment_body(policy_type, one) for one in ours]
    what = f"Assign to {_targets(len(rows))}" if rows else "Remove all assignments"
    shows = f"{own}/assignments" if policy_type.assignments is AssignmentSource.SUBRESOURCE else ""
    return [Step(what, "POST", f"{own}/{assigning.suffix}", {assigning.member: rows}, shows=shows)]


def _one_by_one(
    policy_type: PolicyType, own: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]
) -> list[Step]:
    address = f"{own}/assignments"
    new = [one for one in ours if not any(same_assignments([one], [old]) for old in theirs)]
    gone = [old for old in theirs if not any(same_assignments([one], [old]) for one in ours)]
    removals = [Step("Remove an assignment", "DELETE", f"{address}/{old['id']}")
                for old in gone if old.get("id")]  # fmt: skip
    additions = [
        Step("Assign", "POST", address, {"target": assignment_body(policy_type, one)["target"]},
             shows=address, row=True)
        for one in new
    ]  # fmt: skip
    return [*removals, *additions]


def deletion(
    policy_type: PolicyType | None, target_id: str, found: Wanted | None
) -> tuple[Step, ...]:
    """Takes away what a restore created. Without a type: a group."""
    if policy_type is None:
        return (Step("Delete", "DELETE", f"/{GROUPS}/{target_id}", version="v1.0"),)
    own = policy_type.own_address(target_id)
    first: list[Step] = []
    assigning = policy_type.writing.assign
    if found is not None and assigning is not None and assigning.one_by_one:
        first = _one_by_one(policy_type, own, [], found.assignments)
    if found is not None and found.content.get("isTrusted") is True:
        body = {"@odata.type": found.content.get("@odata.type"), "isTrusted": False}
        first.append(Step("Trust it no more", "PATCH", own, body, shows=own))
    if found is not None and policy_type.key == "authenticationContextClassReferences":
        first.append(Step("Withdraw it", "PATCH", own, {"isAvailable": False}, shows=own))
    return (*first, Step("Delete", "DELETE", own))


def group_creation(source_id: str, group: Mapping[str, Any]) -> tuple[Step, ...]:
    """``group``: displayName, description, mailNickname, membershipRule as the source has them."""
    is_dynamic = bool(group.get("membershipRule"))
    body: dict[str, Any] = {
        "displayName": group["displayName"],
        "mailEnabled": False,
        "mailNickname": _nickname(group.get("mailNickname") or source_id),
        "securityEnabled": True,
    }
    if group.get("description"):
        body["description"] = group["description"]
    if is_dynamic:
        body |= {"groupTypes": ["DynamicMembership"], "membershipRule": group["membershipRule"],
                 "membershipRuleProcessingState": "On"}  # fmt: skip
    return (Step("Create the group", "POST", f"/{GROUPS}", body, creates=True,
                 shows=f"/{GROUPS}", version="v1.0"),)  # fmt: skip


def _nickname(text: str) -> str:
    kept = "".join(
        letter for letter in text if letter.isascii() and (letter.isalnum() or letter in "-_.")
    )
    return kept[:64] or "group"
