"""The tables of an index: the SQL files of this folder, each applied once, in order, in a transaction of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import EncoderMismatch, IndexFormat, IndexMissing, IndexProblem
from index.postgres.link import Link, missing

if TYPE_CHECKING:
    from index.postgres.link import Connection

SQL = Path(__file__).parent / "sql"
GRAPH = SQL / "graph.sql"


def migrations() -> list[tuple[int, Path]]:
    """The numbered files, in order."""
    return [(int(path.name[:4]), path) for path in sorted(SQL.glob("[0-9]*.sql"))]


def newest() -> int:
    return migrations()[-1][0]


def rendered(file: Path, dim: int) -> str:
    """A file's statements with psql's variable `dim` filled in."""
    return file.read_text("utf-8").replace(":dim", str(int(dim)))


def applied(connection: Connection, schema: str) -> int:
    """The highest migration that a schema has had; 0 where there is no index."""
    found = connection.execute("SELECT to_regclass(quote_ident(%s) || '.migrations') IS NOT NULL", (schema,)).fetchone()
    if found is None or not found[0]:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    return int(row[0]) if row else 0


def expect(connection: Connection, link: Link) -> None:
    """Raises IndexMissing where the schema holds no index, IndexFormat where it is another version's."""
    found = applied(connection, link.database.schema)
    if not found:
        raise IndexMissing(missing(link.database))
    if found > newest():
        raise IndexFormat(f"{link.database} has layout {found}, this program knows {newest()}. Use a newer version of the program.")
    if found < newest():
        raise IndexFormat(
            f"{link.database} has layout {found}, this program reads {newest()}. Bring it up: rag index --index '{link.database}'"
        )


def prepare(link: Link, dim: int) -> None:
    """Makes the schema, or brings it up to this version; nothing where it is.

    Raises IndexFormat for a newer one, EncoderMismatch for one whose vectors have another length, IndexProblem.
    """
    with link.use() as connection:
        found = applied(connection, link.database.schema)
        if found > newest():
            expect(connection, link)
        if not found:
            _begin(connection, link)
        for version, file in migrations():
            if version > found:
                _migrate(connection, link, version, rendered(file, dim))
        row = connection.execute("SELECT dim FROM meta").fetchone()
    if row and row[0] != dim:
        raise EncoderMismatch(
            f"{link.database} holds vectors of {row[0]} numbers, the encoder gives {dim}. Give it a schema of its own: add ?schema=NAME"
        )


def _begin(connection: Connection, link: Link) -> None:
    from psycopg import errors, sql

    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except (errors.FeatureNotSupported, errors.UndefinedFile, errors.InsufficientPrivilege) as error:
        raise IndexProblem(
            f"{link.database}: pgvector is not there. Install it on the server (its package is called postgresql-NN-pgvector or pgvector), "
            f"and let a superuser run, in this database: CREATE EXTENSION vector. ({str(error).splitlines()[0]})"
        ) from error
    except (errors.UniqueViolation, errors.DuplicateObject):
        pass  # another process made it in this moment
    here = sql.Identifier(link.database.schema)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"rag {link.database.schema}",))
        row = connection.execute("SELECT to_regnamespace(quote_ident(%s)) IS NULL", (link.database.schema,)).fetchone()
        if row and row[0]:  # a user who may not make schemas can be given one
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(here))
        table = sql.Identifier(link.database.schema, "migrations")
        layout = sql.SQL("CREATE TABLE IF NOT EXISTS {} (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())")
        connection.execute(layout.format(table))
    link.settle(connection)  # the search path was set before the extension was there


def _migrate(connection: Connection, link: Link, version: int, statements: str) -> None:
    with connection.transaction():
        connection.execute("LOCK TABLE migrations IN EXCLUSIVE MODE")
        row = connection.execute("SELECT 1 FROM migrations WHERE version = %s", (version,)).fetchone()
        if row is None:  # else another process was quicker
            connection.execute(statements.encode())
            connection.execute("INSERT INTO migrations (version) VALUES (%s)", (version,))


def has_graph(connection: Connection) -> bool:
    """Whether the dense leg has its graph; of partitions that lie on other servers it is taken for granted."""
    row = connection.execute(
        "SELECT to_regclass('vectors_graph') IS NOT NULL OR (SELECT relkind = 'p' FROM pg_class WHERE oid = 'vectors'::regclass)"
    ).fetchone()
    return bool(row and row[0])
