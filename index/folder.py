"""The index in a folder: vectors and postings mapped into memory, one immutable segment per commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index import disk
from index.commit import write_changes
from index.errors import EncoderMismatch, IndexBusy, IndexCorrupt, UsageError
from index.files import DISK, FileSystem
from index.index import Changes, Ids, IndexedDocument, Scores, Vectors, check, inside, padded, summarise
from index.lexical import Part, bm25, document_frequency, statistics, terms_of, vocabulary
from index.manifest import MEND, EncoderEntry, Manifest
from index.segment import Note, Segment, parse_note
from index.settings import IndexSettings
from index.types import Document, DocumentInfo, Filter, Generation, Passage
from index.vectors import top

Kept = NDArray[np.bool_]

_NOTHING: tuple[Ids, Scores] = (np.empty(0, np.int64), np.empty(0, np.float32))


class FolderIndex:
    """One generation of the index in a folder; `open` it, or start with `empty`."""

    def __init__(self, path: Path, manifest: Manifest, segments: Mapping[str, Segment], fs: FileSystem, keep: int) -> None:
        self.path = path
        self.manifest = manifest
        self.settings = manifest.settings
        self.encoder_name = manifest.encoder.name
        self.encoder_fingerprint = manifest.encoder.fingerprint
        self.generation = manifest.generation
        self.sources = manifest.sources
        self.fs = fs
        self.keep = keep
        self._segments = segments
        self._flats = [segment.flat for segment in segments.values()]
        self._doc_ids = list(manifest.documents)
        self._place()
        self._parts = [Part(segment.postings, ids >= 0) for segment, ids in zip(segments.values(), self._ids, strict=True)]
        self._statistics = statistics(self._parts)
        self._note = lru_cache(maxsize=256)(self._read_note)
        self._scored = lru_cache(maxsize=1)(self._bm25_of)

    def _place(self) -> None:
        """Numbers the passages in the order of the manifest, and notes where each lies: segment, row, and the other way round."""
        entries = list(self.manifest.documents.values())
        names = list(self._segments)
        counts = np.array([entry.rows[1] - entry.rows[0] for entry in entries], np.int64)
        self._starts = np.concatenate(([0], np.cumsum(counts)))
        self._segment_of = np.repeat(np.array([names.index(entry.segment) for entry in entries], np.int64), counts)
        self._row_of = np.concatenate([np.empty(0, np.int64), *(np.arange(*entry.rows) for entry in entries)])
        self._ids = [np.full(len(segment.flat.vectors), -1, np.int64) for segment in self._segments.values()]
        for number, ids in enumerate(self._ids):
            here = np.flatnonzero(self._segment_of == number)
            ids[self._row_of[here]] = here

    @classmethod
    def empty(
        cls,
        path: Path,
        *,
        encoder: EncoderEntry,
        settings: IndexSettings,
        sources: tuple[str, ...] = (),
        fs: FileSystem = DISK,
        keep: int = disk.KEEP,
    ) -> Self:
        """An index that holds nothing and is not written yet.

        Where the folder holds one already, the first commit takes its place, and the history goes on.
        """
        return cls(path, Manifest(disk.last_number(path), encoder, settings, sources), {}, fs, keep)

    @classmethod
    def open(cls, path: Path, *, fingerprint: str | None = None, fs: FileSystem = DISK, keep: int = disk.KEEP) -> Self:
        """The current generation; `fingerprint` is that of the encoder which will ask.

        Raises IndexMissing, IndexFormat, IndexCorrupt, EncoderMismatch.
        """
        manifest = disk.read_manifest(path)
        try:
            segments = disk.open_segments(path, manifest)
        except IndexCorrupt:
            if disk.read_manifest(path).generation == manifest.generation:
                raise
            # between the two reads a writer committed and removed the old files
            return cls.open(path, fingerprint=fingerprint, fs=fs, keep=keep)
        if fingerprint not in (None, manifest.encoder.fingerprint):
            raise EncoderMismatch(
                f"{path} was built by {manifest.encoder.name} ({manifest.encoder.fingerprint}), the encoder that asks is {fingerprint}. "
                f"Ask with the first, search by words (--retriever lexical), or embed the notes anew: rag index --index {path}"
            )
        return cls(path, manifest, segments, fs, keep)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def documents(self) -> list[DocumentInfo]:
        return [entry.info(doc_id) for doc_id, entry in self.manifest.documents.items()]

    def document(self, doc_id: str) -> Document:
        return self._note(doc_id).document

    def _read_note(self, doc_id: str) -> Note:
        entry = self.manifest.documents[doc_id]
        try:
            note = parse_note(self._segments[entry.segment].line(entry.bytes))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexCorrupt(f"{self.path}: the stored text of {doc_id} is altered. {MEND}") from error
        if note.document.doc_id != doc_id or len(note.passages) != entry.rows[1] - entry.rows[0]:
            raise IndexCorrupt(f"{self.path}: the stored passages of {doc_id} do not agree with the manifest. {MEND}")
        return note

    def passages(self, ids: Sequence[int] | Ids) -> list[Passage]:
        numbers = inside(ids, len(self))
        documents = np.searchsorted(self._starts, numbers, side="right") - 1
        return [self._note(self._doc_ids[at]).passages[number - self._starts[at]] for at, number in zip(documents, numbers, strict=True)]

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        return self._gather(ids, [flat.vectors.__getitem__ for flat in self._flats], self.manifest.encoder.dim)

    def indexed(self, doc_id: str) -> IndexedDocument:
        """One note as it was put in; of the terms, the order is lost."""
        entry, note = self.manifest.documents[doc_id], self._note(doc_id)
        segment = self._segments[entry.segment]
        terms = terms_of(segment.postings, *entry.rows)
        return IndexedDocument(note.document, entry.content_hash, note.passages, segment.flat.vectors[slice(*entry.rows)], terms)

    def dense(self, vectors: Vectors, k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        self._check_dim(vectors)
        kept = self._kept(filter)
        found = [[_NOTHING] * len(vectors)] + [self._dense_in(number, vectors, k, kept) for number in range(len(self._parts))]
        return padded([_joined(results, k) for results in zip(*found, strict=True)], k)

    def _dense_in(self, number: int, vectors: Vectors, k: int, kept: Kept | None) -> list[tuple[Ids, Scores]]:
        ids, chosen = self._ids[number], self._chosen(number, kept)
        results = self._flats[number].search(vectors, k, None if chosen.all() else np.flatnonzero(chosen))
        return [(ids[rows], scores) for rows, scores in results]

    def lexical(self, terms: Mapping[str, float], k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        kept, found = self._kept(filter), [_NOTHING]
        for number, scores in enumerate(self._bm25(terms)):
            rows = np.flatnonzero(self._chosen(number, kept) & (scores > 0))
            found.append((self._ids[number][rows], scores[rows]))
        return _joined(found, k)

    def score_dense(self, vector: Vectors, ids: Ids) -> Scores:
        self._check_dim(vector)
        return self._gather(ids, [partial(flat.score, vector) for flat in self._flats])

    def score_lexical(self, terms: Mapping[str, float], ids: Ids) -> Scores:
        return self._gather(ids, [scores.__getitem__ for scores in self._bm25(terms)])

    def _gather(self, ids: Sequence[int] | Ids, held: Sequence[Callable[[Ids], Scores]], *shape: int) -> Scores:
        """Numbers of that shape for each of the passages named, from a function of the rows for each segment."""
        numbers = inside(ids, len(self))
        out = np.zeros((len(numbers), *shape), np.float32)
        for number, of_rows in enumerate(held):
            here = self._segment_of[numbers] == number
            out[here] = of_rows(self._row_of[numbers[here]])
        return out

    def _bm25(self, terms: Mapping[str, float]) -> list[Scores]:
        """For each segment the score of every row, not to be written to: a question first ranks by it and then looks candidates up."""
        return self._scored(tuple(terms.items()))

    def _bm25_of(self, terms: tuple[tuple[str, float], ...]) -> list[Scores]:
        return [scores.astype(np.float32) for scores in bm25(self._parts, self._statistics, dict(terms), self.settings.lexical)]

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        return [document_frequency(self._parts, term) for term in terms]

    def vocabulary(self) -> dict[str, int]:
        return vocabulary(self._parts)

    def _kept(self, filter: Filter | None) -> Kept | None:
        """Which passages pass the filter; None for all."""
        if not filter:
            return None
        return np.repeat(np.array([filter.keeps(doc_id) for doc_id in self._doc_ids], np.bool_), np.diff(self._starts))

    def _chosen(self, number: int, kept: Kept | None) -> Kept:
        """Which rows of a segment live and pass."""
        live = self._parts[number].live
        return live if kept is None else live & kept[self._ids[number]]

    def _check_dim(self, vectors: Vectors) -> None:
        dim = self.manifest.encoder.dim
        if vectors.shape[-1] != dim:
            raise EncoderMismatch(f"{self.path} holds vectors of {dim} numbers ({self.encoder_name}), not of {vectors.shape[-1]}.")

    def apply(self, changes: Changes, summary: str = "") -> Self:
        """As the protocol says. Raises IndexBusy where another process writes, or has committed since this generation was opened."""
        with disk.writing(self.path, self.fs):
            return self.commit(changes, summary)

    def commit(self, changes: Changes, summary: str = "", *, sources: tuple[str, ...] | None = None, unfinished: bool = False) -> Self:
        """`apply` for a caller that holds `disk.writing` for longer than one commit."""
        check(changes, self.manifest.documents, self.manifest.encoder.dim)
        if disk.last_number(self.path) != self.generation:
            raise IndexBusy(
                f"{self.path} has moved on from generation {self.generation}, which this change is for. Open it again and repeat."
            )
        base = replace(
            self.manifest,
            generation=self.generation + 1,
            created=disk.now(),
            summary=summary or summarise(changes, self.manifest.documents),
            sources=self.sources if sources is None else sources,
            partial=unfinished,
        )
        with disk.telling(self.path):
            try:
                disk.commit(self.fs, self.path, write_changes(self.fs, self.path, base, self._segments, changes), self.keep)
            except OSError:
                disk.discard(self.fs, self.path, disk.segment_name(base.generation))
                raise
        return type(self).open(self.path, fs=self.fs, keep=self.keep)

    def history(self) -> list[Generation]:
        return disk.history(self.path)

    def rollback(self, generation: int) -> Self:
        rollback(self.path, generation, self.fs, self.keep)
        return type(self).open(self.path, fs=self.fs, keep=self.keep)


def rollback(path: Path, generation: int, fs: FileSystem = DISK, keep: int = disk.KEEP) -> FolderIndex:
    """Commits a new generation that holds what an earlier one held, even where the current one is broken.

    Raises UsageError where that generation is not kept, IndexCorrupt where it is broken too.
    """
    with disk.writing(path, fs):
        number = disk.last_number(path)
        if generation == number:
            raise UsageError(f"Generation {generation} is the current one. `rag history` lists the earlier ones.")
        manifest = disk.read_archived(path, generation)
        disk.open_segments(path, manifest)
        with disk.telling(path):
            again = replace(manifest, generation=number + 1, created=disk.now(), summary=f"back to generation {generation}")
            disk.commit(fs, path, again, keep)
    return FolderIndex.open(path, fs=fs, keep=keep)


def _joined(results: Sequence[tuple[Ids, Scores]], k: int) -> tuple[Ids, Scores]:
    """The k best of what several segments found."""
    return top(np.concatenate([ids for ids, _ in results]), np.concatenate([scores for _, scores in results]), k)
