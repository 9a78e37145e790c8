"""The encodings of export files, and what is no JSON."""

import json

import pytest

from opsapp.exports.decode import UnreadableError, parse

VALUE = {"displayName": "Größe & מידה 🚀", "id": "1"}
TEXT = json.dumps(VALUE, ensure_ascii=False, indent=2)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_encoding_gives_the_same_value(encoding, newline):
    assert parse(TEXT.replace("\n", newline).encode(encoding)) == VALUE


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b'{"a": 1', "invalid JSON"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "\xff\xfe\xfd"}', "neither UTF-8 nor UTF-16"),
        ("笍ਠ•䁯".encode(), "invalid JSON"),  # UTF-16 once read as something else and saved
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_says_why(raw, reason):
    with pytest.raises(UnreadableError, match=reason):
        parse(raw)
