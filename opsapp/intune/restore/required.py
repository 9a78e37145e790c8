"""What the service asks of an object, or keeps to itself, whatever the source says."""

from collections.abc import Mapping
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.restore import parts
from opsapp.intune.restore.limits import is_default
from opsapp.intune.restore.plan import Note, Wanted

_COMPLIANCE: Final = frozenset({"deviceCompliancePolicies", "compliancePolicies"})
_RULES: Final = "scheduledActionsForRule"
_ACTIONS: Final = "scheduledActionConfigurations"
_BLOCK: Final = {"actionType": "block", "gracePeriodHours": 0}
_NO_ACTION: Final = Note(
    "compliance.no_action",
    "The backup holds no action for noncompliance: devices are marked noncompliant at once.",
)


def completed(policy_type: PolicyType, wanted: Wanted) -> tuple[Wanted, list[Note]]:
    """What is created: a compliance policy has an action for noncompliance, or it is refused."""
    if policy_type.key not in _COMPLIANCE or _has_action(wanted.content):
        return wanted, []
    content = {**wanted.content, _RULES: [{_ACTIONS: [dict(_BLOCK)]}]}
    return Wanted(content, wanted.assignments), [_NO_ACTION]


def fitted(policy_type: PolicyType, wanted: Wanted, found: Wanted) -> Wanted:
    """What an object of the target can become: some of it stays as the target has it.

    Its only action for noncompliance cannot be taken away, and a default of the tenant is for
    everybody: it takes no assignments.
    """
    content, assignments = wanted.content, wanted.assignments
    if policy_type.key in _COMPLIANCE and not _has_action(content) and _RULES in found.content:
        content = {**content, _RULES: found.content[_RULES]}
    if is_default(policy_type, found.content):
        assignments = found.assignments
    return Wanted(content, assignments)


def _has_action(content: Mapping[str, Any]) -> bool:
    return any(parts.rows(rule, _ACTIONS) for rule in parts.rows(content, _RULES))
