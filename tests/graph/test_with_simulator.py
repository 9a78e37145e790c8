"""The client against the simulator: both read the same protocol, written by different hands."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from opsapp.graph.client import (
    AppCredential,
    BatchRequest,
    GraphClient,
    GraphSettings,
    open_client,
)
from opsapp.graph.errors import ConsentMissing, DeltaExpired, TenantDisconnected, Unauthenticated
from opsapp.graph.settings import RetryPolicy
from opsapp.simulator.process import SimulatedTenant, Simulator, TenantSpec, running_simulator

SLUG = "acme"
CONFIGURATIONS = "deviceConfigurations"
PATH = f"/deviceManagement/{CONFIGURATIONS}"
COUNT = 30


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    tenant = TenantSpec(SLUG, "44444444-4444-4444-8444-444444444444")
    with running_simulator(tmp_path_factory.mktemp("simulator"), tenants=[tenant]) as running:
        for number in range(COUNT):
            running.add_object(
                SLUG,
                CONFIGURATIONS,
                {
                    "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
                    "displayName": f"Profile {number}",
                },
            )
            running.add_group(SLUG, displayName=f"Group {number}")
        yield running


@pytest.fixture
def tenant(simulator: Simulator) -> Iterator[SimulatedTenant]:
    simulator.clear_faults()
    simulator.clear_requests()
    yield simulator.tenants[SLUG]
    simulator.clear_faults()


@pytest.fixture
def place(simulator: Simulator) -> GraphSettings:
    return GraphSettings(
        login_base_url=simulator.base_url,
        graph_base_url=simulator.base_url,
        ca_bundle=simulator.ca_path,
        retry=RetryPolicy(tries=8, seconds=60, first_backoff=0.05, first_throttle_backoff=0.1),
    )


@pytest.fixture
def reader(place: GraphSettings, tenant: SimulatedTenant) -> Iterator[GraphClient]:
    credential = AppCredential(tenant.client_id, tenant.client_secret)
    fernet = Fernet(Fernet.generate_key())
    with open_client(place, tenant.id, credential, redis=None, fernet=fernet) as client:
        yield client


def names(client: GraphClient) -> set[str]:
    return {item["displayName"] for item in client.iter_items(PATH)}


PROFILES = {f"Profile {number}" for number in range(COUNT)}


def test_it_pages_through_a_collection(reader: GraphClient, simulator: Simulator) -> None:
    simulator.set_faults(max_page=7, empty_page_every=2)

    pages = list(reader.iter_pages(PATH))

    assert {item["displayName"] for page in pages for item in page["value"]} == PROFILES
    assert any(page["value"] == [] for page in pages)
    assert len(pages) > 5


def test_it_reads_the_change_feed_and_notices_when_it_is_too_old(
    reader: GraphClient, simulator: Simulator
) -> None:
    pages = list(reader.iter_pages("/groups/delta", version="v1.0"))
    assert len({group["id"] for page in pages for group in page["value"]}) == COUNT
    link = pages[-1]["@odata.deltaLink"]
    assert list(reader.iter_items(link)) == []

    simulator.reset_delta(SLUG)

    with pytest.raises(DeltaExpired) as caught:
        list(reader.iter_items(link))
    assert caught.value.location is not None
    assert len(list(reader.iter_items(caught.value.location))) == COUNT


def test_a_batch_gives_what_single_reads_give(reader: GraphClient) -> None:
    ids = [item["id"] for item in reader.iter_items(PATH)]

    results = reader.batch(BatchRequest(name, f"{PATH}/{name}") for name in ids)

    assert len(results) == COUNT
    for name in ids[:3]:
        single = reader.get_json(f"{PATH}/{name}")
        assert results[name].unwrap() == single


def test_nothing_is_lost_to_throttling_faults_and_resets(
    reader: GraphClient, simulator: Simulator
) -> None:
    simulator.set_faults(
        seed=7, every_nth_429=5, retry_after=1, share_503=0.05, share_reset=0.02, max_page=10
    )

    assert names(reader) == PROFILES
    ids = [item["id"] for item in reader.iter_items(PATH)]
    results = reader.batch(BatchRequest(name, f"{PATH}/{name}") for name in ids)
    assert [result.unwrap()["id"] for result in results.values()] == ids
    assert 429 in {entry.get("status") for entry in simulator.requests(SLUG)}


def test_eight_threads_share_a_client_under_faults(
    reader: GraphClient, simulator: Simulator
) -> None:
    simulator.set_faults(seed=3, share_503=0.1, share_reset=0.05)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: names(reader), range(24))) == [PROFILES] * 24


def test_a_missing_permission_is_named(reader: GraphClient, simulator: Simulator) -> None:
    missing = ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess")
    simulator.set_permissions(SLUG, revoke=missing)
    try:
        with pytest.raises(ConsentMissing) as caught:
            list(reader.iter_items("/identity/conditionalAccess/policies"))
        assert caught.value.permission == "Policy.Read.All"
        assert not set(missing) & set(reader.token_roles(fresh=True))
    finally:
        simulator.set_permissions(SLUG, grant=missing)
    assert set(missing) <= set(reader.token_roles(fresh=True))
    assert list(reader.iter_items("/identity/conditionalAccess/policies")) == []


def test_an_expired_token_is_renewed(reader: GraphClient, simulator: Simulator) -> None:
    assert names(reader) == PROFILES
    simulator.expire_tokens(SLUG)
    simulator.clear_requests()

    assert names(reader) == PROFILES

    tokens = [entry for entry in simulator.requests() if entry["path"].endswith("/token")]
    assert len(tokens) == 1


def test_a_wrong_secret_and_an_unknown_tenant_are_told_apart(
    place: GraphSettings, tenant: SimulatedTenant
) -> None:
    fernet = Fernet(Fernet.generate_key())
    wrong = AppCredential(tenant.client_id, "wrong")
    right = AppCredential(tenant.client_id, tenant.client_secret)

    with (
        open_client(place, tenant.id, wrong, redis=None, fernet=fernet) as client,
        pytest.raises(Unauthenticated),
    ):
        client.token_roles()
    unknown = "55555555-5555-4555-8555-555555555555"
    with (
        open_client(place, unknown, right, redis=None, fernet=fernet) as client,
        pytest.raises(TenantDisconnected),
    ):
        client.token_roles()


def test_a_stranger_is_not_trusted_for_lack_of_a_bundle(
    place: GraphSettings, tenant: SimulatedTenant, reader: GraphClient
) -> None:
    assert names(reader) == PROFILES
    with open_client(
        replace(place, ca_bundle=None, retry=RetryPolicy(tries=1)),
        tenant.id,
        AppCredential(tenant.client_id, tenant.client_secret),
        redis=None,
        fernet=Fernet(Fernet.generate_key()),
    ) as careful:
        with pytest.raises(Exception, match="not trusted") as caught:
            careful.token_roles()
        assert getattr(caught.value, "reason_code", None) == "graph.unavailable"
