"""What a forked process has of its parent's database."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from opsapp.database import drop_inherited_connections

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


def test_a_forked_process_has_no_file_of_the_database_open(tmp_path: Path) -> None:
    """With one it would hold SQLite's locks in name only, and break the file once alone."""
    file = tmp_path / "rows.sqlite3"
    engine = sa.create_engine(f"sqlite:///{file}")
    drop_inherited_connections(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE rows (id INTEGER)"))
    assert _open_files(file)

    child = os.fork()
    if child == 0:
        os._exit(1 if _open_files(file) else 0)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    engine.dispose()


def _open_files(file: Path) -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue  # the one that listed them
    return [path for path in found if path.startswith(str(file))]
