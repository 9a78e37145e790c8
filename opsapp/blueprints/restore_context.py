"""What the pages of a restore share."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue

from opsapp.models import RestoreRun, Tenant
from opsapp.permissions import viewer
from opsapp.presenters.notices import notice
from opsapp.refusals import NotFound, Refused
from opsapp.services import restores

T = TypeVar("T")


def found(tenant: Tenant, restore_id: int) -> RestoreRun:
    """The tenant's restore of that id; aborts with 404."""
    try:
        restore = restores.find(restore_id, viewer())
    except NotFound:
        abort(HTTPStatus.NOT_FOUND)
    if restore.tenant_id != tenant.id:
        abort(HTTPStatus.NOT_FOUND)
    return restore


def acting(action: Callable[[], T]) -> T | None:
    """Does it, or says why it was refused and gives None."""
    try:
        return action()
    except Refused as refused:
        notice(refused.message, "error")
        return None


def to_restore(tenant: Tenant, restore_id: int) -> ResponseReturnValue:
    address = url_for("restores.show", slug=tenant.slug, restore_id=restore_id)
    return redirect(address, HTTPStatus.SEE_OTHER)
