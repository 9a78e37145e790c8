"""Our own exports: found by their manifest, and every file checked against it."""

from dataclasses import replace
from typing import Any

from opsapp.exports import manifest
from opsapp.exports.decode import UnreadableError, parse
from opsapp.exports.manifest import BadManifest, Manifest, ManifestObject
from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut, NamedGroup
from opsapp.exports.sources import SourceFile, UnreadableFile

CHANGED = "Changed since the export: taken as it is now."


def taken(found: ExportFolder, files: list[SourceFile]) -> tuple[ExportFolder, list[SourceFile]]:
    """What a manifest among the files lists, in a new outcome, and the files it does not list.

    The manifest may lie in a folder, as where somebody zipped the folder and not its files. One
    that cannot be used is left out, and the files are read as any others.
    """
    for file in sorted(files, key=lambda one: one.path.count("/")):
        if file.path.rsplit("/", 1)[-1] != manifest.FILE or file.reason:
            continue
        try:
            value = parse(file.read())
            if not manifest.is_manifest(value):
                continue
            about = Manifest.from_json(value)
        except (UnreadableError, UnreadableFile):
            continue  # said when it is read as any other file
        except BadManifest as error:
            found.left_out.append(LeftOut(file.path, str(error)))
            return found, [one for one in files if one is not file]
        return _Taking(replace(found, manifest=about), files, file).all()
    return found, files


class _Taking:
    """Takes what the manifest lists, in its order."""

    def __init__(self, found: ExportFolder, files: list[SourceFile], listing: SourceFile) -> None:
        self._found = found
        self._files = files
        self._root = listing.path.removesuffix(manifest.FILE)
        self._by_path = {file.path: file for file in files}
        self._done = {listing.path}
        self._listing = listing.path

    def all(self) -> tuple[ExportFolder, list[SourceFile]]:
        about = self._found.manifest
        assert about is not None  # noqa: S101 - given by the only caller
        for one in about.objects:
            self._take(one)
        self._found.named_groups.extend(
            NamedGroup(
                file=self._listing,
                display_name=group.display_name,
                id=group.id,
                group_types=group.group_types,
                membership_rule=group.membership_rule,
                description=group.description,
                mail_nickname=group.mail_nickname,
                security_enabled=group.security_enabled,
                mail_enabled=group.mail_enabled,
            )
            for group in about.groups
        )
        return self._found, [file for file in self._files if file.path not in self._done]

    def _take(self, one: ManifestObject) -> None:
        path = self._root + one.path
        try:
            body = self._read(path)
            content, apart = self._parts(parse(body), one)
        except (UnreadableError, UnreadableFile) as error:
            self._found.left_out.append(LeftOut(path, str(error)))
            return
        finally:
            self._done.add(path)
        remark = "" if manifest.digest(body) == one.sha256 else CHANGED
        made = ExportedObject(one.type, path, 0, content, one, remark, apart)
        self._found.objects.append(made)
        for copy in one.copies:
            self._check_copy(self._root + copy.path, copy.sha256, path)

    def _read(self, path: str) -> bytes:
        file = self._by_path.get(path)
        if file is None or path in self._done:
            raise UnreadableFile("missing: the manifest lists it")
        if file.reason:
            raise UnreadableFile(file.reason)
        return file.read()

    @staticmethod
    def _parts(value: Any, one: ManifestObject) -> tuple[dict[str, Any], list[Any] | None]:
        """The object as any other file would give it, or its content and the assignments apart."""
        if not isinstance(value, dict):
            raise UnreadableError("not an object")
        if one.assignments_beside:
            return value, None
        content, apart = value.get("content"), value.get("assignments")
        if not isinstance(content, dict) or not isinstance(apart, list):
            raise UnreadableError("not an object with its content and assignments")
        return content, apart

    def _check_copy(self, path: str, sha256: str, owner: str) -> None:
        """A copy is for people: what counts is in the object's own file."""
        try:
            body = self._read(path)
        except UnreadableFile as error:
            reason = f"{error}; its text is in {owner} as well"
            self._found.left_out.append(LeftOut(path, reason, is_no_loss=True))
            return
        finally:
            self._done.add(path)
        if manifest.digest(body) != sha256:
            reason = f"changed since the export: not used, the script is taken from {owner}"
            self._found.left_out.append(LeftOut(path, reason, is_no_loss=True))
