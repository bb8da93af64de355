"""The map of the passages: the directions of most variance, drawn the same way each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.projection import plane, sampled


def test_points_lie_along_the_directions_of_most_variance() -> None:
    along, across = np.array([0, 0, 0.6, 0.8]), np.array([1.0, 0, 0, 0])
    places = [(0.0, 0.0), (10.0, 0.0), (5.0, 1.0), (5.0, -1.0)]
    found = plane(np.array([x * along + y * across for x, y in places], np.float32))
    assert found.points.tolist() == [pytest.approx(point, abs=1e-5) for point in [(0, 0.5), (1, 0.5), (0.5, 1), (0.5, 0)]]
    assert found.share == pytest.approx(1)


def test_the_share_is_that_of_the_two_directions() -> None:
    vectors = np.concatenate([np.diag([3.0, 2.0, 1.0]), -np.diag([3.0, 2.0, 1.0])]).astype(np.float32)
    assert plane(vectors).share == pytest.approx(13 / 14)


@pytest.mark.parametrize(("count", "points"), [(0, []), (1, [[0.5, 0.5]]), (3, [[0.5, 0.5]] * 3)])
def test_where_nothing_differs(count: int, points: list[list[float]]) -> None:
    found = plane(np.full((count, 4), 0.5, np.float32))
    assert (found.points.tolist(), found.share) == (points, 0.0)


def test_two_points_lie_apart() -> None:
    assert sorted(plane(np.eye(2, 5, dtype=np.float32)).points[:, 0].tolist()) == [0, 1]


@given(st.integers(0, 60), st.integers(0, 10_000))
def test_points_stay_inside_and_do_not_depend_on_chance(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 6)).astype(np.float32)
    found = plane(vectors)
    assert found.points.shape == (count, 2)
    assert ((found.points >= 0) & (found.points <= 1)).all() and 0 <= found.share <= 1 + 1e-9
    assert (plane(vectors.copy()).points == found.points).all()


@given(st.integers(0, 10_000), st.integers(1, 3000))
def test_a_sample_is_spread_over_all(count: int, most: int) -> None:
    rows = sampled(count, most).tolist()
    assert len(rows) == min(count, most) and rows == sorted(set(rows))
    assert all(0 <= row < count for row in rows)
    assert max(np.diff([*rows, count]), default=0) <= -(-count // most)
