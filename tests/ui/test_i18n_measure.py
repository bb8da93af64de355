"""The view that measures says everything in both languages, and its colours are those of the report."""

from __future__ import annotations

import re
import string
from dataclasses import asdict, fields

import pytest

from ui.i18n_measure import EN, KO, MeasureTexts
from ui.web import ASSETS

NAMES = [field.name for field in fields(MeasureTexts) if field.name != "lang"]


@pytest.mark.parametrize("name", NAMES)
def test_each_string_stands_in_both_languages_with_the_same_blanks(name: str) -> None:
    korean, english = asdict(KO)[name], asdict(EN)[name]
    blanks = [{blank for _, blank, _, _ in string.Formatter().parse(text) if blank} for text in (korean, english)]
    assert blanks[0] == blanks[1]
    assert re.search("[가-힣]", korean)
    assert re.search("[A-Za-z]", english) or name == "choice"
    assert not re.search("[가-힣]", english)


def test_the_colours_of_systems_are_those_of_the_report() -> None:
    ours, theirs = ((ASSETS / f"{name}.css").read_text(encoding="utf-8") for name in ("measure", "report"))
    pairs = [re.findall(r"--(s\d|bar): (#[0-9a-f]{6})", text) for text in (ours, theirs)]
    assert sorted(pairs[0]) == sorted(pairs[1])
    assert len(pairs[0]) == 18
