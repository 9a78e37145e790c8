"""Making a backup set: what every operation does that reads a tenant into one.

The set is made by the run's first step, so that a run that never began leaves none. A retry works
on the set of the run it repeats while that is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from opsapp.backup import completeness, contents
from opsapp.intune.catalogue import CATALOGUE
from opsapp.models import BackupOrigin, BackupSet, OperationRun
from opsapp.operations.base import RunContext
from opsapp.operations.collection_sync import Scope
from opsapp.operations.readability import make_readable
from opsapp.operations.tenant_reading import chosen_by_type, read_collections

MOST_NAME = 120
MOST_NOTE = 1000
SET = "backup_set"  # in a run's context: the set that it works on


@dataclass(frozen=True)
class NewSet:
    """What a set is to be. ``types``: policy type keys, None for all. ``full``: see Scope."""

    name: str
    note: str = ""
    types: Sequence[str] | None = None
    keep_open: bool = False
    full: bool = False
    origin: BackupOrigin = BackupOrigin.CREATED
    schedule_id: int | None = None


def make_set(ctx: RunContext, new: NewSet) -> int:
    """Reads the tenant into a set; returns its id.

    The set closes itself at the end, unless it is to be kept open, or something is missing that a
    retry may read. Raises SetComplete when a retry of chosen items comes too late for that.
    """
    with ctx.step() as step:
        run = step.session.get_one(OperationRun, ctx.run_id)
        backup_set = _set_of(step.session, run, is_narrowed=ctx.selection is not None)
        if backup_set is None:
            backup_set = _added(step.session, run, new)
        elif backup_set.completed_at is None:
            backup_set.run_id = run.id
        set_id, is_complete = backup_set.id, backup_set.completed_at is not None
        run.context = {**run.context, SET: set_id}
    if is_complete:  # by an earlier attempt of this very run
        return set_id

    def keep(key: str) -> None:
        with ctx.step() as step:
            read = completeness.read_in_run(ctx.run_id, key)
            contents.add_read_by(step.session, set_id, read)
            completeness.note(step.session, set_id, ctx.run_id, key)

    if read_collections(ctx, _scopes(ctx, new), keep):
        make_readable(ctx)
    ctx.checkpoint()
    with ctx.step() as step:
        _end(step.session, set_id)
    return set_id


def _end(session: Session, set_id: int) -> None:
    is_kept_open = contents.open_set(session, set_id).keep_open
    if is_kept_open or completeness.may_be_mended(completeness.types_of(session, set_id)):
        contents.keep_groups(session, set_id)
    else:
        contents.close(session, set_id)


def _added(session: Session, run: OperationRun, new: NewSet) -> BackupSet:
    added = BackupSet(
        tenant_id=run.tenant_id,
        name=new.name,
        note=new.note,
        origin=new.origin,
        collections=list(new.types) if new.types else None,
        keep_open=new.keep_open,
        created_by=run.initiator_name,
        run_id=run.id,
        schedule_id=new.schedule_id,
    )
    session.add(added)
    session.flush()
    return added


def _set_of(session: Session, run: OperationRun, *, is_narrowed: bool) -> BackupSet | None:
    """The set that the run works on: its own, or the open one of a run that it repeats.

    None when it is to make one. Raises SetComplete and SetDeleted for a retry of chosen
    items: it can only complete what there is.
    """
    own = run.context.get(SET)
    if own is not None and (found := session.get(BackupSet, own)) is not None:
        return found
    earlier = run.retry_of_id
    while earlier is not None:
        repeated = session.get_one(OperationRun, earlier)
        if SET in repeated.context:
            found = session.get(BackupSet, repeated.context[SET], with_for_update=True)
            if found is not None and found.completed_at is None:
                return found
            if is_narrowed and found is not None:
                raise contents.SetComplete(found.name)
            break
        earlier = repeated.retry_of_id
    if is_narrowed:
        raise contents.SetDeleted
    return None


def _scopes(ctx: RunContext, new: NewSet) -> dict[str, Scope]:
    """What to read of which policy type; a retry reads all that is missing of a type it touches."""
    chosen = chosen_by_type(ctx)
    if chosen is None:
        return dict.fromkeys(new.types or CATALOGUE, Scope(in_full=new.full))
    return {
        key: Scope(done=ctx.done_before(key), is_item=wanted.is_list, in_full=not wanted.is_list)
        for key, wanted in chosen.items()
    }
