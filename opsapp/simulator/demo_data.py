"""The three demo tenants: who they are and what fills them. Everything is invented and fixed."""

from opsapp.simulator import (
    demo_apps,
    demo_conditional_access,
    demo_devices,
    demo_enrollment,
    demo_foundations,
    demo_groups,
    demo_scripts,
    demo_settings_catalog,
    population,
)
from opsapp.simulator.demo_builder import Demo, DemoTenant
from opsapp.simulator.demo_titles import TITLES
from opsapp.simulator.sample_maker import SampleMaker
from opsapp.simulator.state import Tenant

TENANTS = (
    DemoTenant(
        "contoso",
        "0b7c1c0e-52a1-4f6e-9a53-2c9a5f1d0c01",
        "Contoso Ltd.",
        "{platform} | {area} | {topic}",
    ),
    DemoTenant(
        "fabrikam",
        "3f2d6a18-8c34-4d0b-b7a9-6e41d2b90f02",
        "Fabrikam, Inc.",
        "FAB - {platform} - {area} - {topic} - v2.1",
    ),
    DemoTenant(
        "northwind",
        "9d84e5b2-1f67-4a3c-8b12-0a7fc35e6d03",
        "Northwind Traders",
        "[NW] {topic} ({platform}, {area})",
        refused=("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"),
    ),
)


def name_of(slug: str) -> str:
    """The company behind a slug; the slug itself where it is none of the demo's."""
    return next((row.name for row in TENANTS if row.slug == slug), slug.replace("-", " ").title())


def fill(tenant: Tenant, row: DemoTenant) -> None:
    """Put the demo's groups and objects into the tenant, and take away what it did not consent."""
    demo = Demo(tenant, row)
    demo_groups.fill(demo)  # groups, tags and filters first: others name them
    demo_foundations.fill(demo)
    demo_settings_catalog.fill(demo)
    demo_devices.fill(demo)
    demo_scripts.fill(demo)
    demo_enrollment.fill(demo)
    demo_apps.fill(demo)
    demo_conditional_access.fill(demo)
    _complete(demo)
    tenant.permissions -= set(row.refused)


def _complete(demo: Demo) -> None:
    """One object of every type that the tables above lack; contoso has them all."""
    if demo.slug != "contoso":
        return
    make = SampleMaker(demo.tenant, 0, demo.row.style)
    for key in population.SAMPLES:
        if not demo.tenant.collection(key):
            population.add(make, key, 0, TITLES.get(key, ("", "")))
