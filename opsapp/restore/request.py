"""A step of a plan made ready to be sent: ids of created objects put in, seals opened last."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsapp.intune.catalogue.row import in_address
from opsapp.intune.restore import Step, with_ids
from opsapp.intune.restore.bodies import BASE64
from opsapp.intune.secrets import is_sealed

LookUp = Callable[[str, str], str]


@dataclass(frozen=True)
class Request:
    """What is sent; ``body`` still has seals in place of secrets. ``shows`` as of the step."""

    method: str
    address: str
    body: Any
    shows: str
    version: str


def ready(step: Step, look_up: LookUp) -> Request:
    """The request of a step; ``look_up`` raises where an id is not known."""

    def encoded(collection: str, source_id: str) -> str:
        return in_address(look_up(collection, source_id))

    return Request(
        step.method,
        with_ids(step.address, encoded),
        with_ids(step.body, look_up),
        with_ids(step.shows, encoded),
        step.version,
    )


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
