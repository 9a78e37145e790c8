"""``flask policies search │ diff │ history │ export``."""

import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from opsapp.cli.output import (
    ID,
    acting_user,
    actor_for,
    answers,
    as_option,
    json_option,
    print_many,
    print_one,
    printable,
)
from opsapp.cli.tenant_option import visible_tenant
from opsapp.intune.catalogue import CATALOGUE
from opsapp.intune.difference import Change, Difference
from opsapp.intune.flat import FlatSetting
from opsapp.models import Policy, PolicyVersion, User
from opsapp.permissions import allows
from opsapp.presenters import policy_diff, policy_history
from opsapp.presenters.numbers import plural
from opsapp.refusals import NotAllowed, NotFound
from opsapp.services import policies as service
from opsapp.services import policy_compare, policy_export, policy_list
from opsapp.services.policy_compare import Compared
from opsapp.services.policy_history import history_of
from opsapp.services.policy_list import PolicyFilter
from opsapp.services.policy_search import Reason, Scope

SEARCH_COLUMNS = ("id", "tenant", "name", "type", "platform", "assignments", "changed_at", "why")
HISTORY_COLUMNS = ("since_version", "seen_at", "value", "changed_by", "run_id")
_SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}


class Place(click.ParamType[tuple[int, int | None]]):
    """``ID`` or ``ID@VERSION``."""

    name = "ID[@VERSION]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        number, at, version = str(value).partition("@")
        if not number.isdecimal() or (at and not version.isdecimal()):
            self.fail(f"{value!r} is not ID or ID@VERSION.", param, ctx)
        return ID.convert(int(number), param, ctx), int(version) if at else None


def visible_version(policy_id: int, number: int | None, user: User | None) -> PolicyVersion:
    """A version, or the latest, of a policy that ``user`` may see. Raises NotFound."""
    policy = service.find_anywhere(policy_id)
    if user is not None and not allows(user, policy.tenant, "tenant.view"):
        raise NotFound(f"There is no policy {policy_id}.")
    return service.version_of(policy, number)


@click.command("search")
@click.argument("text", default="")
@click.option("--tenant", "slug", metavar="SLUG")
@click.option("--type", "type_", metavar="KEY", type=click.Choice(list(CATALOGUE)))
@click.option("--group", default="", metavar="TEXT", help="Name or Graph id of a group.")
@click.option("--setting", default="", metavar="TEXT", help="Key or name of a setting.")
@click.option("--platform", default="", metavar="NAME")
@click.option("--assigned", type=click.Choice(["yes", "no"]))
@click.option(
    "--changed-days",
    type=click.IntRange(1, policy_list.MOST_DAYS),
    metavar="N",
    help="Changed in the last N days.",
)
@click.option("--gone", is_flag=True, help="Those that are gone from their tenant.")
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write them to a file instead.",
)  # fmt: skip
@as_option
@json_option
@with_appcontext
@answers
def search(
    text: str,
    slug: str | None,
    csv_file: Path | None,
    as_email: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Finds policies in all tenants by name, setting, group or Graph id."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user) if slug else None
    scope, chosen = Scope(tenant, user), _filter(text, **asked)
    if csv_file:
        _write_csv(scope, chosen, user, csv_file)
        return
    found = policy_list.everything(scope, chosen)
    reasons = policy_list.reasons(scope, chosen, found)
    rows = [_as_data(policy, reasons.get(policy.id, [])) for policy in found]
    print_many(rows, SEARCH_COLUMNS, as_json=as_json, none="No policies.")


def _filter(
    text: str,
    type_: str | None,
    group: str,
    setting: str,
    platform: str,
    assigned: str | None,
    changed_days: int | None,
    gone: bool,
) -> PolicyFilter:
    return PolicyFilter(
        type=type_ or "",
        platform=platform.strip(),
        assigned=assigned or "",
        seen="gone" if gone else "",
        changed=changed_days or 0,
        group=group.strip(),
        setting=setting.strip(),
        q=text.strip(),
    )


def _write_csv(scope: Scope, chosen: PolicyFilter, user: User | None, file: Path) -> None:
    """Only of tenants where the person may export; how many were left out is said on stderr."""
    if scope.tenant is not None:
        _check_export(user, scope.tenant)
    allowed = Scope(scope.tenant, user, policy_export.WORD)
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(policy_export.list_as_csv(actor_for(user), allowed, chosen))
    left_out = policy_export.reach_of(user).left_out if user and not scope.tenant else 0
    if left_out:
        tenants = plural(left_out, "tenant")
        click.echo(f"Left out: {tenants} whose policies you may not export.", err=True)


def _check_export(user: User | None, tenant: Any) -> None:
    if user is not None and not allows(user, tenant, policy_export.WORD):
        raise NotAllowed(f"Your role in {tenant.name} does not allow exports.")


def _as_data(policy: Policy, reasons: list[Reason]) -> dict[str, Any]:
    return {
        "id": policy.id,
        "tenant": policy.tenant.slug,
        "graph_id": policy.graph_id,
        "type": policy.collection,
        "kind": policy.kind,
        "name": policy.name,
        "platform": policy.platform,
        "version": policy.version,
        "assignments": policy.assignment_count,
        "changed_at": policy.changed_at,
        "last_seen_at": policy.last_seen_at,
        "gone_at": policy.gone_at,
        "why": [_reason(reason) for reason in reasons],
    }


def _reason(reason: Reason) -> str:
    if not reason.is_group:
        return f"holds {reason.text}"
    return f"{'excludes' if reason.is_excluded else 'assigned to'} {reason.text}"


@click.command("diff")
@click.argument("left", type=Place())
@click.argument("right", type=Place())
@as_option
@json_option
@with_appcontext
@answers
def diff(
    left: tuple[int, int | None],
    right: tuple[int, int | None],
    as_email: str | None,
    as_json: bool,
) -> None:
    """Compares two policies, or two versions of one: LEFT and RIGHT are ID or ID@VERSION."""
    user = acting_user(as_email)
    before, after = (visible_version(*place, user) for place in (left, right))
    compared = policy_compare.compare_versions(before, after)
    if as_json:
        print_one(_diff_data(compared), as_json=True)
        return
    click.echo(policy_diff.sentence(compared.comparison))
    for one in (*compared.comparison.facts, *compared.comparison.settings):
        if one.change != Change.UNCHANGED:
            _print_difference(one)
    for assignment in policy_diff.page_values(compared)["assignments"]:
        if assignment.kind != Change.UNCHANGED:
            row = assignment.after or assignment.before
            name = row.name or row.group_id
            click.echo(f"{_SIGNS[Change(assignment.kind)]} assignment: {printable(name)}")


def _print_difference(one: Difference) -> None:
    place = " / ".join(filter(None, (one.setting.section, one.setting.path, one.setting.label)))
    click.echo(f"{_SIGNS[one.change]} {printable(place)}")
    for name, setting in (("before", one.before), ("after", one.after)):
        if setting is not None:
            click.echo(f"    {name}: {printable(_value(setting))}")


def _value(setting: FlatSetting) -> str:
    return ", ".join(setting.values)


def _diff_data(compared: Compared) -> dict[str, Any]:
    comparison = compared.comparison
    return {
        "before": {"id": compared.before.policy_id, "version": compared.before.number},
        "after": {"id": compared.after.policy_id, "version": compared.after.number},
        "summary": policy_diff.sentence(comparison),
        "facts": _changed(comparison.facts),
        "settings": _changed(comparison.settings),
        "assignments": [
            {"change": one.change.value, "before": one.before, "after": one.after}
            for one in comparison.assignments
            if one.change != Change.UNCHANGED
        ],
    }


def _changed(differences: list[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "change": one.change.value,
            "key": one.setting.key,
            "label": one.setting.label,
            "section": one.setting.section,
            "before": list(one.before.values) if one.before else None,
            "after": list(one.after.values) if one.after else None,
        }
        for one in differences
        if one.change != Change.UNCHANGED
    ]


@click.command("history")
@click.argument("policy_id", metavar="ID", type=ID)
@click.option("--setting", "key", required=True, metavar="KEY", help="As diff --json prints it.")
@as_option
@json_option
@with_appcontext
@answers
def history(policy_id: int, key: str, as_email: str | None, as_json: bool) -> None:
    """Shows since when a setting of a policy has had its value, and the values before."""
    policy = visible_version(policy_id, None, acting_user(as_email)).policy
    found = history_of(policy, key)
    if found.setting is None:
        raise NotFound(f"No version of policy {policy_id} holds a setting with that key.")
    rows = [
        {
            "since_version": span.first.number,
            "to_version": span.last.number,
            "seen_at": span.first.seen_at,
            "run_id": span.first.run_id,
            "value": None if span.setting is None else _value(span.setting),
            "changed_by": ", ".join(
                one.actor for one in policy_history.who_changed(span.first.changes)
            ),
            "changes": span.first.changes,
        }
        for span in found.spans
    ]
    print_many(rows, HISTORY_COLUMNS, as_json=as_json, none="No versions.")


@click.command("export")
@click.argument("policy_id", metavar="ID", type=ID)
@click.option("--version", "number", type=click.IntRange(1, 2**31 - 1))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--passphrase-stdin",
    is_flag=True,
    help="With the secrets, encrypted by the passphrase on standard input.",
)
@as_option
@with_appcontext
@answers
def export(
    policy_id: int,
    number: int | None,
    output: Path | None,
    passphrase_stdin: bool,
    as_email: str | None,
) -> None:
    """Writes a policy as Graph's JSON, content and assignments.

    Secrets stay sealed, unless a passphrase to encrypt them by comes on standard input.
    """
    user = acting_user(as_email)
    version = visible_version(policy_id, number, user)
    _check_export(user, version.policy.tenant)
    passphrase = ""
    if passphrase_stdin:
        passphrase = sys.stdin.readline().rstrip("\r\n")
        if not passphrase:
            raise click.UsageError("--passphrase-stdin: standard input is empty")
    text = policy_export.policy_as_json(actor_for(user), version.policy, version, passphrase)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text.encode(), nl=False)


COMMANDS = (search, diff, history, export)
