"""Which other objects an object names: the ids at the places that the table of types lists."""

from collections.abc import Iterator, Mapping
from typing import Any

from opsapp.intune.catalogue import PolicyType
from opsapp.intune.setting import is_guid


def ids_at(content: Any, where: str) -> Iterator[str]:
    """The texts at a place: ``a[].b`` is member ``b`` of each row of ``a``."""
    step, _, rest = where.partition(".")
    name = step.removesuffix("[]")
    found = content.get(name) if isinstance(content, Mapping) else None
    values = found if step.endswith("[]") and isinstance(found, list) else [found]
    for value in values:
        if rest:
            yield from ids_at(value, rest)
        elif isinstance(value, str):
            yield value


def group_places(policy_type: PolicyType) -> list[str]:
    """Where the content of such objects names groups, assignments apart."""
    return [
        reference.where
        for reference in policy_type.references
        if reference.to == "groups" and not reference.where.startswith("assignments")
    ]


def groups_in(policy_type: PolicyType, content: Mapping[str, Any]) -> set[str]:
    """Ids of the groups that an object's content names."""
    places = group_places(policy_type)
    return {value for where in places for value in ids_at(content, where) if is_guid(value)}
