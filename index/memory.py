"""The index in memory, plain and exact: the judge of the others, and a test double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.disk import KEEP, now
from index.errors import UsageError
from index.index import Changes, Ids, IndexedDocument, Scores, Vectors, check, inside, padded, summarise
from index.lexical import idf
from index.settings import IndexSettings
from index.types import Document, DocumentInfo, Filter, Generation, Passage


class MemoryIndex:
    """Scores every passage for every query, the dense leg in double precision, the lexical leg term by term."""

    def __init__(
        self, *, encoder_name: str, encoder_fingerprint: str, dim: int, settings: IndexSettings, sources: tuple[str, ...] = ()
    ) -> None:
        self.settings = settings
        self.encoder_name = encoder_name
        self.encoder_fingerprint = encoder_fingerprint
        self.dim = dim
        self.sources = sources
        self.generation = 0
        self._fill({}, "", ())

    def _fill(self, items: dict[str, IndexedDocument], summary: str, earlier: tuple[Self, ...]) -> None:
        self._items = dict(sorted(items.items()))
        self._passages = [passage for item in self._items.values() for passage in item.passages]
        self._vectors = np.concatenate([np.empty((0, self.dim), np.float32), *(item.vectors for item in self._items.values())])
        self._terms = [Counter(terms) for item in self._items.values() for terms in item.terms]
        self._mean_length = sum(map(Counter.total, self._terms)) / max(len(self._terms), 1)
        self._earlier = earlier
        self._about = Generation(self.generation, now(), len(self._items), len(self._passages), summary)

    def __len__(self) -> int:
        return len(self._passages)

    def documents(self) -> list[DocumentInfo]:
        return [
            DocumentInfo(
                doc_id, item.document.title, item.content_hash, len(item.passages), len(item.document.text), item.document.warnings
            )
            for doc_id, item in self._items.items()
        ]

    def document(self, doc_id: str) -> Document:
        return self._items[doc_id].document

    def rows_of(self, doc_id: str) -> range:
        count = len(self._items[doc_id].passages)
        first = sum(len(item.passages) for other, item in self._items.items() if other < doc_id)
        return range(first, first + count)

    def passages(self, ids: Sequence[int] | Ids) -> list[Passage]:
        return [self._passages[number] for number in inside(ids, len(self))]

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        return self._vectors[inside(ids, len(self))]

    def dense(self, vectors: Vectors, k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        every = np.arange(len(self))
        rows = [self._best(self.score_dense(vector, every), self._kept(filter), k) for vector in vectors]
        return padded(rows, k)

    def lexical(self, terms: Mapping[str, float], k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        scores = self.score_lexical(terms, np.arange(len(self)))
        return self._best(scores, self._kept(filter) & (scores > 0), k)

    def score_dense(self, vector: Vectors, ids: Ids) -> Scores:
        products = self._vectors[inside(ids, len(self))].astype(np.float64) * vector.astype(np.float64)
        return np.asarray(products.sum(axis=1), np.float32)

    def score_lexical(self, terms: Mapping[str, float], ids: Ids) -> Scores:
        names = sorted(terms)
        weights = {term: terms[term] * idf(len(self), df) for term, df in zip(names, self.document_frequency(names), strict=True)}
        return np.array([self._bm25(weights, self._terms[number]) for number in inside(ids, len(self))], np.float32)

    def _bm25(self, weights: Mapping[str, float], passage: Counter[str]) -> float:
        k1, b = self.settings.lexical.k1, self.settings.lexical.b
        norm = k1 * (1 - b + b * passage.total() / (self._mean_length or 1.0))
        return sum(weight * passage[term] / (passage[term] + norm) for term, weight in weights.items() if term in passage)

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        return [sum(term in passage for passage in self._terms) for term in terms]

    def vocabulary(self) -> dict[str, int]:
        return dict(Counter(term for passage in self._terms for term in passage))

    def _kept(self, filter: Filter | None) -> NDArray[np.bool_]:
        return np.array([not filter or filter.keeps(passage.doc_id) for passage in self._passages], np.bool_)

    @staticmethod
    def _best(scores: Scores, kept: NDArray[np.bool_], k: int) -> tuple[Ids, Scores]:
        ids = np.array(sorted(np.flatnonzero(kept).tolist(), key=lambda number: (-scores[number], number))[:k], np.int64)
        return ids, scores[ids]

    def apply(self, changes: Changes, summary: str = "") -> Self:
        check(changes, self._items, self.dim)
        items = {doc_id: item for doc_id, item in self._items.items() if doc_id not in changes.remove}
        items |= {item.document.doc_id: item for item in changes.put}
        return self._next(items, summary or summarise(changes, self._items))

    def _next(self, items: dict[str, IndexedDocument], summary: str) -> Self:
        new = type(self)(
            encoder_name=self.encoder_name,
            encoder_fingerprint=self.encoder_fingerprint,
            dim=self.dim,
            settings=self.settings,
            sources=self.sources,
        )
        new.generation = self.generation + 1
        new._fill(items, summary, (self, *self._earlier)[: KEEP - 1] if self.generation else ())
        return new

    def history(self) -> list[Generation]:
        return [replace(self._about, current=True), *(index._about for index in self._earlier)] if self.generation else []

    def rollback(self, generation: int) -> Self:
        for index in self._earlier:
            if index.generation == generation:
                return self._next(index._items, f"back to generation {generation}")
        raise UsageError(f"Generation {generation} is not kept.")
