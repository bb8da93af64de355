"""The page in a real Chromium: what a reader sees, and that nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from index.types import Document
from tests.browser.conftest import NASTY, NOTES, Open, Site, Watch
from tests.ui.shelf import WordIndex
from ui.i18n import EN, KO
from ui.i18n_ask import EN as ASK_EN
from ui.i18n_ask import KO as ASK_KO

pytestmark = pytest.mark.browser

DONE = "#answer .answer:not([aria-busy]), #answer .refusal, #answer .problem"


@contextmanager
def answering(page: Any) -> Iterator[None]:
    """Until the page is through with what is asked inside: before that its parts come one by one, and nothing else can be asked."""
    page.evaluate("""() => {
      const { shown } = window.notesPage;
      window.through = false;
      window.notesPage.shown = () => { window.notesPage.shown = shown; shown(); window.through = true; };
    }""")
    yield
    page.wait_for_function("window.through")


def ask(page: Any, question: str) -> None:
    with answering(page):
        page.fill("#question textarea", question)
        page.press("#question textarea", "Enter")
    page.wait_for_function("([done, asked]) => document.querySelector(done)?.innerText.includes(asked)", arg=[DONE, question])


def text_of(page: Any, selector: str) -> str:
    """The text content of all that match, joined: what a reader could copy, free of layout."""
    return str(page.evaluate("s => [...document.querySelectorAll(s)].map(e => e.textContent).join('')", selector))


def source(page: Any) -> None:
    """Shows the open note as its source, whose text is the note's to the character."""
    page.click("#note [data-shape=source]")
    page.wait_for_selector("#note .verse")


def note(doc_id: str) -> Document:
    return next(document for document in NOTES if document.doc_id == doc_id)


def fits(page: Any) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth"))


# Asking


@pytest.mark.parametrize(
    ("question", "doc_id", "quote"),
    [
        ("backpropagation", "week03/backprop.md", "- **역전파(backpropagation)**는 기울기를 뒤로 보낸다 🙂"),
        ("scaled dot-product", "english/attention.md", "Scaled dot-product attention divides by the square root."),
    ],
)
def test_the_exact_words_are_highlighted_in_the_passage_and_in_the_note(open_page: Open, question: str, doc_id: str, quote: str) -> None:
    page = open_page()
    ask(page, question)
    assert page.inner_text("#answer .text").strip() == quote.strip("- ")
    place = json.loads(page.get_attribute("#sources .cited .open", "data-open"))
    ((start, end),) = place["spans"]
    text = note(doc_id).text
    assert place["doc"] == doc_id
    assert text[start:end] == quote == text_of(page, "#sources .cited mark.evidence")
    assert text_of(page, "#sources .cited .passage") == text[place["start"] : place["end"]]
    assert question.split()[0] in text_of(page, "#sources .cited .match").lower()

    page.click("#answer .origin")
    source(page)
    assert text_of(page, "#note .verse") == text
    assert text_of(page, "#note mark.evidence") == quote
    page.keyboard.press("Escape")
    page.wait_for_selector("#note", state="hidden")
    page.wait_for_function("document.activeElement.className === 'origin'")


def test_a_click_on_a_passage_scrolls_a_long_note_to_its_place(open_page: Open) -> None:
    page = open_page()
    ask(page, "보물은")
    page.click("#sources .cited .passage")
    page.wait_for_selector("#note .verse")
    box, seen = page.locator("#note mark.evidence").bounding_box(), page.locator("#note .sheet-body").bounding_box()
    assert page.evaluate("document.querySelector('#note .sheet-body').scrollTop") > 1000
    assert seen["y"] <= box["y"] and box["y"] + box["height"] <= seen["y"] + seen["height"]
    assert page.inner_text("#note h2") == "긴 노트"
    page.click("#note .close")
    page.wait_for_selector("#note", state="hidden")


def test_an_example_asks_itself(open_page: Open) -> None:
    page = open_page()
    question = page.inner_text(".chip >> nth=0")
    with answering(page):
        page.click(".chip >> nth=0")
    assert page.input_value("#question textarea") == question == "역전파는 무엇인가요?"
    assert text_of(page, "#answer .asked") == f"{KO.question}: {question}"


def test_a_mended_slip_is_said_and_undone_by_a_click(open_page: Open) -> None:
    page = open_page()
    ask(page, "durwjsvk")
    assert page.inner_text("#answer .repaired span") == "‘역전파’로 검색했습니다"
    assert "역전파" in page.inner_text("#answer .text")
    with answering(page):
        page.click("#answer .undo")
    assert page.locator("#answer .refusal").count() == 1
    assert page.locator("#answer .repaired").count() == 0
    assert page.inner_text("#answer .asked").endswith("durwjsvk")


def test_settings_reach_the_pipeline(open_page: Open, site: Site) -> None:
    page = open_page()
    page.click("#settings > button")
    page.click("#retriever label >> nth=2")
    page.fill("#k input[type=number]", "2")
    page.press("#k input[type=number]", "Tab")
    ask(page, "문단은")
    assert site.desk.pipeline.asked == [("문단은", 2, "lexical")]
    assert page.locator("#sources .source").count() == 2


def test_waiting_is_shown_and_a_question_is_asked_once(open_page: Open, site: Site) -> None:
    page = open_page()
    site.desk.gate.clear()
    with answering(page):
        page.fill("#question textarea", "backpropagation")
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#answer [aria-busy]")
        page.wait_for_selector("#ask:disabled")
        page.press("#question textarea", "Enter")
        assert page.inner_text("#answer [role=status]") == KO.loading
        site.desk.gate.set()
    assert page.is_enabled("#ask")
    assert len(site.desk.pipeline.asked) == 1


def test_no_answer_says_so_and_shows_the_closest_passages(open_page: Open) -> None:
    page = open_page()
    ask(page, "쿼크글루온")
    assert page.inner_text("#answer h2") == "노트에서 근거를 찾지 못했습니다"
    assert KO.try_words in page.inner_text("#answer .tips")
    assert page.locator("#sources .source").count() == 5
    assert page.locator("mark.evidence").count() == 0


LONG = "역전파를 아주 길게 물어보면 어떻게 되나요 " * 60


def test_a_long_question_is_cut_at_the_box_with_a_word_and_its_echo_is_three_lines(open_page: Open) -> None:
    page = open_page()
    page.focus("#question textarea")
    paste = "([text]) => { const data = new DataTransfer(); data.setData('text', text); document.activeElement.dispatchEvent("
    paste += "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })); document.execCommand('insertText', false, text) }"
    page.evaluate(paste, [LONG])
    assert len(page.input_value("#question textarea")) == 1000
    assert page.inner_text("#limit") == ASK_KO.cut.format(limit="1,000")
    page.click("[data-lang=en]")
    page.wait_for_function("said => document.querySelector('#limit').innerText === said", arg=ASK_EN.cut.format(limit="1,000"))
    with answering(page):
        page.click("#ask")
    asked = page.locator("#answer .asked")
    assert asked.get_attribute("title") == LONG[:1000].strip()
    assert asked.evaluate("e => Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight))") == 3
    page.focus("#question textarea")
    page.keyboard.press("Control+a")
    page.keyboard.type("짧게")
    assert page.locator("#limit").is_hidden()
    page.evaluate(paste, ["짧은 글"])
    assert page.locator("#limit").is_hidden()


# The history of the browser


def depth(page: Any) -> int:
    return int(page.evaluate("history.length"))


def selected(page: Any, name: str) -> None:
    page.wait_for_function("name => document.querySelector(`[data-tab-id=${name}][aria-selected=true]`)", arg=name)


def test_back_and_forward_go_through_the_views(open_page: Open, watch: Watch) -> None:
    page = open_page()
    before = depth(page)
    page.click("#view-notes-button")
    page.click("#view-notes-button")
    page.click("#view-log-button")
    assert depth(page) == before + 2 and page.evaluate("location.hash") == "#log"
    page.go_back()
    selected(page, "notes")
    assert page.evaluate("location.hash") == "#notes"
    page.go_back()
    selected(page, "ask")
    assert page.evaluate("location.hash") == ""
    page.go_forward()
    selected(page, "notes")
    assert depth(page) == before + 2
    page.reload()
    selected(page, "notes")
    watch.faults.clear()  # of the progress that was read when the page was left
    assert depth(page) == before + 2


def test_back_closes_the_note_and_closing_it_leaves_nothing_behind(open_page: Open) -> None:
    page = open_page()
    page.click("#view-notes-button")
    page.click("#view-ask-button")
    ask(page, "backpropagation")
    before = page.url
    for _ in range(2):
        page.click("#answer .origin")
        page.wait_for_selector("#note .verse, #note .read")
        assert page.url == before
        page.go_back()
        page.wait_for_selector("#note", state="hidden")
        selected(page, "ask")
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.click("#note .close")):
        page.click("#answer .origin")
        page.wait_for_selector("#note .verse, #note .read")
        close()
        page.wait_for_function("!document.querySelector('#note').open && !history.state?.note")
    assert page.is_visible("#answer .origin")
    page.go_back()
    selected(page, "notes")


# When things are broken


def test_a_broken_index_is_said_with_its_mend_and_the_page_recovers(open_page: Open, site: Site) -> None:
    site.desk.broken = True
    page = open_page()
    assert page.inner_text("#answer h2") == KO.problem
    assert page.inner_text("#answer code") == "rag index --index data/index NOTES"
    assert page.inner_text(".held") == KO.collection_none
    page.fill("#question textarea", "backpropagation")
    with answering(page):
        page.click("#ask")
    assert page.inner_text("#answer h2") == KO.problem
    site.desk.broken = False
    with answering(page):
        page.click(".again")
    assert page.locator(".chip").count() > 0
    ask(page, "backpropagation")
    assert "기울기를 뒤로 보낸다" in page.inner_text("#answer .text")


def test_a_note_that_changed_meanwhile_is_shown_without_a_place(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, "backpropagation")
    old = note("week03/backprop.md")
    site.desk.pipeline.index = WordIndex([Document(old.doc_id, old.title, "새 줄\n" + old.text)])
    page.click("#sources .cited .open")
    source(page)
    assert page.inner_text("#note .told") == KO.note_changed
    assert page.locator("#note mark.evidence").count() == 0
    site.desk.pipeline.index = WordIndex([])
    page.keyboard.press("Escape")
    page.click("#sources .cited .open")
    page.wait_for_function("t => document.querySelector('#note .told')?.innerText === t", arg=KO.note_gone)


def test_a_question_that_gets_no_answer_back_is_said(open_page: Open, watch: Watch) -> None:
    page = open_page()
    page.route("**/queue/join*", lambda route: route.fulfill(status=500, body="{}", content_type="application/json"))
    page.fill("#question textarea", "역전파")
    page.click("#ask")
    page.wait_for_selector("#answer .problem")
    assert page.inner_text("#answer h2") == KO.lost
    page.wait_for_selector(f"#ask:enabled:text-is('{KO.ask}')")
    assert [fault for fault in watch.faults if "status of 500" not in fault] == []
    watch.faults.clear()


def test_a_note_that_attacks_is_only_text(open_page: Open) -> None:
    page = open_page()
    ask(page, "위험")
    assert text_of(page, "#sources .cited mark.evidence") == NASTY
    page.click("#sources .cited .open")
    source(page)
    assert text_of(page, "#note .verse") == note("week09/nasty.md").text
    assert page.inner_text("#note h2") == note("week09/nasty.md").title
    page.wait_for_timeout(200)
    assert page.evaluate("window.harm") is None
    assert page.locator("#note :is(img, script, a, b), #board :is(img, script, a)").count() == 0


# Keys


def test_enter_during_composition_submits_nothing(open_page: Open, site: Site) -> None:
    page = open_page()
    page.focus("#question textarea")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "역전ㅍ", "selectionStart": 3, "selectionEnd": 3})
    page.keyboard.press("Enter")
    compose = """([begin, code, composing]) => {
      const box = document.querySelector("#question textarea");
      if (begin) box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
      const key = { key: "Enter", code: "Enter", keyCode: code, which: code, isComposing: composing, bubbles: true, cancelable: true };
      for (const kind of ["keydown", "keypress", "keyup"]) box.dispatchEvent(new KeyboardEvent(kind, key));
      if (begin) box.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
    }"""
    page.evaluate(compose, [True, 13, False])
    page.evaluate(compose, [False, 13, True])
    page.evaluate(compose, [False, 229, False])
    page.wait_for_timeout(700)
    assert site.desk.pipeline.asked == []
    assert page.locator(".welcome").count() == 1

    keyboard.send("Input.insertText", {"text": "역전파"})
    with answering(page):
        page.keyboard.press("Enter")
    assert [question for question, _, _ in site.desk.pipeline.asked] == ["역전파"]


def test_the_same_event_outside_composition_submits(open_page: Open, site: Site) -> None:
    """What makes the test above able to fail: the dispatched event does submit where nothing is composed."""
    page = open_page()
    page.fill("#question textarea", "역전파")
    page.evaluate("""() => document.querySelector("#question textarea").dispatchEvent(
        new KeyboardEvent("keypress", { key: "Enter", code: "Enter", keyCode: 13, which: 13, bubbles: true, cancelable: true }))""")
    page.wait_for_selector(DONE)
    assert len(site.desk.pipeline.asked) == 1


def test_slash_goes_to_the_question_and_shift_enter_breaks_the_line(open_page: Open, site: Site) -> None:
    page = open_page()
    page.focus("[data-lang=ko]")
    page.keyboard.press("/")
    page.keyboard.type("a/b")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("c")
    assert page.input_value("#question textarea") == "a/b\nc"
    page.fill("#question textarea", "  ")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert site.desk.pipeline.asked == []
    assert page.is_enabled("#ask")


# Languages and windows


def test_the_language_follows_the_browser_and_the_switch_and_is_kept(open_page: Open) -> None:
    page = open_page(locale="en-US")
    assert page.inner_text("h1") == page.title() == EN.title
    assert page.get_attribute("#question textarea", "placeholder") == EN.placeholder
    ask(page, "backpropagation")
    assert page.inner_text("#answer .confidence strong") == EN.likely
    page.click("[data-lang=ko]")
    page.wait_for_function("t => document.querySelector('#answer .confidence strong')?.innerText === t", arg=KO.likely)
    page.wait_for_selector(f"#sources h2:text-is('{KO.sources}')")
    page.wait_for_selector(f"#ask:text-is('{KO.ask}')")
    assert page.evaluate("document.documentElement.lang") == "ko"
    page.reload()
    page.wait_for_selector(".welcome")
    assert page.inner_text(".welcome h2") == KO.welcome


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(open_page: Open, scheme: str) -> None:
    page = open_page(locale="en-US", width=390, height=844, has_touch=True, is_mobile=True, color_scheme=scheme)
    assert fits(page)
    page.click("#settings > button")
    assert fits(page)
    ask(page, "가로")
    page.click("#sources .why summary >> nth=0")
    assert fits(page)
    left, right = page.locator("#left").bounding_box(), page.locator("#right").bounding_box()
    assert right["y"] >= left["y"] + left["height"]
    page.click("#sources .open >> nth=0")
    source(page)
    assert fits(page)
    body = page.locator("#note .sheet-body")
    assert body.evaluate("e => e.scrollWidth <= e.clientWidth")
    light = page.evaluate("getComputedStyle(document.querySelector('#note')).backgroundColor") == "rgb(255, 253, 248)"
    assert light == (scheme == "light")


def test_a_desk_shows_answer_and_sources_side_by_side(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    left, right = page.locator("#left").bounding_box(), page.locator("#right").bounding_box()
    assert right["x"] >= left["x"] + left["width"] and abs(left["y"] - right["y"]) < 2
    assert fits(page)
    assert page.locator("footer").is_hidden()


# The server behind it


def test_only_this_machine_is_served_and_the_page_may_reach_nobody(site: Site) -> None:
    with urlopen(site.url, timeout=10) as response:
        assert "connect-src 'self'" in response.headers["Content-Security-Policy"]
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(f"{site.url}config", headers=headers), timeout=10)
