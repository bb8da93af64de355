"""The doors to an index, whichever engine keeps it: a folder, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from index import disk, folder
from index.errors import IndexMissing
from index.files import DISK, FileSystem
from index.folder import FolderIndex
from index.manifest import EncoderEntry
from index.places import Place
from index.postgres import catalogue, write
from index.postgres.engine import KEEP, PostgresIndex
from index.postgres.link import link_to
from index.settings import IndexSettings
from index.types import Generation

Stored = FolderIndex | PostgresIndex
"""An index that outlives the program."""


def open_index(place: Place, *, fingerprint: str | None = None, fs: FileSystem = DISK) -> Stored:
    """The current generation; `fingerprint` is that of the encoder which will ask.

    Raises IndexMissing, IndexFormat, IndexCorrupt, EncoderMismatch, IndexProblem.
    """
    if isinstance(place, Path):
        return FolderIndex.open(place, fingerprint=fingerprint, fs=fs)
    return PostgresIndex.open(place, fingerprint=fingerprint)


def empty_index(
    place: Place, encoder: EncoderEntry, settings: IndexSettings, sources: tuple[str, ...] = (), fs: FileSystem = DISK
) -> Stored:
    """An index without notes, whose first commit takes the place of what is there."""
    if isinstance(place, Path):
        return FolderIndex.empty(place, encoder=encoder, settings=settings, sources=sources, fs=fs)
    return PostgresIndex.empty(place, encoder=encoder, settings=settings, sources=sources)


@contextmanager
def writing(place: Place, fs: FileSystem = DISK) -> Iterator[None]:
    """Holds the right to write for a whole run, where the engine has but one writer; a database has as many as there are."""
    if isinstance(place, Path):
        with disk.writing(place, fs):
            yield
    else:
        yield


def standing(place: Place) -> tuple[int, EncoderEntry]:
    """The number of the current generation and its encoder, without opening it. Raises IndexMissing, IndexFormat, IndexProblem."""
    if not isinstance(place, Path):
        return catalogue.current(link_to(place))
    file = disk.stamp(place)
    return _known(place, file) if file else _read(place)


def _read(place: Path) -> tuple[int, EncoderEntry]:
    manifest = disk.read_manifest(place)
    return manifest.generation, manifest.encoder


@lru_cache(maxsize=8)
def _known(place: Path, file: tuple[int, ...]) -> tuple[int, EncoderEntry]:
    """What the manifest says as long as it is this file."""
    return _read(place)


def stamp(place: Place) -> Hashable:
    """Another after each commit, and for an index made anew in the same folder; nothing where there is none."""
    return disk.stamp(place) if isinstance(place, Path) else standing(place)


def sources_of(place: Place) -> tuple[str, ...]:
    """The folders that an index mirrors, of this machine's. Raises IndexMissing, IndexFormat, IndexProblem."""
    return disk.read_manifest(place).sources if isinstance(place, Path) else PostgresIndex.sources_of(place)


def history(place: Place) -> list[Generation]:
    """The generations kept, newest first. Raises IndexMissing where there is none."""
    if not isinstance(place, Path):
        return catalogue.history(link_to(place))
    kept = disk.history(place)
    if not kept:
        raise IndexMissing(f"There is no index in {place}. Make one: rag index --index {place} NOTES")
    return kept


def rollback(place: Place, generation: int) -> None:
    """Commits a new generation that holds what an earlier one held, even where the current one is broken.

    Raises UsageError where that one is not kept.
    """
    if isinstance(place, Path):
        folder.rollback(place, generation)
    else:
        write.rollback(link_to(place), generation, KEEP)
