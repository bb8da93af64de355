"""Passage vectors in two dimensions, to look at: principal components, by a singular value decomposition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.index import Ids, Vectors

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """Points `(n, 2)` between 0 and 1 in both directions, and the share of the vectors' variance that the two directions hold."""

    points: Points
    share: float


def sampled(count: int, most: int) -> Ids:
    """Which of so many rows to show: all, or `most` of them at even distances."""
    return np.arange(count, dtype=np.int64) if count <= most else np.arange(most, dtype=np.int64) * count // most


def plane(vectors: Vectors) -> Plane:
    """The first two principal components of vectors `(n, dim)`.

    A direction has no sign of its own: each points to where its largest coordinate is positive, so that the same vectors give the same map.
    """
    count = len(vectors)
    if not count:
        return Plane(np.zeros((0, 2)), 0.0)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    chosen = directions[:2]
    chosen = chosen * np.where(chosen[np.arange(len(chosen)), np.abs(chosen).argmax(axis=1)] < 0, -1.0, 1.0)[:, None]
    points = np.zeros((count, 2))
    points[:, : len(chosen)] = centred @ chosen.T
    total = float((sizes**2).sum())
    return Plane(_spread(points), float((sizes[:2] ** 2).sum()) / total if total > 0 else 0.0)


def _spread(points: Points) -> Points:
    """Each direction from 0 to 1; one in which nothing differs, or rounding alone, in the middle."""
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    wide = size > 1e-9
    return np.asarray(np.where(wide, (points - low) / np.where(wide, size, 1.0), 0.5))
