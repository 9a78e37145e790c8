"""The list of a collection: what it tells of each object, a page at a time."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.normalise import canonical, sha256_of
from opsapp.inventory.failure import is_query_refused, is_refusal

if TYPE_CHECKING:
    from opsapp.graph.client import GraphClient

_FRESH_SECONDS = 30.0  # what a list told longer ago is asked again
Page = Mapping[str, Any]


@dataclass(frozen=True)
class FirstPage:
    """The first page of a list that was begun together with others."""

    body: Page
    began: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.began < _FRESH_SECONDS


@dataclass(frozen=True)
class Listed:
    """An entry of a collection's list; the object itself is yet to be read.

    ``place`` is its position in the page. ``entry`` is None where it holds no id to read it by.
    ``sha256`` stays the same while the list tells the same of the object, dates and all.
    """

    key: str
    name: str
    entry: Mapping[str, Any] | None
    place: int = 0
    sha256: str | None = None

    @classmethod
    def of(cls, policy_type: PolicyType, entry: Any, page: int, place: int) -> "Listed":
        graph_id = policy_type.key if policy_type.single else id_of(entry)
        if not graph_id:
            return cls(f"page-{page}-{place}", "", None, place)
        seen = sha256_of(canonical(entry))
        return cls(graph_id, policy_type.name_of(entry), entry, place, seen)


class Listing:
    """The pages of one collection; after a refusal, without what the list need not bring.

    One that will not be filtered or expanded at all is asked barely: what it leaves out is read
    object by object. ``is_tried``: whether it was asked for more than it must bring, and did not
    refuse.
    ``first``: its first page, where that came in a batch already.
    """

    def __init__(
        self,
        graph: "GraphClient",
        policy_type: PolicyType,
        *,
        try_more: bool,
        first: Page | None = None,
    ) -> None:
        self._graph = graph
        self._policy_type = policy_type
        self._first = first
        self.is_tried = try_more and bool(policy_type.try_expand)

    def pages(self) -> Iterator[list[Listed]]:
        """Raises when the list cannot be read on; one that ends without raising is complete."""
        address: str | None = self._policy_type.list_address(tried=self.is_tried)
        while address is not None:
            begun, refused = False, None
            try:
                for page in self._numbered(address):
                    begun = True
                    yield page
            except Exception as error:
                refused = self._plainer(address, error)
                if begun or refused is None:
                    raise
            address = refused

    def _plainer(self, address: str, error: Exception) -> str | None:
        """What to ask instead of an address that was refused; None when nothing will do."""
        if self.is_tried and is_refusal(error):
            self.is_tried = False
            return self._policy_type.list_address(tried=False)
        bare = self._policy_type.path
        return bare if is_query_refused(error) and address != bare else None

    def _numbered(self, address: str) -> Iterator[list[Listed]]:
        for number, page in enumerate(self._raw(address)):
            yield [
                Listed.of(self._policy_type, entry, number, place)
                for place, entry in enumerate(page)
            ]

    def _raw(self, address: str) -> Iterator[Sequence[Any]]:
        if self._policy_type.single:
            yield [self._graph.get_json(address)]
            return
        first, self._first = self._first, None
        if first is None:
            pages = self._graph.iter_pages(address)
        else:
            yield first["value"]
            if first.get("@odata.nextLink") is None:
                return
            pages = self._graph.iter_pages(first["@odata.nextLink"])
        for page in pages:
            yield page["value"]


def first_pages(
    graph: "GraphClient", wanted: Sequence[tuple[PolicyType, bool]]
) -> dict[str, FirstPage]:
    """The first pages of several collections in one exchange, by policy type key.

    ``wanted`` says with each whether the list is asked for more than it must bring. One that is
    refused or makes no sense is left out, to be asked for by itself.
    """
    addresses = {
        policy_type.key: policy_type.list_address(tried=try_more)
        for policy_type, try_more in wanted
        if not policy_type.single
    }
    answers = graph.get_many(addresses)
    return {
        key: FirstPage(answer.json)
        for key, answer in answers.items()
        if answer.error is None and _is_page(answer.json)
    }


def _is_page(body: Any) -> bool:
    if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
        return False
    return isinstance(body.get("@odata.nextLink"), str | None)


def id_of(entry: Any) -> str:
    """The id of an object, an empty text where it has none."""
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""
