"""Which settings the latest versions of policies hold: kept beside them, for search."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable
from opsapp.models import PolicySetting, SettingName
from opsapp.models.setting import LONGEST_SETTING
from opsapp.models.upsert import insert_or_ignore

Settings = Mapping[str, str]  # labels by key


def index_settings(session: Session, by_policy: Mapping[int, Settings]) -> None:
    """Replaces what is known of these policies."""
    if not by_policy:
        return
    ids = _ids(session, {key: label for held in by_policy.values() for key, label in held.items()})
    session.execute(sa.delete(PolicySetting).where(PolicySetting.policy_id.in_(by_policy)))
    rows = [
        {"policy_id": policy_id, "setting_id": setting_id}
        for policy_id, held in by_policy.items()
        for setting_id in sorted({ids[_clean(key)] for key in held})
    ]
    if rows:
        session.execute(sa.insert(PolicySetting), rows)


def _ids(session: Session, labels: Settings) -> dict[str, int]:
    """The ids of settings by key; new ones are added, in an order that two runs share."""
    wanted = {_clean(key): _clean(label) for key, label in labels.items()}
    known = _known(session, wanted)
    new = sorted(wanted.keys() - known.keys())
    if new:
        rows = [{"key": key, "label": wanted[key]} for key in new]
        session.execute(insert_or_ignore(session, SettingName), rows)
        known |= _known(session, dict.fromkeys(new, ""))
    return known


def _known(session: Session, keys: Settings) -> dict[str, int]:
    query = sa.select(SettingName.key, SettingName.id).where(SettingName.key.in_(keys))
    return {row.key: row.id for row in session.execute(query)}


def _clean(text: str) -> str:
    return storable(text, LONGEST_SETTING)
