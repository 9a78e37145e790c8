"""The report of a restore as a file: JSON, or one page that needs nothing else."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import render_template
from markupsafe import Markup

from opsapp.presenters.times import iso

FORMATS: Final = {"html": "text/html", "json": "application/json"}
_STYLES: Final = Path(__file__).parents[1] / "static" / "css" / "report.css"


def report(data: Mapping[str, Any], sentence: str, file_format: str) -> str:
    """The text of the file. ``data`` is ``restore_json.restore_in_full``."""
    if file_format == "json":
        return json.dumps(data, default=_plain, ensure_ascii=False, indent=2) + "\n"
    styles = Markup("<style>{}</style>").format(Markup(_STYLES.read_text("utf-8")))  # noqa: S704 - our own file
    names = {item["id"]: item["name"] for item in data["items"]}
    return render_template(
        "restores/report.html", data=data, sentence=sentence, styles=styles, names=names
    )


def file_name(data: Mapping[str, Any], file_format: str) -> str:
    return f"opsapp-restore-{data['id']}-{data['tenant']}.{file_format}"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
