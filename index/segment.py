"""One segment: some notes with their passages, vectors and postings, written once and never changed."""

from __future__ import annotations

import errno
import json
import mmap
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.errors import IndexCorrupt, IndexProblem
from index.files import (
    Bytes,
    FileSystem,
    Stored,
    create,
    make_folder,
    map_npy,
    npy_parts,
    remove_tree,
    sha256,
    stacked_npy_parts,
    sync_folder,
)
from index.lexical import Postings
from index.manifest import MEND, SegmentEntry
from index.types import Document, Locator, Mark, Passage
from index.vectors import Flat

T = TypeVar("T")

LEXICAL = frozenset(("terms.npy", "bounds.npy", "entries.npy", "lengths.npy"))
"""The files that the inverted lists lie in."""

_HARMED = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EIO))
"""What reading a file fails with where the file itself is at fault."""
_SCARCE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))


@dataclass(frozen=True, slots=True)
class Note:
    """A document and its passages."""

    document: Document
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """An open segment; `notes` are lines of JSON, read one at a time."""

    notes: mmap.mmap
    flat: Flat
    postings: Postings

    def line(self, place: tuple[int, int]) -> bytes:
        return self.notes[place[0] : place[1]]


def note_line(note: Note) -> bytes:
    """One note as a line of JSON. Passages are kept as offsets: their text is the document's."""
    document = note.document
    facts = {
        "doc_id": document.doc_id,
        "title": document.title,
        "structure": document.structure,
        "text": document.text,
        "marks": [(mark.start, mark.kind, mark.value) for mark in document.marks],
        "warnings": document.warnings,
        "passages": [_passage_facts(passage) for passage in note.passages],
    }
    return (json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")


def parse_note(line: bytes) -> Note:
    """Reads what `note_line` wrote."""
    facts = json.loads(line)
    document = Document(
        facts["doc_id"],
        facts["title"],
        facts["text"],
        facts["structure"],
        tuple(Mark(*mark) for mark in facts["marks"]),
        tuple(facts["warnings"]),
    )
    return Note(document, tuple(_passage(document, passage) for passage in facts["passages"]))


def _passage_facts(passage: Passage) -> dict[str, Any]:
    locator = passage.locator
    places = asdict(locator)
    return {
        "start": passage.start,
        "end": passage.end,
        "section": passage.section,
        "parents": passage.parents,
        "locator": {name: value for name, value in places.items() if value is not None},
    }


def _passage(document: Document, facts: Mapping[str, Any]) -> Passage:
    start, end = facts["start"], facts["end"]
    section, parents = tuple(facts["section"]), tuple(facts["parents"])
    return Passage(document.doc_id, document.title, section, document.text[start:end], start, end, Locator(**facts["locator"]), parents)


def write_segment(fs: FileSystem, folder: Path, lines: Iterable[Bytes], vectors: Sequence[Vectors], postings: Postings) -> SegmentEntry:
    """Writes a new segment and waits until it is on the disk; lines and vectors, which may be mapped, are not held in memory.

    What a killed run left under the same name is removed first.
    """
    if folder.exists():
        remove_tree(fs, folder)
    make_folder(fs, folder)
    arrays: dict[str, NDArray[Any]] = {
        "terms": postings.terms,
        "bounds": postings.bounds,
        "entries": postings.entries,
        "lengths": postings.lengths,
    }
    files = {
        "notes.jsonl": create(fs, folder / "notes.jsonl", lines),
        "vectors.npy": create(fs, folder / "vectors.npy", stacked_npy_parts(vectors)),
    }
    files |= {f"{name}.npy": create(fs, folder / f"{name}.npy", npy_parts(array)) for name, array in arrays.items()}
    sync_folder(fs, folder)
    return SegmentEntry(sum(map(len, vectors)), files)


def damage(folder: Path, files: Mapping[str, Stored], hashes: bool) -> list[str]:
    """What is wrong with the files of a segment: missing ones, else wrong sizes, else, when asked, wrong hashes. Raises as `or_none`."""
    problems = []
    for name, stored in files.items():
        path = folder / name
        found = or_none(path, path.stat)
        if found is None or not stat.S_ISREG(found.st_mode):
            problems.append(f"{path} is missing.")
        elif found.st_size != stored.bytes:
            problems.append(f"{path} holds {found.st_size} bytes, the manifest says {stored.bytes}.")
        elif hashes and or_none(path, partial(sha256, path)) != stored.sha256:
            problems.append(f"{path} is altered or cannot be read: its hash is not the manifest's.")
    return problems


def or_none(path: Path, read: Callable[[], T]) -> T | None:
    """What is read there, None where that is harmed. Raises IndexProblem where not the file is at fault."""
    try:
        return read()
    except (OSError, ValueError, IndexError) as error:
        if isinstance(problem := unreadable(path, error), IndexCorrupt):
            return None
        raise problem from error


def unreadable(path: Path, error: Exception) -> IndexProblem:
    """What an error of reading means: IndexCorrupt where the file is at fault, else what the machine or its owner has to allow."""
    if not isinstance(error, OSError) or error.errno in _HARMED:
        return IndexCorrupt(f"{path} cannot be read: {error} {MEND}")
    scarce = "End programs that hold many files, or allow more: ulimit -n"
    mend = scarce if error.errno in _SCARCE else "Give yourself the right to read it."
    return IndexProblem(f"{path} cannot be read: {error.strerror or error}. {mend}")


def open_segment(folder: Path, entry: SegmentEntry, dim: int) -> Segment:
    """Maps the files of a segment into memory and compares their shapes with the manifest and with each other.

    Raises IndexCorrupt, and IndexProblem where the files may not be read or too many are open.
    """
    try:
        with (folder / "notes.jsonl").open("rb") as file:
            notes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        vectors = map_npy(folder / "vectors.npy", np.dtype(np.float32), (entry.rows, dim))
        return Segment(notes, Flat(vectors, folder / "vectors.npy"), open_postings(folder, entry.rows))
    except (OSError, ValueError, IndexError) as error:
        raise unreadable(folder, error) from error


def open_postings(folder: Path, rows: int) -> Postings:
    """Maps the inverted lists of a segment. Raises OSError, ValueError, IndexError."""
    lengths = map_npy(folder / "lengths.npy", np.dtype(np.int32), (rows,))
    bounds = map_npy(folder / "bounds.npy", np.dtype(np.int64), (2, None))
    terms = map_npy(folder / "terms.npy", np.dtype(np.uint8), (int(bounds[0, -1]),))
    return Postings(terms, bounds, map_npy(folder / "entries.npy", np.dtype(np.int32), (2, int(bounds[1, -1]))), lengths)
