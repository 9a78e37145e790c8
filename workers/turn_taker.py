"""Which job a worker does next: the one that woke it, or another one whose turn it is."""

import logging

from flask import Flask
from rq import Queue
from rq.job import Job
from sqlalchemy.exc import SQLAlchemyError

from opsapp.runs import turns
from opsapp.runs.queue import job_id_of
from opsapp.runs.turns import Turn
from workers.callbacks import run_of

logger = logging.getLogger(__name__)

# KEYS: the queue, and the jobs on their way to a worker. ARGV: the job in hand, and another one.
# The one in hand goes back, to the front; answers whether the other one was there to be taken.
_EXCHANGE = """
if ARGV[2] ~= '' and redis.call('LREM', KEYS[1], 1, ARGV[2]) == 0 then return 0 end
redis.call('LREM', KEYS[2], 1, ARGV[1])
redis.call('LPUSH', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then redis.call('LPUSH', KEYS[2], ARGV[2]) end
return 1
"""


class TurnTaker:
    """Asks the ledger; exchanges jobs in one step, so that none is ever in nobody's hands."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def take(self, job: Job, queue: Queue) -> Job | None:
        """The job to do now; None when no run may start now, and the job was put back.

        A job that no run waits for any more is done at once: it does nothing.
        """
        try:
            with self._app.app_context():
                return self._take(job, queue)
        except SQLAlchemyError:
            logger.warning("the ledger cannot say whose turn it is", exc_info=True)
            return job

    def _take(self, job: Job, queue: Queue) -> Job | None:
        mine = _turn_of(job)
        if mine is None:
            return job
        chosen = turns.next_run(mine.run_id)
        if chosen == mine or not turns.is_waiting(mine):
            return job
        if chosen is None:
            _exchange(queue, job.id)
            return None
        return self._job_of(chosen, job, queue) or self._back_to(job, mine, queue)

    @staticmethod
    def _job_of(chosen: Turn, in_hand: Job, queue: Queue) -> Job | None:
        """In exchange for the one in hand; None when another worker was faster, or it was lost."""
        wanted = job_id_of(*chosen)
        if not Job.exists(wanted, queue.connection) or not _exchange(queue, in_hand.id, wanted):
            return None
        return Job.fetch(wanted, connection=queue.connection, serializer=queue.serializer)

    @staticmethod
    def _back_to(job: Job, mine: Turn, queue: Queue) -> Job | None:
        """Second best: the job in hand, if the limits let it."""
        if turns.may_run(mine.run_id):
            return job
        _exchange(queue, job.id)
        return None


def _exchange(queue: Queue, in_hand: str, wanted: str = "") -> bool:
    keys = (queue.key, queue.intermediate_queue_key)
    return bool(queue.connection.eval(_EXCHANGE, 2, *keys, in_hand, wanted))


def _turn_of(job: Job) -> Turn | None:
    try:
        return Turn(*run_of(job))
    except Exception:  # noqa: BLE001 - a job that is none of ours
        return None
