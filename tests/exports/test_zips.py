"""Zip files that people bring, honest and hostile: what is not read is said, nothing is written."""

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from opsapp.exports import BadArchive, ExportFolder, read_zip, sources
from tests.support.backup_files import zip_with

ONE = json.dumps({"id": "f1", "displayName": "A", "platform": "iOS", "rule": "B"})
TWO = json.dumps({"id": "f2", "displayName": "B", "platform": "iOS", "rule": "B"})


def why(found: ExportFolder) -> dict[str, str]:
    return {entry.file: entry.reason for entry in found.left_out}


def written(fill: Callable[[zipfile.ZipFile], Any]) -> io.BytesIO:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        warnings.simplefilter("ignore")  # of names that occur twice
        fill(archive)
    return made


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"PK\x03\x04 and no more", b"PK\x05\x06" + b"\0" * 9]
)
def test_what_is_no_zip_file_is_refused(body: bytes) -> None:
    with pytest.raises(BadArchive, match="not a zip file"):
        read_zip(io.BytesIO(body))


def test_an_empty_zip_file_is_refused() -> None:
    with pytest.raises(BadArchive, match="is empty"):
        read_zip(zip_with({}))
    with pytest.raises(BadArchive, match="is empty"):
        read_zip(zip_with({"folder/": ""}))


@pytest.mark.parametrize(
    "name", ["../a.json", "/etc/a.json", "x/../../a.json", "C:/a.json", "..\\a.json"]
)
def test_names_that_lead_outside_are_not_read(name: str) -> None:
    found = read_zip(zip_with({name: ONE, "Filters/b.json": TWO}))
    assert [item.name for item in found.objects] == ["B"]
    assert list(why(found).values()) == ["its name leads outside of the zip file"]


def test_links_hidden_folders_nested_zips_and_other_files_are_told() -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        link = zipfile.ZipInfo("Filters/link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr(".git/config.json", ONE)
        archive.writestr("Filters/inner.zip", zip_with({"Filters/a.json": ONE}).getvalue())
        archive.writestr("LICENSE", "free")

    found = read_zip(written(fill))
    assert found.objects == []
    assert why(found) == {
        "Filters/link.json": "a symbolic link",
        ".git/config.json": "in a hidden folder",
        "Filters/inner.zip": "a zip file in the zip file: import it by itself",
        "LICENSE": "not a JSON file",
    }
    losses = [entry.file for entry in found.left_out if not entry.is_no_loss]
    assert losses == ["Filters/inner.zip"]


def test_two_files_of_one_name_are_both_read() -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        for body in (ONE, TWO):
            archive.writestr("Filters/a.json", body)

    found = read_zip(written(fill))
    assert [(i.file, i.name) for i in found.objects] == [
        ("Filters/a (2).json", "B"),
        ("Filters/a.json", "A"),
    ]


def test_backslashes_and_utf8_without_its_flag_are_understood() -> None:
    assert [i.file for i in read_zip(zip_with({"Filters\\a.json": ONE})).objects] == [
        "Filters/a.json"
    ]
    plain = zip_with({"Filters/xxxx.json": ONE}).getvalue()
    odd = plain.replace(b"xxxx", "äß".encode())
    assert [i.file for i in read_zip(io.BytesIO(odd)).objects] == ["Filters/äß.json"]


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_BYTES", 1_000_000)
    with pytest.raises(BadArchive, match="would grow to"):
        read_zip(zip_with({f"{n}.json": b"0" * 300_000 for n in range(4)}))


def test_what_is_packed_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MUCH", 100_000)
    with pytest.raises(BadArchive, match="packed more than 200 times"):
        read_zip(zip_with({"a.json": b"0" * 1_000_000}))


def test_a_bomb_that_lies_about_its_size_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    real = len(ONE) + 500_000
    body = zip_with({"Filters/a.json": ONE + " " * 500_000}).getvalue()
    small = body.replace(real.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    monkeypatch.setattr(sources, "MOST_IN_A_FILE", 1000)
    found = read_zip(io.BytesIO(small))
    assert found.objects == []
    assert [entry.is_no_loss for entry in found.left_out] == [False]


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    with pytest.raises(BadArchive, match="more than 2 files"):
        read_zip(zip_with({f"{n}.json": ONE for n in range(3)}))


def test_a_damaged_or_encrypted_file_does_not_lose_the_others() -> None:
    body = zip_with({"Filters/a.json": ONE, "Filters/b.json": TWO}).getvalue()
    first = body.index(b"Filters/a.json") + len("Filters/a.json")
    damaged = body[: first + 4] + bytes([body[first + 4] ^ 0xFF]) + body[first + 5 :]
    found = read_zip(io.BytesIO(damaged))
    assert [item.name for item in found.objects] == ["B"]
    assert why(found) == {"Filters/a.json": "damaged within the zip file"}
    locked = bytearray(body)
    locked[body.rindex(b"PK\x01\x02", 0, body.rindex(b"Filters/b.json")) + 8] |= 1
    found = read_zip(io.BytesIO(bytes(locked)))
    assert why(found) == {"Filters/b.json": "encrypted"}
