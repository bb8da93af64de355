"""The page's colours and assets: readable in light and in dark (WCAG AA), and nothing from another host."""

from __future__ import annotations

import re

import pytest

from ui.web import ASSETS

CSS = (ASSETS / "page.css").read_text(encoding="utf-8")
SELECTORS = {"light": ":root", "dark": ".dark"}
TEXT = [
    ("ink", "paper"), ("ink", "card"), ("ink", "tint"), ("ink", "here"), ("ink", "warn-tint"), ("soft", "paper"), ("soft", "card"),
    ("soft", "here"), ("accent", "card"), ("accent", "paper"), ("accent", "tint"), ("on-accent", "accent"), ("on-accent", "accent-deep"),
    ("marker-ink", "marker"), ("warn", "paper"), ("warn", "warn-tint"),
]  # fmt: skip


def palette(scheme: str) -> dict[str, str]:
    block = re.search(rf"(?m)^{re.escape(SELECTORS[scheme])} {{(.*?)}}", CSS, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SELECTORS)
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_is_readable(scheme: str, front: str, back: str) -> None:
    colours = palette(scheme)
    assert contrast(colours[front], colours[back]) >= 4.5


def test_both_schemes_name_the_same_colours() -> None:
    assert palette("light").keys() == palette("dark").keys()
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS)) - {"font", "font-mono", "in", "shadow"}
    assert used == palette("light").keys()


def test_the_question_box_uses_the_colours_of_the_page() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", (ASSETS / "ask.css").read_text(encoding="utf-8"))) - {"font", "shadow", "all"}
    assert used <= palette("light").keys()


@pytest.mark.parametrize("name", ["page.css", "note.css", "ask.css", "page.js", "ask.js", "icon.svg"])
def test_assets_name_no_other_host(name: str) -> None:
    text = (ASSETS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|@import|//[a-z]+\.", text)
