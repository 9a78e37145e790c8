"""Short ways to write demo objects: names in the tenant's style, assignments as short texts."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsapp.simulator import admission, groups
from opsapp.simulator.catalogue import COLLECTIONS
from opsapp.simulator.state import StoredObject, Tenant

_TARGETS = {
    "+": "groupAssignmentTarget",
    "-": "exclusionGroupAssignmentTarget",
    "*devices": "allDevicesAssignmentTarget",
    "*users": "allLicensedUsersAssignmentTarget",
}


@dataclass(frozen=True)
class DemoTenant:
    """A demo company. ``style`` shapes its policy names, ``refused`` it did not consent to."""

    slug: str
    id: str
    name: str
    style: str
    refused: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """Rows of the tables say with these letters which companies have them."""
        return self.slug[0]


class Demo:
    """Adds objects to one tenant. Ids follow from the keys, so every start makes the same."""

    def __init__(self, tenant: Tenant, row: DemoTenant) -> None:
        self.tenant = tenant
        self.row = row
        self._group_names: dict[str, str] = {}

    @property
    def slug(self) -> str:
        return self.row.slug

    def title(self, platform: str, area: str, topic: str) -> str:
        return self.row.style.format(platform=platform, area=area, topic=topic)

    def has(self, only: str) -> bool:
        """Whether a table row marked with these tenant letters belongs to this tenant."""
        return not only or self.row.letter in only

    def pick(self, contoso: Any, fabrikam: Any, northwind: Any) -> Any:
        """The value of this tenant."""
        return {"c": contoso, "f": fabrikam, "n": northwind}[self.row.letter]

    def group(self, key: str, name: str, **members: Any) -> None:
        """A group that assignments refer to by ``key``."""
        self._group_names[key] = name
        groups.add_group(self.tenant, {"displayName": name, **members}, f"demo/{key}")

    def group_id(self, key: str) -> str:
        return self.tenant.group_ids_by_name[self._group_names[key]]

    def add(
        self, collection: str, key: str, content: dict[str, Any], assigned: Sequence[str] = ()
    ) -> StoredObject:
        """An object; ``assigned`` as in ``targets``."""
        raw = dict(content)
        if assigned:
            raw["assignments"] = self.targets(assigned)
        origin = f"demo/{collection}/{key}"
        return admission.admit(self.tenant, COLLECTIONS[collection], raw, origin)

    def targets(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """``+key`` and ``-key`` are groups, ``*devices`` and ``*users`` everybody.

        `` ?Name`` behind it applies a filter, `` !Name`` its opposite.
        """
        return [{"target": self._target(text)} for text in texts]

    def _target(self, text: str) -> dict[str, Any]:
        mode, mark = "none", ""
        for sign, word in ((" ?", "include"), (" !", "exclude")):
            if sign in text:
                text, mark = text.split(sign, 1)
                mode = word
        kind = _TARGETS.get(text) or _TARGETS[text[0]]
        target: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}"}
        if mark:
            target["deviceAndAppManagementAssignmentFilterId"] = mark
        target["deviceAndAppManagementAssignmentFilterType"] = mode
        if text[0] in "+-":
            target["groupId"] = self.group_id(text[1:])
        return target


def script(text: str) -> str:
    """Script content as Graph carries it."""
    return base64.b64encode(text.encode()).decode()
