"""Connections to one database, shared by threads; what the server says in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from queue import Empty, Full, LifoQueue
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from index.errors import IndexBusy, IndexMissing, IndexProblem, UsageError
from index.postgres.uri import Database

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

INSTALL = "an index in PostgreSQL needs the package psycopg: pip install .[postgresql]"
PATIENCE = 10
"""Seconds that a connection may take where the URI says nothing of it (connect_timeout)."""
IDLE = 8
"""So many connections are kept for the next question."""

_SETTINGS = """
SELECT set_config('search_path', quote_ident(%s) || ', ' || coalesce(
         (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'), 'public'), false),
       set_config('plan_cache_mode', 'force_custom_plan', false),
       set_config('jit', 'off', false),
       set_config('enable_partitionwise_aggregate', 'on', false),
       set_config('enable_sort',
         CASE WHEN EXISTS (SELECT FROM pg_class WHERE relname = 'vectors' AND relkind = 'p') THEN 'off' ELSE 'on' END, false),
       set_config('hnsw.iterative_scan', 'relaxed_order', false),
       set_config('hnsw.ef_search', %s, false)
"""
"""Plans are made for the values at hand: the best one depends on how much a filter keeps. Compiling them takes longer than running them.
A coordinator does not sort what its shards can: without statistics of their tables it would fetch all rows to do so."""

EF_SEARCH = 200
"""Candidates that pgvector's graph search holds at once."""

_MEANINGS = {
    "42501": "the user may not do this. What a DBA has to grant stands in docs/postgresql.md",
    "25006": "this server is a replica and takes no changes. Write to the primary: add target_session_attrs=read-write, or name its host",
    "08001": "a server that holds a part of the index does not answer. Start it, then ask again",
    "08006": "a server that holds a part of the index went away. Start it, then ask again",
    "53100": "the server's disk is full. The last commit is whole; make room, then run the command again",
    "53300": "the server takes no more connections. Raise max_connections, or put a pooler before it",
    "57014": "the server stopped the statement (statement_timeout?)",
}
_BUSY = ("55P03", "40001", "40P01")
_UNABLE = {
    "does not exist": "Create what is missing (createdb, createuser), or correct the URI",
    "authentication": "Correct the password: in the URI, in $PGPASSWORD or in ~/.pgpass",
    "no password": "Give the password: in the URI, in $PGPASSWORD or in ~/.pgpass",
    "read-write": "No server named takes changes: name the primary",
    "hot standby": "No replica answers: use target_session_attrs=prefer-standby, which takes the primary then",
    "no pg_hba.conf entry": "The server does not let this machine in (pg_hba.conf)",
}


class Link:
    """The connections to one database. Each has the schema in its search path and commits every statement by itself."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._idle: LifoQueue[Connection] = LifoQueue(IDLE)

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """A connection for one piece of work, kept for the next where it is still good. Errors come as RagError."""
        with self.telling():
            connection = self._idle_one() or self._connect()
            try:
                yield connection
            finally:
                self._back(connection)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What one statement finds, read in binary."""
        with self.use() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def close(self) -> None:
        """Ends the connections that wait."""
        while connection := self._idle_one():
            connection.close()

    def _idle_one(self) -> Connection | None:
        try:
            while True:
                connection = self._idle.get_nowait()
                if _alive(connection):
                    return connection
                connection.close()
        except Empty:
            return None

    def _back(self, connection: Connection) -> None:
        from psycopg.pq import TransactionStatus

        if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
            return
        try:
            self._idle.put_nowait(connection)
        except Full:
            connection.close()

    def _connect(self) -> Connection:
        try:
            import psycopg
        except ImportError as error:
            raise UsageError(INSTALL) from error
        told = self.database.conninfo
        usual: dict[str, Any] = {"connect_timeout": PATIENCE, "application_name": "rag"}
        try:
            connection = psycopg.connect(told, autocommit=True, **{name: value for name, value in usual.items() if name not in told})
        except psycopg.Error as error:
            raise self._unable(error) from error
        self.settle(connection)
        return connection

    def settle(self, connection: Connection) -> None:
        """Puts the schema and pgvector in the search path, and sets what searches rely on."""
        connection.execute(_SETTINGS, (self.database.schema, str(EF_SEARCH)))

    def _unable(self, error: psycopg.Error) -> IndexProblem:
        said = self.database.without_secrets(" ".join(str(error).split()))
        mend = next((mend for sign, mend in _UNABLE.items() if sign in said), "Is the server running, and are host and port right?")
        return IndexProblem(f"{self.database}: {said}. {mend}")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turns an error of the server into one that says what it means for the index."""
        try:
            import psycopg
        except ImportError as error:
            raise UsageError(INSTALL) from error
        try:
            yield
        except psycopg.Error as error:
            raise self._meant(error) from error

    def _meant(self, error: psycopg.Error) -> IndexProblem:
        said = self.database.without_secrets((str(error).splitlines() or [type(error).__name__])[0])
        code = error.sqlstate or ""
        if code in _BUSY:
            return IndexBusy(f"{self.database} is being written by another process. Wait until it ends, then try again. ({said})")
        if code in ("42P01", "3F000"):
            return IndexMissing(missing(self.database))
        if code in _MEANINGS:
            return IndexProblem(f"{self.database}: {_MEANINGS[code]}. ({said})")
        if not code:
            return IndexProblem(f"{self.database}: the connection broke. Is the server still running? Ask again. ({said})")
        return IndexProblem(f"{self.database}: the server said: {said} ({code})")


@cache
def link_to(database: Database) -> Link:
    """One set of connections for each database, however often it is opened."""
    return Link(database)


def missing(database: Database) -> str:
    return f"There is no index in {database}. Make one: rag index --index '{database}' NOTES"


def _alive(connection: Connection) -> bool:
    """Whether the server has not hung up meanwhile: then there is something to read, the end of the connection."""
    if connection.closed:
        return False
    with DefaultSelector() as ready:
        ready.register(connection.fileno(), EVENT_READ)
        return not ready.select(0)
