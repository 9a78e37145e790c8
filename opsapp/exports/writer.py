"""A backup set as files: one readable file an object, and a manifest by which they come back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opsapp.exports import file_names, manifest, script_bodies
from opsapp.exports.manifest import Manifest, ManifestCopy, ManifestObject

Sink = Callable[[str, bytes], None]


@dataclass(frozen=True)
class SetObject:
    """One object of a backup set, with the hashes that the set has of it."""

    type: str
    id: str
    name: str
    kind: str
    platform: str
    content: dict[str, Any]
    assignments: list[Any]
    content_sha256: str
    assignments_sha256: str


class ExportWriter:
    """Hands every file, with its path, to ``sink`` as it is made; the manifest comes last.

    It keeps what the manifest says of each object, never the object itself.
    """

    def __init__(self, sink: Sink, about: Manifest) -> None:
        self._sink = sink
        self._about = about

    def add(self, one: SetObject) -> None:
        """Writes an object. Content and assignments are read back as they are, byte for byte."""
        stem = f"{one.type}/{file_names.stem_of(one.name, one.id)}"
        beside = "assignments" not in one.content
        apart = {"assignments": one.assignments}
        whole = one.content | apart if beside else {"content": one.content, **apart}
        path, body = f"{stem}.json", as_file(whole)
        self._sink(path, body)
        self._about.objects.append(
            ManifestObject(
                path=path,
                sha256=manifest.digest(body),
                type=one.type,
                id=one.id,
                name=one.name,
                kind=one.kind,
                platform=one.platform,
                assignments_beside=beside,
                content_sha256=one.content_sha256,
                assignments_sha256=one.assignments_sha256,
                copies=tuple(self._copies(one, stem)),
            )
        )

    def _copies(self, one: SetObject, stem: str) -> list[ManifestCopy]:
        """Script bodies in files of their own, for people who read or compare them."""
        copies = []
        for member, body in script_bodies.bodies_in(one.type, one.content):
            path = f"{stem}.{member}.{script_bodies.ending_of(one.type)}"
            self._sink(path, body)
            copies.append(ManifestCopy(path, manifest.digest(body), member))
        return copies

    def finish(self) -> None:
        self._sink(manifest.FILE, as_file(self._about.to_json()))


def as_file(value: Mapping[str, Any]) -> bytes:
    """Readable JSON; what UTF-8 cannot hold is written with escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return (json.dumps(value, indent=2) + "\n").encode("ascii")
