"""An object made ready to be stored: everything that needs no database."""

from dataclasses import dataclass
from typing import Any

from opsapp.database import storable
from opsapp.intune.catalogue import PolicyType
from opsapp.intune.describe import kind_of, platform_of
from opsapp.intune.flat import settings_in
from opsapp.intune.normalise import canonical, comparison_hash, sha256_of
from opsapp.inventory.outcome import ReadObject
from opsapp.inventory.sealing import Sealer


@dataclass(frozen=True)
class Prepared:
    """An object with everything computed that needs no database.

    ``stored`` is its content with marks in place of secrets, ``secrets`` what they stand for.
    """

    source: ReadObject
    stored: dict[str, Any]
    secrets: dict[str, str]
    settings: dict[str, str]
    name: str
    kind: str
    platform: str
    content: bytes
    content_sha256: str
    assignments: bytes
    assignments_sha256: str
    compare_sha256: str


def prepare(policy_type: PolicyType, source: ReadObject, sealer: Sealer) -> Prepared:
    """Seals, encodes and hashes outside the write transaction."""
    stored, secrets = sealer.seal(source.content)
    content, assignments = canonical(stored), canonical(source.assignments)
    return Prepared(
        source=source,
        stored=stored,
        secrets=secrets,
        settings=settings_in(stored),
        name=storable(policy_type.name_of(source.content), 300),
        kind=kind_of(policy_type.key, source.content),
        platform=platform_of(policy_type.key, source.content),
        content=content,
        content_sha256=sha256_of(content),
        assignments=assignments,
        assignments_sha256=sha256_of(assignments),
        compare_sha256=comparison_hash(stored, source.assignments, policy_type.noise),
    )
