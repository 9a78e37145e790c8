"""Text is legible on every ground it stands on, in both themes."""

import re
from itertools import product

import pytest

from opsapp.blueprints import assets

COLOUR = re.compile(r"--([a-z0-9-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));")
TONES = ("neutral", "violet", "blue", "green", "amber", "red")
GROUNDS = ("page", "surface", "sunken", "raised", "hover")
TEXT_ON_GROUND = [
    *product(("ink", "ink-2", "ink-3", "accent"), GROUNDS),
    *product([f"{tone}-text" for tone in TONES], ("page", "surface", "hover")),
    *((f"{tone}-text", f"{tone}-soft") for tone in TONES),
    *(("ink", f"{tone}-soft") for tone in TONES),
    ("on-accent", "accent-strong"),
    ("on-accent", "accent-strong-hover"),
    ("on-accent", "danger-strong"),
    ("on-accent", "danger-strong-hover"),
    ("accent", "accent-soft"),
    ("ink-2", "press"),
]
EDGE_ON_GROUND = [
    *product(("line-control", "focus", "production"), ("page", "surface")),
    *product([f"{tone}-solid" for tone in ("blue", "green", "red")], ("surface",)),
]


def palette():
    text = assets.files()["css/tokens.css"].read_text("utf-8")
    return {name: (light or both, dark or both) for name, light, dark, both in COLOUR.findall(text)}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_everybody_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND, ids="-on-".join)
def test_text_is_legible(theme, text, ground):
    colours = palette()

    assert contrast(colours[text][theme], colours[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_ON_GROUND, ids="-on-".join)
def test_controls_and_pictures_can_be_made_out(theme, edge, ground):
    colours = palette()

    assert contrast(colours[edge][theme], colours[ground][theme]) >= 3


def test_colours_live_in_the_tokens_alone():
    own = [name for name in assets.files() if name.startswith("css/")]
    for name in own:
        if name != "css/tokens.css":
            text = assets.files()[name].read_text("utf-8")
            assert not re.search(r":[^;{}]*(#[0-9a-f]{3,8}\b|rgba?\()", text), name
