"""Parts of objects that are written by requests of their own, family by family.

Each function gives the steps that bring a part from ``found`` (empty for a new object) to
``wanted``. Sources: the service's actions per family, as its metadata and tools show them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opsapp.intune.normalise import canonical, normal_form
from opsapp.intune.restore.bodies import clean, same, without_members
from opsapp.intune.restore.plan import Step

GRAPH: Final = "https://graph.microsoft.com/beta"  # the tenant's own cloud when it is sent
_ZERO: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Change:
    """An object to write: its address, and its content before and after."""

    own: str
    wanted: Mapping[str, Any]
    found: Mapping[str, Any]
    is_new: bool

    def differs(self, name: str) -> bool:
        return not same(name, self.wanted.get(name), self.found.get(name))


Steps = Iterator[Step]
Writer = Callable[[Change], Steps]


def rows(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = content.get(name)
    return (
        [dict(row) for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    )


def settings_of(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Settings of the catalog as they are sent."""
    kind = "#microsoft.graph.deviceManagementConfigurationSetting"
    return [
        {"@odata.type": kind, "settingInstance": clean(row.get("settingInstance"))}
        for row in rows(content, "settings")
    ]


def scheduled_actions(content: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Rules of non-compliance as they are sent; no template is an empty text."""
    found = []
    for rule in rows(content, "scheduledActionsForRule"):
        actions = [
            {
                "actionType": action.get("actionType"),
                "gracePeriodHours": action.get("gracePeriodHours", 0),
                "notificationTemplateId": _no_zero(action.get("notificationTemplateId")),
                "notificationMessageCCList": action.get("notificationMessageCCList") or [],
            }
            for action in rows(rule, "scheduledActionConfigurations")
        ]
        name = rule.get("ruleName") or kind
        found.append({"ruleName": name, "scheduledActionConfigurations": actions})
    return found


def _no_zero(value: Any) -> str:
    return "" if value in (None, _ZERO) else str(value)


def compliance_actions(change: Change) -> Steps:
    wanted = scheduled_actions(change.wanted, "PasswordRequired")
    before = scheduled_actions(change.found, "PasswordRequired")
    if not change.is_new and wanted and not same("scheduledActionsForRule", wanted, before):
        yield Step(
            "Set the actions for noncompliance",
            "POST",
            f"{change.own}/scheduleActionsForRules",
            {"deviceComplianceScheduledActionForRules": wanted},
        )


def catalog_compliance_actions(change: Change) -> Steps:
    wanted = scheduled_actions(change.wanted, "")
    before = scheduled_actions(change.found, "")
    if wanted and (change.is_new or not same("scheduledActionsForRule", wanted, before)):
        yield Step(
            "Set the actions for noncompliance",
            "POST",
            f"{change.own}/setScheduledActions",
            {"scheduledActions": wanted},
        )


_MEMBERSHIP: Final = "enrollmentTimeDeviceMembershipTarget"


def enrollment_group(change: Change) -> Steps:
    """The group that devices join while they enrol."""
    wanted, before = _groups_of(change.wanted), _groups_of(change.found)
    if wanted == before:
        return
    name = _MEMBERSHIP[0].upper() + _MEMBERSHIP[1:]
    if not wanted:
        yield Step("Clear the group of enrolment", "POST", f"{change.own}/clear{name}", {})
        return
    targets = [{"targetType": "staticSecurityGroup", "targetId": one} for one in wanted]
    yield Step(
        "Set the group of enrolment",
        "POST",
        f"{change.own}/set{name}",
        {f"{_MEMBERSHIP}s": targets},
    )


def _groups_of(content: Mapping[str, Any]) -> list[str]:
    part = content.get(_MEMBERSHIP)
    statuses = rows(part, f"{_MEMBERSHIP}ValidationStatuses") if isinstance(part, Mapping) else []
    return [str(row["targetId"]) for row in statuses if row.get("targetId")]


def privacy_controls(change: Change) -> Steps:
    wanted = [
        without_members(clean(row), "id") for row in rows(change.wanted, "privacyAccessControls")
    ]
    if wanted and change.differs("privacyAccessControls"):
        yield Step(
            "Set privacy of apps",
            "POST",
            f"{change.own}/windowsPrivacyAccessControls",
            {"windowsPrivacyAccessControls": wanted},
        )


def definition_values(change: Change) -> Steps:
    """Settings of an administrative template: first what goes, then what comes."""
    wanted = {_definition_of(row): row for row in rows(change.wanted, "definitionValues")}
    before = {_definition_of(row): row for row in rows(change.found, "definitionValues")}
    kept = {
        key
        for key, row in wanted.items()
        if key in before and _value_form(row) == _value_form(before[key])
    }
    gone = [row["id"] for key, row in before.items() if key not in kept and row.get("id")]
    added = [_definition_value(row) for key, row in wanted.items() if key not in kept]
    address = f"{change.own}/updateDefinitionValues"
    if gone:
        body = {"added": [], "updated": [], "deletedIds": gone}
        yield Step(f"Remove {len(gone)} settings", "POST", address, body)
    if added:
        body = {"added": added, "updated": [], "deletedIds": []}
        yield Step(f"Set {len(added)} settings", "POST", address, body)


def _definition_of(row: Mapping[str, Any]) -> str:
    definition = row.get("definition")
    return str(definition.get("id")) if isinstance(definition, Mapping) else str(row.get("id"))


def _value_form(row: Mapping[str, Any]) -> bytes:
    values = [_presentation_value(row, one) for one in rows(row, "presentationValues")]
    return canonical(
        [row.get("enabled"), row.get("configurationType"), sorted(values, key=canonical)]
    )


def _definition_value(row: Mapping[str, Any]) -> dict[str, Any]:
    definition = f"{GRAPH}/deviceManagement/groupPolicyDefinitions('{_definition_of(row)}')"
    return {
        "enabled": row.get("enabled"),
        "configurationType": row.get("configurationType") or "policy",
        "definition@odata.bind": definition,
        "presentationValues": [
            _presentation_value(row, one) for one in rows(row, "presentationValues")
        ],
    }


def _presentation_value(row: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    presentation = value.get("presentation")
    own = presentation.get("id") if isinstance(presentation, Mapping) else value.get("id")
    place = f"groupPolicyDefinitions('{_definition_of(row)}')/presentations('{own}')"
    plain = {name: value[name] for name in ("@odata.type", "value", "values") if name in value}
    return {**clean(plain), "presentation@odata.bind": f"{GRAPH}/deviceManagement/{place}"}


def intent_settings(change: Change) -> Steps:
    """A setting cannot be removed: what is not wanted is set to null."""
    if change.is_new:
        return
    wanted = {row.get("definitionId"): row for row in rows(change.wanted, "settings")}
    before = {row.get("definitionId"): row for row in rows(change.found, "settings")}
    sent = [
        intent_setting(row)
        for key, row in wanted.items()
        if (before.get(key) or {}).get("valueJson") != row.get("valueJson")
    ]
    sent += [{**intent_setting(row), "valueJson": "null"} for key, row in before.items()
             if key not in wanted and row.get("valueJson") not in (None, "null")]  # fmt: skip
    if sent:
        address = f"{change.own}/updateSettings"
        yield Step(f"Set {len(sent)} settings", "POST", address, {"settings": sent})


def intent_setting(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("@odata.type", "definitionId", "valueJson") if name in row}


def target_apps(change: Change) -> Steps:
    wanted, before = _apps(change.wanted), _apps(change.found)
    group = None if _is_windows(change) else change.wanted.get("appGroupType")
    if (change.is_new and not wanted and not group) or (
        not change.is_new and same("apps", wanted, before) and not change.differs("appGroupType")
    ):
        return
    body: dict[str, Any] = {"apps": wanted}
    if group is not None:
        body["appGroupType"] = group
    yield Step(f"Set the {len(wanted)} target apps", "POST", f"{change.own}/targetApps", body)


def _is_windows(change: Change) -> bool:
    """App protection for Windows takes no group of apps."""
    return "/windowsManagedAppProtections/" in change.own


def _apps(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"mobileAppIdentifier": clean(row.get("mobileAppIdentifier"))}
            for row in rows(content, "apps")]  # fmt: skip


def app_settings(change: Change) -> Steps:
    wanted, before = settings_of(change.wanted), settings_of(change.found)
    if not same("settings", wanted, before):
        address = f"{change.own}/changeSettings"
        yield Step(f"Set {len(wanted)} settings", "POST", address, {"settings": wanted})


def categories(change: Change) -> Steps:
    wanted = [str(row.get("id")) for row in rows(change.wanted, "categories")]
    before = [str(row.get("id")) for row in rows(change.found, "categories")]
    address = f"{change.own}/categories"
    for one in wanted:
        if one not in before:
            link = {"@odata.id": f"{GRAPH}/deviceAppManagement/mobileAppCategories/{one}"}
            yield Step("Put it in a category", "POST", f"{address}/$ref", link)
    for one in before:
        if one not in wanted:
            yield Step("Take it out of a category", "DELETE", f"{address}/{one}/$ref")


RELATIONSHIP: Final = ("@odata.type", "targetId", "dependencyType", "supersedenceType")


def relationships(change: Change) -> Steps:
    wanted, before = _children(change.wanted), _children(change.found)
    if not same("relationships", wanted, before):
        address = f"{change.own}/updateRelationships"
        body = {"relationships": wanted}
        yield Step("Set the relationships to other apps", "POST", address, body, late=True)


def _children(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {name: row[name] for name in RELATIONSHIP if row.get(name) is not None}
        for row in rows(content, "relationships")
        if row.get("targetType") != "parent"
    ]


_ITEM: Final = ("itemType", "displayName", "status", "errorCode", "id", "createdDateTime",
                "lastModifiedDateTime")  # fmt: skip


def set_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """An item of a policy set as it is sent."""
    return without_members(clean(row), *_ITEM)


def priority(change: Change) -> Steps:
    wanted = change.wanted.get("priority")
    if isinstance(wanted, int) and wanted > 0 and wanted != change.found.get("priority"):
        body = {"priority": wanted}
        yield Step(f"Set priority {wanted}", "POST", f"{change.own}/setPriority", body, late=True)


_MESSAGE: Final = ("locale", "subject", "messageTemplate", "isDefault")


def messages(change: Change) -> Steps:
    """The texts of a notification template, by their language."""
    name = "localizedNotificationMessages"
    wanted = {str(row.get("locale")).lower(): row for row in rows(change.wanted, name)}
    before = {str(row.get("locale")).lower(): row for row in rows(change.found, name)}
    address = f"{change.own}/{name}"
    for key, row in sorted(wanted.items(), key=lambda one: not one[1].get("isDefault")):
        body = {member: row.get(member) for member in _MESSAGE}
        if key not in before:
            what = f"Add the message in {row.get('locale')}"
            yield Step(what, "POST", address, body, shows=address, row=True)
        elif _text_of(row) != _text_of(before[key]):
            changed = {member: row.get(member) for member in ("subject", "messageTemplate")}
            if row.get("isDefault") and not before[key].get("isDefault"):
                changed["isDefault"] = True
            what = f"Change the message in {row.get('locale')}"
            yield Step(what, "PATCH", f"{address}/{before[key]['id']}", changed)
    for key, row in before.items():
        if key not in wanted and row.get("id"):
            yield Step(f"Remove the message in {key}", "DELETE", f"{address}/{row['id']}")


def _text_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(member) for member in ("subject", "messageTemplate", "isDefault"))


def combinations(change: Change) -> Steps:
    """What an authentication strength allows, and further conditions of single methods."""
    if not change.is_new and change.differs("allowedCombinations"):
        body = {"allowedCombinations": change.wanted.get("allowedCombinations")}
        yield Step(
            "Set the allowed combinations", "POST", f"{change.own}/updateAllowedCombinations", body
        )
    name = "combinationConfigurations"
    address = f"{change.own}/{name}"
    wanted = [without_members(clean(row), "id") for row in rows(change.wanted, name)]
    before = [
        (row.get("id"), without_members(clean(row), "id")) for row in rows(change.found, name)
    ]
    for own, row in before:
        if own and form_of(row) not in map(form_of, wanted):
            yield Step("Remove a condition of a method", "DELETE", f"{address}/{own}")
    for row in wanted:
        if form_of(row) not in [form_of(old) for _, old in before]:
            yield Step("Add a condition of a method", "POST", address, row, shows=address, row=True)


def form_of(value: Any) -> Any:
    return normal_form(clean(value))


def writers_of(names: Sequence[Writer], change: Change) -> Steps:
    for writer in names:
        yield from writer(change)
