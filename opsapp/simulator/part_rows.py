"""Rows of navigation collections in the form Graph gives them."""

import hashlib
import re
from typing import Any

from opsapp.exports.minimal import minimal
from opsapp.simulator import group_policy
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.moments import stamp
from opsapp.simulator.state import StoredObject, Tenant, stable_id

Row = dict[str, Any]
_ZERO = "00000000-0000-0000-0000-000000000000"


def shape(
    tenant: Tenant, collection: Collection, item: StoredObject, name: str, raw: list[Any]
) -> list[Row]:
    """Ids and defaults filled in; whatever else a row carries stays."""
    if name == "definitionValues":
        return [group_policy.admit(tenant, item, row) for row in raw]
    rows: list[Row] = minimal(raw)
    if name == "settings" and collection.put_parts:
        return [_instance(row, at) for at, row in enumerate(rows)]
    if name == "relationships":
        return [_relationship(tenant, item, row) for row in rows]
    if name == "categories":
        return [_category(tenant, row) for row in rows]
    make = _MAKERS.get(name)
    if make is not None:
        return [make(item, row, at) for at, row in enumerate(rows)]
    return [_with_id(item, name, row, at) for at, row in enumerate(rows)]


def _category(tenant: Tenant, row: Row) -> Row:
    """A category is an object of its own, which the tenant has if an app is in it."""
    known = tenant.collection("mobileAppCategories")
    name, identity = row.get("displayName"), row.get("id")
    found = next(
        (
            item
            for item in known.values()
            if item.id == identity or (not identity and item.content.get("displayName") == name)
        ),
        None,
    )
    if found is None:
        identity = identity or stable_id(tenant.id, "mobileAppCategories", str(row))
        moment = stamp(identity)
        content = {"id": identity, "displayName": name, "lastModifiedDateTime": moment}
        found = known[identity] = StoredObject(identity, content)
    return {"id": found.id, **row}


def _with_id(item: StoredObject, name: str, row: Row, at: int) -> Row:
    kind = {"@odata.type": row["@odata.type"]} if "@odata.type" in row else {}
    return kind | {"id": row.get("id") or stable_id(item.id, name, str(at))} | row


def _instance(row: Row, at: int) -> Row:
    return {"id": str(at)} | row | {"id": row.get("id", str(at))}


def _setting(item: StoredObject, row: Row, at: int) -> Row:
    """A setting of an intent or of an app configuration."""
    kind = {"@odata.type": row["@odata.type"]} if "@odata.type" in row else {}
    identity = row.get("id") or stable_id(item.id, "setting", str(row.get("definitionId", at)))
    return kind | {"id": identity} | row


def _relationship(tenant: Tenant, item: StoredObject, row: Row) -> Row:
    target = tenant.collection("mobileApps").get(str(row.get("targetId")))
    shown = target.content if target else {}
    return {
        "@odata.type": row.get("@odata.type", "#microsoft.graph.mobileAppDependency"),
        "id": row.get("id") or f"{item.id}_{row.get('targetId')}",
        "targetId": row.get("targetId"),
        "targetDisplayName": shown.get("displayName"),
        "targetType": "child",
        "sourceId": item.id,
        "sourceDisplayName": item.content.get("displayName"),
        **{key: value for key, value in row.items() if key not in ("@odata.type", "id")},
    }


def _set_item(item: StoredObject, row: Row, at: int) -> Row:
    stamped = {
        "createdDateTime": stamp(item.id),
        "lastModifiedDateTime": stamp(item.id),
        "status": "success",
        "errorCode": "noError",
    }
    kind = {"@odata.type": row["@odata.type"]} if "@odata.type" in row else {}
    identity = row.get("id") or stable_id(item.id, "item", str(row.get("payloadId", at)))
    return kind | {"id": identity} | stamped | row


def _app(_: StoredObject, row: Row, __: int) -> Row:
    identifier = row.get("mobileAppIdentifier") or {}
    name = identifier.get("bundleId") or identifier.get("packageId") or "app"
    android = str(identifier.get("@odata.type", "")).endswith("androidMobileAppIdentifier")
    identity = row.get("id") or f"{name}.{'android' if android else 'ios'}"
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4], "big", signed=True)
    return {
        "id": identity,
        "version": row.get("version") or str(number),
        "mobileAppIdentifier": identifier,
    }


def _rule(item: StoredObject, row: Row, at: int) -> Row:
    object_id = item.id
    identity = object_id if at == 0 else stable_id(object_id, "rule", str(at))
    actions = [
        {
            "id": action.get("id") or stable_id(object_id, "action", str(at), str(number)),
            "gracePeriodHours": action.get("gracePeriodHours", 0),
            "actionType": action.get("actionType", "block"),
            "notificationTemplateId": action.get("notificationTemplateId") or _ZERO,
            "notificationMessageCCList": action.get("notificationMessageCCList") or [],
        }
        for number, action in enumerate(row.get("scheduledActionConfigurations") or [])
    ]
    return {
        "id": identity,
        "ruleName": row.get("ruleName"),
        "scheduledActionConfigurations": actions,
    }


def _message(item: StoredObject, row: Row, _: int) -> Row:
    locale = re.sub(r"[^a-z0-9-]", "", str(row.get("locale", "en-us")).lower())
    if row.get("isDefault") and not item.content.get("defaultLocale"):
        item.content["defaultLocale"] = locale
    return {
        "id": row.get("id") or f"{item.id}_{locale}",
        "lastModifiedDateTime": row.get("lastModifiedDateTime") or stamp(f"{item.id}_{locale}"),
        "locale": locale,
        "subject": row.get("subject", ""),
        "messageTemplate": row.get("messageTemplate", ""),
        "isDefault": bool(row.get("isDefault")),
    }


_MAKERS = {
    "settings": _setting,
    "apps": _app,
    "scheduledActionsForRule": _rule,
    "localizedNotificationMessages": _message,
    "items": _set_item,
}
