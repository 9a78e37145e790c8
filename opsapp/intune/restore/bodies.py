"""Bodies: an object without what the service owns, and what of it a change has to send."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.catalogue.row import STRIPPED_EVERYWHERE
from opsapp.intune.normalise import normal_form
from opsapp.intune.secrets import is_sealed

BASE64: Final = "|base64"  # after a seal: what is sent is the secret in base64
_MASK = re.compile(r"[*•●]+")
_TARGET: Final = ("groupId", "collectionId")
_FILTER: Final = ("deviceAndAppManagementAssignmentFilterId",
                  "deviceAndAppManagementAssignmentFilterType")  # fmt: skip
_NO_FILTER: Final = {"deviceAndAppManagementAssignmentFilterId": None,
                     "deviceAndAppManagementAssignmentFilterType": "none"}  # fmt: skip
_ZERO: Final = "00000000-0000-0000-0000-000000000000"
# Types whose assignments take no filters: a body with one is refused.
_WITHOUT_FILTERS: Final = frozenset(
    {"windowsAutopilotDeploymentProfiles", "termsAndConditions", "roleScopeTags"}
)


def clean(value: Any) -> Any:
    """A copy without annotations, at any depth; types of objects and bindings stay."""
    if isinstance(value, Mapping):
        return {name: clean(member) for name, member in value.items() if _is_sent(name)}
    if isinstance(value, list):
        return [clean(member) for member in value]
    return value


def _is_sent(name: str) -> bool:
    if name.startswith("#"):
        return False
    return "@" not in name or name == "@odata.type" or name.endswith("@odata.bind")


def without_members(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def writable(policy_type: PolicyType, content: Mapping[str, Any]) -> dict[str, Any]:
    """The object's own members that a creation may carry: parts and what the service owns apart."""
    owned = {
        *STRIPPED_EVERYWHERE,
        *policy_type.writing.strip,
        *(part.name for part in (*policy_type.parts, *policy_type.more_parts(content))),
        *(name for name in policy_type.noise),
    }
    return {name: value for name, value in clean(content).items() if name not in owned}


def changed(
    policy_type: PolicyType,
    wanted: Mapping[str, Any],
    found: Mapping[str, Any],
    fixed: Collection[str] = (),
) -> dict[str, Any]:
    """Of ``wanted`` what differs from ``found`` and may be changed; empty when nothing does."""
    fixed = {*policy_type.writing.strip_on_update, *fixed, "@odata.type"}
    return {
        name: value
        for name, value in wanted.items()
        if name not in fixed and not same(name, value, found.get(name))
    }


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a member mean the same: no value is as good as an empty list."""
    forms = [normal_form(clean(value), name) for value in (one, other)]
    ours, theirs = [None if form == [] else form for form in forms]
    return bool(ours == theirs)


def assignment_body(policy_type: PolicyType, assignment: Mapping[str, Any]) -> dict[str, Any]:
    """One assignment as it is sent: without its id and where it came from."""
    row = clean(without_members(assignment, "id", "source", "sourceId"))
    target = dict(row.get("target") or {})
    is_exclusion = str(target.get("@odata.type") or "").endswith("exclusionGroupAssignmentTarget")
    if policy_type.key in _WITHOUT_FILTERS:
        target = without_members(target, *_FILTER)
    elif is_exclusion or target.get(_FILTER[0]) in (None, "", _ZERO):
        target = {**target, **_NO_FILTER}
    target = {k: v for k, v in target.items() if v is not None or k not in _TARGET}
    return {**row, "target": target}


def own_assignments(assignments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those that are the object's own: not what it is reached by through a policy set."""
    return [dict(one) for one in assignments if one.get("source") != "policySets"]


def is_mask(value: Any) -> bool:
    """Whether the service shows this in place of a secret."""
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def is_open_secret(value: Any) -> bool:
    """A secret that we hold and can send."""
    return is_sealed(value)
