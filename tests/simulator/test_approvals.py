"""Multi Admin Approval: 400 without a reason, 412 with a code, and the same write with the code."""

import base64
import json

import pytest

from tests.simulator.conftest import Caller

PATH = "deviceManagement/deviceConfigurations"
WIFI = {"@odata.type": "#microsoft.graph.windowsWifiConfiguration", "displayName": "P", "ssid": "x"}
WHY = {"x-msft-approval-justification": base64.b64encode(b"Change 4711").decode()}


@pytest.fixture
def caller(simulator, tenant):
    caller = Caller(simulator, tenant)
    yield caller
    caller.http.close()


def test_the_whole_cycle(simulator, tenant, caller):
    simulator.guard(tenant.slug, "configuration")
    refused = caller.call("POST", PATH, json=WIFI)
    assert refused.status_code == 400
    assert "x-msft-approval-justification" in refused.json()["error"]["message"]

    pending = caller.call("POST", PATH, json=WIFI, headers=WHY)
    code = pending.headers["x-msft-approval-code"]
    assert pending.status_code == 412
    nested = json.loads(pending.json()["error"]["message"])
    assert json.loads(nested["HttpHeaders"]) == {"x-msft-approval-code": code}
    assert caller.call("POST", PATH, json=WIFI, headers=WHY).status_code == 409
    place = f"deviceManagement/operationApprovalRequests/{code}"
    assert caller.get(place).json()["status"] == "needsApproval"
    with_code = {"x-msft-approval-code": code}
    assert caller.call("POST", PATH, json=WIFI, headers=with_code).status_code == 400

    simulator.decide(tenant.slug, code, "approved")
    other = WIFI | {"ssid": "y"}
    assert caller.call("POST", PATH, json=other, headers=with_code).status_code == 400
    assert caller.call("POST", PATH, json=WIFI, headers=with_code).status_code == 201
    assert caller.get(place).json()["status"] == "completed"
    assert caller.call("POST", PATH, json=WIFI, headers=with_code).status_code == 400
    assert len(simulator.objects(tenant.slug, "deviceConfigurations")) == 1


def test_other_workloads_and_reading_are_free(simulator, tenant, caller):
    simulator.guard(tenant.slug, "configuration", "rbac")
    assert caller.get(PATH).status_code == 200
    category = {"displayName": "Field service"}
    assert caller.call("POST", "deviceAppManagement/mobileAppCategories", json=category).is_success
    assert caller.call("POST", "deviceManagement/roleScopeTags", json=category).status_code == 400
    simulator.guard(tenant.slug)
    assert caller.call("POST", "deviceManagement/roleScopeTags", json=category).is_success


def test_the_justification_is_ignored_where_nobody_asks_for_it(caller):
    assert caller.call("POST", PATH, json=WIFI, headers=WHY).status_code == 201


@pytest.mark.parametrize("given", ["not base64!", base64.b64encode(b"x" * 1025).decode()])
def test_a_bad_justification_is_refused(simulator, tenant, caller, given):
    simulator.guard(tenant.slug, "configuration")
    headers = {"x-msft-approval-justification": given}
    assert caller.call("POST", PATH, json=WIFI, headers=headers).status_code == 400
