"""``managedAppPolicies``: all app protection in one list that is good for reading only."""

from typing import Any

from opsapp.simulator import odata, views
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.catalogue_row import INTUNE_MAX_TOP, INTUNE_PAGE
from opsapp.simulator.configuration_api import authorize, page_rules
from opsapp.simulator.faults import Faults
from opsapp.simulator.messages import Answer, GraphRefusal, GraphRequest, bad_request

PATH = "deviceAppManagement/managedAppPolicies"
_CONCRETE = (
    "androidManagedAppProtections",
    "iosManagedAppProtections",
    "windowsManagedAppProtections",
    "windowsInformationProtectionPolicies",
    "mdmWindowsInformationProtectionPolicies",
    "targetedManagedAppConfigurations",
)


def handle(request: GraphRequest, rest: list[str], faults: Faults) -> Answer:
    """List or one policy; everything else has to go to the concrete collection."""
    if request.method != "GET" or len(rest) > 1 or "$expand" in request.query:
        raise bad_request("Not supported on managedAppPolicies.", intune=True)
    authorize(request, COLLECTIONS[_CONCRETE[0]])
    rows = _rows(request)
    if "$filter" in request.query:
        raise bad_request("Filtering is not supported on this resource.", intune=True)
    if rest:
        row = next((row for row in rows if row["id"] == rest[0]), None)
        if row is None:
            raise GraphRefusal(404, "ResourceNotFound", "Not found.", intune=True)
        return Answer(200, {"@odata.context": request.context(f"{PATH}/$entity")} | row)
    rules = page_rules(faults, INTUNE_PAGE, INTUNE_MAX_TOP)
    body = odata.page(request, rows, rules)
    return Answer(200, {"@odata.context": request.context(PATH)} | body)


def _rows(request: GraphRequest) -> list[dict[str, Any]]:
    found = []
    for key in _CONCRETE:
        row = COLLECTIONS[key]
        kind = {"@odata.type": f"#microsoft.graph.{row.element}"}
        found += [
            kind | views.item_view(request, row, item, in_list=True)
            for item in request.tenant.visible(key)
        ]
    return found
