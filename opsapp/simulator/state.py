"""What the simulated tenants hold. Everything is in memory, behind ``World.lock``."""

import hashlib
import hmac
import secrets
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opsapp.simulator.catalogue import ALL_PERMISSIONS, COLLECTIONS
from opsapp.simulator.faults import Faults

if TYPE_CHECKING:
    from opsapp.simulator.approvals import ApprovalRequest

NAMESPACE = uuid.UUID("5d0b3d6c-0a5e-4f0e-9d0a-6f1f3f6f2c11")
LOG_LIMIT = 50_000
_SHARED = frozenset(key for key, row in COLLECTIONS.items() if row.shared)


def stable_id(*parts: str) -> str:
    """The same GUID for the same parts, in every process."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


@dataclass
class StoredObject:
    """A configuration object: what a plain GET shows, and its navigation collections apart.

    ``links`` are single navigations by id. ``secrets`` are the texts behind encrypted OMA settings
    by their reference, ``membership`` the groups devices join while they enrol.
    """

    id: str
    content: dict[str, Any]
    children: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    origin: str = ""
    visible_from: float = 0.0  # time.monotonic(); replication delay after a create
    links: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    membership: list[str] = field(default_factory=list)


@dataclass
class GroupRow:
    """An Entra group. ``sequence`` is the tenant's change number of its last change."""

    content: dict[str, Any]
    sequence: int = 0
    removed: str | None = None  # the reason delta gives, or None while the group exists


@dataclass
class LoadReport:
    """What loading an export folder did, file by file."""

    folder: str | None = None
    left_out: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    groups_from: Counter[str] = field(default_factory=Counter)

    def note(self, file: str, text: str) -> None:
        self.notes.append({"file": file, "note": text})


@dataclass
class Tenant:
    slug: str
    id: str
    name: str
    client_id: str
    client_secret: str
    permissions: set[str] = field(default_factory=lambda: set(ALL_PERMISSIONS))
    objects: dict[str, dict[str, StoredObject]] = field(default_factory=dict)
    deleted: dict[str, dict[str, StoredObject]] = field(default_factory=dict)
    shared: dict[str, dict[str, StoredObject]] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    events: int = 0
    guarded: set[str] = field(default_factory=set)  # workloads that need a second person
    approvals: dict[str, "ApprovalRequest"] = field(default_factory=dict)
    groups: dict[str, GroupRow] = field(default_factory=dict)
    group_ids_by_name: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    created: int = 0
    delta_epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    token_generation: int = 0
    report: LoadReport = field(default_factory=LoadReport)

    def credentials(self) -> dict[str, str]:
        """What an administrator would hand over to connect this tenant."""
        return {
            "slug": self.slug,
            "id": self.id,
            "name": self.name,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def collection(self, key: str) -> dict[str, StoredObject]:
        """The objects of a collection; some (templates, definitions) all tenants share."""
        place = self.shared if key in _SHARED else self.objects
        return place.setdefault(key, {})

    def visible(self, key: str) -> list[StoredObject]:
        """The objects a reader sees now, in the order they were made."""
        now = time.monotonic()
        return [item for item in self.collection(key).values() if item.visible_from <= now]

    def living_groups(self) -> list[dict[str, Any]]:
        return [row.content for row in self.groups.values() if row.removed is None]

    def counts(self) -> dict[str, int]:
        found = {key: len(items) for key, items in sorted(self.objects.items()) if items}
        return found | {"groups": len(self.living_groups())}


@dataclass
class World:
    """All tenants, the fault switches and the request log."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    log: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    shared: dict[str, dict[str, StoredObject]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    secret_key: bytes = field(default=b"", repr=False)

    def enrol(self, slug: str, tenant_id: str, name: str) -> Tenant:
        """Add an empty tenant. Client id and secret stay the same as long as the key does."""
        secret = hmac.new(self.secret_key, tenant_id.encode(), hashlib.sha256).hexdigest()[:40]
        client_id = stable_id(tenant_id, "application")
        tenant = Tenant(slug, tenant_id, name, client_id, secret, shared=self.shared)
        self.tenants[slug] = tenant
        return tenant

    def by_id(self, tenant_id: str) -> Tenant | None:
        wanted = tenant_id.lower()
        return next((item for item in self.tenants.values() if item.id.lower() == wanted), None)

    def remember(self, entry: dict[str, Any]) -> None:
        """Append to the request log; the oldest half goes when it is full."""
        if len(self.log) >= LOG_LIMIT:
            del self.log[: LOG_LIMIT // 2]
        self.log.append(entry)
