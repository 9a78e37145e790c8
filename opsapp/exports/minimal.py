"""Exports to Graph's minimal metadata: what a plain GET would have shown."""

import re
from typing import Any

from opsapp.exports.annotations import drop_annotations

# With minimal metadata @odata.type stands only where the declared type does not tell. These are the
# declared types that full-metadata exports and import templates spell out all the same.
_DECLARED = re.compile(
    r"#microsoft\.graph\.("
    r"deviceManagementConfiguration("
    r"Setting|ChoiceSettingValue|GroupSettingValue|\w*TemplateReference)"
    r"|managedMobileApp|mimeContent|keyValuePair|deviceEnrollmentPlatformRestriction"
    r"|deviceCompliance(ScheduledActionForRule|ActionItem)|localizedNotificationMessage"
    r"|conditionalAccess(?!\w*ExternalTenants)\w+|\w+SessionControl|authenticationStrengthPolicy"
    r"|windowsUpdateRolloutSettings|outOfBoxExperienceSettings?|\w+Assignment|mobileAppCategory"
    r")"
)


def minimal(value: Any) -> Any:
    """A deep copy without annotations and without the types that are understood anyway."""
    return _drop_declared(drop_annotations(value))


def _drop_declared(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _drop_declared(member)
            for key, member in value.items()
            if not (
                key == "@odata.type" and isinstance(member, str) and _DECLARED.fullmatch(member)
            )
        }
    if isinstance(value, list):
        return [_drop_declared(member) for member in value]
    return value
