"""The view of the log in a real Chromium: sums, lists, asking again, the switch, deleting, and the export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from rag.querylog import Entry, QueryLog
from tests.browser.conftest import NASTY, Open, Site
from tests.browser.test_page import DONE, ask, fits
from ui.i18n import EN, KO
from ui.i18n_log import EN as LOG_EN
from ui.i18n_log import KO as LOG_KO

pytestmark = pytest.mark.browser

ENTRY = Entry(
    0, "shell", "/elsewhere", "역전파는?", "역전파는?", "hybrid", "span", ("week03/backprop.md#0-5",), "기울기", False, 0.87, 143.4
)
ROWS, SUMS = "#log-rows .log-row", "#log-over dd"


@pytest.fixture(autouse=True)
def log(site: Site) -> Iterator[QueryLog]:
    site.recorder.log.turn(True)
    site.recorder.log.delete()
    yield site.recorder.log
    site.recorder.log.turn(True)
    site.recorder.log.delete()


def fill(log: QueryLog, count: int, **changed: Any) -> None:
    now = time.time()
    log.add([replace(ENTRY, time=now - count + n, question=f"질문 {n}", searched=f"질문 {n}", **changed) for n in range(count)])


def open_log(page: Any) -> None:
    page.click("#view-log-button")
    page.wait_for_selector("#log-keeping .keeping")


def questions(page: Any) -> list[str]:
    return list(page.locator(f"{ROWS} .question").all_inner_texts())


def choose(page: Any, radio: str, label: str) -> None:
    page.click(f"{radio} label:has-text('{label}')")


def settled(page: Any, count: int) -> None:
    page.wait_for_function("([rows, count]) => document.querySelectorAll(rows).length === count", arg=[ROWS, count])


def test_what_was_asked_is_counted_and_listed(open_page: Open, site: Site, log: QueryLog) -> None:
    log.add([replace(ENTRY, time=time.time() - 3 * 86400, thumb=-1, question=NASTY)])
    page = open_page()
    ask(page, "backpropagation")
    ask(page, "zzzz")
    site.recorder.close(10)
    open_log(page)
    settled(page, 3)
    assert questions(page) == ["zzzz", "backpropagation", NASTY]
    expect(page.locator("#log-over svg g")).to_have_count(7)
    assert page.inner_text(f"{SUMS} >> nth=0") == "3"
    assert page.inner_text(f"{SUMS} >> nth=1").startswith("1")
    assert page.inner_text(f"{SUMS} >> nth=2") == "0 · 1"
    assert page.evaluate("window.harm") is None

    choose(page, "#log-period", LOG_KO.day)
    settled(page, 2)
    expect(page.locator("#log-over svg g")).to_have_count(24)
    choose(page, "#log-which", LOG_KO.refused)
    settled(page, 1)
    assert questions(page) == ["zzzz"]
    choose(page, "#log-period", LOG_KO.week)
    choose(page, "#log-which", LOG_KO.thumbs)
    page.wait_for_function("rows => document.querySelector(rows)?.innerText.includes('script')", arg=ROWS)
    assert questions(page) == [NASTY]


def test_a_row_opens_and_is_asked_again(open_page: Open, site: Site, log: QueryLog) -> None:
    log.add([replace(ENTRY, time=time.time(), question="그럼 단점은?", searched="backpropagation 단점은?", answer="한 줄\n또 한 줄")])
    page = open_page()
    ask(page, "scaled dot-product")
    site.recorder.close(10)
    open_log(page)
    page.click(f"{ROWS}:has-text('그럼 단점은') summary")
    assert page.inner_text(f"{ROWS} .told-answer >> nth=1") == "한 줄\n또 한 줄"
    page.click(f"{ROWS}:has-text('그럼 단점은') .again")
    page.wait_for_function(
        "([done, asked]) => document.querySelector(done)?.innerText.includes(asked)", arg=[DONE, "backpropagation 단점은?"]
    )
    assert page.is_visible("#question textarea")
    expect(page.locator("#question textarea")).to_have_value("backpropagation 단점은?")
    assert site.desk.pipeline.asked[-1][0] == "backpropagation 단점은?"
    assert page.locator("#trail .onward .turns").count() == 0  # a conversation of its own
    site.recorder.close(10)
    assert log.read()[0].question == "backpropagation 단점은?"
    assert page.evaluate("location.hash") == ""


def test_the_switch_holds_for_both_views(open_page: Open, log: QueryLog) -> None:
    page = open_page(locale="en-US")
    open_log(page)
    expect(page.locator("#log-rows")).to_contain_text(LOG_EN.empty_note)
    expect(page.locator("#log-period")).to_be_hidden()
    assert page.inner_text("#log-keeping code") == str(log.file)
    page.click("#log-keeping [data-turn=off]")
    page.wait_for_selector("#log-keeping [data-turn=on]")
    assert not log.is_on
    expect(page.locator("#log-rows")).to_contain_text(LOG_EN.empty_off)
    page.wait_for_function("!document.documentElement.classList.contains('logged')")
    page.click("#view-ask-button")
    page.click("#settings > button")
    page.wait_for_selector(f"#log .turn:text-is('{EN.log_turn_on}')")
    page.click("#log .turn")
    page.wait_for_selector(f"#log .turn:text-is('{EN.log_turn_off}')")
    open_log(page)
    page.wait_for_selector("#log-keeping [data-turn=off]")
    assert log.is_on


def test_deleting_takes_two_clicks(open_page: Open, site: Site, log: QueryLog) -> None:
    fill(log, 3)
    page = open_page()
    open_log(page)
    settled(page, 3)
    page.click("#log-keeping [data-turn=delete]")
    page.click("#log-keeping [data-turn=keep]")
    page.wait_for_selector("#log-keeping [data-turn=delete]")
    assert len(log.read()) == 3
    page.click("#log-keeping [data-turn=delete]")
    page.click("#log-keeping [data-turn=sure]")
    page.wait_for_function("said => document.querySelector('.log-said')?.innerText === said", arg=LOG_KO.deleted.format(count=3))
    assert log.read() == []
    expect(page.locator("#log-rows")).to_contain_text(LOG_KO.empty)
    page.click("#view-ask-button")
    ask(page, "backpropagation")
    site.recorder.close(10)
    open_log(page)
    settled(page, 1)
    expect(page.locator("#log-period")).to_be_visible()


def test_the_export_is_the_shells(open_page: Open, log: QueryLog, tmp_path: Path) -> None:
    fill(log, 5)
    page = open_page()
    open_log(page)
    with page.expect_download() as coming:
        page.click("#log-keeping .export")
    assert coming.value.suggested_filename == f"questions-{time.strftime('%Y-%m-%d')}.jsonl"
    coming.value.save_as(tmp_path / "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["question"] for line in lines] == [f"질문 {n}" for n in range(5)]


def test_a_broken_log_is_said_and_mended(open_page: Open, log: QueryLog) -> None:
    for suffix in ("-wal", "-shm"):
        log.file.with_name(log.file.name + suffix).unlink(missing_ok=True)
    log.file.write_bytes(b"SQLite format 3\0" + b"broken" * 500)
    page = open_page(locale="en-US")
    open_log(page)
    assert page.inner_text("#log-rows h3") == LOG_EN.broken
    assert page.inner_text("#log-rows code") == "rag log delete"
    page.click("#log-keeping [data-turn=delete]")
    page.click("#log-keeping [data-turn=sure]")
    page.wait_for_function("said => document.querySelector('#log-rows h3')?.innerText === said", arg=LOG_EN.empty)


def test_a_full_log_opens_at_once_and_grows_by_pages(open_page: Open, log: QueryLog) -> None:
    fill(log, 10_000)
    page = open_page()
    began = time.monotonic()
    open_log(page)
    settled(page, 50)
    assert time.monotonic() - began < 15  # about a second on a quiet machine
    expect(page.locator(SUMS).first).to_have_text("10,000")
    assert page.inner_text(".log-count") == LOG_KO.shown.format(count=50, total="10,000")
    page.click("#log-more .more")
    settled(page, 100)
    assert questions(page)[99] == "질문 9900"


def test_it_speaks_the_other_language_and_stands_in_the_address(open_page: Open, log: QueryLog) -> None:
    fill(log, 1)
    page = open_page(locale="en-US", width=360)
    open_log(page)
    page.reload()
    page.wait_for_selector(ROWS)
    expect(page.locator("#log-head h2")).to_have_text(LOG_EN.log)
    expect(page.locator("#log-period label").first).to_have_text(LOG_EN.day)
    assert fits(page)
    page.click('button[data-lang="ko"]')
    expect(page.locator("#log-head h2")).to_have_text(LOG_KO.log)
    expect(page.locator("#log-which label").first).to_have_text(f"{LOG_KO.recent} 1")
    expect(page.locator("#log-keeping")).to_contain_text(KO.log_turn_off)
