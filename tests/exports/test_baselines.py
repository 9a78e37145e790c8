"""Real export folders: every file is accounted for."""

import os
from pathlib import Path

import pytest

from opsapp.exports import read_folder

ROOT = os.environ.get("OPSAPP_TEST_BASELINES")
FOLDERS = sorted(path for path in Path(ROOT).iterdir() if path.is_dir()) if ROOT else []

pytestmark = [
    pytest.mark.baselines,
    pytest.mark.skipif(not FOLDERS, reason="OPSAPP_TEST_BASELINES is not set or empty"),
]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_file_is_an_object_a_name_or_left_out(folder):
    found = read_folder(folder)
    places = [item.file for item in found.objects]
    places += [item.file for item in found.named_groups]
    places += [item.file.split(".json[")[0] for item in found.left_out]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(places) == files
    assert found.objects


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_folder_layout_names_the_collections(folder):
    for item in read_folder(folder).objects:
        assert item.collection == item.file.split("/")[0]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_json_is_left_out_only_for_a_reason_we_know(folder):
    reasons = {
        entry.reason.split(":")[0]
        for entry in read_folder(folder).left_out
        if entry.file.endswith(".json")
    }
    assert reasons <= {"the settings half of an intent export", "invalid JSON"}
