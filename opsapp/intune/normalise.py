"""Two forms of an object: canonical (to store, exactly as Graph gave it) and normal (to compare).

Storage changes nothing but the order of members. The normal form leaves out what changes without
the policy changing, so that a re-read of an untouched object never looks like a new version:
annotations, dates, counters, members that are null or an empty list (as good as absent), ids of the
rows of a part, and the order of sets.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

# Properties the service moves by itself, or that say nothing about the policy.
_VOLATILE = frozenset(
    {
        "createdDateTime",
        "lastModifiedDateTime",
        "modifiedDateTime",
        "version",
        "settingCount",
        "isAssigned",
        "deployedAppCount",
        "deploymentSummary",
        "supportsScopeTags",
    }
)
_ENVELOPE = "@odata.context"
# Lists whose order means nothing. Of those that are parts of an object, rows are known by what they
# hold: their ids are the service's own.
SETS = frozenset(
    {
        "roleScopeTagIds",
        "roleScopeTags",
        "allowedResourceActions",
        "notAllowedResourceActions",
        "members",
        "resourceScopes",
        "scopeMembers",
    }
)
PARTS = frozenset(
    {
        "settings",
        "children",
        "apps",
        "scheduledActionsForRule",
        "scheduledActionConfigurations",
        "localizedNotificationMessages",
        "definitionValues",
        "presentationValues",
        "relationships",
        "items",
        "categories",
    }
)
DEFAULTS: tuple[Any, ...] = (None, [], False, 0, "", "notConfigured", "none", "deviceDefault")
# Made once: ``json.dumps`` would make one for each of the many small values that are sorted.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def without_envelope(content: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its ``@odata.context``, which describes the answer, not the object."""
    return {key: value for key, value in content.items() if key != _ENVELOPE}


def canonical(content: Any) -> bytes:
    """The stored form: JSON in ASCII (so that any text survives), members sorted, no spaces."""
    return canonical_text(content).encode("ascii")


def canonical_text(content: Any) -> str:
    """The stored form as text."""
    return _ENCODER.encode(content)


def sha256_of(encoded: bytes) -> str:
    return hashlib.sha256(encoded).hexdigest()


def normal_form(value: Any, name: str = "", noise: Collection[str] = ()) -> Any:
    """The comparable form of content or assignments, at any depth.

    ``noise`` are further members that the service moves by itself in objects of this type.
    """
    if isinstance(value, dict):
        return _normal_object(value, noise)
    if isinstance(value, list):
        members = [normal_form(member, noise=noise) for member in value]
        if name in PARTS:
            members = [_without_id(member) for member in members]
        return sorted(members, key=canonical) if name in PARTS | SETS else members
    return value


def _normal_object(value: Mapping[str, Any], noise: Collection[str]) -> dict[str, Any]:
    found = {}
    for key, member in value.items():
        if is_noise(key) or key in noise:
            continue
        # Most members are simple: a call for each of them is most of the time that this takes.
        form = normal_form(member, key, noise) if isinstance(member, dict | list) else member
        if form is not None and form != []:
            found[key] = form
    return found


def _without_id(member: Any) -> Any:
    """A row of a part: its own id is the service's; what it points to stays."""
    if not isinstance(member, Mapping):
        return member
    return {key: value for key, value in member.items() if key != "id"}


def without_new_defaults(content: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The content without members that an earlier one does not have, where they say nothing.

    The service learns new properties all the time and then shows each object with their defaults.
    """
    return {
        name: value
        for name, value in content.items()
        if name in before or isinstance(value, dict) or value not in DEFAULTS
    }


def comparison_hash(
    content: Mapping[str, Any], assignments: Sequence[Any], noise: Collection[str] = ()
) -> str:
    """Equal exactly when neither content nor assignments changed in substance."""
    return sha256_of(canonical([normal_form(content, noise=noise), _as_set(assignments)]))


def same_assignments(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two sets of assignments mean the same: neither order nor ids count."""
    return _as_set(ones) == _as_set(others)


def _as_set(assignments: Sequence[Any]) -> list[Any]:
    return sorted((_without_id(normal_form(one)) for one in assignments), key=canonical)


@lru_cache(maxsize=8192)
def is_noise(key: str) -> bool:
    """Annotations are noise, except the type of an object."""
    if key == "@odata.type":
        return False
    return key in _VOLATILE or "@odata." in key or key.startswith("#")
