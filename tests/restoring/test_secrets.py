"""Secrets are opened for the moment of sending, and are nowhere to be read afterwards."""

import base64
import json

import sqlalchemy as sa

from opsapp.config import current_settings
from opsapp.extensions import db
from opsapp.intune.restore import ItemPlan, Step, Wanted
from opsapp.intune.restore.bodies import BASE64
from opsapp.inventory.sealing import Sealer, keep_sealed
from opsapp.models import RestoreItem, RestoreWrite, Verdict
from opsapp.models.base import write
from tests.support.restore_plans import AT, PROFILES, Planned, confirmed, items_of

SECRET = "Wi-Fi for the lobby 4711"
KIND = "#microsoft.graph.windowsWifiConfiguration"


def sealed(content):
    with write() as session:
        sealer = Sealer.of_installation(session, current_settings())
        marked, values = sealer.seal(content)
        keep_sealed(session, values)
    return marked


def planned(body, wanted):
    step = Step("Create", "POST", AT, body, creates=True, shows=AT)
    plan = ItemPlan("create", steps=(step,), wanted=Wanted(wanted, []))
    return Planned(PROFILES, "a", "Lobby", plan)


def test_a_secret_is_sent_and_left_nowhere(simulator, simulated, tenant, execute, caplog):
    caplog.set_level("DEBUG")
    body = sealed({"@odata.type": KIND, "displayName": "Lobby", "preSharedKey": SECRET})
    assert SECRET not in json.dumps(body)
    restore = execute(confirmed(tenant, [planned(body, body)]))
    [row] = simulator.objects(simulated.slug, PROFILES)
    assert row["content"]["preSharedKey"] == SECRET
    assert items_of(restore)["a"].verdict in (Verdict.VERIFIED, Verdict.UNPROVEN)
    for model in (RestoreItem, RestoreWrite):
        rows = db.session.execute(sa.select(model.__table__)).all()
        assert SECRET not in repr(rows)
    assert SECRET not in caplog.text


def test_a_secret_in_base64_where_the_plan_asks_for_it(simulator, simulated, tenant, execute):
    body = sealed({"@odata.type": KIND, "displayName": "Lobby", "preSharedKey": SECRET})
    body["preSharedKey"] += BASE64
    execute(confirmed(tenant, [planned(body, {"displayName": "Lobby"})]))
    [row] = simulator.objects(simulated.slug, PROFILES)
    assert base64.b64decode(row["content"]["preSharedKey"]).decode() == SECRET


def test_a_secret_that_is_not_known_is_never_sent_as_its_mark(
    simulator, simulated, tenant, execute
):
    body = {
        "@odata.type": KIND,
        "displayName": "Lobby",
        "preSharedKey": f"opsapp-sealed:{'0' * 64}",
    }
    restore = execute(confirmed(tenant, [planned(body, body)]))
    assert items_of(restore)["a"].reason_code == "item.secret_missing"
    assert simulator.objects(simulated.slug, PROFILES) == []
