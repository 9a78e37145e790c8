"""What makes two runs the same work: a hash over tenant, type and inputs."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Part of every hash: change it when the encoding changes, so that old and new never mix silently.
IDENTITY_VERSION = 1


def run_identity_hash(tenant_id: int, operation_type: str, inputs: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of an unambiguous encoding: JSON with sorted keys and no spare whitespace."""
    encoded = json.dumps(
        [IDENTITY_VERSION, tenant_id, operation_type, inputs],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    # A terminal hands over what is no UTF-8 as lone surrogates; that is different work too.
    return hashlib.sha256(encoded.encode(errors="surrogatepass")).hexdigest()
