"""Whether what is stored of an object is all that Graph has of it."""

from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.secrets import is_sealed
from opsapp.models import Policy, PolicyVersion, Tenant
from opsapp.simulator.process import Simulator
from tests.support.plain_graph import PlainGraph, without_contexts

# Parts that only say what other objects say themselves.
REPEATED = {"roleDefinitions": {"roleAssignments"}, "reusablePolicySettings": {"referencing"}}


def rows_of(simulator: Simulator, graph: PlainGraph, slug: str, key: str) -> list[dict[str, Any]]:
    """What the simulator holds of a collection; a single object is what it answers."""
    if not CATALOGUE[key].single:
        return simulator.objects(slug, key)
    only = graph.get(CATALOGUE[key].path)
    return [{"id": key, "file": key, "content": only, "children": {}}]


def assert_whole(
    graph: PlainGraph, key: str, row: dict[str, Any], content: Any, assignments: list[Any]
) -> None:
    """``row`` is what the simulator holds; ``content`` and ``assignments`` what we stored."""
    kind, place = CATALOGUE[key], f"{row['file']} {key} {row['id']}"
    ours = without_contexts(content)
    plain = graph.get(kind.path if kind.single else f"{kind.path}/{row['id']}")
    alone = {part.name for part in kind.parts}  # a plain answer may show these as null
    for name, value in plain.items():
        assert (value is None and name in alone) or same(ours.get(name), value), (place, name)
    parts = row["children"]
    assert assignments == parts.get("assignments", []), place
    held = {name for name, rows in parts.items() if rows} - {"assignments"}
    for name in held - REPEATED.get(key, set()):
        assert same(ours.get(name), without_contexts(parts[name])), (place, name)
    known = {*plain, *parts, *alone}
    assert set(ours) <= known, place


def assert_all_whole(simulator: Simulator, tenant: Tenant) -> None:
    """Everything the simulator holds of a tenant is stored whole, and nothing else is stored."""
    stored = stored_content(tenant)
    with PlainGraph(simulator, simulator.tenants[tenant.slug]) as graph:
        for key in CATALOGUE:
            for row in rows_of(simulator, graph, tenant.slug, key):
                content, assignments = stored.pop((key, row["id"]))
                assert_whole(graph, key, row, content, assignments)
    assert not stored


def same(ours: Any, theirs: Any) -> bool:
    """Equal, but for secrets: there we hold a mark."""
    if is_sealed(ours):
        return isinstance(theirs, str)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() >= theirs.keys() and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


def stored_content(tenant: Tenant) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Content and assignments of the latest version of each policy."""
    rows = db.session.execute(
        sa.select(Policy, PolicyVersion)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .where(Policy.tenant_id == tenant.id, PolicyVersion.number == Policy.version)
    )
    return {
        (policy.collection, policy.graph_id): (version.content.content, version.assignments.content)
        for policy, version in rows
    }
