"""Keeps Graph out of web requests.

The web app calls ``forbid()`` at the start of every request and ``lift()`` at its end; between
them, opening or using a client raises. The one page that needs the user's own rights wraps its
call in ``allow_here()``. The state is a context variable: a thread started by a request does not
inherit it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

_forbidden: ContextVar[bool] = ContextVar("graph_forbidden", default=False)


class GraphForbiddenHere(RuntimeError):
    """A programming error: a page tried to call Graph. Deliberately not a GraphError."""

    reason_code = "internal.unexpected"

    def __init__(self) -> None:
        super().__init__("Graph must not be called while a page is rendered; start a run instead")


def forbid() -> Token[bool]:
    """Every use of a client in this context raises until ``lift`` gets the returned token."""
    return _forbidden.set(True)


def lift(token: Token[bool]) -> None:
    _forbidden.reset(token)


@contextmanager
def allow_here() -> Iterator[None]:
    """Explicitly allows Graph inside a request."""
    token = _forbidden.set(False)
    try:
        yield
    finally:
        _forbidden.reset(token)


def check() -> None:
    """Raises GraphForbiddenHere where Graph is forbidden."""
    if _forbidden.get():
        raise GraphForbiddenHere
