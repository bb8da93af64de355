"""What an index and the folders that it mirrors hold, note by note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from index.errors import RagError
from index.inbox import inbox_of
from index.notes import NoteFile
from index.places import Place
from index.sources import find_notes, with_inbox
from index.types import DocumentInfo

State = Literal["indexed", "waiting", "gone"]
"""Whether a note is in both; in its folder alone, being new or unreadable; or in the index alone, its file having gone."""


@dataclass(frozen=True, slots=True)
class Held:
    """One note. `file` is None where its place is not known, `put_in` its name in the inbox where it lies there."""

    doc_id: str
    title: str
    state: State = "indexed"
    passages: int = 0
    characters: int = 0
    warnings: tuple[str, ...] = ()
    file: Path | None = None
    put_in: str = ""


@dataclass(frozen=True, slots=True)
class Holdings:
    """All notes in `doc_id` order, the folders that were named, the inbox, and why the folders cannot be compared with the index."""

    notes: tuple[Held, ...] = ()
    folders: tuple[Path, ...] = ()
    inbox: Path | None = None
    trouble: str = ""


def holdings(index_dir: Place, documents: Sequence[DocumentInfo]) -> Holdings:
    """Compares the notes of an index with the names of the files in its folders; their content is not looked at."""
    inbox = inbox_of(index_dir)
    sources = with_inbox(index_dir)
    folders = tuple(Path(source) for source in sources if source != str(inbox))
    try:
        files = {file.doc_id: file for file in find_notes(sources, inbox)}
    except RagError as error:
        return Holdings(tuple(map(_plain, documents)), folders, inbox, str(error))
    known = {info.doc_id: _held(info, files.get(info.doc_id), inbox) for info in documents}
    new = {doc_id: _waiting(file, inbox) for doc_id, file in files.items() if doc_id not in known}
    return Holdings(tuple(note for _, note in sorted((known | new).items())), folders, inbox)


def listed(documents: Sequence[DocumentInfo]) -> Holdings:
    """The notes of an index whose folders are not looked at."""
    return Holdings(tuple(map(_plain, documents)))


def _plain(info: DocumentInfo) -> Held:
    return Held(info.doc_id, info.title, "indexed", info.passages, info.characters, info.warnings)


def _held(info: DocumentInfo, file: NoteFile | None, inbox: Path) -> Held:
    note = _plain(info)
    return replace(note, file=file.path, put_in=_put_in(file.path, inbox)) if file else replace(note, state="gone")


def _waiting(file: NoteFile, inbox: Path) -> Held:
    return Held(file.doc_id, file.path.stem, "waiting", file=file.path, put_in=_put_in(file.path, inbox))


def _put_in(path: Path, inbox: Path) -> str:
    return path.relative_to(inbox).as_posix() if path.is_relative_to(inbox) else ""
