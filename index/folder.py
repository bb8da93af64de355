"""The index in a folder: vectors and postings mapped into memory, one immutable segment per commit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Self
from weakref import proxy

import numpy as np
from numpy.typing import NDArray

from index import disk
from index.commit import compacted, write_changes
from index.errors import EncoderMismatch, IndexBusy, IndexCorrupt, IndexProblem, UsageError
from index.files import DISK, FileSystem
from index.index import Changes, Ids, IndexedDocument, Scores, Vectors, check, inside, padded, summarise
from index.lexical import Part, Question, document_frequency, statistics, terms_of, vocabulary
from index.manifest import MEND, DocumentEntry, EncoderEntry, Manifest
from index.near import KEPT, Among
from index.segment import Note, Segment, parse_note
from index.settings import IndexSettings
from index.types import Document, DocumentInfo, Filter, Generation, Passage, Progress
from index.vectors import nothing, top
from index.way import Way

RUN, SPARSE = 8192, 1000
"""Rows of which the terms are gathered at once, without gaps of more than one in so many of the segment's: there another look through it
is faster than gathering what nobody asked for."""

Kept = NDArray[np.bool_]

_NOTHING = nothing()


class FolderIndex:
    """One generation of the index in a folder; `open` it, or start with `empty`."""

    def __init__(self, path: Path, manifest: Manifest, segments: Mapping[str, Segment], fs: FileSystem, keep: int) -> None:
        self.path = path
        self.manifest = manifest
        self.settings = manifest.settings
        self.encoder_name = manifest.encoder.name
        self.encoder_fingerprint = manifest.encoder.fingerprint
        self.generation = manifest.generation
        self._follows = manifest.generation
        self.sources = manifest.sources
        self.fs = fs
        self.keep = keep
        self._segments = segments
        self._flats = [segment.flat for segment in segments.values()]
        self._ways = [Way(each.flat, disk.segment_folder(path, name), manifest.segments[name]) for name, each in segments.items()]
        self._doc_ids = list(manifest.documents)
        self._place()
        self._parts = [Part(segment.postings, ids >= 0) for segment, ids in zip(segments.values(), self._ids, strict=True)]
        self._statistics = statistics(self._parts)
        me = proxy(self)  # no cache holds on to the index, whose files are closed as soon as nobody does
        self._note = lru_cache(maxsize=256)(partial(FolderIndex._read_note, me))
        self._looked_up = lru_cache(maxsize=1)(partial(FolderIndex._look_up, me))
        self._kept = lru_cache(maxsize=KEPT)(partial(FolderIndex._keep, me))
        self._among = lru_cache(maxsize=KEPT * max(1, len(segments)))(partial(FolderIndex._narrow, me))

    def _place(self) -> None:
        """Numbers the passages in the order of the manifest, and notes where each lies: segment, row, and the other way round."""
        entries = list(self.manifest.documents.values())
        numbers = {name: number for number, name in enumerate(self._segments)}
        rows = np.array([entry.rows for entry in entries], np.int64).reshape(-1, 2)
        counts = rows[:, 1] - rows[:, 0]
        self._starts = np.concatenate(([0], np.cumsum(counts)))
        self._segment_of = np.repeat(np.array([numbers[entry.segment] for entry in entries], np.int64), counts)
        self._row_of = np.arange(self._starts[-1]) + np.repeat(rows[:, 0] - self._starts[:-1], counts)
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

        Raises IndexMissing, IndexFormat, IndexCorrupt, EncoderMismatch, IndexProblem.
        """
        manifest = disk.read_manifest(path)
        try:
            segments = disk.open_segments(path, manifest)
        except IndexProblem:
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

    @property
    def encoder(self) -> EncoderEntry:
        return self.manifest.encoder

    @property
    def unfinished(self) -> bool:
        """Whether the run that committed this generation has not come to its end."""
        return self.manifest.partial

    @property
    def own(self) -> Mapping[str, DocumentEntry]:
        """The notes that `rag index` may replace or remove: all of them."""
        return self.manifest.documents

    @property
    def taken(self) -> Mapping[str, str]:
        """The notes that other machines put in, with the names of these: none."""
        return {}

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

    def rows_of(self, doc_id: str) -> range:
        if doc_id not in self.manifest.documents:
            raise KeyError(doc_id)
        at = bisect_left(self._doc_ids, doc_id)
        return range(int(self._starts[at]), int(self._starts[at + 1]))

    def passages(self, ids: Sequence[int] | Ids) -> list[Passage]:
        numbers = inside(ids, len(self))
        documents = np.searchsorted(self._starts, numbers, side="right") - 1
        return [self._note(self._doc_ids[at]).passages[number - self._starts[at]] for at, number in zip(documents, numbers, strict=True)]

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        return self._gather(ids, [flat.rows for flat in self._flats], self.manifest.encoder.dim)

    def indexed(self, doc_id: str) -> IndexedDocument:
        """One note as it was put in; of the terms, the order is lost."""
        entry, note = self.manifest.documents[doc_id], self._note(doc_id)
        segment = self._segments[entry.segment]
        terms = terms_of(segment.postings, *entry.rows)
        return IndexedDocument(note.document, entry.content_hash, note.passages, segment.flat.vectors[slice(*entry.rows)], terms)

    def every(self, doc_ids: Collection[str] | None = None) -> Iterator[IndexedDocument]:
        """All notes, or those named, as they were put in, segment by segment: of many, `indexed` would look through a segment for each."""
        named = self.manifest.documents if doc_ids is None else {doc_id: self.manifest.documents[doc_id] for doc_id in doc_ids}
        for name, segment in self._segments.items():
            here = [(doc_id, entry) for doc_id, entry in named.items() if entry.segment == name]
            for run in _runs(sorted(here, key=lambda each: each[1].rows), len(segment.flat.vectors) // SPARSE):
                first = run[0][1].rows[0]
                terms = terms_of(segment.postings, first, run[-1][1].rows[1])
                for doc_id, entry in run:
                    note, rows = self._note(doc_id), slice(entry.rows[0] - first, entry.rows[1] - first)
                    vectors = np.asarray(segment.flat.vectors[slice(*entry.rows)])
                    yield IndexedDocument(note.document, entry.content_hash, note.passages, vectors, terms[rows])

    def dense(self, vectors: Vectors, k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        self._check_dim(vectors)
        found = [[_NOTHING] * len(vectors)]
        for number, (way, ids) in enumerate(zip(self._ways, self._ids, strict=True)):
            found.append([(ids[rows], scores) for rows, scores in way.search(vectors, k, self._among(number, filter or None))])
        return padded([_joined(results, k) for results in zip(*found, strict=True)], k)

    def searching(self) -> list[str]:
        """How the vectors are searched, and why: a line for the segments that are small, and one for each that is not."""
        small = [flat for flat, way in zip(self._flats, self._ways, strict=True) if not way.is_large]
        few = [f"{sum(len(flat.vectors) for flat in small):,} vectors: all are compared, no segment having very many"] if small else []
        return few + [str(way) for way in self._ways if way.is_large]

    def _narrow(self, number: int, filter: Filter | None) -> Among | None:
        """Which rows of a segment live and pass; None where all do."""
        chosen = self._chosen(number, self._kept(filter))
        return None if chosen.all() else Among(chosen)

    def lexical(self, terms: Mapping[str, float], k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        kept = self._kept(filter or None)
        best = self._asked(terms).best(k, [self._chosen(number, kept) for number in range(len(self._parts))])
        return _joined([_NOTHING, *((ids[rows], scores) for ids, (rows, scores) in zip(self._ids, best, strict=True))], k)

    def score_dense(self, vector: Vectors, ids: Ids) -> Scores:
        self._check_dim(vector)
        return self._gather(ids, [partial(flat.score, vector) for flat in self._flats])

    def score_lexical(self, terms: Mapping[str, float], ids: Ids) -> Scores:
        asked = self._asked(terms)
        return self._gather(ids, [partial(asked.at, number) for number in range(len(self._parts))])

    def _gather(self, ids: Sequence[int] | Ids, held: Sequence[Callable[[Ids], NDArray[np.floating]]], *shape: int) -> Scores:
        """Numbers of that shape for each of the passages named, from a function of the rows for each segment."""
        numbers = inside(ids, len(self))
        out = np.zeros((len(numbers), *shape), np.float32)
        for number, of_rows in enumerate(held):
            here = self._segment_of[numbers] == number
            out[here] = of_rows(self._row_of[numbers[here]])
        return out

    def _asked(self, terms: Mapping[str, float]) -> Question:
        """The terms looked up: a question first ranks by them and then looks candidates up."""
        return self._looked_up(tuple(terms.items()))

    def _look_up(self, terms: tuple[tuple[str, float], ...]) -> Question:
        return Question(self._parts, self._statistics, dict(terms), self.settings.lexical)

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        return [document_frequency(self._parts, term) for term in terms]

    def vocabulary(self) -> dict[str, int]:
        return vocabulary(self._parts)

    def _keep(self, filter: Filter | None) -> Kept | None:
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
            return self.commit(changes, summary).compact()

    def commit(
        self,
        changes: Changes,
        summary: str = "",
        *,
        sources: tuple[str, ...] | None = None,
        unfinished: bool = False,
        hidden: bool = False,
    ) -> Self:
        """`apply` for a caller that holds `disk.writing` for longer than one commit.

        A hidden one is on the disk, but the current generation stays what it is until a commit that follows is not hidden.
        """
        check(changes, self.manifest.documents, self.manifest.encoder.dim)
        if disk.last_number(self.path) != self._follows:
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
                written = write_changes(self.fs, self.path, base, self._segments, changes)
                if not hidden:
                    disk.commit(self.fs, self.path, written, self.keep)
            except OSError:
                disk.discard(self.fs, self.path, disk.segment_name(base.generation))
                raise
        return self._hidden(written) if hidden else self._at(written)

    def compact(self, progress: Progress | None = None) -> Self:
        """Does what was too long for a commit: brings large segments together, makes inverted lists of their vectors.

        For a caller that holds `disk.writing`; readers find what was committed meanwhile. Gives this generation where nothing is due,
        else one that holds the same and takes its place in the history.
        """
        with disk.telling(self.path):
            try:
                made = compacted(self.fs, self.path, self.manifest, self._segments, progress)
                if made is self.manifest:
                    return self
                disk.commit(self.fs, self.path, made, self.keep, instead=True)
            except OSError:
                disk.discard(self.fs, self.path, disk.segment_name(self.generation + 1))
                raise
        return self._at(made)

    def _at(self, manifest: Manifest) -> Self:
        """A generation that was just written."""
        return type(self)(self.path, manifest, disk.open_segments(self.path, manifest), self.fs, self.keep)

    def _hidden(self, manifest: Manifest) -> Self:
        """A generation that is not the current one yet; gives back the space of segments that it alone has brought together."""
        new = self._at(manifest)
        new._follows = self._follows
        for name in self._segments.keys() - manifest.segments.keys():
            disk.discard(self.fs, self.path, name)
        return new

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


def _runs(notes: Sequence[tuple[str, DocumentEntry]], gap: int) -> Iterator[list[tuple[str, DocumentEntry]]]:
    """Notes in the order of their rows, some thousands of rows at a time, between them at most `gap` of others."""
    run: list[tuple[str, DocumentEntry]] = []
    for each in notes:
        if run and (each[1].rows[1] - run[0][1].rows[0] > RUN or each[1].rows[0] - run[-1][1].rows[1] > gap):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _joined(results: Sequence[tuple[Ids, Scores]], k: int) -> tuple[Ids, Scores]:
    """The k best of what several segments found."""
    return top(np.concatenate([ids for ids, _ in results]), np.concatenate([scores for _, scores in results]), k)
