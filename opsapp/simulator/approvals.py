"""Multi Admin Approval: writes of guarded workloads wait until a second person agrees.

A write without a justification is refused (400); with one it becomes a request (412 and its code);
once approved, the identical write is sent again with the code.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import (
    Answer,
    GraphRefusal,
    GraphRequest,
    bad_request,
    missing,
    no_segment,
    wrong_method,
)
from opsapp.simulator.moments import now_text
from opsapp.simulator.state import Tenant, stable_id

SEGMENT = "operationApprovalRequests"
STATUSES = ("needsApproval", "approved", "rejected", "cancelled", "expired", "completed")
_JUSTIFICATION = "x-msft-approval-justification"
_CODE = "x-msft-approval-code"
_LONGEST = 1024
_READERS = ("DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All")
_COMPLIANCE = ("deviceCompliancePolicies", "compliancePolicies", "deviceComplianceScripts")
_BY_AREA = {
    "DeviceManagementApps.Read.All": "apps",
    "DeviceManagementScripts.Read.All": "scripts",
    "DeviceManagementRBAC.Read.All": "rbac",
    "DeviceManagementServiceConfig.Read.All": "tenantConfiguration",
}
WORKLOADS = ("compliance", "configuration", *_BY_AREA.values())


@dataclass
class ApprovalRequest:
    """A write that waits: ``digest`` tells the identical one."""

    code: str
    digest: str
    justification: str
    requested: str
    status: str = "needsApproval"

    def view(self) -> dict[str, Any]:
        return {
            "id": self.code,
            "requestDateTime": self.requested,
            "status": self.status,
            "requestJustification": self.justification,
            "approvalJustification": None,
        }


def workload_of(collection: Collection) -> str:
    if collection.key in _COMPLIANCE:
        return "compliance"
    return _BY_AREA.get(collection.rights.read[0], "configuration")


def check(request: GraphRequest, collection: Collection) -> None:
    """Lets a write pass, or raises what the service answers instead."""
    tenant = request.tenant
    if not collection.intune or workload_of(collection) not in tenant.guarded:
        return
    code = request.headers.get(_CODE)
    if code is not None:
        _use(tenant, code, _digest(request))
        return
    text = _justification(request)
    digest = _digest(request)
    open_ones = [one for one in tenant.approvals.values() if one.digest == digest]
    if any(one.status == "needsApproval" for one in open_ones):
        raise GraphRefusal(
            409, "Conflict", "An active Approval Request already exists.", intune=True
        )
    code = stable_id(tenant.id, SEGMENT, str(len(tenant.approvals)))
    tenant.approvals[code] = ApprovalRequest(code, digest, text, now_text())
    message = "Approval request created. Awaiting approval."
    raise GraphRefusal(412, "BadRequest", message, intune=True, headers={_CODE: code})


def _justification(request: GraphRequest) -> str:
    given = request.headers.get(_JUSTIFICATION)
    if not given:
        raise bad_request(f"Header '{_JUSTIFICATION}' is required to request approval", intune=True)
    try:
        text = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_request(f"Header '{_JUSTIFICATION}' is not base64.", intune=True) from error
    if len(text) > _LONGEST:
        raise bad_request(f"Header '{_JUSTIFICATION}' is too long.", intune=True)
    return text


def _use(tenant: Tenant, code: str, digest: str) -> None:
    found = tenant.approvals.get(code)
    if found is None or found.digest != digest or found.status != "approved":
        message = "The approval code is not valid for this request."
        raise bad_request(message, intune=True)
    found.status = "completed"


def _digest(request: GraphRequest) -> str:
    said = [request.method, request.version, request.path, sorted(request.query.items())]
    encoded = json.dumps([*said, request.body], sort_keys=True)
    return hashlib.sha256(encoded.encode()).hexdigest()


def handle(request: GraphRequest, rest: list[str]) -> Answer:
    """``operationApprovalRequests``: the list and one request, for reading only."""
    if request.v1:
        raise no_segment(SEGMENT)
    if not request.roles & {*_READERS, *(name.replace("Read.", "ReadWrite.") for name in _READERS)}:
        raise GraphRefusal(403, "Forbidden", "Application is not authorized.", intune=True)
    if request.method != "GET":
        raise wrong_method()
    tenant, place = request.tenant, f"deviceManagement/{SEGMENT}"
    if not rest:
        rows = [one.view() for one in tenant.approvals.values()]
        return Answer(200, {"@odata.context": request.context(place), "value": rows})
    found = tenant.approvals.get(rest[0])
    if found is None:
        raise missing(rest[0])
    context = request.context(f"{place}/$entity")
    return Answer(200, {"@odata.context": context} | found.view())
