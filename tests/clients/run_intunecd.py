"""Runs IntuneCD's backup against another Graph: ``BASE_URL CA_FILE TOKEN FOLDER``.

IntuneCD has Microsoft's hosts in its code. Its requests are sent to ``BASE_URL`` instead, in this
process only; a request to any other host is an error. How many it makes at once, and over which
connections, is its own affair. The names of its files end in the object's id.
"""

import sys

import requests

GRAPH = "https://graph.microsoft.com"
_send = requests.Session.request


def main() -> None:
    base, trusted, token, folder = sys.argv[1:5]

    def request(session, method, url, **options):
        if url.startswith(GRAPH):
            url = base + url.removeprefix(GRAPH)
        if not url.startswith(base + "/"):
            raise RuntimeError(f"another host was asked for: {url}")
        session.trust_env = False
        return _send(session, method, url, **options | {"verify": trusted})

    requests.Session.request = request
    options = ["-m", "1", "-o", "json", "-p", folder, "--append-id", "--skip-archive"]
    sys.argv = ["IntuneCD-startbackup", *options, "-t", token]
    from IntuneCD import run_backup

    run_backup.start()


if __name__ == "__main__":
    main()
