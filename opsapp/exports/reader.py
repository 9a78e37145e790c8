"""Walk an export, a folder or a zip file, and take every object out of its files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from opsapp.exports import collections, own_export, tool_files
from opsapp.exports.body_files import NOT_JSON, join_bodies
from opsapp.exports.decode import UnreadableError, parse
from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut
from opsapp.exports.sources import SourceFile, UnreadableFile, files_of_folder, files_of_zip

_NAMES = ("id", "displayName", "name", "profileName", "tokenName", "fileName", "@odata.type")
# Written by template kits into the object, unknown to Graph.
_TOOL_MEMBERS = frozenset({"deviceCompliancePolicyScriptDefinition"})
_TOOL_SPELLINGS = {"localizedMessages": "localizedNotificationMessages"}


def read_folder(path: Path | str) -> ExportFolder:
    """Every configuration object under ``path``, in path order.

    Each file is in exactly one of ``objects``, ``named_groups`` or ``left_out`` (a file holding
    several objects may add to two of them), but for the manifest of our own exports and the
    readable copies it lists. The same object twice stays two objects: who loads them decides on
    identity. Raises ``NotADirectoryError`` where ``path`` is no folder.
    """
    root = Path(path)
    if not root.is_dir():
        raise NotADirectoryError(f"no such export folder: {root}")
    return _read(ExportFolder(root), list(files_of_folder(root)))


def read_zip(file: IO[bytes], name: str = "") -> ExportFolder:
    """The same of a zip file. Raises ``BadArchive`` for what is none."""
    return _read(ExportFolder(Path(name)), files_of_zip(file))


def _read(found: ExportFolder, files: list[SourceFile]) -> ExportFolder:
    found, files = own_export.taken(found, files)
    for file in files:
        _read_file(found, file)
    by_path = {file.path: file for file in files}
    _join_settings(found, by_path)
    join_bodies(found, by_path)
    return found


def _join_settings(found: ExportFolder, files: Mapping[str, SourceFile]) -> None:
    """An intent whose settings lie in a file beside it gets them from there."""
    bare = {
        _stem(item.file): at
        for at, item in enumerate(found.objects)
        if item.collection == "intents" and not item.content.get("settings")
    }
    for place, entry in enumerate(found.left_out):
        at = bare.get(_stem(entry.file).removesuffix("_Settings"))
        if at is None or not entry.reason.startswith(tool_files.SETTINGS_HALF):
            continue
        item = found.objects[at]
        settings = parse(files[entry.file].read())["settings"]
        found.objects[at] = replace(item, content=item.content | {"settings": settings})
        found.left_out[place] = LeftOut(
            entry.file, f"{tool_files.SETTINGS_HALF}: joined to {item.file}", is_no_loss=True
        )


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].removesuffix(".json")


def _read_file(found: ExportFolder, file: SourceFile) -> None:
    reason, is_no_loss = file.reason, file.is_no_loss
    if not reason and not file.path.lower().endswith(".json"):
        reason, is_no_loss = NOT_JSON, True
    if not reason:
        try:
            value = parse(file.read())
        except (UnreadableError, UnreadableFile) as error:
            reason = str(error)
    if reason:
        found.left_out.append(LeftOut(file.path, reason, is_no_loss))
        return
    folders = file.path.split("/")[:-1]
    if not _took_tool_file(found, file.path, folders, value):
        _take_objects(found, file.path, folders, value)


def _took_tool_file(found: ExportFolder, file: str, folders: list[str], value: Any) -> bool:
    tool_folder = next((name for name in folders if name.startswith("_")), None)
    groups = tool_files.named_groups(file, value)
    if groups:
        found.named_groups.extend(groups)
        return True
    if tool_folder is None and not tool_files.is_settings_half(file, value):
        return False
    reason = tool_files.reason(tool_folder or "", value)
    found.left_out.append(LeftOut(file, reason, is_no_loss=True))
    return True


def _take_objects(found: ExportFolder, file: str, folders: list[str], value: Any) -> None:
    elements = _unwrap(value)
    if not elements:
        found.left_out.append(LeftOut(file, "holds no object", is_no_loss=True))
    for index, element in enumerate(elements):
        content, reason = _clean(element)
        collection = collections.decide(content, folders) if content else None
        if content and collection:
            found.objects.append(ExportedObject(collection, file, index, content))
            continue
        reason = (
            reason or "unknown kind: neither folder, @odata.type nor members tell the collection"
        )
        where = f"{file}[{index}]" if len(elements) > 1 else file
        found.left_out.append(LeftOut(where, reason))


def _unwrap(value: Any) -> list[Any]:
    """The objects in a file: a bare list, ``{"value": …}``, ``{"groups": […]}`` or one object."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return [value]
    inner = value.get("value")
    if isinstance(inner, list) or (isinstance(inner, dict) and not _has_name(value)):
        context = value.get("@odata.context")
        elements = inner if isinstance(inner, list) else [inner]
        return [_with_context(element, context) for element in elements]
    lists = [
        member
        for member in value.values()
        if isinstance(member, list) and member and all(isinstance(item, dict) for item in member)
    ]
    if not _has_name(value) and len(lists) == 1 and all(_has_name(item) for item in lists[0]):
        return lists[0]
    return [value]


def _has_name(value: dict[str, Any]) -> bool:
    return any(key in value for key in _NAMES)


def _with_context(element: Any, context: Any) -> Any:
    if isinstance(element, dict) and isinstance(context, str):
        with_context: dict[str, Any] = {"@odata.context": context}
        return with_context | element
    return element


def _clean(element: Any) -> tuple[dict[str, Any], str]:
    if not isinstance(element, dict):
        return {}, f"not an object but a {type(element).__name__}"
    if not element:
        return {}, "an empty object"
    error = element.get("error")
    if isinstance(error, dict) and "code" in error and not _has_name(element):
        return {}, "an error answer of Graph, not an object"
    return {
        _TOOL_SPELLINGS.get(str(key), str(key)): member
        for key, member in element.items()
        if key not in _TOOL_MEMBERS
    }, ""
