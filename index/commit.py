"""What a commit writes: one segment with the notes put in, and with those moved out of segments that are given up. And what is put off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.disk import segment_folder, segment_name
from index.encoder import Vectors
from index.files import Bytes, FileSystem, create, map_npy, sync_folder
from index.index import Changes, Ids, IndexedDocument
from index.lexical import Copy, build, merge
from index.manifest import DocumentEntry, Manifest
from index.near import write
from index.segment import Note, Segment, note_line, write_segment
from index.types import Progress
from index.way import fault, is_large

MOST_SEGMENTS = 8
"""A commit that would make more brings the smaller ones together."""

AT_ONCE = 16_384
"""A commit brings together at most so many living rows; more waits for `compacted`, so that what was put in can be found at once."""

MOST_DEAD = 0.5
"""A commit that would leave a larger share of dead rows writes everything anew."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One note on its way into a segment; the places in `about` are not known yet."""

    doc_id: str
    line: Bytes
    vectors: Vectors
    about: DocumentEntry


def write_changes(fs: FileSystem, root: Path, base: Manifest, segments: Mapping[str, Segment], changes: Changes) -> Manifest:
    """Writes the segment of a commit, where it has anything to hold, and returns the manifest that refers to it.

    `base` has the documents from before and already the number of the generation to come. Moved notes are copied, not embedded again.
    """
    gone = {item.document.doc_id for item in changes.put} | set(changes.remove)
    stay = base.holding({doc_id: entry for doc_id, entry in base.documents.items() if doc_id not in gone})
    absorbed = _absorbed(stay, changes.put)
    if _living(stay, absorbed) > AT_ONCE:
        absorbed = set()
    return _written(fs, root, stay, segments, changes.put, absorbed)


def compacted(fs: FileSystem, root: Path, base: Manifest, segments: Mapping[str, Segment], progress: Progress | None) -> Manifest:
    """Brings together what a commit left, and makes the inverted lists of large segments that have none; `base` where nothing is due.

    What is brought together has the number of the generation to come, lists alone do not change it.
    """
    absorbed, made = _absorbed(base, ()), base
    if _living(base, absorbed) > AT_ONCE:  # what is less was left by the commit for a reason
        made = _written(fs, root, replace(base, generation=base.generation + 1), segments, (), absorbed)
    for name, entry in made.segments.items():
        folder = segment_folder(root, name)
        if is_large(entry) and not any(not fault(folder / file, stored) for file, stored in entry.caches.items()):
            vectors = map_npy(folder / "vectors.npy", np.dtype(np.float32), (entry.rows, base.encoder.dim))
            file = f"lists-{segment_name(made.generation)}.faiss"
            if (folder / file).exists():
                fs.remove(folder / file)
            caches = {file: create(fs, folder / file, write(vectors, root, progress))}
            sync_folder(fs, folder)
            made = replace(made, segments={**made.segments, name: replace(entry, caches=caches)})
    return made


def _written(
    fs: FileSystem, root: Path, stay: Manifest, segments: Mapping[str, Segment], put: Sequence[IndexedDocument], absorbed: Set[str]
) -> Manifest:
    """`stay` with a new segment that holds the notes put in and those of the segments given up."""
    moved = {doc_id: entry for doc_id, entry in stay.documents.items() if entry.segment in absorbed}
    pieces = [_new_piece(item) for item in put]
    pieces += [_moved_piece(doc_id, entry, segments[entry.segment]) for doc_id, entry in moved.items()]
    if not pieces:
        return stay
    pieces.sort(key=lambda piece: piece.doc_id)
    name = segment_name(stay.generation)
    entries = _laid_out(name, pieces)
    vectors = [piece.vectors for piece in pieces]
    postings = merge(_copies(put, moved, segments, entries), sum(map(len, vectors)), root)
    written = write_segment(fs, segment_folder(root, name), (piece.line for piece in pieces), vectors, postings)
    return replace(stay, segments={**stay.segments, name: written}).holding({**stay.documents, **entries})


def _absorbed(stay: Manifest, put: Sequence[IndexedDocument]) -> set[str]:
    """The segments to give up.

    All where more than `MOST_DEAD` of the rows are dead. Where there are too many segments, all but those larger than the smaller ones
    together: so there are never many, and in the life of an index a passage is copied only about log2(passages) times.
    """
    live = dict.fromkeys(stay.segments, 0)
    for entry in stay.documents.values():
        live[entry.segment] += entry.rows[1] - entry.rows[0]
    if sum(entry.rows for entry in stay.segments.values()) * (1 - MOST_DEAD) > sum(live.values()):
        return set(live)
    if len(live) + bool(put) <= MOST_SEGMENTS:
        return set()
    absorbed, rest = set(live), sum(live.values()) + sum(len(item.passages) for item in put)
    for name, rows in Counter(live).most_common():
        rest -= rows
        if rows <= rest:
            break
        absorbed.remove(name)
    return absorbed


def _living(manifest: Manifest, segments: Set[str]) -> int:
    """How many rows live in some segments."""
    return sum(entry.rows[1] - entry.rows[0] for entry in manifest.documents.values() if entry.segment in segments)


def _new_piece(item: IndexedDocument) -> _Piece:
    document = item.document
    about = DocumentEntry("", (0, 0), (0, 0), document.title, len(document.text), item.content_hash, document.warnings)
    return _Piece(document.doc_id, note_line(Note(document, tuple(item.passages))), item.vectors, about)


def _moved_piece(doc_id: str, entry: DocumentEntry, segment: Segment) -> _Piece:
    return _Piece(doc_id, memoryview(segment.notes)[slice(*entry.bytes)], segment.flat.vectors[slice(*entry.rows)], entry)


def _laid_out(segment: str, pieces: Sequence[_Piece]) -> dict[str, DocumentEntry]:
    """Gives the notes of a new segment their rows and bytes, one after the other."""
    entries, row, byte = {}, 0, 0
    for piece in pieces:
        rows, line = (row, row + len(piece.vectors)), (byte, byte + len(piece.line))
        entries[piece.doc_id] = replace(piece.about, segment=segment, rows=rows, bytes=line)
        row, byte = rows[1], line[1]
    return entries


def _copies(
    put: Sequence[IndexedDocument],
    moved: Mapping[str, DocumentEntry],
    segments: Mapping[str, Segment],
    new: Mapping[str, DocumentEntry],
) -> list[Copy]:
    """Which inverted lists go where: those of the notes put in, and those of each segment that notes move out of."""
    terms = [passage for item in put for passage in item.terms]
    copies = [Copy(build(terms), np.arange(len(terms)), _rows(new[item.document.doc_id] for item in put))]
    for name in sorted({entry.segment for entry in moved.values()}):
        here = [doc_id for doc_id, entry in moved.items() if entry.segment == name]
        copies.append(Copy(segments[name].postings, _rows(moved[doc_id] for doc_id in here), _rows(new[doc_id] for doc_id in here)))
    return copies


def _rows(entries: Iterable[DocumentEntry]) -> Ids:
    return np.concatenate([np.empty(0, np.int64), *(np.arange(*entry.rows) for entry in entries)])
