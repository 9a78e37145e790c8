"""The published throttling budgets as a switch."""

import time

DM = "deviceManagement"
CATEGORIES = f"{DM}/deviceCategories"


def statuses(caller, path, count):
    return [caller.get(path).status_code for _ in range(count)]


def batch(caller, method, path, count, body=None):
    parts = [{"id": str(at), "method": method, "url": f"/{path}"} for at in range(count)]
    for at, part in enumerate(parts):
        if body is not None:
            headers = {"Content-Type": "application/json"}
            part |= {"body": body | {"displayName": f"C{at}"}, "headers": headers}
    answer = caller.call("POST", "$batch", json={"requests": parts})
    return [row["status"] for row in answer.json()["responses"]]


def test_reads_are_counted_per_tenant_parts_of_a_batch_too(simulator, caller, contoso):
    simulator.set_faults(budgets=True, budget_scale=0.01)
    assert sorted(batch(caller, "GET", CATEGORIES, 12)) == [200] * 10 + [429] * 2
    refused = caller.get(CATEGORIES)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert contoso.get(CATEGORIES).status_code == 200
    assert caller.get(f"{DM}/deviceShellScripts").status_code == 200  # a family of its own


def test_writes_have_a_smaller_budget(simulator, caller):
    simulator.set_faults(budgets=True, budget_scale=0.05)
    found = batch(caller, "POST", CATEGORIES, 8, {"displayName": "C"})
    assert sorted(found) == [201] * 5 + [429] * 3
    assert caller.get(CATEGORIES).status_code == 200


def test_other_apps_take_from_the_tenants_budget(simulator, caller):
    simulator.set_faults(budgets=True, budget_scale=0.01, budget_taken=0.75)
    assert sorted(batch(caller, "GET", CATEGORIES, 8)) == [200] * 5 + [429] * 3


def test_identity_tells_its_units(simulator, caller):
    simulator.set_faults(budgets=True, budget_scale=0.001)
    first = caller.call("POST", "directoryObjects/getByIds", json={"ids": []})
    assert first.headers["x-ms-resource-unit"] == "3"
    assert "x-ms-throttle-limit-percentage" not in first.headers
    statuses(caller, "groups", 4)
    nearly = caller.get("groups")
    assert float(nearly.headers["x-ms-throttle-limit-percentage"]) >= 0.8
    refused = caller.get("groups")
    assert refused.status_code == 429
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert caller.tenant.client_id in refused.headers["x-ms-throttle-scope"]
    assert refused.headers["Retry-After"]


def test_conditional_access_is_one_a_second_and_says_nothing(simulator, caller):
    simulator.set_faults(budgets=True)
    path = "identity/conditionalAccess/policies"
    assert caller.get(path).status_code == 200
    refused = caller.get(path)
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    deadline = time.monotonic() + 10
    while caller.get(path).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(1.1)  # an earlier try would count against the second


def test_without_retry_after(simulator, caller):
    simulator.set_faults(budgets=True, budget_scale=0.001, budget_retry_after=False)
    caller.get(CATEGORIES)
    refused = caller.get(CATEGORIES)
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
