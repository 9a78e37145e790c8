"""The login service: discovery, tokens, and its real error bodies."""

import jwt
import msal
import pytest
import requests


@pytest.fixture
def session(simulator):
    with requests.Session() as session:
        session.verify = str(simulator.ca_path)
        session.trust_env = False
        yield session


def application(simulator, tenant, session, secret=None):
    return msal.ConfidentialClientApplication(
        tenant.client_id,
        client_credential=secret or tenant.client_secret,
        authority=f"{simulator.base_url}/{tenant.id}",
        instance_discovery=False,
        http_client=session,
    )


def test_msal_gets_a_token_that_graph_takes(simulator, tenant, session):
    scopes = [f"{simulator.base_url}/.default"]
    result = application(simulator, tenant, session).acquire_token_for_client(scopes)
    headers = {"Authorization": f"Bearer {result['access_token']}"}
    answer = session.get(f"{simulator.base_url}/v1.0/organization", headers=headers)
    assert answer.json()["value"][0]["id"] == tenant.id


def test_msal_reports_a_wrong_secret(simulator, tenant, session):
    scopes = [f"{simulator.base_url}/.default"]
    result = application(simulator, tenant, session, "wrong").acquire_token_for_client(scopes)
    assert result["error"] == "invalid_client"
    assert result["error_codes"] == [7000215]
    assert tenant.client_secret not in str(result)


def test_the_token_names_tenant_application_and_roles(simulator, caller, tenant):
    token = caller.ask_token().json()["access_token"]
    keys = caller.http.get(f"/{tenant.id}/discovery/v2.0/keys").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=simulator.base_url)
    assert claims["tid"] == tenant.id
    assert claims["appid"] == tenant.client_id
    assert claims["idtyp"] == "app"
    assert "DeviceManagementConfiguration.Read.All" in claims["roles"]
    assert claims["exp"] - claims["iat"] == 3599


def test_discovery_points_at_this_host(simulator, caller, tenant):
    found = caller.http.get(f"/{tenant.id}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{simulator.base_url}/{tenant.id}/oauth2/v2.0/token"
    assert found["issuer"] == f"{simulator.base_url}/{tenant.id}/v2.0"
    assert found["authorization_endpoint"].startswith(simulator.base_url)


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "openid"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_refusals_carry_their_number(caller, form, status, error, number):
    answer = caller.ask_token(**form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["trace_id"]
    assert body["correlation_id"]


def test_unknown_tenants_are_told(caller):
    stranger = "11111111-1111-1111-1111-111111111111"
    answer = caller.http.post(f"/{stranger}/oauth2/v2.0/token", data={})
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    answer = caller.http.get(f"/{stranger}/v2.0/.well-known/openid-configuration")
    assert answer.json()["error_codes"] == [90002]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abc"])
def test_graph_refuses_what_is_no_token(caller, header):
    caller.http.headers["Authorization"] = header
    answer = caller.get("groups")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_token_of_another_key_is_refused(caller, tenant):
    claims = {"tid": tenant.id, "exp": 4e9, "roles": [], "aud": caller.simulator.base_url}
    forged = jwt.encode(claims | {"sim_generation": 0}, "x" * 32, algorithm="HS256")
    caller.http.headers["Authorization"] = f"Bearer {forged}"
    assert caller.get("groups").status_code == 401


def test_expired_tokens_are_refused_and_a_new_one_works(simulator, caller, tenant):
    simulator.expire_tokens(tenant.slug)
    assert caller.get("groups").status_code == 401
    caller.renew()
    assert caller.get("groups").status_code == 200
    simulator.set_faults(token_lifetime=0)
    caller.renew()
    assert caller.get("groups").status_code == 401


def test_tenants_do_not_see_each_other(simulator, caller, contoso, tenant):
    simulator.add_object(tenant.slug, "roleScopeTags", {"displayName": "Mine"})
    assert [row["displayName"] for row in caller.everything("deviceManagement/roleScopeTags")] == [
        "Mine"
    ]
    names = {row["displayName"] for row in contoso.everything("deviceManagement/roleScopeTags")}
    assert "Mine" not in names


def test_secrets_stay_out_of_repr_and_log(simulator, caller, tenant):
    assert tenant.client_secret not in repr(tenant)
    assert tenant.client_secret not in str(simulator.requests())
    token = caller.http.headers["Authorization"].removeprefix("Bearer ")
    assert token not in str(simulator.requests())
