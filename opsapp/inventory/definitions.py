"""What Intune itself calls the settings of its catalog: learned once, the same in every tenant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import storable
from opsapp.extensions import db
from opsapp.models import (
    Policy,
    PolicySetting,
    PolicyVersion,
    SettingDefinition,
    SettingName,
)
from opsapp.models.setting import LONGEST_SETTING
from opsapp.models.upsert import insert_or_ignore

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

CATALOG = "configurationPolicies"
MOST_POLICIES = 40  # asked for definitions by one run: two exchanges
_EXPANDED = "settings?$expand=settingDefinitions&$top=1000"


def policies_to_ask(run_id: int) -> list[str]:
    """Graph ids of a few policies that together hold most of the settings without definition.

    Only policies that the run found new or changed count, so none is asked again and again.
    """
    lacking: dict[str, set[int]] = {}
    query = (
        sa.select(Policy.graph_id, PolicySetting.setting_id)
        .join(PolicySetting, PolicySetting.policy_id == Policy.id)
        .join(SettingName, SettingName.id == PolicySetting.setting_id)
        .join(
            PolicyVersion,
            sa.and_(
                PolicyVersion.policy_id == Policy.id,
                PolicyVersion.number == Policy.version,
                PolicyVersion.run_id == run_id,
            ),
        )
        .outerjoin(SettingDefinition, SettingDefinition.definition_id == SettingName.key)
        .where(
            Policy.collection == CATALOG,
            SettingDefinition.definition_id.is_(None),
            # Definitions have long names without spaces; properties of the policy do not.
            SettingName.key.like("%\\_%", escape="\\"),
        )
    )
    for graph_id, setting_id in db.session.execute(query):
        lacking.setdefault(graph_id, set()).add(setting_id)
    return _fewest(lacking)


def _fewest(lacking: dict[str, set[int]]) -> list[str]:
    """Each next one is the one that adds the most."""
    chosen: list[str] = []
    while lacking and len(chosen) < MOST_POLICIES:
        best = max(lacking, key=lambda graph_id: len(lacking[graph_id]))
        covered = lacking.pop(best)
        chosen.append(best)
        lacking = {key: rest for key, held in lacking.items() if (rest := held - covered)}
    return chosen


def ask(graph: "GraphClient", graph_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The definitions of the settings of these policies; of one that is refused there are none."""
    path = f"/deviceManagement/{CATALOG}"
    answers = graph.get_many({key: f"{path}/{key}/{_EXPANDED}" for key in graph_ids})
    for answer in answers.values():
        if answer.error is None and isinstance(answer.json, Mapping):
            for setting in answer.json.get("value") or ():
                definitions = setting.get("settingDefinitions") or ()
                yield from (one for one in definitions if isinstance(one, Mapping))


def keep(session: Session, definitions: Sequence[Mapping[str, Any]]) -> int:
    """Remembers them; returns how many there were."""
    rows = {str(one.get("id")): _row(one) for one in definitions if one.get("displayName")}
    ordered = [rows[key] for key in sorted(rows)]
    if ordered:
        session.execute(insert_or_ignore(session, SettingDefinition), ordered)
    for row in ordered:  # search speaks of settings by these names from now on
        named = sa.update(SettingName).where(SettingName.key == row["definition_id"])
        session.execute(named.values(label=row["label"][:LONGEST_SETTING]))
    return len(ordered)


def _row(definition: Mapping[str, Any]) -> dict[str, Any]:
    options = definition.get("options")
    return {
        "definition_id": storable(definition.get("id"), 400),
        "label": storable(definition["displayName"], 500),
        "description": storable(definition.get("description")),
        "options": {
            str(option["itemId"]): storable(option.get("displayName"), 500)
            for option in (options if isinstance(options, list) else ())
            if isinstance(option, Mapping) and option.get("itemId") and option.get("displayName")
        },
    }
