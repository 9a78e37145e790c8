"""Where a webhook may go: what its URL must look like, which addresses are public; its secret."""

import ipaddress
import re
import secrets
from base64 import b64encode
from urllib.parse import urlsplit

LONGEST_URL = 2000
SECRET_BYTES = 32
_WRITTEN = re.compile(r"[\x21-\x7e]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def checked_url(url: str, *, private_hosts: bool) -> str:
    """The URL in ASCII. Raises ValueError with a sentence for the person who typed it.

    Nothing is looked up: whether the host's addresses are public is only known when it is called.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except (ValueError, UnicodeError):
        raise ValueError("That is not a URL.") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise ValueError("Enter a URL such as https://example.com/hooks/opsapp.")
    if parts.scheme == "http" and not private_hosts:
        raise ValueError("Use https: the message says what happened in your tenants.")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("Leave out user names, passwords and what follows a #.")
    if len(url) > LONGEST_URL:
        raise ValueError(f"Use at most {LONGEST_URL:,} characters.")
    shown = f"[{host}]" if ":" in host else host
    rest = url.partition("://")[2][len(parts.netloc) :]
    written = f"{parts.scheme}://{shown}{f':{port}' if port else ''}{rest}"
    if not _WRITTEN.fullmatch(written):
        raise ValueError("Write spaces and letters beyond a to z in the path as %20 and so on.")
    return written


def site_of(url: str) -> str:
    """Scheme and host alone: what may be shown of a URL whose path may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def new_secret() -> str:
    """A secret to sign with, in the form of Standard Webhooks."""
    return "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, also in what it wraps."""
    real = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if isinstance(real, ipaddress.IPv6Address) and real.is_site_local:
        return False
    return real.is_global and not (real.is_multicast or real.is_reserved or real.is_unspecified)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only leads there."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
