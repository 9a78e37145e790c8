"""What reading an export folder gives."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ExportedObject:
    """One configuration object of an export.

    ``collection`` is the Graph collection's name (``conditionalAccessPolicies`` for
    ``identity/conditionalAccess/policies``), ``file`` the path relative to the folder with ``/``,
    ``index`` the position inside a file that holds several. ``content`` is the object as the file
    has it, annotations and assignments included, without wrappers and tool-only members.
    """

    collection: str
    file: str
    index: int
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The display name, or the file name where the object has none."""
        for key in ("displayName", "name", "profileName", "tokenName", "fileName"):
            value = self.content.get(key)
            if isinstance(value, str) and value:
                return value
        return self.file.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class NamedGroup:
    """A group that a tool file (migration table, assignment report) names."""

    file: str
    display_name: str
    id: str | None = None
    group_types: tuple[str, ...] = ()
    membership_rule: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """A file, or one element of it, that gave no object, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class ExportFolder:
    """The outcome of ``read_folder``: everything found, and everything that was not usable."""

    path: Path
    objects: list[ExportedObject] = field(default_factory=list)
    named_groups: list[NamedGroup] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Objects per collection."""
        return dict(sorted(Counter(item.collection for item in self.objects).items()))
