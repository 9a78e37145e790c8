"""The filters in force, as chips that each know how to go away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request

from opsapp.presenters.links import url_with


@dataclass(frozen=True)
class Chip:
    label: str
    value: str
    remove_url: str


def chips_for(
    labels: Mapping[str, str], words: Mapping[str, Mapping[str, str]] | None = None
) -> list[Chip]:
    """One chip per query parameter in ``labels`` that has a value.

    ``words`` gives the values of a parameter in the viewer's words:
    ``{"outcome": {"failed": "Failed"}}``.
    """
    return list(_chips(labels, words or {}))


def _chips(labels: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> Iterable[Chip]:
    for key, label in labels.items():
        for value in request.args.getlist(key):
            if value:
                shown = words.get(key, {}).get(value, value)
                others = [other for other in request.args.getlist(key) if other != value]
                yield Chip(label, shown, url_with(**{key: others or None}))
