"""What a sync adds at its end: names of groups that assignments name, and who changed what.

Both only help to read what was found, so neither makes a sync fail; what cannot be had is said in
the run's timeline.
"""

from opsapp.inventory import audit_log, group_names
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.operations.base import RunContext

GROUPS_AT_ONCE = 1000  # the most that the directory names in one request


def name_groups(ctx: RunContext) -> None:
    """Asks the directory once for groups that are assigned to but were never seen."""
    unknown = group_names.unknown_groups(ctx.tenant.id)
    for start in range(0, len(unknown), GROUPS_AT_ONCE):
        ctx.checkpoint()
        some = unknown[start : start + GROUPS_AT_ONCE]
        try:
            found = group_names.ask(ctx.graph, some)
        except Exception as error:
            if is_hopeless(error):
                raise
            ctx.event("names", f"Groups are shown by id: {ReadFailure.of(error).message}")
            return
        with ctx.step() as step:
            group_names.keep(step.session, ctx.tenant.id, some, found)


def explain_changes(ctx: RunContext) -> None:
    """Asks the tenant's audit log who made the changes that this run found, and when."""
    since = audit_log.unexplained_since(ctx.tenant.id, ctx.run_id)
    if since is None:
        return
    ctx.checkpoint()
    try:
        changes = audit_log.read(ctx.graph, since)
    except Exception as error:
        if is_hopeless(error):
            raise
        ctx.event("audit", f"Who changed what is not known: {ReadFailure.of(error).message}")
        return
    with ctx.step() as step:
        audit_log.keep(step.session, ctx.tenant.id, ctx.run_id, changes)
