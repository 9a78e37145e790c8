"""Restores with plans written by hand: what a preview would have left, confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.restore import ItemPlan, Step, Wanted, id_of
from opsapp.models import OperationRun, RestoreItem, RestoreRun, RestoreStatus, Tenant
from opsapp.models.base import write
from opsapp.restore import fingerprint

PROFILES = "deviceConfigurations"
AT = f"/deviceManagement/{PROFILES}"
EVERYBODY = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}


@dataclass(frozen=True)
class Planned:
    """An object of a restore, as its preview left it."""

    collection: str
    source_id: str
    name: str
    plan: ItemPlan
    is_blocked: bool = False


def profile_body(name: str, **members: Any) -> dict[str, Any]:
    kind = "#microsoft.graph.windows10GeneralConfiguration"
    return {"@odata.type": kind, "displayName": name, **members}


def assigned_to(*group_ids: str) -> list[dict[str, Any]]:
    kind = "#microsoft.graph.groupAssignmentTarget"
    return [{"target": {"@odata.type": kind, "groupId": group}} for group in group_ids]


def assign_step(address: str, assignments: list[dict[str, Any]]) -> Step:
    return Step(
        "Assign",
        "POST",
        f"{address}/assign",
        {"assignments": assignments},
        shows=f"{address}/assignments",
    )


def created_profile(
    source_id: str,
    name: str,
    *,
    assignments: list[dict[str, Any]] | None = None,
    late: Sequence[Step] = (),
    lacks: tuple[str, ...] = (),
    **members: Any,
) -> Planned:
    """A device configuration to create, and to assign."""
    body = profile_body(name, **members)
    steps = [Step("Create", "POST", AT, body, creates=True, shows=AT)]
    if assignments is not None:
        steps.append(assign_step(f"{AT}/{id_of(PROFILES, source_id)}", assignments))
    plan = ItemPlan(
        "create",
        steps=(*steps, *late),
        lacks=lacks,
        wanted=Wanted(body, assignments or []),
    )
    return Planned(PROFILES, source_id, name, plan)


def updated_profile(
    target_id: str, name: str, base: str, *, assignments: list[dict[str, Any]], **members: Any
) -> Planned:
    body = profile_body(name, **members)
    address = f"{AT}/{target_id}"
    steps = (
        Step("Change", "PATCH", address, body, shows=address),
        assign_step(address, assignments),
    )
    plan = ItemPlan(
        "update",
        target_id=target_id,
        base_sha256=base,
        steps=steps,
        wanted=Wanted(body, assignments),
    )
    return Planned(PROFILES, target_id, name, plan)


def deleted_profile(target_id: str, name: str, base: str = "") -> Planned:
    step = Step("Delete", "DELETE", f"{AT}/{target_id}", shows=f"{AT}/{target_id}")
    plan = ItemPlan("delete", target_id=target_id, base_sha256=base, steps=(step,))
    return Planned(PROFILES, target_id, name, plan)


def left_as_is(action: str, source_id: str, lacks: tuple[str, ...] = ()) -> Planned:
    return Planned(PROFILES, source_id, source_id, ItemPlan(action, lacks=lacks))


def confirmed(tenant: Tenant, planned: Sequence[Planned], **values: Any) -> RestoreRun:
    """The restore, previewed and confirmed: its run is queued."""
    with write() as session:
        restore = RestoreRun(
            tenant_id=tenant.id,
            created_by="Ana",
            reason="Change 4711",
            status=RestoreStatus.PREVIEWED,
            previewed_at=utcnow(),
            **values,
        )
        session.add(restore)
        session.flush()
        session.add_all(_item(restore.id, place, one) for place, one in enumerate(planned))
        session.flush()
        fingerprint.bind(session, restore)
    with write() as session:
        restore = session.get_one(RestoreRun, restore.id)
        restore.status, restore.confirmed_by = RestoreStatus.QUEUED, "Ana"
        restore.confirmed_at = utcnow()
    return db.session.get_one(RestoreRun, restore.id)


def _item(restore_id: int, place: int, one: Planned) -> RestoreItem:
    return RestoreItem(
        restore_id=restore_id,
        collection=one.collection,
        source_id=one.source_id,
        name=one.name,
        position=place,
        action=one.plan.action,
        target_id=one.plan.target_id,
        plan=one.plan.to_json(),
        is_blocked=one.is_blocked,
    )


def run_of(restore: RestoreRun) -> OperationRun:
    return db.session.get_one(OperationRun, restore.run_id, populate_existing=True)


def again(restore: RestoreRun) -> RestoreRun:
    """As it is in the database now."""
    db.session.rollback()
    return db.session.get_one(RestoreRun, restore.id, populate_existing=True)


def items_of(restore: RestoreRun) -> dict[str, RestoreItem]:
    db.session.rollback()
    rows = db.session.query(RestoreItem).filter_by(restore_id=restore.id).populate_existing()
    return {item.source_id: item for item in rows}
