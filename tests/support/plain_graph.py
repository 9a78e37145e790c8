"""A Graph client that shares nothing with ours: one request at a time, no patience."""

import ssl
from typing import Any, Self

import httpx

from opsapp.simulator.process import SimulatedTenant, Simulator


class PlainGraph:
    def __init__(self, simulator: Simulator, tenant: SimulatedTenant) -> None:
        trust = ssl.create_default_context(cafile=str(simulator.ca_path))
        self._http = httpx.Client(base_url=simulator.base_url, verify=trust, trust_env=False)
        answer = self._http.post(
            f"/{tenant.id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": tenant.client_id,
                "client_secret": tenant.client_secret,
                "scope": f"{simulator.base_url}/.default",
            },
        )
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, address: str) -> Any:
        """The answer of an address below the version, without its contexts."""
        return without_contexts(self._answer("GET", address))

    def values(self, address: str) -> list[Any]:
        """The values of all pages."""
        found = []
        following: str | None = f"/beta{address}"
        while following:
            answer = self._http.get(following)
            answer.raise_for_status()
            page = answer.json()
            found += page["value"]
            following = page.get("@odata.nextLink")
        return [without_contexts(value) for value in found]

    def post(self, address: str, body: Any) -> Any:
        return self._answer("POST", address, json=body)

    def _answer(self, method: str, address: str, **more: Any) -> Any:
        answer = self._http.request(method, f"/beta{address}", **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def without_contexts(value: Any) -> Any:
    """Without ``@odata.context`` members: they name the request, and ours is another one."""
    if isinstance(value, dict):
        kept = {key: member for key, member in value.items() if "@odata.context" not in key}
        return {key: without_contexts(member) for key, member in kept.items()}
    return [without_contexts(member) for member in value] if isinstance(value, list) else value
