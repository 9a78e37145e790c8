"""``manifest.json`` of our own exports: what the folder holds, and how each file is known again."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

FILE: Final = "manifest.json"
FORMAT: Final = "opsapp-backup"
VERSION: Final = 1


class BadManifest(Exception):
    """A manifest that cannot be used. The message says why."""


@dataclass(frozen=True)
class ManifestCopy:
    """A script body in a file of its own, for people: the object's own file has it as well."""

    path: str
    sha256: str
    member: str


@dataclass(frozen=True)
class ManifestObject:
    """One object and its file.

    ``assignments_beside``: the file is the content with a member ``assignments`` added; else it has
    the two as members, for content that has such a member of its own. The two last hashes are those
    of the canonical content and assignments, as a backup set has them.
    """

    path: str
    sha256: str
    type: str
    id: str
    name: str
    kind: str
    platform: str
    assignments_beside: bool
    content_sha256: str
    assignments_sha256: str
    copies: tuple[ManifestCopy, ...] = ()


@dataclass(frozen=True)
class ManifestGroup:
    """A group that objects name, as it was when the set was made."""

    id: str
    display_name: str
    description: str = ""
    mail_nickname: str = ""
    group_types: tuple[str, ...] = ()
    security_enabled: bool = True
    mail_enabled: bool = False
    membership_rule: str | None = None


@dataclass(frozen=True)
class Manifest:
    """The whole of it.

    ``tenant`` and ``set`` say where it came from, ``types`` how far each policy type got into the
    set. ``secrets`` is what the marks in contents stand for, sealed by a passphrase; None without.
    """

    tenant: Mapping[str, Any]
    set: Mapping[str, Any]
    types: list[dict[str, Any]] = field(default_factory=list)
    objects: list[ManifestObject] = field(default_factory=list)
    groups: list[ManifestGroup] = field(default_factory=list)
    secrets: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises BadManifest for one that this version cannot read."""
        if data.get("version") != VERSION:
            raise BadManifest(
                f"The manifest is of version {data.get('version')}; only {VERSION} is understood."
            )
        try:
            return cls(
                tenant=_mapping(data["tenant"]),
                set=_mapping(data["set"]),
                types=[dict(_mapping(row)) for row in data["types"]],
                objects=[_object(_mapping(row)) for row in data["objects"]],
                groups=[_group(_mapping(row)) for row in data["groups"]],
                secrets=data.get("secrets"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadManifest(
                "The manifest is not complete: something in it is missing."
            ) from error


def is_manifest(value: Any) -> bool:
    """Whether a JSON value is the manifest of one of our exports, of any version."""
    return isinstance(value, dict) and value.get("format") == FORMAT


def digest(body: bytes) -> str:
    """The hash by which a file is known again."""
    return hashlib.sha256(body).hexdigest()


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _object(row: Mapping[str, Any]) -> ManifestObject:
    copies = tuple(ManifestCopy(**copy) for copy in row.get("copies") or ())
    made = ManifestObject(**{**row, "copies": copies})
    texts = (made.path, made.sha256, made.type, made.id, made.name, made.kind, made.platform)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not a text")
    return made


def _group(row: Mapping[str, Any]) -> ManifestGroup:
    made = ManifestGroup(**{**row, "group_types": tuple(row.get("group_types") or ())})
    if not isinstance(made.id, str) or not isinstance(made.display_name, str):
        raise TypeError("not a text")
    return made
