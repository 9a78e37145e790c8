"""Which policy collections of a tenant are read, and how far the last reading got."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from opsapp.audit import Actor, record
from opsapp.database import utcnow
from opsapp.extensions import db
from opsapp.intune.catalogue import CATALOGUE
from opsapp.inventory.turns import locked_state
from opsapp.models import CollectionState, Tenant
from opsapp.models.base import write
from opsapp.refusals import NotFound


@dataclass(frozen=True)
class CollectionLine:
    """A collection of the catalogue; ``state`` is None until it was read or excluded."""

    key: str
    label: str
    state: CollectionState | None

    @property
    def is_excluded(self) -> bool:
        return self.state is not None and self.state.excluded_at is not None


def collections_of(tenant: Tenant) -> Sequence[CollectionLine]:
    """Every collection of the catalogue, by label."""
    query = sa.select(CollectionState).where(CollectionState.tenant_id == tenant.id)
    states = {state.collection: state for state in db.session.scalars(query)}
    lines = [CollectionLine(key, kind.label, states.get(key)) for key, kind in CATALOGUE.items()]
    return sorted(lines, key=lambda line: line.label.casefold())


def exclude(actor: Actor, tenant: Tenant, key: str) -> str:
    """From now on the collection is not read. Returns its label; raises NotFound."""
    return _set(actor, tenant, key, excluded=True)


def include(actor: Actor, tenant: Tenant, key: str) -> str:
    """From the next sync on the collection is read again. Returns its label; raises NotFound."""
    return _set(actor, tenant, key, excluded=False)


def _set(actor: Actor, tenant: Tenant, key: str, *, excluded: bool) -> str:
    if key not in CATALOGUE:
        raise NotFound(f"There is no collection {key}.")
    tenant_id = tenant.id
    with write() as session:
        state = locked_state(session, tenant_id, key)
        if (state.excluded_at is not None) != excluded:
            state.excluded_at = utcnow() if excluded else None
            state.excluded_by = actor.name if excluded else None
            action = "collection.excluded" if excluded else "collection.included"
            record(session, actor, action, key, tenant=tenant)
    return CATALOGUE[key].label
