"""Why one passage stands before another: only what its scores and words say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Locator, Passage
from rag.types import Hit, Leg
from rag.why import Edge, edge, edges, joined, said

WORDS = ("역전파", "기울기", "손실")


def hit(text: str, score: float, dense: float | None = None, lexical: float | None = None, matched: tuple[str, ...] = WORDS) -> Hit:
    legs = {name: Leg(value, None) for name, value in (("dense", dense), ("lexical", lexical)) if value is not None}
    found = tuple(word for word in matched if word in text)
    marks = tuple((at, at + len(word)) for word in found for at in range(len(text)) if text.startswith(word, at))
    return Hit(Passage("a.md", "a", (), text, 0, len(text), Locator(1)), score, legs, found, tuple(sorted(marks)))


@pytest.mark.parametrize(
    ("upper", "lower", "found"),
    [
        (
            hit("역전파 역전파 기울기", 2, 0.9, 7), hit("역전파", 1, 0.8, 4),
            Edge("upper", "upper", only=("기울기",), more=("역전파",)),
        ),
        (hit("역전파", 2, 0.8, 7), hit("역전파 뒤에 길게 이어지는 글", 1, 0.9, 4), Edge("lower", "upper")),
        (hit("기울기 역전파", 2, 0.9, 3), hit("역전파", 1, 0.8, 4), Edge("upper", "lower")),  # the words it has more did not decide
        (hit("역전파", 2, 0.9), hit("손실", 1, 0.8), Edge("upper", "neither")),
        (hit("역전파", 2, None, 5), hit("손실", 1, None, 2), Edge("neither", "upper", only=("역전파",))),
        (hit("역전파", 1, 0.9, 3), hit("손실", 1, 0.8, 4), Edge(tied=True)),
    ],
)  # fmt: skip
def test_what_sets_two_passages_apart(upper: Hit, lower: Hit, found: Edge) -> None:
    assert edge(upper, lower) == found


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (hit("역전파", 2), hit("손실", 1)),  # no leg is known
        (hit("역전파", 1, 0.9, 5), hit("손실", 2, 0.8, 4)),  # another order than that of the scores
        (hit("역전파", 2, 0.8, 4), hit("손실", 1, 0.8, 4)),  # legs that explain nothing
        (hit("역전파", 2, 0.9), hit("손실", 1, None, 4)),  # of different legs
    ],
)
def test_what_is_not_known_is_not_said(upper: Hit, lower: Hit) -> None:
    assert edge(upper, lower) is None


def test_a_word_that_stands_in_the_headings_of_the_lower_passage_is_not_missing_there() -> None:
    upper, lower = hit("기울기 역전파", 2, 0.8, 7), hit("오차를 뒤로 보낸다", 1, 0.9, 4)
    headed = replace(lower, passage=replace(lower.passage, section=("역전파",)))
    assert edge(upper, lower) == Edge("lower", "upper", only=("역전파", "기울기"))
    assert edge(upper, headed) == Edge("lower", "upper", only=("기울기",))


def test_each_pair_of_neighbours_is_compared_once() -> None:
    first, second, third = hit("역전파 기울기", 3, 0.9, 7), hit("역전파", 2, 0.8, 4), hit("역전파", 2, 0.7, 4)
    assert edges([first, second, third]) == [edge(first, second), Edge(tied=True)]
    assert edges([first]) == edges([]) == []


def test_parts_of_a_word_are_named_together_as_the_passage_writes_them() -> None:
    text = "역전파 알고리즘, 데이터베이스"
    passage = Passage("a.md", "a", (), text, 0, len(text), Locator(1))
    found = Hit(passage, 1.0, {}, ("역전", "파", "알고리즘", "데이터베이스", "데이터", "베이스"), ((0, 3), (4, 8), (10, 16)))
    assert joined(found.matched, found) == ("역전파", "알고리즘", "데이터베이스")
    assert joined(("파",), found) == ("파",)


texts = st.lists(st.sampled_from([*WORDS, "그리고", "값"]), min_size=1, max_size=8).map(" ".join)
scores = st.sampled_from([0.0, 0.5, 1.0, 2.0])
hits = st.builds(hit, texts, scores, scores, scores)


@given(hits, hits)
def test_nothing_is_invented(upper: Hit, lower: Hit) -> None:
    found = edge(upper, lower)
    if found is None or found.tied:
        return
    assert "upper" in (found.meaning, found.words)
    assert all(word in upper.passage.text and word not in lower.passage.text for word in found.only)
    assert all(said(word, upper) > said(word, lower) > 0 for word in found.more)
    assert not (found.only or found.more) or upper.legs["lexical"].score > lower.legs["lexical"].score
    assert (found.meaning == "upper") == (upper.legs["dense"].score > lower.legs["dense"].score)
