"""Which runs are old enough to go, and which of those must stay. Deletes nothing by itself.

Runs that are tied by retries (``retry_of_id``) are a *lineage*: it goes as a whole or not at all,
so that no run is left that points to one that is gone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from opsapp.database import utcnow
from opsapp.models import CollectionState, OperationRun, RunOutcome, RunStatus

LATEST, READER, TIED, TYPE = "latest", "reader", "tied", "type"
KEPT_WORDS = {
    LATEST: "the latest of its type",
    READER: "the last that read a collection",
    TIED: "tied by a retry to a run that stays",
    TYPE: "of a type whose runs stay",
}


def midnight_before(days: int) -> datetime | None:
    """Runs that ended before are old: whole UTC days. None when runs are kept for ever."""
    if not days:
        return None
    return datetime.combine(utcnow().date() - timedelta(days=days), time(), UTC)


def kept_words(kept: Counter[str]) -> str:
    """``3 kept: 2 the latest of its type, 1 …``; empty when none was."""
    if not kept.total():
        return ""
    parts = [f"{count:,} {KEPT_WORDS[reason]}" for reason, count in kept.most_common() if count]
    return f"{kept.total():,} kept: {', '.join(parts)}"


@dataclass(frozen=True)
class Verdict:
    """Of some old runs: those that may go, with the moment each ended, and why others stay.

    ``going`` may hold runs that were not asked about: the rest of a lineage.
    """

    going: Mapping[int, datetime]
    kept: Counter[str]


@dataclass(frozen=True)
class OldRuns:
    """The runs of one tenant that ended before a moment and are of ``types``.

    ``types`` are those whose runs may be deleted at all; a type that this version does not know
    is not among them.
    """

    tenant_id: int
    before: datetime
    types: frozenset[str]

    def earliest(self, session: Session, since: datetime | None) -> datetime | None:
        """When the first of them ended, from ``since`` on."""
        query = sa.select(sa.func.min(OperationRun.completed_at)).where(*self._old())
        if since:
            query = query.where(OperationRun.completed_at >= since)
        return session.scalar(query)

    def batch(
        self,
        session: Session,
        after_id: int,
        limit: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Any]:
        """The next of them by id, with their counts; ``since`` and ``until`` narrow the time."""
        query = sa.select(OperationRun.id, OperationRun.summary_counts).where(
            *self._old(), OperationRun.id > after_id
        )
        if since:
            query = query.where(OperationRun.completed_at >= since)
        if until:
            query = query.where(OperationRun.completed_at < until)
        return session.execute(query.order_by(OperationRun.id).limit(limit)).all()

    def count_of_other_types(self, session: Session) -> int:
        """How many old runs stay because of their type."""
        query = sa.select(sa.func.count()).where(
            OperationRun.tenant_id == self.tenant_id,
            OperationRun.completed_at < self.before,
            OperationRun.type.not_in(self.types),
        )
        return session.scalar(query) or 0

    def needed(self, session: Session) -> Mapping[int, str]:
        """Runs that stay whatever their age: what is shown as the present state rests on them."""
        newest = sa.select(OperationRun.id).order_by(OperationRun.id.desc()).limit(1)
        questions = [
            newest.where(
                OperationRun.tenant_id == self.tenant_id,
                OperationRun.type == type_,
                *conditions,
            ).scalar_subquery()
            for type_ in sorted(self.types)
            for conditions in (
                (OperationRun.status == RunStatus.COMPLETED,),
                (OperationRun.outcome == RunOutcome.SUCCEEDED,),
            )
        ]
        latest = session.execute(sa.select(*questions)).one() if questions else ()
        readers = session.scalars(
            sa.select(CollectionState.reading_run_id).where(
                CollectionState.tenant_id == self.tenant_id,
                CollectionState.reading_run_id.is_not(None),
            )
        )
        return dict.fromkeys(filter(None, readers), READER) | dict.fromkeys(
            filter(None, latest), LATEST
        )

    def judge(self, session: Session, ids: Collection[int], needed: Mapping[int, str]) -> Verdict:
        """What becomes of these runs. Inside a write transaction their lineages are locked."""
        members = _lineages(session, ids)
        if session.info.get("writing"):
            _lock(session, members)
            members = _lineages(session, members)  # with what was added before they were locked
        stays = {key: self._why_it_stays(run, needed) for key, run in members.items()}
        going: dict[int, datetime] = {}
        kept: Counter[str] = Counter()
        for lineage in _grouped(members):
            if any(stays[key] for key in lineage):
                kept.update(stays[key] or TIED for key in lineage if key in ids)
            else:
                going |= {key: members[key].completed_at for key in lineage}
        return Verdict(going, kept)

    def _old(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            OperationRun.tenant_id == self.tenant_id,
            OperationRun.type.in_(sorted(self.types)),
            OperationRun.completed_at < self.before,
        )

    def _why_it_stays(self, run: Any, needed: Mapping[int, str]) -> str | None:
        if run.id in needed:
            return needed[run.id]
        is_old = run.completed_at is not None and run.completed_at < self.before
        return None if is_old and run.type in self.types else TIED


def _lineages(session: Session, ids: Iterable[int]) -> dict[int, Any]:
    """These runs and all that are tied to them, in either direction, by id."""
    columns = (
        OperationRun.id,
        OperationRun.retry_of_id,
        OperationRun.type,
        OperationRun.completed_at,
    )
    found: dict[int, Any] = {}
    wanted = set(ids)
    while wanted:
        rows = session.execute(sa.select(*columns).where(OperationRun.id.in_(wanted))).all()
        found |= {row.id: row for row in rows}
        children = session.scalars(
            sa.select(OperationRun.id).where(OperationRun.retry_of_id.in_(wanted))
        )
        parents = {row.retry_of_id for row in rows if row.retry_of_id}
        wanted = (parents | set(children)) - found.keys()
    return found


def _lock(session: Session, ids: Iterable[int]) -> None:
    query = sa.select(OperationRun.id).where(OperationRun.id.in_(list(ids)))
    session.execute(query.order_by(OperationRun.id).with_for_update()).all()


def _grouped(members: Mapping[int, Any]) -> Iterable[Sequence[int]]:
    """The ids of each lineage: by the run that everything in it goes back to."""
    groups: dict[int, list[int]] = {}
    for key in members:
        root = key
        while members[root].retry_of_id in members:
            root = members[root].retry_of_id
        groups.setdefault(root, []).append(key)
    return groups.values()
