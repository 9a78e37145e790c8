"""The control API under ``/_sim/``: what tests and the demo use to change the world. No sign-in."""

import copy
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from opsapp.simulator import admission, approvals, audit_log, groups, loading, population, writes
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.faults import Faults
from opsapp.simulator.state import StoredObject, Tenant, World, stable_id


class ControlError(Exception):
    """A control request that names something unknown."""


def blueprint(world: World) -> Blueprint:
    """All control routes over ``world``."""
    area = Blueprint("control", __name__, url_prefix="/_sim")

    @area.errorhandler(ControlError)
    @area.errorhandler(ValueError)
    @area.errorhandler(TypeError)
    @area.errorhandler(NotADirectoryError)
    @area.errorhandler(KeyError)
    def refuse(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 400

    @area.get("/health")
    def health() -> Response:
        return jsonify({"ok": True})

    _add_faults(area, world)
    _add_tenants(area, world)
    _add_consent(area, world)
    _add_objects(area, world)
    _add_hidden(area, world)
    _add_approvals(area, world)
    _add_groups(area, world)
    return area


def _tenant(world: World, slug: Any) -> Tenant:
    if slug not in world.tenants:
        raise ControlError(f"no such tenant: {slug}")
    return world.tenants[slug]


def _collection(key: str) -> Collection:
    if key not in COLLECTIONS:
        raise ControlError(f"no such collection: {key}")
    return COLLECTIONS[key]


def _body() -> dict[str, Any]:
    value = request.get_json(force=True)
    if not isinstance(value, dict):
        raise ControlError("a JSON object is expected")
    return value


def _add_faults(area: Blueprint, world: World) -> None:
    @area.get("/faults")
    def faults() -> Response:
        with world.lock:
            return jsonify(world.faults.as_json())

    @area.post("/faults")
    def set_faults() -> Response:
        with world.lock:
            world.faults.update(_body())
            return jsonify(world.faults.as_json())

    @area.delete("/faults")
    def clear_faults() -> Response:
        with world.lock:
            world.faults = Faults()
            return jsonify(world.faults.as_json())

    @area.get("/requests")
    def requests() -> Response:
        slug = request.args.get("tenant")
        with world.lock:
            return jsonify([e for e in world.log if slug is None or e["tenant"] == slug])

    @area.delete("/requests")
    def clear_requests() -> Response:
        with world.lock:
            world.log.clear()
            return jsonify([])


def _add_tenants(area: Blueprint, world: World) -> None:
    @area.get("/load-report")
    def load_report() -> Response:
        with world.lock:
            return jsonify({"tenants": [report(tenant) for tenant in world.tenants.values()]})

    @area.post("/tenants")
    def add_tenant() -> Response:
        body = _body()
        with world.lock:
            slug = body["slug"]
            if slug in world.tenants:
                raise ControlError(f"the tenant exists: {slug}")
            identity = body.get("id") or stable_id("tenant", slug)
            tenant = world.enrol(slug, identity, body.get("name") or slug.title())
            if body.get("policies"):
                population.populate(tenant, int(body["policies"]), seed=int(body.get("seed", 0)))
            if body.get("folder"):
                loading.load_folder(tenant, Path(body["folder"]))
            return jsonify(tenant.credentials())


def _add_consent(area: Blueprint, world: World) -> None:
    @area.post("/permissions")
    def permissions() -> Response:
        body = _body()
        with world.lock:
            tenant = _tenant(world, body.get("tenant"))
            tenant.permissions -= set(body.get("revoke", []))
            tenant.permissions |= set(body.get("grant", []))
            if body.get("expire_tokens", True):
                tenant.token_generation += 1
            return jsonify(sorted(tenant.permissions))

    @area.post("/expire-tokens")
    def expire_tokens() -> Response:
        with world.lock:
            tenant = _tenant(world, _body().get("tenant"))
            tenant.token_generation += 1
            return jsonify({"generation": tenant.token_generation})

    @area.post("/delta-reset")
    def delta_reset() -> Response:
        with world.lock:
            tenant = _tenant(world, _body().get("tenant"))
            tenant.delta_epoch += "+"
            return jsonify({"ok": True})


def _add_approvals(area: Blueprint, world: World) -> None:
    @area.put("/approvals/<slug>")
    def guard(slug: str) -> Response:
        """Which workloads need a second person from now on."""
        wanted = set(_body().get("workloads", []))
        unknown = sorted(wanted - set(approvals.WORKLOADS))
        if unknown:
            raise ControlError(f"no such workload: {', '.join(unknown)}")
        with world.lock:
            _tenant(world, slug).guarded = wanted
            return jsonify(sorted(wanted))

    @area.post("/approvals/<slug>/<code>")
    def decide(slug: str, code: str) -> Response:
        status = _body().get("status")
        with world.lock:
            found = _tenant(world, slug).approvals.get(code)
            if found is None or status not in approvals.STATUSES:
                raise ControlError(f"no such approval request or status: {code}, {status}")
            found.status = status
            return jsonify(found.view())


def report(tenant: Tenant) -> dict[str, Any]:
    """What the tenant holds and what loading it left out, file by file."""
    return {
        "slug": tenant.slug,
        "id": tenant.id,
        "name": tenant.name,
        "folder": tenant.report.folder,
        "objects": tenant.counts(),
        "groups_from": dict(tenant.report.groups_from),
        "left_out": tenant.report.left_out,
        "notes": tenant.report.notes,
    }


def _shown(item: StoredObject) -> dict[str, Any]:
    return {
        "id": item.id,
        "file": item.origin,
        "content": item.content,
        "children": item.children,
    }


def _add_objects(area: Blueprint, world: World) -> None:
    @area.get("/objects/<slug>/<key>")
    def objects(slug: str, key: str) -> Response:
        with world.lock:
            items = _tenant(world, slug).collection(_collection(key).key).values()
            return jsonify([_shown(item) for item in items])

    @area.post("/objects/<slug>/<key>")
    def add_object(slug: str, key: str) -> Response:
        with world.lock:
            tenant = _tenant(world, slug)
            tenant.created += 1
            origin = f"control/{tenant.created}"
            collection = _collection(key)
            item = admission.admit(tenant, collection, _body(), origin)
            person = audit_log.administrator(tenant)
            after = audit_log.state_of(item)
            audit_log.record(tenant, collection, "Create", person, {}, after)
            return jsonify(_shown(item))

    @area.patch("/objects/<slug>/<key>/<object_id>")
    def change_object(slug: str, key: str, object_id: str) -> Response:
        with world.lock:
            tenant, collection = _tenant(world, slug), _collection(key)
            item = _object(tenant, key, object_id)
            before = copy.deepcopy(audit_log.state_of(item))
            writes.apply_change(tenant, collection, item, _body())
            after = audit_log.state_of(item)
            person = audit_log.administrator(tenant)
            audit_log.record(tenant, collection, "Patch", person, before, after)
            return jsonify(_shown(item))

    @area.delete("/objects/<slug>/<key>/<object_id>")
    def remove_object(slug: str, key: str, object_id: str) -> Response:
        with world.lock:
            tenant, collection = _tenant(world, slug), _collection(key)
            item = _object(tenant, key, object_id)
            writes.remove(tenant, collection, item, audit_log.administrator(tenant))
            return jsonify({"ok": True})


def _add_hidden(area: Blueprint, world: World) -> None:
    @area.put("/objects/<slug>/<key>/<object_id>/hidden")
    def set_hidden(slug: str, key: str, object_id: str) -> Response:
        """What no plain answer shows: OMA secrets by reference, groups joined while enrolling."""
        body = _body()
        with world.lock:
            item = _object(_tenant(world, slug), _collection(key).key, object_id)
            item.secrets |= body.get("secrets", {})
            item.membership = list(body.get("membership", item.membership))
            return jsonify({"ok": True})


def _object(tenant: Tenant, key: str, object_id: str) -> StoredObject:
    item = tenant.collection(key).get(object_id)
    if item is None:
        raise ControlError(f"no such object: {key}/{object_id}")
    return item


def _add_groups(area: Blueprint, world: World) -> None:
    @area.get("/groups/<slug>")
    def all_groups(slug: str) -> Response:
        with world.lock:
            return jsonify(_tenant(world, slug).living_groups())

    @area.post("/groups/<slug>")
    def add_group(slug: str) -> Response:
        with world.lock:
            tenant = _tenant(world, slug)
            return jsonify(groups.add_group(tenant, _body(), f"control/{tenant.sequence}"))

    @area.patch("/groups/<slug>/<group_id>")
    def change_group(slug: str, group_id: str) -> Response:
        with world.lock:
            changed = groups.change_group(_tenant(world, slug), group_id, _body())
            if changed is None:
                raise ControlError(f"no such group: {group_id}")
            return jsonify(changed)

    @area.delete("/groups/<slug>/<group_id>")
    def remove_group(slug: str, group_id: str) -> Response:
        reason = request.args.get("reason", "changed")
        with world.lock:
            if not groups.remove_group(_tenant(world, slug), group_id, reason):
                raise ControlError(f"no such group: {group_id}")
            return jsonify({"ok": True})
