"""Many objects read together: in each round, what all of them wait for is asked at once.

An object is read by a generator that yields what it has to ask next and is sent the answers, so its
own steps stand together while the exchanges are shared.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsapp.inventory.failure import ReadFailure, is_hopeless
from opsapp.inventory.listing import Listed
from opsapp.inventory.outcome import Outcome, ReadObject, Unreadable

if TYPE_CHECKING:
    from opsapp.graph.batch import BatchResult
    from opsapp.graph.client import GraphClient


@dataclass(frozen=True)
class Ask:
    address: str
    post: bool = False


Asks = Mapping[str, Ask]
Answers = Mapping[str, "BatchResult"]
Reading = Generator[Asks, Answers, ReadObject]


class Rounds:
    """Objects read together: each round asks what all of them wait for."""

    def __init__(
        self, graph: "GraphClient", page: Sequence[Listed], readings: Sequence[Reading]
    ) -> None:
        self._graph = graph
        self._page = page
        self._readings = readings
        self._waiting: dict[int, Asks] = {}
        self._done: dict[int, Outcome] = {}

    def outcomes(self) -> list[Outcome]:
        for place in range(len(self._page)):
            self._go_on(place, None)
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            answers = self._ask(asked)
            for place, asks in asked.items():
                self._go_on(place, {name: answers[f"{place} {name}"] for name in asks})
        return [self._done[place] for place in range(len(self._page))]

    def _ask(self, asked: Mapping[int, Asks]) -> Answers:
        named = {
            f"{place} {name}": ask for place, asks in asked.items() for name, ask in asks.items()
        }
        return self._graph.get_many(
            {name: ask.address for name, ask in named.items()},
            posted=[name for name, ask in named.items() if ask.post],
        )

    def _go_on(self, place: int, answers: Answers | None) -> None:
        reading, listed = self._readings[place], self._page[place]
        try:
            self._waiting[place] = next(reading) if answers is None else reading.send(answers)
        except StopIteration as end:
            self._done[place] = end.value
        except Exception as error:
            if is_hopeless(error):
                raise
            self._done[place] = Unreadable(listed.key, listed.name, ReadFailure.of(error))
