"""OData annotations: what an export carries that is not the object itself."""

from typing import Any


def is_annotation(key: str) -> bool:
    """True for ``x@odata.y``, ``@odata.context``, ``#some.action``; not for ``@odata.type``."""
    return key.startswith("#") or ("@" in key and key != "@odata.type")


def drop_annotations(value: Any) -> Any:
    """A deep copy without annotations; only plain ``@odata.type`` members stay."""
    if isinstance(value, dict):
        return {
            key: drop_annotations(member) for key, member in value.items() if not is_annotation(key)
        }
    if isinstance(value, list):
        return [drop_annotations(member) for member in value]
    return value
