"""What a commit writes: one segment with the notes put in, and with those moved out of segments that are given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.disk import segment_folder, segment_name
from index.encoder import Vectors
from index.files import FileSystem
from index.index import Changes, Ids, IndexedDocument
from index.lexical import Copy, build, merge
from index.manifest import DocumentEntry, Manifest
from index.segment import Note, Segment, note_line, write_segment

MOST_SEGMENTS = 8
"""A commit that would make more brings the smaller ones together."""

MOST_DEAD = 0.5
"""A commit that would leave a larger share of dead rows writes everything anew."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One note on its way into a segment; the places in `about` are not known yet."""

    doc_id: str
    line: bytes
    vectors: Vectors
    about: DocumentEntry


def write_changes(fs: FileSystem, root: Path, base: Manifest, segments: Mapping[str, Segment], changes: Changes) -> Manifest:
    """Writes the segment of a commit, where it has anything to hold, and returns the manifest that refers to it.

    `base` has the documents from before and already the number of the generation to come. Moved notes are copied, not embedded again.
    """
    gone = {item.document.doc_id for item in changes.put} | set(changes.remove)
    stay = base.holding({doc_id: entry for doc_id, entry in base.documents.items() if doc_id not in gone})
    absorbed = _absorbed(stay, changes.put)
    moved = {doc_id: entry for doc_id, entry in stay.documents.items() if entry.segment in absorbed}
    pieces = [_new_piece(item) for item in changes.put]
    pieces += [_moved_piece(doc_id, entry, segments[entry.segment]) for doc_id, entry in moved.items()]
    if not pieces:
        return stay
    pieces.sort(key=lambda piece: piece.doc_id)
    name = segment_name(base.generation)
    entries = _laid_out(name, pieces)
    vectors = np.concatenate([piece.vectors for piece in pieces])
    postings = merge(_copies(changes.put, moved, segments, entries), len(vectors))
    written = write_segment(fs, segment_folder(root, name), [piece.line for piece in pieces], vectors, postings)
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


def _new_piece(item: IndexedDocument) -> _Piece:
    document = item.document
    about = DocumentEntry("", (0, 0), (0, 0), document.title, len(document.text), item.content_hash, document.warnings)
    return _Piece(document.doc_id, note_line(Note(document, tuple(item.passages))), item.vectors, about)


def _moved_piece(doc_id: str, entry: DocumentEntry, segment: Segment) -> _Piece:
    return _Piece(doc_id, segment.line(entry.bytes), segment.flat.vectors[slice(*entry.rows)], entry)


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
