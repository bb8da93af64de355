"""Values as PostgreSQL's binary formats have them: vectors without a detour over decimal digits, rows for COPY."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from index.index import Vectors

if TYPE_CHECKING:
    from index.postgres.link import Connection

_HEAD = struct.Struct(">hh")


def packed(vector: Vectors) -> bytes:
    """pgvector's `vector_recv`: the length, two unused bytes, float32 in network order."""
    return _HEAD.pack(len(vector), 0) + vector.astype(">f4").tobytes()


def unpacked(values: Iterable[bytes], dim: int) -> Vectors:
    """The vectors `(n, dim)` of `vector_send`."""
    joined = b"".join(value[_HEAD.size :] for value in values)
    return np.frombuffer(joined, ">f4").astype(np.float32).reshape(-1, dim)


def spelled(vector: Vectors) -> str:
    """A vector as a parameter of a statement, digit by digit: whoever reads the log can run it again."""
    return "[" + ",".join(f"{value:.9g}" for value in vector.tolist()) + "]"


class Packed(bytes):
    """A value that is in its type's binary format already."""


def copy(connection: Connection, table: str, columns: dict[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY of rows into columns given by name and type; a vector's value is `Packed`."""
    from psycopg import sql
    from psycopg.adapt import Dumper
    from psycopg.pq import Format

    class PackedDumper(Dumper):
        format = Format.BINARY

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    connection.adapters.register_dumper(Packed, PackedDumper)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        stream.set_types([kind if kind != "vector" else "bytea" for kind in columns.values()])
        for row in rows:
            stream.write_row(row)
