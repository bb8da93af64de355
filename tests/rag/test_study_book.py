"""What is learned is kept in one file, and says what comes next."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import StudyError
from index.types import Document, Filter
from rag.study.book import RATINGS, Book, Day, Rating, book_of
from rag.study.cards import make_cards
from rag.study.desk import AHEAD, NEW_A_DAY, Desk, cards_of, desk_of
from tests.rag.study_notes import NOTES, OVERFIT, shelf

CARDS = make_cards(NOTES)
ONE, TWO = CARDS[:2]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_of(tmp_path / "index")


def desk(book: Book, kept: Filter | None = None, *notes: Document) -> Desk:
    index = shelf(*notes)
    return desk_of(index, book, cards_of(index, book), kept, MIDNIGHT)


def test_the_book_lies_beside_the_index_and_reading_makes_none(book: Book, tmp_path: Path) -> None:
    assert book.file == tmp_path / "index.study.sqlite"
    assert (book.kept(), book.day(MIDNIGHT), book.made("x")) == ({}, Day(), None)
    assert not book.file.exists()


def test_a_rating_is_kept_with_the_interval_that_was_promised(book: Book) -> None:
    promised = book.intervals(ONE, NOW)
    assert list(promised) == list(RATINGS) and promised[1] == MINUTE and promised[3] == 10 * MINUTE
    assert timedelta(days=6) < promised[4] < timedelta(days=10)
    assert book.rate(ONE, 4, NOW) == NOW + promised[4]
    kept = Book(book.file).kept()[ONE.key]
    assert (kept.card, kept.due, kept.reviews, kept.learning, kept.out) == (ONE, NOW + promised[4], 1, False, False)
    assert book.day(MIDNIGHT) == Day(1, 1) and book.day(NOW + MINUTE) == Day()
    with sqlite3.connect(book.file) as database:
        assert database.execute("SELECT key, time, rating, due FROM reviews").fetchall() == [
            (ONE.key, NOW.timestamp(), 4, (NOW + promised[4]).timestamp())
        ]


def test_intervals_grow_with_what_is_known_and_shrink_with_what_is_forgotten(book: Book) -> None:
    now, gaps = NOW, []
    for rating in (3, 3, 3, 3):
        due = book.rate(ONE, rating, now)
        gaps.append(due - now)
        now = due
    assert gaps[0] == 10 * MINUTE and gaps[1] < gaps[2] < gaps[3]
    assert book.rate(ONE, 1, now) - now == 10 * MINUTE
    again = book.intervals(ONE, now + 10 * MINUTE)
    assert again[1] <= again[2] <= again[3] <= again[4] < gaps[3]


def test_a_press_counts_once(book: Book) -> None:
    assert book.rate(ONE, 3, NOW, seen=0) == NOW + 10 * MINUTE
    assert book.rate(ONE, 3, NOW, seen=0) is None
    assert book.kept()[ONE.key].reviews == 1 and book.day(MIDNIGHT).reviews == 1
    assert book.rate(ONE, 4, NOW, seen=1) is not None


def test_the_same_ratings_give_the_same_schedule(tmp_path: Path) -> None:
    ratings: tuple[Rating, ...] = (3, 2, 3, 4, 1, 3)
    books = [Book(tmp_path / name) for name in ("a.sqlite", "b.sqlite")]
    dues = [[book.rate(ONE, rating, NOW + timedelta(days=n)) for n, rating in enumerate(ratings)] for book in books]
    assert dues[0] == dues[1]


def test_what_is_left_out_is_not_asked_and_comes_back_with_its_schedule(book: Book) -> None:
    book.rate(ONE, 4, NOW)
    book.leave_out(ONE, True)
    assert ONE not in desk(book).cards and desk(book).out == (ONE,)
    book.leave_out(ONE, False)
    found = desk(book)
    assert ONE in found.cards and found.out == () and found.kept[ONE.key].reviews == 1


def test_a_quiz_goes_from_card_to_card_to_its_end(book: Book) -> None:
    now, asked = NOW, []
    while card := desk(book).next(now):
        asked.append(card.key)
        book.rate(card, 1 if len(asked) == 1 else 3, now)
        now += timedelta(seconds=20)
    assert set(asked) == {card.key for card in CARDS}
    assert len(asked) == 2 * len(CARDS) + 1  # each twice, and the one that was not known once more
    assert asked[:2] == [CARDS[0].key, CARDS[1].key]
    done = desk(book)
    assert done.day == Day(len(asked), len(CARDS)) and done.unseen() == 0
    coming = done.next_due(now)
    assert coming and coming - now > AHEAD
    assert desk(book).next(coming) in CARDS


def test_what_is_due_comes_before_what_is_new_the_longest_overdue_first(book: Book) -> None:
    book.rate(TWO, 3, NOW)
    book.rate(ONE, 3, NOW + MINUTE)
    later = NOW + 12 * MINUTE
    assert desk(book).due(later) == [TWO, ONE]
    assert desk(book).next(later) == TWO
    assert desk(book).next(NOW + 2 * MINUTE) == CARDS[2]
    assert desk(book).soon(NOW + 2 * MINUTE) == [TWO, ONE]


def test_a_day_takes_so_many_new_cards_unless_more_are_wanted(book: Book) -> None:
    cards = tuple(replace(ONE, key=f"k{n}") for n in range(NEW_A_DAY + 15))
    found = Desk(cards, (), (), {}, Day(5, 5))
    assert len(found.new()) == NEW_A_DAY - 5 and len(found.new(10)) == NEW_A_DAY + 5
    done = Desk(cards, (), (), {}, Day(90, 90))
    assert done.new() == [] and len(done.new(done.extra() + 10)) == 10


def test_a_filter_keeps_the_cards_of_its_notes(book: Book) -> None:
    assert {card.doc_id for card in desk(book, Filter(weeks=(12,))).cards} == {"week12/serving.md"}


def test_a_card_rests_while_its_words_are_gone_and_goes_on_when_they_are_back(book: Book) -> None:
    book.rate(ONE, 4, NOW)
    changed = replace(NOTES[0], text=OVERFIT.replace("잡음까지 외워서", "너무 오래 배워서"))
    found = desk(book, None, changed, NOTES[1])
    assert [card.key for card in found.resting] == [ONE.key] and ONE.key not in {card.key for card in found.cards}
    assert desk(book, Filter(weeks=(12,)), changed, NOTES[1]).resting == ()
    back = desk(book)
    assert back.resting == () and back.kept[ONE.key].reviews == 1 and ONE in back.cards


def test_cards_are_made_once_for_the_same_notes(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cards_of(shelf(), book)
    monkeypatch.setattr("rag.study.desk.make_cards", lambda *_: pytest.fail("made again"))
    assert cards_of(shelf(), book) == first == CARDS
    with pytest.raises(pytest.fail.Exception):
        cards_of(shelf(NOTES[0]), book)


def test_a_book_that_is_none_says_which_file_and_what_to_do(book: Book) -> None:
    book.file.write_text("no database at all, but long enough to be taken for the header of one. " * 20)
    with pytest.raises(StudyError, match=r"index\.study\.sqlite, cannot be used .* mv "):
        book.kept()
    with pytest.raises(StudyError):
        book.rate(ONE, 3, NOW)


def test_a_book_of_another_layout_is_left_alone(book: Book) -> None:
    with sqlite3.connect(book.file) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(StudyError, match="version 9"):
        book.kept()


def test_a_place_that_is_not_there_is_an_error_when_something_is_learned(tmp_path: Path) -> None:
    (tmp_path / "missing").write_text("no folder")
    nowhere = Book(tmp_path / "missing" / "index.study.sqlite")
    assert cards_of(shelf(), nowhere) == CARDS
    with pytest.raises(StudyError, match=r"See whether .*missing can be written to"):
        nowhere.rate(ONE, 3, NOW)


def test_a_book_is_read_while_another_process_writes(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.leave_out(ONE, True)
    monkeypatch.setattr("rag.study.book.PATIENCE", 0.1)
    with closing(sqlite3.connect(book.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert list(book.kept()) == [ONE.key]
        with pytest.raises(StudyError, match="Another process is writing: try again"):
            book.leave_out(TWO, True)


def test_old_reviews_go_and_schedules_stay(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.study.book.MOST_REVIEWS", 3)
    for n in range(6):
        book.rate(ONE, 3, NOW + timedelta(days=n))
    assert book.day(MIDNIGHT).reviews == 3 and book.kept()[ONE.key].reviews == 6
