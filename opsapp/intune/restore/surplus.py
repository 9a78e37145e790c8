"""What an object of the target has besides: members that say something where the source has none.

A value of the service's own defaults says nothing. A source that was not read whole, as one that
was imported without its dates, tells nothing by what it does not mention.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from opsapp.intune.normalise import DEFAULTS, is_noise
from opsapp.intune.restore.bodies import is_mask, is_open_secret

_DATES: Final = ("createdDateTime", "lastModifiedDateTime", "modifiedDateTime")
_NEVER_CLEARED: Final = frozenset({"roleScopeTagIds", "roleScopeTags"})


def is_whole(content: Mapping[str, Any]) -> bool:
    """Whether the content was read from the service, which then mentions every member."""
    return any(content.get(name) for name in _DATES)


def surplus(wanted: Mapping[str, Any], found: Mapping[str, Any], *, whole: bool) -> list[str]:
    """Top members to clear, or to send again so that something within them is cleared.

    Both are bodies: without what the service owns.
    """
    return sorted({name for name in found if _has_more(name, wanted, found, whole=whole)})


def _has_more(
    name: str, wanted: Mapping[str, Any], found: Mapping[str, Any], *, whole: bool
) -> bool:
    ours, theirs = wanted.get(name), found[name]
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return any(_within(ours, theirs, whole=whole))
    if ours is not None or (name not in wanted and not whole) or name in _NEVER_CLEARED:
        return False
    return not isinstance(theirs, bool) and _says(name, theirs)


def _within(ours: Mapping[str, Any], theirs: Mapping[str, Any], *, whole: bool) -> Iterator[bool]:
    for name, value in theirs.items():
        mine = ours.get(name)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
            yield from _within(mine, value, whole=whole)
        elif mine is None and (name in ours or whole):
            yield _says(name, value)


def _says(name: str, value: Any) -> bool:
    if "@" in name or name == "id" or name.endswith("DateTime") or is_noise(name):
        return False
    if isinstance(value, Mapping):
        return any(_says(key, member) for key, member in value.items())
    return not (value in DEFAULTS or is_mask(value) or is_open_secret(value))


def cleared(name: str, found: Mapping[str, Any]) -> Any:
    """What is sent to clear a member."""
    return [] if isinstance(found.get(name), list) else None
