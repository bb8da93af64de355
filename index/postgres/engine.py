"""The index in PostgreSQL: an open one sees its generation, and no other, for as long as that generation is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, Self
from weakref import proxy

import numpy as np

from index.errors import EncoderMismatch, IndexBusy, IndexCorrupt
from index.index import Changes, Ids, IndexedDocument, Scores, Vectors, check, padded, summarise
from index.manifest import EncoderEntry
from index.postgres import catalogue, schema, search, write
from index.postgres.catalogue import Notes, Standing
from index.postgres.link import Link, link_to
from index.postgres.recent import Recent, Scored
from index.postgres.search import Scope
from index.postgres.uri import Database
from index.settings import IndexSettings
from index.types import Document, DocumentInfo, Filter, Generation, Locator, Mark, Passage
from index.vectors import exact

KEEP = 10
"""How many generations are kept, the current one included."""

MOST_TERMS = 100_000
"""Of how many terms an open index remembers in how many passages they occur."""

MACHINE = "RAG_MACHINE"
"""The environment variable that names this machine to an index that several fill; else its host name does."""


def this_machine() -> str:
    return os.environ.get(MACHINE) or platform.node() or "localhost"


class PostgresIndex:
    """One generation of the index in a schema; `open` it, or start with `empty`. May be shared by threads."""

    def __init__(
        self,
        link: Link,
        standing: Standing,
        notes: Notes,
        sources: Mapping[str, tuple[str, ...]],
        machine: str,
        keep: int = KEEP,
    ) -> None:
        self.link = link
        self.path = link.database
        self.settings = standing.settings
        self.encoder_name = standing.encoder.name
        self.encoder_fingerprint = standing.encoder.fingerprint
        self.generation = standing.generation
        self.machine = machine
        self.sources = sources.get(machine, ())
        self.elsewhere = {name: folders for name, folders in sources.items() if name != machine}
        self.keep = keep
        self._standing = standing
        self._notes = notes
        self._fresh = False
        self._pending: tuple[int, ...] = ()
        self._note = lru_cache(maxsize=256)(partial(PostgresIndex._read_note, proxy(self)))
        self._frequencies: dict[str, int] = {}
        self._recent = Recent()

    @classmethod
    def empty(
        cls,
        database: Database,
        *,
        encoder: EncoderEntry,
        settings: IndexSettings,
        sources: tuple[str, ...] = (),
        keep: int = KEEP,
        machine: str | None = None,
    ) -> Self:
        """An index without notes, whose tables are there; where it held some, the first commit takes their place.

        Raises EncoderMismatch and SourceMismatch where that would touch what other machines put in, IndexFormat, IndexProblem.
        """
        link, machine = link_to(database), machine or this_machine()
        schema.prepare(link, encoder.dim)
        with link.use() as connection:
            write.expect_company(connection, link, machine, encoder, settings)
        ((generation,),) = link.rows("SELECT generation FROM meta")
        new = cls(link, Standing(generation, encoder, settings), Notes(()), {machine: sources}, machine, keep)
        new._fresh = True
        return new

    @classmethod
    def open(cls, database: Database, *, fingerprint: str | None = None, keep: int = KEEP, machine: str | None = None) -> Self:
        """The current generation; `fingerprint` is that of the encoder which will ask.

        Raises IndexMissing, IndexFormat, EncoderMismatch, IndexProblem.
        """
        link = link_to(database)
        standing, notes = catalogue.open_generation(link)
        if fingerprint not in (None, standing.encoder.fingerprint):
            raise EncoderMismatch(
                f"{database} was built by {standing.encoder.name} ({standing.encoder.fingerprint}), "
                f"the encoder that asks is {fingerprint}. "
                f"Ask with the first, search by words (--retriever lexical), or embed the notes anew: rag index --index '{database}'"
            )
        return cls(link, standing, notes, catalogue.sources(link), machine or this_machine(), keep)

    @staticmethod
    def sources_of(database: Database) -> tuple[str, ...]:
        """The folders of this machine that the index mirrors. Raises IndexMissing, IndexFormat, IndexProblem."""
        link = link_to(database)
        catalogue.current(link)
        return catalogue.sources(link).get(this_machine(), ())

    @property
    def encoder(self) -> EncoderEntry:
        return self._standing.encoder

    @property
    def unfinished(self) -> bool:
        """Whether the run that committed this generation has not come to its end."""
        return self._standing.partial

    def __len__(self) -> int:
        return len(self._notes)

    def documents(self) -> list[DocumentInfo]:
        return [entry.info for entry in self._notes.entries]

    @cached_property
    def own(self) -> dict[str, DocumentInfo]:
        """The notes that come from folders of this machine: those that its `rag index` may replace or remove."""
        return {entry.info.doc_id: entry.info for entry in self._notes.entries if entry.machine == self.machine}

    @cached_property
    def taken(self) -> dict[str, str]:
        """The notes that come from other machines, with the names of these."""
        return {entry.info.doc_id: entry.machine for entry in self._notes.entries if entry.machine != self.machine}

    def document(self, doc_id: str) -> Document:
        return self._note(doc_id)

    def _read_note(self, doc_id: str) -> Document:
        entry = self._notes.by_id[doc_id]
        ((structure, marks, text),) = self._rows("SELECT structure, marks, text FROM notes WHERE note = %s", entry.note) or [(None,) * 3]
        if text is None:
            raise IndexCorrupt(self._lacking)
        return Document(doc_id, entry.info.title, text, structure, tuple(Mark(**mark) for mark in marks), entry.info.warnings)

    def rows_of(self, doc_id: str) -> range:
        return self._notes.rows_of(doc_id)

    def passages(self, ids: Sequence[int] | Ids) -> list[Passage]:
        scope = search.named(*self._notes.places(ids), bool(self._standing.parts))
        columns = "note, place, start, stop, section, parents, locator, text"
        found = self._rows(f"SELECT {columns} FROM passages WHERE {scope.condition}", *scope.parameters) if scope.passages else []
        numbers = self._notes.ids([row[0] for row in found], [row[1] for row in found]).tolist()
        at = dict(zip(numbers, (self._passage(*row) for row in found), strict=True))
        if len(at) < scope.passages:
            raise IndexCorrupt(self._lacking)
        return [at[int(number)] for number in ids]

    def _passage(self, note: int, place: int, start: int, stop: int, section: Any, parents: Any, locator: Any, text: str) -> Passage:
        info = self._notes.by_number[note].info
        return Passage(info.doc_id, info.title, tuple(section), text, start, stop, Locator(**locator), tuple(parents))

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        scope = search.named(*self._notes.places(ids), bool(self._standing.parts))
        found = self._rows(search.VECTORS + scope.condition, *scope.parameters) if scope.passages else []
        if len(found) < scope.passages:
            raise IndexCorrupt(self._lacking)
        return search.in_order(self._notes, found, ids, self._standing.encoder.dim)

    def indexed(self, doc_id: str) -> IndexedDocument:
        """One note as it was put in; of the terms, the order is lost."""
        entry, ids = self._notes.by_id[doc_id], self._notes.rows_of(doc_id)
        terms: list[list[str]] = [[] for _ in ids]
        for place, term, count in self._rows("SELECT place, term, tf FROM postings WHERE note = %s ORDER BY term", entry.note):
            terms[place] += [term] * count
        return IndexedDocument(self.document(doc_id), entry.info.content_hash, self.passages(ids), self.vectors(ids), terms)

    def every(self, doc_ids: Collection[str] | None = None) -> Iterator[IndexedDocument]:
        """All notes, or those named, as they were put in."""
        return map(self.indexed, self._notes.by_id if doc_ids is None else doc_ids)

    def dense(self, vectors: Vectors, k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        self._check_dim(vectors)
        scope = self._scope(filter)
        found = [search.nearest(self._rows, self._notes, query, k, scope) for query in vectors]
        if len(found) == 1:
            self._recent.found(found[0][0], filter)
        return padded(found, k)

    def lexical(self, terms: Mapping[str, float], k: int, filter: Filter | None = None) -> tuple[Ids, Scores]:
        wanted = self._recent.wanted(filter) if k > 0 else np.empty(0, np.int64)
        also = search.keys(*self._notes.places(wanted))
        found = search.lexical(self._rows, self._notes, self._standing, self._weighted(terms), self._scope(filter), k, also)
        self._recent.scored = Scored(dict(terms), wanted, search.scores_of(wanted, found))
        return found[0][:k], found[1][:k]

    def score_dense(self, vector: Vectors, ids: Ids) -> Scores:
        self._check_dim(vector)
        return exact(self.vectors(ids), vector)

    def score_lexical(self, terms: Mapping[str, float], ids: Ids) -> Scores:
        scored = self._recent.scored
        known = scored.of(terms, np.asarray(ids, np.int64)) if scored else None
        if known is not None:
            return known
        scope = search.among(*self._notes.places(ids))
        return search.scores_of(ids, search.lexical(self._rows, self._notes, self._standing, self._weighted(terms), scope))

    def _weighted(self, terms: Mapping[str, float]) -> dict[str, float]:
        names = sorted(terms)
        return search.weighted(terms, dict(zip(names, self.document_frequency(names), strict=True)), self._standing.passages)

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        known = self._frequencies
        unknown = [term for term in terms if term not in known]
        if unknown:
            new = search.frequencies(self._rows, self._standing, unknown)
            known = {**known, **new}
            self._frequencies = known if len(known) < MOST_TERMS else new
        return [known[term] for term in terms]

    def vocabulary(self) -> dict[str, int]:
        return search.vocabulary(self._rows, self._standing)

    def _scope(self, filter: Filter | None) -> Scope:
        if not filter:
            return search.everywhere(self._standing)
        kept = [entry for entry in self._notes.entries if filter.keeps(entry.info.doc_id)]
        return search.within([entry.note for entry in kept], sum(entry.info.passages for entry in kept))

    def _rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a statement finds, if all that this generation holds was still there; IndexBusy where it is not.

        A removal is announced before it is done, so a statement that misses rows sees the announcement, and each row can bring it along.
        Shards are read a little later than the coordinator: there, as where no row came, it is asked for afterwards.
        """
        if self._standing.parts:
            found, removed = self.link.rows(statement, *parameters), None
        else:
            told = self.link.rows(f"SELECT *, (SELECT removed FROM meta) FROM ({statement}) AS found", *parameters)
            found, removed = [row[:-1] for row in told], told[0][-1] if told else None
        if removed is None:
            ((removed,),) = self.link.rows("SELECT removed FROM meta")
        if removed > self.generation:
            raise IndexBusy(
                f"{self.path}: generation {self.generation}, which was opened, is not kept any more. Open the index again and repeat."
            )
        return found

    @property
    def _lacking(self) -> str:
        return f"{self.path}: rows of the index are missing. Restore a backup, or build it anew: rag index --replace --index '{self.path}'"

    def _check_dim(self, vectors: Vectors) -> None:
        dim = self._standing.encoder.dim
        if vectors.shape[-1] != dim:
            raise EncoderMismatch(f"{self.path} holds vectors of {dim} numbers ({self.encoder_name}), not of {vectors.shape[-1]}.")

    def apply(self, changes: Changes, summary: str = "") -> Self:
        """As the protocol says. Raises IndexBusy where another process has changed one of these notes since this generation was opened."""
        return self.commit(changes, summary)

    def commit(
        self,
        changes: Changes,
        summary: str = "",
        *,
        sources: tuple[str, ...] | None = None,
        unfinished: bool = False,
        hidden: bool = False,
    ) -> Self:
        """`apply` with the folders that this machine mirrors. A hidden one is found only after a commit that follows and is not hidden."""
        known = self._notes.by_id
        check(changes, known, self._standing.encoder.dim)
        touched = [item.document.doc_id for item in changes.put] + list(changes.remove)
        numbers = write.commit(
            self.link,
            write.Commit(
                changes,
                ends=[known[doc_id].note for doc_id in touched if doc_id in known],
                shows=self._pending,
                summary=summary or summarise(changes, known),
                encoder=self._standing.encoder,
                settings=self.settings,
                machine=self.machine,
                sources=self.sources if sources is None and self._fresh else sources,
                unfinished=unfinished,
                hidden=hidden,
                fresh=self._fresh,
            ),
            self.keep,
        )
        if not hidden:
            return type(self).open(self.path, keep=self.keep, machine=self.machine)
        new = type(self)(self.link, self._standing, self._notes, {self.machine: self.sources}, self.machine, self.keep)
        new._fresh, new._pending = self._fresh, (*self._pending, *numbers)
        return new

    def history(self) -> list[Generation]:
        return catalogue.history(self.link)

    def rollback(self, generation: int) -> Self:
        write.rollback(self.link, generation, self.keep)
        return type(self).open(self.path, keep=self.keep, machine=self.machine)
