"""Reading objects whole: what their list entries leave out, as the row of the type says."""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsapp.intune.catalogue import AssignmentSource, PolicyType
from opsapp.intune.catalogue.row import Part, always, in_address
from opsapp.intune.normalise import normal_form, same_assignments, without_envelope
from opsapp.inventory.completing import complete
from opsapp.inventory.failure import is_refusal
from opsapp.inventory.listing import Listed
from opsapp.inventory.outcome import Agreement, BadAnswer, Outcome, ReadObject
from opsapp.inventory.plain_text import plain_texts
from opsapp.inventory.rounds import Answers, Ask, Asks, Reading, Rounds

if TYPE_CHECKING:
    from opsapp.graph.batch import BatchResult
    from opsapp.graph.client import GraphClient

_ITEM = "@item"
_ASSIGNMENTS = "assignments"
_MISSING = object()
_ABSENT = frozenset({"graph.payload_rejected", "graph.not_found"})
_WITHHELD = frozenset({"graph.forbidden", "graph.consent_missing", "graph.license_missing"})
# Lists show what they expand in full as far as is known; long or early entries are looked at again.
_MANY = 20
_CHECKED_IN_A_PAGE = 3


def read_objects(
    graph: "GraphClient",
    policy_type: PolicyType,
    page: Sequence[Listed],
    *,
    believes_empty: bool = False,
) -> list[Outcome]:
    """What became of each of the listed objects.

    ``believes_empty``: no assignments in the list means none, but for the first of each page.
    """
    readers = [ObjectReader(graph, policy_type, one, believes_empty) for one in page]
    return Rounds(graph, page, [reader.read() for reader in readers]).outcomes()


class ObjectReader:
    """Reads one object of a collection."""

    def __init__(
        self, graph: "GraphClient", policy_type: PolicyType, listed: Listed, believes_empty: bool
    ) -> None:
        self._graph = graph
        self._policy_type = policy_type
        self._listed = listed
        self._believes_empty = believes_empty
        self._own = policy_type.own_address(listed.key)
        self._withheld: list[str] = []

    def read(self) -> Reading:
        entry = self._listed.entry
        if entry is None:
            raise BadAnswer("The list holds an entry without an id.")
        content: dict[str, Any] = dict(entry)
        asks = self._first_asks(entry)
        answers = (yield asks) if asks else {}
        if _ITEM in asks:
            content = yield from self._item(answers[_ITEM])
        if self._lacks_assignments(content, answers):
            asked = yield {_ASSIGNMENTS: Ask(f"{self._own}/{_ASSIGNMENTS}")}
            says_null = content.get(_ASSIGNMENTS, _MISSING) is None
            if says_null and is_refusal(asked[_ASSIGNMENTS].error):
                content[_ASSIGNMENTS] = []  # there is nothing else to ask
            else:
                answers = {**answers, **asked}
        content = complete(self._graph, content)
        assignments = self._assignments(content, answers)
        agreement = self._agreement(
            assignments, content, checked=bool({_ASSIGNMENTS, _ITEM} & {*answers})
        )
        content = self._plain(content)
        parts = [*self._policy_type.parts, *self._policy_type.more_parts(content)]
        yield from self._read_parts(self._own, content, parts, answers)
        content = complete(self._graph, content)
        yield from self._read_secrets(content)
        return ReadObject(
            self._listed.key,
            content,
            assignments,
            self._listed.sha256,
            agreement,
            tuple(self._withheld),
        )

    def _first_asks(self, entry: Mapping[str, Any]) -> dict[str, Ask]:
        """All that can be asked before the object itself is known."""
        kind = self._policy_type
        asks = {}
        if kind.item_query is not None:
            asks[_ITEM] = Ask(kind.item_address(self._listed.key))
        if kind.assignments is AssignmentSource.SUBRESOURCE and not self._is_believed(entry):
            asks[_ASSIGNMENTS] = Ask(f"{self._own}/assignments")
        known = kind.item_query is None
        for part in kind.parts:
            if part.needed is always or (known and part.needed(entry)):
                asks[part.name] = _ask(self._own, part.suffix, part)
        return asks

    def _item(self, answer: "BatchResult") -> Generator[Asks, Answers, dict[str, Any]]:
        kind = self._policy_type
        if kind.item_fallback is not None and is_refusal(answer.error):
            again = Ask(kind.item_address(self._listed.key, fallback=True))
            answer = (yield {_ITEM: again})[_ITEM]
        content = answer.unwrap()
        if not isinstance(content, dict) or not _is_same(content.get("id"), self._listed.key):
            raise BadAnswer("Another object came back than the one asked for.")
        return content

    def _is_believed(self, entry: Mapping[str, Any]) -> bool:
        """Whether the assignments are taken as the list shows them: surely all there are."""
        shown = self._shown_in_list(entry)
        if shown is None or self._listed.place < _CHECKED_IN_A_PAGE:
            return False
        if f"{_ASSIGNMENTS}@odata.nextLink" in entry or len(shown) >= _MANY:
            return False
        return bool(shown) or (self._believes_empty and not entry.get("isAssigned"))

    def _shown_in_list(self, entry: Mapping[str, Any]) -> list[Any] | None:
        shown = entry.get(_ASSIGNMENTS) if self._policy_type.lists_assignments else None
        return shown if isinstance(shown, list) else None

    def _assignments(self, content: Mapping[str, Any], answers: Answers) -> list[dict[str, Any]]:
        source = self._policy_type.assignments
        if source is AssignmentSource.NONE:
            return []
        if _ASSIGNMENTS in answers:
            return self._all_values(answers[_ASSIGNMENTS].unwrap())
        if source is AssignmentSource.SUBRESOURCE:
            content = self._listed.entry or {}  # taken as the list shows them
        return list(content[_ASSIGNMENTS])

    def _lacks_assignments(self, content: Mapping[str, Any], answers: Answers) -> bool:
        """Whether the object came without what it was asked to bring."""
        if self._policy_type.assignments is not AssignmentSource.ITEM or _ASSIGNMENTS in answers:
            return False
        return not isinstance(content.get(_ASSIGNMENTS), list)

    def _agreement(
        self, assignments: Sequence[Any], content: Mapping[str, Any], *, checked: bool
    ) -> Agreement:
        entry = self._listed.entry or {}
        shown = self._shown_in_list(entry)
        if shown is None or not checked:
            return Agreement.UNKNOWN
        others = [name for name in self._policy_type.try_expand if name != _ASSIGNMENTS]
        if not same_assignments(shown, assignments) or not _shows(entry, content, others):
            return Agreement.WRONG
        return Agreement.SHOWN if shown else Agreement.EMPTY

    def _plain(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content without assignments, where the type has any, and without envelopes."""
        if self._policy_type.assignments is AssignmentSource.NONE:
            return without_envelope(content)
        return {
            key: value
            for key, value in without_envelope(content).items()
            if key.partition("@")[0] != _ASSIGNMENTS
        }

    def _read_parts(
        self, own: str, content: dict[str, Any], parts: Sequence[Part], known: Answers
    ) -> Generator[Asks, Answers, None]:
        """Puts the parts into the content: first as they are asked for, then as they fall back."""
        wanted = [part for part in parts if part.name in known or part.needed(content)]
        missing = {p.name: _ask(own, p.suffix, p) for p in wanted if p.name not in known}
        answers = dict(known) | (dict((yield missing)) if missing else {})
        again = {
            part.name: _ask(own, part.fallback, part)
            for part in wanted
            if part.fallback and is_refusal(answers[part.name].error)
        }
        answers |= dict((yield again)) if again else {}
        for part in wanted:
            code = _code(answers[part.name])
            if part.optional and code in _ABSENT:
                continue
            if part.optional and (code in _WITHHELD or is_refusal(answers[part.name].error)):
                self._withheld.append(part.name)
            else:
                self._put(content, part, answers[part.name])
        for part in wanted:
            if part.rows:
                yield from self._read_rows(f"{own}/{part.name}", content[part.name], part.rows)

    def _put(self, content: dict[str, Any], part: Part, answer: "BatchResult") -> None:
        body = answer.unwrap()
        if not part.single:
            content[part.name] = self._all_values(body)
        elif body is not None:
            found = body.get(part.member) if part.member else _single(body)
            if found is not None:
                content[part.name] = found

    def _read_rows(
        self, own: str, rows: Sequence[dict[str, Any]], parts: Sequence[Part]
    ) -> Generator[Asks, Answers, None]:
        """The parts of rows that came without them, all rows at once."""
        lacking = {
            f"{place} {part.name}": (row, part)
            for place, row in enumerate(rows)
            for part in parts
            if part.name not in row
        }
        if not lacking:
            return
        answers = yield {
            name: _ask(f"{own}/{in_address(row['id'])}", part.suffix, part)
            for name, (row, part) in lacking.items()
        }
        for name, (row, part) in lacking.items():
            self._put(row, part, answers[name])

    def _read_secrets(self, content: dict[str, Any]) -> Generator[Asks, Answers, None]:
        """Values that Graph gives only by a call of their own; without the right they stay masked.

        Any other failure is one of the whole object: a mask for a while would look like a change.
        """
        wanted = plain_texts(content)
        if not wanted:
            return
        asks = {str(place): Ask(f"{self._own}/{one.function}") for place, one in enumerate(wanted)}
        answers = yield asks
        for place, one in enumerate(wanted):
            answer = answers[str(place)]
            if _code(answer) in _WITHHELD | _ABSENT:
                self._withheld.append("a secret value")
            else:
                one.put(answer.unwrap())

    def _all_values(self, page: Any) -> list[Any]:
        """The values of a sub-resource whose first page came in a batch."""
        values = page.get("value", _MISSING) if isinstance(page, Mapping) else _MISSING
        if values is not None and not isinstance(values, list):
            raise BadAnswer("A list was expected.")
        values = list(values or ())  # some say null for none
        following = page.get("@odata.nextLink")
        if following:
            values.extend(self._graph.iter_items(following))
        return values


def _ask(own: str, suffix: str, part: Part) -> Ask:
    between = "" if suffix.startswith("?") else "/"
    return Ask(f"{own}{between}{suffix}", part.post)


def _is_same(graph_id: Any, key: str) -> bool:
    """Ids are compared without case: a service may write one in two ways."""
    return isinstance(graph_id, str) and graph_id.casefold() == key.casefold()


def _shows(entry: Mapping[str, Any], content: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether the list entry holds these members as the object does."""
    return all(
        name in entry and normal_form(entry[name], name) == normal_form(content.get(name), name)
        for name in names
    )


def _code(answer: "BatchResult") -> str:
    return answer.error.reason_code if answer.error is not None else ""


def _single(body: Any) -> Any:
    """One object, or what a navigation property of several holds, without its envelope."""
    if not isinstance(body, Mapping):
        raise BadAnswer("An object was expected.")
    plain = without_envelope(body)
    return plain["value"] if set(plain) == {"value"} else plain
