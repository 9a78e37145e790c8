"""CSV that is safe to open: no cell is taken for a formula by a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

# What a spreadsheet takes for the beginning of a formula.
_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"  # the same signs as wide as a Chinese character
_FORMULA: Final = tuple(f"=+-@\t\r\n{_FULL_WIDTH}")


def csv_text(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, with_header: bool
) -> str:
    """The rows as lines of CSV, with the names of the columns before them if wanted."""
    text = io.StringIO()
    writer = csv.writer(text)
    if with_header:
        writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, with a Z."""
    return moment.isoformat().replace("+00:00", "Z")


def _cell(value: Any) -> Any:
    """What would be a formula gets an apostrophe before it."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return iso(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a cell of this text for a formula."""
    return text.lstrip(" ").startswith(_FORMULA)
