"""The folder beside an index for notes that the page puts in: `data/index` has `data/index.notes`.

It is mirrored as any folder of notes is, except that it may be empty, and that its notes are always called `index.notes/…`: what comes and
goes there never gives the notes of other folders new names. Nothing outside it is written or removed here.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path, PurePath
from threading import Lock
from time import time
from typing import Literal

from index.errors import NoteError, UsageError
from index.files import DISK, create, make_folder, sync_folder
from index.notes.files import SUFFIXES, bytes_hash
from index.notes.limits import MAX_FILE_BYTES
from index.places import Place, beside

Clash = Literal["ask", "replace", "both"]
"""What becomes of a file whose name is taken by another content: it waits to be asked about, takes its place, or gets a name of its own."""
Refusal = Literal["kind", "hidden", "size", "empty", "unread", "name", "many", "disk"]

MOST_FILES = 2000
"""Files of one offering that are looked at."""
DEEPEST, LONGEST = 12, 200
"""Folders above a file, and UTF-8 bytes of one name, that every file system has room for."""

_ABANDONED, _CHUNK = 3600, 2**20
"""Seconds after which a copy that was never finished is thrown away, and bytes that are copied at once."""
_TAKING = Lock()
"""Held while one file takes its place: two who put in files of one name at once are told of each other's."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that is to be put in: its name, with the folders it was dropped in, and where its bytes lie now."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not put in. `detail` is for a person: what the system said."""

    name: str
    reason: Refusal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of files offered: names in the inbox, names that were there with this content, names in dispute, and refusals.

    `twins` are the names whose content another note of the index has, with that note.
    """

    placed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    clashing: tuple[Offered, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.placed + other.placed,
            self.same + other.same,
            self.clashing + other.clashing,
            {**self.twins, **other.twins},
            self.refused + other.refused,
        )


def inbox_of(index_dir: Place) -> Path:
    """Where what is put in for an index lies."""
    place = beside(index_dir).resolve()
    return place.with_name(f"{place.name}.notes").resolve()


def take(inbox: Path, offered: Sequence[Offered], clash: Clash = "ask", known: Mapping[str, str] | None = None) -> Taken:
    """Copies files into the inbox. `known` names the note of the index that has a content, by its hash.

    Each file takes its place in one step, so that no indexing meanwhile sees a part of it.
    """
    placed, same, clashing, refused = [], [], [], [Refused(each.name, "many") for each in offered[MOST_FILES:]]
    twins: dict[str, str] = {}
    for each in offered[:MOST_FILES]:
        try:
            name = _checked(each)
            target = _inside(inbox, name)
            found = bytes_hash(each.path)
            with _TAKING:
                taken = target.is_file()
                if taken and bytes_hash(target) == found:
                    same.append(name)
                elif twin := (known or {}).get(found):
                    twins[name] = twin
                elif taken and clash == "ask":
                    clashing.append(replace(each, name=name))
                else:
                    placed.append(_put(inbox, target if not taken or clash == "replace" else _free(target), each.path))
        except _No as problem:
            refused.append(Refused(each.name, problem.reason, problem.detail))
        except (OSError, NoteError) as problem:
            refused.append(Refused(each.name, "disk", str(problem)))
    return Taken(tuple(placed), tuple(same), tuple(clashing), twins, tuple(refused))


def remove(inbox: Path, name: str) -> None:
    """Deletes one file of the inbox, and the folders that it leaves empty. Raises UsageError where it is none of the inbox."""
    try:
        target = _inside(inbox, name)
    except _No as problem:
        raise UsageError(f"{name!r} does not lie in {inbox}, so it is not deleted here.") from problem
    if not target.is_file() or target.suffix.lower() not in SUFFIXES:
        raise UsageError(f"There is no note {name!r} in {inbox}. Press re-index: it may be gone already.")
    try:
        DISK.remove(target)
        sync_folder(DISK, target.parent)
    except OSError as problem:
        raise UsageError(f"{target} cannot be deleted: {problem.strerror}. Close the program that holds it open.") from problem
    folder = target.parent
    with suppress(OSError):  # it is not empty
        while inbox in folder.parents:
            folder.rmdir()
            folder = folder.parent


def safe_name(name: str) -> str:
    """A name as dropped, as a path that may stand below the inbox on every system; `_No` where it may not."""
    parts = [part for part in re.split(r"[/\\]", unicodedata.normalize("NFC", name)) if part]
    if not parts or len(parts) > DEEPEST + 1 or ".." in parts or "." in parts or name.encode("utf-8", "replace").decode() != name:
        raise _No("name")
    if any(part.startswith((".", "~$")) for part in parts):
        raise _No("hidden")
    return "/".join(map(_part, parts))


def _part(part: str) -> str:
    clean = _FORBIDDEN.sub("_", part).strip().rstrip(".") or "_"
    clean = f"_{clean}" if _DEVICE.match(clean) else clean
    stem, suffix = os.path.splitext(clean)
    room = LONGEST - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix if room > 0 else clean.encode()[:LONGEST].decode("utf-8", "ignore")


class _No(Exception):
    """Why a file is not put in."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def _checked(offered: Offered) -> str:
    name = safe_name(offered.name)
    if PurePath(name).suffix.lower() not in SUFFIXES:
        raise _No("kind")
    size = offered.path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _No("size", f"{size / 1024**2:,.0f} MB")
    if not size:
        raise _No("empty")
    return name


def _inside(inbox: Path, name: str) -> Path:
    """The place of a name; a link on the way that leads out of the inbox is not followed."""
    target = inbox.joinpath(*safe_name(name).split("/"))
    if target.is_symlink() or not target.parent.resolve().is_relative_to(inbox):
        raise _No("name")
    return target


def _put(inbox: Path, target: Path, source: Path) -> str:
    make_folder(DISK, target.parent)
    part = target.with_name(f".{os.getpid()}.part")  # hidden, so that it is no note yet
    for left in [part, *(each for each in target.parent.glob(".*.part") if each.stat().st_mtime < time() - _ABANDONED)]:
        left.unlink(missing_ok=True)
    try:
        with source.open("rb") as file:
            create(DISK, part, iter(partial(file.read, _CHUNK), b""))
        DISK.replace(part, target)
        sync_folder(DISK, target.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return target.relative_to(inbox).as_posix()


def _free(target: Path) -> Path:
    """`name (2).md`, or the next number that is free."""
    names: Iterator[Path] = (target.with_name(f"{target.stem} ({number}){target.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())
