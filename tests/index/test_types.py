"""Weeks in the names of notes, and what a filter lets through."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Filter, weeks_of


@pytest.mark.parametrize(
    ("doc_id", "weeks"),
    [
        ("week03/a.md", {3}),
        ("Week 3/노트.md", {3}),
        ("week_3.md", {3}),
        ("lectures/wk3-intro.pdf", {3}),
        ("W03_attention.ipynb", {3}),
        ("3주차/정리.md", {3}),
        ("제3주/정리.md", {3}),
        ("3주.md", {3}),
        ("03 주차.hwp", {3}),
        ("주차3.md", {3}),
        ("week13/a.md", {13}),
        ("week03/week04-preview.md", {3, 4}),
        ("week3a.md", {3}),
        ("w2v.md", set()),
        ("W3C-html.md", set()),
        ("3주간의 기록.md", set()),
        ("2023주식.md", set()),
        ("midweek3.md", set()),
        ("new3/view3.md", set()),
        ("weekly.md", set()),
        ("", set()),
    ],
)
def test_weeks_in_names(doc_id: str, weeks: set[int]) -> None:
    assert weeks_of(doc_id) == weeks


@given(st.integers(0, 60), st.sampled_from(["week{:02}/a.md", "week{}.md", "{}주차/a.md", "제{}주.txt", "x/w{:03}.md", "week-{}/b"]))
def test_every_week_is_found_alone(week: int, name: str) -> None:
    assert weeks_of(name.format(week)) == {week}
    assert Filter(weeks=(week,)).keeps(name.format(week)) and not Filter(weeks=(week + 1, week + 10)).keeps(name.format(week))


@pytest.mark.parametrize(
    ("kept", "doc_id", "passes"),
    [
        (Filter(), "a.md", True),
        (Filter(types=("pdf",)), "week03/a.PDF", True),
        (Filter(types=(".pdf", "md")), "a.md", True),
        (Filter(types=("md",)), "a.rmd", False),
        (Filter(weeks=(3,), types=("pdf",)), "week03/a.pdf", True),
        (Filter(weeks=(3,), types=("pdf",)), "week03/a.md", False),
        (Filter(notes=("*.md",), weeks=(3,)), "week04/a.md", False),
        (Filter(folders=("week04",), notes=("week03/*",), weeks=(3,)), "week03/a.md", True),
        (Filter(folders=("week04",), weeks=(3,)), "week03/a.md", False),
    ],
)
def test_weeks_and_formats_narrow_what_places_let_through(kept: Filter, doc_id: str, passes: bool) -> None:
    assert kept.keeps(doc_id) is passes


def test_places_may_be_typed_in_pieces_of_syllables() -> None:
    typed = normalize("NFD", "주차별자료")
    assert Filter(folders=(typed,)).keeps("주차별자료/a.md") and Filter(notes=(f"{typed}/*",)).keeps("주차별자료/a.md")


def test_a_filter_of_anything_is_true() -> None:
    assert [bool(each) for each in (Filter(), Filter(weeks=(1,)), Filter(types=("md",)), Filter(notes=("a",)))] == [False, True, True, True]
