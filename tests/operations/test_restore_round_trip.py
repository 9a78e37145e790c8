"""A tenant with some of every policy type: restored into an empty one, mended, undone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from opsapp.config import Settings
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.normalise import same_assignments
from opsapp.intune.restore.comparable import comparable
from opsapp.intune.restore.plan import Wanted
from opsapp.models import RestoreRun, RestoreStatus, Tenant, Verdict
from opsapp.simulator.process import Simulator, running_simulator
from tests.support.performing import connect
from tests.support.restore_rig import RestoreRig, items_of, told

pytestmark = pytest.mark.timeout(400)
# What Graph cannot create: each is said in the preview, and not counted as success.
NEVER_MADE = {
    "operationApprovalPolicies",
    "depOnboardingSettings",
    "agreements",
    "groupPolicyUploadedDefinitionFiles",
}
SCOPE_TAG = {
    "id": "0",
    "displayName": "Default",
    "description": "Objects without another tag carry this one.",
    "isBuiltIn": True,
}


@pytest.fixture
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator"), demo=True) as running:
        yield running


@pytest.fixture
def rig(app: Flask, app_context: None, monkeypatch: pytest.MonkeyPatch) -> RestoreRig:
    return RestoreRig(app, monkeypatch)


@pytest.fixture
def contoso(rig: RestoreRig, settings: Settings, simulator: Simulator) -> Tenant:
    return connect(settings, simulator.tenants["contoso"])


def form(key: str, content: Any, assignments: Any) -> tuple[Any, Any]:
    shown = comparable(CATALOGUE[key], Wanted(content, assignments))
    return dict(shown.content), shown.assignments


def assert_equal(before: dict[Any, Any], after: dict[Any, Any]) -> None:
    """The same objects by id, each the same in content and assignments."""
    assert set(before) == set(after)
    for (key, graph_id), (content, assignments) in before.items():
        ours, theirs = form(key, content, assignments), form(key, *after[key, graph_id])
        assert ours[0] == theirs[0], (key, graph_id)
        assert same_assignments(ours[1], theirs[1]), (key, graph_id)


def test_into_an_empty_tenant(
    rig: RestoreRig, contoso: Tenant, settings: Settings, simulator: Simulator
) -> None:
    empty = simulator.add_tenant("empty")
    simulator.add_object("empty", "roleScopeTags", SCOPE_TAG)
    target = connect(settings, empty)
    made = rig.back_up(contoso)
    restore = rig.draft(made, target)
    rig.decide(restore)
    restore = rig.preview(restore)
    cannot = items_of(restore, lambda one: one.action == "cannot")
    assert {one.collection for one in cannot} - NEVER_MADE <= {
        "mobileApps",
        "deviceEnrollmentConfigurations",
    }
    assert not items_of(restore, lambda one: one.is_blocked)
    run = rig.execute(restore)
    restore = db.session.get_one(RestoreRun, restore.id)
    written = items_of(restore, lambda one: one.action == "create")
    assert not told([one for one in written if one.verdict != Verdict.VERIFIED])
    assert restore.verdict == Verdict.VERIFIED
    assert run.summary_counts["failed"] == len(cannot)
    assert restore.status == RestoreStatus.PARTIAL
    source, copy = rig.read(contoso), rig.read(target)
    lost = Counter(one.collection for one in cannot)
    counts = Counter(key for key, _ in source)
    counts.subtract(lost)
    assert Counter(key for key, _ in copy) == +counts
    again = rig.draft(made, target)
    rig.decide(again)
    again = rig.preview(again)
    assert not told(items_of(again, lambda one: one.action not in ("unchanged", "cannot")))


def test_a_bad_change_is_mended_and_undone(
    rig: RestoreRig, contoso: Tenant, simulator: Simulator
) -> None:
    before = rig.read(contoso)
    made = rig.back_up(contoso)
    spoil(simulator, before)
    spoilt = rig.read(contoso)
    assert spoilt != before
    restore = rig.preview(rig.draft(made, contoso, state="enabled"))
    assert not told(items_of(restore, lambda one: one.is_blocked))
    rig.execute(restore)
    restore = db.session.get_one(RestoreRun, restore.id)
    assert restore.verdict == Verdict.VERIFIED, told(
        items_of(restore, lambda one: one.verdict not in (None, Verdict.VERIFIED))
    )
    assert restore.status == RestoreStatus.COMPLETED, told(
        items_of(restore, lambda one: one.reason_code is not None)
    )
    actions = Counter(one.action for one in items_of(restore, lambda _: True))
    assert actions["create"] > 10
    assert actions["update"] > 30
    mended = rig.read(contoso)
    assert len(mended) == len(before)
    assert_equal(
        {key: whole for key, whole in before.items() if key in mended},
        {key: whole for key, whole in mended.items() if key in before},
    )
    undo = rig.preview(rig.undo(restore))
    rig.execute(undo)
    undo = db.session.get_one(RestoreRun, undo.id)
    assert (undo.status, undo.verdict) == (RestoreStatus.COMPLETED, Verdict.VERIFIED), told(
        items_of(undo, lambda one: one.verdict != Verdict.VERIFIED)
    )
    assert_equal(spoilt, rig.read(contoso))


PARTS = {
    "configurationPolicies": "settings",
    "groupPolicyConfigurations": "definitionValues",
    "androidManagedAppProtections": "apps",
    "iosManagedAppProtections": "apps",
    "targetedManagedAppConfigurations": "apps",
    "notificationMessageTemplates": "localizedNotificationMessages",
    "policySets": "items",
}


def spoil(simulator: Simulator, content: dict[Any, Any]) -> None:
    """Somebody's bad night: of each type one object is renamed and unassigned, one is gone."""
    by_type: dict[str, list[str]] = {}
    for key, graph_id in content:
        row = CATALOGUE[key]
        if not (row.single or row.writing.cannot or "_Default" in graph_id or graph_id == "0"):
            by_type.setdefault(key, []).append(graph_id)
    for key, ids in by_type.items():
        change(simulator, key, ids[0], content[key, ids[0]])
        unnamed = [one for one in ids[1:] if not is_named(one, content)]
        if unnamed and key != "mobileApps":  # most apps cannot be made again
            simulator.remove_object("contoso", key, unnamed[-1])


def change(simulator: Simulator, key: str, graph_id: str, whole: tuple[Any, Any]) -> None:
    content, assignments = whole
    name = CATALOGUE[key].name_property
    members: dict[str, Any] = {}
    if name not in CATALOGUE[key].writing.strip_on_update:
        members[name] = f"Bad {key}"
    if "description" in content:
        members["description"] = "Changed"
    if assignments:
        members["assignments"] = assignments[1:]
    part = PARTS.get(key)
    if part and len(content[part]) > 1:
        members[part] = content[part][:-1]
    simulator.change_object("contoso", key, graph_id, **members)


def is_named(graph_id: str, content: dict[Any, Any]) -> bool:
    """Whether another object names it: then the service does not let it be deleted."""
    return any(graph_id in str(whole) for (_, own), whole in content.items() if own != graph_id)
