"""What a restore changes of one object: the target's as last read against what is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.intune.diff import Comparison, Side, compare
from opsapp.intune.restore import GROUPS, id_of
from opsapp.models import Policy, PolicyVersion, RestoreItem, RestoreRun
from opsapp.services.definitions import definitions_in
from opsapp.services.policies import NamedObject, Names, names_in


@dataclass(frozen=True)
class PlannedChange:
    """``is_new``: the target has no such object yet, as far as it was read."""

    comparison: Comparison
    before_names: Names
    after_names: Names
    is_new: bool


def change_of(restore: RestoreRun, item: RestoreItem) -> PlannedChange | None:
    """None where nothing is written, or the object is deleted."""
    wanted = (item.plan or {}).get("wanted")
    if not wanted:
        return None
    content, assignments = _now(restore, item)
    names = names_in(restore.tenant, content, assignments, wanted["content"], wanted["assignments"])
    names = _with_new_ones(restore, names)
    known = {key: named.name for key, named in names.groups.items()}
    before = Side(content, assignments, known)
    after = Side(wanted["content"], wanted["assignments"], known)
    definitions = definitions_in(content, wanted["content"])
    return PlannedChange(compare(before, after, definitions), names, names, not content)


def _now(
    restore: RestoreRun, item: RestoreItem
) -> tuple[Mapping[str, Any], Sequence[dict[str, Any]]]:
    """The version of the object that the plan was made against."""
    if item.target_id is None:
        return {}, []
    query = (
        sa.select(PolicyVersion)
        .join(Policy, Policy.id == PolicyVersion.policy_id)
        .where(
            Policy.tenant_id == restore.tenant_id,
            Policy.collection == item.collection,
            Policy.graph_id == item.target_id,
        )
        .order_by(PolicyVersion.number.desc())
    )
    base = (item.plan or {}).get("base_sha256")
    found = db.session.scalars(query.where(PolicyVersion.compare_sha256 == base).limit(1)).first()
    return (found.content.content, found.assignments.content) if found is not None else ({}, [])


def _with_new_ones(restore: RestoreRun, names: Names) -> Names:
    """With what stands for the ids of objects that the restore itself creates."""
    query = sa.select(RestoreItem.collection, RestoreItem.source_id, RestoreItem.name).where(
        RestoreItem.restore_id == restore.id
    )
    groups, objects = dict(names.groups), dict(names.objects)
    for collection, source_id, name in db.session.execute(query):
        new, key = NamedObject(f"{name} (new)", gone=False), id_of(collection, source_id)
        if collection == GROUPS:
            groups[key] = new
        else:
            objects[collection, key] = new
    return replace(names, groups=groups, objects=objects)
