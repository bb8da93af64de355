"""The view of the log as fragments: numbers that are the log's own, and nothing asked that is not text."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import pytest

from rag.logbook import Column, Overview, Totals, exported, overview
from rag.querylog import Choice, Entry, QueryLog, Thumb, index_name
from tests.ui.parse import parse
from ui import cli, html_logbook, web_questions
from ui.html_logbook import Rows
from ui.i18n import LANGS, Lang
from ui.i18n_log import EN, KO

MOMENT = datetime(2026, 11, 22, 19, 24)
HERE = "/notes/index"
NASTY = '<img src=x onerror="window.harm=1">'
ENTRY = Entry(
    MOMENT.timestamp(), "page", HERE, "역전파는?", "역전파는?", "hybrid", "span", ("a.md#0-5", "a.md#5-9", "b.md#3-9"), "기울기를\n뒤로",
    False, 0.874, 143.4,
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    yield QueryLog(tmp_path / "questions.sqlite")


def listed(*entries: Entry, total: int | None = None, lang: Lang = "en") -> str:
    return html_logbook.rows(Rows(entries, len(entries) if total is None else total, HERE), lang)


def test_the_sums() -> None:
    shown = parse(html_logbook.sums(Totals(1200, 300, 7, 2, 143.4, 1260.0), "en"))
    assert [each.text for each in shown.elements if each.tag == "dd"] == ["1,200", "300 25%", "7 · 2", "143 ms", "1.3 s"]


def test_no_sums_of_nothing() -> None:
    shown = parse(html_logbook.sums(Totals(), "ko"))
    assert [each.text for each in shown.elements if each.tag == "dd"] == ["0", "0", "0 · 0", "–", "–"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (5, 6), (7, 8), (9, 10), (10, 10), (21, 30), (31, 40), (99, 100)]
)
def test_the_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert html_logbook.ceiling(most) == top


def test_the_chart_says_its_numbers_to_all() -> None:
    columns = (Column(datetime(2026, 11, 21), 4, 1), Column(datetime(2026, 11, 22), 0, 0))
    shown = parse(html_logbook.chart(columns, "day", "en"))
    heights = {each.attributes["class"]: each.attributes["height"] for each in shown.elements if each.tag == "rect"}
    assert (heights["all"], heights["no"]) == ("75.00", "25.00")
    assert [each.text for each in shown.elements if each.tag == "title"] == ["Nov 21: 4 asked, 1 without an answer", "Nov 22: 0 asked"]
    assert [each.text for each in shown.elements if each.tag == "td"] == ["4", "1"]
    assert [each.text for each in shown.elements if each.tag == "span" and "left" in each.attributes.get("style", "")] == [
        "Nov 22",
        "Nov 21",
    ]


def test_columns_are_named_in_both_languages() -> None:
    start = datetime(2026, 11, 2, 5)
    said = {unit: [html_logbook.told(Column(start, 1, 0), unit, lang) for lang in LANGS] for unit in ("hour", "day", "week", "month")}
    assert said["hour"] == ["11월 2일 5시: 질문 1개", "5:00 on Nov 2: 1 asked"]
    assert said["week"] == ["11월 2일부터 한 주: 질문 1개", "The week from Nov 2: 1 asked"]
    assert said["month"] == ["2026년 11월: 질문 1개", "Nov 2026: 1 asked"]


def test_a_row_says_how_it_went_and_opens_to_the_answer() -> None:
    shown = parse(listed(replace(ENTRY, thumb=-1, searched="역전파 단점은?", index="/other", door="api")))
    (summary,) = [each for each in shown.elements if each.tag == "summary"]
    assert summary.text == "Nov 22, 19:24역전파는?기울기를 뒤로87% sure143 msanother program"
    assert [each.attributes["aria-label"] for each in shown.of("hand")] == [EN.down]
    assert shown.of("told-answer")[0].text == "기울기를\n뒤로"
    assert [each.text for each in shown.elements if each.tag == "dd"] == ["역전파 단점은?", "a.md, b.md", "hybrid · span", "/other"]
    assert [each.attributes["data-question"] for each in shown.of("again")] == ["역전파 단점은?"]


def test_a_refusal_says_so() -> None:
    shown = parse(listed(replace(ENTRY, answer="", abstained=True), lang="ko"))
    assert shown.of("glimpse")[0].text == KO.unanswered
    assert shown.of("no") and not shown.of("told-answer")


def test_what_was_asked_comes_out_as_text() -> None:
    entry = replace(ENTRY, question=NASTY, searched=NASTY + "!", answer=NASTY, passages=(f"{NASTY}#0-1",), index=NASTY, retriever=NASTY)
    shown = parse(listed(entry))
    assert not [each for each in shown.elements if each.tag == "img" or "onerror" in each.attributes]
    assert shown.of("again")[0].attributes["data-question"] == NASTY + "!"
    assert shown.of("question")[0].text == shown.of("told-answer")[0].text == NASTY


def test_pages() -> None:
    rows = Rows([ENTRY] * 50, 1234, HERE)
    assert parse(html_logbook.rows(rows, "en")).of("log-count")[0].text == "50 of 1,234"
    assert parse(html_logbook.more(rows, 50, "en")).of("more")[0].text == "Show 50 more"
    assert parse(html_logbook.more(replace(rows, total=53), 50, "en")).of("more")[0].text == "Show 3 more"
    assert html_logbook.more(replace(rows, total=50), 50, "en") == ""


def test_an_empty_list_an_empty_log_and_a_broken_one(log: QueryLog) -> None:
    assert KO.none_here in html_logbook.rows(Rows([], 0, HERE), "ko")
    assert EN.empty_note in html_logbook.empty(log, "en") and EN.empty_off not in html_logbook.empty(log, "en")
    log.turn(False)
    assert EN.empty_off in html_logbook.empty(log, "en")
    said = parse(html_logbook.broken(f"cannot be read {NASTY}: rag log delete", "en"))
    assert said.of("what")[0].text == f"cannot be read {NASTY}: rag log delete"
    assert [each.text for each in said.elements if each.tag == "code"] == ["rag log delete"]
    assert EN.broken_note in html_logbook.broken("rag log delete", "en")


def test_a_log_that_is_only_busy_is_not_to_be_deleted() -> None:
    said = html_logbook.broken("Another process is writing: try again", "en")
    assert EN.broken_note not in said and "rag log delete" not in said


def test_deleting_asks_first(log: QueryLog) -> None:
    def turns(asking: bool = False) -> list[str]:
        shown = parse(html_logbook.keeping(log, "ko", asking=asking))
        return [each.attributes["data-turn"] for each in shown.elements if "data-turn" in each.attributes]

    assert turns() == ["off", "delete"]
    assert turns(asking=True) == ["off", "sure", "keep"]


def test_the_buttons_do_what_they_say(log: QueryLog) -> None:
    log.add([ENTRY, ENTRY])
    assert web_questions._turn(log, "off", "en") == {} and not log.is_on
    assert web_questions._turn(log, "on", "en") == {} and log.is_on
    assert web_questions._turn(log, "delete", "en") == {"asking": True} and len(log.read()) == 2
    assert web_questions._turn(log, "keep", "en") == {} and len(log.read()) == 2
    assert web_questions._turn(log, "sure", "en") == {"said": "2 questions were deleted."} and log.read() == []


def test_what_cannot_be_turned_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be changed" in web_questions._turn(QueryLog(tmp_path / "file" / "log.sqlite"), "off", "en")["said"]


@pytest.mark.parametrize("which", ["recent", "refused", "slow", "thumbs"])
def test_the_page_and_the_shell_agree(
    which: Choice, log: QueryLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.time()
    thumbs: tuple[Thumb, ...] = (-1, 0, 1, 0, 0)
    for n in range(40):
        change = {"time": now - n, "question": str(n), "abstained": n % 3 == 0, "milliseconds": float(n * 7 % 31)}
        log.add([replace(ENTRY, **change, thumb=thumbs[n % 5])])  # type: ignore[arg-type]
    shown = web_questions.find(log, "all", which, 20, index_name(Path(HERE)))
    assert shown
    monkeypatch.setenv("RAG_LOG", str(log.file))
    assert cli.main(["log", which, "--format", "json"]) == 0
    assert [entry.question for entry in shown.rows.entries] == [
        json.loads(line)["question"] for line in capsys.readouterr().out.splitlines()
    ]
    assert cli.main(["log", "summary", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == asdict(shown.over.totals)
    assert cli.main(["log", which, "-n", "999", "--format", "json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == shown.rows.total == shown.counts[which]
    assert cli.main(["log", "export"]) == 0
    assert capsys.readouterr().out == web_questions._exporter(log)({})["lines"]


def test_a_full_log_is_found_fast(log: QueryLog) -> None:
    for _ in range(10):
        log.add([replace(ENTRY, milliseconds=float(n)) for n in range(1000)])
    began = time.process_time()
    shown = web_questions.find(log, "all", "slow", 50, HERE)
    assert time.process_time() - began < 1
    assert shown and (shown.over.totals.asked, len(shown.rows.entries)) == (10_000, 50)


def test_an_export_of_a_broken_log_says_the_problem(log: QueryLog) -> None:
    log.file.write_bytes(b"SQLite format 3\0" + b"broken" * 500)
    assert "rag log delete" in web_questions._exporter(log)({})["problem"]
    log.delete()
    assert web_questions._exporter(log)({})["lines"] == "".join(exported(log)) == ""


def test_an_overview_is_whole(log: QueryLog) -> None:
    log.add([replace(ENTRY, time=MOMENT.timestamp())])
    found: Overview = overview(log, "day", MOMENT.timestamp())
    shown = parse(html_logbook.overview(found, "ko"))
    assert len([each for each in shown.elements if each.tag == "title"]) == 24
    assert [each.text for each in shown.elements if each.tag == "h3"] == ["언제 물었나요 시간별"]
