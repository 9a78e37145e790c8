"""Scripts whose bodies lie in files of their own, as IntuneCD writes them: joined again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut
from opsapp.exports.script_bodies import BODIES, encoded, file_names_of
from opsapp.exports.sources import SourceFile, UnreadableFile

NOT_JSON: Final = "not a JSON file"
_FOLDER: Final = "Script Data"


def join_bodies(found: ExportFolder, files: Mapping[str, SourceFile]) -> None:
    """A script without its body gets it from the file that is its alone.

    The body in the object itself always counts: the tools write two scripts of one file name into
    one file. Where two objects claim a file, nobody can say whose body it is: both say so.
    """
    wanted = _wanted(found, files)
    claims = Counter(path for paths in wanted.values() for path in paths.values())
    joined: dict[str, str] = {}
    for at, paths in wanted.items():
        for member, path in paths.items():
            item = found.objects[at]
            if claims[path] > 1:
                remark = f"Its script is in {path}, which other scripts claim as well: not taken."
                found.objects[at] = replace(item, remark=remark)
                continue
            try:
                body = encoded(files[path].read())
            except UnreadableFile:
                continue  # the file itself is listed as left out
            found.objects[at] = replace(item, content=item.content | {member: body})
            joined[path] = item.file
    for place, entry in enumerate(found.left_out):
        if entry.file in joined:
            reason = f"a script: joined to {joined[entry.file]}"
            found.left_out[place] = LeftOut(entry.file, reason, is_no_loss=True)


def _wanted(found: ExportFolder, files: Mapping[str, SourceFile]) -> dict[int, dict[str, str]]:
    """By the place of an object: the members it lacks, and the files that may have them."""
    wanted: dict[int, dict[str, str]] = {}
    for at, item in enumerate(found.objects):
        for member in BODIES.get(item.collection, ()):
            path = None if item.content.get(member) else _file_of(item, member, files)
            if path:
                wanted.setdefault(at, {})[member] = path
    return wanted


def _file_of(item: ExportedObject, member: str, files: Mapping[str, SourceFile]) -> str | None:
    folder, _, name = item.file.rpartition("/")
    names = file_names_of(member, item.content, name.removesuffix(".json"))
    places = [f"{folder}/{_FOLDER}/{one}".lstrip("/") for one in names]
    return next((path for path in places if path in files and not files[path].reason), None)
