"""App-only access tokens: RS256 JWTs signed by the simulator's own key."""

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from opsapp.simulator.messages import GraphRefusal
from opsapp.simulator.state import Tenant, World, stable_id


@dataclass(frozen=True)
class Caller:
    tenant: Tenant
    roles: frozenset[str]


class TokenKey:
    """Signs and checks tokens. A token is looked at once; its claims are remembered."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        self._claims: dict[str, dict[str, Any]] = {}
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.key_id = _base64(hashlib.sha256(public).digest()[:20])

    def jwks(self) -> dict[str, Any]:
        """The public key as the login service publishes it."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "n": _base64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": _base64(numbers.e.to_bytes(3, "big")),
        }
        return {"keys": [key]}

    def issue(self, tenant: Tenant, audience: str, issuer: str, lifetime: int) -> str:
        """An access token for this tenant's application with the roles it has now."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": tenant.client_id,
            "app_displayname": "OpsApp",
            "idtyp": "app",
            "oid": stable_id(tenant.id, "servicePrincipal"),
            "roles": sorted(tenant.permissions),
            "sub": stable_id(tenant.id, "servicePrincipal"),
            "tid": tenant.id,
            "ver": "1.0",
            "sim_generation": tenant.token_generation,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def check(self, world: World, authorization: str) -> Caller:
        """Who calls. Raises the 401 Graph answers to a missing, foreign or expired token."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("Access token is empty.")
        claims = self._read(token.strip())
        if claims["exp"] <= time.time():
            raise _unauthenticated("Lifetime validation failed, the token is expired.")
        if urlsplit(claims["aud"]).netloc not in world.hosts:
            raise _unauthenticated("Access token validation failure. Invalid audience.")
        tenant = world.by_id(claims["tid"])
        if tenant is None or claims["sim_generation"] != tenant.token_generation:
            raise _unauthenticated("Access token has expired or is not yet valid.")
        return Caller(tenant, frozenset(claims["roles"]) & frozenset(tenant.permissions))

    def _read(self, token: str) -> dict[str, Any]:
        if token in self._claims:
            return self._claims[token]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "require": ["exp", "tid", "aud", "roles", "sim_generation"],
                },
            )
        except jwt.InvalidTokenError as error:
            raise _unauthenticated(
                "CompactToken parsing failed with error code: 80049217"
            ) from error
        if len(self._claims) > 1000:  # noqa: PLR2004 (a bound, not a meaning)
            self._claims.clear()
        self._claims[token] = claims
        return claims


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unauthenticated(message: str) -> GraphRefusal:
    headers = {"WWW-Authenticate": 'Bearer realm="", authorization_uri="", error="invalid_token"'}
    return GraphRefusal(401, "InvalidAuthenticationToken", message, headers=headers)
