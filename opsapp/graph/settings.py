"""What a client has to be told: where Graph is, who we are, how patient to be."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Timeouts:
    """Seconds per phase of one try. Intune's gateway itself gives up after about 100 s."""

    connect: float = 10.0
    read: float = 100.0
    write: float = 30.0
    pool: float = 30.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long one request is tried.

    Attributes:
        tries: at most this many exchanges.
        seconds: no new try is begun when its wait would end later than this after the first.
        first_backoff: seconds before the second try after a failure; doubles, with jitter.
        first_throttle_backoff: the same after a 429 without Retry-After.
        longest_backoff: no computed wait is longer, in seconds.

    """

    tries: int = 6
    seconds: float = 180.0
    first_backoff: float = 0.5
    first_throttle_backoff: float = 2.0
    longest_backoff: float = 60.0


@dataclass(frozen=True)
class GraphSettings:
    """Which cloud. The base URLs (no version, no trailing slash), when set, override it.

    ``ca_bundle``: a file of certificates trusted instead of the system's; proxy and CA variables
    of the environment are then ignored.
    """

    cloud: str = "global"
    login_base_url: str | None = None
    graph_base_url: str | None = None
    ca_bundle: str | Path | None = None
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()


@dataclass(frozen=True)
class AppCredential:
    """The app registration: its id and either a secret or a PEM file (private key, certificate).

    Raises ValueError unless exactly one of the two is given.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    certificate_path: str | Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("an app credential needs a client id")
        if bool(self.client_secret) == bool(self.certificate_path):
            raise ValueError("an app credential is either a client secret or a certificate file")
