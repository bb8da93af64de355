"""What is learned: a SQLite file beside the index with each card's schedule, every review, and the cards as they were made.

When a card is due is FSRS's affair (py-fsrs): by its model of memory the chance to remember has then fallen to 90 %. Nothing is fuzzed, so
that the interval shown on a button is the one that comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from index.errors import StudyError
from index.places import Place, beside
from rag.database import mend, opened, transaction
from rag.study.cards import Card, from_json, to_json

Rating = Literal[1, 2, 3, 4]
"""How well a card was known: again, hard, good, easy."""
RATINGS: tuple[Rating, ...] = get_args(Rating)
T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that a change waits for another process to finish writing."""
MOST_REVIEWS = 100_000
"""Reviews that are kept; the oldest go first. The schedule of a card does not need them."""
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS cards (key TEXT PRIMARY KEY, card TEXT NOT NULL, out INTEGER NOT NULL DEFAULT 0, state TEXT, due REAL, "
    "first REAL, reviews INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS reviews (n INTEGER PRIMARY KEY, key TEXT NOT NULL, time REAL NOT NULL, rating INTEGER NOT NULL, "
    "due REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS reviews_time ON reviews (time)",
    "CREATE TABLE IF NOT EXISTS made (stamp TEXT NOT NULL, cards TEXT NOT NULL)",
)
_PRAGMAS = ("synchronous = FULL",)
"""A review that was told is kept, whatever happens to the machine."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a card that was asked or left out. `due` is None where it was never asked."""

    card: Card
    out: bool
    due: datetime | None
    learning: bool
    reviews: int


@dataclass(frozen=True, slots=True)
class Day:
    """What was done since some moment: reviews, and cards that were asked for the first time."""

    reviews: int = 0
    new: int = 0


def book_of(index_dir: Place, who: str = "") -> Book:
    """The book of an index: `data/index` has `data/index.study.sqlite`, and `data/index.study-kim.sqlite` for one who signed in as kim."""
    place = beside(index_dir)
    return Book(place.with_name(f"{place.name}.study{who and f'-{who}'}.sqlite"))


@dataclass(frozen=True, slots=True)
class Book:
    """What is learned, in a file. All moments are in UTC; every method may raise StudyError."""

    file: Path

    def kept(self) -> dict[str, Kept]:
        """Every card that was asked or left out, by its key."""
        return self._read(_all, {})

    def day(self, since: datetime) -> Day:
        """What was done from that moment on."""
        return self._read(lambda database: _day(database, since.timestamp()), Day())

    def intervals(self, card: Card, now: datetime) -> dict[Rating, timedelta]:
        """How long each rating would put a card off."""
        state = self._read(lambda database: _state(database, card.key), None)
        return {rating: _rated(state, rating, now)[1] - now for rating in RATINGS}

    def rate(self, card: Card, rating: Rating, now: datetime, seen: int | None = None) -> datetime | None:
        """Keeps how well a card was known, and returns when it is due again.

        `seen` are the reviews that it had when it was shown: where it has others by now, nothing is kept, and None returned.
        """

        def write(database: sqlite3.Connection) -> datetime | None:
            row = database.execute("SELECT reviews FROM cards WHERE key = ?", (card.key,)).fetchone()
            if seen is not None and seen != (row[0] if row else 0):
                return None
            state, due = _rated(_state(database, card.key), rating, now)
            _put(database, card)
            values = json.dumps(state), due.timestamp(), now.timestamp(), card.key
            database.execute("UPDATE cards SET state = ?, due = ?, first = coalesce(first, ?), reviews = reviews + 1 WHERE key = ?", values)
            database.execute(
                "INSERT INTO reviews (key, time, rating, due) VALUES (?, ?, ?, ?)", (card.key, now.timestamp(), rating, due.timestamp())
            )
            database.execute("DELETE FROM reviews WHERE n <= (SELECT max(n) FROM reviews) - ?", (MOST_REVIEWS,))
            return due

        return self._write(write)

    def leave_out(self, card: Card, out: bool) -> None:
        """Keeps a card from being asked and exported, or takes it in again; its schedule stays."""

        def write(database: sqlite3.Connection) -> None:
            _put(database, card)
            database.execute("UPDATE cards SET out = ? WHERE key = ?", (out, card.key))

        self._write(write)

    def made(self, stamp: str) -> list[Card] | None:
        """The cards that were made of notes with that stamp; None where others were."""
        row = self._read(lambda database: database.execute("SELECT cards FROM made WHERE stamp = ?", (stamp,)).fetchone(), None)
        return [from_json(each) for each in json.loads(row[0])] if row else None

    def keep_made(self, stamp: str, cards: Sequence[Card]) -> None:
        """Keeps the cards that were made, in the place of others."""

        def write(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM made")
            database.execute("INSERT INTO made VALUES (?, ?)", (stamp, json.dumps([to_json(card) for card in cards], ensure_ascii=False)))

        self._write(write)

    def _read(self, read: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """What is read, or `nothing` where there is no file yet: reading makes none."""
        return self._use(read) if self.file.exists() else nothing

    def _write(self, write: Callable[[sqlite3.Connection], T]) -> T:
        def whole(database: sqlite3.Connection) -> T:
            with transaction(database):
                return write(database)

        return self._use(whole)

    def _use(self, use: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with opened(self.file, _VERSION, _SCHEMA, _PRAGMAS, PATIENCE) as database:
                return use(database)
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as problem:
            hint = mend(problem, self.file, f"Move the file away to begin anew: mv {self.file} {self.file}.old")
            raise StudyError(f"what is learned, {self.file}, cannot be used ({problem}). {hint}") from problem


def _put(database: sqlite3.Connection, card: Card) -> None:
    """The card as it reads today: an edited note may have changed where it stands."""
    text = json.dumps(to_json(card), ensure_ascii=False)
    database.execute("INSERT INTO cards (key, card) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET card = excluded.card", (card.key, text))


def _state(database: sqlite3.Connection, key: str) -> Mapping[str, Any] | None:
    row = database.execute("SELECT state FROM cards WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row and row[0] else None


def _all(database: sqlite3.Connection) -> dict[str, Kept]:
    rows = database.execute("SELECT key, card, out, state, due, reviews FROM cards").fetchall()
    return {key: _kept(card, out, state, due, reviews) for key, card, out, state, due, reviews in rows}


def _kept(card: str, out: int, state: str | None, due: float | None, reviews: int) -> Kept:
    moment = None if due is None else datetime.fromtimestamp(due, UTC)
    learning = state is not None and json.loads(state)["step"] is not None
    return Kept(from_json(json.loads(card)), bool(out), moment, learning, reviews)


def _day(database: sqlite3.Connection, since: float) -> Day:
    (reviews,) = database.execute("SELECT count(*) FROM reviews WHERE time >= ?", (since,)).fetchone()
    (new,) = database.execute("SELECT count(*) FROM cards WHERE first >= ?", (since,)).fetchone()
    return Day(reviews, new)


@cache
def _scheduler() -> Any:
    from fsrs import Scheduler

    return Scheduler(enable_fuzzing=False)


def _rated(state: Mapping[str, Any] | None, rating: Rating, now: datetime) -> tuple[dict[str, Any], datetime]:
    """The card's state behind a rating, and when it is due."""
    from fsrs import Card as Memory
    from fsrs import Rating as Known

    memory = Memory.from_dict(dict(state)) if state else Memory(card_id=0, due=now.astimezone(UTC))  # type: ignore[arg-type]
    memory, _ = _scheduler().review_card(memory, Known(rating), now.astimezone(UTC))
    return dict(memory.to_dict()), memory.due
