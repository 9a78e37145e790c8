"""Planning a restore: pure logic from what a backup holds and a target has to ordered requests."""

from opsapp.intune.restore.plan import (
    GROUPS,
    ItemPlan,
    Note,
    Step,
    Wanted,
    id_of,
    ids_named,
    with_ids,
)

__all__ = ["GROUPS", "ItemPlan", "Note", "Step", "Wanted", "id_of", "ids_named", "with_ids"]
