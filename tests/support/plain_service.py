"""A service that keeps one collection and grants of each query only what a test lets it grant."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.graph.stub import Answer, Seen, Stub, graph_error, page

_MANY = 10**6


@dataclass
class PlainService:
    """Objects are kept whole; ``parts`` are left out of answers unless they are expanded.

    Attributes:
        in_list: parts that ``$expand`` brings in the list.
        in_item: parts that ``$expand`` brings with a single object.
        hidden: members that the list leaves out.
        refused: options that the list answers with 400, like ``$filter``.
        cut: rows of an expanded part that are shown; the rest is at its next link.
        none_is_null: whether an empty part is ``null``.
        has_addresses: whether parts can be asked for by themselves.
        lower_ids: whether a single object shows its id in lower case.

    """

    stub: Stub
    path: str
    rows: list[dict[str, Any]]
    parts: frozenset[str]
    in_list: frozenset[str] = frozenset()
    in_item: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    cut: int = _MANY
    none_is_null: bool = False
    lower_ids: bool = False
    has_addresses: bool = True
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stub.answers_all(self._seen)

    def _seen(self, seen: Seen) -> Answer:
        path = "/" + seen.path.lstrip("/").partition("/")[2]
        if path != "/$batch":
            return self._answer(path, seen.query)
        answers = []
        for request in seen.json["requests"]:
            address = urlsplit("/" + request["url"].lstrip("/"))
            found = self._answer(unquote(address.path), unquote(address.query))
            answers.append({"id": request["id"], "status": found.status, "body": found.body})
        return Answer(body=json.loads(json.dumps({"responses": answers})))

    def _answer(self, path: str, query: str) -> Answer:
        self.asked.append(path)
        options = {name: values[0] for name, values in parse_qs(query).items()}
        if path == self.path:
            if self.refused & set(options):
                return graph_error(400, "BadRequest", "Not with this option.")
            rows = [self._view(row, options, self.in_list, self.hidden) for row in self.rows]
            return page(*rows)
        key, _, part = path.removeprefix(f"{self.path}/").partition("/")
        row = next((row for row in self.rows if row["id"].casefold() == key.casefold()), None)
        if row is None or (part and not (self.has_addresses and part in self.parts)):
            return graph_error(404, "ResourceNotFound", "No such thing.")
        if not part:
            view = self._view(row, options, self.in_item)
            shown_id = row["id"].lower() if self.lower_ids else row["id"]
            return Answer(body={**view, "id": shown_id})
        if self.none_is_null and not row[part]:
            return Answer(body={"value": None})
        return page(*row[part][int(options.get("$skip", "0")) :])

    def _view(
        self,
        row: dict[str, Any],
        options: dict[str, str],
        brought: frozenset[str],
        hidden: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        view = {key: copy.deepcopy(row[key]) for key in row.keys() - self.parts - hidden}
        for name in self.parts & brought:
            if name in options.get("$expand", ""):
                rows = copy.deepcopy(row[name][: self.cut])
                view[name] = None if self.none_is_null and not rows else rows
                if len(row[name]) > self.cut:
                    address = f"{self.stub.base_url}/beta{self.path}/{row['id']}/{name}"
                    view[f"{name}@odata.nextLink"] = f"{address}?$skip={self.cut}"
        return view
