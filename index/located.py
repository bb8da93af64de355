"""Where on disk a note of an index lies, if it still does."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from index.errors import NoteError
from index.notes.files import content_hash


def candidates(sources: Sequence[str], doc_id: str) -> list[Path]:
    """The files that a `doc_id` may name in the folders (or files) that an index mirrors: below one, or below one under its own name."""
    parts = PurePosixPath(doc_id).parts
    if not parts or ".." in parts or doc_id.startswith("/"):
        return []
    return [path for source in map(Path, sources) for path in _in(source, parts) if path.is_file()]


def unchanged(paths: Iterable[Path], known_hash: str) -> Path | None:
    """The first of the files whose content is the one that was indexed."""
    return next((path for path in paths if _hash(path) == known_hash), None)


def _in(source: Path, parts: Sequence[str]) -> Iterator[Path]:
    under_name = [parts[1:]] if len(parts) > 1 and parts[0] == _nfc(source.name) else []
    for rest in (parts, *under_name):
        found = source if source.is_file() and rest == (_nfc(source.name),) else _below(source, rest)
        if found:
            yield found


def _below(folder: Path, parts: Sequence[str]) -> Path | None:
    """Name by name, because a `doc_id` is NFC and the names of files need not be."""
    for part in parts:
        child = _child(folder, part)
        if child is None:
            return None
        folder = child
    return folder


def _child(folder: Path, name: str) -> Path | None:
    try:
        if (folder / name).exists():
            return folder / name
        return next((child for child in folder.iterdir() if _nfc(child.name) == name), None)
    except (OSError, ValueError):
        return None


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _hash(path: Path) -> str | None:
    try:
        return content_hash(path)
    except NoteError:
        return None
