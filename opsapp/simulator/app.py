"""The WSGI application: login service, Graph and the control API on one origin."""

import errno
import json
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Flask, Response, request

from opsapp.simulator import control, graph, login, odata
from opsapp.simulator.faults import ConnectionReset
from opsapp.simulator.messages import CONTENT_TYPE, Answer, GraphRefusal, GraphRequest
from opsapp.simulator.state import World
from opsapp.simulator.tokens import TokenKey

_DIAGNOSTIC = json.dumps(
    {
        "ServerInfo": {
            "DataCenter": "West Europe",
            "Slice": "E",
            "Ring": "5",
            "ScaleUnit": "000",
            "RoleInstance": "SIMULATOR",
        }
    }
)
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_RESET_MARK = "opsapp.simulator.reset"
_MAX_BODY = 32 * 1024 * 1024


def create_simulator(world: World, key: TokenKey) -> Callable[..., Iterable[bytes]]:
    """The WSGI callable serving ``world``."""
    app = Flask("opsapp.simulator", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.register_blueprint(control.blueprint(world))
    _add_login(app, world, key)
    _add_graph(app, world, key)

    @app.errorhandler(ConnectionReset)
    def reset(_error: ConnectionReset) -> Response:
        request.environ[_RESET_MARK] = True
        return Response(status=500)

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = app(environ, start_response)
        if environ.get(_RESET_MARK):
            _cut(environ.get("gunicorn.socket"))
            # gunicorn takes this for a client that went away and stays quiet.
            raise ConnectionResetError(errno.ECONNRESET, "simulated reset")
        return answer

    return serve


def _cut(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _base() -> str:
    return f"https://{request.host}"


def _json(body: Any, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json; charset=utf-8")


def _add_login(app: Flask, world: World, key: TokenKey) -> None:
    @app.before_request
    def faults_before_login() -> None:
        if request.path.startswith(("/_sim/", "/v1.0/", "/beta/")):
            return
        _delay(world)
        with world.lock:
            _check_login_call(world)

    @app.errorhandler(login.LoginRefusal)
    def refused(refusal: login.LoginRefusal) -> Response:
        return _json(refusal.body(), refusal.status)

    @app.errorhandler(GraphRefusal)
    def simulated(refusal: GraphRefusal) -> Response:
        response = _json({"error": "temporarily_unavailable"}, refusal.status)
        response.headers.update(refusal.headers)
        return response

    @app.get("/<realm>/v2.0/.well-known/openid-configuration")
    def openid_configuration(realm: str) -> Response:
        return _json(login.discovery(world, _base(), realm))

    @app.get("/<realm>/discovery/v2.0/keys")
    def keys(realm: str) -> Response:  # noqa: ARG001 (the same keys for every tenant)
        return _json(key.jwks())

    @app.post("/<realm>/oauth2/v2.0/token")
    def token(realm: str) -> Response:
        with world.lock:
            answer = login.token(world, key, _base(), realm, request.form)
        response = _json(answer)
        response.headers["Cache-Control"] = "no-store, no-cache"
        return response


def _check_login_call(world: World) -> None:
    """Log a call of the login service, and let the rules have their say."""
    tenant = world.by_id(request.path.split("/")[1])
    slug = tenant.slug if tenant else None
    world.remember(
        {
            "at": time.time(),
            "tenant": slug,
            "method": request.method,
            "path": request.path,
            "query": request.args.to_dict(),
            "in_batch": False,
        }
    )
    world.faults.check_rules(request.method, request.path, slug)


def _delay(world: World) -> None:
    if world.faults.delay_ms:
        time.sleep(world.faults.delay_ms / 1000)


def _add_graph(app: Flask, world: World, key: TokenKey) -> None:
    @app.route("/<any('v1.0', 'beta'):version>/<path:path>", methods=_METHODS)
    def graph_call(version: str, path: str) -> Response:
        _delay(world)
        with world.lock:
            try:
                caller = key.check(world, request.headers.get("Authorization", ""))
            except GraphRefusal as refusal:
                return _refuse_stranger(world, refusal, version, path)
            body = None if request.method == "GET" else request.get_json(force=True, silent=True)
            call = GraphRequest(
                method=request.method,
                base=_base(),
                version=version,
                path=path.strip("/"),
                query=odata.options(request.args.items(), version),
                headers={name.lower(): value for name, value in request.headers},
                body=body,
                tenant=caller.tenant,
                roles=caller.roles,
            )
            return _respond(graph.call(world, call))


def _refuse_stranger(world: World, refusal: GraphRefusal, version: str, path: str) -> Response:
    request_id = str(uuid.uuid4())
    client_request_id = request.headers.get("client-request-id") or request_id
    answer = refusal.answer(path, request_id, client_request_id)
    answer.headers.update({"request-id": request_id, "client-request-id": client_request_id})
    world.remember(
        {
            "at": time.time(),
            "tenant": None,
            "method": request.method,
            "version": version,
            "path": f"/{path}",
            "query": request.args.to_dict(),
            "status": answer.status,
            "in_batch": False,
        }
    )
    return _respond(answer)


def _respond(answer: Answer) -> Response:
    if answer.body is None:
        response = Response(status=answer.status)
    elif isinstance(answer.body, int):
        response = Response(str(answer.body), answer.status, content_type="text/plain")
    else:
        text = json.dumps(answer.body, ensure_ascii=False)
        response = Response(text, answer.status, content_type=CONTENT_TYPE)
    response.headers["x-ms-ags-diagnostic"] = _DIAGNOSTIC
    response.headers["Cache-Control"] = "no-cache"
    response.headers.update(answer.headers)
    return response
