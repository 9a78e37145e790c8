"""Runs IntuneCD's backup against a simulator. Started with the Python that has IntuneCD.

Its host is fixed, so requests to it are sent to the simulator instead. How many
it makes at once, and over which connections, is its own affair.
"""

import os
import sys
from typing import Any

import requests

_HOST = "https://graph.microsoft.com"
_CREDENTIALS = ("TENANT_NAME", "CLIENT_ID", "CLIENT_SECRET")


def redirect(base: str, bundle: str) -> None:
    send = requests.adapters.HTTPAdapter.send

    def send_elsewhere(adapter: Any, request: Any, **options: Any) -> Any:
        if request.url.startswith(_HOST):
            request.url = base + request.url.removeprefix(_HOST)
        return send(adapter, request, **{**options, "verify": bundle})

    requests.adapters.HTTPAdapter.send = send_elsewhere


def token_of(base: str, tenant: str, client_id: str, secret: str) -> str:
    """Signs in for it: its sign-in library asks a fixed host about the other hosts first."""
    form = {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials"}
    form["scope"] = f"{base}/.default"
    answer = requests.post(f"{base}/{tenant}/oauth2/v2.0/token", data=form, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def main(base: str, bundle: str, folder: str) -> None:
    redirect(base, bundle)
    token = token_of(base, *(os.environ[name] for name in _CREDENTIALS))
    from IntuneCD import run_backup

    options = ["-m", "1", "-o", "json", "-p", folder, "--append-id", "--skip-archive"]
    sys.argv = ["IntuneCD-startbackup", *options, "--token", token]
    run_backup.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
