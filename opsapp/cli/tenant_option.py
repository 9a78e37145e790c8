"""The tenant that a command names, as far as the person it acts for may see it."""

from opsapp.models import Tenant, User
from opsapp.permissions import allows
from opsapp.refusals import NotFound
from opsapp.services import tenants


def visible_tenant(slug: str, user: User | None) -> Tenant:
    """The tenant of a slug; ``user`` None is the system. Raises NotFound for both reasons alike."""
    tenant = tenants.find(slug)
    if user is not None and not allows(user, tenant, "tenant.view"):
        raise NotFound(f"There is no tenant {slug.strip()}.", "slug")
    return tenant
