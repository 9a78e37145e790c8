"""What made-up objects are made of: names, texts and references, always the same for a seed."""

import base64
import random
from collections.abc import Callable
from typing import Any

from opsapp.simulator.state import Tenant

Content = dict[str, Any]
Sample = Callable[["SampleMaker", int], Content]

AREAS = ("Security", "Network", "Updates", "Browser", "Privacy", "Identity", "Power", "Storage")
TOPICS = (
    "Baseline",
    "Kiosk",
    "Shared devices",
    "Finance",
    "Field staff",
    "Meeting rooms",
    "Developers",
    "Pilot ring",
    "Warehouse scanners",
    "Executives",
    "Call centre",
    "Laboratory",
)
_WORDS = tuple(
    """
    device user policy update network account password certificate folder printer browser storage
    backup report service schedule window region office team support request change
    """.split()  # noqa: SIM905 (one word a line would be twenty lines)
)


class SampleMaker:
    """Made-up content for one tenant. ``style`` shapes names as the tenant's people write them."""

    def __init__(self, tenant: Tenant, seed: int, style: str) -> None:
        self.tenant = tenant
        self.random = random.Random(f"{seed}:{tenant.id}")  # noqa: S311 (variety, not secrecy)
        self._style = style

    def title(self, platform: str, number: int) -> str:
        """A name; numbers keep large tenants readable."""
        area = AREAS[number % len(AREAS)]
        topic = TOPICS[number // len(AREAS) % len(TOPICS)]
        rounds = number // (len(AREAS) * len(TOPICS))
        name = self._style.format(platform=platform, area=area, topic=topic)
        return f"{name} {rounds + 1}" if rounds else name

    def sentence(self, words: int) -> str:
        return " ".join(self.random.choices(_WORDS, k=words)).capitalize() + "."

    def base64(self, text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def script(self, comment: str, lines: int) -> str:
        """Script content as Graph carries it."""
        rows = [f"{comment} {self.sentence(8)}"]
        rows += [f"echo 'step {at}: {self.sentence(5)}'" for at in range(lines)]
        return self.base64("\n".join(rows) + "\n")

    def some(self, collection: str, count: int = 1) -> list[str]:
        """Ids of objects the tenant has; fewer where it has fewer."""
        known = list(self.tenant.collection(collection))
        return self.random.sample(known, min(count, len(known)))

    def groups(self, count: int = 1) -> list[str]:
        known = list(self.tenant.groups)
        return self.random.sample(known, min(count, len(known)))
