"""What surrounds every page: who is signed in, the tenant in view, navigation, unread count.

Read from the database alone, in at most three queries however many tenants there are, and only
when a template asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from flask import g, has_request_context, request

from opsapp.extensions import db
from opsapp.models import Membership, Notification, Role, Tenant
from opsapp.permissions import role_in, viewer, viewer_may, viewer_or_none, words_of

TENANTS_IN_SWITCHER = 30
UNREAD_LIMIT = 99


_EVERYWHERE = (  # an entry the viewer can never use is not shown
    (None, "Portfolio", "/", "grid"),
    (None, "Policies", "/policies", "files"),
    (None, "Operations", "/monitoring/operations", "activity"),
    ("queue.view", "Queue", "/monitoring/queue", "hdd-stack"),
    (None, "Notifications", "/notifications", "bell"),
    ("tenants.create", "Tenants", "/tenants/", "building"),
    ("users.manage", "Users", "/admin/users", "person-badge"),
    ("audit.view", "Audit", "/admin/audit", "journal-text"),
)


@dataclass(frozen=True)
class FrameUser:
    id: int
    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True)
class FrameTenant:
    """``role`` is the viewer's: owner, manager, operator, readonly; admin by the app-wide flag."""

    slug: str
    name: str
    role: str
    production: bool
    url: str


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    current: bool


@dataclass(frozen=True)
class NavGroup:
    title: str
    items: Sequence[NavItem]


def path(address: str) -> str:
    """An address of ours (design §7), below whatever prefix the app is mounted at."""
    return request.script_root + address if has_request_context() else address


_SETTINGS_ROLES = {"admin"} | {r.value for r in Role if "collections.exclude" in words_of(r)}


class Frame:
    """Handed to every template as ``frame``."""

    path = staticmethod(path)

    @cached_property
    def user(self) -> FrameUser | None:
        who = viewer_or_none()
        return FrameUser(who.id, who.name, who.email, who.is_admin) if who else None

    @cached_property
    def tenant(self) -> FrameTenant | None:
        """The tenant this page was authorised for (``permissions.authorise``); None elsewhere."""
        tenant: Tenant | None = g.get("tenant")
        if tenant is None or self.user is None:
            return None
        role = None if self.user.is_admin else role_in(viewer(), tenant)
        return _frame_tenant(tenant.slug, tenant.name, tenant.is_production, role)

    @cached_property
    def tenants(self) -> list[FrameTenant]:
        """The first of the viewer's tenants by name, for the switcher."""
        if self.user is None:
            return []
        query = _visible_tenants(self.user).order_by(Tenant.name).limit(TENANTS_IN_SWITCHER)
        return [_frame_tenant(*row) for row in db.session.execute(query)]

    @cached_property
    def unread(self) -> int:
        """Unread notifications, counted up to one more than ``UNREAD_LIMIT``."""
        if self.user is None:
            return 0
        unread = (
            sa.select(Notification.id)
            .where(Notification.user_id == self.user.id, Notification.read_at.is_(None))
            .limit(UNREAD_LIMIT + 1)
        )
        return db.session.scalar(sa.select(sa.func.count()).select_from(unread.subquery())) or 0

    @cached_property
    def nav(self) -> list[NavGroup]:
        groups = []
        if self.tenant:
            base = f"/tenants/{self.tenant.slug}"
            pages = [
                ("Overview", f"{base}/", "speedometer2"),
                ("Policies", f"{base}/policies", "file-earmark-text"),
                ("Groups", f"{base}/groups", "people"),
                ("Backups", f"{base}/backups", "archive"),
                ("Schedules", f"{base}/schedules", "calendar-check"),
                ("Restores", f"{base}/restores", "arrow-counterclockwise"),
            ]
            if self.tenant.role in _SETTINGS_ROLES:
                pages.append(("Settings", f"{base}/settings", "sliders"))
            groups.append(NavGroup("Tenant", _items(pages)))
        everywhere = [
            (label, address, picture)
            for word, label, address, picture in _EVERYWHERE
            if word is None or viewer_may(word)
        ]
        groups.append(NavGroup("Everywhere", _items(everywhere)))
        return groups


def _visible_tenants(user: FrameUser) -> sa.Select[str, str, bool, Role]:
    membership = sa.and_(Membership.tenant_id == Tenant.id, Membership.user_id == user.id)
    columns = sa.select(Tenant.slug, Tenant.name, Tenant.is_production, Membership.role)
    return columns.join(Membership, membership, isouter=user.is_admin)


def _frame_tenant(slug: str, name: str, production: bool, role: Role | None) -> FrameTenant:
    shown = role.value if role else "admin"
    return FrameTenant(slug, name, shown, production, path(f"/tenants/{slug}/"))


def _items(pages: Sequence[tuple[str, str, str]]) -> list[NavItem]:
    """The page in view is the entry with the longest address that begins the current one."""
    here = request.path
    matching = [address for _, address, _ in pages if _is_at(here, address)]
    current = max(matching, key=len, default=None)
    return [
        NavItem(label, path(address), icon, address == current) for label, address, icon in pages
    ]


def _is_at(here: str, address: str) -> bool:
    if address == "/" or address.endswith("/"):
        return here == address
    return here == address or here.startswith(f"{address}/")


def context() -> dict[str, Frame]:
    """The context processor."""
    return {"frame": Frame()}
