import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import redis

from opsapp.graph.client import GraphClient, GraphSettings
from opsapp.graph.errors import (
    GraphTimeout,
    PayloadRejected,
    ResponseInvalid,
    Throttled,
    Unavailable,
)
from opsapp.graph.settings import RetryPolicy, Timeouts
from tests.graph.conftest import QUICK, OpenGraph, Waits
from tests.graph.stub import Answer, Reset, Silence, Stub, graph_error, page, throttled

PATH = "/deviceManagement/deviceConfigurations"
URL = "/beta" + PATH
GOOD = page("good")


def read(graph: GraphClient) -> list:
    return list(graph.iter_items(PATH))


def test_a_throttled_read_waits_as_long_as_it_was_told(
    graph: GraphClient, stub: Stub, waits: Waits
) -> None:
    stub.in_turn(PATH, throttled("1"), GOOD)

    assert read(graph) == ["good"]

    assert len(stub.calls(URL)) == 2
    assert 1 <= sum(waits.seconds) < 1.5


def test_retry_after_may_be_a_date(graph: GraphClient, stub: Stub) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=10)
    stub.in_turn(PATH, throttled(format_datetime(moment, usegmt=True)))

    with pytest.raises(Throttled) as caught:
        read(graph)

    assert 590 < (caught.value.retry_after or 0) <= 600


def test_a_throttled_read_without_retry_after_backs_off_with_growing_waits(
    graph: GraphClient, stub: Stub, waits: Waits
) -> None:
    stub.in_turn(PATH, throttled(), throttled(), GOOD)

    assert read(graph) == ["good"]

    assert len(stub.calls(URL)) == 3
    first, second = (wait for wait in waits.seconds if wait >= QUICK.first_throttle_backoff)
    assert first < second + QUICK.first_throttle_backoff


def test_a_wait_beyond_the_limit_is_not_slept_but_handed_to_the_caller(
    open_graph: OpenGraph, stub: Stub, waits: Waits
) -> None:
    stub.in_turn(PATH, throttled("3"))
    assert QUICK.seconds > 3  # so that only max_wait can end it

    with pytest.raises(Throttled) as caught:
        read(open_graph(max_wait=2))

    assert caught.value.retry_after == 3
    assert caught.value.reason_code == "graph.throttled"
    assert "3 s" in caught.value.item_message
    assert waits.seconds == []
    assert len(stub.calls(URL)) == 1


def test_another_worker_obeys_the_retry_after_it_has_not_seen(
    open_graph: OpenGraph, stub: Stub, shared: redis.Redis
) -> None:
    stub.in_turn(PATH, throttled("90"))
    stub.in_turn("/groups", GOOD)
    with pytest.raises(Throttled):
        read(open_graph(redis=shared))
    other = open_graph(redis=shared)

    with pytest.raises(Throttled) as caught:
        other.get("/deviceAppManagement/mobileApps")

    assert 80 < (caught.value.retry_after or 0) <= 90
    assert stub.calls("/beta/deviceAppManagement/mobileApps") == []
    assert list(other.iter_items("/groups")) == ["good"]  # another budget


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_faults_are_tried_again(graph: GraphClient, stub: Stub, status: int) -> None:
    stub.in_turn(PATH, graph_error(status, "", ""), Answer(status, b"<html>"), GOOD)

    assert read(graph) == ["good"]


def test_a_broken_connection_is_tried_again(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, Reset(), Reset(), GOOD)

    assert read(graph) == ["good"]
    assert len(stub.calls(URL)) == 3


def test_a_body_cut_short_is_tried_again(graph: GraphClient, stub: Stub) -> None:
    cut = Answer(200, b'{"value": [', {"Content-Length": "500", "Connection": "close"})
    stub.in_turn(PATH, cut, GOOD)

    assert read(graph) == ["good"]


def test_what_keeps_failing_ends_with_the_last_error(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, graph_error(503, "serviceNotAvailable", "Busy."))

    with pytest.raises(Unavailable) as caught:
        read(graph)

    assert len(stub.calls(URL)) == QUICK.tries
    error = caught.value
    assert (error.status, error.code, error.reason_code) == (
        503,
        "serviceNotAvailable",
        "graph.unavailable",
    )
    assert error.request_id == f"service-{len(stub.seen)}"
    assert error.client_request_id == stub.seen[-1].headers["client-request-id"]
    assert not error.effect_unknown


def test_every_try_has_its_own_client_request_id(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, Reset(), graph_error(502, "", ""), GOOD)

    read(graph)

    assert len({seen.headers["client-request-id"] for seen in stub.calls(URL)}) == 3


def test_silence_is_a_timeout(
    open_graph: OpenGraph, stub: Stub, graph_settings: GraphSettings
) -> None:
    stub.in_turn(PATH, Silence())
    impatient = replace(
        graph_settings,
        timeouts=Timeouts(connect=5, read=0.2, write=5, pool=5),
        retry=replace(QUICK, tries=2),
    )

    with pytest.raises(GraphTimeout) as caught:
        read(open_graph(settings=impatient))

    assert len(stub.calls(URL)) == 2
    assert caught.value.reason_code == "graph.timeout"
    assert caught.value.client_request_id is not None


def test_the_time_spent_on_one_request_is_bounded(
    open_graph: OpenGraph, stub: Stub, graph_settings: GraphSettings, waits: Waits
) -> None:
    stub.in_turn(PATH, throttled("2"))
    short = replace(graph_settings, retry=RetryPolicy(tries=50, seconds=3.8))
    started = time.monotonic()

    with pytest.raises(Throttled):
        read(open_graph(settings=short))

    assert time.monotonic() - started < 20  # 50 tries would be near two minutes
    assert len(stub.calls(URL)) == 2


def test_a_request_no_try_can_mend_is_sent_once(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, graph_error(400, "BadRequest", "No such property."))

    with pytest.raises(PayloadRejected, match="No such property"):
        read(graph)

    assert len(stub.calls(URL)) == 1


def test_an_interrupted_wait_ends_the_request(open_graph: OpenGraph, stub: Stub) -> None:
    class Cancelled(Exception):
        pass

    def interrupt(_: float) -> None:
        raise Cancelled

    stub.in_turn(PATH, throttled("5"))

    with pytest.raises(Cancelled):
        read(open_graph(wait=interrupt))


class TestWrites:
    @pytest.mark.parametrize(
        "refused", [throttled("1"), throttled(), graph_error(503, "", "", Retry_After="1")]
    )
    def test_a_refused_write_is_sent_again(
        self, graph: GraphClient, stub: Stub, refused: Answer
    ) -> None:
        stub.in_turn("/groups", refused, Answer(201, {"id": "new"}))

        assert graph.post("/groups", {"displayName": "Ä"}).json == {"id": "new"}

        assert [seen.json for seen in stub.calls("/beta/groups")] == [{"displayName": "Ä"}] * 2
        assert "prefer" not in stub.seen[-1].headers

    @pytest.mark.parametrize(
        "doubtful", [graph_error(500, "", ""), graph_error(503, "", ""), graph_error(504, "", "")]
    )
    def test_a_write_that_may_have_had_its_effect_is_not_repeated(
        self, graph: GraphClient, stub: Stub, doubtful: Answer
    ) -> None:
        stub.in_turn("/groups", doubtful, Answer(201))

        with pytest.raises(Unavailable) as caught:
            graph.post("/groups", {})

        assert caught.value.effect_unknown
        assert len(stub.calls("/beta/groups")) == 1

    def test_a_write_whose_connection_broke_has_an_unknown_effect(
        self, graph: GraphClient, stub: Stub
    ) -> None:
        stub.in_turn("/groups", Reset(), Answer(201))

        with pytest.raises(Unavailable) as caught:
            graph.post("/groups", {})

        assert caught.value.effect_unknown
        assert len(stub.calls("/beta/groups")) == 1

    def test_a_write_that_never_left_is_known_to_have_had_no_effect(
        self, open_graph: OpenGraph, stub: Stub, graph_settings: GraphSettings
    ) -> None:
        nowhere = replace(graph_settings, graph_base_url="https://localhost:9")

        with pytest.raises(Unavailable) as caught:
            open_graph(settings=nowhere).post("/groups", {})

        assert not caught.value.sent
        assert not caught.value.effect_unknown

    def test_a_post_that_only_looks_up_is_repeated_like_a_read(
        self, graph: GraphClient, stub: Stub
    ) -> None:
        stub.in_turn("/directoryObjects/getByIds", Reset(), graph_error(500, "", ""), GOOD)

        reply = graph.post("/directoryObjects/getByIds", {"ids": ["a"]}, version="v1.0")

        assert reply.json["value"] == ["good"]

    def test_a_post_may_be_declared_harmless(self, graph: GraphClient, stub: Stub) -> None:
        stub.in_turn("/deviceManagement/x", Reset(), Answer(204))

        assert graph.post("/deviceManagement/x", {}, harmless=True).json is None


def test_an_object_that_is_no_object_is_invalid(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, Answer(200, ["x"]))

    with pytest.raises(ResponseInvalid):
        graph.get_json(PATH)


def test_a_redirect_is_not_followed_with_the_token(graph: GraphClient, stub: Stub) -> None:
    stub.in_turn(PATH, Answer(302, None, {"Location": f"{stub.base_url}/beta/elsewhere"}))

    with pytest.raises(ResponseInvalid):
        graph.get(PATH)

    assert stub.calls("/beta/elsewhere") == []
