"""What commands that make a backup set print: the set, and how its run stands."""

from typing import Any

from opsapp.models import OperationRun
from opsapp.presenters import backup_words
from opsapp.services import backups


def keys_of_set_made(run: OperationRun) -> dict[str, Any]:
    """``id`` is the set's, null before the run began to make it; ``run_id`` is the run's."""
    backup = backups.set_made_by(run)
    if backup is None:
        return {"id": None, "run_id": run.id}
    return backup_words.as_data(backup, run) | {"run_id": run.id}
