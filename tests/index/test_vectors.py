"""Exact search: NumPy in double precision is the judge of both ways of narrowing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import vectors
from index.vectors import Flat, exact, top
from tests.index.samples import sorted_by

WAYS = ["numpy", "faiss"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(vectors, "FAISS_FROM", 0 if request.param == "faiss" else 10**9)
    return str(request.param)


def judged(matrix: np.ndarray, query: np.ndarray, k: int, rows: list[int]) -> list[tuple[int, float]]:
    scores = [np.float32(np.sum(matrix[row].astype(np.float64) * query.astype(np.float64))) for row in rows]
    return [(rows[place], float(scores[place])) for place in sorted_by(scores, k)]


def units(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    matrix = rng.standard_normal((count, dim)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("k", [1, 3, 60, 500])
def test_equals_the_judge(way: str, k: int, restricted: bool) -> None:
    rng = np.random.default_rng(k)
    matrix = units(rng, 300, 24)
    matrix[50:200] = matrix[rng.integers(0, 6, 150)]  # many equal vectors
    matrix[200:260, 0] += rng.uniform(-1e-7, 1e-7, 60)  # and some that differ in the last bit
    rows = np.sort(rng.choice(300, 180, replace=False)) if restricted else None
    queries = np.concatenate((units(rng, 3, 24), matrix[[0, 2, 210]]))
    for query, (ids, scores) in zip(queries, Flat(matrix).search(queries, k, rows), strict=True):
        expected = judged(matrix, query, k, list(range(300)) if rows is None else rows.tolist())
        assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == expected


@pytest.mark.parametrize("name", WAYS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equals_the_judge_on_anything(name: str, data: st.DataObject) -> None:
    seed, count, kinds, k = (data.draw(st.integers(low, high)) for low, high in ((0, 999), (1, 90), (1, 5), (1, 95)))
    rng = np.random.default_rng(seed)
    matrix = units(rng, kinds, 6)[rng.integers(0, kinds, count)]
    rows = data.draw(st.none() | st.sets(st.integers(0, count - 1)).map(lambda chosen: np.array(sorted(chosen), np.int64)))
    query = units(rng, 1, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "FAISS_FROM", 0 if name == "faiss" else 10**9)
        [(ids, scores)] = Flat(matrix).search(query, k, rows)
    expected = judged(matrix, query[0], k, list(range(count)) if rows is None else rows.tolist())
    assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == expected


def test_more_equal_vectors_than_faiss_is_asked_for(way: str) -> None:
    matrix = np.tile(np.array([[0.6, 0.8]], np.float32), (500, 1))
    matrix[:3] = [1, 0]
    [(ids, scores)] = Flat(matrix).search(np.array([[0.6, 0.8]], np.float32), 5)
    assert ids.tolist() == [3, 4, 5, 6, 7]
    assert scores == pytest.approx([1.0] * 5, abs=1e-6)


def test_scores_closer_than_float32_sums_can_tell(way: str) -> None:
    rng = np.random.default_rng(0)
    base = units(rng, 1, 384)
    matrix = (base + rng.uniform(-4e-9, 4e-9, (1500, 384))).astype(np.float32)
    [(ids, scores)] = Flat(matrix).search(base, 5)
    assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == judged(matrix, base[0], 5, list(range(1500)))


def test_equal_vectors_have_equal_scores_wherever_they_stand() -> None:
    rng = np.random.default_rng(1)
    row, query = units(rng, 1, 383), units(rng, 1, 383)[0]
    for count in (1, 2, 3, 7, 33):
        assert set(exact(np.tile(row, (count, 1)), query).tolist()) == set(exact(row, query).tolist())


def test_nothing_to_find(way: str) -> None:
    empty, full = np.empty((0, 4), np.float32), np.eye(4, dtype=np.float32)
    for flat, k, rows in ((Flat(empty), 3, None), (Flat(full), 0, None), (Flat(full), 3, np.empty(0, np.int64))):
        [(ids, scores)] = flat.search(full[:1], k, rows)
        assert (ids.tolist(), scores.tolist()) == ([], [])
        assert (ids.dtype, scores.dtype) == (np.int64, np.float32)


def test_score_names_rows() -> None:
    assert Flat(np.eye(3, dtype=np.float32)).score(np.array([0.5, 0.25, 0], np.float32), np.array([1, 0, 1])).tolist() == [0.25, 0.5, 0.25]


def test_top_orders_ties_by_id() -> None:
    ids, scores = top(np.array([9, 2, 5, 1]), np.array([1, 1, 2, 0], np.float32), 3)
    assert (ids.tolist(), scores.tolist()) == ([5, 2, 9], [2, 1, 1])
