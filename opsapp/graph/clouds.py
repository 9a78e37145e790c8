"""Where the sign-in service and Graph live, per cloud."""

from dataclasses import dataclass
from typing import Final

import httpx

from opsapp.graph.settings import GraphSettings

CLOUDS: Final = {
    "global": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "usgov": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": (
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}


@dataclass(frozen=True)
class Endpoints:
    """Base URLs of one cloud, without version and trailing slash.

    ``known_login``: whether Microsoft's instance discovery may vouch for the login host; never for
    an overridden one.
    """

    cloud: str
    login: str
    graph: str
    known_login: bool

    @property
    def scope(self) -> str:
        return f"{self.graph}/.default"

    @property
    def name(self) -> str:
        """Tells apart the places a token may come from and go to."""
        cloud_login, cloud_graph = CLOUDS[self.cloud]
        if (self.login, self.graph) == (cloud_login, cloud_graph):
            return self.cloud
        return f"{self.cloud}|{self.login}|{self.graph}"

    def owns(self, url: str) -> bool:
        """Whether a token for Graph may be sent to this absolute address."""
        try:
            # The sender's own parser: no other reading of the address can be smuggled past it.
            asked = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            return False
        graph = httpx.URL(self.graph)
        same = (asked.scheme, asked.host, asked.port) == (graph.scheme, graph.host, graph.port)
        return same and not asked.userinfo


def endpoints(settings: GraphSettings) -> Endpoints:
    """Raises ValueError for an unknown cloud or a base URL that is not https."""
    if settings.cloud not in CLOUDS:
        raise ValueError(f"unknown cloud {settings.cloud!r}; known: {', '.join(CLOUDS)}")
    login, graph = CLOUDS[settings.cloud]
    return Endpoints(
        cloud=settings.cloud,
        login=_base(settings.login_base_url or login),
        graph=_base(settings.graph_base_url or graph),
        known_login=settings.login_base_url is None,
    )


def _base(url: str) -> str:
    if not url.startswith("https://"):
        raise ValueError("a base URL must begin with https://")
    return url.rstrip("/")
