"""Studying in a real Chromium: a quiz to its end, its schedule kept, cards left out and exported, notes at a glance."""

from __future__ import annotations

import csv
import io
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from index.types import Document
from rag.study.book import Book, book_of
from rag.study.cards import Card, make_cards
from tests.browser.conftest import PATIENCE, Desk, Open
from tests.browser.test_page import fits, source, text_of
from tests.rag.study_notes import NOTES, shelf
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui import users
from ui.door import Door
from ui.i18n_study import EN, KO
from ui.users import Users

pytestmark = pytest.mark.browser

SECRET = "lecture-notes-2026"
CARDS = {card.key: card for card in make_cards(NOTES)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study") / "index"


@pytest.fixture(scope="module")
def url(place: Path) -> Iterator[str]:
    desk = Desk(WordPipeline(shelf()))
    desk.gate.set()
    with serving(desk, place=place) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def book(place: Path) -> Book:
    """Where nothing is learned yet."""
    book = book_of(place)
    for suffix in ("", "-wal", "-shm"):
        book.file.with_name(book.file.name + suffix).unlink(missing_ok=True)
    return book


def study(page: Any) -> None:
    page.click("#view-study-button")
    page.wait_for_selector("#study-body .study-card")


def part(page: Any, number: int, shown: str) -> None:
    page.click(f"#study-part label >> nth={number}")
    page.wait_for_selector(shown)


def card(page: Any) -> Card:
    return CARDS[page.get_attribute("#study-body .study-card", "data-card")]


def rate(page: Any, rating: int) -> None:
    """Answers by the keys alone, and waits for what comes behind it: another count of what was answered."""
    before = page.inner_text(".study-counts div:nth-child(3) dd")
    page.keyboard.press("Space")
    page.wait_for_selector(".study-told:not([hidden])")
    page.keyboard.press(str(rating))
    page.wait_for_function("before => document.querySelector('.study-counts div:nth-child(3) dd')?.innerText !== before", arg=before)


def test_a_quiz_goes_to_its_end_and_its_schedule_is_kept(open_page: Open, url: str, book: Book) -> None:
    page = open_page(url)
    study(page)
    first = card(page)
    assert page.locator(".study-told").is_hidden()
    assert page.inner_text(".study-counts").split("\n")[1::2] == ["0", str(len(CARDS)), "0"]
    page.keyboard.press("Space")
    page.wait_for_selector(".study-told:not([hidden])")
    assert page.inner_text(".study-card .study-back").split("\n") == list(first.back)
    assert page.locator(".rate span").all_inner_texts() == ["1분", "6분", "10분", "8일"]
    assert page.evaluate("document.activeElement.className") == "study-back"
    page.keyboard.press("1")
    page.wait_for_function("key => document.querySelector('.study-card')?.dataset.card !== key", arg=first.key)
    seen = [first.key]
    for _ in range(len(CARDS) - 1):
        seen.append(card(page).key)
        rate(page, 4)
    assert sorted(seen) == sorted(CARDS)
    assert card(page) == first  # what was not known comes again before the end
    rate(page, 4)
    page.wait_for_selector(".study-done")
    assert page.inner_text(".study-done h3") == KO.finished
    assert page.inner_text(".study-done p >> nth=0") == KO.finished_note.format(count=len(CARDS) + 1)
    assert page.get_attribute("#study-body .track", "aria-valuenow") == "100"

    page.reload()
    page.wait_for_selector(".study-done")
    assert page.inner_text(".study-done h3") == KO.finished
    kept, now = book.kept(), datetime.now(UTC)
    assert {key: each.reviews for key, each in kept.items()} == {key: 1 + (key == first.key) for key in CARDS}
    due = {key: each.due - now for key, each in kept.items() if each.due}
    assert all(timedelta(days=7) < due[key] < timedelta(days=9) for key in seen[1:])
    part(page, 1, ".study-cards")
    assert set(page.locator(".study-state > span:first-child").all_inner_texts()[1:]) == {"8일 뒤"}


AT_ONCE = """() => new Promise((done, stuck) => {
  setTimeout(() => stuck(new Error(body.innerText)), 60000);
  const body = document.querySelector('#study-body');
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  const answer = () => {
    if (body.querySelector('.study-done')) done();
    if (!body.querySelector('[data-reveal]:not([hidden])')) return;
    press(' ');
    press('4');
  };
  new MutationObserver(answer).observe(body, { childList: true, subtree: true });
  answer();
})"""
"""Answers every card in the moment in which it is drawn."""


def test_no_answer_is_too_quick(open_page: Open, url: str, book: Book) -> None:
    page = open_page(url)
    study(page)
    page.evaluate(AT_ONCE)
    assert page.inner_text(".study-done h3") == KO.finished
    assert {key: each.reviews for key, each in book.kept().items()} == dict.fromkeys(CARDS, 1)


class Closed(WordIndex):
    """Gives no text until its gate is open."""

    gate = Event()

    def document(self, doc_id: str) -> Document:
        assert self.gate.wait(120)
        return super().document(doc_id)


def test_cards_come_by_themselves_once_they_are_made(open_page: Open, tmp_path: Path) -> None:
    desk = Desk(WordPipeline(Closed(NOTES)))
    desk.gate.set()
    try:
        with serving(desk, place=tmp_path / "index") as port:
            page = open_page(f"http://127.0.0.1:{port}/")
            page.click("#view-study-button")
            page.wait_for_selector("#study-body [aria-busy=true] .track")
            assert page.inner_text("#study-body h3") == KO.making
            page.wait_for_timeout(1200)  # it looks in vain
            assert page.inner_text("#study-body h3") == KO.making
            Closed.gate.set()
            page.wait_for_selector("#study-body .study-card")
            assert card(page).kind
    finally:
        Closed.gate.set()


def test_each_who_signs_in_learns_apart(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "LOG2_N", 4)
    for name in ("kim", "민지"):
        users.add(tmp_path / "users", name, SECRET)
    desk, place = Desk(WordPipeline(shelf())), tmp_path / "index"
    desk.gate.set()
    with serving(desk, place=place, door=Door(users=Users(tmp_path / "users"))) as port:
        for name, asked in (("kim", 0), ("민지", 0), ("kim", 1)):
            shown = b64encode(f"{name}:{SECRET}".encode()).decode()
            context = browser.new_context(locale="ko-KR", extra_http_headers={"Authorization": f"Basic {shown}"})
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            study(page)
            assert page.inner_text(".study-counts").split("\n")[5] == str(asked)
            rate(page, 4)
            context.close()
    assert [len(book_of(place, name).kept()) for name in ("kim", "민지", "")] == [2, 1, 0]


def test_one_press_brings_more_new_cards_also_after_a_reload(
    open_page: Open, url: str, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.study.desk.NEW_A_DAY", 2)
    monkeypatch.setattr("ui.html_study.MORE", 2)
    page = open_page(url)
    study(page)
    for _ in range(2):
        rate(page, 4)
        rate(page, 4)
        page.wait_for_selector(".study-done")
        page.reload()
        page.click(".study-done [data-do=more]")
        page.wait_for_selector(".study-card")


def test_an_answer_opens_in_its_note_at_its_words(open_page: Open, url: str, book: Book) -> None:
    page = open_page(url)
    study(page)
    while card(page).kind != "definition":
        rate(page, 4)
    asked = card(page)
    page.keyboard.press("Space")
    page.click(".study-card .origin")
    source(page)
    assert text_of(page, "#note mark.evidence") == asked.back[0]
    page.keyboard.press("Escape")
    page.wait_for_selector("#note", state="hidden")
    assert card(page) == asked


def test_a_card_that_is_left_out_is_not_asked_until_it_is_taken_in_and_the_others_are_exported(
    open_page: Open, url: str, book: Book
) -> None:
    page = open_page(url)
    study(page)
    first = card(page)
    page.click(".study-card .study-out")
    page.wait_for_function("key => document.querySelector('.study-card')?.dataset.card !== key", arg=first.key)
    assert page.inner_text(".study-said") == KO.left_out
    part(page, 1, ".study-cards")
    assert page.inner_text(".study-bar strong") == f"카드 {len(CARDS) - 1}장"
    assert page.inner_text(".put-by h3") == f"{KO.out} 1"
    with page.expect_download() as coming:
        page.click("[data-export='.csv']")
    assert coming.value.suggested_filename == f"{KO.deck}.csv"
    rows = list(csv.DictReader(io.StringIO(coming.value.path().read_text(encoding="utf-8-sig"), newline="")))
    assert {row["key"] for row in rows} == set(CARDS) - {first.key}
    assert all(row["quote"].lstrip("'") == CARDS[row["key"]].sources[0].quote for row in rows)
    with page.expect_download() as coming:
        page.click("[data-export='.apkg']")
    assert coming.value.suggested_filename == f"{KO.deck}.apkg"
    assert zipfile.ZipFile(coming.value.path()).namelist() == ["collection.anki2", "media"]
    page.click(".put-by .study-out")
    page.wait_for_selector(".put-by", state="detached")
    assert page.inner_text(".study-bar strong") == f"카드 {len(CARDS)}장"
    page.wait_for_function("key => document.activeElement.dataset.key === key", arg=first.key)


def test_what_is_chosen_narrows_the_cards_and_outlives_a_reload(open_page: Open, url: str, book: Book) -> None:
    page = open_page(url)
    study(page)
    part(page, 1, ".study-cards")
    page.click("#study-weeks input")
    page.click("#study-weeks [role=option] >> nth=1")
    page.wait_for_function("document.querySelectorAll('#study-body .study-group').length === 1")
    assert page.inner_text(".study-group h3").startswith("모델 서빙")
    page.reload()
    page.wait_for_selector(".study-card")
    assert card(page).doc_id == "week12/serving.md"


def test_notes_at_a_glance_open_at_their_sentences(open_page: Open, url: str, book: Book) -> None:
    page = open_page(url, locale="en-US", width=390, height=844)
    study(page)
    assert fits(page)
    page.keyboard.press("Space")
    page.wait_for_selector(".study-told:not([hidden])")
    assert fits(page) and page.locator(".rate b").all_inner_texts() == [EN.again, EN.hard, EN.good, EN.easy]
    part(page, 1, ".study-cards")
    assert fits(page)
    page.click("[data-lang=ko]")
    page.wait_for_function("said => document.querySelector('#study-top h2')?.innerText === said", arg=KO.study)
    assert page.inner_text(".study-bar strong") == f"카드 {len(CARDS)}장"
    part(page, 2, ".study-glance")
    assert fits(page)
    assert page.locator(".glance-note h3").all_inner_texts() == [document.title for document in NOTES]
    said = page.inner_text(".point .said >> nth=0")
    page.click(".point >> nth=0")
    source(page)
    assert text_of(page, "#note mark.evidence").replace("**", "") == said
