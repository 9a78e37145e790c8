"""Opening a tenant's Graph client for a run: the only place that imports ``opsapp.graph``."""

import contextlib

import sqlalchemy as sa
from redis.exceptions import RedisError

from opsapp.config import Settings, current_settings
from opsapp.crypto import cipher, decrypt
from opsapp.extensions import db
from opsapp.graph.client import GraphClient, open_client
from opsapp.graph.clouds import endpoints
from opsapp.graph.settings import AppCredential, GraphSettings
from opsapp.graph.token_store import drop_tokens
from opsapp.logging import hide
from opsapp.models import Tenant
from opsapp.runs import queue
from opsapp.runs.execution import Execution


class NotConnected(Exception):
    """Neither the tenant nor this installation has an app registration to use."""

    reason_code = "tenant.disconnected"
    item_message = "No app registration is set up for this tenant, and there is no default one."


def open_graph(execution: Execution) -> GraphClient:
    """The tenant's client with the app's own token; raises NotConnected without credentials."""
    settings = current_settings()
    tenant = execution.tenant
    return open_client(
        _graph_settings(settings, tenant),
        tenant.entra_tenant_id,
        _credential(settings, tenant),
        redis=queue.client(),
        fernet=cipher(settings),
        wait=execution.wait,
        interactive=execution.run.priority > 0,
    )


def drop_tokens_of_suspended() -> None:
    """Forgets what suspended tenants left in Redis; without Redis there is nothing to forget."""
    settings = current_settings()
    suspended = db.session.scalars(sa.select(Tenant).where(Tenant.suspended_at.is_not(None))).all()
    for tenant in suspended:
        places = endpoints(_graph_settings(settings, tenant))
        for client_id in {tenant.client_id, settings.client_id} - {None}:
            with contextlib.suppress(RedisError):
                drop_tokens(queue.client(), places, str(client_id), tenant.entra_tenant_id)
    db.session.rollback()


def _graph_settings(settings: Settings, tenant: Tenant) -> GraphSettings:
    return GraphSettings(
        cloud=tenant.cloud.value,
        login_base_url=settings.login_base_url,
        graph_base_url=settings.graph_base_url,
        ca_bundle=settings.ca_bundle,
    )


def _credential(settings: Settings, tenant: Tenant) -> AppCredential:
    if tenant.client_id and tenant.client_secret_encrypted:
        secret = decrypt(settings, tenant.client_secret_encrypted)
        hide(secret)
        return AppCredential(tenant.client_id, client_secret=secret)
    if settings.client_id and settings.client_secret:
        return AppCredential(settings.client_id, client_secret=settings.client_secret)
    if settings.client_id and settings.client_certificate:
        return AppCredential(settings.client_id, certificate_path=settings.client_certificate)
    raise NotConnected
