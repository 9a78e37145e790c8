"""Icons, lifted one by one out of the sprite that the Bootstrap-Flask wheel carries."""

import re
from functools import lru_cache
from importlib.resources import files

from markupsafe import Markup, escape

_SYMBOL = re.compile(r'<symbol[^>]*viewBox="([^"]+)"[^>]*id="([^"]+)">(.*?)</symbol>', re.DOTALL)
_OWN = {"dot": ("0 0 16 16", '<circle cx="8" cy="8" r="4"/>')}


@lru_cache(maxsize=1)
def _symbols() -> dict[str, tuple[str, str]]:
    sprite = files("flask_bootstrap") / "static/bootstrap5/icons/bootstrap-icons.svg"
    found = {name: (box, body) for box, name, body in _SYMBOL.findall(sprite.read_text("utf-8"))}
    return found | _OWN


@lru_cache(maxsize=512)
def icon(name: str, css: str = "", label: str | None = None) -> Markup:
    """The icon as inline SVG, one line of text high. Without a label it is decoration.

    Raises LookupError for a name the sprite does not have.
    """
    box, body = _symbols()[name]
    meaning = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true" focusable="false"')
    )
    return Markup('<svg class="icon icon-{}{}" viewBox="{}" {}>{}</svg>').format(
        escape(name),
        f" {css}" if css else "",
        box,
        meaning,
        Markup(body),  # noqa: S704 - from the wheel, or the table above
    )
