"""Passages appear while a question is typed, in the place of the sources; nothing of it is asked, recorded, or disturbs what is typed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from index.index import Changes, IndexedDocument
from index.memory import MemoryIndex
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.pipeline import Pipeline
from rag.repair import Repairer
from rag.sentence_reader import SentenceReader
from rag.types import Glance
from tests.browser.conftest import NASTY, NOTES, Open, Site
from tests.browser.test_page import answering, ask, fits, note, text_of
from tests.fakes import HashEncoder
from tests.ui.shelf import WordIndex, WordPipeline, passages
from ui.i18n_ask import EN as ASK_EN
from ui.i18n_ask import KO as ASK_KO

pytestmark = pytest.mark.browser

BOX = "#question textarea"
FOUND = "#typed .glance"


@dataclass
class Held(WordPipeline):
    """Holds a glance at some words back until it is let go; `glanced` records what was looked for."""

    held: str = "\0"
    gate: threading.Event = field(default_factory=threading.Event)
    glanced: list[str] = field(default_factory=list)

    def glance(self, question: str, **settings: Any) -> Glance:
        self.glanced.append(question)
        if self.held in question:
            assert self.gate.wait(20)
        return super().glance(question, **settings)


@pytest.fixture
def held(open_page: Open, site: Site) -> Held:
    held = site.desk.pipeline = Held(WordIndex(NOTES))
    return held


@pytest.fixture(scope="module")
def real() -> Pipeline:
    """A pipeline that repairs, over the same notes; its vectors mean nothing."""
    analyser, encoder = Analyser(), HashEncoder()
    items = []
    for document in NOTES:
        cut = list(passages(document))
        texts = [each.embedded for each in cut]
        items.append(IndexedDocument(document, "h", cut, encoder.encode_passages(texts), [analyser.terms(text) for text in texts]))
    empty = MemoryIndex(encoder_name="hash", encoder_fingerprint=encoder.fingerprint, dim=encoder.dim, settings=IndexSettings())
    index = empty.apply(Changes(put=items))
    return Pipeline(index, encoder, analyser, "lexical", SentenceReader(index, encoder, analyser), repairer=Repairer(index, analyser))


@pytest.fixture
def repairing(open_page: Open, site: Site, real: Pipeline) -> None:
    site.desk.pipeline = real  # type: ignore[assignment]


def type_in(page: Any, text: str) -> None:
    """Key by key, until what is shown is that of the whole text: on a slow machine half the text is looked for on the way."""
    from playwright.sync_api import TimeoutError

    page.fill(BOX, "")
    page.locator(BOX).press_sequentially(text, delay=15)
    try:
        page.wait_for_function("t => document.querySelector('#typed .typed')?.dataset.question === t", arg=text)
    except TimeoutError:
        shown = page.get_attribute("#typed .typed", "data-question")
        raise AssertionError(f"typed {text!r}, the box holds {page.input_value(BOX)!r}, passages are those of {shown!r}") from None


def found(page: Any, doc_id: str) -> None:
    """Waits until the first passage is of that note."""
    page.wait_for_function("d => document.querySelector('#typed .source')?.dataset.passage.startsWith(d)", arg=doc_id)


# What is shown


def test_passages_appear_with_their_words_marked_and_open_their_note(open_page: Open, site: Site) -> None:
    began, page = time.time(), open_page()
    type_in(page, "backpropagation")
    found(page, "week03/backprop.md")
    assert text_of(page, "#typed .source:first-child .match") == "backpropagation"
    assert page.inner_text("#typed .source:first-child .path").replace("\n", "") == "역전파›정의"
    assert page.locator(".welcome").is_hidden()
    assert page.inner_text("#typed .then") == ASK_KO.typing_hint.format(enter="Enter")
    page.click("#typed .source:first-child .passage")
    page.wait_for_selector("#note .here")
    place = json.loads(page.get_attribute("#typed .source:first-child .passage", "data-open"))
    text = note("week03/backprop.md").text
    assert "backpropagation" in text[place["start"] : place["end"]]
    assert page.inner_text("#note h2") == "역전파"
    assert site.desk.pipeline.asked == []
    page.wait_for_timeout(100)
    assert site.recorder.log.read(since=began) == []


def test_enter_asks_and_the_answer_takes_the_place_of_the_list(open_page: Open) -> None:
    page = open_page()
    type_in(page, "backpropagation")
    page.wait_for_selector(FOUND)
    with answering(page):
        page.keyboard.press("Enter")
    assert page.locator("#typed .source").count() == 0
    assert page.locator("#sources .source >> nth=0").is_visible()
    page.wait_for_timeout(300)
    assert page.locator("#typed .source").count() == 0


def test_another_question_shows_passages_and_going_back_to_the_answered_one_shows_its_sources(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    type_in(page, "scaled")
    found(page, "english/attention.md")
    assert page.locator("#sources").is_hidden()
    assert page.locator("#answer .answer").is_visible()
    page.fill(BOX, "")
    page.wait_for_selector("#sources .source")
    assert page.locator("#typed .source").count() == 0
    page.fill(BOX, "scaled")
    page.wait_for_selector(FOUND)
    page.fill(BOX, "backpropagation")
    page.wait_for_selector("#sources .source")
    assert page.locator("#typed .source").count() == 0


def test_emptying_the_box_shows_the_welcome_again(open_page: Open) -> None:
    page = open_page()
    type_in(page, "scaled")
    page.wait_for_selector(FOUND)
    for _ in "scaled":
        page.keyboard.press("Backspace")
    page.wait_for_selector(".welcome")
    page.wait_for_timeout(250)
    assert page.locator(".welcome").is_visible() and page.locator(FOUND).count() == 0


def test_words_that_no_note_holds_are_said_and_a_single_letter_says_nothing(open_page: Open) -> None:
    page = open_page()
    type_in(page, "q")
    page.wait_for_timeout(300)
    assert page.locator(".welcome").is_visible()
    type_in(page, "쿼크글루온")
    page.wait_for_selector(f"{FOUND}.none")
    assert page.inner_text("#typed [role=status]") == ASK_KO.typing_none


def test_a_follow_up_is_looked_for_with_its_topic(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation 정의가 뭐야")
    type_in(page, "그럼 단점은?")
    page.wait_for_selector("#typed .searched")
    assert "backpropagation 정의가 뭐야 그럼 단점은?" in page.inner_text("#typed .searched")


def test_a_note_that_attacks_is_only_text_here_too(open_page: Open) -> None:
    page = open_page()
    type_in(page, "위험")
    found(page, "week09/nasty.md")
    assert NASTY in text_of(page, "#typed .source:first-child .passage")
    assert page.evaluate("window.harm") is None
    assert page.locator("#typed :is(img, script, a)").count() == 0


def test_the_list_speaks_the_language_of_the_page_and_fits_a_phone(open_page: Open) -> None:
    page = open_page(locale="en-US", width=390, height=844, has_touch=True, is_mobile=True)
    ask(page, "backpropagation")
    page.fill(BOX, "가로")
    page.wait_for_selector(FOUND)
    assert page.inner_text("#typed h2") == ASK_EN.typing
    assert page.locator("#left").is_hidden()
    assert fits(page)
    page.click("[data-lang=ko]")
    page.wait_for_function("t => document.querySelector('#typed h2')?.innerText === t", arg=ASK_KO.typing)


# Order


def test_nothing_that_comes_for_the_first_letter_keeps_the_next_from_being_looked_for(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          const { glance } = window.notesPage;
          const late = (asked) => new Promise((done) => { window.late = () => done(''); });
          window.notesPage.glance = (asked) => asked.question === '위' ? late(asked) : glance(asked);
        }"""
    )
    page.locator(BOX).press_sequentially("위")
    page.wait_for_function("typeof window.late === 'function'")
    page.evaluate(
        """() => {
          const box = window.notesPage.box();
          box.value = '위험';
          box.dispatchEvent(new InputEvent('input', { bubbles: true }));
          window.late();
        }"""
    )
    found(page, "week09/nasty.md")


def test_what_comes_late_never_replaces_what_was_typed_after_it(open_page: Open, held: Held) -> None:
    page = open_page()
    held.held = "scaled"
    page.fill(BOX, "scaled")
    while held.glanced != ["scaled"]:
        page.wait_for_timeout(20)
    page.fill(BOX, "backpropagation")
    found(page, "week03/backprop.md")
    held.gate.set()
    page.wait_for_timeout(400)
    found(page, "week03/backprop.md")


def test_what_comes_after_the_box_was_emptied_or_asked_is_not_shown(open_page: Open, held: Held) -> None:
    page = open_page()
    held.held = "scaled"
    page.fill(BOX, "scaled")
    while not held.glanced:
        page.wait_for_timeout(20)
    page.fill(BOX, "")
    held.gate.set()
    page.wait_for_timeout(300)
    assert page.locator(FOUND).count() == 0
    held.gate.clear()
    page.fill(BOX, "scaled dot")
    while len(held.glanced) < 2:
        page.wait_for_timeout(20)
    with answering(page):
        page.keyboard.press("Enter")
    held.gate.set()
    page.wait_for_timeout(300)
    assert page.locator(FOUND).count() == 0


def test_fast_typing_asks_the_server_for_few_of_the_texts(open_page: Open, held: Held) -> None:
    page = open_page()
    page.evaluate("""() => {
      const box = document.querySelector("#question textarea");
      for (const end of [..."backpropagation"].keys()) {
        box.value = "backpropagation".slice(0, end + 1);
        box.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
    }""")
    found(page, "week03/backprop.md")
    assert held.glanced == ["backpropagation"]


def test_a_failing_search_leaves_the_page_as_it_was(open_page: Open, site: Site) -> None:
    page = open_page()
    site.desk.broken = True
    page.fill(BOX, "backpropagation")
    page.wait_for_timeout(300)
    assert page.locator(".welcome").is_visible()


# Korean input


def compose(keyboard: Any, text: str) -> None:
    keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def test_each_step_of_a_composition_finds_the_word_and_disturbs_nothing(open_page: Open, repairing: None) -> None:
    page = open_page()
    page.focus(BOX)
    page.evaluate("""() => {
      window.ended = 0;
      document.querySelector("#question textarea").addEventListener("compositionend", () => { window.ended += 1; });
    }""")
    keyboard = page.context.new_cdp_session(page)
    for text in ("ㅇ", "여", "역", "역ㅈ", "역저", "역전"):
        compose(keyboard, text)
        page.wait_for_timeout(25)
    compose(keyboard, "역전ㅍ")
    found(page, "week03/backprop.md")
    assert "역전파" in text_of(page, "#typed .source:first-child .match, #typed .source:first-child .path")
    assert page.evaluate("window.ended") == 0  # the composition goes on
    assert page.input_value(BOX) == "역전ㅍ"
    compose(keyboard, "역전파")
    keyboard.send("Input.insertText", {"text": "역전파"})
    page.wait_for_timeout(300)
    assert page.input_value(BOX) == "역전파"
    found(page, "week03/backprop.md")
    assert page.evaluate("document.activeElement === document.querySelector('#question textarea')")


@pytest.mark.parametrize("typed", ["ㅇㅈㅍ", "durwjsvk"])
def test_a_repaired_query_says_so_and_is_undone_by_a_click(open_page: Open, repairing: None, typed: str) -> None:
    page = open_page()
    type_in(page, typed)
    page.wait_for_selector("#typed .repaired")
    assert page.inner_text("#typed .repaired span") == "‘역전파’로 검색했습니다"
    found(page, "week03/backprop.md")
    page.click("#typed .undo")
    page.wait_for_selector(f"{FOUND}.none")
    assert page.locator("#typed .repaired").count() == 0
