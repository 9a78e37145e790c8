"""In which order objects are written: what others need comes first."""

from collections.abc import Iterable, Mapping
from typing import Final

from opsapp.intune.restore.plan import GROUPS

Key = tuple[str, str]  # collection, source id

_FIRST: Final = (
    GROUPS,
    "roleScopeTags",
    "assignmentFilters",
    "roleDefinitions",
    "notificationMessageTemplates",
    "mobileAppCategories",
    "deviceCategories",
    "groupPolicyUploadedDefinitionFiles",
    "namedLocations",
    "authenticationStrengthPolicies",
    "authenticationContextClassReferences",
    "agreements",
    "reusablePolicySettings",
    "mobileApps",
    "deviceComplianceScripts",
    "deviceManagementScripts",
)
_LAST: Final = ("roleAssignments", "policySets", "conditionalAccessPolicies")
_MIDDLE: Final = len(_FIRST)
_RANK: Final[Mapping[str, int]] = {
    **{key: at for at, key in enumerate(_FIRST)},
    **{key: _MIDDLE + 1 + at for at, key in enumerate(_LAST)},
}


def ordered(needs: Mapping[Key, Iterable[Key]]) -> list[Key]:
    """All keys, each after what it needs; else by rank of their type, then as given.

    What needs each other in a circle keeps its rank: late steps link it.
    """
    places = {key: at for at, key in enumerate(needs)}

    def rank(key: Key) -> tuple[int, int]:
        return _RANK.get(key[0], _MIDDLE), places[key]

    done: dict[Key, None] = {}
    open_: set[Key] = set()

    def put(key: Key) -> None:
        if key in done or key in open_ or key not in needs:
            return
        open_.add(key)
        for needed in sorted((one for one in needs[key] if one in needs), key=rank):
            put(needed)
        open_.discard(key)
        done[key] = None

    for key in sorted(needs, key=rank):
        put(key)
    return list(done)
