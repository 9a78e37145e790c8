"""Conditional Access: in what state a policy is restored, and what would lock people out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from opsapp.intune.restore.notes import EMPTIED, LEFT_OUT, WIDENED
from opsapp.intune.restore.plan import Note
from opsapp.intune.restore.references import Path
from opsapp.intune.setting import is_guid

KEY: Final = "conditionalAccessPolicies"
ENABLED: Final = "enabled"
DISABLED: Final = "disabled"
_STATES: Final = (DISABLED, "enabledForReportingButNotEnforced", ENABLED)
_USERS: Final = ("includeUsers", "excludeUsers")
# Conditions that must say something: without it they would hold for everybody or everything.
_INCLUDES: Final = (
    ("users", ("includeUsers", "includeGroups", "includeRoles", "includeGuestsOrExternalUsers")),
    ("locations", ("includeLocations",)),
    (
        "applications",
        (
            "includeApplications",
            "includeUserActions",
            "includeAuthenticationContextClassReferences",
            "applicationFilter",
            "globalSecureAccess",
        ),
    ),
)
_GRANTS: Final = ("builtInControls", "customAuthenticationFactors", "termsOfUse",
                  "authenticationStrength")  # fmt: skip


def state_to_be(content: Any, chosen: str | None, found: Any) -> tuple[Any, list[Note]]:
    """The state to restore, and what is to be said of it.

    ``chosen`` by a person, never more than the backup has. Without it nothing takes effect that
    does not, and nothing that is enforced stops to be. ``found``: the target's own; None: it is
    created.
    """
    if chosen in _STATES and content in _STATES:
        return min(content, chosen, key=_STATES.index), []
    if found == ENABLED and content != ENABLED:
        message = "It is enabled in the target and stays so: choose a state to change that."
        return found, [Note("access.state_kept", message)]
    if content == ENABLED:
        return (DISABLED if found is None else found), []
    return content, []


def foreign_users(content: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Where users are named by ids: these mean nobody in another tenant."""
    users = _part(content, "users")
    for name in _USERS:
        for at, one in enumerate(users.get(name) or []):
            if isinstance(one, str) and is_guid(one):
                yield ("conditions", "users", name, at), one


def judged(before: Mapping[str, Any], after: Mapping[str, Any], gone: set[Path]) -> list[Note]:
    """What stands against leaving out these places: ``WIDENED`` and ``EMPTIED`` block."""
    notes = []
    if any(not _is_include(path) for path in gone):
        enabled = after.get("state") == ENABLED
        message = "Without what is left out it reaches others, or asks less, than before."
        if enabled:
            message = f"{message[:-1]}, and it is enabled."
        notes.append(Note(WIDENED if enabled else LEFT_OUT, message))
    if any(path[:3] in {("conditions", "users", name) for name in _USERS} for path in gone) and (
        after.get("state") == ENABLED
    ):
        notes.append(Note(WIDENED, "It names users of another tenant, and it is enabled."))
    notes += [
        Note(EMPTIED, f"Nothing would be left of its {name}.")
        for name, members in _INCLUDES
        if _says(_part(before, name), members) and not _says(_part(after, name), members)
    ]
    controls = [one.get("grantControls") or {} for one in (before, after)]
    if _says(controls[0], _GRANTS) and not _says(controls[1], _GRANTS):
        notes.append(Note(EMPTIED, "Nothing would be left of what it asks for."))
    return notes


def _is_include(path: Path) -> bool:
    return path[0] == "conditions" and any(str(step).startswith("include") for step in path)


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = (content.get("conditions") or {}).get(name)
    return part if isinstance(part, Mapping) else {}


def _says(part: Mapping[str, Any], members: tuple[str, ...]) -> bool:
    return any(part.get(name) not in (None, [], ["None"]) for name in members)


def risks(wanted: Mapping[str, Any], *, is_new: bool) -> list[Note]:
    """What a person must know before such a policy is written."""
    state = wanted.get("state")
    if state != ENABLED:
        if is_new and state == DISABLED:
            return [Note("access.disabled", "It is restored disabled: enable it when it is safe.")]
        return []
    users = _part(wanted, "users")
    controls = (wanted.get("grantControls") or {}).get("builtInControls") or []
    notes = [Note("access.enabled", "It takes effect at once.")]
    excludes = [*(users.get("excludeUsers") or []), *(users.get("excludeGroups") or [])]
    if "All" in (users.get("includeUsers") or []) and not excludes:
        what = "blocks" if "block" in controls else "reaches"
        message = f"It {what} all users without an exclusion: it can lock everybody out."
        notes.append(Note("access.lock_out", message))
    return notes
