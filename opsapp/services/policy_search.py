"""What a text typed into a list of policies may mean besides their names: settings and groups.

The text is first looked up where there are few rows, in the names of settings and of groups; no
content of a policy is ever read for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.intune.setting import is_guid
from opsapp.models import (
    DirectoryGroup,
    Policy,
    PolicyAssignment,
    PolicySetting,
    SettingName,
    Tenant,
    User,
)
from opsapp.models.conditions import Condition
from opsapp.permissions import tenants_of

MOST_LOOKED_UP = 200
SHORTEST_TEXT = 3
_EXCLUDED = "exclusionGroup"


@dataclass(frozen=True)
class Scope:
    """Whose policies: of one tenant, of the tenants where a person may do ``word``, or of all.

    ``user`` None is the system.
    """

    tenant: Tenant | None = None
    user: User | None = None
    word: str = "tenant.view"

    def within(self, column: sa.ColumnElement[int]) -> list[Condition]:
        """The condition on a tenant's id."""
        if self.tenant is not None:
            return [column == self.tenant.id]
        if self.user is None or (self.user.is_admin and self.user.is_active):
            return []
        return [column.in_(tenants_of(self.user, self.word).with_only_columns(Tenant.id))]


@dataclass(frozen=True)
class Meaning:
    """``settings`` are labels by id in ``setting_names``, ``groups`` names by Graph id."""

    settings: dict[int, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why a policy was found: by a setting it holds, or by a group it names."""

    text: str
    is_group: bool = False
    is_excluded: bool = False


def settings_like(text: str) -> dict[int, str]:
    """Settings by key, else those that have ``text`` in key or label."""
    columns = sa.select(SettingName.id, SettingName.label)
    exact = columns.where(SettingName.key == text)
    found = {row.id: row.label for row in db.session.execute(exact)}
    if found or len(text) < SHORTEST_TEXT:
        return found
    parts = (SettingName.label, SettingName.key)
    like = sa.or_(*(part.icontains(text, autoescape=True) for part in parts))
    return {
        row.id: row.label for row in db.session.execute(columns.where(like).limit(MOST_LOOKED_UP))
    }


def groups_like(text: str, scope: Scope) -> dict[str, str]:
    """Groups of the scope's tenants by Graph id, or by a part of their name.

    An id is taken as it is: assignments may name groups that the directory cache does not know.
    """
    columns = sa.select(DirectoryGroup.graph_id, DirectoryGroup.display_name).where(
        *scope.within(DirectoryGroup.tenant_id.expression)
    )
    if is_guid(text):
        known = db.session.execute(columns.where(DirectoryGroup.graph_id == text)).first()
        return {text: known.display_name if known else text}
    if len(text) < SHORTEST_TEXT:
        return {}
    like = DirectoryGroup.display_name.icontains(text, autoescape=True)
    rows = db.session.execute(columns.where(like).limit(MOST_LOOKED_UP))
    return {row.graph_id: row.display_name for row in rows}


def holds(settings: dict[int, str], scope: Scope) -> Condition:
    """Policies whose latest version holds one of the settings."""
    column = PolicySetting.policy_id.expression
    return _some(column, PolicySetting.setting_id.in_(settings), scope) if settings else sa.false()


def targets(groups: dict[str, str], scope: Scope) -> Condition:
    """Policies with an assignment that names one of the groups."""
    column = PolicyAssignment.policy_id.expression
    return _some(column, PolicyAssignment.group_id.in_(groups), scope) if groups else sa.false()


def _some(policy_id: sa.ColumnElement[int], fits: Condition, scope: Scope) -> Condition:
    """Policies with a row that fits: looked up from the few of a tenant, or for all at once."""
    if scope.tenant is not None:
        return sa.exists().where(policy_id == Policy.id, fits).correlate(Policy)
    return Policy.id.in_(sa.select(policy_id).where(fits))


def reasons_of(policies: Sequence[Policy], meaning: Meaning) -> dict[int, list[Reason]]:
    """For each of a page of policies, why it was found; in two queries at most."""
    ids = [policy.id for policy in policies]
    found: dict[int, list[Reason]] = {}
    if ids and meaning.groups:
        query = sa.select(
            PolicyAssignment.policy_id, PolicyAssignment.group_id, PolicyAssignment.target
        ).where(PolicyAssignment.policy_id.in_(ids), PolicyAssignment.group_id.in_(meaning.groups))
        for policy_id, group_id, target in db.session.execute(query.order_by(PolicyAssignment.id)):
            name = meaning.groups[group_id or ""]
            _add(found, policy_id, Reason(name, is_group=True, is_excluded=target == _EXCLUDED))
    if ids and meaning.settings:
        held = sa.select(PolicySetting.policy_id, PolicySetting.setting_id).where(
            PolicySetting.policy_id.in_(ids), PolicySetting.setting_id.in_(meaning.settings)
        )
        for row in db.session.execute(held.order_by(PolicySetting.setting_id)):
            _add(found, row.policy_id, Reason(meaning.settings[row.setting_id]))
    return found


def _add(found: dict[int, list[Reason]], policy_id: int, reason: Reason) -> None:
    known = found.setdefault(policy_id, [])
    if reason not in known:
        known.append(reason)
