"""What changes an index: commits, roll-backs, and the removal of what no kept generation holds.

One writer at a time: the lock of the row of `meta`, held for one transaction. Notes are read, cut and embedded before that.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from index.errors import IndexBusy, SourceMismatch, UsageError
from index.index import Changes, IndexedDocument
from index.manifest import EncoderEntry
from index.postgres import schema, search
from index.postgres.catalogue import stored
from index.postgres.link import Link
from index.postgres.wire import Packed, copy, packed
from index.settings import IndexSettings

if TYPE_CHECKING:
    from index.postgres.link import Connection

PATIENCE = "60s"
"""How long a writer waits for another one's commit, which takes seconds."""
ABANDONED = "7 days"
"""Rows of a run that never came to its end are removed after so long."""

SORTED = 300_000
GROWN = 1_000_000
"""New postings after which a finished commit tidies up, rather than wait for the server's own rounds."""

_NOTES = {
    "note": "int4",
    "alive": "int8multirange",
    "machine": "text",
    "doc_id": "text",
    "content_hash": "text",
    "title": "text",
    "passages": "int4",
    "characters": "int4",
    "terms": "int8",
    "structure": "text",
    "marks": "jsonb",
    "warnings": "jsonb",
    "text": "text",
}
_PASSAGES = {
    "note": "int4",
    "place": "int4",
    "start": "int4",
    "stop": "int4",
    "section": "jsonb",
    "parents": "jsonb",
    "locator": "jsonb",
    "text": "text",
}
_VECTORS = {"note": "int4", "place": "int4", "embedding": "vector"}
_POSTINGS = {"note": "int4", "place": "int4", "tf": "int4", "length": "int4", "term": "text"}
_FROM = "int8multirange(int8range(%s, NULL))"
_UNTIL = "int8multirange(int8range(NULL, %s))"


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction does. `ends` are note numbers that die, `shows` those of hidden commits that are found from now on.

    `hidden` writes rows that no generation holds yet; `fresh` ends whatever the machine had put in.
    """

    changes: Changes
    ends: Sequence[int]
    shows: Sequence[int]
    summary: str
    encoder: EncoderEntry
    settings: IndexSettings
    machine: str
    sources: tuple[str, ...] | None = None
    unfinished: bool = False
    hidden: bool = False
    fresh: bool = False


def commit(link: Link, one: Commit, keep: int) -> list[int]:
    """Writes it and returns the numbers of the notes put in. Raises IndexBusy where a note it touches was changed meanwhile."""
    with _writing(link) as (connection, generation, last):
        if one.fresh and not one.hidden:
            expect_company(connection, link, one.machine, one.encoder, one.settings)
            own = connection.execute("SELECT note FROM notes WHERE alive @> %s::bigint AND machine = %s", (generation, one.machine))
            one = replace(one, ends=[note for (note,) in own.fetchall()])
        _expect_unchanged(connection, link, one, generation)
        new = generation + 1
        items = list(one.changes.put)
        numbers = list(range(last + 1, last + 1 + len(items)))
        _insert(connection, items, numbers, one.machine, "{}" if one.hidden else f"{{[{new},)}}")
        connection.execute("UPDATE meta SET last_note = %s", (last + len(items),))
        if not one.hidden:
            connection.execute(f"UPDATE notes SET alive = {_FROM} WHERE note = ANY (%s)", (new, list(one.shows)))
            connection.execute(f"UPDATE notes SET alive = alive * {_UNTIL} WHERE note = ANY (%s)", (new, list(one.ends)))
            _count(connection, Counter(term for item in items for terms in item.terms for term in set(terms)))
            _count(connection, _held(connection, one.shows))
            _count(connection, _held(connection, one.ends), -1)
            if one.sources is not None:
                _mirror(connection, one.machine, one.sources)
            _advance(connection, new, one.summary, one.encoder, one.settings, one.unfinished, keep)
    if not one.hidden:
        tend(link, one.encoder.dim, graph=not one.unfinished)
    return numbers


def rollback(link: Link, generation: int, keep: int) -> None:
    """Makes what an earlier generation held the current one; UsageError where that one is not kept."""
    with _writing(link) as (connection, current, _):
        row = connection.execute("SELECT encoder, fingerprint, settings FROM generations WHERE number = %s", (generation,)).fetchone()
        if generation == current:
            raise UsageError(f"Generation {generation} is the current one. `rag history` lists the earlier ones.")
        if row is None:
            raise UsageError(f"Generation {generation} is not kept in {link.database}. `rag history` lists those that are.")
        new = current + 1
        changed = connection.execute(
            "SELECT note, alive @> %s::bigint FROM notes WHERE (alive @> %s::bigint) <> (alive @> %s::bigint)",
            (current, current, generation),
        ).fetchall()
        ends, again = [note for note, now in changed if now], [note for note, now in changed if not now]
        connection.execute(f"UPDATE notes SET alive = alive * {_UNTIL} WHERE note = ANY (%s)", (new, ends))
        connection.execute(f"UPDATE notes SET alive = alive + {_FROM} WHERE note = ANY (%s)", (new, again))
        _count(connection, _held(connection, again))
        _count(connection, _held(connection, ends), -1)
        connection.execute(
            "INSERT INTO generations (number, summary, partial, documents, passages, terms, last_note, encoder, fingerprint, settings)"
            " SELECT %s, %s, false, documents, passages, terms, meta.last_note, encoder, fingerprint, settings FROM generations, meta"
            " WHERE number = %s",
            (new, f"back to generation {generation}", generation),
        )
        _forget(connection, new, keep)


@contextmanager
def _writing(link: Link) -> Iterator[tuple[Connection, int, int]]:
    """A transaction that holds the right to write, with the current generation and the highest note number."""
    with link.use() as connection, connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        row = connection.execute("SELECT generation, last_note FROM meta FOR UPDATE").fetchone()
        assert row is not None
        connection.execute("SET LOCAL lock_timeout = 0")
        yield connection, row[0], row[1]


def expect_company(connection: Connection, link: Link, machine: str, encoder: EncoderEntry, settings: IndexSettings) -> None:
    """Raises SourceMismatch where other machines have notes that could not be searched together with new ones of this encoder."""
    others = connection.execute(
        "SELECT DISTINCT machine FROM notes JOIN meta ON alive @> generation JOIN generations ON number = generation WHERE machine <> %s"
        " AND (fingerprint, settings) <> (%s, %s) ORDER BY machine",
        (machine, encoder.fingerprint, _jsonb(stored(settings))),
    ).fetchall()
    if others:
        names = ", ".join(name for (name,) in others)
        raise SourceMismatch(
            f"{link.database} holds notes of {names} too, embedded by another model or cut by other settings. "
            "Use theirs (--encoder), or give yours an index of its own: add schema=NAME to the URI"
        )


def _expect_unchanged(connection: Connection, link: Link, one: Commit, generation: int) -> None:
    """Other notes may have been committed since this change was made; those that it replaces, removes or adds may not."""
    touched = [item.document.doc_id for item in one.changes.put] + list(one.changes.remove)
    row = connection.execute(
        "SELECT doc_id FROM notes WHERE alive @> %(now)s::bigint AND doc_id = ANY (%(touched)s) AND note <> ALL (%(ends)s)"
        " UNION ALL SELECT doc_id FROM notes WHERE NOT alive @> %(now)s::bigint AND note = ANY (%(ends)s) LIMIT 1",
        {"now": generation, "touched": touched, "ends": list(one.ends)},
    ).fetchone()
    if row and not one.hidden:
        raise IndexBusy(f"{link.database}: {row[0]} was changed by another writer meanwhile. Run the command again.")
    # what a server of a cluster kept of a commit that another one did not finish
    for table in ("postings", "vectors", "passages"):
        connection.execute(f"DELETE FROM {table} WHERE note > (SELECT last_note FROM meta)".encode())


def _insert(connection: Connection, items: Sequence[IndexedDocument], numbers: Sequence[int], machine: str, alive: str) -> None:
    numbered = list(zip(numbers, items, strict=True))
    with connection.cursor() as cursor, cursor.copy(f"COPY notes ({', '.join(_NOTES)}) FROM STDIN".encode()) as stream:
        for number, item in numbered:
            stream.write_row((number, alive, machine, *_note(item)))
    copy(connection, "passages", _PASSAGES, (row for number, item in numbered for row in _passages(number, item)))
    copy(connection, "vectors", _VECTORS, (row for number, item in numbered for row in _vectors(number, item)))
    copy(connection, "postings", _POSTINGS, _by_term(row for number, item in numbered for row in _postings(number, item)))


def _note(item: IndexedDocument) -> tuple[Any, ...]:
    document = item.document
    return (
        document.doc_id,
        item.content_hash,
        document.title,
        len(item.passages),
        len(document.text),
        sum(map(len, item.terms)),
        document.structure,
        _json([asdict(mark) for mark in document.marks]),
        _json(list(document.warnings)),
        document.text,
    )


def _passages(number: int, item: IndexedDocument) -> Iterator[tuple[Any, ...]]:
    for place, each in enumerate(item.passages):
        locator = {name: value for name, value in asdict(each.locator).items() if value is not None}
        yield number, place, each.start, each.end, _jsonb(list(each.section)), _jsonb(list(each.parents)), _jsonb(locator), each.text


def _vectors(number: int, item: IndexedDocument) -> Iterator[tuple[Any, ...]]:
    for place, vector in enumerate(item.vectors):
        yield number, place, Packed(packed(vector))


def _postings(number: int, item: IndexedDocument) -> Iterator[tuple[Any, ...]]:
    for place, terms in enumerate(item.terms):
        for term, count in Counter(terms).items():
            yield number, place, count, len(terms), term


def _by_term(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the inverted lists, some hundred thousand at a time: the tree takes them a third faster."""
    while run := sorted(islice(rows, SORTED), key=itemgetter(4, 0, 1)):
        yield from run


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _jsonb(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value, dumps=_json)


def _held(connection: Connection, notes: Sequence[int]) -> dict[str, int]:
    """In how many passages of some notes each term occurs."""
    if not notes:
        return {}
    found = connection.execute("SELECT term, count(*) FROM postings WHERE note = ANY (%s) GROUP BY term", (list(notes),)).fetchall()
    return dict(found)


def _count(connection: Connection, changed: Mapping[str, int], sign: int = 1) -> None:
    if changed:
        connection.execute(
            "INSERT INTO terms (term, df) SELECT * FROM unnest(%s::text[], %s::bigint[])"
            " ON CONFLICT (term) DO UPDATE SET df = terms.df + excluded.df",
            (list(changed), [sign * count for count in changed.values()]),
        )


def _mirror(connection: Connection, machine: str, folders: tuple[str, ...]) -> None:
    connection.execute("DELETE FROM sources WHERE machine = %s", (machine,))
    for place, folder in enumerate(folders):
        connection.execute("INSERT INTO sources (machine, place, folder) VALUES (%s, %s, %s)", (machine, place, folder))


def _advance(
    connection: Connection, new: int, summary: str, encoder: EncoderEntry, settings: IndexSettings, partial: bool, keep: int
) -> None:
    connection.execute(
        "INSERT INTO generations (number, summary, partial, documents, passages, terms, last_note, encoder, fingerprint, settings)"
        " SELECT %(new)s, %(summary)s, %(partial)s, count(*), coalesce(sum(passages), 0), coalesce(sum(terms), 0),"
        " (SELECT last_note FROM meta), %(name)s, %(fingerprint)s, %(settings)s FROM notes WHERE alive @> %(new)s::bigint",
        {
            "new": new,
            "summary": summary,
            "partial": partial,
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "settings": _jsonb(stored(settings)),
        },
    )
    _forget(connection, new, keep)


def _forget(connection: Connection, new: int, keep: int) -> None:
    """Makes a generation the current one, and takes those beyond `keep` and those in the middle of a run out of the history."""
    connection.execute("UPDATE meta SET generation = %s", (new,))
    connection.execute("DELETE FROM generations WHERE partial AND number < %s", (new,))
    connection.execute(
        "DELETE FROM generations WHERE number NOT IN (SELECT number FROM generations ORDER BY number DESC LIMIT %s)", (keep,)
    )


# ------------------------------------------------------------------------- tending


def tend(link: Link, dim: int, graph: bool = True) -> None:
    """Removes what no kept generation holds, and makes the graph once there are enough vectors for one.

    In the middle of a long run it waits: to build it over all rows takes a fraction of the time of adding to it row by row.
    """
    _remove(link)
    if not graph:
        return
    with link.use() as connection:
        row = connection.execute("SELECT passages FROM generations JOIN meta ON number = generation").fetchone()
        if row and row[0] > search.EXACT_UPTO and not schema.has_graph(connection):
            connection.execute(schema.rendered(schema.GRAPH, dim).encode())
        # the lists are read without their table where the server knows that all rows of a page are there for everybody
        grown = connection.execute("SELECT n_ins_since_vacuum > %s FROM pg_stat_user_tables WHERE relid = 'postings'::regclass", (GROWN,))
        if (found := grown.fetchone()) and found[0]:
            connection.execute("VACUUM (ANALYZE) postings, vectors, passages")


_REMOVABLE = (
    "SELECT note FROM notes WHERE NOT alive && int8multirange(int8range((SELECT min(number) FROM generations), NULL))"
    f" AND (NOT isempty(alive) OR written < now() - interval '{ABANDONED}')"
)


def _remove(link: Link) -> None:
    """First tells readers of generations that are not kept any more, then, in a transaction of its own, deletes what only those held."""
    with _writing(link) as (connection, _, _):
        gone = [note for (note,) in connection.execute(_REMOVABLE).fetchall()]
        if gone:
            connection.execute("UPDATE meta SET removed = (SELECT min(number) FROM generations)")
    if not gone:
        return
    with _writing(link) as (connection, _, _):
        gone = [note for (note,) in connection.execute(_REMOVABLE).fetchall()]
        for table in ("postings", "vectors", "passages", "notes"):
            connection.execute(f"DELETE FROM {table} WHERE note = ANY (%s)".encode(), (gone,))
        connection.execute("DELETE FROM terms WHERE df = 0")
