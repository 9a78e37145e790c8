"""Which tenants the simulator serves: our made-up ones, or folders of exported policies."""

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from opsapp.demo import DemoError
from opsapp.exports.collections import from_folders

SLUGS = ("contoso", "fabrikam", "northwind")
_NAMESPACE = uuid.UUID("6f0b0a52-6f0c-4a36-9a3e-6c1c6e0d7f10")


@dataclass(frozen=True)
class ExportTenant:
    """A tenant of the simulator that holds one export set."""

    slug: str
    folder: Path

    @property
    def entra_tenant_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self.slug))

    @property
    def argument(self) -> str:
        """As the simulator's ``--tenant`` takes it."""
        return f"{self.slug}={self.entra_tenant_id}={self.folder}"


def of_exports(folder: Path) -> list[ExportTenant]:
    """One tenant for each export set in ``folder`` (or for ``folder``, if it is one itself).

    The first three sets, by name, go to contoso, fabrikam and northwind; every further one gets a
    tenant named after its folder. Raises DemoError when there is nothing to load.
    """
    if not folder.is_dir():
        raise DemoError(f"BASELINES: there is no folder {folder}")
    sets = [folder] if _is_export(folder) else [sub for sub in _subfolders(folder) if _holds(sub)]
    if not sets:
        raise DemoError(f"BASELINES: no exported policies (JSON files) in {folder}")
    taken: set[str] = set()
    tenants = []
    for position, path in enumerate(sets):
        slug = SLUGS[position] if position < len(SLUGS) else _slug(path.name, taken)
        taken.add(slug)
        tenants.append(ExportTenant(slug, path.resolve()))
    return tenants


def _is_export(folder: Path) -> bool:
    """Whether its subfolders are collections, not export sets."""
    if any(folder.glob("*.json")):
        return True
    return any(from_folders((sub.name,)) for sub in _subfolders(folder))


def _subfolders(folder: Path) -> list[Path]:
    return sorted(sub for sub in folder.iterdir() if sub.is_dir() and sub.name[0] not in "._")


def _holds(folder: Path) -> bool:
    return next(folder.rglob("*.json"), None) is not None


def _slug(name: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-") or "tenant"
    number, slug = 2, plain
    while slug in taken or slug in {*SLUGS, "new"}:
        slug, number = f"{plain}-{number}", number + 1
    return slug
