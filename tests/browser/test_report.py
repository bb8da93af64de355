"""The evaluation's page in a real Chromium, opened from a file as a reader opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import NASTY, Watch
from tests.ui.test_html_report import report
from ui.html_report import report_html
from ui.i18n_report import EN

pytestmark = pytest.mark.browser

OpenReport = Callable[..., Any]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    words = {f"q-{number}": f"Question {number}? {NASTY if number == 5 else ''}" for number in range(15)}
    path.write_text(report_html(report(), "en", words), encoding="utf-8")
    return path


@pytest.fixture
def open_report(file: Path, browser: Any, watch: Watch) -> Iterator[OpenReport]:
    """Opens the report in a browser of its own; at the end no page may have a fault."""
    contexts = []

    def open_one(width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 860}, **options)
        contexts.append(context)
        page = context.new_page()
        watch.attend(page, file.as_uri())
        page.goto(file.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watch.faults == []


def shown(page: Any) -> list[str]:
    """The ids of the questions in sight, in their order."""
    return [str(text) for text in page.locator(".questions tbody tr:visible > th > button:first-child").all_inner_texts()]


def test_questions_are_filtered_by_words_kind_and_outcome(open_report: OpenReport) -> None:
    page = open_report()
    assert len(shown(page)) == 15
    page.fill("input[name=words]", "Q-1")
    assert shown(page) == ["q-1", "q-10", "q-11", "q-12", "q-13", "q-14"]
    page.select_option("select[name=kind]", "list")
    assert shown(page) == ["q-10"]
    page.fill("input[name=words]", "")
    page.select_option("select[name=kind]", "")
    page.select_option("select[name=outcome]", label=EN.not_found.format(system="dense"))
    assert shown(page) == ["q-9", "q-10", "q-11"]
    assert page.inner_text("output") == "3 of 15"
    page.select_option("select[name=outcome]", label=EN.differs)
    assert len(shown(page)) == 12
    page.select_option("select[name=outcome]", label=EN.refuses.format(system="pipeline"))
    assert shown(page) == ["q-12", "q-13"]
    page.fill("input[name=words]", "no such words")
    assert shown(page) == [] and page.is_visible(".none")


def test_questions_are_sorted_by_any_column(open_report: OpenReport) -> None:
    page = open_report()
    head = page.locator(".questions thead th", has_text="dense").locator("button")
    head.click()
    assert shown(page)[8:] == ["q-8", "q-9", "q-10", "q-11", "q-12", "q-13", "q-14"], "what was missed, then what was not asked"
    head.click()
    assert shown(page)[:4] == ["q-9", "q-10", "q-11", "q-0"] and shown(page)[-1] == "q-14"
    page.locator(".questions thead th", has_text="id").locator("button").first.click()
    assert shown(page)[:3] == ["q-0", "q-1", "q-2"] and shown(page)[-1] == "q-14"


def test_without_javascript_all_is_there_but_the_filters(open_report: OpenReport) -> None:
    page = open_report(java_script_enabled=False)
    assert len(shown(page)) == 15 and not page.is_visible(".filters")
    page.click("text=q-11")
    assert page.is_visible("#q11") and "a.md#100-150" in page.inner_text("#q11")
    page.click("#q11 .close")
    assert not page.is_visible("#q11")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 820, 1280])
def test_nothing_is_wider_than_the_window(open_report: OpenReport, width: int, scheme: str) -> None:
    page = open_report(width, color_scheme=scheme)
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    sides = page.evaluate("[...document.querySelectorAll('.panel svg')].map(e => [e.getBoundingClientRect().width, e.clientHeight])")
    assert all(250 < wide <= 430 and high > 100 for wide, high in sides) and len(sides) > 5


def test_nothing_of_a_question_runs(open_report: OpenReport) -> None:
    page = open_report()
    assert page.evaluate("window.harm") is None
    page.fill("input[name=words]", "window.harm")
    assert shown(page) == ["q-5"]
