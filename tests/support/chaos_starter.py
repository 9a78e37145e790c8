"""``python -m tests.support.chaos_starter FOLDER SEED``: clicks without end, and dies in between.

Like a web process under load: now and then it is killed after a run was committed and before it is
in the queue. Whoever runs it starts it again.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from opsapp import create_app, runs
from opsapp.extensions import db
from opsapp.models import Tenant, User
from opsapp.refusals import Refused
from opsapp.runs import queue
from tests.support.drill import register_drills

SHARE_KILLED = 0.02
KINDS = ("plain", "journalled", "journalled", "journalled")


def click(folder: Path, dice: random.Random, number: str) -> None:
    tenants = db.session.scalars(sa.select(Tenant)).all()
    user = db.session.scalar(sa.select(User).where(User.is_admin))
    inputs: dict[str, Any] = {
        "trace": str(folder / "trace"),
        "name": number,
        "items": dice.randint(1, 4),
    }
    runs.start(dice.choice(tenants), f"drill.{dice.choice(KINDS)}", inputs, user)


def main(folder: Path, seed: str) -> None:
    dice = random.Random(seed)
    real = queue.enqueue

    def enqueue(message: queue.Message) -> None:
        if dice.random() < SHARE_KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        real(message)

    queue.enqueue = enqueue
    register_drills()
    with create_app().app_context():
        number = 0
        while not (folder / "enough").exists():
            number += 1
            try:
                click(folder, dice, f"{seed}-{number}")
            except (SQLAlchemyError, Refused):
                db.session.remove()
            time.sleep(dice.uniform(0, 0.1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
