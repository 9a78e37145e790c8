"""Whether a person waits for a run is known to all who read the tenant."""

import pytest
import redis

from opsapp.models import OperationRun, RunOutcome, Tenant
from opsapp.models.base import write
from opsapp.runs import ensure_run
from tests.support.performing import Perform


@pytest.mark.parametrize(("priority", "expected"), [(10, True), (0, False)])
def test_runs_that_people_start_ask_graph_first(
    tenant: Tenant, perform: Perform, redis_url: str, priority: int, expected: bool
) -> None:
    run = ensure_run(tenant, "directory_groups.sync", {})
    with write() as session:
        session.get_one(OperationRun, run.id).priority = priority

    assert perform("directory_groups.sync").outcome == RunOutcome.SUCCEEDED

    with redis.Redis.from_url(redis_url) as shared:
        (bucket,) = shared.scan_iter("opsapp:graph:budget:*:identity")
        assert shared.hexists(bucket, "interactive") == expected
