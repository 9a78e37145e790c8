"""Our own exports: what is written comes back as it was, and every change of a file is said."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from opsapp.exports import graph_objects, read_folder
from opsapp.exports.file_names import stem_of
from opsapp.exports.manifest import Manifest
from opsapp.exports.writer import ExportWriter, SetObject

SCRIPTS = "deviceShellScripts"
NAMES = {SCRIPTS: "displayName", "configurationPolicies": "name"}


def script(graph_id: str, body: str, name: str = "Setup") -> SetObject:
    content = {
        "id": graph_id,
        "displayName": name,
        "fileName": "setup.sh",
        "scriptContent": base64.b64encode(body.encode()).decode(),
    }
    return SetObject(SCRIPTS, graph_id, name, SCRIPTS, "macOS", content, [{"id": "a"}], "c", "s")


def write(folder: Path, *objects: SetObject) -> None:
    def sink(path: str, body: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)

    writer = ExportWriter(sink, Manifest({"slug": "contoso"}, {"name": "Monday"}))
    for one in objects:
        writer.add(one)
    writer.finish()


def back(folder: Path) -> list[tuple[str, dict[str, Any], list[Any]]]:
    found = graph_objects(read_folder(folder), NAMES)
    return [(one.id, one.content, one.assignments) for one in found.objects]


def test_two_scripts_of_one_file_name_and_display_name_keep_their_own_bodies(
    tmp_path: Path,
) -> None:
    one, two = script("1", "echo one"), script("2", "echo two")
    write(tmp_path, one, two)
    assert back(tmp_path) == [(o.id, o.content, o.assignments) for o in (one, two)]
    texts = {path.read_text() for path in tmp_path.rglob("*.sh")}
    assert texts == {"echo one", "echo two"}
    assert read_folder(tmp_path).left_out == []


@pytest.mark.parametrize(
    "content",
    [
        {"name": "\ud800 half a pair", "n": 1.5, "big": 2**70, "none": None},
        {"name": "with its own", "assignments": {"not": "ours"}},
        {"name": "", "description": "línea\r\n\u2028\u0000"},
    ],
)
def test_any_content_comes_back_as_it_was(tmp_path: Path, content: dict[str, Any]) -> None:
    one = SetObject("configurationPolicies", "p", "P", "k", "", content, [{"id": "x"}], "c", "s")
    write(tmp_path, one)
    assert back(tmp_path) == [("p", content, [{"id": "x"}])]


def test_a_changed_copy_of_a_script_is_said_and_not_used(tmp_path: Path) -> None:
    write(tmp_path, script("1", "echo one"))
    (copy,) = tmp_path.rglob("*.sh")
    copy.write_text("echo changed")
    found = read_folder(tmp_path)
    assert base64.b64decode(found.objects[0].content["scriptContent"]) == b"echo one"
    (entry,) = found.left_out
    assert "changed since the export: not used" in entry.reason


def test_the_export_may_lie_in_a_folder_with_other_files(tmp_path: Path) -> None:
    write(tmp_path / "export", script("1", "echo one"))
    (tmp_path / "Filters").mkdir()
    (tmp_path / "Filters" / "a.json").write_text(json.dumps({"displayName": "A"}))
    found = read_folder(tmp_path)
    assert [item.collection for item in found.objects] == [SCRIPTS, "assignmentFilters"]


@pytest.mark.parametrize("change", [{"version": 2}, {"objects": [{"path": 1}]}, {"groups": 7}])
def test_a_manifest_that_cannot_be_used_is_said_and_the_files_are_read(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    write(tmp_path, script("1", "echo one"))
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    found = read_folder(tmp_path)
    assert [item.content["id"] for item in found.objects] == ["1"]
    assert "manifest.json" in {entry.file for entry in found.left_out}


def test_names_of_files_are_safe_short_and_never_shared() -> None:
    names = ["a/b", "..", "CON", "x" * 500, "", "Ä\u0000\n", "سياسة" * 50]
    stems = [stem_of(name, f"{letter}{n}") for n, name in enumerate(names) for letter in "1Aa"]
    assert len({stem.lower() for stem in stems}) == len(stems)
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
        assert len(stem.encode()) < 200
