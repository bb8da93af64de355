"""The looks of the view of the notes: colours that can be told apart from what they lie on, and nothing from another host."""

from __future__ import annotations

import re

import pytest

from tests.ui.test_web_css import SELECTORS, contrast, palette
from ui.web import ASSETS, SCRIPTS, STYLES

CSS = (ASSETS / "notes.css").read_text(encoding="utf-8")


def groups(scheme: str) -> dict[str, str]:
    block = re.search(rf"(?m)^{re.escape(SELECTORS[scheme])} {{(.*?)}}", CSS, re.DOTALL)
    assert block
    return dict(re.findall(r"--(g\d): (#[0-9a-f]{6});", block[1]))


@pytest.mark.parametrize("scheme", SELECTORS)
def test_points_of_the_map_are_seen(scheme: str) -> None:
    assert len(groups(scheme)) == 9
    for colour in groups(scheme).values():
        assert min(contrast(colour, palette(scheme)[ground]) for ground in ("paper", "card")) >= 3  # WCAG 2.2, 1.4.11


def test_the_view_uses_the_colours_of_the_page() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS)) - {"font", "font-mono", "shadow", "own", *groups("light")}
    assert used <= palette("light").keys()


@pytest.mark.parametrize("name", ["notes.css", "notes.js"])
def test_assets_are_served_and_name_no_other_host(name: str) -> None:
    assert name in (*STYLES, *SCRIPTS)
    assert not re.search(r"https?:|@import|//[a-z]+\.", (ASSETS / name).read_text(encoding="utf-8"))
