"""Exact inner-product search over one matrix of unit vectors.

A score is defined once, by `exact`: the inner product in double precision, rounded to float32. Whatever narrows the choice before does
so in single precision and with room for its rounding, so that neither the way nor the place of a vector can change a result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.index import Ids, Scores, Vectors

EXACT_UP_TO = 100_000
"""Vectors that are all compared with every query; where there are more, `index.near` narrows the choice."""

_CELLS = 2**22
"""How many inner products are held at once."""

_SPARE = 32
"""How many neighbours beyond k FAISS is asked for, to see whether rounding could have cut off one that belongs."""

_GATHERED = 8
"""Where fewer than one row in so many may be found, they are picked out first instead of multiplying all."""

HEADER = 128
"""Bytes before the first row of the file of vectors."""


def exact(vectors: Vectors, query: Vectors) -> Scores:
    """Inner products of `(n, dim)` with `(dim,)`; equal rows get equal scores wherever they stand, which BLAS does not promise."""
    return np.asarray((vectors.astype(np.float64) * query.astype(np.float64)).sum(axis=1), np.float32)


def top(ids: Ids, scores: Scores, k: int) -> tuple[Ids, Scores]:
    """The k best in the order `(-score, id)`."""
    if 0 < k < len(ids):
        among = scores >= np.partition(scores, len(scores) - k)[len(scores) - k]
        ids, scores = ids[among], scores[among]
    order = np.lexsort((ids, -scores))[:k]
    return ids[order], scores[order]


def rounding(query: Vectors) -> float:
    """Twice the most that a float32 inner product with a unit vector can be off.

    |error| <= dim u |x||q| with u = 2^-24 (Higham 2002, section 3.1); a hundredth is added for vectors not quite of unit length.
    """
    return len(query) * 2.0**-23 * float(np.linalg.norm(query)) * 1.01


def nothing() -> tuple[Ids, Scores]:
    return np.empty(0, np.int64), np.empty(0, np.float32)


class Flat:
    """Searches one matrix `(n, dim)` of unit vectors, which may be mapped from `file`, for the nearest rows."""

    def __init__(self, vectors: Vectors, file: Path | None = None) -> None:
        self.vectors = vectors
        # reading leaves nothing behind in this process; each row taken from the map would keep the pages around it resident
        self._file = file.open("rb", buffering=0) if file and len(vectors) > EXACT_UP_TO and hasattr(os, "pread") else None

    def rows(self, rows: Ids) -> Vectors:
        """The vectors of the rows named."""
        if self._file is None:
            return np.asarray(self.vectors[rows])
        dim, descriptor = self.vectors.shape[1], self._file.fileno()
        data = b"".join([os.pread(descriptor, 4 * dim, HEADER + 4 * dim * row) for row in np.asarray(rows).tolist()])
        return np.frombuffer(data, np.float32).reshape(-1, dim)

    def score(self, query: Vectors, rows: Ids) -> Scores:
        """Exact scores of the rows named."""
        return exact(self.rows(rows), query)

    def best(self, query: Vectors, k: int, rows: Ids) -> tuple[Ids, Scores]:
        """The k best of the rows named, in the order `(-score, row)`."""
        vectors = self.rows(rows)
        near = _near(vectors @ query, k, rounding(query))
        return top(rows[near], exact(vectors[near], query), k)

    def search(self, queries: Vectors, k: int, rows: Ids | None = None) -> list[tuple[Ids, Scores]]:
        """For each query the k best rows, or all where there are fewer, in the order `(-score, row)`.

        `rows`, ascending, restricts the choice.
        """
        if k < 1 or not len(self.vectors) or (rows is not None and not len(rows)):
            return [nothing() for _ in queries]
        if rows is not None and len(rows) * _GATHERED < len(self.vectors):
            return [self.best(query, k, rows) for query in queries]
        if rows is None and len(self.vectors) > k + _SPARE:
            return self._by_faiss(np.ascontiguousarray(queries, np.float32), k)
        return [self._of_all(query, products, k, rows) for query, products in self._products(queries)]

    def _by_faiss(self, queries: Vectors, k: int) -> list[tuple[Ids, Scores]]:
        """FAISS compares all where they lie; all are compared again where more than the spare ones are as near as the k-th."""
        import faiss

        found = []
        for query, near, rows in zip(queries, *faiss.knn(queries, self.vectors, k + _SPARE, faiss.METRIC_INNER_PRODUCT), strict=True):
            if near[-1] < near[k - 1] - rounding(query):
                found.append(top(rows, self.score(query, rows), k))
            else:
                found.append(self._of_all(query, self.vectors @ query, k, None))
        return found

    def _products(self, queries: Vectors) -> Iterator[tuple[Vectors, Scores]]:
        """Each query with its inner products in single precision with all rows."""
        step = max(1, _CELLS // len(self.vectors))
        for start in range(0, len(queries), step):
            some = queries[start : start + step]
            yield from zip(some, some @ self.vectors.T, strict=True)

    def _of_all(self, query: Vectors, products: Scores, k: int, rows: Ids | None) -> tuple[Ids, Scores]:
        near = _near(products if rows is None else products[rows], k, rounding(query))
        found = near if rows is None else rows[near]
        return top(found, self.score(query, found), k)


def _near(scores: Scores, k: int, room: float) -> NDArray[np.int64]:
    if k >= len(scores):
        return np.arange(len(scores))
    return np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k] - room)
