"""The shape of the code: who imports whom, how long a module may be, what stays out of the tree."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 400  # lines
TEXT = {".py", ".html", ".md", ".toml", ".css", ".js", ".txt", ".cfg", ".ini", ".mako", ""}


def tracked_files():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def modules():
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in {"opsapp", "workers"}
    ]


def test_the_import_contracts_are_kept():
    tool = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [tool, "--no-cache", "--no-logo"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", result.stdout)


def test_no_module_is_too_long_to_read():
    lengths = {path: len(path.read_text().splitlines()) for path in modules()}
    assert lengths
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_MODULE}
    assert too_long == {}


def test_every_package_of_ours_has_an_init():
    """A folder without one is a namespace package, which linters and contracts do not see."""
    folders = {path.parent for path in modules()}
    assert [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()] == []


@pytest.mark.parametrize("room", ["opsapp/simulator", "opsapp/exports", "opsapp/graph"])
def test_rooms_that_are_contracts_of_their_own_exist(room):
    assert (ROOT / room / "__init__.py").exists()


def test_no_address_of_a_build_machine_or_registry_is_in_the_tree():
    elsewhere = re.compile(
        r"(?<![\w.-])/(?:work|root|home/\w+)/|files\.pythonhosted|pypi\.org/simple|--index-url http"
    )
    offenders = []
    for path in tracked_files():
        if path.suffix not in TEXT or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        offenders += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in elsewhere.finditer(text)]
    assert offenders == []
