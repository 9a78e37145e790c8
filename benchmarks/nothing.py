"""The least a job can do, as an operation of ours and as a plain RQ job; and workers for both."""

import sys
from collections.abc import Mapping
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from opsapp.operations import register
from opsapp.operations.base import Operation, RunContext

BARE_QUEUE = "bare"


class Nothing(Operation):
    type = "benchmark.nothing"
    label = "Nothing"

    def clean_inputs(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return dict(raw)

    def perform(self, ctx: RunContext) -> None:
        """Nothing."""


def nothing(_number: int) -> None:
    """The same for RQ alone."""


def bare_queue(connection: Redis) -> Queue:
    return Queue(BARE_QUEUE, connection=connection, serializer=JSONSerializer)


def main(kind: str, redis_url: str) -> None:
    if kind == "bare":
        connection = Redis.from_url(redis_url)
        Worker([bare_queue(connection)], connection=connection, serializer=JSONSerializer).work()
    else:
        from workers import __main__ as worker

        register(Nothing())
        worker.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
