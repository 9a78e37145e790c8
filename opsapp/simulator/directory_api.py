"""The directory: organization, groups, getByIds, the application's own service principal."""

from typing import Any

from opsapp.simulator import groups, odata
from opsapp.simulator.configuration_api import page_rules
from opsapp.simulator.faults import Faults
from opsapp.simulator.filters import compile_filter
from opsapp.simulator.messages import Answer, GraphRefusal, GraphRequest, bad_request, no_segment
from opsapp.simulator.search import compile_search
from opsapp.simulator.state import GroupRow, stable_id

GROUPS_PAGE = 100
GROUPS_MAX_TOP = 999
GET_BY_IDS_LIMIT = 1000

_READ_GROUPS = {
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
}
_WRITE_GROUPS = {"Group.Create", "Group.ReadWrite.All"}
_READ_ORGANIZATION = {"Organization.Read.All", "Directory.Read.All"}
_READ_APPLICATIONS = {"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"}


def handle(request: GraphRequest, segments: list[str], faults: Faults) -> Answer:
    """Answer a call on the directory. Raises ``GraphRefusal``."""
    head, rest = segments[0].lower(), segments[1:]
    if head == "organization":
        _authorize(request, _READ_ORGANIZATION)
        return _organization(request, rest)
    if head == "groups":
        _authorize(request, _READ_GROUPS if request.method == "GET" else _WRITE_GROUPS)
        return _groups(request, rest, faults)
    if head == "directoryobjects" and [part.lower() for part in rest] == ["getbyids"]:
        _authorize(request, _READ_GROUPS)
        return _get_by_ids(request)
    if head == "serviceprincipals":
        _authorize(request, _READ_APPLICATIONS)
        return _service_principal(request, rest)
    raise no_segment(segments[0])


def _authorize(request: GraphRequest, needed: set[str]) -> None:
    if not request.roles & needed:
        message = "Insufficient privileges to complete the operation."
        raise GraphRefusal(403, "Authorization_RequestDenied", message)


def _missing(object_id: str) -> GraphRefusal:
    message = (
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects "
        "are not present."
    )
    return GraphRefusal(404, "Request_ResourceNotFound", message)


def _organization(request: GraphRequest, rest: list[str]) -> Answer:
    tenant = request.tenant
    domain = f"{tenant.slug}.onmicrosoft.example"
    row = {
        "id": tenant.id,
        "deletedDateTime": None,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": "DE",
        "createdDateTime": "2019-05-02T09:12:41Z",
        "displayName": tenant.name,
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "technicalNotificationMails": [],
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": True,
                "isInitial": True,
                "name": domain,
                "type": "Managed",
            }
        ],
    }
    view = odata.select(row, request.query)
    if not rest:
        return Answer(200, {"@odata.context": request.context("organization"), "value": [view]})
    if rest[0].lower() != tenant.id.lower():
        raise _missing(rest[0])
    return Answer(200, {"@odata.context": request.context("organization/$entity")} | view)


def _service_principal(request: GraphRequest, rest: list[str]) -> Answer:
    tenant = request.tenant
    row = {
        "id": stable_id(tenant.id, "servicePrincipal"),
        "appId": tenant.client_id,
        "displayName": "OpsApp",
        "servicePrincipalType": "Application",
        "accountEnabled": True,
    }
    view = odata.select(row, request.query)
    if not rest:
        text = request.query.get("$filter")
        keep = compile_filter(text) if text else None
        value = [view] if keep is None or keep(row) else []
        return Answer(200, {"@odata.context": request.context("servicePrincipals"), "value": value})
    if rest[0] not in (f"appId={tenant.client_id}", row["id"]):
        raise _missing(rest[0].removeprefix("appId="))
    return Answer(200, {"@odata.context": request.context("servicePrincipals/$entity")} | view)


def _get_by_ids(request: GraphRequest) -> Answer:
    if request.method != "POST" or not isinstance(request.body, dict):
        raise bad_request("A JSON body with ids is expected.", code="Request_BadRequest")
    ids = request.body.get("ids")
    if not isinstance(ids, list) or len(ids) > GET_BY_IDS_LIMIT:
        message = f"The number of ids must be between 1 and {GET_BY_IDS_LIMIT}."
        raise bad_request(message, code="Request_BadRequest")
    types = request.body.get("types") or ["group"]
    rows = [request.tenant.groups.get(str(identity)) for identity in dict.fromkeys(ids)]
    value = [
        {"@odata.type": "#microsoft.graph.group"} | odata.select(row.content, request.query)
        for row in rows
        if row is not None and row.removed is None and "group" in types
    ]
    return Answer(200, {"@odata.context": request.context("directoryObjects"), "value": value})


def _groups(request: GraphRequest, rest: list[str], faults: Faults) -> Answer:
    if not rest:
        return _create(request) if request.method == "POST" else _list(request, faults)
    if rest[0] == "$count":
        if not _advanced(request):
            raise bad_request("$count is not currently supported.", code="Request_BadRequest")
        return Answer(200, len(_matching(request)))
    if rest[0] in ("delta", "microsoft.graph.delta", "delta()"):
        from opsapp.simulator import group_delta

        return group_delta.handle(request, faults)
    return _one(request, rest[0])


def _advanced(request: GraphRequest) -> bool:
    return request.headers.get("consistencylevel", "").lower() == "eventual"


def _list(request: GraphRequest, faults: Faults) -> Answer:
    if "$skip" in request.query:
        raise bad_request("'$skip' is not supported by the service.", code="Request_BadRequest")
    query = dict(request.query)
    if not _advanced(request):
        query.pop("$count", None)  # without the header the service ignores it silently
    rows = odata.order(_matching(request), request.query)
    value = [odata.select(row, request.query) for row in rows]
    plain = GraphRequest(**{**vars(request), "query": query})
    rules = page_rules(faults, GROUPS_PAGE, GROUPS_MAX_TOP)
    body = odata.page(plain, value, rules, intune=False)
    return Answer(200, {"@odata.context": request.context("groups")} | body)


def _matching(request: GraphRequest) -> list[dict[str, Any]]:
    rows = request.tenant.living_groups()
    if "$search" in request.query:
        if not _advanced(request):
            message = (
                "Request with $search query parameter only works through MSGraph with a special "
                "request header: 'ConsistencyLevel: eventual'"
            )
            raise bad_request(message, code="Request_UnsupportedQuery")
        found = compile_search(request.query["$search"])
        rows = [row for row in rows if found(row)]
    if "$filter" in request.query:
        keep = compile_filter(request.query["$filter"])
        rows = [row for row in rows if keep(row)]
    return rows


def _one(request: GraphRequest, group_id: str) -> Answer:
    row: GroupRow | None = request.tenant.groups.get(group_id)
    if row is None or row.removed is not None:
        raise _missing(group_id)
    if request.method == "GET":
        view = odata.select(row.content, request.query)
        return Answer(200, {"@odata.context": request.context("groups/$entity")} | view)
    if request.method == "PATCH" and isinstance(request.body, dict):
        groups.change_group(request.tenant, group_id, request.body)
        return Answer(204)
    if request.method == "DELETE":
        groups.remove_group(request.tenant, group_id)
        return Answer(204)
    raise GraphRefusal(405, "Request_BadRequest", "Specified HTTP method is not allowed.")


def _create(request: GraphRequest) -> Answer:
    body = request.body
    if not isinstance(body, dict) or not body.get("displayName"):
        message = "A value is required for property 'displayName' of resource 'Group'."
        raise bad_request(message, code="Request_BadRequest")
    given = {key: value for key, value in body.items() if key != "id"}
    number = str(request.tenant.sequence)
    group = groups.add_group(request.tenant, given, f"created/{number}")
    return Answer(201, {"@odata.context": request.context("groups/$entity")} | group)
