"""What counts as holding an answer: judged by DPR's own rule where the two must agree, and by examples where Korean asks for more."""

from __future__ import annotations

import re
import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.answer_recall import answer_metrics, answer_pattern, holds, matches, words_of


def held(text: str, *answers: str) -> bool:
    return holds(words_of(text), [words_of(answer) for answer in answers])


def dpr(text: str, answer: str) -> bool:
    """DPR's `has_answer`: the answer's words and signs follow one another among those of the text."""
    have, want = (re.findall(r"[^\W_]+|[^\w\s]|_", unicodedata.normalize("NFD", each).lower()) for each in (text, answer))
    return any(have[start : start + len(want)] == want for start in range(len(have) - len(want) + 1))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("수도는 서울이다.", "서울"),
        ("서울에서는 열리지 않았다", "서울"),
        ("본사를 서울로 옮겼다", "서울"),  # 로 behind ㄹ
        ("서버로부터의 응답", "서버"),
        ("BM25는 단어 빈도로 찾는다", "bm25"),
        ("정답은 '역전파(Backpropagation)'이다", "역전파(backpropagation)"),
        ("딥 러닝을 배운다", "딥러닝"),  # white space beside Hangul is free
        ("딥러닝을 배운다", "딥 러닝"),
        ("1989년 2월15일에", "1989년 2월 15일"),
        ("in New\n  York.", "new york"),
        ("C++는 빠르다", "C++"),
        ("값은 1,200이다", "1,200"),
        ("서울 에서", "서울"),  # a particle that stands apart
        (unicodedata.normalize("NFD", "서울은 크다"), "서울"),
        ("서\u200b울", "서울"),  # a sign that cannot be seen
        ("부산이나 서울", "대구|서울"),
    ],
)
def test_held(text: str, answer: str) -> None:
    assert held(text, *answer.split("|"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("서울대학교는 크다", "서울"),  # a longer word
        ("대서울", "서울"),
        ("무차별 유세", "차별"),
        ("2005년에는", "5년"),
        ("14개 언어", "4개"),
        ("한국인은 많다", "한국"),
        ("분석하는 방법", "분석"),
        ("서버을", "서버"),  # the form of 를 that never follows a vowel
        ("서울를", "서울"),
        ("BM 25", "BM25"),  # among Latin letters white space counts
        ("newyork", "new york"),
        ("서울", "서울은"),
        ("2⁸개", "28개"),  # NFKC would say yes
        ("서울", ""),
        ("서울", " \n"),
        ("", "서울"),
    ],
)
def test_not_held(text: str, answer: str) -> None:
    assert not held(text, answer)


latin = st.text("ab1. -C", max_size=12)


@given(latin, latin.filter(str.strip))
def test_without_hangul_it_is_dprs_rule(text: str, answer: str) -> None:
    assert held(text, answer) == dpr(text, answer)


@given(st.text("가러나닝의는a1 .", max_size=12), st.text("가러나닝의는a1 .", max_size=6).filter(str.strip))
def test_what_dpr_finds_is_found(text: str, answer: str) -> None:
    assert held(text, answer) >= dpr(text, answer)


@given(
    st.text("가러a ", min_size=1, max_size=6).filter(str.strip),
    st.text(max_size=5),
    st.text(max_size=5),
    st.sampled_from(["의", "에서는", "까지도"]),
)
def test_an_answer_is_found_between_spaces_whatever_stands_around_it(answer: str, before: str, after: str, particle: str) -> None:
    text = f"{before} {answer.strip()}{particle} {after}"
    assert held(text, answer)
    assert held(text, "다른 말", answer)


@given(st.text(max_size=20))
def test_bounds_lie_where_words_start(text: str) -> None:
    words = words_of(text)
    assert list(words.bounds) == sorted(set(words.bounds)) and words.bounds[-1] == len(words.text)
    assert all(not words.text[at].isspace() for at in words.bounds[:-1])


def test_a_pattern_knows_no_case_and_sees_lines() -> None:
    pattern = answer_pattern(r"^bm\s?25$")
    assert matches("first line\nBM25\nlast", [pattern])
    assert not matches("BM25는", [pattern])
    assert matches(unicodedata.normalize("NFD", "서울은"), [pattern, answer_pattern(unicodedata.normalize("NFD", "서울|부산"))])
    assert not matches("서울", [])
    with pytest.raises(ValueError, match=r"'\(' is no regular expression: .*at position 0"):
        answer_pattern("(")


@given(st.lists(st.booleans(), max_size=8), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_answer_at_k_is_whether_any_of_the_first_k_holds_one(found: list[bool], ks: list[int]) -> None:
    metrics = answer_metrics(iter(found), ks)
    assert metrics == {f"answer@{k}": float(any(found[:k])) for k in ks}
    for one, other in product(ks, ks):
        assert one > other or metrics[f"answer@{one}"] <= metrics[f"answer@{other}"]


def test_hits_below_the_first_that_holds_an_answer_are_not_looked_at() -> None:
    def hits() -> object:
        yield False
        yield True
        raise AssertionError("looked further")

    assert answer_metrics(hits(), (1, 5)) == {"answer@1": 0.0, "answer@5": 1.0}  # type: ignore[arg-type]
