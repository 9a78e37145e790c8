"""One thing that a run waits for, in words."""

from dataclasses import dataclass
from datetime import datetime

NOBODY = "Nobody has to do anything."
ADMINISTRATOR = "An administrator."
QUEUE_PAGE = "/monitoring/queue"
OPERATIONS = "/monitoring/operations"


@dataclass(frozen=True)
class Cause:
    """One of the things that a run waits for.

    ``since`` says how long it has been so, ``until`` when it goes on by itself; ``who`` can do what
    ``todo`` says. ``url`` leads to where it is seen, or done; only for those with the app word
    ``needs``, where there is one.
    """

    title: str
    text: str
    todo: str = ""
    who: str = NOBODY
    kind: str = "info"
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None
    url: str | None = None
    link: str = ""
    needs: str | None = None
