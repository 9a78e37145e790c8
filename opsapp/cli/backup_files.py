"""``flask backups export │ import``."""

import sys
import tempfile
from pathlib import Path
from typing import IO

import click
from flask.cli import with_appcontext

from opsapp.audit import CLI, Actor
from opsapp.cli.backup_keys import keys_of_set_made
from opsapp.cli.output import ID, acting_user, answers, as_option, json_option, print_one
from opsapp.cli.runs import SYSTEM_CLI, report, wait_option
from opsapp.cli.tenant_option import visible_tenant
from opsapp.models import BackupSet, User
from opsapp.permissions import allows
from opsapp.refusals import NotAllowed, NotFound, Refused
from opsapp.services import backup_export, uploads

passphrase_option = click.option(
    "--passphrase-stdin",
    "with_passphrase",
    is_flag=True,
    help="With the secrets, by a passphrase read from standard input.",
)


@click.command("export")
@click.argument("set_id", metavar="ID", type=ID)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@passphrase_option
@as_option
@json_option
@with_appcontext
@answers
def export(
    set_id: int, folder: Path, with_passphrase: bool, as_email: str | None, as_json: bool
) -> None:
    """Writes a backup set into an empty folder DIR, as readable JSON with a manifest."""
    user = acting_user(as_email)
    found = _exportable(set_id, user)
    passphrase = _passphrase() if with_passphrase else ""
    try:
        count = backup_export.as_folder(_actor(user), found, folder, passphrase)
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {error.strerror}.") from None
    print_one({"id": set_id, "folder": str(folder), "objects": count}, as_json=as_json)


def _exportable(set_id: int, user: User | None) -> BackupSet:
    found = backup_export.find(None, set_id)
    if user is None:
        return found
    if not allows(user, found.tenant, "tenant.view"):
        raise NotFound(f"There is no backup set {set_id}.")
    if not allows(user, found.tenant, backup_export.WORD):
        raise NotAllowed(f"Your role in {found.tenant.name} does not allow exports.")
    return found


def _actor(user: User | None) -> Actor:
    return Actor.of(user) if user else CLI


def _passphrase() -> str:
    return sys.stdin.readline().rstrip("\r\n")


@click.command("import")
@click.argument("place", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.option("--tenant", "slug", required=True, metavar="SLUG")
@click.option("--name", required=True, metavar="NAME")
@click.option("--note", default="", metavar="TEXT")
@passphrase_option
@wait_option
@as_option
@json_option
@with_appcontext
@answers
def import_(
    place: Path,
    slug: str,
    name: str,
    note: str,
    with_passphrase: bool,
    wait: float | None,
    as_email: str | None,
    as_json: bool,
) -> None:
    """Makes a backup set of a folder DIR, or of a zip file: ours or another tool's."""
    user = acting_user(as_email)
    tenant = visible_tenant(slug, user)
    passphrase = _passphrase() if with_passphrase else ""
    about = {"name": name, "note": note}
    with _opened(place) as file:
        run = uploads.start_import(tenant, user or SYSTEM_CLI, file, place.name, about, passphrase)
    report(run, wait, as_json=as_json, created=run.is_new, about=keys_of_set_made)


def _opened(place: Path) -> IO[bytes]:
    """The zip file, or one made of the folder."""
    try:
        if place.is_file():
            return place.open("rb")
        made = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        uploads.zip_of(place, made)
    except OSError as error:
        raise Refused(f"{place} cannot be read: {error.strerror}.") from None
    made.seek(0)
    return made


COMMANDS = (export, import_)
