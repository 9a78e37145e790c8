"""The registry of operations: every module in this folder that defines one."""

import importlib
import pkgutil

from opsapp.operations.base import Operation
from opsapp.refusals import Refused

REGISTRY: dict[str, Operation] = {}


class UnknownOperation(Refused):
    """No operation of this type is known to this version of OpsApp."""

    def __init__(self, operation_type: str) -> None:
        super().__init__(
            f"This version has no operation “{operation_type}”.", reason_code="worker.import_failed"
        )


def register(operation: Operation) -> None:
    REGISTRY[operation.type] = operation


def operation_of(operation_type: str) -> Operation:
    """The operation of a type; raises UnknownOperation."""
    try:
        return REGISTRY[operation_type]
    except KeyError:
        raise UnknownOperation(operation_type) from None


def label_of(operation_type: str) -> str:
    """How people call it; its type when this version does not know it (any more)."""
    operation = REGISTRY.get(operation_type)
    return operation.label if operation else operation_type


def _discover() -> None:
    for module in pkgutil.iter_modules(__path__):
        if module.name == "base":
            continue
        namespace = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for value in namespace.values():
            if (
                isinstance(value, type)
                and issubclass(value, Operation)
                and value.__module__ == f"{__name__}.{module.name}"
            ):
                register(value())


_discover()
