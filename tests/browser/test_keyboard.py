"""The page by keys alone: to the question, through the passages, into a note and out of it; never while anything is typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open, Site
from tests.browser.test_page import ask, text_of
from tests.browser.test_typing import type_in
from ui.i18n_ask import EN, KO

pytestmark = pytest.mark.browser

BOX = "#question textarea"


def at(page: Any) -> int:
    """Which of the passages shown has the focus, -1 for none."""
    return int(
        page.evaluate(
            "[...document.querySelectorAll('.source')].filter(e => e.offsetParent).indexOf(document.activeElement?.closest('.source'))"
        )
    )


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_keys_go_through_the_passages_and_open_a_note(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    press(page, "Escape")
    assert not page.evaluate("document.activeElement.matches('textarea')")
    assert at(page) == -1
    press(page, "j")
    assert at(page) == 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(page, "j", "j", "k")
    assert at(page) == 1
    press(page, "k", "k", "k")
    assert at(page) == 0
    press(page, *"jjjjjjjj")
    assert at(page) == 4
    box = page.evaluate("(({ top, bottom }) => [top, bottom])(document.activeElement.getBoundingClientRect())")
    assert box[0] >= 0 and box[1] <= page.viewport_size["height"] + 1
    press(page, *"kkkk", "Enter")
    page.wait_for_selector("#note mark.evidence")
    assert "기울기를 뒤로 보낸다" in text_of(page, "#note mark.evidence")
    press(page, "j", "?", "/")  # the note is open: its keys are its own
    assert page.locator("#help").is_hidden()
    press(page, "Escape")
    page.wait_for_selector("#note", state="hidden")
    assert at(page) == 0
    press(page, "/")
    assert page.evaluate("document.activeElement.matches('#question textarea')")


def test_a_korean_keyboard_goes_through_them_too(open_page: Open) -> None:
    page = open_page()
    ask(page, "backpropagation")
    press(page, "Escape")
    fire = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))"
    for key, place in (("ㅓ", 0), ("ㅓ", 1), ("ㅏ", 0)):
        page.evaluate(fire, key)
        assert at(page) == place


def test_down_leads_from_the_box_to_the_passages_found_while_typing(open_page: Open) -> None:
    page = open_page()
    page.focus(BOX)
    press(page, "ArrowDown")
    assert page.evaluate("document.activeElement.matches('textarea')")
    type_in(page, "attention")
    page.wait_for_selector("#typed .source")
    press(page, "ArrowDown")
    assert at(page) == 0
    press(page, "Enter")
    page.wait_for_selector("#note .here")
    assert page.inner_text("#note h2") == "Attention"
    press(page, "Escape", "/")
    page.keyboard.type("attention again")
    assert page.input_value(BOX) == "attention again"


def test_no_key_means_anything_while_typing_or_composing(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, "backpropagation")
    page.fill(BOX, "")
    page.keyboard.type("jk?/")
    assert page.input_value(BOX) == "jk?/"
    assert page.locator("#help").is_hidden() and at(page) == -1
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "ㅓ", "selectionStart": 1, "selectionEnd": 1})
    compose = """key => document.activeElement.dispatchEvent(
      new KeyboardEvent("keydown", { key, keyCode: 229, isComposing: true, bubbles: true, cancelable: true }))"""
    for key in ("Escape", "ArrowDown", "j"):
        page.evaluate(compose, key)
    assert page.evaluate("document.activeElement.matches('#question textarea')")
    page.click("#settings > button")
    page.focus("#k input[type=number]")
    press(page, "j", "?")
    assert page.locator("#help").is_hidden() and at(page) == -1
    press(page, "Control+j")
    assert at(page) == -1


@pytest.mark.parametrize(("locale", "t"), [("ko-KR", KO), ("en-US", EN)])
def test_a_question_mark_lists_the_keys(open_page: Open, locale: str, t: Any) -> None:
    page = open_page(locale=locale)
    press(page, "Escape", "?")
    page.wait_for_selector("#help[open]")
    assert page.inner_text("#help h2") == t.keys
    assert page.locator("#help dd").all_inner_texts()[3] == t.key_step
    press(page, "j", "/")
    assert page.evaluate("document.activeElement.closest('#help') !== null")
    press(page, "Escape")
    page.wait_for_selector("#help", state="hidden")
    press(page, "?")
    page.click("#help .close")
    page.wait_for_selector("#help", state="hidden")


def test_slash_comes_back_from_another_view(open_page: Open) -> None:
    page = open_page()
    page.click("#views [role=tab][data-tab-id=notes]")
    page.wait_for_function("document.querySelector('#question textarea')?.offsetParent == null")
    press(page, "/")
    page.wait_for_function("document.activeElement.matches('#question textarea')")
