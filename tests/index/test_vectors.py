"""Exact search, and inverted lists of which all are looked at: NumPy in double precision is the judge of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import near, vectors
from index.files import DISK, create, map_npy, npy_parts
from index.near import Among, Near, write
from index.vectors import Flat, exact, top
from tests.index.samples import sorted_by

Search = Callable[[np.ndarray, np.ndarray, int, np.ndarray | None], list[tuple[np.ndarray, np.ndarray]]]


def exactly(matrix: np.ndarray, queries: np.ndarray, k: int, rows: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    return Flat(matrix).search(queries, k, rows)


def by_lists(matrix: np.ndarray, queries: np.ndarray, k: int, rows: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """All lists are looked at, and all that they hold is compared."""
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "FEW", 0)
        patch.setattr(near, "CANDIDATES", len(matrix))
        among = None if rows is None else Among(np.isin(np.arange(len(matrix)), rows))
        return lists_of(matrix, Path(place)).search(queries, k, among)


def lists_of(matrix: np.ndarray, place: Path) -> Near:
    (place / "lists").write_bytes(b"".join(map(bytes, write(matrix, place))))
    return Near(place / "lists", Flat(matrix))


@pytest.fixture(params=[exactly, by_lists])
def search(request: pytest.FixtureRequest) -> Search:
    found: Search = request.param
    return found


def judged(matrix: np.ndarray, query: np.ndarray, k: int, rows: list[int]) -> list[tuple[int, float]]:
    scores = [np.float32(np.sum(matrix[row].astype(np.float64) * query.astype(np.float64))) for row in rows]
    return [(rows[place], float(scores[place])) for place in sorted_by(scores, k)]


def units(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    matrix = rng.standard_normal((count, dim)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("k", [1, 3, 60, 500])
def test_equals_the_judge(search: Search, k: int, restricted: bool) -> None:
    rng = np.random.default_rng(k)
    matrix = units(rng, 300, 24)
    matrix[50:200] = matrix[rng.integers(0, 6, 150)]  # many equal vectors
    matrix[200:260, 0] += rng.uniform(-1e-7, 1e-7, 60)  # and some that differ in the last bit
    rows = np.sort(rng.choice(300, 180, replace=False)) if restricted else None
    queries = np.concatenate((units(rng, 3, 24), matrix[[0, 2, 210]]))
    for query, (ids, scores) in zip(queries, search(matrix, queries, k, rows), strict=True):
        expected = judged(matrix, query, k, list(range(300)) if rows is None else rows.tolist())
        assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == expected


@pytest.mark.parametrize("way", [exactly, by_lists])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equals_the_judge_on_anything(way: Search, data: st.DataObject) -> None:
    seed, count, kinds, k = (data.draw(st.integers(low, high)) for low, high in ((0, 999), (1, 90), (1, 5), (1, 95)))
    rng = np.random.default_rng(seed)
    matrix = units(rng, kinds, 6)[rng.integers(0, kinds, count)]
    rows = data.draw(st.none() | st.sets(st.integers(0, count - 1)).map(lambda chosen: np.array(sorted(chosen), np.int64)))
    query = units(rng, 1, 6)
    [(ids, scores)] = way(matrix, query, k, rows)
    expected = judged(matrix, query[0], k, list(range(count)) if rows is None else rows.tolist())
    assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == expected


def test_more_equal_vectors_than_are_asked_for(search: Search) -> None:
    matrix = np.tile(np.array([[0.6, 0.8]], np.float32), (500, 1))
    matrix[:3] = [1, 0]
    [(ids, scores)] = search(matrix, np.array([[0.6, 0.8]], np.float32), 5, None)
    assert ids.tolist() == [3, 4, 5, 6, 7]
    assert scores == pytest.approx([1.0] * 5, abs=1e-6)


def test_scores_closer_than_float32_sums_can_tell(search: Search) -> None:
    rng = np.random.default_rng(0)
    base = units(rng, 1, 384)
    matrix = (base + rng.uniform(-4e-9, 4e-9, (1500, 384))).astype(np.float32)
    [(ids, scores)] = search(matrix, base, 5, None)
    assert list(zip(ids.tolist(), scores.tolist(), strict=True)) == judged(matrix, base[0], 5, list(range(1500)))


def test_equal_vectors_have_equal_scores_wherever_they_stand() -> None:
    rng = np.random.default_rng(1)
    row, query = units(rng, 1, 383), units(rng, 1, 383)[0]
    for count in (1, 2, 3, 7, 33):
        assert set(exact(np.tile(row, (count, 1)), query).tolist()) == set(exact(row, query).tolist())


def test_nothing_to_find(search: Search) -> None:
    full = np.eye(4, dtype=np.float32)
    found = [search(full, full[:1], 0, None), search(full, full[:1], 3, np.empty(0, np.int64)), exactly(full[:0], full[:1], 3)]
    for [(ids, scores)] in found:
        assert (ids.tolist(), scores.tolist()) == ([], [])
        assert (ids.dtype, scores.dtype) == (np.int64, np.float32)


def test_score_names_rows() -> None:
    assert Flat(np.eye(3, dtype=np.float32)).score(np.array([0.5, 0.25, 0], np.float32), np.array([1, 0, 1])).tolist() == [0.25, 0.5, 0.25]


def test_top_orders_ties_by_id() -> None:
    ids, scores = top(np.array([9, 2, 5, 1]), np.array([1, 1, 2, 0], np.float32), 3)
    assert (ids.tolist(), scores.tolist()) == ([5, 2, 9], [2, 1, 1])


def test_rows_of_a_large_file_are_read_not_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 50)
    matrix = units(np.random.default_rng(2), 60, 7)
    create(DISK, tmp_path / "vectors.npy", npy_parts(matrix))
    flat = Flat(map_npy(tmp_path / "vectors.npy", matrix.dtype, (60, 7)), tmp_path / "vectors.npy")
    assert flat.rows(np.array([59, 0, 0, 7])).tolist() == matrix[[59, 0, 0, 7]].tolist()
    assert flat.rows(np.empty(0, np.int64)).shape == (0, 7)


# -------------------------------------------------- inverted lists of which some are looked at


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray, Near]:
    """20,000 vectors around 500 centres, 100 queries near them, and the lists."""
    rng = np.random.default_rng(3)
    centres = units(rng, 500, 48)
    matrix = around(rng, centres, 20_000)
    return matrix, around(rng, centres, 100), lists_of(matrix, tmp_path_factory.mktemp("lists"))


def around(rng: np.random.Generator, centres: np.ndarray, count: int) -> np.ndarray:
    near_one = centres[rng.integers(0, len(centres), count)] + 0.08 * rng.standard_normal((count, centres.shape[1]))
    return (near_one / np.linalg.norm(near_one, axis=1, keepdims=True)).astype(np.float32)


def recall(found: list[tuple[np.ndarray, np.ndarray]], expected: list[tuple[np.ndarray, np.ndarray]]) -> float:
    return float(np.mean([len(np.intersect1d(ids, right)) / len(right) for (ids, _), (right, _) in zip(found, expected, strict=True)]))


@pytest.mark.parametrize("k", [1, 10, 100])
def test_a_part_of_the_lists_holds_nearly_all_neighbours(
    clustered: tuple[np.ndarray, np.ndarray, Near], k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "LOOKED_AT", 2500)
    matrix, queries, lists = clustered
    found, expected = lists.search(queries, k), exactly(matrix, queries, k)
    assert recall(found, expected) >= 0.98
    for query, (ids, scores) in zip(queries, found, strict=True):
        assert scores.tolist() == exact(matrix[ids], query).tolist()  # what is found has its exact score
        assert ids.tolist() == top(ids, scores, k)[0].tolist()


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("apart", [False, True])
def test_filters_are_seen_by_the_lists(
    clustered: tuple[np.ndarray, np.ndarray, Near], share: float, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a filter leaves is searched: spread over all lists, or far from the query."""
    monkeypatch.setattr(near, "FEW", 100)
    monkeypatch.setattr(near, "LOOKED_AT", 800)
    matrix, queries, lists = clustered
    order = np.argsort(matrix[:, 0]) if apart else np.random.default_rng(4).permutation(len(matrix))
    among = Among(np.isin(np.arange(len(matrix)), order[: int(share * len(matrix))]))
    assert among.count == int(share * len(matrix))
    found = lists.search(queries, 10, among)
    assert all(len(ids) == 10 and among.rows[ids].all() for ids, _ in found)
    assert recall(found, exactly(matrix, queries, 10, among.ids)) >= 0.95


def test_a_few_rows_are_all_compared(clustered: tuple[np.ndarray, np.ndarray, Near]) -> None:
    matrix, queries, lists = clustered
    among = Among(np.arange(len(matrix)) % 10 == 3)
    for (ids, scores), (right, best) in zip(lists.search(queries, 7, among), exactly(matrix, queries, 7, among.ids), strict=True):
        assert (ids.tolist(), scores.tolist()) == (right.tolist(), best.tolist())


def test_the_same_vectors_give_the_same_lists(tmp_path: Path) -> None:
    matrix = units(np.random.default_rng(5), 3000, 16)
    told: list[tuple[str, int, int]] = []
    first = b"".join(map(bytes, write(matrix, tmp_path, lambda *step: told.append(step))))
    assert b"".join(map(bytes, write(matrix, tmp_path))) == first
    assert told == [("group", done, 10) for done in range(1, 11)] + [("list", 3000, 3000)]
    assert list(tmp_path.iterdir()) == []


def test_lists_of_other_vectors_are_refused(tmp_path: Path) -> None:
    lists_of(units(np.random.default_rng(6), 100, 8), tmp_path)
    with pytest.raises(RuntimeError, match="holds 100 vectors of 8 numbers"):
        Near(tmp_path / "lists", Flat(units(np.random.default_rng(6), 99, 8)))
