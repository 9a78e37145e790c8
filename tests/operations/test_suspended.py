"""A suspended tenant leaves no token behind."""

from opsapp.audit import CLI
from opsapp.config import Settings
from opsapp.models import Tenant
from opsapp.runs import queue
from opsapp.services import tenants
from tests.support.performing import Perform
from workers.graph_access import drop_tokens_of_suspended


def tokens() -> list[bytes]:
    return list(queue.client().scan_iter("opsapp:graph:token:*"))


def test_suspending_drops_the_tokens(perform: Perform, tenant: Tenant, settings: Settings) -> None:
    perform("tenant.verify")
    drop_tokens_of_suspended()
    [token] = tokens()
    assert tenant.entra_tenant_id.encode() in token
    tenants.suspend(CLI, tenant)
    drop_tokens_of_suspended()
    assert tokens() == []


def test_without_redis_there_is_nothing_to_drop(app, app_context: None, tmp_path, cast) -> None:
    gone = f"unix://{tmp_path}/nobody?db=0"
    app.extensions["opsapp.settings"] = app.extensions["opsapp.settings"].model_copy(
        update={"redis_url": gone, "client_id": "11111111-1111-1111-1111-111111111111"}
    )
    tenants.suspend(CLI, tenants.find("contoso"))
    drop_tokens_of_suspended()
