"""Style sheets, scripts and pictures, under an address that changes when any of them does.

The version is part of the path, not of the query, so that the imports between our ES modules
carry it too. Bootstrap and htmx come out of the installed wheels. Nothing else is served.
"""

import gzip
import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from opsapp.permissions import public

bp = Blueprint("assets", __name__)

OWN = Path(__file__).resolve().parent.parent / "static"
VENDOR = {
    "vendor/bootstrap.min.css": ("flask_bootstrap", "static/bootstrap5/css/bootstrap.min.css"),
    "vendor/htmx.min.js": ("js_lib_htmx", "static/htmx/htmx.min.js"),
}
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=60"


def _in_package(package: str, inner: str) -> Path:
    """A file of an installed package, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"the package {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / inner


@lru_cache(maxsize=1)
def files() -> dict[str, Path]:
    """Everything that is served, by the name pages use."""
    own = {
        path.relative_to(OWN).as_posix(): path
        for path in sorted(OWN.rglob("*"))
        if path.suffix in KINDS
    }
    return own | {name: _in_package(*where) for name, where in VENDOR.items()}


@lru_cache(maxsize=1)
def version() -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files().items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@lru_cache(maxsize=128)
def _content(name: str) -> tuple[bytes, bytes]:
    """A file's bytes, plain and gzipped; read once, for they change only with the version."""
    plain = files()[name].read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0)


@bp.app_template_global("asset")
def asset(name: str) -> str:
    """The address of an asset. Raises LookupError for one that does not exist."""
    if name not in files():
        raise LookupError(f"no asset {name}")
    return f"{request.script_root}/assets/{version()}/{name}"


@bp.app_template_global("modules")
def modules() -> list[str]:
    """Our ES modules, for preloading: without it the browser finds them one after another."""
    return [name for name in files() if name.startswith("js/")]


@bp.get("/assets/<asked_version>/<path:name>")
@public
def serve(asked_version: str, name: str) -> ResponseReturnValue:
    if name not in files():
        abort(404)
    plain, packed = _content(name)
    zipped = request.accept_encodings.quality("gzip") > 0
    kind = f"{KINDS[Path(name).suffix]}; charset=utf-8"
    response = Response(packed if zipped else plain, content_type=kind)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    # While a new version is rolled out an old page may ask a new process, and the reverse.
    response.headers["Cache-Control"] = FOREVER if asked_version == version() else BRIEFLY
    return response
