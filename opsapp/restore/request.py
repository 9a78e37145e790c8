"""A step of a plan made ready to be sent: ids of created objects put in, seals opened last."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from opsapp.intune.catalogue.row import in_address
from opsapp.intune.restore import Step, with_ids
from opsapp.intune.restore.bodies import BASE64
from opsapp.intune.secrets import is_sealed

LookUp = Callable[[str, str], str]

GRAPH: Final = "https://graph.microsoft.com"


@dataclass(frozen=True)
class Request:
    """What is sent; ``body`` still has seals in place of secrets. ``shows`` as of the step."""

    method: str
    address: str
    body: Any
    shows: str
    version: str


def ready(step: Step, look_up: LookUp, base: str) -> Request:
    """The request of a step; ``look_up`` raises where an id is not known.

    ``base`` is where the tenant's Graph is: plans are written for the global cloud.
    """

    def encoded(collection: str, source_id: str) -> str:
        return in_address(look_up(collection, source_id))

    return Request(
        step.method,
        with_ids(step.address, encoded),
        _in_cloud(with_ids(step.body, look_up), base),
        with_ids(step.shows, encoded),
        step.version,
    )


def _in_cloud(value: Any, base: str) -> Any:
    """A copy in which bindings lead to the tenant's own cloud: another one's are refused."""
    if isinstance(value, dict):
        return {
            key: _bound(member, base) if "@odata." in key else _in_cloud(member, base)
            for key, member in value.items()
        }
    return [_in_cloud(member, base) for member in value] if isinstance(value, list) else value


def _bound(value: Any, base: str) -> Any:
    if isinstance(value, list):
        return [_bound(one, base) for one in value]
    is_address = isinstance(value, str) and value.startswith(f"{GRAPH}/")
    return base + value.removeprefix(GRAPH) if is_address else value


def with_secrets(value: Any, open_seal: Callable[[str], str]) -> Any:
    """A copy with every seal opened: for the moment of sending alone, never to be kept.

    A seal followed by ``|base64`` becomes the secret in base64, as some properties want it.
    """
    if isinstance(value, dict):
        return {key: with_secrets(member, open_seal) for key, member in value.items()}
    if isinstance(value, list):
        return [with_secrets(member, open_seal) for member in value]
    if not is_sealed(value):
        return value
    seal, separator, _ = value.partition(BASE64)
    secret = open_seal(seal)
    return base64.b64encode(secret.encode()).decode() if separator else secret
