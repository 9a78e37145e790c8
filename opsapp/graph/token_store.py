"""MSAL's token cache at rest: encrypted, in Redis, one entry per cloud, app and tenant."""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

import redis
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from msal.token_cache import SerializableTokenCache

from opsapp.graph.clouds import Endpoints
from opsapp.graph.shared import RedisLink, Unreachable

_logger = logging.getLogger(__name__)


def storage_key(endpoints: Endpoints, client_id: str, tenant_id: str) -> str:
    place = endpoints.name
    if place != endpoints.cloud:
        place = f"{endpoints.cloud}-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
    return f"opsapp:graph:token:{place}:{client_id}:{tenant_id}".lower()


def drop_tokens(
    connection: "redis.Redis", endpoints: Endpoints, client_id: str, tenant_id: str
) -> None:
    """Forgets the shared token, for a tenant that is suspended. Raises redis.RedisError."""
    connection.delete(storage_key(endpoints, client_id, tenant_id))


class StoredTokens:
    """Loads and saves a cache; without Redis both do nothing and the cache stays in memory.

    ``made_with``: fingerprint of the credential. Tokens got with another one are ignored, so a
    changed secret is really tried.
    """

    def __init__(
        self, link: RedisLink, fernet: Fernet | MultiFernet, key: str, made_with: str
    ) -> None:
        self._link = link
        self._fernet = fernet
        self._key = key
        self._made_with = made_with

    def load_into(self, cache: SerializableTokenCache) -> None:
        try:
            sealed = self._link.ask(lambda server: server.get(self._key))
        except Unreachable:
            return
        if sealed is None:
            return
        try:
            opened = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            _logger.warning("the shared Graph token cannot be decrypted; a new one is fetched")
            return
        if opened.get("made_with") == self._made_with:
            cache.deserialize(opened["cache"])

    def save(self, cache: SerializableTokenCache, seconds: float) -> None:
        plain = json.dumps({"made_with": self._made_with, "cache": cache.serialize()})
        sealed = self._fernet.encrypt(plain.encode())
        try:
            self._link.ask(lambda server: server.set(self._key, sealed, ex=max(1, int(seconds))))
        except Unreachable:
            _logger.debug("the Graph token stays in this process")

    def drop(self) -> None:
        try:
            self._link.ask(lambda server: server.delete(self._key))
        except Unreachable:
            _logger.debug("the shared Graph token could not be dropped")


def roles_of(token: str) -> tuple[str, ...]:
    """The app roles a token claims. Not verified: for display and for explaining a refusal."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        return ()
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return ()
    roles: Any = claims.get("roles") if isinstance(claims, Mapping) else None
    return tuple(sorted(map(str, roles))) if isinstance(roles, list) else ()
