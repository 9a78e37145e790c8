"""What reading an export gives."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsapp.exports.manifest import Manifest, ManifestObject


@dataclass(frozen=True)
class ExportedObject:
    """One configuration object of an export.

    ``collection`` is the Graph collection's name (``conditionalAccessPolicies`` for
    ``identity/conditionalAccess/policies``), ``file`` the path relative to the folder with ``/``,
    ``index`` the position inside a file that holds several. ``content`` is the object as the file
    has it, annotations and assignments included, without wrappers and tool-only members.
    ``listed`` is what our own manifest says of it, ``remark`` what is odd about its file. ``apart``
    are assignments that are not in the content, whose own member of that name is something else.
    """

    collection: str
    file: str
    index: int
    content: dict[str, Any]
    listed: ManifestObject | None = None
    remark: str = ""
    apart: list[Any] | None = None

    @property
    def name(self) -> str:
        """The display name, or the file name where the object has none."""
        for key in ("displayName", "name", "profileName", "tokenName", "fileName"):
            value = self.content.get(key)
            if isinstance(value, str) and value:
                return value
        return self.file.rsplit("/", 1)[-1]

    @property
    def place(self) -> str:
        """The file, with the position in it where it holds several."""
        return f"{self.file}[{self.index}]" if self.index else self.file


@dataclass(frozen=True)
class NamedGroup:
    """A group that a manifest or a tool file (migration table, assignment report) names."""

    file: str
    display_name: str
    id: str | None = None
    group_types: tuple[str, ...] = ()
    membership_rule: str | None = None
    description: str = ""
    mail_nickname: str = ""
    security_enabled: bool = True
    mail_enabled: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A file, or one element of it, that gave no object, and why.

    ``is_no_loss``: there was none to lose, as in a licence or a report of the tool.
    """

    file: str
    reason: str
    is_no_loss: bool = False


@dataclass(frozen=True)
class ExportFolder:
    """The outcome of ``read_folder``: everything found, and everything that was not usable.

    ``manifest`` is that of one of our own exports.
    """

    path: Path
    objects: list[ExportedObject] = field(default_factory=list)
    named_groups: list[NamedGroup] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    manifest: Manifest | None = None

    def counts(self) -> dict[str, int]:
        """Objects per collection."""
        return dict(sorted(Counter(item.collection for item in self.objects).items()))
