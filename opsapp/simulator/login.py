"""The login service: discovery, keys and the token endpoint for client credentials."""

import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from opsapp.simulator.state import Tenant, World
from opsapp.simulator.tokens import TokenKey

_SHARED = ("organizations", "common")


class LoginRefusal(Exception):
    """An error of the login service with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text

    def body(self) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


def discovery(world: World, base: str, realm: str) -> dict[str, Any]:
    """The openid-configuration of a tenant. Raises ``LoginRefusal``."""
    tenant_id = realm if realm in _SHARED else find_tenant(world, realm).id
    issuer = "{tenantid}" if realm in _SHARED else tenant_id
    return {
        "token_endpoint": f"{base}/{realm}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "jwks_uri": f"{base}/{realm}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/{issuer}/v2.0",
        "authorization_endpoint": f"{base}/{realm}/oauth2/v2.0/authorize",
        "tenant_region_scope": "EU",
        "cloud_instance_name": urlsplit(base).netloc,
        "msgraph_host": urlsplit(base).netloc,
    }


def find_tenant(world: World, realm: str) -> Tenant:
    tenant = world.by_id(realm) or world.tenants.get(realm.split(".", maxsplit=1)[0])
    if tenant is None:
        text = f"Tenant '{realm}' not found. Check to make sure you have the correct tenant ID."
        raise LoginRefusal(400, "invalid_request", 90002, text)
    return tenant


def token(
    world: World, key: TokenKey, base: str, realm: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Answer a client_credentials request. Raises ``LoginRefusal``."""
    tenant = find_tenant(world, realm)
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        text = f"The app requested an unsupported grant type '{grant}'."
        raise LoginRefusal(400, "unsupported_grant_type", 70003, text)
    client_id = form.get("client_id", "")
    if client_id.lower() != tenant.client_id.lower():
        text = (
            f"Application with identifier '{client_id}' was not found in the directory "
            f"'{tenant.name}'."
        )
        raise LoginRefusal(400, "unauthorized_client", 700016, text)
    _check_secret(tenant, form)
    lifetime = world.faults.token_lifetime
    issuer = f"{base}/{tenant.id}/"
    return {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": key.issue(tenant, _audience(world, form), issuer, lifetime),
    }


def _check_secret(tenant: Tenant, form: Mapping[str, str]) -> None:
    secret = form.get("client_secret")
    if secret is None:
        text = (
            "The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'."
        )
        raise LoginRefusal(401, "invalid_client", 7000216, text)
    if not hmac.compare_digest(secret.encode(), tenant.client_secret.encode()):
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            "client secret value, not the client secret ID, for a secret added to app "
            f"'{tenant.client_id}'."
        )
        raise LoginRefusal(401, "invalid_client", 7000215, text)


def _audience(world: World, form: Mapping[str, str]) -> str:
    scope = form.get("scope", "")
    resource = scope.removesuffix("/.default")
    if resource == scope:
        text = f"The provided value for scope {scope} is not valid; it must end with /.default."
        raise LoginRefusal(400, "invalid_scope", 1002012, text)
    if urlsplit(resource).netloc not in world.hosts:
        text = f"The resource principal named {resource} was not found in the tenant."
        raise LoginRefusal(400, "invalid_resource", 500011, text)
    return resource
