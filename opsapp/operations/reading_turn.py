"""The turn to read a collection: waited for, and given back."""

from collections.abc import Callable

from opsapp.intune.catalogue import PolicyType
from opsapp.inventory.turns import is_taken, locked_state
from opsapp.models import CollectionState, ItemResult
from opsapp.operations.base import Item, RunContext, Step

COLLECTION = "collection"
TURN_POLL_SECONDS = 1.0


def take_turn(
    ctx: RunContext, policy_type: PolicyType, on_turn: Callable[[CollectionState, bool], None]
) -> bool:
    """Waits while another run reads the collection; False when it is not to be read at all.

    ``on_turn`` gets the collection's state in the transaction that takes the turn, and whether it
    had to be waited for.
    """
    waited = False
    while True:
        with ctx.step() as step:
            state = locked_state(step.session, ctx.tenant.id, policy_type.key)
            if state.excluded_at is not None:
                return False
            if not is_taken(step.session, state, ctx.run_id):
                state.reading_run_id = ctx.run_id
                on_turn(state, waited)
                return True
            other = state.reading_run_id
        if not waited:
            ctx.event("waiting", f"Run {other} reads {policy_type.label} now.")
            waited = True
        ctx.wait(TURN_POLL_SECONDS)


def give_back(ctx: RunContext, step: Step, policy_type: PolicyType) -> CollectionState:
    """Whoever writes down how a collection was read has had its turn."""
    state = locked_state(step.session, ctx.tenant.id, policy_type.key)
    if state.reading_run_id == ctx.run_id:
        state.reading_run_id = None
    return state


def excluded_item(kind: str, key: str, name: str) -> Item:
    """What a run says of what it leaves out because somebody chose so."""
    message = "Excluded for this tenant."
    return Item(kind, key, ItemResult.SKIPPED, name, "item.skipped_excluded", message)
