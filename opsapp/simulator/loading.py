"""Fill a tenant from an export folder, and keep account of every file."""

import json
import re
from pathlib import Path

from opsapp.exports import ExportedObject, ExportFolder, read_folder
from opsapp.simulator import admission, groups, role_loading, tenant_settings
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.state import StoredObject, Tenant

# Others refer to these by name or id, so they come first.
_FIRST = ("roleScopeTags", "assignmentFilters", "depOnboardingSettings")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def load_folder(tenant: Tenant, path: Path) -> None:
    """Load every object the simulator serves; the rest is in ``tenant.report.left_out``.

    Raises ``NotADirectoryError`` where ``path`` is no folder.
    """
    folder = read_folder(path)
    report = tenant.report
    report.folder = str(path)
    report.left_out += [{"file": item.file, "reason": item.reason} for item in folder.left_out]
    _load_groups(tenant, folder)
    roles: list[tuple[StoredObject, ExportedObject]] = []
    for item in sorted(folder.objects, key=_rank):
        if item.collection == "groups":
            continue
        collection = COLLECTIONS.get(item.collection)
        if item.collection == tenant_settings.KEY:
            tenant_settings.load(tenant, item.content, _place(item))
        elif item.collection == "enrollmentProfiles":
            _load_enrollment_profile(tenant, item)
        elif collection is None:
            reason = f"collection not simulated: {item.collection}"
            report.left_out.append({"file": _place(item), "reason": reason})
        elif item.collection == "roleAssignments":
            content = role_loading.with_ids(tenant, item.content)
            admission.admit(tenant, collection, content, _place(item))
        else:
            made = admission.admit(tenant, collection, item.content, _place(item))
            if item.collection == "roleDefinitions":
                roles.append((made, item))
    for made, item in roles:
        rows = item.content.get("roleAssignments") or []
        role_loading.attach(tenant, made, rows, _place(item))


def _load_enrollment_profile(tenant: Tenant, item: ExportedObject) -> None:
    """A profile for automated enrolment lives under a token, which the export may lack."""
    row = COLLECTIONS["depOnboardingSettings"]
    tokens = tenant.collection(row.key)
    if not tokens:
        token = {"tokenName": "Apple enrolment", "tokenType": "dep", "syncedDeviceCount": 0}
        admission.admit(tenant, row, token, "enrollmentProfiles")
    owner = next(iter(tokens.values()))
    rows = [*owner.children["enrollmentProfiles"], item.content]
    admission.set_children(tenant, row, owner, "enrollmentProfiles", rows)


def _rank(item: ExportedObject) -> int:
    return _FIRST.index(item.collection) if item.collection in _FIRST else len(_FIRST)


def _place(item: ExportedObject) -> str:
    return f"{item.file}[{item.index}]" if item.index else item.file


def _load_groups(tenant: Tenant, folder: ExportFolder) -> None:
    """Groups with files of their own first, then those that tool files name.

    A migration table may list a group under its id in yet another tenant: such an entry counts only
    where a policy refers to that id or no group of this name is known.
    """
    mentioned: set[str] = set()
    for item in folder.objects:
        if item.collection == "groups":
            groups.add_group(tenant, item.content, _place(item))
            tenant.report.groups_from["files"] += 1
        else:
            mentioned.update(_GUID.findall(json.dumps(item.content).lower()))
    for named in folder.named_groups:
        known = named.display_name in tenant.group_ids_by_name
        referenced = named.id is not None and named.id.lower() in mentioned
        if (named.id in tenant.groups) or (known and not referenced):
            continue
        raw = {
            "id": named.id,
            "displayName": named.display_name,
            "groupTypes": list(named.group_types),
            "membershipRule": named.membership_rule,
        }
        groups.add_group(tenant, raw, named.file)
        tenant.report.groups_from["tool files"] += 1
