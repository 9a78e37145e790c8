"""Mappings as people write them: ``SOURCE=TARGET`` in a shell, lines of a CSV file."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.intune.restore import GROUPS
from opsapp.intune.setting import is_guid
from opsapp.models import BackupGroup, DirectoryGroup, MappingChoice, RestoreMapping, RestoreRun
from opsapp.refusals import Refused
from opsapp.restore.things import things_of, words_of
from opsapp.services.csv_text import csv_text, is_formula
from opsapp.services.restore_mappings import Choice, gone_words, is_cache_empty, rows_of

COLUMNS: Final = ("source_id", "source_name", "choice", "target_id", "target_name", "kind")
_NEEDED: Final = frozenset({"source_id", "choice"})
MAX_BYTES: Final = 5_000_000
_TOLD_AT_MOST: Final = 100


class BadLines(Refused):
    """Nothing was taken; ``lines`` say what is wrong with each."""

    def __init__(self, lines: Sequence[str]) -> None:
        more = len(lines) - _TOLD_AT_MOST
        self.lines = [*lines[:_TOLD_AT_MOST], *([f"… and {more} more."] if more > 0 else [])]
        super().__init__("Nothing was changed. " + " ".join(self.lines), "file")


@dataclass(frozen=True)
class Taken:
    """What a file says of this restore; ``beside`` lines are of groups it does not name."""

    choices: list[Choice]
    beside: int = 0


@dataclass
class Names:
    """Finds what is meant by an id or a name, on both sides of a restore."""

    restore: RestoreRun
    rows: Sequence[RestoreMapping]
    _targets: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, restore: RestoreRun) -> "Names":
        return cls(restore, rows_of(restore))

    def source(self, kind: str, text: str) -> RestoreMapping | None:
        """The reference with this id, or the only one of this name. Raises Refused for several."""
        of_kind = [row for row in self.rows if row.kind == kind]
        found = [row for row in of_kind if row.source_id.lower() == text.lower()]
        found = found or [row for row in of_kind if row.source_name == text]
        if len(found) > 1:
            raise Refused(f"{len(found)} {words_of(kind)[1]} are called “{text}”: give the id.")
        return found[0] if found else None

    def target(self, kind: str, text: str) -> str:
        """The id of what the target has under this id or name. Raises Refused."""
        if kind not in self._targets:
            self._targets[kind] = self._by_word(kind)
        found = self._targets[kind].get(text) or self._targets[kind].get(text.lower()) or []
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            where = self.restore.tenant.name
            raise Refused(
                f"{len(found)} {words_of(kind)[1]} of {where} are called “{text}”: give the id."
            )
        if kind == GROUPS and is_guid(text) and is_cache_empty(self.restore):
            return text
        raise Refused(gone_words(self.restore, kind, f"“{text}”"))

    def _by_word(self, kind: str) -> dict[str, list[str]]:
        named: dict[str, list[str]] = defaultdict(list)
        things = things_of(db.session(), self.restore.tenant, kind)
        for thing in things:
            if thing.name:
                named[thing.name].append(thing.id)
        return {**named, **{thing.id: [thing.id] for thing in things}}


def choice_of(names: Names, kind: str, text: str) -> Choice:
    """What ``SOURCE=TARGET``, ``SOURCE=skip`` or ``SOURCE=create`` says. Raises Refused."""
    at = text.find("=")
    while at >= 0:
        row = names.source(kind, text[:at])
        if row is not None:
            return _choice(names, row, text[at + 1 :])
        at = text.find("=", at + 1)
    source = text.partition("=")[0]
    raise Refused(f"This restore names no {words_of(kind)[0]} “{source}”.")


def _choice(names: Names, row: RestoreMapping, word: str) -> Choice:
    if word in (MappingChoice.SKIP, MappingChoice.CREATE):
        return Choice(row.kind, row.source_id, MappingChoice(word))
    if not word:
        raise Refused("Give an id or a name, skip or create after the equals sign.")
    return Choice(row.kind, row.source_id, MappingChoice.MAP, names.target(row.kind, word))


def as_csv(rows: Iterable[RestoreMapping]) -> str:
    """The mapping as a file: edited, it can be brought back."""
    lines = ({name: getattr(row, name) for name in COLUMNS} for row in rows)
    return csv_text(COLUMNS, lines, with_header=True)


def from_csv(restore: RestoreRun, body: bytes) -> Taken:
    """What a file says. Raises BadLines with everything that is wrong with it."""
    names, choices, wrong, beside = Names.of(restore), [], [], 0
    known = _known_groups(restore)
    seen: set[tuple[str, str]] = set()
    for number, line in _lines(body):
        try:
            given = _of_line(names, line, known)
        except Refused as refused:
            wrong.append(f"Line {number}: {refused.message}")
            continue
        if given is None:
            beside += 1
        elif (given.kind, given.source_id) in seen:
            wrong.append(f"Line {number}: {given.source_id} stands here a second time.")
        else:
            seen.add((given.kind, given.source_id))
            choices.append(given)
    if wrong:
        raise BadLines(wrong)
    return Taken([each for each in choices if each.choice is not None], beside)


def _lines(body: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(body) > MAX_BYTES:
        raise BadLines([f"The file is larger than {MAX_BYTES // 1_000_000} MB."])
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadLines(["The file is not UTF-8 text."]) from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if missing := _NEEDED - set(header):
            raise BadLines([f"Line 1: the columns {', '.join(sorted(missing))} are missing."])
        return [(reader.line_num, _cells(header, row)) for row in reader if any(row)]
    except csv.Error as error:
        raise BadLines([f"Line {reader.line_num}: {error}."]) from None


def _cells(header: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """By column; an apostrophe that keeps a cell from being a formula is none of the name."""
    cells = dict(zip(header, row, strict=False))
    return {
        name: text[1:] if text.startswith("'") and is_formula(text[1:]) else text
        for name, text in cells.items()
    }


def _of_line(names: Names, line: Mapping[str, str], known: set[str]) -> Choice | None:
    """None for a group of the source that this restore does not name."""
    kind = line.get("kind", "").strip() or GROUPS
    source_id, word = line["source_id"].strip(), line.get("choice", "").strip()
    row = names.source(kind, source_id) if source_id else None
    if row is None:
        if kind == GROUPS and source_id.lower() in known:
            return None
        raise Refused(f"this restore names no {words_of(kind)[0]} “{source_id}”.")
    if not word:
        return Choice(row.kind, row.source_id, None)
    if word not in set(MappingChoice):
        raise Refused(f"“{word}” is none of map, skip, create.")
    if word == MappingChoice.CREATE and kind != GROUPS:
        raise Refused("only groups can be created.")
    if word != MappingChoice.MAP:
        return Choice(row.kind, row.source_id, MappingChoice(word))
    target = line.get("target_id", "").strip() or line.get("target_name", "")
    if not target:
        raise Refused("map needs a target_id or a target_name.")
    return Choice(row.kind, row.source_id, MappingChoice.MAP, names.target(kind, target))


def _known_groups(restore: RestoreRun) -> set[str]:
    source = restore.backup_set
    if source is None:
        return set()
    in_set = sa.select(BackupGroup.graph_id).where(BackupGroup.set_id == source.id)
    in_tenant = sa.select(DirectoryGroup.graph_id).where(
        DirectoryGroup.tenant_id == source.tenant_id
    )
    return {key.lower() for query in (in_set, in_tenant) for key in db.session.scalars(query)}
