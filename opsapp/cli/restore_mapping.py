"""What stands for the groups and objects that a restore names: options, and ``mapping``."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from opsapp.cli.output import (
    ID,
    acting_user,
    answers,
    as_option,
    json_option,
    print_many,
    printable,
)
from opsapp.intune.restore import GROUPS
from opsapp.models import RestoreRun, User
from opsapp.presenters.restore_json import mapping_as_data
from opsapp.refusals import Refused
from opsapp.services import restore_mapping_text as texts
from opsapp.services import restore_mappings as service
from opsapp.services import restores
from opsapp.services.restore_mapping_text import BadLines, Names

COLUMNS = ("kind", "source_id", "source_name", "choice", "target_id", "target_name", "note")


@dataclass(frozen=True)
class Given:
    """What the options say; those of single groups and objects come after the file."""

    map_groups: Sequence[str]
    maps: Sequence[str]
    map_file: Path | None


def mapping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--map-group``, ``--map`` and ``--map-file``; the command gets them as ``given``."""

    @click.option(
        "--map-group",
        "map_groups",
        multiple=True,
        metavar="SOURCE=TARGET|skip|create",
        help="What stands for a group: ids, or names when unique.",
    )
    @click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="KIND:SOURCE=TARGET|skip",
        help="What stands for another object: its type, ids or names.",
    )
    @click.option(
        "--map-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A CSV file as “mapping --csv” prints it.",
    )
    @functools.wraps(command)
    def with_given(
        *args: Any,
        map_groups: tuple[str, ...],
        maps: tuple[str, ...],
        map_file: Path | None,
        **rest: Any,
    ) -> Any:
        return command(*args, given=Given(map_groups, maps, map_file), **rest)

    return with_given


def apply_mapping(user: User | None, restore: RestoreRun, given: Given) -> None:
    """Decides as the options say. Raises Refused, and then nothing is decided."""
    choices = {}
    if given.map_file is not None:
        taken = _taken(restore, given.map_file)
        choices = {(each.kind, each.source_id): each for each in taken.choices}
        if taken.beside:
            click.echo(f"{taken.beside} lines are of groups this restore does not name.", err=True)
    names = Names.of(restore)
    for kind, text in [*((GROUPS, text) for text in given.map_groups), *map(_split, given.maps)]:
        each = texts.choice_of(names, kind, text)
        choices[each.kind, each.source_id] = each
    if choices:
        service.choose(user, restore, choices.values())


def _taken(restore: RestoreRun, path: Path) -> texts.Taken:
    """What the file says; each bad line is told by itself."""
    try:
        return texts.from_csv(restore, _read(path))
    except BadLines as bad:
        for line in bad.lines:
            click.echo(printable(line), err=True)
        raise Refused(f"{path.name}: nothing was taken of this file.") from None


def _split(text: str) -> tuple[str, str]:
    kind, colon, rest = text.partition(":")
    if not colon or "=" not in rest:
        raise click.UsageError(f"--map takes KIND:SOURCE=TARGET, not {text!r}")
    return kind, rest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None


@click.command("mapping")
@click.argument("restore_id", metavar="ID", type=ID)
@click.option("--csv", "as_csv", is_flag=True, help="As a CSV file that can be brought back.")
@click.option("--skip-undecided", is_flag=True, help="Leave out everything that is not decided.")
@click.option(
    "--create-missing", is_flag=True, help="Create the undecided groups that the target lacks."
)
@click.option("--save", is_flag=True, help="Keep the choices for restores between both tenants.")
@mapping_options
@as_option
@json_option
@with_appcontext
@answers
def mapping(
    restore_id: int, given: Given, as_email: str | None, as_json: bool, **chosen: bool
) -> None:
    """Shows, and changes, what stands for the groups and objects that a restore names."""
    user = acting_user(as_email)
    restore = restores.find(restore_id, user)
    apply_mapping(user, restore, given)
    for name, action in (
        ("create_missing", service.create_missing),
        ("skip_undecided", service.skip_undecided),
        ("save", service.save),
    ):
        if chosen[name]:
            action(user, restores.find(restore_id, user))
    rows = service.rows_of(restores.find(restore_id, user))
    if chosen["as_csv"]:
        click.echo(texts.as_csv(rows), nl=False)
        return
    data = [mapping_as_data(row) for row in rows]
    print_many(data, COLUMNS, as_json=as_json, none="This restore names nothing else.")
