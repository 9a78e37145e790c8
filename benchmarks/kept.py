"""What a reader kept of a simulated tenant: objects, their settings and their assignments."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app

from benchmarks.made_up_tenant import plan
from opsapp.simulator.process import Simulator


@dataclass(frozen=True)
class Kept:
    objects: int = 0
    assignments: int = 0
    settings: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            self.objects + other.objects,
            self.assignments + other.assignments,
            self.settings + other.settings,
        )

    def missing_from(self, all_there_is: "Kept") -> str:
        return (
            f"{all_there_is.objects - self.objects}"
            f" / {all_there_is.assignments - self.assignments}"
            f" / {all_there_is.settings - self.settings}"
        )


def in_simulator(simulator: Simulator, slug: str, policies: int) -> dict[str, Kept]:
    """What there is to keep, by Graph id."""
    return {
        row["id"]: Kept(
            1,
            len(row["children"].get("assignments", ())),
            len(row["children"].get("settings", ())),
        )
        for key in plan(policies)
        for row in simulator.objects(slug, key)
    }


def by_opsapp(slug: str, wanted: Iterable[str]) -> Kept:
    """Asks the commands, in this process."""
    ids = set(wanted)
    listed = _command("policies", "list", "--tenant", slug)
    shown = [
        _command("policies", "show", str(row["id"])) for row in listed if row["graph_id"] in ids
    ]
    return sum((_kept(one["content"], one["assignments"]) for one in shown), Kept())


def by_intunecd(folder: Path, wanted: Iterable[str]) -> Kept:
    """Reads the files, whose names end in the object's id."""
    ids = set(wanted)
    found: dict[str, Kept] = {}
    for file in folder.rglob("*.json"):
        graph_id = file.stem.rpartition("__")[2]
        if graph_id in ids:
            content = json.loads(file.read_text())
            found[graph_id] = _kept(content, content.get("assignments") or [])
    return sum(found.values(), Kept())


def _kept(content: dict[str, Any], assignments: list[Any]) -> Kept:
    return Kept(1, len(assignments), len(content.get("settings") or ()))


def _command(*arguments: str) -> Any:
    result = current_app.test_cli_runner().invoke(args=[*arguments, "--json"])
    if result.exit_code != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {result.output}")
    return json.loads(result.output)
