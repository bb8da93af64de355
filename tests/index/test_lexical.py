"""BM25 against bm25s, against a plain loop, and against itself cut differently."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.lexical import Copy, Part, bm25, build, document_frequency, encoded, merge, statistics, terms_of
from index.settings import LexicalSettings

BM25 = LexicalSettings(k1=1.2, b=0.75)

words = st.sampled_from(["역전파", "학습", "gradient", "a", "ab", "b", "\ud800", "", "확률 분포", "z"])
passages = st.lists(st.lists(words, max_size=12), min_size=1, max_size=14)
queries = st.dictionaries(words, st.sampled_from([0.5, 1.0, 2.0]), max_size=5)


def plain(corpus: Sequence[Sequence[str]], terms: dict[str, float], k1: float, b: float) -> list[float]:
    """The formula as a student would write it."""
    count, mean = len(corpus), sum(map(len, corpus)) / len(corpus) or 1
    scores = []
    for passage in corpus:
        score = 0.0
        for term, weight in terms.items():
            df = sum(term in other for other in corpus)
            tf = passage.count(term)
            if tf:
                score += weight * math.log(1 + (count - df + 0.5) / (df + 0.5)) * tf / (tf + k1 * (1 - b + b * len(passage) / mean))
        scores.append(score)
    return scores


def whole(corpus: Sequence[Sequence[str]]) -> Part:
    return Part(build(corpus), np.ones(len(corpus), np.bool_))


def scored(parts: list[Part], terms: dict[str, float], settings: LexicalSettings = BM25) -> list[list[float]]:
    return [score.tolist() for score in bm25(parts, statistics(parts), terms, settings)]


@settings(max_examples=150, deadline=None)
@given(passages, queries, st.sampled_from([(1.2, 0.75), (0.0, 0.0), (2.0, 1.0), (0.9, 0.4)]))
def test_equals_the_plain_formula(corpus: list[list[str]], terms: dict[str, float], parameters: tuple[float, float]) -> None:
    k1, b = parameters
    [scores] = scored([whole(corpus)], terms, LexicalSettings(k1, b))
    assert scores == pytest.approx(plain(corpus, terms, k1, b), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_equals_bm25s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vocabulary = [f"w{number}" for number in range(60)]
    corpus = [[vocabulary[number] for number in rng.zipf(1.4, rng.integers(3, 60)) % 60] for _ in range(200)]
    judge = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    judge.index(corpus, show_progress=False)
    for _ in range(20):
        query = rng.choice(sorted({word for passage in corpus for word in passage}), rng.integers(1, 8)).tolist()
        [scores] = scored([whole(corpus)], {word: float(query.count(word)) for word in query})
        np.testing.assert_allclose(scores, judge.get_scores(query), atol=1e-5)


@settings(max_examples=150, deadline=None)
@given(st.data(), passages, queries)
def test_segments_and_deletions_change_nothing(data: st.DataObject, corpus: list[list[str]], terms: dict[str, float]) -> None:
    home = data.draw(st.lists(st.integers(0, 2), min_size=len(corpus), max_size=len(corpus)))
    alive = data.draw(st.lists(st.booleans(), min_size=len(corpus), max_size=len(corpus)))
    cut = [[number for number in range(len(corpus)) if home[number] == segment] for segment in range(3)]
    parts = [Part(build([corpus[number] for number in rows]), np.array([alive[number] for number in rows], np.bool_)) for rows in cut]
    living = [number for number in range(len(corpus)) if alive[number]]
    expected = dict(zip(living, plain([corpus[number] for number in living], terms, 1.2, 0.75) if living else [], strict=True))
    for rows, scores in zip(cut, scored(parts, terms), strict=True):
        for number, score in zip(rows, scores, strict=True):
            if alive[number]:
                assert score == pytest.approx(expected[number], abs=1e-12)
    for term in terms:
        assert document_frequency(parts, term) == sum(term in corpus[number] for number in living)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(passages, min_size=1, max_size=3))
def test_merged_equals_built(data: st.DataObject, corpora: list[list[list[str]]]) -> None:
    chosen = [(segment, row) for segment, corpus in enumerate(corpora) for row in range(len(corpus)) if data.draw(st.booleans())]
    order = data.draw(st.permutations(chosen))
    copies = []
    for segment, corpus in enumerate(corpora):
        rows = [row for place, row in chosen if place == segment]
        copies.append(Copy(build(corpus), np.array(rows, np.int64), np.array([order.index((segment, row)) for row in rows], np.int64)))
    merged, expected = merge(copies, len(order)), build([corpora[segment][row] for segment, row in order])
    for name in ("terms", "bounds", "entries", "lengths"):
        assert getattr(merged, name).tolist() == getattr(expected, name).tolist()
        assert getattr(merged, name).dtype == getattr(expected, name).dtype


@given(passages, st.data())
def test_terms_of_gives_back_what_was_built(corpus: list[list[str]], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(corpus)))
    end = data.draw(st.integers(first, len(corpus)))
    assert terms_of(build(corpus), first, end) == [sorted(terms, key=encoded) for terms in corpus[first:end]]


def test_postings_by_hand() -> None:
    postings = build([["b", "a", "b"], [], ["가", "b"]])
    assert postings.terms.tobytes() == "ab가".encode()
    assert postings.bounds.tolist() == [[0, 1, 2, 5], [0, 1, 3, 4]]
    assert postings.entries.tolist() == [[0, 0, 2, 2], [1, 2, 1, 1]]
    assert postings.lengths.tolist() == [3, 0, 2]
    assert [part.tolist() for part in postings.of("b")] == [[0, 2], [2, 1]]
    assert [part.tolist() for part in postings.of("c")] == [[], []]
    assert [part.tolist() for part in postings.of("힣")] == [[], []]


def test_nothing_indexed() -> None:
    parts = [whole([])]
    assert (statistics(parts).passages, statistics(parts).mean_length) == (0, 0.0)
    assert scored(parts, {"a": 1.0}) == [[]]
    assert scored([], {"a": 1.0}) == []
    assert document_frequency([], "a") == 0
