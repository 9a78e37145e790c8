"""What every tenant knows: templates of policies. Seen once, known from then on."""

from typing import Any

from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.state import StoredObject, Tenant, stable_id


def learn(tenant: Tenant, collection: Collection, item: StoredObject) -> None:
    """Remember the template behind a policy: the service offers the same ones to every tenant."""
    if collection.key == "configurationPolicies":
        reference = item.content.get("templateReference") or {}
        if reference.get("templateId"):
            _learn_policy_template(tenant, item, reference)
    elif collection.key == "intents" and item.content.get("templateId"):
        _learn_intent_template(tenant, item)


def _learn_policy_template(tenant: Tenant, item: StoredObject, reference: dict[str, Any]) -> None:
    known = tenant.collection("configurationPolicyTemplates")
    identity = str(reference["templateId"])
    rows = [
        {
            "id": str(at),
            "settingInstanceTemplate": {
                "settingDefinitionId": instance.get("settingDefinitionId"),
                **(instance.get("settingInstanceTemplateReference") or {}),
            },
        }
        for at, row in enumerate(item.children.get("settings", []))
        for instance in [row.get("settingInstance") or {}]
    ]
    stored = known.get(identity)
    if stored is not None and len(stored.children["settingTemplates"]) >= len(rows):
        return
    base, _, version = identity.rpartition("_")
    content = {
        "id": identity,
        "baseId": base or identity,
        "version": int(version) if version.isdecimal() else 1,
        "displayName": reference.get("templateDisplayName") or "Policy template",
        "description": "",
        "displayVersion": reference.get("templateDisplayVersion") or "Version 1",
        "lifecycleState": "active",
        "platforms": item.content.get("platforms", "windows10"),
        "technologies": item.content.get("technologies", "mdm"),
        "templateFamily": reference.get("templateFamily") or "none",
        "allowUnmanagedSettings": False,
        "disableEntraGroupPolicyAssignment": False,
        "settingTemplateCount": len(rows),
    }
    known[identity] = StoredObject(identity, content, {"settingTemplates": rows})


def _learn_intent_template(tenant: Tenant, item: StoredObject) -> None:
    identity = str(item.content["templateId"])
    known = tenant.collection("templates")
    stored = known.setdefault(
        identity,
        StoredObject(
            identity,
            {
                "id": identity,
                "displayName": item.content.get("templateDisplayName") or "Security baseline",
                "description": "",
                "versionInfo": "",
                "isDeprecated": False,
                "intentCount": 0,
                "templateType": "securityTemplate",
                "platformType": "windows10AndLater",
                "templateSubtype": "none",
                "publishedDateTime": "2021-02-01T00:00:00Z",
            },
            {"settings": []},
        ),
    )
    have = {row.get("definitionId") for row in stored.children["settings"]}
    stored.children["settings"] += [
        row | {"id": stable_id(identity, str(row.get("definitionId")))}
        for row in item.children.get("settings", [])
        if row.get("definitionId") not in have
    ]
