"""Policies as files: a list as CSV, one policy as Graph's JSON. Each export is recorded."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from opsapp.audit import Actor, record
from opsapp.config import current_settings
from opsapp.crypto import WrongKey, seal_with_passphrase
from opsapp.extensions import db
from opsapp.intune.secrets import marks_in
from opsapp.inventory.sealing import opened
from opsapp.models import Policy, PolicyVersion, Tenant, User
from opsapp.models.base import write
from opsapp.permissions import tenants_of
from opsapp.refusals import Refused
from opsapp.services.csv_text import csv_text
from opsapp.services.policies import TYPE_LABELS
from opsapp.services.policy_list import PolicyFilter, in_batches
from opsapp.services.policy_search import Scope

WORD: Final = "policies.export"
SHORTEST_PASSPHRASE: Final = 12
COLUMNS: Final = (
    *("tenant", "id", "name", "description", "type", "type_name", "kind", "platform"),
    *("assignments", "version", "changed_at", "first_seen_at", "last_seen_at", "gone_at"),
    "graph_id",
)


def list_as_csv(actor: Actor, scope: Scope, chosen: PolicyFilter) -> Iterator[str]:
    """Records the export, then yields the text in pieces: all policies that match.

    The caller has made sure that ``scope`` holds only tenants whose policies may be exported.
    """
    batches = in_batches(scope, chosen)
    data = {name: value for name, value in vars(chosen).items() if value}
    with write() as session:
        record(session, actor, "policies.exported", "csv", tenant=scope.tenant, data=data)
    return _pieces(batches)


def _pieces(batches: Iterator[Sequence[Policy]]) -> Iterator[str]:
    yield csv_text(COLUMNS, [], with_header=True)
    for batch in batches:
        yield csv_text(COLUMNS, [_row(policy) for policy in batch], with_header=False)


def _row(policy: Policy) -> dict[str, Any]:
    return {
        "tenant": policy.tenant.slug,
        "type": policy.collection,
        "type_name": TYPE_LABELS.get(policy.collection, policy.collection),
        "assignments": policy.assignment_count,
    } | {name: getattr(policy, name) for name in COLUMNS if name not in _COMPUTED}


_COMPUTED: Final = frozenset({"tenant", "type", "type_name", "assignments"})


@dataclass(frozen=True)
class Reach:
    """How many of a person's tenants an export across tenants holds, and how many it leaves out."""

    allowed: int
    left_out: int


def reach_of(user: User) -> Reach:
    """Tenants in which the role does not grant exports are left out."""
    seen, allowed = (_count(tenants_of(user)), _count(tenants_of(user, WORD)))
    return Reach(allowed, seen - allowed)


def _count(tenants: sa.Select[Tenant]) -> int:
    ids = tenants.with_only_columns(Tenant.id).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def policy_as_json(
    actor: Actor, policy: Policy, version: PolicyVersion, passphrase: str = ""
) -> str:
    """Records the export. Content and assignments as Graph gave them; secrets stay sealed.

    With a ``passphrase`` the file also holds what the marks stand for, encrypted by it. Raises
    Refused for one that is too short, and where a secret cannot be opened any more.
    """
    whole = {"content": version.content.content, "assignments": version.assignments.content}
    if passphrase:
        whole["secrets"] = _secrets_in(whole["content"], passphrase)
    with write() as session:
        tenant = session.get_one(Tenant, policy.tenant_id)
        data = {"policy": policy.id, "version": version.number, "secrets": bool(passphrase)}
        record(session, actor, "policy.exported", policy.name, tenant=tenant, data=data)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def has_secrets(content: Any) -> bool:
    """Whether a stored content holds marks in place of secrets."""
    return next(marks_in(content), None) is not None


def _secrets_in(content: Any, passphrase: str) -> dict[str, Any]:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.")
    settings = current_settings()
    try:
        texts = {mark: opened(db.session(), settings, mark) for mark in marks_in(content)}
    except (KeyError, WrongKey):
        raise Refused(
            "A secret of this version cannot be opened: its encryption key is not in"
            " OPSAPP_ENCRYPTION_KEYS any more."
        ) from None
    return seal_with_passphrase(passphrase, json.dumps(texts))
