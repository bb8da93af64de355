"""Exact inner-product search over one matrix of unit vectors.

A score is defined once, by `exact`: the inner product in double precision, rounded to float32. NumPy or FAISS only narrow the choice,
in single precision and with room for its rounding, so that neither the engine nor the place of a vector can change a result.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from index.index import Ids, Scores, Vectors

if TYPE_CHECKING:
    import faiss

FAISS_FROM = 0
"""From how many vectors on FAISS searches; below, and where every vector is wanted, NumPy does. The tests raise it to compare the two."""

_SPARE = 32
"""How many neighbours beyond k FAISS is asked for, to see whether rounding could have cut off one that belongs."""


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


class Flat:
    """Searches one matrix `(n, dim)` of unit vectors, which may be memory-mapped, for the nearest rows."""

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    @cached_property
    def _faiss(self) -> faiss.IndexFlatIP:
        import faiss

        flat = faiss.IndexFlatIP(self.vectors.shape[1])
        flat.add(np.ascontiguousarray(self.vectors))
        return flat

    def score(self, query: Vectors, rows: Ids) -> Scores:
        """Exact scores of the rows named."""
        return exact(self.vectors[rows], query)

    def search(self, queries: Vectors, k: int, rows: Ids | None = None) -> list[tuple[Ids, Scores]]:
        """For each query the k best rows, or all where there are fewer, in the order `(-score, row)`.

        `rows`, ascending, restricts the choice.
        """
        count = len(self.vectors) if rows is None else len(rows)
        if k < 1 or not count:
            return [(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in queries]
        narrow = self._narrow_numpy if count < max(FAISS_FROM, k + 1) else self._narrow_faiss
        return [top(found, self.score(query, found), k) for query, found in zip(queries, narrow(queries, k, rows), strict=True)]

    def _narrow_numpy(self, queries: Vectors, k: int, rows: Ids | None) -> list[Ids]:
        vectors = self.vectors if rows is None else self.vectors[rows]
        return [_near(vectors @ query, k, rounding(query), rows) for query in queries]

    def _narrow_faiss(self, queries: Vectors, k: int, rows: Ids | None) -> list[Ids]:
        import faiss

        queries = np.ascontiguousarray(queries, np.float32)
        bits = None if rows is None else _bitmap(rows, len(self.vectors))  # the selector only borrows it
        chosen = None if bits is None else faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        scores, found = self._faiss.search(queries, k + _SPARE, params=chosen)
        out = []
        for query, near, ids in zip(queries, scores, found, strict=True):
            least = float(near[k - 1]) - rounding(query)
            if ids[-1] >= 0 and near[-1] >= least:  # more vectors than the spare ones are as near as the k-th
                _, _, ids = self._faiss.range_search(
                    query[None], float(np.nextafter(np.float32(least), np.float32(-np.inf))), params=chosen
                )
            out.append(ids[ids >= 0])
        return out


def _near(scores: Scores, k: int, room: float, rows: Ids | None) -> Ids:
    if k < len(scores):
        found = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k] - room)
    else:
        found = np.arange(len(scores))
    return found if rows is None else rows[found]


def _bitmap(rows: Ids, count: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    bits = np.zeros(count, np.bool_)
    bits[rows] = True
    return np.packbits(bits, bitorder="little")
