"""Reads ``routes.txt``: method and route → what everybody gets."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from tests.support.cast import ROLES

ANSWERS = {"in", "login", "403", "404"}
FILE = Path(__file__).with_name("routes.txt")


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    answers: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


def rows() -> list[Row]:
    lines = [line.split() for line in FILE.read_text().splitlines() if line[:1] not in ("", "#")]
    header, *body = lines
    assert tuple(header[2:]) == ROLES
    return [_row(line) for line in body]


def _row(line: list[str]) -> Row:
    method, route, *answers = line
    assert len(answers) == len(ROLES), line
    assert set(answers) <= ANSWERS, line
    return Row(method, route, dict(zip(ROLES, answers, strict=True)))


def doors(app: Flask) -> Iterable[tuple[str, str, str]]:
    """Method, route and endpoint of everything the app answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, rule.endpoint
