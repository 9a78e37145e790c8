"""Faults on demand: as ordered, and the same again with the same seed."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from opsapp.simulator.process import SimulatorError


def outcomes(caller, count):
    """What so many calls come to: a status, or 'reset'."""
    found = []
    for _ in range(count):
        try:
            found.append(caller.get("groups?$top=1").status_code)
        except httpx.TransportError:
            found.append("reset")
    return found


def test_every_nth_call_is_throttled(simulator, caller):
    simulator.set_faults(every_nth_429=5, retry_after=7)
    assert outcomes(caller, 10) == [200, 200, 200, 200, 429, 200, 200, 200, 200, 429]
    simulator.set_faults(every_nth_429=1)
    assert caller.get("groups").headers["Retry-After"] == "7"
    simulator.set_faults(retry_after=None)
    assert "Retry-After" not in caller.get("groups").headers


def test_shares_are_deterministic_for_a_seed(simulator, caller):
    rounds = []
    for seed in (11, 11, 12):
        simulator.set_faults(seed=seed, share_503=0.2, share_reset=0.2)
        rounds.append(outcomes(caller, 60))
    assert rounds[0] == rounds[1] != rounds[2]
    assert set(rounds[0]) == {200, 503, "reset"}
    simulator.clear_faults()
    assert set(outcomes(caller, 20)) == {200}


def test_rules_answer_by_path_and_run_out(simulator, caller, tenant):
    rule = {"path": "deviceShellScripts", "status": 403, "times": 2, "tenant": tenant.slug}
    simulator.set_faults(rules=[rule])
    codes = [caller.get("deviceManagement/deviceShellScripts").status_code for _ in range(3)]
    assert codes == [403, 403, 200]
    simulator.set_faults(rules=[rule | {"tenant": "contoso"}])
    assert caller.get("deviceManagement/deviceShellScripts").status_code == 200


def test_rules_can_reset_and_can_hit_the_login_service(simulator, caller):
    simulator.set_faults(rules=[{"path": "/groups$", "status": 0, "times": 1}])
    with pytest.raises(httpx.TransportError):
        caller.get("groups")
    assert caller.get("groups").status_code == 200
    simulator.set_faults(rules=[{"path": "oauth2/v2.0/token", "status": 503, "times": 1}])
    assert caller.ask_token().status_code == 503
    assert caller.ask_token().status_code == 200
    simulator.set_faults(rules=[{"path": "oauth2/v2.0/token", "status": 0, "times": 1}])
    with pytest.raises(httpx.TransportError):
        caller.ask_token()


def test_rules_hit_parts_of_a_batch(simulator, caller):
    simulator.set_faults(rules=[{"path": "/organization", "status": 504, "retry_after": 2}])
    parts = [
        {"id": "1", "method": "GET", "url": "/organization"},
        {"id": "2", "method": "GET", "url": "/groups"},
    ]
    rows = caller.call("POST", "$batch", json={"requests": parts}).json()["responses"]
    assert {row["id"]: row["status"] for row in rows} == {"1": 504, "2": 200}


def test_answers_can_be_slow(simulator, caller):
    simulator.set_faults(delay_ms=150)
    started = time.monotonic()
    caller.get("groups")
    assert time.monotonic() - started >= 0.15


def test_slow_answers_do_not_hold_up_each_other(simulator, caller):
    simulator.set_faults(delay_ms=300)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: caller.get("groups").status_code, range(8)))
    assert codes == [200] * 8
    assert time.monotonic() - started < 8 * 0.3


def test_conditional_access_has_its_own_throttle_without_a_hint(simulator, caller):
    simulator.set_faults(conditional_access_per_second=1)
    answers = [caller.get("identity/conditionalAccess/policies") for _ in range(4)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert throttled
    assert not any("Retry-After" in answer.headers for answer in throttled)
    assert caller.get("groups").status_code == 200


def test_new_objects_can_appear_late(simulator, caller):
    simulator.set_faults(replication_ms=60_000)
    made = caller.call("POST", "deviceManagement/roleScopeTags", json={"displayName": "Late"})
    path = f"deviceManagement/roleScopeTags/{made.json()['id']}"
    assert caller.get(path).status_code == 404
    assert caller.everything("deviceManagement/roleScopeTags") == []


def test_unknown_switches_are_refused(simulator):
    with pytest.raises(SimulatorError, match="every_second_429"):
        simulator.set_faults(every_second_429=1)


def test_eight_clients_at_once_with_keep_alive(simulator, contoso):
    def read(_):
        with httpx.Client(verify=contoso.trust, trust_env=False) as client:
            client.headers.update(contoso.http.headers)
            path = f"{simulator.base_url}/beta/deviceManagement/configurationPolicies?$top=5"
            return [client.get(path).status_code for _ in range(40)]

    with ThreadPoolExecutor(8) as pool:
        codes = [code for found in pool.map(read, range(8)) for code in found]
    assert codes == [200] * 320


def test_rules_can_lose_the_answer_of_a_call_that_took_effect(simulator, caller, tenant):
    path, body = "deviceManagement/deviceCategories", {"displayName": "Kiosk"}
    rule = {"path": f"{path}$", "method": "POST", "times": 1}
    simulator.set_faults(rules=[rule | {"status": 504}])
    assert caller.call("POST", path, json=body).status_code == 504
    assert simulator.objects(tenant.slug, "deviceCategories") == []
    simulator.set_faults(rules=[rule | {"status": 504, "applied": True}])
    assert caller.call("POST", path, json=body).status_code == 504
    assert len(simulator.objects(tenant.slug, "deviceCategories")) == 1
    simulator.set_faults(rules=[rule | {"status": 0, "applied": True}])
    with pytest.raises(httpx.TransportError):
        caller.call("POST", path, json=body | {"displayName": "Lobby"})
    assert len(simulator.objects(tenant.slug, "deviceCategories")) == 2


def test_a_rule_hits_its_share_of_calls(simulator, caller):
    simulator.set_faults(seed=3, rules=[{"path": "/groups$", "status": 503, "share": 0.3}])
    found = outcomes(caller, 60)
    assert set(found) == {200, 503}
    assert 5 < found.count(503) < 30
