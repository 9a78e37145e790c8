"""Where the sign-in service and Graph live, per cloud."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

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
_HTTPS_PORT: Final = 443


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
        return _origin(url) == _origin(self.graph) and "@" not in urlsplit(url).netloc


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


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _HTTPS_PORT
    except ValueError:
        return None
    return parts.scheme, parts.hostname or "", port
