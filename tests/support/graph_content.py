"""Objects to put into simulated tenants, and what became of them in the database."""

from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRunItem, Policy, PolicyVersion

GROUP_TARGET = "#microsoft.graph.groupAssignmentTarget"


def wifi(name: str, **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
        "displayName": name,
        "ssid": "Office",
        **members,
    }


def catalog_policy(name: str, settings: int = 1, **members: Any) -> dict[str, Any]:
    instance = "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance"
    value = "#microsoft.graph.deviceManagementConfigurationStringSettingValue"
    return {
        "name": name,
        "platforms": "windows10",
        "technologies": "mdm",
        "settings": [
            {
                "id": str(number),
                "settingInstance": {
                    "@odata.type": instance,
                    "settingDefinitionId": f"device_vendor_example_{number}",
                    "simpleSettingValue": {"@odata.type": value, "value": f"value {number}"},
                },
            }
            for number in range(settings)
        ],
        **members,
    }


def to_group(group_id: str) -> dict[str, Any]:
    return {"target": {"@odata.type": GROUP_TARGET, "groupId": group_id}}


def items_of(run_id: int) -> dict[str, OperationRunItem]:
    rows = db.session.scalars(sa.select(OperationRunItem).where(OperationRunItem.run_id == run_id))
    return {item.key: item for item in rows}


def policy_named(name: str) -> Policy:
    return db.session.scalars(sa.select(Policy).where(Policy.name == name)).one()


def current(policy: Policy) -> PolicyVersion:
    return db.session.scalars(
        sa.select(PolicyVersion).where(
            PolicyVersion.policy_id == policy.id, PolicyVersion.number == policy.version
        )
    ).one()


def versions_of(policy: Policy) -> list[PolicyVersion]:
    query = sa.select(PolicyVersion).where(PolicyVersion.policy_id == policy.id)
    return list(db.session.scalars(query.order_by(PolicyVersion.number)))
