"""The files of an export, in a folder or in a zip file. Nothing is ever unpacked to a disk."""

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Final

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 256 * 1024 * 1024  # of all files of a zip together
MOST_IN_A_FILE: Final = 32 * 1024 * 1024
MOST_TIMES: Final = 200  # how many times its size a zip may grow, once that is much
_MUCH: Final = 64 * 1024 * 1024
_ENCRYPTED: Final = 0x1
_NAME_IS_UTF8: Final = 0x800


class BadArchive(Exception):
    """A zip file that is not opened. The message says why, for the person who brought it."""


class UnreadableFile(Exception):
    """The bytes of a file cannot be had. The message says why."""


@dataclass(frozen=True)
class SourceFile:
    """A file of an export: its path with ``/``, and how its bytes are read (UnreadableFile).

    ``reason`` says why it is not read at all, ``is_no_loss`` that nobody misses it.
    """

    path: str
    read: Callable[[], bytes]
    reason: str = ""
    is_no_loss: bool = False


def files_of_folder(root: Path) -> Iterator[SourceFile]:
    """Every file below a folder, in the order of their names; links and hidden folders by name."""
    for entry in _walk(root):
        path = entry.relative_to(root).as_posix()
        if entry.is_symlink():
            yield SourceFile(path, _nothing, "a symbolic link", is_no_loss=True)
        elif entry.is_dir():
            yield SourceFile(path + "/", _nothing, "a hidden folder", is_no_loss=True)
        else:
            yield SourceFile(path, _reader_of(entry))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield from _walk(entry)
        else:
            yield entry


def _nothing() -> bytes:
    return b""


def _reader_of(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise UnreadableFile(f"cannot be read: {error.strerror}") from error

    return read


def files_of_zip(file: IO[bytes]) -> list[SourceFile]:
    """Every file of a zip file, in the order of their names. Raises BadArchive.

    Two files of one name stay two. A name that leads outside of the zip is only a name here, but
    such a file is not read: whoever made it meant no good.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadArchive("This is not a zip file, or it is damaged.") from error
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check(archive.infolist(), entries)
    found: list[SourceFile] = []
    taken: set[str] = set()
    budget = _Budget(MOST_BYTES)
    for entry in entries:
        path = _path_of(entry)
        if path in taken:
            numbered = (_numbered(path, number) for number in count(2))
            path = next(name for name in numbered if name not in taken)
        taken.add(path)
        read = _zip_reader(archive, entry, budget)
        found.append(SourceFile(path, read, *_why_not(entry, path)))
    return sorted(found, key=lambda one: one.path.split("/"))


def _check(everything: list[zipfile.ZipInfo], entries: list[zipfile.ZipInfo]) -> None:
    if len(everything) > MOST_FILES:
        raise BadArchive(f"The zip file holds more than {MOST_FILES:,} files.")
    if not entries:
        raise BadArchive("The zip file is empty.")
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if size > MOST_BYTES or (size > _MUCH and size > MOST_TIMES * max(packed, 1)):
        most = MOST_BYTES // (1024 * 1024)
        raise BadArchive(
            f"The zip file would grow to {size:,} bytes. At most {most} MB are read, and nothing"
            f" that is packed more than {MOST_TIMES} times."
        )


class _Budget:
    """What may still be unpacked, whatever the zip file says of its own size."""

    def __init__(self, left: int) -> None:
        self.left = left


def _zip_reader(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget
) -> Callable[[], bytes]:
    def read() -> bytes:
        most = min(MOST_IN_A_FILE, budget.left)
        try:
            with archive.open(entry) as stream:
                body = stream.read(most + 1)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError) as error:
            raise UnreadableFile("damaged within the zip file") from error
        except (RuntimeError, NotImplementedError, ValueError, zlib.error) as error:
            raise UnreadableFile("packed in a way that is not understood") from error
        if len(body) > most:
            raise UnreadableFile("larger than what is read of a zip file")
        budget.left -= len(body)
        return body

    return read


def _path_of(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: some tools write UTF-8 without saying so, or backslashes."""
    name = entry.orig_filename or entry.filename
    if not entry.flag_bits & _NAME_IS_UTF8:
        with contextlib.suppress(UnicodeError):  # else it is what the zip file says
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _why_not(entry: zipfile.ZipInfo, path: str) -> tuple[str, bool]:
    """Why a file is not read, and whether that is no loss."""
    parts = path.split("/")
    leads_out = path.startswith("/") or ".." in parts or path[1:2] == ":"
    why = (
        (leads_out, "its name leads outside of the zip file", False),
        ("\0" in path, "its name is not one", False),
        (stat.S_ISLNK(entry.external_attr >> 16), "a symbolic link", True),
        (bool(entry.flag_bits & _ENCRYPTED), "encrypted", False),
        (any(part.startswith(".") for part in parts[:-1]), "in a hidden folder", True),
        (
            path.lower().endswith(".zip"),
            "a zip file in the zip file: import it by itself",
            False,
        ),
        (entry.file_size > MOST_IN_A_FILE, f"larger than {MOST_IN_A_FILE // 2**20} MB", False),
    )
    return next(((reason, no_loss) for holds, reason, no_loss in why if holds), ("", False))


def _numbered(path: str, number: int) -> str:
    stem, dot, ending = path.rpartition(".")
    return f"{stem} ({number}){dot}{ending}" if dot else f"{path} ({number})"
