"""What a reader kept of a simulated tenant, object by object and part by part.

A part is a row of any list, however deep (a setting, an assignment, a presentation value, an OMA
setting), or the text of a script or file. What the simulator holds is what there is to keep.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import Policy, PolicyVersion
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.process import Simulator

OBJECTS = "objects"
Parts = Counter[str]
Kept = Mapping[str, Parts]  # by Graph id
_TEXTS = ("scriptcontent", "configurationfilecontent")


def in_simulator(simulator: Simulator, slug: str) -> dict[str, Parts]:
    """All there is to keep. Left out are the collections that are the same in every tenant."""
    return {
        row["id"]: parts_of({**row["content"], **row["children"]})
        for key, collection in COLLECTIONS.items()
        if not collection.shared
        for row in simulator.objects(slug, key)
    }


def by_opsapp() -> dict[str, Parts]:
    """What the database of this installation has."""
    latest = (
        sa.select(Policy.graph_id, PolicyVersion)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .where(PolicyVersion.number == Policy.version, Policy.gone_at.is_(None))
    )
    return {
        graph_id: parts_of({**version.content.content, "assignments": version.assignments.content})
        for graph_id, version in db.session.execute(latest)
    }


def by_intunecd(folder: Path) -> dict[str, Parts]:
    """What is in the files, whose names end in the object's id."""
    return {
        file.stem.rpartition("__")[2]: parts_of(json.loads(file.read_text()))
        for file in folder.rglob("*__*.json")
    }


def parts_of(content: Mapping[str, Any]) -> Parts:
    return Counter((OBJECTS, *_parts(content)))


def missing(wanted: Kept, kept: Kept) -> Parts:
    """How many of each part are not there; what one object has too many makes up for nothing."""
    lost: Parts = Counter()
    for graph_id, parts in wanted.items():
        lost += parts - kept.get(graph_id, Counter())
    return lost


def total(kept: Kept) -> Parts:
    return sum(kept.values(), Counter())


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    for name, value in content.items():
        if isinstance(value, str) and value and name.lower().endswith(_TEXTS):
            yield name
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, Mapping):
                yield from (name,) * isinstance(value, list)
                yield from _parts(row)
