"""Earlier answers and conversations in a real Chromium: over a reload, over changed notes, and on from one question to the next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from index.types import Document
from tests.browser.conftest import NOTES, Open, Site, Watch
from tests.browser.test_page import answering, ask, note, source, text_of
from tests.ui.shelf import WordIndex
from ui.i18n import EN, KO

pytestmark = pytest.mark.browser

QUOTE = "- **역전파(backpropagation)**는 기울기를 뒤로 보낸다 🙂"
LIMITS = Document(
    "week03/limits.md", "한계", "# 한계\n\n역전파의 단점은 기억을 많이 쓰는 것이다.\n\n어텐션의 단점은 제곱으로 느려지는 것이다.\n"
)


def reload(page: Any) -> None:
    page.reload()
    page.wait_for_selector(".welcome")
    page.wait_for_function("document.querySelector('#answer').getAttribute('aria-live') === 'polite'")


def reopen(page: Any, question: str) -> None:
    with answering(page):
        page.click(f".recall:has-text({json.dumps(question, ensure_ascii=False)})")
    assert page.locator("#answer .recalled").count() == 1


def put(site: Site, *changed: Document) -> None:
    """Another generation: these notes in place of those of the same name, or beside them."""
    rest = {document.doc_id: document for document in NOTES} | {document.doc_id: document for document in changed}
    site.desk.pipeline.index = WordIndex(list(rest.values()))


# Reloads


def test_answers_survive_a_reload_and_their_words_are_found_where_they_moved_to(open_page: Open, site: Site) -> None:
    page = open_page()
    assert page.locator("#trail .earlier").count() == 0
    ask(page, "backpropagation")
    ask(page, "scaled dot-product")
    old = note("week03/backprop.md")
    moved = replace(old, text="새 머리말 😀👩‍💻\n\n" + old.text)
    put(site, moved)
    reload(page)
    assert page.locator("#trail .recall .question").all_inner_texts() == ["scaled dot-product", "backpropagation"]
    assert page.inner_text("#trail .hint span") == KO.earlier_note

    asked = len(site.desk.pipeline.asked)
    reopen(page, "backpropagation")
    assert page.inner_text("#answer .text").strip() == QUOTE.strip("- ")
    assert page.inner_text("#answer .kept span") == KO.kept
    assert text_of(page, "#sources .cited mark.evidence") == QUOTE
    place = json.loads(page.get_attribute("#sources .cited .open", "data-open"))
    assert moved.text[slice(*place["spans"][0])] == QUOTE
    assert len(site.desk.pipeline.asked) == asked  # nothing was asked anew

    page.click("#answer .origin")
    source(page)
    assert text_of(page, "#note .verse") == moved.text
    assert text_of(page, "#note mark.evidence") == QUOTE
    assert page.locator("#note .told").count() == 0


def test_words_that_are_gone_are_said_and_can_be_asked_for_again(open_page: Open, site: Site) -> None:
    page = open_page(locale="en-US")
    ask(page, "backpropagation")
    old = note("week03/backprop.md")
    put(site, replace(old, text=old.text.replace("기울기를 뒤로 보낸다", "다르게 적었다")))
    reload(page)
    reopen(page, "backpropagation")
    assert page.inner_text("#answer .gone p") == EN.words_gone
    assert text_of(page, "#answer .gone q") == QUOTE
    assert page.inner_text("#answer .gone li span") == "week03/backprop.md"
    assert page.inner_text("#sources .none") == EN.words_nowhere
    assert page.locator("#board mark.evidence").count() == page.locator("#answer .origin").count() == 0

    with answering(page):
        page.click("#answer .again")
    assert "다르게 적었다" in page.inner_text("#answer .text")
    reload(page)
    assert page.locator("#trail .recall").count() == 1


def test_a_note_that_is_gone_takes_its_words_along(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, "backpropagation")
    site.desk.pipeline.index = WordIndex([each for each in NOTES if each.doc_id != "week03/backprop.md"])
    reload(page)
    reopen(page, "backpropagation")
    assert text_of(page, "#answer .gone q") == QUOTE


def test_earlier_answers_can_be_cleared(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    reload(page)
    with answering(page):
        page.click("#trail .forget")
    assert page.locator("#trail .recall").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    reload(page)
    assert page.locator("#trail .recall").count() == 0


def test_what_another_version_left_in_the_browser_breaks_nothing(open_page: Open, watch: Watch) -> None:
    page = open_page()
    page.evaluate("localStorage.setItem('notes.earlier', 'U2FsdGVkX1+nonsense')")
    reload(page)
    ask(page, "backpropagation")
    reload(page)
    assert page.locator("#trail .recall").count() == 1
    assert [fault for fault in watch.faults if "Error reading from localStorage" not in fault] == []  # Gradio says what it skips
    watch.faults.clear()


# Conversations


def test_a_follow_up_carries_its_topic_until_a_new_conversation_begins(open_page: Open, site: Site) -> None:
    page = open_page()
    put(site, LIMITS)
    ask(page, "역전파(backpropagation)란?")
    assert page.locator("#answer .searched").count() == 0
    assert page.inner_text("#trail .way p") == KO.onward
    ask(page, "그럼 단점은?")
    assert page.inner_text("#answer .searched") == f"{KO.searched} 역전파(backpropagation)란? 그럼 단점은?"
    assert page.locator("#trail .onward .recall .question").all_inner_texts() == ["역전파(backpropagation)란?"]

    with answering(page):
        page.click("#trail .anew")
    assert page.locator(".welcome").count() == 1
    assert page.input_value("#question textarea") == ""
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert page.locator("#trail .earlier .recall").count() == 2
    ask(page, "그럼 단점은?")
    assert page.locator("#answer .searched").count() == 0


def test_a_conversation_goes_on_from_an_answer_opened_again(open_page: Open, site: Site) -> None:
    page = open_page()
    put(site, LIMITS)
    ask(page, "backpropagation 기울기")
    ask(page, "scaled dot-product")
    reload(page)
    reopen(page, "backpropagation 기울기")
    assert page.input_value("#question textarea") == "backpropagation 기울기"
    ask(page, "그럼 단점은?")
    assert page.inner_text("#answer .searched") == f"{KO.searched} backpropagation 기울기 그럼 단점은?"


def test_an_opened_answer_follows_the_language_switch(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    reload(page)
    reopen(page, "backpropagation")
    page.click("[data-lang=en]")
    page.wait_for_function("t => document.querySelector('#answer .kept span')?.innerText === t", arg=EN.kept)
    page.wait_for_selector(f"#trail .anew:text-is('{EN.anew}')")
    assert text_of(page, "#sources .cited mark.evidence") == QUOTE
