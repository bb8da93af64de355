"""BM25 against bm25s, against a plain loop, and against itself cut differently."""

from __future__ import annotations

import math
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import lexical
from index.lexical import Copy, Part, Question, bm25, build, document_frequency, encoded, merge, statistics, terms_of, vocabulary
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
@given(st.data(), st.lists(passages, min_size=1, max_size=3), st.integers(1, 4), st.integers(1, 9), st.sampled_from([0, 20, 10**6]))
def test_merged_equals_built(data: st.DataObject, corpora: list[list[list[str]]], terms: int, entries: int, spooled: int) -> None:
    chosen = [(segment, row) for segment, corpus in enumerate(corpora) for row in range(len(corpus)) if data.draw(st.booleans())]
    order = data.draw(st.permutations(chosen))
    copies = []
    for segment, corpus in enumerate(corpora):
        rows = [row for place, row in chosen if place == segment]
        copies.append(Copy(build(corpus), np.array(rows, np.int64), np.array([order.index((segment, row)) for row in rows], np.int64)))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BLOCK_TERMS", terms), ("BLOCK_ENTRIES", entries), ("SPOOLED", spooled), ("CHUNK", 3)):
            patch.setattr(lexical, name, value)
        merged = merge(copies, len(order))
    expected = build([corpora[segment][row] for segment, row in order])
    for name in ("terms", "bounds", "entries", "lengths"):
        assert getattr(merged, name).tolist() == getattr(expected, name).tolist()
        assert getattr(merged, name).dtype == getattr(expected, name).dtype


def test_merging_holds_no_more_than_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MB of entries are merged in less than a quarter of that, and leave no file behind."""
    rng = np.random.default_rng(0)
    parts = [build([[f"w{number}" for number in rng.integers(0, 2000, 130)] for _ in range(1000)]) for _ in range(10)]
    monkeypatch.setattr(lexical, "BLOCK_ENTRIES", 2**10)
    monkeypatch.setattr(lexical, "SPOOLED", 2**10)
    copies = [Copy(part, np.arange(1000), np.arange(1000) * 10 + number) for number, part in enumerate(parts)]
    tracemalloc.start()
    merged = merge(copies, 10_000, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = merged.entries.nbytes
    assert (size > 9_000_000, peak < size / 4, list(tmp_path.iterdir())) == (True, True, [])
    assert sum(map(len, (part.entries[0] for part in parts))) == merged.entries.shape[1]


@given(passages, st.data())
def test_the_vocabulary_in_chunks(corpus: list[list[str]], data: st.DataObject) -> None:
    alive = data.draw(st.lists(st.booleans(), min_size=len(corpus), max_size=len(corpus)))
    parts = [Part(build(corpus), np.array(alive, np.bool_))]
    expected = Counter(term for terms, lives in zip(corpus, alive, strict=True) if lives for term in set(terms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical, "CHUNK", 3)
        assert vocabulary(parts) == expected
        assert terms_of(parts[0].postings, 0, len(corpus)) == [sorted(terms, key=encoded) for terms in corpus]


@given(passages, st.data())
def test_terms_of_gives_back_what_was_built(corpus: list[list[str]], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(corpus)))
    end = data.draw(st.integers(first, len(corpus)))
    assert terms_of(build(corpus), first, end) == [sorted(terms, key=encoded) for terms in corpus[first:end]]


weights = st.dictionaries(words, st.sampled_from([0.2, 0.5, 1.0, 2.0, 0.0, -1.0]), max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(passages, min_size=1, max_size=3), weights, st.integers(0, 9))
def test_the_best_are_the_best_of_every_row_to_the_bit(
    data: st.DataObject, corpora: list[list[list[str]]], terms: dict[str, float], k: int
) -> None:
    masks = [data.draw(st.lists(st.booleans(), min_size=len(corpus), max_size=len(corpus))) for corpus in corpora]
    parts = [Part(build(corpus), np.array(mask, np.bool_)) for corpus, mask in zip(corpora, masks, strict=True)]
    chosen = [part.live & (np.arange(len(part.live)) % 3 < 2) for part in parts]
    asked = Question(parts, statistics(parts), terms, BM25)
    every = [scores.astype(np.float32) for scores in asked.every()]
    for number, scores in enumerate(every):
        some = np.array(data.draw(st.lists(st.integers(0, len(scores) - 1))), np.int64)
        assert asked.at(number, some).tolist() == asked.every()[number][some].tolist()
    expected = [(-scores[row], number, row) for number, scores in enumerate(every) for row in np.flatnonzero(chosen[number] & (scores > 0))]
    found = [(-score, number, row) for number, each in enumerate(asked.best(k, chosen)) for row, score in zip(*each, strict=True)]
    assert sorted(found)[:k] == sorted(expected)[:k]
    assert set(found) <= set(expected)


def test_frequent_terms_are_looked_up_only_where_it_matters() -> None:
    """A rare term settles who is best, so that of a frequent one's rows few are scored."""
    rng = np.random.default_rng(0)
    corpus = [["is", *(["rare"] * (row % 50 == 0)), *(f"w{number}" for number in rng.integers(0, 50, row % 20))] for row in range(2000)]
    parts = [whole(corpus)]
    asked = Question(parts, statistics(parts), {"is": 1.0, "rare": 1.0}, BM25)
    [(rows, scores)] = asked.best(5, [parts[0].live])
    assert 5 <= len(rows) <= 40
    every = asked.every()[0].astype(np.float32)
    best = sorted(range(2000), key=lambda row: (-every[row], row))[:5]
    assert [int(rows[place]) for place in np.lexsort((rows, -scores))[:5]] == best


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
