"""``POST /$batch``: up to 20 calls in one, each answered and throttled by itself."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from opsapp.simulator import odata
from opsapp.simulator.messages import CONTENT_TYPE, Answer, GraphRequest, bad_request

BATCH_LIMIT = 20
_FAILED_DEPENDENCY = 424
_FIRST_ERROR = 400

Call = Callable[[GraphRequest], Answer]


def handle(request: GraphRequest, call: Call) -> Answer:
    """Answer every part with ``call``; a part whose dependency failed gives 424."""
    parts = _parts(request.body)
    statuses: dict[str, int] = {}
    responses = []
    for part in parts:
        wanted = [str(name).lower() for name in part.get("dependsOn") or []]
        if any(statuses.get(name, _FIRST_ERROR) >= _FIRST_ERROR for name in wanted):
            answer = _failed_dependency()
        else:
            answer = call(_part_request(request, part))
        statuses[part["id"].lower()] = answer.status
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-cache"} | answer.headers
        response = {"id": part["id"], "status": answer.status, "headers": headers}
        responses.append(response | ({} if answer.body is None else {"body": answer.body}))
    # The service answers in any order; the last first makes careless clients notice.
    return Answer(200, {"responses": responses[::-1]})


def _parts(body: Any) -> list[dict[str, Any]]:
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise bad_request("Invalid batch payload format.")
    if len(parts) > BATCH_LIMIT:
        message = f"Number of batch request steps exceeds the maximum value of {BATCH_LIMIT}."
        raise bad_request(message)
    seen: set[str] = set()
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("id"), int):
            part["id"] = str(part["id"])  # not as documented, but the service takes it
        _check(part, seen)
        seen.add(part["id"].lower())
    return parts


def _check(part: Any, seen: set[str]) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("id"), str):
        raise bad_request("Every request of a batch needs an id that is a string.")
    if part["id"].lower() in seen:
        raise bad_request(f"Request id '{part['id']}' is used more than once.")
    url = part.get("url")
    if not isinstance(url, str) or not isinstance(part.get("method"), str):
        raise bad_request("Every request of a batch needs a method and a url.")
    if "://" in url or urlsplit(url).path.strip("/").lower() == "$batch":
        raise bad_request(f"The url '{url}' must be relative to the version and no batch.")
    headers = {str(name).lower() for name in part.get("headers") or {}}
    if part.get("body") is not None and "content-type" not in headers:
        raise bad_request("A request of a batch with a body needs a Content-Type header.")


def _part_request(request: GraphRequest, part: dict[str, Any]) -> GraphRequest:
    url = urlsplit(part["url"])
    return GraphRequest(
        method=part["method"].upper(),
        base=request.base,
        version=request.version,
        path=unquote(url.path).strip("/"),
        query=odata.options(parse_qsl(url.query, keep_blank_values=True), request.version),
        headers={str(k).lower(): str(v) for k, v in (part.get("headers") or {}).items()},
        body=part.get("body"),
        tenant=request.tenant,
        roles=request.roles,
        in_batch=True,
    )


def _failed_dependency() -> Answer:
    error = {"code": "FailedDependency", "message": "A request it depends on failed."}
    return Answer(_FAILED_DEPENDENCY, {"error": error})
