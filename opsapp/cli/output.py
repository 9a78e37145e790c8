"""How all commands answer: data on stdout, errors on stderr, exit codes that scripts can trust.

0 done · 1 refused or not found · 2 used wrongly. With ``--json`` stdout holds the data and nothing
else: an array for a list, an object for one thing.
"""

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from sqlalchemy.exc import DBAPIError

from opsapp.audit import CLI, Actor
from opsapp.database_trouble import trouble
from opsapp.models import User
from opsapp.refusals import Refused
from opsapp.services import users

P = ParamSpec("P")
T = TypeVar("T")

REFUSED = 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # with bidi overrides


class _Id(click.IntRange):
    name = "integer"  # what Click says of "abc": not a valid integer


ID = _Id(max=2**63 - 1)  # what the databases take for an id
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
as_option = click.option(
    "--as", "as_email", metavar="EMAIL", help="Act as this user, with that user's rights."
)


def answers(command: Callable[P, T]) -> Callable[P, T]:
    """Turns a refusal, or an unusable database, into one line on stderr and exit code 1."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except Refused as refused:
            fail(refused.message)
        except DBAPIError as error:
            line = trouble(error)
            if line is None:
                raise
            click.echo(f"opsapp: {printable(line)}", err=True)
            sys.exit(REFUSED)

    return guarded


def fail(message: str, code: int = REFUSED) -> NoReturn:
    click.echo(f"Error: {printable(message)}", err=True)
    sys.exit(code)


def acting_user(as_email: str | None) -> User | None:
    """The active user named by ``--as``; None for the system. Raises Refused."""
    return None if as_email is None else acting_person(as_email)


def acting_person(email: str) -> User:
    """The active user of an address. Raises Refused."""
    user = users.find(email)
    if not user.is_active:
        raise Refused(f"{user.email} is deactivated.")
    return user


def actor_for(user: User | None) -> Actor:
    return Actor.of(user) if user else CLI


def print_one(data: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json(data)
        return
    width = max(len(key) for key in data)
    for key, value in data.items():
        click.echo(f"{key:<{width}}  {_shown(value)}")


def print_many(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, none: str
) -> None:
    """A table of the ``columns``, or everything as JSON; ``none`` is said of an empty list."""
    if as_json:
        _print_json(list(rows))
        return
    if not rows:
        click.echo(none, err=True)
        return
    cells = [[_shown(row[column]) for column in columns] for row in rows]
    table = [[column.upper().replace("_", " ") for column in columns], *cells]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"not JSON: {type(value).__name__}")


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, dict | list):
        value = json.dumps(value, default=_plain, ensure_ascii=False)
    return printable(str(value))


def printable(text: str) -> str:
    """Text from outside without what would make a terminal do things, on one line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
