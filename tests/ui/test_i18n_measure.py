"""The colours of the view that measures are those of the report."""

from __future__ import annotations

import re

from ui.web import ASSETS


def test_the_colours_of_systems_are_those_of_the_report() -> None:
    ours, theirs = ((ASSETS / f"{name}.css").read_text(encoding="utf-8") for name in ("measure", "report"))
    pairs = [re.findall(r"--(s\d|bar): (#[0-9a-f]{6})", text) for text in (ours, theirs)]
    assert sorted(pairs[0]) == sorted(pairs[1])
    assert len(pairs[0]) == 18
