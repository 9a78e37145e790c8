"""What a text typed into the list of runs may mean, as a condition on ``operation_runs``.

The text is first looked up where there are few rows: in the names of tenants, of whoever started
runs, of operations and reasons. No run is ever read for a part of its text.
"""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from opsapp.extensions import db
from opsapp.models import OperationRun, Tenant
from opsapp.models.conditions import Condition
from opsapp.operations import REGISTRY
from opsapp.runs.reasons import REASONS

_NUMBER = re.compile(r"#?([0-9]{1,18})")  # digits that a 64-bit id surely holds
_JOB_ID = re.compile(r"run-([0-9]{1,18})-[0-9a-f]+")


def matches(text: str) -> Condition:
    """A run's number or job id; or part of an operation, a reason, a tenant or an initiator."""
    if number := _NUMBER.fullmatch(text):
        return OperationRun.id == int(number[1])
    if job := _JOB_ID.fullmatch(text):
        return sa.and_(OperationRun.id == int(job[1]), OperationRun.job_id == text)
    low = text.lower()
    types = [key for key in REGISTRY if low in f"{REGISTRY[key].label}\n{key}".lower()]
    found: list[tuple[sa.ColumnElement[Any], Sequence[Any]]] = [
        (OperationRun.type.expression, types),
        (OperationRun.reason_code.expression, [code for code in REASONS if low in code]),
        (OperationRun.tenant_id.expression, _tenants(text)),
        (OperationRun.initiator_name.expression, _initiators(text)),
    ]
    return sa.or_(sa.false(), *(column.in_(values) for column, values in found if values))


def _tenants(text: str) -> Sequence[int]:
    query = sa.select(Tenant.id).where(Tenant.name.icontains(text, autoescape=True))
    return db.session.scalars(query).all()


def _initiators(text: str) -> Sequence[str]:
    """Names that runs were started under: from one to the next along the index of names."""
    name = OperationRun.initiator_name
    names = sa.select(sa.func.min(name).label("name")).cte("names", recursive=True)
    following = sa.select(sa.func.min(name)).where(name > names.c.name).scalar_subquery()
    names = names.union_all(sa.select(following).where(names.c.name.is_not(None)))
    query = sa.select(names.c.name).where(names.c.name.icontains(text, autoescape=True))
    return [found for found in db.session.scalars(query) if found is not None]
