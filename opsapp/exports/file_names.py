"""Names of the files of an export: readable, safe on every system, one for each id."""

import hashlib
import re
import unicodedata
from typing import Final

_UNSAFE: Final = re.compile(r"[^\w .,()\[\]{}+=@&-]|[\x00-\x1f\x7f-\x9f]")
_PLAIN_ID: Final = re.compile(r"[0-9a-z-]{1,40}")
_LONGEST: Final = 120  # bytes, of 255 that file systems take


def stem_of(name: str, graph_id: str) -> str:
    """The name of an object's files without ending: its name, then its id or a hash of that.

    Two objects of one name, or names that differ in case alone, never share a file.
    """
    known = graph_id if _PLAIN_ID.fullmatch(graph_id) else _short_hash(graph_id)
    return f"{safe(name)}_{known}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def safe(name: str) -> str:
    """A name that every file system takes; never empty."""
    text = unicodedata.normalize("NFC", name)
    text = re.sub(r"\s+", " ", _UNSAFE.sub("_", text)).strip(" .")
    short = text.encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore")
    return short.strip(" .") or "unnamed"
