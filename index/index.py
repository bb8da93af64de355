"""The index: passages, vectors and lexical postings behind one small surface."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.settings import IndexSettings
from index.types import Document, DocumentInfo, Filter, Generation, Passage

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """One note ready to be committed: its passages, their vectors `(n, dim)` and the terms of each passage (repeats kept, order free)."""

    document: Document
    content_hash: str
    passages: Sequence[Passage]
    vectors: Vectors
    terms: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Changes:
    """What one commit does: documents put in (a known `doc_id` is replaced) and `doc_id`s taken out."""

    put: Sequence[IndexedDocument] = ()
    remove: Sequence[str] = ()


class Index(Protocol):
    """One committed generation, immutable while open. An engine that many write to may have to let an old one go: IndexBusy says so.

    Passage ids are row numbers of that generation, 0 to `len - 1`, by `doc_id` and then as the passages were put in:
    they do not depend on how the index stores them.
    """

    settings: IndexSettings
    encoder_name: str
    encoder_fingerprint: str
    generation: int
    sources: tuple[str, ...]

    def __len__(self) -> int:
        """How many passages can be found."""
        ...

    def documents(self) -> Sequence[DocumentInfo]:
        """Every note, in `doc_id` order."""
        ...

    def document(self, doc_id: str) -> Document:
        """One note with its text; KeyError where there is none."""
        ...

    def rows_of(self, doc_id: str) -> range:
        """The ids of the passages of one note; KeyError where there is none."""
        ...

    def passages(self, ids: Sequence[int] | Ids) -> list[Passage]: ...

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        """The vectors `(n, dim)` of the passages named."""
        ...

    def dense(self, vectors: Vectors, k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        """The k best by inner product for each row of `vectors`: ids and scores `(q, k)`, padded with -1 and -inf.

        Order: `(-score, passage_id)`.
        """
        ...

    def lexical(self, terms: Mapping[str, float], k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        """The at most k passages with BM25 score > 0 for the weighted terms, best first, order as above."""
        ...

    def score_dense(self, vector: Vectors, ids: Ids) -> Scores:
        """Inner products of one vector `(dim,)` with the passages named."""
        ...

    def score_lexical(self, terms: Mapping[str, float], ids: Ids) -> Scores:
        """BM25 scores of the passages named, 0 where no term occurs."""
        ...

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        """In how many findable passages each term occurs."""
        ...

    def vocabulary(self) -> Mapping[str, int]:
        """Every term of a findable passage, with the number of passages that it occurs in; built anew by each call."""
        ...

    def apply(self, changes: Changes, summary: str = "") -> Self:
        """Commits the changes and returns the new generation; this one stays as it is."""
        ...

    def history(self) -> list[Generation]:
        """The generations kept, newest first."""
        ...

    def rollback(self, generation: int) -> Self:
        """Commits a new generation that holds what an earlier one held; UsageError where that one is not kept."""
        ...


def check(changes: Changes, known: Container[str], dim: int) -> None:
    """What every index demands before it commits. Raises ValueError for what only a bug can cause."""
    touched = [item.document.doc_id for item in changes.put] + list(changes.remove)
    if len(set(touched)) < len(touched):
        raise ValueError("A note is named twice in one commit.")
    unknown = [doc_id for doc_id in changes.remove if doc_id not in known]
    if unknown:
        raise ValueError(f"{unknown[0]} is to be removed but is not in the index.")
    for item in changes.put:
        _check_document(item, dim)


def _check_document(item: IndexedDocument, dim: int) -> None:
    document, count = item.document, len(item.passages)
    if item.vectors.shape != (count, dim) or len(item.terms) != count:
        raise ValueError(
            f"{document.doc_id}: {count} passages, vectors {item.vectors.shape} for dimension {dim}, terms of {len(item.terms)}."
        )
    if not unit(item.vectors).all():
        raise ValueError(f"{document.doc_id}: a vector is not finite or not of unit length.")
    for passage in item.passages:
        if (passage.doc_id, passage.title, passage.text) != (document.doc_id, document.title, document.text[passage.start : passage.end]):
            raise ValueError(f"{passage.passage_id} is not a span of {document.doc_id}.")


def unit(vectors: Vectors) -> NDArray[np.bool_]:
    """Which rows are finite and of unit length, within float32's rounding."""
    return np.asarray(np.abs(np.linalg.norm(vectors, axis=1) - 1) < 1e-3)


def summarise(changes: Changes, known: Container[str]) -> str:
    """`+2 ~1 -0 notes`: added, changed, removed."""
    changed = sum(item.document.doc_id in known for item in changes.put)
    return f"+{len(changes.put) - changed} ~{changed} -{len(changes.remove)} notes"


def inside(ids: Sequence[int] | Ids, count: int) -> Ids:
    """The ids as an array; IndexError where one is no passage of this generation (-1, the padding, included)."""
    numbers = np.asarray(ids, np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise IndexError(f"Passage ids run from 0 to {count - 1}.")
    return numbers


def padded(rows: Sequence[tuple[Ids, Scores]], k: int) -> tuple[Ids, Scores]:
    """Results of several queries as two arrays `(q, k)`, with -1 and -inf where there are fewer."""
    ids, scores = np.full((len(rows), k), -1, np.int64), np.full((len(rows), k), -np.inf, np.float32)
    for row, (found, score) in enumerate(rows):
        ids[row, : len(found)], scores[row, : len(found)] = found, score
    return ids, scores
