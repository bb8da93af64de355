"""A SQLite file of the user's own: made for nobody else, opened for one use at a time, and what to do where that fails."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path


class OtherLayout(sqlite3.DatabaseError):
    """Written by another version of the program, or by another program."""


@contextmanager
def opened(file: Path, version: int, schema: Sequence[str], pragmas: Sequence[str], patience: float) -> Iterator[sqlite3.Connection]:
    """A connection of its own for each use: any thread may call, and none holds on to a file that another process threw away.

    `schema` makes a new file; `pragmas` ("synchronous = FULL") hold for the connection, which waits `patience` seconds for another process
    to finish writing. A file that is there is only read until the caller writes. Raises sqlite3.Error, OSError.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDONLY | os.O_CREAT, 0o600))  # SQLite's companions of it take its permissions
    with closing(sqlite3.connect(file, timeout=patience, isolation_level=None)) as database:
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found not in (0, version):
            raise OtherLayout(f"its layout is version {found}, this program writes version {version}")
        if found == 0:
            database.execute("PRAGMA journal_mode = WAL")
            with transaction(database):
                for line in (*schema, f"PRAGMA user_version = {version}"):
                    database.execute(line)
        for pragma in pragmas:
            database.execute(f"PRAGMA {pragma}")
        yield database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is written within."""
    database.execute("BEGIN IMMEDIATE")  # waits for its turn here, where waiting is safe
    with database:
        yield


def mend(problem: Exception, file: Path, otherwise: str) -> str:
    """What to do where the file cannot be used: `otherwise` where neither another process nor the place is the reason."""
    said = str(problem)
    if "locked" in said or "busy" in said:
        return "Another process is writing: try again"
    if isinstance(problem, OSError) or any(sign in said for sign in ("readonly", "unable to open", "disk is full", "disk I/O")):
        return f"See whether {file.parent} can be written to"
    return otherwise
