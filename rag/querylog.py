"""What was asked, for the reader alone: a bounded SQLite file on this machine, written behind every answer's back."""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import perf_counter, time
from types import TracebackType
from typing import Literal, Self, TypeVar

from index.errors import LogError
from index.files import DISK, put
from index.places import Place, users
from rag.database import OtherLayout, mend, opened, transaction
from rag.types import Answer

Door = Literal["page", "shell", "api"]
Choice = Literal["recent", "refused", "slow", "thumbs"]
Thumb = Literal[-1, 0, 1]
T = TypeVar("T")

KEY = re.compile("[0-9a-f]{16}")
LONGEST, MOST_PASSAGES = 4000, 50
"""Characters of any one text, and passages, that an entry keeps."""
BATCH, ATTEMPTS, PATIENCE = 100, 3, 1.0
"""Rows of one transaction; how often it is tried; seconds that each try waits for another process to finish writing."""
_OFF, _DEFAULT = ("0", "off", "no", "false"), ("", "1", "on", "yes", "true")
_VERSION = 1
_SCHEMA = (
    'CREATE TABLE IF NOT EXISTS asked (n INTEGER PRIMARY KEY, time REAL, door TEXT, "index" TEXT, question TEXT, searched TEXT, '
    "retriever TEXT, reader TEXT, passages TEXT, answer TEXT, abstained INTEGER, confidence REAL, milliseconds REAL, thumb INTEGER, "
    "key TEXT, size INTEGER)",
    "CREATE INDEX IF NOT EXISTS asked_key ON asked (key)",
)
_PRAGMAS = ("synchronous = NORMAL", "secure_delete = ON")
_HEAD = b"SQLite format 3\0"
"""How every SQLite file begins."""
DELETE = "rag log delete"
"""The command for a log that is broken."""
_CHOICES: Mapping[Choice, tuple[str, str]] = {
    "recent": ("1", "n DESC"),
    "refused": ("abstained", "n DESC"),
    "slow": ("1", "milliseconds DESC, n DESC"),
    "thumbs": ("thumb <> 0", "n DESC"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One question and what came of it. `time` is in seconds since 1970 (UTC), `thumb` 1 for up, -1 for down, 0 for neither."""

    time: float
    door: Door
    index: str
    question: str
    searched: str
    retriever: str
    reader: str
    passages: tuple[str, ...]
    answer: str
    abstained: bool
    confidence: float
    milliseconds: float
    thumb: Thumb = 0

    @property
    def key(self) -> str:
        return key_of(self.question, self.answer)


@dataclass(frozen=True, slots=True)
class Mark:
    """What can be counted of an entry."""

    time: float
    abstained: bool
    milliseconds: float
    thumb: Thumb


@dataclass(frozen=True, slots=True)
class Rating:
    """A thumb for the latest entry with these words."""

    key: str
    thumb: Thumb


@dataclass(frozen=True, slots=True)
class Retrieved:
    """How many questions are kept, and the `doc_id`s of the notes among whose passages any of them was answered."""

    questions: int = 0
    notes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept at most: entries, and bytes of their texts. The oldest go first."""

    rows: int = 10_000
    size: int = 16 * 2**20


def note_of(passage_id: str) -> str:
    """The `doc_id` of a passage's id (`doc_id#start-end`)."""
    return passage_id.rpartition("#")[0]


def key_of(question: str, answer: str) -> str:
    """What a thumb says which words it means by: it follows from the words, so that no view has to carry an id along."""
    return sha256(f"{_kept(question)}\0{_kept(answer)}".encode()).hexdigest()[:16]


def _kept(text: str) -> str:
    """The text as it is kept: without lone surrogates, which are no UTF-8, and cut where it is very long."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# The file


@dataclass(frozen=True, slots=True)
class QueryLog:
    """The log in a file. `forbidden` where the environment turns it off, whatever the switch says."""

    file: Path
    forbidden: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def is_on(self) -> bool:
        """Whether questions are kept; read anew each time, since any process may turn the switch."""
        return not self.forbidden and not os.path.exists(self._switch)

    @property
    def _switch(self) -> Path:
        """Its presence means off. A file of its own: it outlives a log that is deleted or broken."""
        return self.file.with_name(f"{self.file.name}.off")

    def turn(self, on: bool) -> None:
        """Turns the log on or off for every process from now on. Raises LogError where that cannot be remembered."""
        try:
            if on:
                if self._switch.exists():
                    DISK.remove(self._switch)
            else:
                self._make_folder()
                put(DISK, self._switch, b"")
        except OSError as problem:
            raise LogError(f"{self._switch} cannot be changed ({problem}). Turn the log off by the environment: RAG_LOG=0") from problem

    def read(
        self, choice: Choice = "recent", *, since: float = 0, index: str | None = None, most: int | None = None, skip: int = 0
    ) -> list[Entry]:
        """The entries asked for, newest first, or slowest first for `slow`; none where there is no log. Raises LogError."""
        return self._select(_entry, _columns(Entry), choice, since, index, most, skip)

    def marks(self, *, since: float = 0, index: str | None = None) -> list[Mark]:
        """What can be counted of the entries, newest first, without their texts. Raises LogError."""
        return self._select(_mark, _columns(Mark), since=since, index=index)

    def _select(
        self,
        make: Callable[[Sequence[object]], T],
        columns: str,
        choice: Choice = "recent",
        since: float = 0,
        index: str | None = None,
        most: int | None = None,
        skip: int = 0,
    ) -> list[T]:
        if not self.file.exists():
            return []
        condition, order = _CHOICES[choice]
        which = f'{condition} AND time >= ? AND (? IS NULL OR "index" = ?)'
        query = f"SELECT {columns} FROM asked WHERE {which} ORDER BY {order} LIMIT ? OFFSET ?"
        try:
            with self._opened() as database:
                rows = database.execute(query, (since, index, index, -1 if most is None else most, skip)).fetchall()
            return [make(row) for row in rows]
        except (sqlite3.Error, OSError, ValueError) as problem:
            raise LogError(f"the log {self.file} cannot be read ({problem}). {self.mend(problem)}") from problem

    def retrieved(self, index: str) -> Retrieved:
        """Which notes the questions kept have brought up, for one index. Raises LogError."""
        asked = self._select(_passages, "passages", index=index)
        return Retrieved(len(asked), frozenset(note_of(passage) for passages in asked for passage in passages))

    def add(self, items: Sequence[Entry | Rating]) -> None:
        """Writes entries and thumbs in their order, and lets the oldest go. Raises sqlite3.Error, OSError."""
        with self._opened() as database, transaction(database):
            for item in items:
                if isinstance(item, Entry):
                    _insert(database, item)
                else:
                    newest = "(SELECT max(n) FROM asked WHERE key = ?)"
                    database.execute(f"UPDATE asked SET thumb = ? WHERE n = {newest}", (item.thumb, item.key))
            self._let_go(database)

    def delete(self) -> int:
        """Deletes and overwrites every entry and returns how many; a log that is damaged is removed.

        Raises LogError, also where the file is no log of ours, which stays as it is.
        """
        try:
            return self._emptied() if self.file.exists() else 0
        except (sqlite3.Error, OSError) as problem:
            raise LogError(f"the log {self.file} cannot be deleted ({problem}). {self.mend(problem)}") from problem

    def _emptied(self) -> int:
        try:
            with self._opened() as database:
                count: int = database.execute("DELETE FROM asked").rowcount
                database.execute("VACUUM")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count
        except sqlite3.DatabaseError as problem:
            if type(problem) is not sqlite3.DatabaseError or not self._is_ours(problem):
                raise
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        return 0

    def mend(self, problem: Exception) -> str:
        """What to do about a problem with the file."""
        foreign = f"{self.file} is no log of questions: remove it yourself, or name another file by RAG_LOG"
        return mend(problem, self.file, f"Throw it away: {DELETE}" if self._is_ours(problem) else foreign)

    def _is_ours(self, problem: Exception) -> bool:
        """Whether the file may be a log that is damaged: a SQLite file of no other layout, and with our table."""
        if isinstance(problem, OtherLayout) or "no such" in str(problem):
            return False
        with suppress(OSError), self.file.open("rb") as data:
            return data.read(len(_HEAD)) == _HEAD
        return False

    def _let_go(self, database: sqlite3.Connection) -> None:
        # n has no gaps: each new one is the greatest plus one, and only the oldest go
        database.execute("DELETE FROM asked WHERE n <= (SELECT max(n) FROM asked) - ?", (self.limits.rows,))
        held = "SELECT n, sum(size) OVER (ORDER BY n DESC) AS held FROM asked"
        database.execute(f"DELETE FROM asked WHERE n <= (SELECT max(n) FROM ({held}) WHERE held > ?)", (self.limits.size,))

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        self._make_folder()
        return opened(self.file, _VERSION, _SCHEMA, _PRAGMAS, PATIENCE)

    def _make_folder(self) -> None:
        if not self.file.is_absolute():
            raise FileNotFoundError(f"there is no home folder for {self.file}")
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_log() -> QueryLog:
    """The log of this user. `RAG_LOG=0` turns it off, `RAG_LOG=FILE` puts it elsewhere."""
    setting = os.environ.get("RAG_LOG", "").strip()
    if setting.lower() in (*_OFF, *_DEFAULT):
        return QueryLog(users().user_state_path / "questions.sqlite", forbidden=setting.lower() in _OFF)
    return QueryLog(Path(setting).expanduser().absolute())


def index_name(index: Place) -> str:
    """An index as entries name it: by its whole path, or its URI without a password."""
    return str(index.resolve() if isinstance(index, Path) else index)


def _insert(database: sqlite3.Connection, entry: Entry) -> None:
    row = {**asdict(entry), "passages": json.dumps(entry.passages, ensure_ascii=False), "key": entry.key}
    row["size"] = sum(len(value.encode()) for value in row.values() if isinstance(value, str))
    names = ", ".join(f'"{name}"' for name in row)
    database.execute(f"INSERT INTO asked ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def _columns(kind: type[Entry | Mark]) -> str:
    return ", ".join(f'"{each.name}"' for each in fields(kind))


def _passages(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(json.loads(str(row[0])))


def _entry(row: Sequence[object]) -> Entry:
    found = Entry(*row)  # type: ignore[arg-type]
    return replace(found, passages=_passages([found.passages]), abstained=bool(found.abstained))


def _mark(row: Sequence[object]) -> Mark:
    found = Mark(*row)  # type: ignore[arg-type]
    return replace(found, abstained=bool(found.abstained))


# Writing behind an answer's back


class Recorder:
    """Takes what a door answers and writes it from a thread of its own: it never holds up an answer and never breaks one.

    Where more comes than is written, the surplus is dropped and counted in `dropped`.
    """

    def __init__(self, log: QueryLog, index: Place, room: int = 1000) -> None:
        self.log = log
        self.index = index_name(index)
        self.dropped = 0
        self._waiting: Queue[Entry | Rating | None] = Queue(room)
        self._thread: Thread | None = None
        self._lock = Lock()
        self._told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def watch(self, door: Door, ask: Callable[[], Answer], *, retriever: str, reader: str) -> Answer:
        """The answer that `ask` gives, which is recorded with the time it took."""
        when, began = time(), perf_counter()
        answer = ask()
        self.note(door, answer, retriever=retriever, reader=reader, when=when, seconds=perf_counter() - began)
        return answer

    def note(self, door: Door, answer: Answer, *, retriever: str, reader: str, when: float, seconds: float) -> None:
        """Records an answer that took so many seconds from a time on."""
        if self.log.is_on:
            self._put(_asked(answer, when, door, self.index, retriever, reader, 1000 * seconds))

    def rate(self, key: str, thumb: Thumb) -> bool:
        """Keeps a thumb for the latest entry with that key; whether it was taken."""
        return self.log.is_on and self._put(Rating(key, thumb))

    def close(self, patience: float = 2.0) -> None:
        """Waits so many seconds at most until everything is written, and says what was not."""
        thread, self._thread = self._thread, None
        if thread:
            with suppress(Full):
                self._waiting.put(None, timeout=patience)
                thread.join(patience)
            self.dropped += self._waiting.qsize() if thread.is_alive() else 0
        if self.dropped and not self._told:
            self._tell(f"{self.dropped} entries could not be written in time")

    def _put(self, item: Entry | Rating) -> bool:
        try:
            self._waiting.put_nowait(item)
            self._start()
            return True
        except (Full, RuntimeError):  # RuntimeError: no thread can be started any more
            self.dropped += 1
            return False

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._write, name="question log", daemon=True)
                thread.start()
                self._thread = thread

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = [self._waiting.get()]
            with suppress(Empty):
                while len(batch) < BATCH and batch[-1] is not None:
                    batch.append(self._waiting.get_nowait())
            ended = batch[-1] is None
            items = [item for item in batch if item is not None]
            if items and self.log.is_on:  # what waited when the log was turned off is not written either
                self._add(items)

    def _add(self, items: Sequence[Entry | Rating]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.log.add(items)
            except (sqlite3.Error, OSError) as problem:
                if attempt == ATTEMPTS or not isinstance(problem, sqlite3.OperationalError):
                    self.dropped += len(items)
                    return self._tell(str(problem), f" {self.log.mend(problem)}.")

    def _tell(self, problem: str, mend: str = "") -> None:
        """Once for each recorder: the answers matter more than the log."""
        if not self._told:
            self._told = True
            told = f"the log of questions {self.log.file} cannot be written ({problem}); answers go on.{mend}"
            print(f"{told} Turn it off: rag log off, or RAG_LOG=0", file=sys.stderr)


def _asked(answer: Answer, when: float, door: Door, index: str, retriever: str, reader: str, milliseconds: float) -> Entry:
    passages = tuple(_kept(hit.passage.passage_id) for hit in answer.hits[:MOST_PASSAGES])
    confidence = answer.confidence if math.isfinite(answer.confidence) else 0.0
    return Entry(
        when, door, _kept(index), _kept(answer.question), _kept(answer.searched), retriever, reader, passages, _kept(answer.text),
        answer.abstained, confidence, milliseconds,
    )  # fmt: skip
