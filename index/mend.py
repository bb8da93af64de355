"""Mends what `verify` finds: whole segments stay, and of harmed ones every part that is whole is used again.

A note needs a text, vectors and terms. Its text comes from the segment, else from its file, else from an earlier generation whose segment
is whole. Its vectors stay where they are whole and belong to the very same passages, else they are computed anew. Its terms follow from the
text. Nothing is taken from a file whose hash does not agree with the manifest's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from index import disk
from index.encoder import Encoder, Vectors, open_encoder
from index.errors import IndexCorrupt, IndexFormat, IndexMissing, IndexProblem, ModelError, NoteError, UsageError
from index.files import DISK, FileSystem, map_npy
from index.folder import FolderIndex
from index.inbox import inbox_of
from index.index import Changes, IndexedDocument, unit
from index.lexical import Postings, terms_of
from index.manifest import DocumentEntry, EncoderEntry, Manifest, SegmentEntry, salvage
from index.notes import NoteFile, content_hash, read_notes
from index.recorded import has_changed
from index.segment import LEXICAL, Note, Segment, damage, open_postings, open_segment, or_none, parse_note
from index.settings import IndexSettings
from index.sources import find_notes
from index.split import split
from index.types import Document, NoteProblem, Progress
from index.verify import note_faults, postings_faults

Text = Literal["kept", "read again", "earlier generation"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a note whose segment was harmed: where its text is from, and whether its passages were embedded anew."""

    doc_id: str
    text: Text
    embedded: bool


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repair did: notes that were whole, those that were mended, those that could not be, and generations that are given up."""

    generation: int
    whole: int
    mended: tuple[Fate, ...] = ()
    lost: tuple[NoteProblem, ...] = ()
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Base:
    """The generation that is mended. `trusted` where it is the last one, and its manifest is whole."""

    manifest: Manifest
    trusted: bool


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is whole of a segment: all of it, or some by itself."""

    segment: Segment | None = None
    notes: bytes | None = None
    vectors: Vectors | None = None
    postings: Postings | None = None


@dataclass
class _Tools:
    """What makes parts of a note anew, each opened where it is first needed."""

    path: Path
    base: _Base
    analyse: Callable[[str], list[str]]
    opened: Callable[[str], Encoder]
    progress: Progress | None
    earlier: dict[str, _Parts] = field(default_factory=dict)

    @cached_property
    def archive(self) -> list[Manifest]:
        """The other generations that can be read, newest first."""
        return [manifest for number in disk.archived(self.path) if (manifest := _archived(self.path, number))]

    def parts(self, manifest: Manifest, name: str) -> _Parts:
        """What is whole of a segment of an earlier generation, opened once."""
        if name not in self.earlier:
            self.earlier[name] = replace(_opened(self.path, name, manifest.segments[name], manifest.encoder.dim), notes=None)
        return self.earlier[name]

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that built the index as it is now; the shipped one where that is gone."""
        try:
            return self.opened(self.base.manifest.encoder.name)
        except (ModelError, UsageError):
            return self.opened("")

    @cached_property
    def changed(self) -> bool:
        """Whether the vectors are another encoder's than the one there is. It is opened where the record alone cannot say."""
        recorded = self.base.manifest.encoder
        if self.base.trusted and not has_changed(recorded):
            return False
        return (self.encoder.fingerprint, self.encoder.dim) != (recorded.fingerprint, recorded.dim)

    @cached_property
    def files(self) -> Mapping[str, NoteFile]:
        """The files of the notes; none where a folder is gone."""
        with suppress(UsageError, NoteError):  # without one of its folders the others' notes would bear other names
            return {file.doc_id: file for file in find_notes(self.base.manifest.sources, inbox_of(self.path))}
        return {}


@dataclass(slots=True)
class _Work:
    """What is to be done with the notes of a harmed index."""

    whole: dict[str, DocumentEntry] = field(default_factory=dict)
    put: list[IndexedDocument] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    lost: list[NoteProblem] = field(default_factory=list)


def shipped_or(name: str) -> Encoder:
    """The encoder of that name; the shipped one for none."""
    return open_encoder(name) if name else open_encoder()


def repair(
    path: Path,
    *,
    analyse: Callable[[str], list[str]],
    opened: Callable[[str], Encoder] = shipped_or,
    progress: Progress | None = None,
    fs: FileSystem = DISK,
) -> Mended:
    """Mends an index in one commit, and gives up earlier generations that are harmed; what cannot be mended is said.

    Raises IndexMissing, IndexFormat, IndexBusy, IndexProblem, and IndexCorrupt where no generation can be read any more.
    """
    if not path.is_dir():
        disk.read_manifest(path)
    with disk.writing(path, fs):
        base = _base(path)
        tools = _Tools(path, base, analyse, opened, progress)
        work = _sorted_out(path, base, tools)
        generation = base.manifest.generation
        if work.put or work.lost or not base.trusted or tools.changed:
            generation = _committed(path, base, work, tools, fs).generation
        with disk.telling(path):
            dropped = tuple(number for number in reversed(disk.archived(path)) if not _is_whole(path, number))
            for number in dropped:
                disk.forget(fs, path, number)
            disk.sweep(fs, path, disk.KEEP)
    return Mended(generation, len(work.whole), tuple(work.fates), tuple(work.lost), dropped)


# ------------------------------------------------------------------ which generation


def _base(path: Path) -> _Base:
    """The newest generation that can be read; of a broken current manifest what it says, to be checked note by note."""
    current: Manifest | None = None
    problem: IndexProblem | None = None
    try:
        current = disk.read_manifest(path)
    except (IndexMissing, IndexFormat, IndexCorrupt) as error:
        current, problem = _salvaged(path, error), error
    earlier = next((manifest for number in disk.archived(path) if (manifest := _archived(path, number))), None)
    if current and (problem or not earlier or current.generation >= earlier.generation):
        if problem and earlier:
            current = replace(current, settings=earlier.settings, sources=_present(current.sources) or earlier.sources)
        return _Base(current, trusted=problem is None)
    if earlier is None:
        if isinstance(problem, IndexMissing):
            raise problem
        raise IndexCorrupt(f"{path} holds no generation that can be read. Build it anew: rag index --index {path} --replace NOTES")
    return _Base(earlier, trusted=False)


def _salvaged(path: Path, error: IndexProblem) -> Manifest | None:
    """What a broken manifest says, with today's settings. Raises the error where it is another version's."""
    try:
        data = (path / "manifest.json").read_bytes()
    except OSError:
        return None
    found = salvage(data)
    if found is None and isinstance(error, IndexFormat):
        raise error
    return replace(found, settings=IndexSettings(), partial=False) if found else None


def _present(sources: tuple[str, ...]) -> tuple[str, ...]:
    """The folders, if all of them are there."""
    return sources if all(Path(source).exists() for source in sources) else ()


def _archived(path: Path, number: int) -> Manifest | None:
    """An earlier generation, None where it is harmed."""
    with suppress(IndexFormat, IndexCorrupt):
        return disk.read_archived(path, number)
    return None


def _is_whole(path: Path, number: int) -> bool:
    manifest = _archived(path, number)
    if manifest is None:
        return False
    return all(_opened(path, name, entry, manifest.encoder.dim).segment for name, entry in manifest.segments.items())


# -------------------------------------------------------------------- what is whole


def _opened(path: Path, name: str, entry: SegmentEntry, dim: int) -> _Parts:
    """Opens what is whole of a segment. Raises IndexProblem where its files may not be read or too many are open."""
    folder = disk.segment_folder(path, name)
    harmed = {file for file, stored in entry.files.items() if damage(folder, {file: stored}, hashes=True)}
    try:
        segment = open_segment(folder, entry, dim) if not harmed else None
    except IndexCorrupt:
        segment = None
    if segment and not list(postings_faults(segment.postings)):
        return _Parts(segment, segment.notes[:], segment.flat.vectors, segment.postings)
    lines, matrix = folder / "notes.jsonl", folder / "vectors.npy"
    notes = None if "notes.jsonl" in harmed else or_none(lines, lines.read_bytes)
    postings = None if segment or harmed & LEXICAL else or_none(folder, lambda: open_postings(folder, entry.rows))
    known = np.dtype(np.float32), (entry.rows, dim)
    vectors = None if "vectors.npy" in harmed else or_none(matrix, lambda: map_npy(matrix, *known))
    return _Parts(None, notes, vectors, postings)


def _sorted_out(path: Path, base: _Base, tools: _Tools) -> _Work:
    """Goes through the notes of the base: those that are whole, and those that are made anew from what is left."""
    manifest, work = base.manifest, _Work()
    parts = {name: _opened(path, name, entry, manifest.encoder.dim) for name, entry in manifest.segments.items()}
    wanted = {doc_id: (entry, parts.get(entry.segment, _Parts())) for doc_id, entry in manifest.documents.items()}
    reading: list[str] = [] if base.trusted else [doc_id for doc_id in tools.files if doc_id not in wanted]
    for doc_id, (entry, part) in wanted.items():
        if part.segment and not tools.changed and not list(note_faults(part.segment, doc_id, entry)) and _agrees(doc_id, entry, tools):
            work.whole[doc_id] = entry
        elif (note := _stored(part, doc_id, entry)) and _agrees(doc_id, entry, tools):
            _mended(work, "kept", note, entry.content_hash, _rows(part, entry), tools)
        else:
            reading.append(doc_id)
    _read_again(work, reading, wanted, tools)
    return work


def _agrees(doc_id: str, entry: DocumentEntry, tools: _Tools) -> bool:
    """Whether what an untrusted manifest says of a note's content is what its file holds; a file that is gone says nothing."""
    if tools.base.trusted or doc_id not in tools.files:
        return True
    try:
        return content_hash(tools.files[doc_id].path) == entry.content_hash
    except NoteError:
        return True


def _stored(part: _Parts, doc_id: str, entry: DocumentEntry) -> Note | None:
    """The note as the segment holds it, where its lines are whole."""
    if part.notes is None:
        return None
    try:
        note = parse_note(part.notes[slice(*entry.bytes)])
    except (ValueError, KeyError, TypeError):
        return None
    spans = [0 <= passage.start < passage.end <= len(note.document.text) for passage in note.passages]
    return note if note.document.doc_id == doc_id and all(spans) else None


# ------------------------------------------------------------------- what is made anew


def _mended(work: _Work, text: Text, note: Note, content: str, vectors: Vectors | None, tools: _Tools) -> None:
    """Puts a note in again with terms, and with its vectors where they are whole."""
    if tools.changed:
        note, vectors = _cut(note.document, tools), None
    texts = [passage.embedded for passage in note.passages]
    if vectors is None or len(vectors) != len(texts) or not unit(vectors).all():
        vectors = None
    anew = tools.encoder.encode_passages(texts, tools.progress) if vectors is None and texts else None
    found = anew if anew is not None else vectors if vectors is not None else np.empty((0, tools.base.manifest.encoder.dim), np.float32)
    work.put.append(IndexedDocument(note.document, content, note.passages, np.array(found), [tools.analyse(each) for each in texts]))
    work.fates.append(Fate(note.document.doc_id, text, anew is not None))


def _cut(document: Document, tools: _Tools) -> Note:
    return Note(document, tuple(split(document, tools.base.manifest.settings.split, tools.encoder.count_tokens)))


def _rows(part: _Parts, entry: DocumentEntry) -> Vectors | None:
    return None if part.vectors is None else part.vectors[slice(*entry.rows)]


def _read_again(work: _Work, doc_ids: Sequence[str], wanted: Mapping[str, tuple[DocumentEntry, _Parts]], tools: _Tools) -> None:
    """Notes whose stored text is harmed: from their files, else from an earlier generation."""
    there = [tools.files[doc_id] for doc_id in doc_ids if doc_id in tools.files]
    problems = {doc_id: "its file is gone" for doc_id in doc_ids if doc_id not in tools.files}
    for file, result in zip(there, read_notes(there, progress=tools.progress), strict=True):
        if isinstance(result, NoteProblem):
            problems[file.doc_id] = f"its file cannot be read ({result.reason})"
        else:
            note = _cut(result, tools)
            vectors = _same_vectors(note, *wanted[file.doc_id], tools) if file.doc_id in wanted else None
            _mended(work, "read again", note, content_hash(file.path), vectors, tools)
    for doc_id, reason in problems.items():
        if found := _earlier(doc_id, tools):
            _mended(work, "earlier generation", *found, tools)
        elif doc_id in wanted:
            work.lost.append(NoteProblem(doc_id, f"its stored text is harmed, {reason}, and no earlier generation holds it"))
    tools.earlier.clear()  # Windows removes no file that is open


def _same_vectors(note: Note, old: DocumentEntry, part: _Parts, tools: _Tools) -> Vectors | None:
    """The vectors of a note that was read again: still its own where its passages have the very terms that its rows have."""
    if part.vectors is None or part.postings is None:
        return None
    terms = [sorted(each) for each in terms_of(part.postings, *old.rows)]
    return _rows(part, old) if terms == [sorted(tools.analyse(passage.embedded)) for passage in note.passages] else None


def _earlier(doc_id: str, tools: _Tools) -> tuple[Note, str, Vectors | None] | None:
    """A note as the newest of the other generations holds it, in a segment that is whole."""
    for manifest in tools.archive:
        if (entry := manifest.documents.get(doc_id)) and entry.segment in manifest.segments:
            part = tools.parts(manifest, entry.segment)
            if part.segment and not list(note_faults(part.segment, doc_id, entry)):
                same = manifest.encoder.fingerprint == tools.base.manifest.encoder.fingerprint
                return parse_note(part.segment.line(entry.bytes)), entry.content_hash, _rows(part, entry) if same else None
    return None


def _committed(path: Path, base: _Base, work: _Work, tools: _Tools, fs: FileSystem) -> FolderIndex:
    """One commit: the whole notes stay where they lie, the mended ones become a segment, harmed segments are no longer named."""
    manifest = replace(base.manifest.holding(work.whole), generation=disk.last_number(path))
    if tools.changed:
        manifest = replace(manifest, encoder=EncoderEntry(tools.encoder.name, tools.encoder.fingerprint, tools.encoder.dim))
    segments = {
        name: open_segment(disk.segment_folder(path, name), entry, manifest.encoder.dim) for name, entry in manifest.segments.items()
    }
    index = FolderIndex(path, manifest, segments, fs, disk.KEEP)
    return index.commit(Changes(work.put), f"mended {len(work.put)} of {len(work.put) + len(work.whole)} notes")
