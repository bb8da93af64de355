"""Vectors of passages, kept by what they are made of: the encoder and the exact text.

A note that was moved, renamed or copied, that another index holds as well, or that a run embedded which was killed before it could
commit, is not embedded again. The cache lies in the user's cache folder and not beside an index; it is bounded, and may be thrown away
at any time.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np

from index.encoder import Encoder, Vectors
from index.places import users
from index.types import Progress

T = TypeVar("T")

SETTING = "RAG_VECTORS"
"""The environment variable that names another folder; 0 keeps nothing."""

LIMIT = 2 * 2**30
"""Most bytes that are kept, about a million vectors of 384 numbers; beyond it the oldest go."""

BATCH = 128
"""Passages that are embedded between two writes: what a run that is killed embeds twice at most."""

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

_VERSION = 1
_ASKED = 500
"""Keys in one question to SQLite, which takes no more than 999 in its older versions."""
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
}
"""What SQLite complains of although the file may be whole."""


def key(encoder: Encoder, text: str) -> bytes:
    """Under what the vector of a text is kept; the fingerprint changes whenever the vector would."""
    return sha256(f"{encoder.fingerprint}\0".encode() + text.encode("utf-8", "surrogatepass")).digest()


def embed(encoder: Encoder, texts: Sequence[str], cache: VectorCache | None, progress: Progress | None = None) -> Vectors:
    """float32 `(len(texts), dim)`: vectors that are kept, and those of the other texts, each text embedded once.

    Like lengths in tokens go together, the longest first, so that little is padded and no core waits long for another; every batch is
    kept as soon as it is done.
    """
    places: dict[bytes, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(key(encoder, text), []).append(place)
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    kept = cache.find(list(places), encoder.dim) if cache else {}
    for name, vector in kept.items():
        vectors[places[name]] = vector
    missing = [name for name in places if name not in kept]
    tokens = dict(zip(missing, encoder.count_tokens([texts[places[name][0]] for name in missing]), strict=True)) if missing else {}
    missing.sort(key=lambda name: -tokens[name])
    done = len(texts) - len(missing)  # a text that stands there twice is half done
    if progress and texts and not missing:
        progress("encode", done, len(texts))
    for start in range(0, len(missing), BATCH):
        names = missing[start : start + BATCH]
        made = encoder.encode_passages([texts[places[name][0]] for name in names], _further(progress, done, len(texts)))
        if cache:
            cache.keep(dict(zip(names, made, strict=True)))
        for name, vector in zip(names, made, strict=True):
            vectors[places[name]] = vector
        done += len(names)
    return vectors


def _further(progress: Progress | None, done: int, total: int) -> Progress | None:
    """The progress of a batch as one of the whole."""
    return (lambda stage, now, _: progress(stage, done + now, total)) if progress else None


def users_cache() -> VectorCache | None:
    """The cache of this user: in $RAG_VECTORS, else in the user's cache folder; None where $RAG_VECTORS is 0."""
    setting = os.environ.get(SETTING, "").strip()
    if setting == "0":
        return None
    folder = Path(setting).expanduser().absolute() if setting else users().user_cache_path / "vectors"
    return VectorCache(folder / "vectors.sqlite")


class VectorCache:
    """Vectors in one SQLite file, which several processes may use at once, and which outlives the death of any of them.

    It never stops anybody: what cannot be read is not there, what cannot be written is not kept, and a damaged file is dropped; each is
    told once on stderr.
    """

    def __init__(self, file: Path, limit: int = LIMIT) -> None:
        self.file = file
        self.limit = limit
        self._told = False

    def find(self, keys: Sequence[bytes], dim: int) -> dict[bytes, Vectors]:
        """The vectors `(dim,)` that are kept of those asked for, each checked against its sum."""

        def read(database: sqlite3.Connection) -> dict[bytes, Vectors]:
            found: dict[bytes, Vectors] = {}
            for start in range(0, len(keys), _ASKED):
                asked = keys[start : start + _ASKED]
                marks = ",".join("?" * len(asked))
                for name, data in database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", asked):
                    vector = _unpacked(name, data, dim)
                    if vector is not None:
                        found[name] = vector
            return found

        return self._tried(read, {}) if self.file.exists() else {}

    def keep(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Keeps vectors, and lets the oldest go where there are too many."""
        rows = [(name, _packed(name, vector)) for name, vector in vectors.items()]

        def write(database: sqlite3.Connection) -> None:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)
            while _size(database) > self.limit and _let_go(database):
                pass
            database.execute("COMMIT")

        self._tried(write, None)

    def _tried(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        try:
            with self._opened() as database:
                return work(database)
        except (sqlite3.Error, OSError) as problem:
            code = getattr(problem, "sqlite_errorcode", None)
            if isinstance(problem, OSError) or (code is not None and code & 0xFF in _PASSING):
                self._tell(f"the vectors kept in {self.file} cannot be used now ({problem}); passages are embedded without them")
            else:
                self._drop()
                self._tell(f"the vectors kept in {self.file} were damaged ({problem}) and are dropped; passages are embedded again")
            return otherwise

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection for one piece of work. Raises sqlite3.Error, OSError."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = NORMAL")
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                _prepare(database)
            yield database

    def _drop(self) -> None:
        for ending in ("", "-journal"):
            try:
                self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
            except OSError as problem:  # Windows, while another process has it open
                self._tell(f"{self.file} is damaged and cannot be removed ({problem}); remove it")

    def _tell(self, what: str) -> None:
        if not self._told:
            print(what, file=sys.stderr)
        self._told = True


def _prepare(database: sqlite3.Connection) -> None:
    """Makes the table in an empty file; DatabaseError where the file holds anything else."""
    database.execute("PRAGMA page_size = 16384")
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()  # another process may have been faster
    if version != _VERSION:
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise sqlite3.DatabaseError(f"its layout is version {version}, this program writes version {_VERSION}")
        database.execute("CREATE TABLE vectors (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL)")
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _size(database: sqlite3.Connection) -> int:
    """Bytes in use; pages that are free are filled again before the file grows."""
    pages, free, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
    return int((pages - free) * size)


def _let_go(database: sqlite3.Connection) -> bool:
    """Lets the oldest sixteenth go; False where nothing is left."""
    first, last = database.execute("SELECT min(number), max(number) FROM vectors").fetchone()
    if first is None:
        return False
    database.execute("DELETE FROM vectors WHERE number <= ?", (first + (last - first) // 16,))
    return True


def _packed(name: bytes, vector: Vectors) -> bytes:
    data = np.ascontiguousarray(vector, "<f4").tobytes()
    return data + zlib.crc32(name + data).to_bytes(4, "little")


def _unpacked(name: bytes, data: object, dim: int) -> Vectors | None:
    """The vector, or None where it is not what was written."""
    if not isinstance(data, bytes) or len(data) != 4 * dim + 4 or zlib.crc32(name + data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    return np.frombuffer(data[:-4], "<f4").astype(np.float32)
