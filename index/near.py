"""Finds, among very many vectors, the few hundred that are near a query, by inverted lists of codes mapped from a file.

The vectors are put into about 4 sqrt(n) lists by k-means, and kept there as one bit a number (RaBitQ: Gao and Long 2024). A query looks
through the lists most likely to hold its neighbours, the nearest by their codes are compared exactly. So every score is exact, and only a
neighbour in a list that was not looked at, or hidden by its code, can be missed. The file is a cache: it is made out of the vectors, and
without it search is exact and slow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from weakref import proxy

import numpy as np
from numpy.typing import NDArray

from index.files import Bytes
from index.index import Ids, Scores, Vectors
from index.types import Progress
from index.vectors import Flat, nothing

if TYPE_CHECKING:
    import faiss

LISTS = 4.0
"""Lists for every square root of the number of vectors."""

SAMPLE = 40
"""Vectors for every list that k-means looks at."""

ROUNDS = 10
"""Rounds of k-means."""

BLOCK = 16_384
"""Vectors that are put into lists at once."""

SPREAD = 0.15
"""How much nearer than its centre, in root mean square radii, the nearest vector of a list is expected; see `_order`."""

LOOKED_AT, SHARE = 20_000, 25
"""So many vectors are looked at in lists, or one of so many, whichever is more."""

CANDIDATES, DEEPER = 800, 8
"""So many are compared exactly, and so many more for each result that is asked for."""

FEW = 4096
"""Where no more rows than these may be found, all are compared exactly."""

KEPT = 8
"""Of how many filters it is remembered what they leave."""


@dataclass(frozen=True, eq=False)
class Among:
    """Which rows `(n,)` may be found."""

    rows: NDArray[np.bool_]

    @cached_property
    def ids(self) -> Ids:
        return np.flatnonzero(self.rows)

    @cached_property
    def count(self) -> int:
        return int(np.count_nonzero(self.rows))

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        return np.packbits(self.rows, bitorder="little")


class Near:
    """The inverted lists in a file that `write` made of the vectors of `flat`. Raises RuntimeError where FAISS cannot read them."""

    def __init__(self, file: Path, flat: Flat) -> None:
        import faiss

        self._flat = flat
        self._lists = faiss.read_index(str(file), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        if (self._lists.d, self._lists.ntotal) != flat.vectors.shape[::-1]:
            raise RuntimeError(f"{file.name} holds {self._lists.ntotal} vectors of {self._lists.d} numbers, not {flat.vectors.shape}.")
        stored = faiss.downcast_InvertedLists(self._lists.invlists)
        if hasattr(stored, "prefetch_nthread"):
            stored.prefetch_nthread = 0  # 32 threads a query, to read ahead what is in memory
        self._centres = _centres(self._lists)
        self._radii = np.sqrt(np.maximum(0.0, 1.0 - np.square(self._centres).sum(axis=1))).astype(np.float32)
        self._sizes = np.array([stored.list_size(number) for number in range(self._lists.nlist)], np.int64)
        self._sizes_of = lru_cache(maxsize=KEPT)(partial(Near._counted, proxy(self)))

    @property
    def lists(self) -> int:
        return len(self._sizes)

    @cached_property
    def _list_of(self) -> NDArray[np.int32]:
        """In which list each row is."""
        import faiss

        found = np.zeros(len(self._flat.vectors), np.int32)
        stored = self._lists.invlists
        for number in np.flatnonzero(self._sizes).tolist():
            found[faiss.rev_swig_ptr(stored.get_ids(number), int(self._sizes[number]))] = number
        return found

    def _counted(self, among: Among) -> NDArray[np.int64]:
        """How many of the rows that may be found each list holds."""
        return np.bincount(self._list_of[among.ids], minlength=len(self._sizes))

    def search(self, queries: Vectors, k: int, among: Among | None = None) -> list[tuple[Ids, Scores]]:
        """For each query the k best rows that the lists lead to, in the order `(-score, row)`, with exact scores."""
        count = len(self._flat.vectors) if among is None else among.count
        if k < 1 or not count:
            return [nothing() for _ in queries]
        if among is not None and count <= max(FEW, k):
            return self._flat.search(queries, k, among.ids)
        sizes = self._sizes if among is None else self._sizes_of(among)
        return [self._one(query, k, among, sizes, max(LOOKED_AT, count // SHARE)) for query in np.asarray(queries, np.float32)]

    def _one(self, query: Vectors, k: int, among: Among | None, sizes: NDArray[np.int64], look_at: int) -> tuple[Ids, Scores]:
        products = self._centres @ query
        order = _order(products, self._radii)
        order = order[sizes[order] > 0]
        chosen = order[: int(np.searchsorted(np.cumsum(sizes[order]), max(look_at, k))) + 1]
        found = self._candidates(query, CANDIDATES + DEEPER * k, chosen, products[chosen], among)
        return self._flat.best(query, k, found) if len(found) else nothing()

    def _candidates(self, query: Vectors, count: int, lists: Ids, products: Scores, among: Among | None) -> Ids:
        """The rows that are nearest by their codes, in ascending order."""
        import faiss

        count = min(count, len(self._flat.vectors))
        scores, rows = np.empty((1, count), np.float32), np.empty((1, count), np.int64)
        how = faiss.IVFRaBitQSearchParameters()
        how.nprobe = len(lists)
        if among is not None:
            selector = faiss.IDSelectorBitmap(among.bits)  # borrows the bits
            how.sel = selector
        arrays = [np.ascontiguousarray(each) for each in (query, lists, products)]
        question, numbers, coarse, near, ids = (faiss.swig_ptr(each) for each in (*arrays, scores, rows))
        self._lists.search_preassigned_c(1, question, count, numbers, coarse, near, ids, False, how)
        return np.unique(rows[(rows >= 0) & (rows < len(self._flat.vectors))])


def _order(products: Scores, radii: Scores) -> Ids:
    """The lists, the most promising first.

    With q and x of unit length and c the centre of a list, q.x = q.c + q.(x - c). Over the list the second part has mean 0 and a standard
    deviation of r / sqrt(d) for its radius r and effective dimension d, so the best of many is expected at q.c + SPREAD r. By q.c alone
    narrow lists would come first that hold nothing near, by the distance to c wide ones.
    """
    return np.argsort(-(products + np.float32(SPREAD) * radii), kind="stable")


def _centres(lists: faiss.IndexIVFRaBitQ) -> Vectors:
    import faiss

    quantizer = faiss.downcast_index(lists.quantizer)
    return np.asarray(faiss.rev_swig_ptr(quantizer.get_xb(), lists.nlist * lists.d).reshape(lists.nlist, lists.d).copy())


def write(vectors: Vectors, folder: Path, progress: Progress | None = None) -> Iterator[Bytes]:
    """The file of inverted lists for vectors `(n, dim)`, part by part; the same for the same vectors.

    It takes about dim / 8 + 20 bytes a vector in memory, and as much in an unnamed file in `folder` for a moment.
    """
    import faiss

    lists = _filled(vectors, _trained(vectors, progress), progress)
    with TemporaryFile(dir=folder) as file:
        faiss.write_index(lists, faiss.PyCallbackIOWriter(file.write))
        del lists
        file.seek(0)
        while part := file.read(2**20):
            yield part


def _trained(vectors: Vectors, progress: Progress | None) -> Vectors:
    """The centres `(lists, dim)`, by k-means over a sample."""
    import faiss

    count = min(len(vectors), round(LISTS * math.sqrt(len(vectors))))
    chosen = np.sort(np.random.default_rng(0).choice(len(vectors), min(len(vectors), SAMPLE * count), replace=False))
    sample = np.ascontiguousarray(vectors[chosen])
    centres = None
    for done in range(ROUNDS):  # round by round, to tell how far it is
        means = faiss.Kmeans(
            vectors.shape[1], count, niter=1, seed=0, min_points_per_centroid=1, max_points_per_centroid=len(sample), verbose=False
        )
        means.train(sample, init_centroids=centres)
        centres = means.centroids
        if progress:
            progress("group", done + 1, ROUNDS)
    return np.asarray(centres, np.float32)


def _filled(vectors: Vectors, centres: Vectors, progress: Progress | None) -> faiss.IndexIVFRaBitQ:
    import faiss

    count, dim = centres.shape
    by_distance, by_product = faiss.IndexFlatL2(dim), faiss.IndexFlatIP(dim)
    by_distance.add(centres)
    by_product.add(centres)
    lists = faiss.IndexIVFRaBitQ(by_product, dim, count, faiss.METRIC_INNER_PRODUCT)
    by_product.this.disown()
    lists.own_fields = True
    lists.train(np.ascontiguousarray(centres))
    for start in range(0, len(vectors), BLOCK):
        block = np.ascontiguousarray(vectors[start : start + BLOCK])
        ids, place = np.arange(start, start + len(block)), np.ascontiguousarray(by_distance.search(block, 1)[1][:, 0])
        lists.add_core(len(block), *(faiss.swig_ptr(each) for each in (block, ids, place)))
        if progress:
            progress("list", start + len(block), len(vectors))
    return lists
