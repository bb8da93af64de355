"""Real notes as passages and vectors, and as many more vectors like them as a measurement of scale needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from index.encoder import Encoder, Vectors
from index.errors import DataError
from index.index import Ids
from index.settings import SplitSettings
from index.split import split
from index.types import Document, Passage, Progress
from rag.evaluation.datasets import jsonl_rows
from rag.evaluation.yardstick import CachedEncoder

BLOCK = 50_000
"""Vectors that are drawn at once."""

ENDINGS = (".md", ".markdown", ".txt")
"""Notes whose text is read as it stands."""


def note_passages(data: Path, encoder: Encoder, limit: int) -> list[Passage]:
    """At most `limit` passages of the notes in `data/notes/*.jsonl.zst`, spread evenly over all of them.

    DataError where there are none.
    """
    passages = [passage for document in _documents(data / "notes") for passage in split(document, SplitSettings(), encoder.count_tokens)]
    count = min(limit, len(passages))
    return [passages[number * len(passages) // count] for number in range(count)]


def _documents(folder: Path) -> Iterator[Document]:
    paths = sorted(folder.glob("*.jsonl.zst"))
    if not paths:
        raise DataError(f"{folder} holds no *.jsonl.zst; give the folder that holds notes/, see docs/benchmarks.md: --data DIR")
    for path in paths:
        for _, row in jsonl_rows(path):
            if row["path"].lower().endswith(ENDINGS):
                yield Document(row["id"], row["title"], row["text"])


def note_vectors(data: Path, encoder: CachedEncoder, limit: int, progress: Progress | None = None) -> Vectors:
    """The vectors of `note_passages`, which the encoder may have kept from an earlier run."""
    return encoder.encode_passages([passage.embedded for passage in note_passages(data, encoder, limit)], progress)


def distances(vectors: Vectors, among: Vectors, places: Ids) -> Vectors:
    """Of each vector, the Euclidean distance to the nearest in `among`, itself at `places` left out."""
    best = np.full(len(vectors), -np.inf, np.float32)
    for start in range(0, len(among), BLOCK):
        products = vectors @ among[start : start + BLOCK].T
        here = np.flatnonzero((places >= start) & (places < start + BLOCK))
        products[here, places[here] - start] = -np.inf
        best = np.maximum(best, products.max(axis=1))
    return np.sqrt(np.maximum(0, 2 - 2 * best))


@dataclass(frozen=True, slots=True)
class Alike:
    """Draws vectors like real ones: a real one moved by noise that is spread as the differences of neighbours are, and as wide as its own
    distance to its neighbour, times `width`.
    """

    real: Vectors
    nearest: Vectors
    shape: Vectors
    width: float = 1.0

    @classmethod
    def of(cls, real: Vectors) -> Self:
        real = real[np.sort(np.unique(real, axis=0, return_index=True)[1])]
        neighbours = np.empty_like(real)
        for start in range(0, len(real), 1024):
            products = real[start : start + 1024] @ real.T
            products[np.arange(len(products)), np.arange(start, start + len(products))] = -np.inf
            neighbours[start : start + 1024] = real[products.argmax(axis=1)]
        apart = real - neighbours
        nearest = np.linalg.norm(apart, axis=1)
        ways = (apart / nearest[:, None]).astype(np.float64)
        covariance = ways.T @ ways / len(ways) + 1e-9 * np.eye(real.shape[1])
        return cls(real, nearest.astype(np.float32), np.linalg.cholesky(covariance).T.astype(np.float32))

    def seeds(self, start: int, count: int) -> Ids:
        """Which real vector each is made of: they follow each other as the real ones do, so that neighbours in a note stay neighbours."""
        return np.arange(start, start + count) % len(self.real)

    def draw(self, start: int, count: int) -> Vectors:
        """The vectors `[start, start + count)` of an endless row; the same whenever they are drawn, in blocks of one size."""
        rng, seeds = np.random.default_rng([0, start]), self.seeds(start, count)
        noise = rng.standard_normal((count, self.real.shape[1]), np.float32) @ self.shape
        moved = self.real[seeds] + np.float32(self.width) * self.nearest[seeds, None] * noise
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)

    def first(self, count: int) -> Vectors:
        """The first `count` of that row."""
        return np.concatenate([self.draw(start, min(BLOCK, count - start)) for start in range(0, count, BLOCK)])

    def fitted(self, count: int, looked_at: int = 200) -> Alike:
        """With the width at which, among `count`, the median distance to the nearest is that of the real ones; by bisection."""
        low, high, goal = 0.3, 1.2, float(np.median(self.nearest))
        for _ in range(6):
            tried = replace(self, width=(low + high) / 2)
            if float(np.median(tried.neighbour_distances(count, looked_at))) < goal:
                low = tried.width
            else:
                high = tried.width
        return replace(self, width=(low + high) / 2)

    def neighbour_distances(self, count: int, looked_at: int = 200) -> Vectors:
        """Of some of the first `count`, the distance to the nearest of all."""
        places = np.arange(looked_at) * count // looked_at
        vectors = self.first(count)
        return distances(vectors[places], vectors, places)
