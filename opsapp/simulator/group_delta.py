"""``/groups/delta``: the first round, changes since a token, removed groups, resets."""

from typing import Any

from opsapp.simulator import odata
from opsapp.simulator.configuration_api import page_rules
from opsapp.simulator.faults import Faults
from opsapp.simulator.messages import Answer, GraphRefusal, GraphRequest, bad_request
from opsapp.simulator.state import GroupRow

DELTA_PAGE = 100
_REFUSED = ("$top", "$expand", "$orderby", "$search")


def handle(request: GraphRequest, faults: Faults) -> Answer:
    """One page of the delta. The token remembers tenant epoch and change numbers.

    Pages follow the change number, not a position: a group changed between two pages comes again
    at the end instead of pushing another one out.
    """
    for option in _REFUSED:
        if option in request.query:
            message = f"'{option}' is not supported by the service for delta queries."
            raise bad_request(message, code="Request_UnsupportedQuery")
    rules = page_rules(faults, DELTA_PAGE, DELTA_PAGE)
    tenant = request.tenant
    token = request.query.get("$deltatoken")
    if token == "latest":  # noqa: S105 (a word of the protocol)
        return _answer(request, [], _end(request, rules, tenant.sequence))
    state: dict[str, Any] = {"first": True, "after": 0, "until": tenant.sequence}
    if token:
        state |= {"first": False, "after": _read(request, rules, token)["until"]}
    if "$skiptoken" in request.query:
        state = _read(request, rules, request.query["$skiptoken"])
    rows = sorted(
        (row for row in tenant.groups.values() if _concerns(row, state)),
        key=lambda row: row.sequence,
    )
    shown = rows[: min(DELTA_PAGE, faults.max_page or DELTA_PAGE)]
    value = [_view(request, row) for row in shown]
    if len(shown) == len(rows):
        return _answer(request, value, _end(request, rules, state["until"]))
    state |= {"after": shown[-1].sequence, "epoch": tenant.delta_epoch}
    following = _link(request, rules, "$skiptoken", odata.encode_token(state))
    return _answer(request, value, {"@odata.nextLink": following})


def _concerns(row: GroupRow, state: dict[str, Any]) -> bool:
    """The first round tells what is there; later rounds what changed, removals too."""
    return row.sequence > state["after"] and (row.removed is None or not state["first"])


def _view(request: GraphRequest, row: GroupRow) -> dict[str, Any]:
    if row.removed is not None:
        return {"id": row.content["id"], "@removed": {"reason": row.removed}}
    view = odata.select(row.content, request.query)
    return {"id": row.content["id"]} | view


def _read(request: GraphRequest, rules: odata.PageRules, token: str) -> dict[str, Any]:
    """The state in a token; 410 with the address to start again where it is out of date."""
    try:
        state = odata.decode_token(token)
    except ValueError as error:
        message = "Badly formed token."
        raise bad_request(message, code="Directory_InvalidDeltaToken") from error
    if state.get("epoch") != request.tenant.delta_epoch:
        raise GraphRefusal(
            410,
            "syncStateNotFound",
            "The sync state generation is not found; a full synchronization is needed.",
            headers={"Location": _link(request, rules, "$deltatoken", "")},
        )
    return state


def _end(request: GraphRequest, rules: odata.PageRules, until: int) -> dict[str, str]:
    token = odata.encode_token({"until": until, "epoch": request.tenant.delta_epoch})
    return {"@odata.deltaLink": _link(request, rules, "$deltatoken", token)}


def _link(request: GraphRequest, rules: odata.PageRules, option: str, token: str) -> str:
    kept = {k: v for k, v in request.query.items() if k not in ("$skiptoken", "$deltatoken")}
    plain = GraphRequest(**{**vars(request), "query": kept})
    return odata.link(plain, rules, **{option: token})


def _answer(request: GraphRequest, value: list[Any], link: dict[str, str]) -> Answer:
    return Answer(200, {"@odata.context": request.context("groups"), **link, "value": value})
