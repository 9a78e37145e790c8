"""A page as a person of some role gets it."""

import pytest
from bs4 import BeautifulSoup


@pytest.fixture
def page(cast):
    def page(path: str, role: str = "operator", status: int = 200) -> BeautifulSoup:
        answer = cast.client(role).get(path)
        assert answer.status_code == status, path
        return BeautifulSoup(answer.data, "html.parser")

    return page
