"""Which throttling budget a request draws on, and how much it costs there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlsplit


class Workload(StrEnum):
    INTUNE = "intune"
    DEVICES = "devices"
    IDENTITY = "identity"
    CONDITIONAL_ACCESS = "conditional_access"


@dataclass(frozen=True)
class Cost:
    """``units`` of a workload's budget; requests for Intune, resource units for the directory."""

    workload: Workload
    units: int = 1
    write: bool = False


_DEVICE_COLLECTIONS: Final = frozenset(
    {
        "managedDevices",
        "detectedApps",
        "deviceManagementScripts",
        "deviceShellScripts",
        "deviceHealthScripts",
        "deviceComplianceScripts",
        "deviceCustomAttributeShellScripts",
    }
)
_CONDITIONAL_ACCESS: Final = frozenset(
    {
        ("identity", "conditionalAccess"),
        ("policies", "conditionalAccessPolicies"),
        ("policies", "authenticationStrengthPolicies"),
    }
)
_UNITS: Final = {
    "users": 2,
    "applications": 2,
    "members": 3,
    "getByIds": 3,
    "transitiveMembers": 5,
}
_SMALL_PAGE: Final = 20
_READING_POSTS: Final = (
    "/getByIds",
    "/$batch",
    "/retrieveEnrollmentTimeDeviceMembershipTarget",
)


def reads_only(method: str, path: str) -> bool:
    """Whether repeating the request can do no harm: GET, and the POSTs that only look up."""
    return method in {"GET", "HEAD"} or (method == "POST" and path.endswith(_READING_POSTS))


def cost_of(method: str, url: str) -> Cost:
    """Takes an address relative to the API version (``/groups?$top=5``)."""
    parts = urlsplit(url)
    workload = _workload(parts.path)
    write = not reads_only(method, parts.path)
    reads_directory = workload is Workload.IDENTITY and not write
    units = _resource_units(parts.path, parts.query) if reads_directory else 1
    return Cost(workload, units, write)


def _workload(path: str) -> Workload:
    first, _, rest = path.strip("/").partition("/")
    collection = rest.partition("/")[0].partition("(")[0]
    if first == "deviceManagement":
        return Workload.DEVICES if collection in _DEVICE_COLLECTIONS else Workload.INTUNE
    if first == "deviceAppManagement":
        return Workload.INTUNE
    if first == "identityProtection" or (first, collection) in _CONDITIONAL_ACCESS:
        return Workload.CONDITIONAL_ACCESS
    return Workload.IDENTITY


def _resource_units(path: str, query: str) -> int:
    """As published: by what is read, a unit less with ``$select`` or a small ``$top``."""
    last = path.rstrip("/").rpartition("/")[2]
    options = dict(parse_qsl(query))
    units = _UNITS.get(last, 1)
    units += "$expand" in options
    units -= "$select" in options
    top = options.get("$top", "")
    units -= top.isdecimal() and int(top) < _SMALL_PAGE
    return max(1, units)
