"""Marks in imported contents: which of them may stand for a secret of this installation.

A mark is worth its secret to whoever can restore it. So one from outside counts only where the
tenant itself already holds this very content, or where a passphrase brought the secret along.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.crypto import WrongKey, open_with_passphrase
from opsapp.intune.secrets import SEALED_PREFIX, is_sealed
from opsapp.models import BackupItem, BackupSet, Policy, PolicyVersion
from opsapp.refusals import Refused

_UNKNOWN: Final = "unknown-"  # then the fingerprint: a mark for which nothing is kept


def opened_secrets(sealed: Mapping[str, Any] | None, passphrase: str | None) -> dict[str, str]:
    """The secrets of an export by their marks; none without a passphrase.

    Raises Refused for a passphrase that does not open them, and for one where there are none.
    """
    if passphrase is None:
        return {}
    if sealed is None:
        raise Refused("This export holds no secrets: import it without a passphrase.", "passphrase")
    try:
        texts = json.loads(open_with_passphrase(passphrase, dict(sealed)))
    except WrongKey:
        raise Refused("The passphrase does not open these secrets.", "passphrase") from None
    except (KeyError, TypeError, ValueError):
        raise Refused("The secrets of this export are damaged.", "passphrase") from None
    return {str(mark): str(text) for mark, text in texts.items()}


def contents_of_tenant(session: Session, tenant_id: int, hashes: Iterable[str]) -> set[str]:
    """Of these hashes of contents, those that a policy or backup set of the tenant has."""
    wanted = set(hashes)
    if not wanted:
        return set()
    versions = (
        sa.select(PolicyVersion.content_sha256)
        .join(Policy, Policy.id == PolicyVersion.policy_id)
        .where(Policy.tenant_id == tenant_id, PolicyVersion.content_sha256.in_(wanted))
    )
    found = set(session.scalars(versions))
    items = (
        sa.select(BackupItem.content_sha256)
        .join(BackupSet, BackupSet.id == BackupItem.set_id)
        .where(BackupSet.tenant_id == tenant_id, BackupItem.content_sha256.in_(wanted - found))
    )
    return found | (set(session.scalars(items)) if wanted - found else set())


def remarked(content: Any, marks: Mapping[str, str]) -> tuple[Any, int]:
    """A copy with each mark replaced by the one given for it, and how many have none.

    What has none becomes a mark for which nothing is kept: it still shows that a secret belongs
    there, and a restore says that it is missing.
    """
    missing = 0

    def walk(value: Any) -> Any:
        nonlocal missing
        if isinstance(value, dict):
            return {key: walk(member) for key, member in value.items()}
        if isinstance(value, list):
            return [walk(member) for member in value]
        if not is_sealed(value):
            return value
        if value in marks:
            return marks[value]
        missing += 1
        return SEALED_PREFIX + _UNKNOWN + value.removeprefix(SEALED_PREFIX).removeprefix(_UNKNOWN)

    return walk(content), missing
