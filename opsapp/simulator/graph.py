"""One call to Graph: faults, token, routing, log. Sub-requests of a batch come through here too."""

import re
import time
import uuid
from typing import Any

from opsapp.simulator import (
    app_policies,
    approvals,
    batch,
    configuration_api,
    directory_api,
    tenant_settings,
)
from opsapp.simulator.catalogue import BY_PATH
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import Answer, GraphRefusal, GraphRequest, no_segment
from opsapp.simulator.state import World

_KEYED = re.compile(r"^(?P<segment>[\w.$]+)\((?P<key>.*)\)$")
_CONDITIONAL_ACCESS = "identity"
_KNOWN_ROOTS = ("devicemanagement", "deviceappmanagement", "identity", "identitygovernance")


def segments_of(path: str) -> list[str]:
    """``a/b('id')/c`` → ``[a, b, id, c]``; ``f(appId='x')`` → ``[f, appId=x]``."""
    found: list[str] = []
    for part in path.strip("/").split("/"):
        match = _KEYED.match(part)
        if match is None or not match["key"]:
            found.append(part)
        else:
            found += [match["segment"], match["key"].replace("'", "")]
    return found


def find_collection(segments: list[str]) -> tuple[Collection, list[str]] | None:
    """The configuration collection an address begins with, and what follows."""
    for length in (2, 3, 4):
        collection = BY_PATH.get("/".join(segments[:length]).lower())
        if collection is not None:
            return collection, segments[length:]
    return None


def call(world: World, request: GraphRequest) -> Answer:
    """Answer one request, a batch included. Every one is logged with what it came to."""
    request_id = str(uuid.uuid4())
    client_request_id = request.headers.get("client-request-id") or request_id
    try:
        if not request.in_batch:
            world.faults.check_connection()
        answer = _answer(world, request)
    except GraphRefusal as refusal:
        answer = refusal.answer(request.path, request_id, client_request_id)
    headers = {
        "request-id": request_id,
        "client-request-id": client_request_id,
        "OData-Version": "4.0",
    }
    if request.path.split("/")[0].lower() in ("groups", "organization", "directoryobjects"):
        headers["x-ms-resource-unit"] = "1"
    answer = Answer(answer.status, answer.body, headers | answer.headers)
    world.remember(log_entry(request, answer))
    return answer


def log_entry(request: GraphRequest, answer: Answer) -> dict[str, Any]:
    return {
        "at": time.time(),
        "tenant": request.tenant.slug,
        "method": request.method,
        "version": request.version,
        "path": "/" + request.path,
        "query": dict(request.query),
        "status": answer.status,
        "in_batch": request.in_batch,
        "request_id": answer.headers["request-id"],
        "client_request_id": answer.headers["client-request-id"],
    }


def _answer(world: World, request: GraphRequest) -> Answer:
    full_path = f"/{request.version}/{request.path}"
    world.faults.check_rules(request.method, full_path, request.tenant.slug)
    if request.path.lower() == "$batch" and request.method == "POST":
        return batch.handle(request, lambda part: call(world, part))
    segments = segments_of(request.path)
    found = find_collection(segments)
    intune = found is not None and found[0].intune
    world.faults.check_throttle(intune=intune)
    tenant = request.tenant
    told = world.faults.spend_budget(
        tenant.slug, tenant.id, tenant.client_id, request.method, segments
    )
    if segments[0].lower() == _CONDITIONAL_ACCESS:
        world.faults.check_conditional_access(tenant.slug, int(time.time()))
    answer = _dispatch(world, request, segments, found)
    world.faults.check_rules(request.method, full_path, tenant.slug, applied=True)
    return Answer(answer.status, answer.body, answer.headers | told) if told else answer


def _dispatch(
    world: World,
    request: GraphRequest,
    segments: list[str],
    found: tuple[Collection, list[str]] | None,
) -> Answer:
    """The part of the service that serves this address."""
    if "/".join(segments[:2]).lower() == app_policies.PATH.lower():
        return app_policies.handle(request, segments[2:], world.faults)
    if segments[:2] == ["deviceManagement", approvals.SEGMENT]:
        return approvals.handle(request, segments[2:])
    if found is not None:
        return configuration_api.handle(request, *found, world.faults)
    if tenant_settings.serves(segments):
        return tenant_settings.handle(request, segments, world.faults)
    if segments[0].lower() in _KNOWN_ROOTS:
        raise no_segment(segments[1] if len(segments) > 1 else segments[0])
    return directory_api.handle(request, segments, world.faults)
