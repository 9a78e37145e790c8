"""``flask users``: the people who may sign in."""

import sys
from typing import Any

import click
from flask.cli import AppGroup

from opsapp.audit import CLI
from opsapp.cli.output import answers, json_option, print_many, print_one
from opsapp.models import User
from opsapp.services import users as service

users = AppGroup("users", help="The people who may sign in.")

COLUMNS = ("id", "email", "name", "is_admin", "is_active", "last_sign_in_at")


@users.command("create")
@click.argument("email")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--admin", is_flag=True, help="Owner rights everywhere, users and tenants.")
@click.option(
    "--password-stdin",
    is_flag=True,
    required=True,
    help="Read the password from standard input: it is never an argument.",
)
@json_option
@answers
def create(email: str, name: str, admin: bool, password_stdin: bool, as_json: bool) -> None:
    """Creates an account for EMAIL."""
    del password_stdin  # the only way there is; the flag makes the command say so
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("--password-stdin: standard input is empty")
    user, _ = service.create_user(CLI, email, name, password=password, is_admin=admin)
    print_one(_as_data(user), as_json=as_json)


@users.command("list")
@json_option
@answers
def list_(as_json: bool) -> None:
    """Lists all accounts."""
    rows = [_as_data(user) for user in service.everybody()]
    print_many(rows, COLUMNS, as_json=as_json, none="No users yet: flask users create")


@users.command("deactivate")
@click.argument("email")
@json_option
@answers
def deactivate(email: str, as_json: bool) -> None:
    """Signs EMAIL out everywhere and keeps the account out."""
    user = service.deactivate(CLI, service.find(email).id)
    print_one(_as_data(user), as_json=as_json)


@users.command("activate")
@click.argument("email")
@json_option
@answers
def activate(email: str, as_json: bool) -> None:
    """Lets EMAIL sign in again."""
    user = service.activate(CLI, service.find(email).id)
    print_one(_as_data(user), as_json=as_json)


def _as_data(user: User) -> dict[str, Any]:
    names = (*COLUMNS, "timezone", "created_at")
    return {name: getattr(user, name) for name in names}
