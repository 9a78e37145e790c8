import json

import pytest

from opsapp.graph.client import GraphClient
from opsapp.graph.errors import (
    ApprovalRequired,
    Conflict,
    ConsentMissing,
    DeltaExpired,
    EtagMismatch,
    Forbidden,
    GraphError,
    LicenseMissing,
    NotFound,
    PayloadRejected,
    Unauthenticated,
)
from tests.graph.stub import Answer, Stub, fake_jwt, graph_error

APPS = "/deviceAppManagement/mobileApps"
CONFIGURATIONS = "/deviceManagement/deviceConfigurations"
TAIL = " - Operation ID (for customer support): 0 - Activity ID: 1 - Url: https://fef.x/403?a=429"


def nested(message: str, **more: object) -> str:
    return json.dumps({"_version": 3, "Message": message + TAIL, "RetryAfter": None, **more})


def failure(graph: GraphClient, stub: Stub, path: str, answer: Answer) -> GraphError:
    stub.in_turn(path, answer)
    with pytest.raises(GraphError) as caught:
        graph.get(path)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, PayloadRejected, "graph.payload_rejected"),
        (404, NotFound, "graph.not_found"),
        (405, PayloadRejected, "graph.payload_rejected"),
        (409, Conflict, "graph.conflict"),
        (412, EtagMismatch, "graph.etag_mismatch"),
        (422, PayloadRejected, "graph.payload_rejected"),
    ],
)
def test_each_status_has_its_error_and_reason(
    graph: GraphClient, stub: Stub, status: int, kind: type[GraphError], reason: str
) -> None:
    error = failure(graph, stub, APPS, graph_error(status, "SomeCode", "Some text."))

    assert type(error) is kind
    assert (error.reason_code, error.status, error.code) == (reason, status, "SomeCode")
    assert error.item_message.endswith("Some text.")


def test_a_write_that_needs_approval_carries_the_code_of_the_request(
    graph: GraphClient, stub: Stub
) -> None:
    answer = graph_error(412, "BadRequest", "Awaiting approval.", x_msft_approval_code="c-1")
    stub.in_turn(APPS, answer)
    with pytest.raises(ApprovalRequired) as caught:
        graph.write("PATCH", APPS, {"a": 1}, headers={"x-msft-approval-justification": "d2h5"})
    assert (caught.value.approval_code, caught.value.reason_code) == ("c-1", "approval.pending")
    assert not caught.value.effect_unknown


def test_a_deleted_settings_catalog_policy_is_not_found(graph: GraphClient, stub: Stub) -> None:
    answer = graph_error(400, "ResourceNotFound", "No such policy.")
    assert type(failure(graph, stub, CONFIGURATIONS, answer)) is NotFound


def test_every_reason_code_is_one_the_ledger_knows() -> None:
    known = {
        *("graph.throttled", "graph.unauthenticated", "graph.consent_missing", "graph.forbidden"),
        *("graph.license_missing", "graph.not_found", "graph.conflict", "graph.etag_mismatch"),
        *("graph.payload_rejected", "graph.unavailable", "graph.timeout"),
        *("graph.response_invalid", "tenant.disconnected", "item.dependency_failed"),
        "approval.pending",
    }

    def tree(kind: type[GraphError]) -> set[str]:
        return {kind.reason_code}.union(*(tree(child) for child in kind.__subclasses__()))

    assert tree(GraphError) == known


def test_intunes_nested_message_is_read_and_its_support_tail_left_out(
    graph: GraphClient, stub: Stub
) -> None:
    inner = nested("Profile name is too long")
    outer = json.dumps({"ErrorCode": "BadRequest", "Message": inner})

    error = failure(graph, stub, CONFIGURATIONS, graph_error(400, "UnknownError", outer))

    assert error.detail == "Profile name is too long"
    assert error.code == "BadRequest"


def test_retry_after_may_hide_in_the_nested_message(graph: GraphClient, stub: Stub) -> None:
    text = nested("Slow down", RetryAfter=200)

    error = failure(graph, stub, CONFIGURATIONS, graph_error(429, "UnknownError", text))

    assert error.retry_after == 200


@pytest.mark.parametrize("text", ["{not json}", "{}", '{"Message": {"a": 1}}', "{" * 50 + "}" * 50])
def test_odd_nested_messages_do_no_harm(graph: GraphClient, stub: Stub, text: str) -> None:
    error = failure(graph, stub, CONFIGURATIONS, graph_error(400, "", text))

    assert error.reason_code == "graph.payload_rejected"


@pytest.mark.parametrize("body", [None, [], {"error": "text"}, {"error": {"code": 5}}, b"\xff<"])
def test_odd_error_bodies_do_no_harm(graph: GraphClient, stub: Stub, body: object) -> None:
    assert failure(graph, stub, APPS, Answer(404, body)).reason_code == "graph.not_found"


class TestRefusals:
    LISTED = (
        "Application is not authorized to perform this operation. Application must have one of "
        "the following scopes: DeviceManagementApps.Read.All, DeviceManagementApps.ReadWrite.All"
    )

    def test_a_missing_permission_is_named(self, graph: GraphClient, stub: Stub) -> None:
        answer = graph_error(403, "Forbidden", nested(self.LISTED))

        error = failure(graph, stub, APPS, answer)

        assert type(error) is ConsentMissing
        assert isinstance(error, Forbidden)
        assert error.reason_code == "graph.consent_missing"
        assert error.permission == "DeviceManagementApps.Read.All"
        assert error.item_message == (
            "The permission DeviceManagementApps.Read.All is not granted in this tenant."
        )

    def test_the_current_name_is_preferred_to_an_older_one_listed_first(
        self, graph: GraphClient, stub: Stub
    ) -> None:
        text = (
            "scopes: DeviceManagementServiceConfiguration.Read.All, "
            "DeviceManagementServiceConfig.Read.All"
        )
        path = "/deviceManagement/deviceEnrollmentConfigurations"

        error = failure(graph, stub, path, graph_error(403, "Forbidden", text))

        assert error.permission == "DeviceManagementServiceConfig.Read.All"

    @pytest.mark.parametrize(
        ("path", "permission"),
        [
            ("/identity/conditionalAccess/policies", "Policy.Read.All"),
            ("/deviceManagement/deviceShellScripts/1", "DeviceManagementScripts.Read.All"),
            ("/deviceManagement/roleScopeTags", "DeviceManagementRBAC.Read.All"),
            ("/organization", "Organization.Read.All"),
        ],
    )
    def test_a_permission_the_service_does_not_name_is_known_from_the_address(
        self, graph: GraphClient, stub: Stub, path: str, permission: str
    ) -> None:
        error = failure(graph, stub, path, graph_error(403, "AccessDenied", "Missing scopes."))

        assert type(error) is ConsentMissing
        assert error.permission == permission

    @pytest.mark.parametrize("path", [CONFIGURATIONS, "/groups/delta", "/unheard/of"])
    def test_a_refusal_despite_the_permission_is_plainly_forbidden(
        self, graph: GraphClient, stub: Stub, path: str
    ) -> None:
        error = failure(graph, stub, path, graph_error(403, "Forbidden", "Not for you."))

        assert type(error) is Forbidden
        assert error.reason_code == "graph.forbidden"

    def test_reading_does_not_suffice_for_writing(self, graph: GraphClient, stub: Stub) -> None:
        stub.in_turn(CONFIGURATIONS, graph_error(403, "Forbidden", "No."))

        with pytest.raises(ConsentMissing) as caught:
            graph.post(CONFIGURATIONS, {})

        assert caught.value.permission == "DeviceManagementConfiguration.ReadWrite.All"

    @pytest.mark.parametrize(
        ("status", "code", "text"),
        [
            (400, "BadRequest", nested("Request not applicable to target tenant.")),
            (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Not premium."),
            (403, "AccessDenied", "Your tenant is not licensed for this feature."),
        ],
    )
    def test_a_missing_licence_is_told_apart(
        self, graph: GraphClient, stub: Stub, status: int, code: str, text: str
    ) -> None:
        error = failure(graph, stub, APPS, graph_error(status, code, text))

        assert type(error) is LicenseMissing
        assert error.reason_code == "graph.license_missing"


@pytest.mark.parametrize(
    "text", ["Property vppLicenseCount is unknown.", "License agreement text is too long."]
)
def test_a_property_named_after_licences_is_no_missing_licence(
    graph: GraphClient, stub: Stub, text: str
) -> None:
    error = failure(graph, stub, APPS, graph_error(400, "BadRequest", text))

    assert type(error) is PayloadRejected


@pytest.mark.parametrize(
    "answer",
    [
        graph_error(410, "Gone", "Resync.", Location="https://graph.test/v1.0/groups/delta?x="),
        graph_error(400, "syncStateNotFound", "Too old."),
        graph_error(404, "resyncRequired", "Too old."),
    ],
)
def test_an_expired_delta_link_asks_for_a_full_read(
    graph: GraphClient, stub: Stub, answer: Answer
) -> None:
    error = failure(graph, stub, "/groups/delta", answer)

    assert type(error) is DeltaExpired
    assert error.location == answer.headers.get("Location")


def test_neither_tokens_nor_control_characters_nor_novels_reach_a_person(
    graph: GraphClient, stub: Stub
) -> None:
    token = fake_jwt(["x"], 1)
    text = f"Bad\x1b[31m\r\n{token} and Bearer abc.def: " + "long " * 200

    error = failure(graph, stub, APPS, graph_error(400, "BadRequest", text))

    shown = f"{error} {error.item_message} {error!r}"
    assert token[:30] not in shown
    assert "abc.def" not in shown
    assert shown.isprintable()
    assert len(error.detail) == 300


def test_a_token_graph_keeps_refusing_is_renewed_once_and_then_given_up(
    graph: GraphClient, stub: Stub
) -> None:
    stub.in_turn(APPS, graph_error(401, "InvalidAuthenticationToken", fake_jwt(["x"], 1)))

    with pytest.raises(Unauthenticated) as caught:
        graph.get(APPS)

    assert len(stub.calls("/beta" + APPS)) == 2
    assert stub.issued == 2
    assert "eyJ" not in str(caught.value)
