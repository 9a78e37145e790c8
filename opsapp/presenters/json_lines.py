"""JSON as text for reading."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class JsonText:
    """``text`` is indented by two, keys in the order given; ``size`` is its length in bytes."""

    text: str
    size: int
    lines: int


def json_lines(data: Any) -> JsonText:
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    return JsonText(text, len(text.encode()), text.count("\n") + 1)
