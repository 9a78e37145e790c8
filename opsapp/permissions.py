"""Who may do what: roles, the words they grant, and the decorators that guard every view.

A *word* such as ``runs.start`` is what code asks for; roles only exist here. Words are either
*tenant words*, granted by a membership, or *app words*, granted to administrators.
"""

import functools
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import abort, g
from flask.typing import ResponseReturnValue
from flask_login import current_user

from opsapp.extensions import db, login_manager
from opsapp.models import Membership, OperationRun, Role, Tenant, User

View = Callable[..., ResponseReturnValue]

_ADDED_WORDS = {
    Role.READONLY: {"tenant.view", "runs.view"},
    Role.OPERATOR: {
        *("runs.start", "runs.retry", "runs.cancel_own"),
        *("backups.create", "restores.preview"),
    },
    Role.MANAGER: {
        *("runs.cancel_any", "collections.exclude", "policies.export"),
        *("backups.export", "backups.delete", "schedules.manage"),
        *("restores.execute", "mappings.save"),
    },
    Role.OWNER: {
        *("members.manage", "tenant.settings", "tenant.suspend", "tenant.pause"),
        "restores.approve",
    },
}
APP_WORDS = frozenset(
    {"users.manage", "tenants.create", "queue.view", "queue.manage", "audit.view"}
)

PUBLIC = "public"
SIGNED_IN = "signed in"


@functools.cache
def words_of(role: Role | None) -> frozenset[str]:
    """The tenant words of a role: its own and those of every role below it."""
    words: set[str] = set()
    for step, added in _ADDED_WORDS.items():
        if role is None:
            break
        words |= added
        if step == role:
            break
    return frozenset(words)


TENANT_WORDS = words_of(Role.OWNER)


def role_in(user: User, tenant: Tenant) -> Role | None:
    """The role a person acts with in a tenant; administrators act as owners everywhere."""
    if not user.is_active:
        return None
    if user.is_admin:
        return Role.OWNER
    membership = db.session.get(Membership, (tenant.id, user.id))
    return membership.role if membership else None


def allows(user: User, tenant: Tenant | None, word: str) -> bool:
    """Whether ``user`` may do ``word``: in ``tenant``, or app-wide when that is None.

    Raises ValueError for a word that does not exist, or for the wrong kind of word.
    """
    if tenant is None:
        _check(word, APP_WORDS)
        return user.is_active and user.is_admin
    _check(word, TENANT_WORDS)
    return word in words_of(role_in(user, tenant))


def cancel_word(user: User, run: OperationRun) -> str:
    """The word that ``user`` needs to cancel ``run``: less for one's own."""
    return "runs.cancel_own" if run.user_id == user.id else "runs.cancel_any"


def _check(word: str, known: frozenset[str]) -> None:
    if word not in known:
        raise ValueError(f"no such word: {word}; one of {', '.join(sorted(known))}")


def tenants_of(user: User, word: str = "tenant.view") -> sa.Select[Tenant]:
    """The tenants in which a person may do ``word``, as a query to refine: unordered."""
    _check(word, TENANT_WORDS)
    if not user.is_active:
        return sa.select(Tenant).where(sa.false())
    if user.is_admin:
        return sa.select(Tenant)
    roles = [role for role in Role if word in words_of(role)]
    mine = sa.select(Membership.tenant_id).where(
        Membership.user_id == user.id, Membership.role.in_(roles)
    )
    return sa.select(Tenant).where(Tenant.id.in_(mine))


def viewer() -> User:
    """The signed-in person of the current request. Only in guarded views."""
    user = viewer_or_none()
    if user is None:
        raise RuntimeError("nobody is signed in: the view is not guarded")
    return user


def viewer_or_none() -> User | None:
    user: Any = current_user._get_current_object()  # noqa: SLF001 - the proxy's own API
    return user if isinstance(user, User) else None


def authorise(tenant: Tenant | None, word: str) -> Tenant:
    """Lets the viewer pass or aborts: 404 when the tenant is not theirs, else 403 without right.

    Remembers the tenant in ``g.tenant``: the frame of the page is drawn for it.
    """
    role = role_in(viewer(), tenant) if tenant else None
    if tenant is None or role is None:
        abort(404)
    g.tenant = tenant
    if word not in words_of(role):
        abort(403)
    return tenant


def viewer_may(word: str, tenant: Tenant | None = None) -> bool:
    """``allows`` for the viewer of the page, false for anonymous: what templates ask."""
    user = viewer_or_none()
    return user is not None and allows(user, tenant, word)


def public(view: View) -> View:
    """Anyone may call the view, signed in or not."""
    return _marked(view, PUBLIC)


def signed_in(view: View) -> View:
    """Anyone who is signed in may call the view; it must show only what is the viewer's own."""

    @functools.wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        _require_sign_in()
        return view(**arguments)

    return _marked(guarded, SIGNED_IN)


def requires(word: str) -> Callable[[View], View]:
    """Only people with ``word`` may call the view.

    With a tenant word the URL names the tenant by ``<slug>``, and the view gets it as ``tenant``.
    """
    _check(word, TENANT_WORDS | APP_WORDS)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(**arguments: Any) -> ResponseReturnValue:
            _require_sign_in()
            if word in APP_WORDS:
                if not allows(viewer(), None, word):
                    abort(403)
                return view(**arguments)
            slug = arguments.pop("slug")
            tenant = db.session.scalar(sa.select(Tenant).where(Tenant.slug == slug))
            return view(tenant=authorise(tenant, word), **arguments)

        return _marked(guarded, word)

    return decorate


def access_of(view: Callable[..., Any]) -> str | None:
    """The word a view asks for, ``public`` or ``signed in``; None for an unguarded view."""
    return getattr(view, "opsapp_access", None)


def _marked(view: View, access: str) -> View:
    if access_of(view) is not None:
        raise TypeError(f"{view.__qualname__} has two guards")
    view.opsapp_access = access  # type: ignore[attr-defined]
    return view


def _require_sign_in() -> None:
    if viewer_or_none() is None:
        abort(login_manager.unauthorized())
