"""Which folders an index mirrors, and the notes in them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path, PurePath

from index.engines import sources_of
from index.errors import IndexProblem, SourceMismatch, UsageError
from index.inbox import inbox_of
from index.notes import SUFFIXES, NoteFile, discover, unread_kinds
from index.places import Place
from index.types import NoteProblem


def choose_sources(index_dir: Place, recorded: Sequence[str], notes: Sequence[Path], add: bool, replace: bool) -> tuple[str, ...]:
    """The folders to mirror, absolute: those recorded, with those given where `add`, or `replace`, allows it.

    The inbox beside the index is no folder that anybody named: the first that is named stands beside it.
    Raises SourceMismatch and UsageError.
    """
    if add and replace:
        raise UsageError("--add and --replace exclude each other.")
    given = tuple(dict.fromkeys(os.path.realpath(note.expanduser()) for note in notes))
    if not given and not recorded:
        raise UsageError(f"{index_dir} mirrors no folder yet. Name one: rag index NOTES")
    if given and (replace or set(recorded) <= {str(inbox_of(index_dir))}):
        return given if replace else tuple(dict.fromkeys((*given, *recorded)))
    foreign = tuple(source for source in given if source not in recorded)
    for source in foreign:
        if not Path(source).exists():
            raise UsageError(f"{source} is not there. The notes of {index_dir} are brought up to date by `rag index` alone")
    if foreign and not add:
        raise SourceMismatch(
            f"{index_dir} mirrors {', '.join(recorded)}, not {', '.join(foreign)}. To mirror both: rag index --add {foreign[0]}. "
            f"To mirror only the new: rag index --replace {foreign[0]}. For an index of its own: rag index --index DIR {foreign[0]}"
        )
    return (*recorded, *foreign)


def with_inbox(index_dir: Place) -> tuple[str, ...]:
    """The folders that an index mirrors and its inbox, unless that lies in one of them; the inbox alone where the index cannot be read."""
    inbox = inbox_of(index_dir)
    try:
        sources = sources_of(index_dir)
    except IndexProblem:
        sources = ()
    return sources if any(inbox.is_relative_to(source) for source in sources) else (*sources, str(inbox))


def find_notes(sources: Sequence[str], inbox: Path | None = None) -> list[NoteFile]:
    """The notes under all sources, in `doc_id` order; those of the inbox, which may be empty or missing, under its name.

    Raises UsageError for a source that is missing or empty, because to mirror it would take its notes out of the index,
    and for one inside another, whose notes would be there twice.
    """
    own = [source for source in sources if source == str(inbox)]
    named = [source for source in sources if source not in own]
    for source in sources:
        if source in named and not Path(source).exists():
            raise UsageError(f"{source} is not there. Bring it back, or name the folders to mirror: rag index --replace NOTES")
        for outer in sources:
            if PurePath(outer) in PurePath(source).parents:
                raise UsageError(f"{source} lies in {outer}, which is indexed with all that is in it. Name only one of them.")
    files = discover([Path(source) for source in named])
    for source in named:
        if not any(PurePath(source) in (file.path, *file.path.parents) and file.path.is_file() for file in files):
            raise UsageError(
                f"{source} holds no notes ({', '.join(SUFFIXES)}). Put some there, or name the folders to mirror: rag index --replace NOTES"
            )
    return sorted([*files, *_put_in(Path(own[0]), files)], key=lambda file: file.doc_id) if own else files


def find_unread(sources: Sequence[str], inbox: Path | None = None) -> list[NoteProblem]:
    """Documents in the sources of kinds that are not read, the first of each kind; nothing of another kind gets into the inbox."""
    return unread_kinds([Path(source) for source in sources if source != str(inbox)])


def _put_in(inbox: Path, others: Sequence[NoteFile]) -> list[NoteFile]:
    prefix = unicodedata.normalize("NFC", inbox.name) + "/"
    for file in others:
        if file.doc_id.startswith(prefix):
            raise UsageError(f"{file.path} would be called {file.doc_id!r}, as the notes in {inbox} are. Give its folder another name.")
    return [changed(file, doc_id=prefix + file.doc_id) for file in discover([inbox])] if inbox.is_dir() else []
