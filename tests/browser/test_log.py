"""The log of questions as a reader meets it on the page: thumbs on an answer, and the switch in the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rag.querylog import Entry
from tests.browser.conftest import Open, Site
from tests.browser.test_page import ask
from ui.i18n import EN, KO

pytestmark = pytest.mark.browser

UP, DOWN = "#answer [data-thumb='1']", "#answer [data-thumb='-1']"


@pytest.fixture(autouse=True)
def fresh(site: Site) -> Iterator[None]:
    site.recorder.log.turn(True)
    site.recorder.log.delete()
    yield
    site.recorder.log.turn(True)


def logged(site: Site) -> list[Entry]:
    site.recorder.close(10)
    return site.recorder.log.read()


def pressed(page: Any) -> list[str]:
    return [str(page.get_attribute(thumb, "aria-pressed")) for thumb in (UP, DOWN)]


def press(page: Any, thumb: str) -> None:
    with page.expect_response(lambda response: response.request.method == "POST" and "rate" in (response.request.post_data or "")):
        page.click(thumb)


def test_a_thumb_is_kept_and_taken_back(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, "backpropagation")
    assert pressed(page) == ["false", "false"]
    press(page, UP)
    assert pressed(page) == ["true", "false"]
    (entry,) = logged(site)
    assert (entry.question, entry.door, entry.retriever, entry.thumb) == ("backpropagation", "page", "hybrid", 1)
    press(page, DOWN)
    assert pressed(page) == ["false", "true"]
    assert [entry.thumb for entry in logged(site)] == [-1]
    press(page, DOWN)
    assert pressed(page) == ["false", "false"]
    assert [entry.thumb for entry in logged(site)] == [0]


@pytest.mark.parametrize(
    ("presses", "answers", "shown"),
    [
        ((UP, DOWN), ((1, True), (0, False)), ["false", "true"]),
        ((UP, DOWN), ((0, False), (1, False)), ["false", "false"]),
        ((UP, DOWN), ((1, False), (0, True)), ["true", "false"]),
        ((UP, DOWN), ((1, True), (0, True)), ["false", "true"]),
        ((UP, DOWN, UP), ((2, True), (0, False), (1, True)), ["true", "false"]),
    ],
)
def test_quick_presses_show_what_is_kept(
    open_page: Open, presses: Sequence[str], answers: Sequence[tuple[int, bool]], shown: list[str]
) -> None:
    page = open_page()
    ask(page, "backpropagation")
    page.evaluate("window.sent = []; window.notesPage.rate = () => new Promise((done) => window.sent.push(done)); 0")
    for thumb in presses:
        page.click(thumb)
    for number, kept in answers:
        page.evaluate("([number, kept]) => window.sent[number](kept)", [number, kept])
    assert pressed(page) == shown


def test_a_thumb_outlives_the_other_language(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    press(page, UP)
    page.click('button[data-lang="en"]')
    page.wait_for_selector(f"#answer [aria-label='{EN.thumb_up}'][aria-pressed='true']")
    assert pressed(page) == ["true", "false"]


def test_thumbs_are_named_and_reached_by_keyboard(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, "backpropagation")
    page.get_by_role("group", name=KO.thumbs).get_by_role("button", name=KO.thumb_down).focus()
    with page.expect_response(lambda response: "rate" in (response.request.post_data or "")):
        page.keyboard.press("Enter")
    assert [entry.thumb for entry in logged(site)] == [-1]
    box = page.locator(UP).bounding_box()
    assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, 2.5.8


def test_the_switch_in_the_settings(open_page: Open, site: Site) -> None:
    page = open_page()
    page.click("#settings > button")
    page.wait_for_selector("#log .turn")
    assert page.inner_text("#log code") == str(site.recorder.log.file)
    page.click("#log .turn")
    page.wait_for_selector(f"#log .turn:text-is('{KO.log_turn_on}')")
    assert not site.recorder.log.is_on
    page.wait_for_function("!document.documentElement.classList.contains('logged')")
    ask(page, "backpropagation")
    assert not page.is_visible(UP)
    assert logged(site) == []
    page.click("#log .turn")
    page.wait_for_selector(UP)
    assert page.inner_text("#log .turn") == KO.log_turn_off
    ask(page, "scaled dot-product")
    assert [entry.question for entry in logged(site)] == ["scaled dot-product"]


def test_the_settings_speak_the_other_language(open_page: Open) -> None:
    page = open_page(locale="en-US")
    page.click("#settings > button")
    page.wait_for_selector("#log .turn")
    assert page.inner_text("#log .turn") == EN.log_turn_off
    page.click('button[data-lang="ko"]')
    page.wait_for_selector(f"#log .turn:text-is('{KO.log_turn_off}')")
