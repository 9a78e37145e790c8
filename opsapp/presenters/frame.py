"""What surrounds every page: who is signed in, the tenant in view, navigation, unread count.

Read from the database alone, in at most three queries however many tenants there are, and only
when a template asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_login import current_user

from opsapp.extensions import db
from opsapp.models import Membership, Notification, Tenant

TENANTS_IN_SWITCHER = 30
UNREAD_LIMIT = 99


@dataclass(frozen=True)
class FrameUser:
    id: int
    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True)
class FrameTenant:
    """``role`` is the viewer's: owner, manager, operator, readonly, or admin by the app-wide flag."""

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
    return request.script_root + address


class Frame:
    """Handed to every template as ``frame``."""

    path = staticmethod(path)

    @cached_property
    def user(self) -> FrameUser | None:
        if not getattr(current_user, "is_authenticated", False):
            return None
        who = current_user
        return FrameUser(who.id, who.name, who.email, bool(who.is_admin))

    @cached_property
    def tenant(self) -> FrameTenant | None:
        """The tenant whose page this is; None elsewhere, and for those who may not see it."""
        slug = (request.view_args or {}).get("slug")
        if not slug or self.user is None:
            return None
        row = db.session.execute(self._visible_tenants().where(Tenant.slug == slug)).first()
        return _frame_tenant(row) if row else None

    @cached_property
    def tenants(self) -> list[FrameTenant]:
        """The first of the viewer's tenants by name, for the switcher."""
        if self.user is None:
            return []
        query = self._visible_tenants().order_by(Tenant.name).limit(TENANTS_IN_SWITCHER)
        return [_frame_tenant(row) for row in db.session.execute(query)]

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
                ("Settings", f"{base}/settings", "sliders"),
            ]
            groups.append(NavGroup("Tenant", _items(pages)))
        everywhere = [
            ("Portfolio", "/", "grid"),
            ("Operations", "/monitoring/operations", "activity"),
            ("Queue", "/monitoring/queue", "hdd-stack"),
            ("Notifications", "/notifications", "bell"),
        ]
        if self.user and self.user.is_admin:
            everywhere += [
                ("Tenants", "/tenants/", "building"),
                ("Users", "/admin/users", "person-badge"),
                ("Audit", "/admin/audit", "journal-text"),
            ]
        groups.append(NavGroup("Everywhere", _items(everywhere)))
        return groups

    def _visible_tenants(self) -> sa.Select[Any]:
        user = self.user
        assert user is not None
        membership = sa.and_(Membership.tenant_id == Tenant.id, Membership.user_id == user.id)
        return sa.select(Tenant.slug, Tenant.name, Tenant.is_production, Membership.role).join(
            Membership, membership, isouter=user.is_admin
        )


def _frame_tenant(row: Any) -> FrameTenant:
    role = row.role.value if row.role else "admin"
    url = path(f"/tenants/{row.slug}/")
    return FrameTenant(row.slug, row.name, role, row.is_production, url)


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
