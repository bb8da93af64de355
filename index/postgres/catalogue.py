"""What a reader learns when it opens a generation: its figures and its notes, in one snapshot, without any text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexMissing
from index.index import Ids, inside
from index.manifest import EncoderEntry
from index.postgres import schema
from index.postgres.link import Link, missing
from index.settings import IndexSettings, LexicalSettings, SplitSettings
from index.types import DocumentInfo, Generation

if TYPE_CHECKING:
    from index.postgres.link import Connection

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Standing:
    """One generation; `first` and `last` bound the numbers of its notes, `dead` are those between that it does not hold."""

    generation: int
    encoder: EncoderEntry
    settings: IndexSettings
    passages: int = 0
    terms: int = 0
    first: int = 0
    last: int = 0
    dead: tuple[int, ...] = ()
    partial: bool = False
    parts: tuple[str, ...] = ()
    """The foreign tables that hold the postings, where they lie on several servers."""

    @property
    def mean_length(self) -> float:
        return self.terms / self.passages if self.passages else 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A note of a generation: its number, the machine that put it in, and what is known without opening it."""

    note: int
    machine: str
    info: DocumentInfo


class Notes:
    """The notes of one generation in `doc_id` order, and the way from passages' numbers in it to those in the database, and back."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._numbers = np.array([entry.note for entry in entries], np.int32)
        self._starts = np.concatenate(([0], np.cumsum([entry.info.passages for entry in entries], dtype=np.int64))).astype(np.int64)
        self._order = np.argsort(self._numbers)

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.info.doc_id: entry for entry in self.entries}

    @cached_property
    def by_number(self) -> dict[int, Entry]:
        return {entry.note: entry for entry in self.entries}

    def __len__(self) -> int:
        """How many passages."""
        return int(self._starts[-1])

    def rows_of(self, doc_id: str) -> range:
        """The row numbers of a note's passages; KeyError where there is no such note."""
        if doc_id not in self.by_id:
            raise KeyError(doc_id)
        at = bisect_left(self.entries, doc_id, key=lambda entry: entry.info.doc_id)
        return range(int(self._starts[at]), int(self._starts[at + 1]))

    def ids(self, notes: Sequence[int], places: Sequence[int]) -> Ids:
        """Row numbers of the generation from note numbers and places within them."""
        numbers = np.asarray(notes, np.int64)
        if not numbers.size:
            return np.empty(0, np.int64)
        at = self._order[np.searchsorted(self._numbers, numbers, sorter=self._order)]
        return self._starts[at] + np.asarray(places, np.int64)

    def places(self, ids: Sequence[int] | Ids) -> tuple[Numbers, Numbers]:
        """Note numbers and places within them from row numbers; IndexError where one is none."""
        rows = inside(ids, len(self))
        at = np.searchsorted(self._starts, rows, side="right") - 1
        return self._numbers[at], (rows - self._starts[at]).astype(np.int32)


def open_generation(link: Link) -> tuple[Standing, Notes]:
    """The current generation. Raises IndexMissing, IndexFormat, IndexProblem."""
    with link.use() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        schema.expect(connection, link)
        return _read(connection, link)


def _read(connection: Connection, link: Link) -> tuple[Standing, Notes]:
    row = connection.execute(
        "SELECT number, encoder, fingerprint, dim, settings, passages, terms, g.last_note, partial,"
        " ARRAY(SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'postings'::regclass ORDER BY 1)"
        " FROM meta JOIN generations g ON number = generation"
    ).fetchone()
    if row is None:
        raise IndexMissing(missing(link.database))
    number, name, fingerprint, dim, settings, count, terms, last, partial, parts = row
    found = connection.execute(
        "SELECT note, machine, doc_id, title, content_hash, passages, characters, warnings FROM notes"
        " WHERE alive @> %s::bigint ORDER BY doc_id",
        (number,),
    ).fetchall()
    entries = [
        Entry(note, machine, DocumentInfo(doc_id, title, content_hash, passages, characters, tuple(warnings)))
        for note, machine, doc_id, title, content_hash, passages, characters, warnings in found
    ]
    first = min((entry.note for entry in entries), default=last + 1)
    dead = connection.execute(
        "SELECT note FROM notes WHERE note BETWEEN %s AND %s AND NOT alive @> %s::bigint ORDER BY note", (first, last, number)
    ).fetchall()
    return (
        Standing(
            number,
            EncoderEntry(name, fingerprint, dim),
            settings_of(settings),
            count,
            terms,
            first,
            last,
            tuple(note for (note,) in dead),
            partial,
            tuple(parts),
        ),
        Notes(entries),
    )


def settings_of(stored: dict[str, Any]) -> IndexSettings:
    return IndexSettings(SplitSettings(**stored["split"]), LexicalSettings(**stored["lexical"]))


def stored(settings: IndexSettings) -> dict[str, Any]:
    return asdict(settings)


def sources(link: Link) -> dict[str, tuple[str, ...]]:
    """The folders that each machine mirrors."""
    found: dict[str, tuple[str, ...]] = {}
    for machine, folder in link.rows("SELECT machine, folder FROM sources ORDER BY machine, place"):
        found[machine] = (*found.get(machine, ()), folder)
    return found


def current(link: Link) -> tuple[int, EncoderEntry]:
    """The number of the current generation and its encoder, and nothing more: what a page asks before every answer.

    Raises IndexMissing, IndexFormat, IndexProblem.
    """
    with link.use() as connection:
        schema.expect(connection, link)
        row = connection.execute(
            "SELECT number, encoder, fingerprint, dim FROM meta JOIN generations ON number = generation",
        ).fetchone()
    if row is None:
        raise IndexMissing(missing(link.database))
    return int(row[0]), EncoderEntry(*row[1:])


def history(link: Link) -> list[Generation]:
    """The generations kept, newest first."""
    with link.use() as connection:
        schema.expect(connection, link)
        rows = connection.execute(
            "SELECT number, created, documents, passages, summary, number = generation FROM generations, meta ORDER BY number DESC"
        ).fetchall()
    return [Generation(number, _utc(created), notes, passages, *about) for number, created, notes, passages, *about in rows]


def _utc(moment: Any) -> str:
    from datetime import UTC

    return str(moment.astimezone(UTC).isoformat(timespec="seconds"))
