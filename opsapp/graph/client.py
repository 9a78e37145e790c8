"""The Graph client a worker opens for one tenant.

::

    with open_client(settings, tenant_id, credential, redis=..., fernet=...) as graph:
        for policy in graph.iter_items("/deviceManagement/configurationPolicies"):
            ...

Addresses are relative to the API version (``beta`` unless told) or absolute ones Graph itself gave
(next and delta links). Every method raises a ``GraphError`` and, inside a web request,
``GraphForbiddenHere``. All methods may be called from several threads at once.
"""

import json
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
import redis as redis_client
from cryptography.fernet import Fernet, MultiFernet

from opsapp.graph import guard
from opsapp.graph.auth import TokenSource, fingerprint
from opsapp.graph.batch import Batcher
from opsapp.graph.batch_parts import BatchRequest, BatchResult
from opsapp.graph.clouds import Endpoints, endpoints
from opsapp.graph.crew import Patience
from opsapp.graph.errors import ForeignAddress, ResponseInvalid, Trace
from opsapp.graph.governor import Governor
from opsapp.graph.login import LoginSession
from opsapp.graph.settings import AppCredential, GraphSettings
from opsapp.graph.shared import RedisLink
from opsapp.graph.token_store import StoredTokens, storage_key
from opsapp.graph.transport import Reply, Request, Transport
from opsapp.graph.workloads import Cost, cost_of, reads_only

__all__ = [
    "AppCredential",
    "BatchRequest",
    "BatchResult",
    "GraphClient",
    "GraphSettings",
    "Reply",
    "open_client",
]

_BETA: Final = "beta"
_READ_HEADERS: Final = {"Accept": "application/json", "Prefer": "include-unknown-enum-members"}
_CONNECTIONS: Final = 20
_KEPT_SECONDS: Final = 60.0  # longer than a full budget makes us wait

Params = Mapping[str, str | int]
Headers = Mapping[str, str]


class GraphClient:
    """Reads and writes one tenant. Use ``open_client``; close it or use it as a context."""

    def __init__(self, places: Endpoints, transport: Transport) -> None:
        self._places = places
        self._transport = transport

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    @property
    def base(self) -> str:
        """Where the tenant's Graph is, without a version: what bindings in bodies must name."""
        return self._places.graph

    def token_roles(self, *, fresh: bool = False) -> tuple[str, ...]:
        """The app permissions in the token, sorted; for display, not verified.

        ``fresh``: from a token issued just now. A cached one may be an hour older than a consent.
        """
        return self._transport.token(fresh=fresh).roles

    def get(
        self,
        address: str,
        *,
        params: Params | None = None,
        version: str = _BETA,
        headers: Headers | None = None,
    ) -> Reply:
        return self._transport.send(
            self._request("GET", address, params=params, version=version, headers=headers or {})
        )

    def get_json(
        self,
        address: str,
        *,
        params: Params | None = None,
        version: str = _BETA,
        headers: Headers | None = None,
    ) -> dict[str, Any]:
        """The object at an address; raises ResponseInvalid when it is not a JSON object."""
        reply = self.get(address, params=params, version=version, headers=headers)
        return _object(reply)

    def iter_pages(
        self,
        address: str,
        *,
        first: Mapping[str, Any] | None = None,
        params: Params | None = None,
        version: str = _BETA,
        headers: Headers | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Pages as Graph gave them (``value``, ``@odata.deltaLink`` on the last of a delta).

        A page may be empty. ``first``: the page at ``address``, if it has come already (in a
        batch). ``params`` belong to the first request only; ``headers`` go with each. Raises
        ForeignAddress before the token could go to another host.
        """
        seen: set[str] = set()
        while address not in seen:
            seen.add(address)
            if first is not None:
                page, trace, first = dict(first), Trace(), None
            else:
                reply = self.get(address, params=params, version=version, headers=headers)
                page, trace = _object(reply), _trace(reply)
            if not isinstance(page.get("value"), list):
                raise ResponseInvalid("A page has no list of values.", trace=trace)
            yield page
            if page.get("@odata.nextLink") is None:
                return
            address, params = self._next_address(page["@odata.nextLink"], trace), None
        raise ResponseInvalid("Its pages form an endless loop.", trace=trace)

    def _next_address(self, link: object, trace: Trace) -> str:
        if not isinstance(link, str):
            raise ResponseInvalid("A page does not say where the next one is.", trace=trace)
        if not self._places.owns(link):
            raise ForeignAddress(trace=trace, sent=False)
        return link

    def iter_items(
        self,
        address: str,
        *,
        params: Params | None = None,
        version: str = _BETA,
        headers: Headers | None = None,
    ) -> Iterator[Any]:
        """The values of all pages; one page is in memory at a time."""
        pages = self.iter_pages(address, params=params, version=version, headers=headers)
        for page in pages:
            yield from page["value"]

    def post(
        self,
        address: str,
        body: Any,
        *,
        version: str = _BETA,
        headers: Headers | None = None,
        harmless: bool | None = None,
    ) -> Reply:
        """Tried again only where it certainly had no effect: 429, 503 with Retry-After, no
        connection. ``harmless`` True lets it be repeated like a GET; ``getByIds`` is by itself.
        """
        request = self._request(
            "POST", address, version=version, headers=headers or {}, body=body, harmless=harmless
        )
        return self._transport.send(request)

    def write(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        version: str = _BETA,
        headers: Headers | None = None,
    ) -> Reply:
        """Any request that changes the tenant, repeated as ``post`` is: a doubtful one never.

        Raises ApprovalRequired when a second administrator must agree first.
        """
        request = self._request(
            method, address, version=version, headers=headers or {}, body=body, harmless=False
        )
        return self._transport.send(request)

    def get_many(
        self, addresses: Mapping[str, str], *, posted: Collection[str] = (), version: str = _BETA
    ) -> dict[str, BatchResult]:
        """Reads the address of each name in batches; see ``batch`` for what a result is.

        ``posted`` are the names of functions that only read but are called by POST.
        """
        names = {str(number): name for number, name in enumerate(addresses)}
        parts = [
            BatchRequest(part, addresses[name], "POST", body={})
            if name in posted
            else BatchRequest(part, addresses[name])
            for part, name in names.items()
        ]
        results = self.batch(parts, version=version)
        return {name: results[part] for part, name in names.items()}

    def batch(
        self, requests: Iterable[BatchRequest], *, version: str = _BETA
    ) -> dict[str, BatchResult]:
        """Runs any number of requests, twenty in an exchange and some exchanges at once; results
        by id, in the order asked. Nothing is said of the order in which they take effect.

        A part that fails is a result with ``error``. Raises ValueError for repeated ids, and
        Unauthenticated or TenantDisconnected when no part can succeed.
        """
        guard.check()
        return Batcher(self._transport, partial(self._request, version=version)).run(requests)

    def _request(
        self,
        method: str,
        address: str,
        *,
        headers: Headers,
        version: str = _BETA,
        params: Params | None = None,
        body: Any = None,
        costs: tuple[Cost, ...] | None = None,
        harmless: bool | None = None,
    ) -> Request:
        url = self._url(address, version, params)
        relative = self._relative(url)
        path = relative.partition("?")[0]
        reading = reads_only(method, path) if harmless is None else harmless
        defaults = dict(_READ_HEADERS)
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            defaults["Content-Type"] = "application/json"
        if method != "GET":
            del defaults["Prefer"]
        return Request(
            method=method,
            url=url,
            path=path,
            costs=costs or (cost_of(method, relative),),
            harmless=reading,
            headers={**defaults, **headers},
            content=content,
        )

    def _url(self, address: str, version: str, params: Params | None) -> str:
        if address.startswith("/"):
            url = f"{self._places.graph}/{version}{address}"
        elif self._places.owns(address):
            url = address
        else:
            raise ForeignAddress(sent=False)
        if not params:
            return url
        # Graph's own spelling: "$top", not "%24top"; readable in logs on both sides.
        query = urlencode(params, quote_via=quote, safe="$(),'/:@")
        return f"{url}{'&' if '?' in url else '?'}{query}"

    def _relative(self, url: str) -> str:
        parts = urlsplit(url.removeprefix(self._places.graph))
        path = "/" + parts.path.lstrip("/").partition("/")[2]
        return f"{path}?{parts.query}" if parts.query else path


def open_client(
    settings: GraphSettings,
    tenant_id: str,
    credential: AppCredential,
    *,
    redis: "redis_client.Redis | None",
    fernet: Fernet | MultiFernet,
    wait: Callable[[float], None] = time.sleep,
    max_wait: float = 60.0,
    interactive: bool = False,
) -> GraphClient:
    """Opens a client for one tenant; nothing is sent before its first use.

    Args:
        settings: which cloud, and how patient to be.
        tenant_id: the tenant's Entra GUID (or a domain).
        credential: the app registration the tenant has consented to.
        redis: shares tokens and budgets with other workers; unreachable or None, this process
            goes on alone. Give it short timeouts and no retries.
        fernet: seals tokens in Redis.
        wait: sleeps the given seconds, or raises to interrupt (cancel, shutdown). It must not
            return early. Only ever called in the thread that called the client.
        max_wait: seconds; a longer ``Retry-After`` raises Throttled so that the run can be parked.
        interactive: somebody waits for it: it goes before background work of all workers.

    Raises ValueError for an unknown cloud, a malformed base URL or tenant.

    """
    guard.check()
    places = endpoints(settings)
    link = RedisLink(redis)
    key = storage_key(places, credential.client_id, tenant_id)
    tokens = TokenSource(
        places,
        tenant_id,
        credential,
        store=StoredTokens(link, fernet, key, fingerprint(credential)),
        session=LoginSession(settings),
    )
    patience = Patience(wait)
    governor = Governor(
        link,
        client_id=credential.client_id,
        tenant_id=tenant_id,
        policy=settings.retry,
        wait=patience,
        max_wait=max_wait,
        interactive=interactive,
    )
    transport = Transport(
        _http_client(settings),
        tokens,
        governor,
        policy=settings.retry,
        wait=patience,
        max_wait=max_wait,
    )
    return GraphClient(places, transport)


def _http_client(settings: GraphSettings) -> httpx.Client:
    phases = settings.timeouts
    trusted: ssl.SSLContext | bool = True
    if settings.ca_bundle is not None:
        trusted = ssl.create_default_context(cafile=str(settings.ca_bundle))
    return httpx.Client(
        verify=trusted,
        trust_env=settings.ca_bundle is None,
        follow_redirects=False,
        timeout=httpx.Timeout(
            connect=phases.connect, read=phases.read, write=phases.write, pool=phases.pool
        ),
        limits=httpx.Limits(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
        ),
        headers={"User-Agent": "OpsApp"},
    )


def _object(reply: Reply) -> dict[str, Any]:
    if not isinstance(reply.json, dict):
        raise ResponseInvalid("It is not a JSON object.", trace=_trace(reply))
    return reply.json


def _trace(reply: Reply) -> Trace:
    return Trace(reply.status, "", reply.request_id, reply.client_request_id)
