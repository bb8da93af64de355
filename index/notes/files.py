"""Which files are notes, and what they are called."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from index.errors import NoteError, UsageError
from index.notes.links import PICTURES, shown_by
from index.types import NoteProblem

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".md": "markdown",
        ".markdown": "markdown",
        ".mdx": "markdown",
        ".rmd": "markdown",
        ".qmd": "markdown",
        ".txt": "text",
        ".text": "text",
        ".html": "html",
        ".htm": "html",
        ".xhtml": "html",
        ".pdf": "pdf",
        ".docx": "docx",
        ".pptx": "pptx",
        ".ipynb": "ipynb",
        ".srt": "captions",
        ".vtt": "captions",
        ".hwp": "hwp",
        ".hwpx": "hwpx",
        **dict.fromkeys(PICTURES, "image"),
    }
)
"""The format of each file name suffix, in lower case."""

DOCUMENTS = frozenset((".doc", ".ppt", ".rtf", ".odt", ".odp", ".pages", ".epub", ".tex", ".rst", ".org", ".adoc", ".djvu"))
"""Suffixes of what people write notes in too, and nothing here reads."""

NO_KIND = "no kind of note that is read{more}; save as PDF, .docx, .html or Markdown"

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What a file name may hold, and no line."""

_KINDS: Mapping[int, str] = MappingProxyType(
    {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe, not a file",
        stat.S_IFSOCK: "a socket, not a file",
        stat.S_IFBLK: "a device, not a file",
        stat.S_IFCHR: "a device, not a file",
    }
)


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A note on disk. `doc_id` is its NFC path relative to `root`, with `/`; with several roots the root's folder name stands before it.

    Control characters of a file name are U+FFFD in it.
    """

    doc_id: str
    path: Path
    root: Path


def discover(roots: Sequence[Path]) -> list[NoteFile]:
    """Every note under the folders (or files) given, in `doc_id` order, and what lies there but is no file: `require_file` says what.

    Hidden files and folders, and the lock files of office programs, are passed over. Links are followed once: a link to what was
    found already adds nothing. Raises UsageError for a root that is missing and for two files of one `doc_id`, NoteError for a
    folder that cannot be listed, because notes that only seem to be gone would be taken out of the index.
    """
    files = [file for root in roots for file in _under(Path(root), SUFFIXES, named=len(roots) > 1)]
    found: dict[str, NoteFile] = {}
    for file in files:
        twin = found.setdefault(file.doc_id, file)
        if twin is not file:
            raise UsageError(
                f"two notes would both be called {file.doc_id!r}: {twin.path} and {file.path}; rename or leave out one of them"
            )
    return sorted(_with_their_pictures(list(found.values())), key=lambda file: file.doc_id)


def unread_kinds(roots: Sequence[Path]) -> list[NoteProblem]:
    """Documents in the folders that are of no kind that is read, and have no copy beside them that is: the first of each kind, and how
    many more there are. Raises what `discover` raises."""
    found: dict[str, list[str]] = {}
    for root in roots:
        for file in _under(Path(root), DOCUMENTS, named=len(roots) > 1):
            if file.path.is_file() and not any(file.path.with_suffix(suffix).exists() for suffix in SUFFIXES):
                found.setdefault(_suffix(file.path), []).append(file.doc_id)
    more = {suffix: f" (and {len(names) - 1} more {suffix})" if len(names) > 1 else "" for suffix, names in found.items()}
    return [NoteProblem(min(names), NO_KIND.format(more=more[suffix])) for suffix, names in sorted(found.items())]


def _with_their_pictures(files: list[NoteFile]) -> list[NoteFile]:
    """The files without the pictures that one of the others shows."""
    if not any(file.path.suffix.lower() in PICTURES for file in files):
        return files
    shown = {picture for file in files for picture in shown_by(file.path, file.root)}
    return [file for file in files if Path(os.path.realpath(file.path)) not in shown]


def content_hash(path: Path) -> str:
    """SHA-256 of a note: of the file's bytes, and of those of the pictures that it shows, if any. NoteError where it cannot be read."""
    own = bytes_hash(path)
    pictures = shown_by(path)
    return hashlib.sha256("".join([own, *map(bytes_hash, pictures)]).encode()).hexdigest() if pictures else own


def bytes_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal. Raises NoteError where it cannot be read."""
    require_file(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NoteError(f"cannot be read: {error.strerror or error}") from error


def require_file(path: Path) -> None:
    """Raises NoteError where a path leads to no file, and says to what: a pipe that is opened waits for ever, a device has no end."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        where = {errno.ENOENT: "nowhere", errno.ENOTDIR: "nowhere", errno.ELOOP: "in a circle"}.get(error.errno or 0)
        if where and path.is_symlink():
            raise NoteError(f"cannot be read: a link that leads {where}") from error
        raise NoteError(f"cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(mode):
        link = "a link to " if path.is_symlink() else ""
        raise NoteError(f"cannot be read: {link}{_KINDS.get(stat.S_IFMT(mode), 'no file')}")


def _under(root: Path, kinds: Container[str], *, named: bool) -> Iterator[NoteFile]:
    if not root.exists():
        raise UsageError(f"no such folder or file: {root}")
    base = root.resolve()
    prefix = [base.name] if named else []
    if base.is_file():
        if _suffix(base) not in SUFFIXES:
            raise UsageError(f"not a kind of note that can be read: {root} (known: {', '.join(sorted(SUFFIXES))})")
        if _suffix(base) in kinds:
            yield NoteFile(_doc_id([*prefix, base.name]), base, base.parent)
        return
    if not base.is_dir():
        raise UsageError(f"neither a folder nor a file: {root}")
    for path in _walk(base, kinds):
        yield NoteFile(_doc_id([*prefix, *path.relative_to(base).parts]), path, base)


def _walk(base: Path, kinds: Container[str]) -> Iterator[Path]:
    """Real files and folders first, then links, so that what a link leads to keeps its own name where it has one."""
    seen: set[Path] = set()
    links: list[Path] = []
    waiting = [base]
    while waiting or links:
        path = waiting.pop() if waiting else links.pop(0)
        real = Path(os.path.realpath(path))  # of links in a circle, which `resolve` fails on, it gives the place where they close
        if real in seen:
            continue
        if path.is_dir():
            seen.add(real)
            for child in reversed(_children(path)):
                (links if child.is_symlink() else waiting).append(child)
        elif not path.is_file():
            yield path  # and every other link that leads to the same nothing
        else:
            seen.add(real)
            if _suffix(path) in kinds:
                yield path


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(child for child in folder.iterdir() if not child.name.startswith((".", "~$")))
    except OSError as error:
        raise NoteError(f"cannot list the folder {folder}: {error.strerror or error}") from error


def _suffix(path: Path) -> str:
    return path.suffix.lower()


def _doc_id(parts: Sequence[str]) -> str:
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub("\ufffd", "/".join(_readable(part) for part in parts)))


def _readable(name: str) -> str:
    """A file name that is no UTF-8, as old archives leave them behind, is read as CP949."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp949", "replace")
    return name
