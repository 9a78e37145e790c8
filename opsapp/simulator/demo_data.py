"""The three demo tenants."""

from dataclasses import dataclass

from opsapp.simulator.state import Tenant


@dataclass(frozen=True)
class DemoTenant:
    slug: str
    id: str
    name: str


TENANTS = (
    DemoTenant("contoso", "0b7c1c0e-52a1-4f6e-9a53-2c9a5f1d0c01", "Contoso Ltd."),
    DemoTenant("fabrikam", "3f2d6a18-8c34-4d0b-b7a9-6e41d2b90f02", "Fabrikam, Inc."),
    DemoTenant("northwind", "9d84e5b2-1f67-4a3c-8b12-0a7fc35e6d03", "Northwind Traders"),
)


def name_of(slug: str) -> str:
    """The company behind a slug; the slug itself where it is none of the demo's."""
    return next((row.name for row in TENANTS if row.slug == slug), slug.replace("-", " ").title())


def fill(tenant: Tenant, row: DemoTenant) -> None:
    """Put the demo's objects into the tenant."""
