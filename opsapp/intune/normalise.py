"""Two forms of an object: canonical (to store, exactly as Graph gave it) and normal (to compare).

Storage changes nothing but the order of members. The normal form leaves out what changes without
the policy changing, so that a re-read of an untouched object never looks like a new version.
"""

import hashlib
import json
from collections.abc import Mapping
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
_SET_LIKE = frozenset({"roleScopeTagIds", "roleScopeTags"})


def without_envelope(content: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its ``@odata.context``, which describes the answer, not the object."""
    return {key: value for key, value in content.items() if key != _ENVELOPE}


def canonical(content: Any) -> bytes:
    """The stored form: JSON in ASCII (so that any text survives), members sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def sha256_of(encoded: bytes) -> str:
    return hashlib.sha256(encoded).hexdigest()


def normal_form(value: Any, name: str = "") -> Any:
    """The comparable form of content or assignments, at any depth."""
    if isinstance(value, Mapping):
        return {
            key: normal_form(member, key)
            for key, member in value.items()
            if key not in _VOLATILE and _is_part_of_object(key)
        }
    if isinstance(value, list):
        members = [normal_form(member) for member in value]
        return sorted(members, key=canonical) if name in _SET_LIKE else members
    return value


def comparison_hash(content: Mapping[str, Any], assignments: list[Any]) -> str:
    """Equal exactly when neither content nor assignments changed in substance.

    Assignments are a set: neither their order nor their ids count.
    """
    targets = [
        normal_form({key: value for key, value in assignment.items() if key != "id"})
        for assignment in assignments
    ]
    return sha256_of(canonical([normal_form(content), sorted(targets, key=canonical)]))


def _is_part_of_object(key: str) -> bool:
    """Annotations are noise, except the type of an object."""
    return key == "@odata.type" or not ("@odata." in key or key.startswith("#"))
