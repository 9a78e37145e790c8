"""Reads collections with Microsoft's Graph SDK: ``BASE_URL CA_FILE TOKEN PATH…``.

Prints one JSON object: by path, how many objects the SDK read, and the members of Graph's answer
that its models do not hold.
"""

import asyncio
import json
import re
import ssl
import sys

import httpx
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph_beta import GraphRequestAdapter, GraphServiceClient


class Token(AccessTokenProvider):
    def __init__(self, token):
        self.token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self.token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator([])


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def builder(client, path):
    for part in path.split("/"):
        client = getattr(client, snake(part))
    return client


def lost(raw, model, place):
    """Members of the answer that the model has neither as its own nor as additional data."""
    if isinstance(raw, list):
        if not isinstance(model, list) or len(model) != len(raw):
            yield place
            return
        for row, inner in zip(raw, model, strict=True):
            yield from lost(row, inner, place)
    elif isinstance(raw, dict):
        for name, value in raw.items():
            if value is None or "@odata.context" in name:
                continue
            inner = member(model, name)
            if inner is None or (isinstance(inner, str) and inner != value):
                yield f"{place}/{name}"
            elif isinstance(value, list | dict) and not isinstance(inner, dict):
                yield from lost(value, inner, f"{place}/{name}")


def member(model, name):
    own = getattr(model, "odata_type" if name == "@odata.type" else snake(name), None)
    if own is not None:
        return own
    return (getattr(model, "additional_data", None) or {}).get(name)


async def read(client, http, path):
    place = builder(client, path)
    rows = (await place.get()).value
    answer = (await http.get(path)).json()
    by_id = next(getattr(place, name) for name in dir(place) if name.startswith("by_"))
    one = await by_id(rows[0].id).get()
    item = (await http.get(f"{path}/{rows[0].id}")).json()
    gone = {*lost(answer["value"], rows, path), *lost(item, one, path)}
    return {"objects": len(rows), "lost": sorted(gone)}


async def main():
    base, trusted, token, *paths = sys.argv[1:]
    trust = ssl.create_default_context(cafile=trusted)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(verify=trust, trust_env=False, timeout=30) as carrier,
        httpx.AsyncClient(
            verify=trust, trust_env=False, base_url=f"{base}/beta", headers=headers
        ) as http,
    ):
        provider = BaseBearerTokenAuthenticationProvider(Token(token))
        adapter = GraphRequestAdapter(provider, client=carrier)
        adapter.base_url = f"{base}/beta"
        client = GraphServiceClient(request_adapter=adapter)
        found = {path: await read(client, http, path) for path in paths}
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
