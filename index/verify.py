"""Looks at everything an index holds, hash by hash and row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from index.disk import archived, read_archived, read_manifest, segment_folder
from index.errors import IndexCorrupt, IndexMissing, IndexProblem
from index.index import unit
from index.lexical import Postings
from index.manifest import DocumentEntry, Manifest, SegmentEntry
from index.places import Place
from index.postgres import verify as of_database
from index.recorded import has_changed
from index.segment import Segment, damage, open_segment, parse_note
from index.types import Document
from index.way import REMAKE


def verify(path: Place) -> list[str]:
    """What is wrong with an index, the generations kept for roll-back included; nothing if it is whole. Raises IndexMissing."""
    if not isinstance(path, Path):
        return of_database.verify(path)
    problems: list[str] = []
    segments: dict[str, Segment | None] = {}
    looked: set[DocumentEntry] = set()
    earlier = archived(path)
    for number in (None, *earlier):
        try:
            manifest = read_manifest(path) if number is None else read_archived(path, number)
        except IndexProblem as error:
            if isinstance(error, IndexMissing) and not earlier:
                raise
            problems.append(f"{path / 'manifest.json'} is missing." if isinstance(error, IndexMissing) else str(error))
            continue
        if number is None:
            problems += _current(path, manifest, max(earlier, default=0))
        for name, entry in manifest.segments.items():
            if name not in segments:
                segments[name], found = _segment(segment_folder(path, name), entry, manifest.encoder.dim)
                problems += found
        problems += _generation(manifest, segments, looked)
    return problems


def _current(path: Path, manifest: Manifest, newest: int) -> Iterator[str]:
    """What is wrong with the current generation as such: an older one put back in its place, or an encoder that is another by now."""
    if newest > manifest.generation:
        yield f"{path / 'manifest.json'} is stale: it is generation {manifest.generation}, and generation {newest} was kept after it."
    if has_changed(manifest.encoder):
        yield f"{path} was built by {manifest.encoder.name} ({manifest.encoder.fingerprint}), which is another encoder by now, or gone."


def _segment(folder: Path, entry: SegmentEntry, dim: int) -> tuple[Segment | None, list[str]]:
    """Hashes and opens a segment; None where it is not worth looking into."""
    damaged = damage(folder, entry.files, hashes=True)
    if damaged:
        return None, damaged
    try:
        segment = open_segment(folder, entry, dim)
    except IndexCorrupt as error:
        return None, [str(error)]
    caches = [f"{problem} Search compares all vectors meanwhile; {REMAKE}." for problem in damage(folder, entry.caches, hashes=True)]
    return segment, caches + [f"{folder}: {problem}" for problem in postings_faults(segment.postings)]


def _generation(manifest: Manifest, segments: Mapping[str, Segment | None], looked: set[DocumentEntry]) -> Iterator[str]:
    """Compares a manifest with its whole segments. Notes that another generation has as well are looked at once."""
    for name, entry in manifest.segments.items():
        documents = {doc_id: document for doc_id, document in manifest.documents.items() if document.segment == name}
        yield from _rows(documents, entry.rows)
        segment = segments[name]
        for doc_id, document in documents.items():
            if segment and document not in looked:
                yield from (f"{doc_id}: {problem}" for problem in note_faults(segment, doc_id, document))
        looked.update(documents.values())
    for doc_id, document in manifest.documents.items():
        if document.segment not in manifest.segments:
            yield f"{doc_id} lies in segment {document.segment}, which generation {manifest.generation} does not list."


def _rows(documents: dict[str, DocumentEntry], rows: int) -> list[str]:
    """Notes whose rows overlap or lie outside the segment."""
    spans = sorted((*entry.rows, doc_id) for doc_id, entry in documents.items())
    problems = [f"{doc_id}: rows {start}-{end} lie outside 0-{rows}." for start, end, doc_id in spans if not 0 <= start <= end <= rows]
    return problems + [f"{left[2]} and {right[2]} share rows." for left, right in pairwise(spans) if right[0] < left[1]]


def note_faults(segment: Segment, doc_id: str, entry: DocumentEntry) -> Iterator[str]:
    """What is wrong with one note of a segment whose files are whole."""
    try:
        note = parse_note(segment.line(entry.bytes))
    except (ValueError, KeyError, TypeError):
        yield "its text cannot be read."
        return
    document, rows = note.document, entry.rows[1] - entry.rows[0]
    if (document.doc_id, document.title, len(document.text)) != (doc_id, entry.title, entry.characters):
        yield f"the manifest says {entry.title!r}, {entry.characters} characters; stored is {_about(document)}."
    if len(note.passages) != rows:
        yield f"{len(note.passages)} passages for {rows} rows."
    for passage in note.passages:
        if not 0 <= passage.start < passage.end <= len(document.text):
            yield f"passage {passage.start}-{passage.end} lies outside the text of {len(document.text)} characters."
    if not unit(segment.flat.vectors[slice(*entry.rows)]).all():
        yield "a vector is not finite or not of unit length."


def _about(document: Document) -> str:
    return f"{document.doc_id}, {document.title!r}, {len(document.text)} characters"


def postings_faults(postings: Postings) -> Iterator[str]:
    """What is wrong with inverted lists that can be opened."""
    rows, counts = postings.entries
    terms = [postings.term(number) for number in range(postings.bounds.shape[1] - 1)]
    if (np.diff(postings.bounds) < 0).any() or any(left >= right for left, right in pairwise(terms)):
        yield "the terms are not in order."
    if rows.size and (rows.min() < 0 or rows.max() >= len(postings.lengths) or counts.min() < 1):
        yield "an inverted list names a row that does not exist."
    elif not np.array_equal(np.bincount(rows, weights=counts, minlength=len(postings.lengths)), postings.lengths):
        yield "the lengths do not agree with the inverted lists."
