"""``$batch``: each part for itself."""

import pytest

DM = "deviceManagement"


def batch(caller, *parts):
    answer = caller.call("POST", "$batch", json={"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row for row in answer.json()["responses"]}


def get(identity, url, **more):
    return {"id": identity, "method": "GET", "url": url, **more}


def test_parts_answer_by_id_with_their_own_status(contoso):
    first, second = contoso.everything(f"{DM}/deviceShellScripts")[:2]
    found = batch(
        contoso,
        get("a", f"/{DM}/deviceShellScripts/{first['id']}"),
        get("b", f"{DM}/deviceShellScripts/{second['id']}?$expand=assignments"),
        get("c", f"/{DM}/deviceShellScripts/nothing"),
        get("d", "/groups?$top=3&$select=id", depends_on=[]),
    )
    assert {name: row["status"] for name, row in found.items()} == {
        "a": 200,
        "b": 200,
        "c": 404,
        "d": 200,
    }
    assert found["a"]["body"]["scriptContent"]
    assert found["b"]["body"]["assignments"]
    assert found["c"]["body"]["error"]["code"] == "ResourceNotFound"
    assert found["d"]["body"]["@odata.nextLink"].startswith(contoso.simulator.base_url)
    assert found["a"]["headers"]["Content-Type"].startswith("application/json")


def test_headers_of_a_part_are_its_own(contoso):
    query = '/groups?$search="displayName:site"'
    header = {"ConsistencyLevel": "eventual"}
    found = batch(contoso, get("1", query), get("2", query, headers=header))
    assert (found["1"]["status"], found["2"]["status"]) == (400, 200)
    assert found["2"]["body"]["value"]


def test_numbers_as_ids_come_back_as_text(contoso):
    assert batch(contoso, {"id": 1, "method": "GET", "url": "/groups"})["1"]["status"] == 200


def test_a_failed_dependency_gives_424(contoso):
    found = batch(
        contoso,
        get("1", "/groups/nothing"),
        get("2", "/groups", dependsOn=["1"]),
        get("3", "/groups", dependsOn=[]),
        get("4", "/groups", dependsOn=["3"]),
    )
    assert [found[name]["status"] for name in "1234"] == [404, 424, 200, 200]


def test_parts_are_throttled_one_by_one(simulator, contoso):
    simulator.set_faults(every_nth_429=5, retry_after=3)
    found = batch(contoso, *(get(str(number), "/groups?$top=1") for number in range(1, 21)))
    throttled = [row for row in found.values() if row["status"] == 429]
    assert len(throttled) == 4
    assert {row["headers"]["Retry-After"] for row in throttled} == {"3"}
    assert {row["body"]["error"]["code"] for row in throttled} == {"TooManyRequests"}


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [get(str(number), "/groups") for number in range(21)],
        [get("a", "/groups"), get("A", "/groups")],
        [{"id": None, "method": "GET", "url": "/groups"}],
        [{"id": "1", "url": "/groups"}],
        [get("1", "https://graph.microsoft.com/beta/groups")],
        [get("1", "/$batch")],
        [{"id": "1", "method": "POST", "url": "/groups", "body": {"displayName": "x"}}],
    ],
)
def test_malformed_envelopes_are_refused_whole(contoso, parts):
    answer = contoso.call("POST", "$batch", json={"requests": parts})
    assert answer.status_code == 400
    assert "responses" not in answer.json()


def test_the_log_knows_parts_from_calls(simulator, contoso):
    simulator.clear_requests()
    batch(contoso, get("1", "/groups?$top=1"))
    entries = simulator.requests("contoso")
    assert [(row["path"], row["in_batch"]) for row in entries] == [
        ("/groups", True),
        ("/$batch", False),
    ]
    assert entries[0]["query"] == {"$top": "1"}
