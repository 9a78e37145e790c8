"""What a run adds at its end so that people can read what it found.

Names of groups that policies name, who changed what, what Intune calls its settings. None of it
makes a run fail; what cannot be had is said in the run's timeline.
"""

from opsapp.inventory import audit_log, definitions, group_names
from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.operations.base import RunContext

GROUPS_AT_ONCE = 1000  # the most that the directory names in one request


def make_readable(ctx: RunContext) -> None:
    """All of it."""
    name_groups(ctx)
    explain_changes(ctx)
    learn_settings(ctx)


def name_groups(ctx: RunContext) -> None:
    """Asks the directory once for groups that policies name but that were never seen."""
    unknown = group_names.unknown_groups(ctx.tenant.id, ctx.run_id)
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


def learn_settings(ctx: RunContext) -> None:
    """Asks what Intune calls settings that no policy of any tenant held before."""
    policies = definitions.policies_to_ask(ctx.run_id)
    if not policies:
        return
    ctx.checkpoint()
    found = list(definitions.ask(ctx.graph, policies))
    with ctx.step() as step:
        definitions.keep(step.session, found)
