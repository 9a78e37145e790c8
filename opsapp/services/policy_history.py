"""Since when a setting of a policy has had its value, from the versions that were seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from opsapp.extensions import db
from opsapp.intune.flat import FlatSetting, flat_settings
from opsapp.intune.pairing import paired
from opsapp.intune.setting import Entry
from opsapp.models import Policy, PolicyVersion
from opsapp.services.definitions import definitions_in
from opsapp.services.policies import VersionLine, versions_of

MOST_VERSIONS = 200
_AT_ONCE = 25


@dataclass(frozen=True)
class Span:
    """A value over neighbouring versions: from ``first`` on, last seen in ``last``.

    ``setting`` is None while the policy did not hold the setting.
    """

    setting: FlatSetting | None
    first: VersionLine
    last: VersionLine


@dataclass(frozen=True)
class History:
    """``spans``, newest first; ``setting`` as it was last seen, None when it never was.

    ``is_whole`` is false where older versions were left unread.
    """

    spans: list[Span]
    setting: FlatSetting | None
    is_whole: bool


def history_of(policy: Policy, key: str) -> History:
    """Follows the setting of ``key`` back from the newest version that holds it.

    The entry of a list stays the same setting while it moves within the list.
    """
    lines, has_older = versions_of(policy, limit=MOST_VERSIONS)
    spans: list[Span] = []
    seen: FlatSetting | None = None
    for line, setting in zip(lines, _followed(policy, lines, key), strict=True):
        seen = seen or setting
        if spans and _same(spans[-1].setting, setting):
            spans[-1] = Span(spans[-1].setting, line, spans[-1].last)
        else:
            spans.append(Span(setting, line, line))
    return History(spans, seen, is_whole=not has_older)


def _same(one: FlatSetting | None, other: FlatSetting | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.exact == other.exact


def _followed(policy: Policy, lines: list[VersionLine], key: str) -> Iterator[FlatSetting | None]:
    """The setting in each version, newest first."""
    current: FlatSetting | None = None
    later: list[FlatSetting] = []
    sha, definitions = "", None
    for version in _versions(policy, lines):
        if version.content_sha256 != sha:
            sha, content = version.content_sha256, version.content.content
            definitions = definitions_in(content) if definitions is None else definitions
            here = flat_settings(content, definitions)
            current = _predecessor(current, later, here, key)
            later = here
        yield current


def _versions(policy: Policy, lines: list[VersionLine]) -> Iterator[PolicyVersion]:
    """The versions of ``lines`` with their contents, some at a time."""
    for start in range(0, len(lines), _AT_ONCE):
        numbers = [line.number for line in lines[start : start + _AT_ONCE]]
        query = (
            sa.select(PolicyVersion)
            .where(PolicyVersion.policy_id == policy.id, PolicyVersion.number.in_(numbers))
            .order_by(PolicyVersion.number.desc())
            .options(joinedload(PolicyVersion.content))
        )
        yield from db.session.scalars(query)


def _predecessor(
    current: FlatSetting | None,
    later: list[FlatSetting],
    here: list[FlatSetting],
    key: str,
) -> FlatSetting | None:
    """What ``current``, of the version after, was in this one."""
    if current is None:
        return next((one for one in here if one.key == key), None)
    same = next((one for one in here if one.key == current.key), None)
    if not any(isinstance(step, Entry) for step in current.steps):
        return same
    return next((was for was, now in paired(here, later) if now is current), None)
