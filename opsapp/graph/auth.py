"""App tokens for one tenant: MSAL does the talking, Redis lets all workers share the result."""

import hashlib
import logging
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from msal.application import ConfidentialClientApplication
from msal.token_cache import SerializableTokenCache

from opsapp.graph import guard
from opsapp.graph.clouds import Endpoints
from opsapp.graph.errors import GraphError, Unauthenticated
from opsapp.graph.login import LoginSession, RefusedByLogin, speaking_to_login
from opsapp.graph.settings import AppCredential
from opsapp.graph.token_store import StoredTokens, roles_of

_logger = logging.getLogger(__name__)
_TENANT: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?")
_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
_RENEW_BEFORE: Final = 300.0


@dataclass(frozen=True)
class AccessToken:
    """A bearer token and the app roles it carries, decoded for display only."""

    value: str = field(repr=False)
    good_until: float
    roles: tuple[str, ...]


class TokenSource:
    """Gives a valid token for one tenant; one caller fetches, the others wait for it."""

    def __init__(
        self,
        endpoints: Endpoints,
        tenant_id: str,
        credential: AppCredential,
        *,
        store: StoredTokens,
        session: LoginSession,
    ) -> None:
        if not _TENANT.fullmatch(tenant_id):
            raise ValueError("a tenant is named by its GUID or domain")
        self._endpoints = endpoints
        self._tenant_id = tenant_id
        self._credential = credential
        self._store = store
        self._session = session
        self._lock = threading.Lock()
        self._cache = SerializableTokenCache()  # type: ignore[no-untyped-call]
        self._app: ConfidentialClientApplication | None = None
        self._token: AccessToken | None = None

    def token(self) -> AccessToken:
        """Raises a GraphError when the sign-in service gives none."""
        guard.check()
        with self._lock:
            if self._token is None or self._token.good_until <= time.monotonic():
                self._store.load_into(self._cache)
                self._token = self._acquire()
            return self._token

    def renew(self, rejected: str | None = None) -> AccessToken:
        """A token other than the rejected one; without an argument, one issued just now."""
        guard.check()
        with self._lock:
            held = self._token
            if rejected is not None:
                if held is not None and held.value != rejected:
                    return held
                self._store.load_into(self._cache)
                shared = self._acquire()
                if shared.value != rejected:
                    self._token = shared
                    return shared
            self._forget()
            self._token = self._acquire()
            return self._token

    def close(self) -> None:
        self._session.close()

    def _forget(self) -> None:
        self._token = None
        self._cache.deserialize(None)
        self._store.drop()

    def _acquire(self) -> AccessToken:
        try:
            with speaking_to_login(self._session):
                application = self._application()
                result: dict[str, Any] = application.acquire_token_for_client(  # type: ignore[no-untyped-call]
                    [self._endpoints.scope]
                )
                if "access_token" not in result:
                    raise RefusedByLogin(result)
                lifetime = float(result["expires_in"])
        except GraphError:
            # MSAL replays failures it has seen for a while; a new application asks again.
            self._app = None
            raise
        if self._cache.has_state_changed:
            _logger.info("new Graph token for tenant %s", self._tenant_id)
            self._store.save(self._cache, lifetime)
        return _access_token(str(result["access_token"]), lifetime)

    def _application(self) -> ConfidentialClientApplication:
        if self._app is None:
            self._app = ConfidentialClientApplication(  # type: ignore[no-untyped-call]
                self._credential.client_id,
                client_credential=_msal_credential(self._credential),
                authority=f"{self._endpoints.login}/{self._tenant_id}",
                instance_discovery=None if self._endpoints.known_login else False,
                http_client=self._session,
                token_cache=self._cache,
            )
        return self._app


def fingerprint(credential: AppCredential) -> str:
    """Changes with the secret or certificate, so that tokens got with the old one are not used."""
    if credential.client_secret:
        material = credential.client_secret.encode()
    else:
        try:
            material = Path(str(credential.certificate_path)).read_bytes()
        except OSError:
            material = b""  # the first use says so
    return hashlib.sha256(material).hexdigest()


def _access_token(value: str, lifetime: float) -> AccessToken:
    margin = min(_RENEW_BEFORE, lifetime * 0.1)
    return AccessToken(value, time.monotonic() + lifetime - margin, roles_of(value))


def _msal_credential(credential: AppCredential) -> str | dict[str, str]:
    if credential.client_secret:
        return credential.client_secret
    try:
        text = Path(str(credential.certificate_path)).read_text("ascii", errors="replace")
    except OSError:
        raise Unauthenticated("The app's certificate file cannot be read.", sent=False) from None
    blocks = [found.group(0) for found in _PEM.finditer(text)]
    keys = [block for block in blocks if "PRIVATE KEY-----" in block]
    certificates = [block for block in blocks if "BEGIN CERTIFICATE-----" in block]
    if len(keys) != 1 or not certificates:
        detail = "The app's certificate file needs one private key and its certificate, in PEM."
        raise Unauthenticated(detail, sent=False)
    return {"private_key": keys[0], "public_certificate": "\n".join(certificates)}
