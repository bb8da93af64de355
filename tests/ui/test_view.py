"""Text and JSON of answers, hits, reports and indexes, as literal values."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Generation, Locator, Passage, UpdateReport
from rag.evaluation.report import Report, Table
from rag.types import Answer, Hit, Leg, Repair, Span
from ui import view
from ui.view import COLOUR, PLAIN, Style

BRACKETS = Style(strong=("<b>", "</b>"), faint=("<i>", "</i>"), mark=("[", "]"), evidence=("{", "}"))

PASSAGE = Passage(
    doc_id="week10/optimization.md",
    title="최적화",
    section=("경사 하강법", "모멘텀"),
    text="모멘텀은 관성을 준다.\n학습률(learning rate)은 0.1로 둔다.",
    start=100,
    end=140,
    locator=Locator(line=12),
    parents=("확률적 경사 하강법",),
)
HIT = Hit(PASSAGE, 0.8123456789, {"dense": Leg(0.71, 2), "lexical": Leg(12.3, 1)}, matched=("모멘텀",), marks=((0, 3),))
OTHER = Hit(Passage("slides.pdf", "발표", (), "다른 쪽", 0, 4, Locator(line=3, page=7)), 0.5, {"dense": Leg(-math.inf, None)})
SPAN = Span("week10/optimization.md", 113, 116, "학습률")
ANSWER = Answer(
    "학습률은?",
    "학습률",
    (SPAN,),
    0.87,
    (HIT, OTHER),
    searched="학습률은?",
    notices=("lexical leg off",),
    repairs=(Repair("모맨텀", "모멘텀"),),
)
REFUSAL = Answer("점심은?", "", (), 0.04, (OTHER,), abstained=True, message="노트에서 근거를 찾지 못했습니다")


def test_source_names_note_place_and_headings() -> None:
    assert view.source(PASSAGE) == "week10/optimization.md:12 › 경사 하강법 › 모멘텀"
    assert view.source(OTHER.passage) == "slides.pdf:p.7"


def test_span_source_counts_lines_down_to_the_span() -> None:
    assert PASSAGE.text[13:16] == "학습률"
    assert view.span_source(SPAN, [OTHER, HIT]) == "week10/optimization.md:13 › 경사 하강법 › 모멘텀"
    assert view.span_source(Span("slides.pdf", 0, 2, "다른"), [OTHER]) == "slides.pdf:p.7"
    assert view.span_source(Span("gone.md", 0, 2, "없다"), [HIT]) == "gone.md"


def test_evidence_is_cut_to_the_passage() -> None:
    spans = [Span(PASSAGE.doc_id, 90, 104, ""), SPAN, Span("other.md", 100, 110, ""), Span(PASSAGE.doc_id, 140, 150, "")]
    assert view.evidence(HIT, spans) == [(0, 4), (13, 16)]


def test_a_search_shows_scores_of_both_legs_parents_and_matched_words() -> None:
    assert view.search_text("모멘텀", [HIT, OTHER], BRACKETS) == (
        " 1  <b>week10/optimization.md:12 › 경사 하강법 › 모멘텀</b>  <i>0.812 (dense 0.71 #2, lexical 12.30 #1)</i>\n"
        "    <i>› 확률적 경사 하강법</i>\n"
        "    [모멘텀]은 관성을 준다.\n"
        "    학습률(learning rate)은 0.1로 둔다.\n"
        "\n"
        " 2  <b>slides.pdf:p.7</b>  <i>0.500</i>\n"
        "    다른 쪽"
    )
    assert view.search_text("없다", []) == "nothing found for: 없다"


def test_an_answer_shows_text_place_confidence_and_the_marked_passage() -> None:
    assert view.answer_text(ANSWER, BRACKETS) == (
        "<b>학습률</b>\n"
        "    <i>week10/optimization.md:13 › 경사 하강법 › 모멘텀</i>\n"
        "    <i>confidence 0.87</i>\n"
        "note: lexical leg off\n"
        "\n"
        "<i>-- passages</i>\n"
        " 1  <b>week10/optimization.md:12 › 경사 하강법 › 모멘텀</b>  <i>0.812 (dense 0.71 #2, lexical 12.30 #1)</i>\n"
        "    <i>› 확률적 경사 하강법</i>\n"
        "    모멘텀은 관성을 준다.\n"
        "    {학습률}(learning rate)은 0.1로 둔다.\n"
        " 2  <b>slides.pdf:p.7</b>  <i>0.500</i>"
    )


def test_a_refusal_shows_its_message_and_the_closest_passages() -> None:
    assert view.answer_text(REFUSAL) == "노트에서 근거를 찾지 못했습니다\n\n-- closest passages\n 1  slides.pdf:p.7  0.500\n    다른 쪽"


def test_colour_is_only_in_the_coloured_style() -> None:
    assert "\x1b[1;4;32m학습률\x1b[0m" in view.answer_text(ANSWER, COLOUR)
    assert "\x1b" not in view.answer_text(ANSWER, PLAIN)


def test_a_note_cannot_drive_the_terminal() -> None:
    evil = Passage("a.md", "a", (), "\x1b]0;owned\x07 \x9b31m\tok\nline", 0, 24, Locator(1))
    assert view.search_text("q", [Hit(evil, 1.0)]) == " 1  a.md:1  1.000\n    �]0;owned� �31m\tok\n    line"


@given(st.text(), st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30)), max_size=6))
def test_marking_changes_no_character(text: str, marks: list[tuple[int, int]]) -> None:
    shown = view.marked(text, marks, ("\x00", "\x01"))
    assert shown.replace("\x00", "").replace("\x01", "") == text.replace("\x00", "").replace("\x01", "")


def test_marks_that_overlap_or_touch_become_one() -> None:
    assert view.marked("abcdef", [(1, 3), (2, 4), (4, 5), (5, 5)], ("[", "]")) == "a[bcde]f"


def test_json_of_an_answer() -> None:
    found = json.loads(json.dumps(view.answer_dict(ANSWER), allow_nan=False))
    assert {name: value for name, value in found.items() if name != "hits"} == {
        "question": "학습률은?",
        "searched": "학습률은?",
        "text": "학습률",
        "message": "",
        "abstained": False,
        "confidence": 0.87,
        "spans": [{"doc_id": "week10/optimization.md", "start": 113, "end": 116, "quote": "학습률"}],
        "notices": ["lexical leg off"],
        "repairs": [{"typed": "모맨텀", "meant": "모멘텀"}],
    }
    assert found["hits"][0] == {
        "passage_id": "week10/optimization.md#100-140",
        "doc_id": "week10/optimization.md",
        "title": "최적화",
        "section": ["경사 하강법", "모멘텀"],
        "parents": ["확률적 경사 하강법"],
        "locator": {"line": 12, "label": "12"},
        "source": "week10/optimization.md:12 › 경사 하강법 › 모멘텀",
        "start": 100,
        "end": 140,
        "text": PASSAGE.text,
        "score": 0.812346,
        "legs": {"dense": {"score": 0.71, "rank": 2}, "lexical": {"score": 12.3, "rank": 1}},
        "matched": ["모멘텀"],
        "marks": [[0, 3]],
    }
    assert found["hits"][1]["locator"] == {"line": 3, "page": 7, "label": "p.7"}
    assert found["hits"][1]["legs"] == {"dense": {"score": None, "rank": None}}


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("한글", 4), ("e\u0301", 1), ("ｆ", 2), ("a\u200bb", 2), ("", 0)])
def test_width_in_columns(text: str, columns: int) -> None:
    assert view.width(text) == columns


def test_tables_align_korean_and_numbers() -> None:
    assert view.table(("종류", "n", "hit@1"), [("비교", 25, 0.5), ("why", 130, None)]) == (
        "종류    n  hit@1\n"
        "----  ---  -----\n"
        "비교   25  0.500\n"
        "why   130      -"
    )  # fmt: skip


def test_no_p_value_is_shown_as_0() -> None:
    lines = view.table(("metric", "precision@1", "p", "p (Holm)"), [("a", 0.0002, 0.0002, 0.0005)]).splitlines()
    assert lines[-1].split() == ["a", "0.000", "<", ".001", "0.001"]


def test_a_report_is_facts_then_tables() -> None:
    report = Report({"questions": 2, "split": "test"}, (Table("retrieval", ("retriever", "hit@1"), (("hybrid", 1.0),)),))
    assert view.report_text(report) == "questions: 2\nsplit: test\n\nretrieval\nretriever  hit@1\n---------  -----\nhybrid     1.000"


def test_updates_and_generations() -> None:
    report = UpdateReport(3, added=("a.md", "b.md"), removed=("c.md",), unchanged=4, passages=60)
    assert view.update_text(report) == "generation 3: 2 added, 0 changed, 1 removed, 4 unchanged; 60 passages"
    kept = [Generation(3, "2026-11-22T10:00:00Z", 6, 60, "+2 -1", current=True), Generation(2, "2026-11-21T10:00:00Z", 5, 48, "+5")]
    assert view.history_text(kept) == (
        "generation  created               notes  passages  what it did\n"
        "----------  --------------------  -----  --------  -----------\n"
        "3 *         2026-11-22T10:00:00Z      6        60  +2 -1\n"
        "2           2026-11-21T10:00:00Z      5        48  +5"
    )
