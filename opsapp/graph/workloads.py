"""Which throttling budget a request draws on, and how much it costs there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit


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
    units = _resource_units(parts.path, parts.query) if workload is Workload.IDENTITY else 1
    return Cost(workload, units, write)


def _workload(path: str) -> Workload:
    first, _, rest = path.strip("/").partition("/")
    collection = rest.partition("/")[0].partition("(")[0]
    if first == "deviceManagement":
        return Workload.DEVICES if collection in _DEVICE_COLLECTIONS else Workload.INTUNE
    if first == "deviceAppManagement":
        return Workload.INTUNE
    if first == "identity" and collection == "conditionalAccess":
        return Workload.CONDITIONAL_ACCESS
    return Workload.IDENTITY


def _resource_units(path: str, query: str) -> int:
    units = 1
    if path.endswith(("/getByIds", "/members")):
        units = 3
    elif path.endswith("/transitiveMembers"):
        units = 5
    return units + ("expand=" in query)
