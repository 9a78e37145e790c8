"""``flask demo seed``: fills the demo's database. ``make demo`` calls it at every start."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from opsapp.cli.output import answers
from opsapp.demo import environment
from opsapp.demo.seed import DemoTenant, seed

demo = AppGroup("demo", help="The demo's data.")


@demo.command("seed")
@click.option(
    "--simulator",
    "announcement",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file in which the simulator announces its tenants.",
)
@click.option("--password", envvar=environment.PASSWORD, required=True, hidden=True)
@answers
def seed_command(announcement: Path, password: str) -> None:
    """Add the demo's accounts, tenants and memberships that are missing."""
    entries = json.loads(announcement.read_text())["tenants"]
    seed(password, [DemoTenant.from_simulator(entry) for entry in entries])
    click.echo(f"{len(entries)} tenants ready", err=True)
