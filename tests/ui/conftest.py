"""The styleguide is served in these tests: it holds every element."""

from pathlib import Path

import pytest

from opsapp.config import Settings
from tests.support import apps


@pytest.fixture
def settings(tmp_path: Path, database_url: str, queue_url: str) -> Settings:
    return apps.make_settings(
        tmp_path, database_url=database_url, redis_url=queue_url, debug_pages=True
    )
