"""What a sync leaves behind, written straight into the database: policies, groups, states."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from opsapp.config import current_settings
from opsapp.database import utcnow
from opsapp.intune.catalogue import CATALOGUE
from opsapp.inventory.outcome import ReadObject
from opsapp.inventory.prepared import prepare
from opsapp.inventory.sealing import Sealer
from opsapp.inventory.store import CollectionStore
from opsapp.models import (
    CollectionState,
    Completeness,
    DirectoryGroup,
    PermissionState,
    Policy,
    PolicySetting,
    PolicyVersion,
    SettingDefinition,
    SettingName,
    Tenant,
    TenantPermission,
)
from opsapp.models.base import write

LONG_NAME = (
    "Windows: device control, removable storage, printers and Bluetooth, pilot ring of the north, "
    "phase two (do not edit this one)"
)
HOSTILE = (
    "<script>alert(1)</script>\"'&amp;",
    "سياسة الأمان للأجهزة المحمولة",
    LONG_NAME,
)
SETTINGS_CATALOG = "configurationPolicies"
_TYPE = "#microsoft.graph.deviceManagementConfiguration"


def graph_id(number: int) -> str:
    return str(uuid.UUID(int=(4 << 76) | (8 << 62) | number))


def choice(setting: str, chosen: str, *children: dict[str, Any]) -> dict[str, Any]:
    """A settings catalog instance: a choice."""
    return {
        "@odata.type": f"{_TYPE}ChoiceSettingInstance",
        "settingDefinitionId": setting,
        "choiceSettingValue": {"value": f"{setting}_{chosen}", "children": list(children)},
    }


def simple(setting: str, value: Any, kind: str = "String") -> dict[str, Any]:
    """A settings catalog instance: a text (``String``), a number, a ``Secret``."""
    return {
        "@odata.type": f"{_TYPE}SimpleSettingInstance",
        "settingDefinitionId": setting,
        "simpleSettingValue": {"@odata.type": f"{_TYPE}{kind}SettingValue", "value": value},
    }


def catalog(*instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The content of a settings catalog policy."""
    settings = [{"id": str(i), "settingInstance": one} for i, one in enumerate(instances)]
    return {"platforms": "windows10", "settings": settings} | more


def to_group(group: str, *, excluded: bool = False, filter_id: str | None = None) -> dict[str, Any]:
    kind = "exclusionGroup" if excluded else "group"
    return _assignment(kind, filter_id) | {
        "target": _assignment(kind, filter_id)["target"] | {"groupId": group}
    }


def to_all_devices(filter_id: str | None = None) -> dict[str, Any]:
    return _assignment("allDevices", filter_id)


def _assignment(kind: str, filter_id: str | None) -> dict[str, Any]:
    return {
        "id": "a",
        "target": {
            "@odata.type": f"#microsoft.graph.{kind}AssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": filter_id,
            "deviceAndAppManagementAssignmentFilterType": "include" if filter_id else "none",
        },
    }


@dataclass
class Inventory:
    """Writes rows for one tenant, each in a transaction and context of its own."""

    app: Flask
    tenant_id: int
    number: int = field(default=0)

    def policy(
        self,
        name: str = "Baseline",
        content: dict[str, Any] | None = None,
        assignments: Sequence[dict[str, Any]] = (),
        *,
        collection: str = SETTINGS_CATALOG,
        key: str | None = None,
        seen: timedelta = timedelta(minutes=5),
        gone: bool = False,
        run_id: int = 7,
    ) -> int:
        """Stores an object as a sync would, and returns its id; ``key`` again: a new version."""
        self.number += 1
        key = key or graph_id(self.number)
        kind = CATALOGUE[collection]
        whole = {"id": key, kind.name_property: name} | (content or {})
        now = utcnow() - seen
        with self.app.app_context(), write() as session:
            store = CollectionStore(self.tenant_id, kind, run_id, now)
            sealer = Sealer.of_installation(session, current_settings())
            read = ReadObject(key, whole, list(assignments))
            stored = store.save(session, [prepare(kind, read, sealer)])
            if gone:
                session.get_one(Policy, stored[0].policy_id).gone_at = utcnow()
            return stored[0].policy_id

    def group(self, name: str = "All staff", *, removed: bool = False, **values: Any) -> str:
        """Adds a group to the directory cache; returns its Graph id."""
        self.number += 1
        key = graph_id(self.number)
        defaults = {"security_enabled": True, "removed_at": utcnow() if removed else None}
        with self.app.app_context(), write() as session:
            session.add(
                DirectoryGroup(
                    tenant_id=self.tenant_id,
                    graph_id=key,
                    display_name=name,
                    **(defaults | values),
                )
            )
        return key

    def holds(self, policy_id: int, key: str, label: str) -> None:
        """Notes that the policy holds a setting, as a sync does for the latest version."""
        with self.app.app_context(), write() as session:
            name = session.scalar(sa.select(SettingName).where(SettingName.key == key))
            if name is None:
                name = SettingName(key=key, label=label)
                session.add(name)
                session.flush()
            session.merge(PolicySetting(policy_id=policy_id, setting_id=name.id))

    def define(self, key: str, label: str, options: dict[str, str] | None = None) -> None:
        """Adds what Intune says of a setting of the settings catalog."""
        with self.app.app_context(), write() as session:
            session.add(SettingDefinition(definition_id=key, label=label, options=options or {}))

    def version(self, policy_id: int, number: int, **values: Any) -> None:
        """Changes what is noted of a version: when it was seen, who changed it in the tenant."""
        with self.app.app_context(), write() as session:
            found = (PolicyVersion.policy_id == policy_id, PolicyVersion.number == number)
            row = session.scalars(sa.select(PolicyVersion).where(*found)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def change(self, policy_id: int, **values: Any) -> None:
        """Changes the policy's own row."""
        with self.app.app_context(), write() as session:
            row = session.get_one(Policy, policy_id)
            for name, value in values.items():
                setattr(row, name, value)

    def collection(
        self, key: str, completeness: Completeness | None = Completeness.COMPLETE, **values: Any
    ) -> None:
        at = utcnow() - timedelta(minutes=5)
        done = at if completeness == Completeness.COMPLETE else None
        defaults = {"object_count": 0, "attempted_at": at, "completed_at": done}
        with self.app.app_context(), write() as session:
            session.add(
                CollectionState(
                    tenant_id=self.tenant_id,
                    collection=key,
                    completeness=completeness,
                    **(defaults | values),
                )
            )

    def read_completely(self, objects: int = 10) -> None:
        """As after a sync without problems."""
        for key in CATALOGUE:
            self.collection(key, object_count=objects)

    def permission(self, name: str, *, missing: bool = False) -> None:
        state = PermissionState.MISSING if missing else PermissionState.GRANTED
        with self.app.app_context(), write() as session:
            session.add(
                TenantPermission(
                    tenant_id=self.tenant_id,
                    permission=name,
                    state=state,
                    needed_for="testing",
                    checked_at=utcnow(),
                )
            )

    def tenant(self, **values: Any) -> None:
        """Changes the tenant's own row."""
        with self.app.app_context(), write() as session:
            row = session.get_one(Tenant, self.tenant_id)
            for name, value in values.items():
                setattr(row, name, value)


def add_tenant(app: Flask, slug: str, name: str = "", **values: Any) -> Inventory:
    """Another tenant, of which nobody is a member."""
    with app.app_context(), write() as session:
        entra = str(uuid.uuid5(uuid.NAMESPACE_URL, slug))
        tenant = Tenant(slug=slug, name=name or slug.title(), entra_tenant_id=entra, **values)
        session.add(tenant)
        session.flush()
        return Inventory(app, tenant.id)
