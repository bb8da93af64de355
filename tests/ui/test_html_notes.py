"""The fragments of the view of the notes: what they say, and that nothing of a note comes out as anything but text."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from index.holdings import Held, Holdings
from index.inbox import Offered, Refused, Taken
from index.job import Failed, Standing, Stopped
from index.projection import Plane
from index.refresh import Run
from index.types import Document, DocumentInfo, Locator, Mark, NoteProblem, Passage, UpdateReport
from rag.querylog import Retrieved
from tests.ui.parse import Element, Tree
from ui import html_cut, html_map, html_notes
from ui.html_holdings import Never, holdings_list, natural
from ui.html_note import parse_target
from ui.i18n import Lang
from ui.i18n_notes import EN, KO

NASTY = "<b onmouseover=harm()>\"'&{}"
INBOX = Path("/place/index.notes")


def parsed(fragment: str) -> list[Element]:
    tree = Tree()
    tree.feed(fragment)
    tree.close()
    assert tree.open == []
    assert not [each for each in tree.elements if any(name.startswith("on") for name in each.attributes)]
    return tree.elements


def of(fragment: str, name: str) -> list[Element]:
    """The elements of one class."""
    return [each for each in parsed(fragment) if name in each.classes]


def texts(fragment: str, name: str) -> list[str]:
    return [each.text for each in of(fragment, name)]


# ------------------------------------------------------------------------ putting in


def test_where_notes_are_dropped() -> None:
    fragment = html_notes.add(Path(f"/place/{NASTY}.notes"), "ko")
    (zone,) = of(fragment, "add")
    assert zone.attributes["data-most"] == str(100 * 2**20)
    assert ".hwp" in zone.attributes["data-kinds"].split(",")
    assert (zone.attributes["data-busy"], f"/place/{NASTY}.notes" in unescape(fragment)) == ("false", True)
    assert not [each for each in parsed(fragment) if "disabled" in each.attributes]
    running = html_notes.add(INBOX, "en", running=True)
    assert len([each for each in parsed(running) if "disabled" in each.attributes]) == 3


@pytest.mark.parametrize(("lang", "words"), [("ko", KO), ("en", EN)])
def test_a_page_that_may_not_change_notes_says_so(lang: Lang, words: object) -> None:
    fragment = html_notes.add(None, lang)
    assert [each.text for each in parsed(fragment) if each.tag == "h2"] == [words.fixed]  # type: ignore[attr-defined]
    assert not [each for each in parsed(fragment) if each.tag in ("button", "input")]


def test_names_in_dispute_are_listed_with_a_choice() -> None:
    fragment = html_notes.clash([Offered(f"{NASTY}.md", Path("x"))], "ko")
    assert [each.text for each in parsed(fragment) if each.tag == "li"] == [f"{NASTY}.md"]
    assert [each.attributes.get("data-choice") for each in parsed(fragment) if each.tag == "button"] == ["replace", "both", "leave"]
    assert html_notes.clash([], "ko") == ""


@pytest.mark.parametrize(
    ("run", "stage", "counted", "value"),
    [
        (Standing(), KO.stage_open, "", None),
        (Standing("read", 3, 12, 0.25), KO.stage_read, "노트 3/12", "25"),
        (Standing("encode", 1000, 4000, 0.25, 61.4), KO.stage_encode, "단락 1,000/4,000", "25"),
        (Standing("encode", 9, 9, 1.0), KO.stage_ends, "단락 9/9", None),
        (Standing("read", 3, 12, 0.25, stopping=True), KO.stopping, "노트 3/12", "25"),
    ],
)
def test_progress_says_stage_and_count(run: Standing[UpdateReport], stage: str, counted: str, value: str | None) -> None:
    fragment = html_notes.progress(run, "ko")
    assert texts(fragment, "stage") == [stage]
    assert texts(fragment, "counted")[0].startswith(counted)
    assert of(fragment, "track")[0].attributes.get("aria-valuenow") == value


@pytest.mark.parametrize(("left", "words"), [(None, ""), (0.2, "약 1초 남음"), (59.4, "약 59초 남음"), (600, "약 10분 남음")])
def test_progress_says_the_time_left(left: float | None, words: str) -> None:
    fragment = html_notes.progress(Standing("encode", 1, 4, 0.25, left), "ko")
    assert texts(fragment, "counted") == [f"단락 1/4{words}"]


def test_the_button_that_stops() -> None:
    assert html_notes.stopper(None, "ko") == html_notes.stopper(Standing(outcome=Stopped()), "ko") == ""
    assert KO.stop in html_notes.stopper(Standing(), "ko")
    assert "disabled" in html_notes.stopper(Standing(stopping=True), "ko")


# ------------------------------------------------------------------------ what came of it

REPORT = UpdateReport(
    3,
    ("index.notes/a.pdf", f"{NASTY}.md"),
    ("old.md",),
    ("gone.md",),
    7,
    40,
    (NoteProblem("index.notes/bad.docx", "broken DOCX file (<i>)"),),
    (NoteProblem("index.notes/a.pdf", "page 2: no text: scanned? Only"), NoteProblem("index.notes/bad.docx", "its earlier version stays")),
)
INFOS = {name: DocumentInfo(name, name, "", 20, 4321) for name in ("index.notes/a.pdf", f"{NASTY}.md", "old.md")}
PDF = Document(
    "index.notes/a.pdf",
    "a",
    "가\n\n나",
    marks=(Mark(0, "page", "1"), Mark(3, "page", "12"), Mark(3, "picture", "7"), Mark(4, "picture", "")),
)


def test_a_file_that_cannot_be_opened_is_told() -> None:
    assert KO.not_unread in html_notes.not_now(Taken(refused=(Refused("b.md", "unread"),)), "ko")


def test_each_file_of_a_run_is_told() -> None:
    taken = Taken(refused=(Refused("b.exe", "kind"), Refused("c.pdf", "size", "120 MB")), twins={"d.md": "e.md"}, same=("f.md",))
    fragment = html_notes.result(
        Run(taken, Standing(outcome=REPORT)), INFOS, lambda doc_id: PDF if doc_id == PDF.doc_id else None, "ko", INBOX
    )
    assert texts(fragment, "name") == ["bad.docx", "a.pdf", f"{NASTY}.md", "old.md", "gone.md", "b.exe", "c.pdf", "d.md", "f.md"]
    words = [KO.unread, KO.added, KO.added, KO.changed, KO.removed, KO.not_taken, KO.not_taken, KO.already, KO.already]
    assert texts(fragment, "what") == words
    assert texts(fragment, "facts")[1] == "12쪽 · 글이 있는 그림 1장 · 단락 20개 · 4,321자"
    (bad,) = of(fragment, "unread")
    assert "깨진 DOCX 파일입니다" in bad.text and "(broken DOCX file (<i>))" in bad.text and "이전에 읽은 내용" in bad.text
    assert "2쪽에 글자가 없습니다" in of(fragment, "new")[0].text
    assert ["100 MB" in each.text for each in of(fragment, "refused")] == [False, True]
    assert "노트 3개, 단락 60개" in fragment and "그대로인 노트 7개" in fragment


def test_a_run_that_found_nothing_new_says_so() -> None:
    fragment = html_notes.result(Run(None, Standing(outcome=UpdateReport(3, unchanged=4))), INFOS, lambda _: None, "en")
    assert EN.done_same in fragment and "4 unchanged notes" in fragment and "files" not in fragment


def test_a_long_result_is_cut() -> None:
    report = UpdateReport(1, tuple(f"{n}.md" for n in range(200)))
    fragment = html_notes.result(Run(None, Standing(outcome=report)), {}, lambda _: None, "ko")
    assert len(texts(fragment, "name")) == html_notes.ROWS
    assert texts(fragment, "more") == ["이 밖에 140개"]


@pytest.mark.parametrize(
    ("outcome", "head", "words"),
    [
        (Stopped(), KO.stopped, KO.stopped_note),
        (Failed("index is being written by process 7", busy=True), KO.busy, "being written by process 7"),
        (Failed("ZeroDivisionError: oh", crashed=True), KO.crashed, KO.crashed_note),
        (Failed("None of 1 notes can be read; nothing was changed. The first: holds no text"), KO.failed, "글자가 없는 파일입니다"),
        (Failed(f"use `rag index` {NASTY}"), KO.failed, NASTY),
    ],
)
def test_a_run_that_failed_says_why(outcome: Failed | Stopped, head: str, words: str) -> None:
    fragment = html_notes.result(Run(None, Standing(outcome=outcome)), {}, lambda _: None, "ko")
    (card,) = of(fragment, "result")
    assert card.text.startswith(head) and words in card.text


# ------------------------------------------------------------------------ the list

NOTES = (
    Held("index.notes/강의/b.pdf", "둘째", "indexed", 3, 900, ("page 2: no text: scanned? Only",), INBOX / "강의/b.pdf", "강의/b.pdf"),
    Held("index.notes/c.md", "c", "waiting", file=INBOX / "c.md", put_in="c.md"),
    Held("week10/e.md", NASTY, "indexed", 2, 1200, (), Path("/notes/week10/e.md")),
    Held("week2/d.md", "첫째", "indexed", 5, 2000, (), Path("/notes/week2/d.md")),
    Held("week2/f.md", "없어진", "gone", 1, 10),
)
HELD = Holdings(NOTES, (Path("/notes"),), INBOX)
SEEN = Retrieved(9, frozenset({"week2/d.md", "week2/f.md"}))


def listing(never: Never = SEEN, held: Holdings = HELD) -> str:
    return holdings_list(held, never, "ko")


def test_notes_stand_in_their_folders() -> None:
    groups = [each.text for each in parsed(listing()) if each.tag == "summary" and each.text[-1].isdecimal()]
    assert groups == [f"{KO.put_in} 1", f"{KO.put_in} › 강의 1", "week2 2", "week10 1"]
    assert texts(listing(), "title") == ["c", "둘째", "첫째", "없어진", NASTY]
    assert "노트 4개 · 단락 11개 · 4,110자" in listing()


def test_weeks_are_sorted_by_their_numbers() -> None:
    assert sorted(["week10/a", "week2/b", "Week1", "강의"], key=natural) == ["Week1", "week2/b", "week10/a", "강의"]


def test_what_is_known_of_each_note() -> None:
    assert texts(listing(), "badge") == [KO.waiting, KO.never, KO.gone, KO.never]
    assert texts(listing(), "warning") == ["2쪽에 글자가 없습니다. 스캔한 그림이라면 글자를 인식(OCR)한 파일로 바꾸어 주세요."]
    assert texts(listing(), "kind") == ["MD", "PDF", "MD", "MD", "MD"]


@pytest.mark.parametrize(
    ("never", "words"),
    [
        (SEEN, KO.never_note.format(questions=9, notes=2)),
        (Retrieved(2, frozenset(note.doc_id for note in NOTES)), KO.never_none.format(questions=2)),
        (Retrieved(), KO.never_empty),
        (KO.never_off, KO.never_off),
    ],
)
def test_notes_that_no_question_brought_up(never: Never, words: str) -> None:
    assert texts(listing(never), "never-line") == [words]
    assert (KO.never in texts(listing(never), "badge")) == (never == SEEN)


def test_only_what_was_put_in_is_deleted() -> None:
    sure = of(listing(), "sure")
    assert [(each.attributes["data-do"], each.attributes["data-name"]) for each in sure] == [("remove", "c.md"), ("remove", "강의/b.pdf")]
    asks = texts(listing(), "ask")
    assert asks[2] == KO.out_yours.format(folder="/notes/week2", file="d.md")
    assert asks[3] == KO.out_gone
    assert of(listing(held=Holdings(NOTES)), "out") == []


def test_many_notes_have_a_box_to_find_one() -> None:
    many = Holdings(tuple(Held(f"{n}.md", f"노트 {n}") for n in range(9)))
    assert [bool(of(listing(held=held), "find")) for held in (HELD, many)] == [False, True]
    assert of(listing(held=many), "held")[0].attributes["data-name"] == "노트 0 0.md"


def test_no_notes_and_folders_that_are_away() -> None:
    assert KO.none in listing(held=Holdings(inbox=INBOX))
    assert texts(listing(held=Holdings(NOTES, trouble=f"{NASTY} is not there")), "trouble") == [f"{KO.trouble} {NASTY} is not there"]


# ------------------------------------------------------------------------ passages as cut


def note(count: int) -> tuple[Document, list[Passage]]:
    text = "".join(f"{NASTY}{n:03d}\n" for n in range(count))
    size = len(f"{NASTY}000\n")
    passages = [
        Passage("w/a.md", NASTY, (NASTY, "절"), text[n * size : (n + 1) * size - 1], n * size, (n + 1) * size - 1, Locator(n + 1), (NASTY,))
        for n in range(count)
    ]
    return Document("w/a.md", NASTY, text, warnings=("holds no text",)), passages


def test_passages_stand_one_after_the_other() -> None:
    document, passages = note(3)
    fragment = html_cut.cut(document, passages, 0, "ko")
    pieces = of(fragment, "piece")
    assert [piece.attributes["data-passage"] for piece in pieces] == [passage.passage_id for passage in passages]
    assert texts(fragment, "path") == [f"{NASTY} › 절"] * 3
    assert texts(fragment, "where") == [f"{n}행 · {len(NASTY) + 3}자" for n in (1, 2, 3)]
    assert texts(fragment, "passage") == [passage.text for passage in passages]
    places = [parse_target(json.loads(each.attributes["data-open"])) for each in of(fragment, "passage")]
    assert [(place.start, place.end) for place in places] == [(passage.start, passage.end) for passage in passages]
    assert of(fragment, "pages") == [] and "글자가 없는 파일" in fragment


@pytest.mark.parametrize(
    ("first", "shown", "ways"),
    [(0, (1, 150), ["150"]), (150, (151, 300), ["0", "300"]), (300, (301, 310), ["150"]), (999, (310, 310), ["159"])],
)
def test_many_passages_come_in_pages(first: int, shown: tuple[int, int], ways: list[str]) -> None:
    fragment = html_cut.cut(*note(310), first, "ko")
    numbers = [int(text) for text in texts(fragment, "rank")]
    assert (numbers[0], numbers[-1]) == shown
    assert [each.attributes["data-first"] for each in parsed(fragment) if "data-first" in each.attributes] == ways


def test_a_note_without_text_says_what_to_do() -> None:
    assert KO.no_passages in html_cut.cut(Document("a.pdf", "a", ""), [], 0, "ko")
    assert KO.cut_gone in html_cut.missing("ko")
    assert html_cut.start("ko", can_look=False, can_draw=False) == ""


# ------------------------------------------------------------------------ the map


def drawn(labels: list[str], total: int | None = None) -> str:
    _, passages = note(len(labels))
    points = np.linspace((0.0, 0.0), (1.0, 1.0), len(labels))
    return html_map.map_of(Plane(points, 0.234), passages, labels, total or len(labels), 384, "ko")


def test_a_point_for_each_passage() -> None:
    fragment = drawn(["week2", "week10", "week2"])
    dots = [each for each in of(fragment, "dot") if "data-open" in each.attributes]
    assert [dot.attributes["transform"] for dot in dots] == ["translate(16.0 584.0)", "translate(300.0 300.0)", "translate(584.0 16.0)"]
    assert [dot.attributes["data-group"] for dot in dots] == ["0", "1", "0"]
    assert dots[0].attributes["d"] != dots[1].attributes["d"]
    assert dots[0].attributes["data-head"] == f"{NASTY} › 절" and NASTY in dots[0].attributes["data-words"]
    assert parse_target(json.loads(dots[2].attributes["data-open"])).start == 2 * (len(NASTY) + 4)
    assert [each.text.strip() for each in of(fragment, "mark")] == ["week2 2", "week10 1"]
    assert "23 %" in fragment and KO.map_sampled[:6] not in fragment
    assert "단락 900개 가운데 고르게 뽑은 3개" in drawn(["a", "b", "c"], 900)


def test_more_groups_than_looks_share_the_last() -> None:
    fragment = drawn([f"w{n}" for n in range(20) for _ in range(20 - n)])
    assert [each.text.split()[0] for each in of(fragment, "mark")] == [*(f"w{n}" for n in range(html_map.GROUPS)), KO.map_rest]
    looks = {(tuple(each.classes), each.attributes["d"]) for each in of(fragment, "dot")}
    assert len(looks) == html_map.GROUPS + 1


def test_a_map_needs_three_passages() -> None:
    assert KO.map_few in drawn(["a", "b"])
