"""A search narrowed to notes, folders, weeks and formats: chosen in the settings, seen and taken out at the question."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open, Site
from tests.browser.test_page import answering, ask, fits
from ui.i18n_ask import EN, KO

pytestmark = pytest.mark.browser

BOX = "#question textarea"


def choose(page: Any, kind: str, name: str) -> None:
    """Chooses one value of a kind in the search settings."""
    if not page.locator("#narrowing").is_visible():
        page.click("#settings > button")
    page.fill(f"#narrow-{kind} input", name)  # its options open when it is given the focus
    page.wait_for_selector(f".options [role=option]:has-text({name!r})")
    page.keyboard.press("Enter")
    page.wait_for_function("n => [...document.querySelectorAll('#scope .off')].some((chip) => chip.innerText.includes(n))", arg=name)
    leave(page)


def leave(page: Any) -> None:
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("!document.querySelector('.options [role=option]')")


def chips(page: Any) -> list[str]:
    return [str(text) for text in page.locator("#scope .off span").all_inner_texts()]


def notes_of(page: Any, where: str = "#sources") -> set[str]:
    """The notes that the passages shown are of."""
    return {str(row).split("#")[0] for row in page.eval_on_selector_all(f"{where} .source", "rows => rows.map(e => e.dataset.passage)")}


def test_what_the_index_holds_is_offered_and_holds_for_asking_typing_and_follow_ups(open_page: Open) -> None:
    page = open_page()
    page.click("#settings > button")
    page.click("#narrow-weeks input")
    offered = "[...document.querySelectorAll('.options [role=option]')].map((option) => option.innerText.trim()).join()"
    page.wait_for_function(f"{offered} === '3주차,4주차,5주차,9주차'")
    leave(page)
    choose(page, "weeks", "4주차")
    assert chips(page) == ["4주차"]
    ask(page, "역전파 보물은")
    assert notes_of(page) == {"week04/long.txt"}
    page.fill(BOX, "문단은")
    page.wait_for_selector("#typed .source")
    assert notes_of(page, "#typed") == {"week04/long.txt"}
    ask(page, "그럼 채우는 건?")
    assert notes_of(page) == {"week04/long.txt"}


def test_chips_are_removed_one_by_one_and_the_list_follows(open_page: Open) -> None:
    page = open_page()
    choose(page, "folders", "week03/")
    choose(page, "folders", "week09/")
    choose(page, "types", "md")
    page.fill(BOX, "위험 역전파 가로")
    page.wait_for_selector("#typed .source")
    assert (chips(page), notes_of(page, "#typed")) == (["week03/", "week09/", "md"], {"week03/backprop.md", "week09/nasty.md"})
    page.click(f"#scope [aria-label='{KO.drop.format(name='week03/')}']")
    shown = "[...document.querySelectorAll('#typed .source')].map((row) => row.dataset.passage.slice(0, 6)).join()"
    page.wait_for_function(f"{shown} === 'week09'")
    assert chips(page) == ["week09/", "md"]
    assert page.locator("#narrow-folders .token").count() == 1
    page.click("#scope .clear")
    page.wait_for_function("!document.querySelector('#scope .off')")
    page.wait_for_function("[...document.querySelectorAll('#typed .source')].some(e => e.dataset.passage.startsWith('week05'))")
    assert page.locator("#narrowing .token").count() == 0


def test_a_filter_that_leaves_nothing_says_so_and_one_click_asks_without_it(open_page: Open, site: Site) -> None:
    page = open_page()
    choose(page, "weeks", "3주차")
    choose(page, "types", "txt")
    page.fill(BOX, "backpropagation")
    page.wait_for_selector("#typed .narrow")
    assert page.inner_text("#typed h2") == KO.narrow
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer .narrow")
    assert "‘3주차 · txt’" in page.inner_text("#answer .what")
    assert site.desk.pipeline.asked == []
    with answering(page):
        page.click("#answer .again")
    assert page.inner_text("#answer .asked").endswith("backpropagation")
    assert notes_of(page) >= {"week03/backprop.md"}
    page.wait_for_function("!document.querySelector('#scope .off')")


def test_while_typing_it_is_cleared_by_a_click_too(open_page: Open) -> None:
    page = open_page()
    choose(page, "weeks", "3주차")
    choose(page, "types", "txt")
    page.fill(BOX, "backpropagation")
    page.click("#typed .again")
    page.wait_for_selector("#typed .source")
    assert "week03/backprop.md" in notes_of(page, "#typed")


def test_a_refusal_under_a_filter_offers_to_ask_without_it(open_page: Open) -> None:
    page = open_page()
    ask(page, "쿼크글루온")
    assert page.locator("#answer .unfilter").is_hidden()
    choose(page, "weeks", "4주차")
    ask(page, "backpropagation")
    with answering(page):
        page.click("#answer .refusal .unfilter")
    assert "기울기를 뒤로 보낸다" in page.inner_text("#answer .text")
    assert page.locator("#answer .unfilter").count() == 0


def test_a_filter_outlives_a_reload_and_is_named_in_the_language_of_the_page(open_page: Open) -> None:
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True)
    choose(page, "weeks", "9주차")
    choose(page, "notes", "긴 노트")
    assert fits(page)
    page.reload()
    page.wait_for_selector("#scope .off")
    assert chips(page) == ["긴 노트", "9주차"]
    page.click("[data-lang=en]")
    page.wait_for_function("t => document.querySelectorAll('#scope .off span')[1]?.innerText === t", arg=EN.week.format(week=9))
    page.click("#settings > button")
    page.wait_for_timeout(400)  # what is offered is looked up anew; what was chosen stays
    page.wait_for_function("t => document.querySelector('#narrow-weeks .token')?.innerText.trim() === t", arg=EN.week.format(week=9))
    assert fits(page)


def test_what_no_note_has_any_more_is_left_out(open_page: Open, site: Site) -> None:
    page = open_page()
    choose(page, "weeks", "3주차")
    choose(page, "types", "md")
    site.desk.pipeline.index.notes = [note for note in site.desk.pipeline.index.notes if not note.doc_id.startswith("week03")]
    page.reload()
    page.wait_for_selector("#scope .off")
    assert chips(page) == ["md"]
    ask(page, "나쁜 노트")
    assert "week09/nasty.md" in notes_of(page)
