"""The gold that a reader makes: written as any file of questions, taken back, judged, and found again after a note changed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from index.errors import DataError, UsageError
from index.morphemes import Analyser
from index.types import Document, Locator, Passage
from rag.drafting.draft import Draft
from rag.drafting.gold_file import GoldFile, gold_path, quote_of
from rag.evaluation.datasets import Evidence
from rag.evaluation.inputs import load_input
from rag.types import Span
from tests.rag.samples import memory_index

POOLING = "풀링은 특징 맵의 크기를 줄인다.\n\n최대 풀링은 창 안의 가장 큰 값을 남긴다.\n평균 풀링은 평균을 남긴다."
DROPOUT = "드롭아웃은 학습할 때 뉴런을 무작위로 끈다."
NOTES = {"pool.md": POOLING, "drop.md": DROPOUT}
LINE = "최대 풀링은 창 안의 가장 큰 값을 남긴다."


@pytest.fixture
def file(tmp_path: Path) -> GoldFile:
    return GoldFile(gold_path(tmp_path / "index"))


def span(doc_id: str, quote: str) -> Span:
    start = NOTES[doc_id].index(quote)
    return Span(doc_id, start, start + len(quote), quote)


def toggle(file: GoldFile, analyser: Analyser, question: str, doc_id: str, quote: str) -> bool:
    index = memory_index(analyser, NOTES)
    version = next(info.content_hash for info in index.documents() if info.doc_id == doc_id)
    return file.toggle(question, index.document(doc_id), span(doc_id, quote), version)


def rows(file: GoldFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.path.read_text(encoding="utf-8").splitlines()]


def test_the_file_lies_beside_the_index() -> None:
    assert gold_path(Path("data/index")) == Path("data/index.gold.jsonl")


def test_a_passage_called_right_is_a_question_that_evaluation_reads(file: GoldFile, analyser: Analyser) -> None:
    assert toggle(file, analyser, "최대 풀링은 무엇을 남기나?", "pool.md", LINE)
    (row,) = rows(file)
    (item,) = row["evidence"]
    assert (row["question"], row["answers"], row["made"], row["status"]) == ("최대 풀링은 무엇을 남기나?", [], "passage", "accepted")
    assert (item["doc"], item["quote"], POOLING[item["start"] : item["end"]]) == ("pool.md", LINE, LINE)
    assert item["version"] == f"hash of {POOLING}"
    (question,) = load_input(file.path).questions
    assert question.text == "최대 풀링은 무엇을 남기나?" and question.answerable
    assert question.evidence == (Evidence("pool.md", LINE),)
    assert file.marked("최대 풀링은 무엇을 남기나") == [("pool.md", LINE)]


def test_pressing_again_takes_it_back_and_a_second_passage_joins_the_question(file: GoldFile, analyser: Analyser) -> None:
    ask = "무엇을 줄이거나 끄나?"
    assert toggle(file, analyser, ask, "pool.md", LINE)
    assert toggle(file, analyser, ask, "drop.md", DROPOUT)
    assert [item["doc"] for item in rows(file)[0]["evidence"]] == ["pool.md", "drop.md"]
    assert not toggle(file, analyser, ask, "pool.md", LINE)
    assert [item["doc"] for item in rows(file)[0]["evidence"]] == ["drop.md"]
    assert not toggle(file, analyser, ask, "drop.md", DROPOUT)
    assert rows(file) == []
    assert file.marked(ask) == []


def draft(question: str = "최대 풀링이란?") -> Draft:
    return Draft("definition", "definition", question, ("창 안의 가장 큰 값",), "pool.md", LINE, POOLING.index(LINE))


def test_a_draft_is_accepted_mended_or_rejected_and_none_is_asked_before(file: GoldFile, analyser: Analyser) -> None:
    index = memory_index(analyser, NOTES)
    other = Draft("cloze", "factoid", "학습할 때 끄는 것은?", ("뉴런",), "drop.md", DROPOUT, 0)
    assert file.add([draft(), other], index) == 2
    assert file.add([draft(), other], index) == 0
    with pytest.raises(UsageError, match="2 drafted questions"):
        load_input(file.path)
    assert file.accept(draft().id, index, " 최대  풀링이 남기는 것은? ", "가장 큰 값")
    file.judge(other.id, "rejected")
    assert [(row["status"], row["question"]) for row in rows(file)] == [
        ("accepted", "최대 풀링이 남기는 것은?"),
        ("rejected", "학습할 때 끄는 것은?"),
    ]
    (question,) = load_input(file.path).questions
    assert question.answers == ("가장 큰 값",)
    assert file.add([draft(), other], index) == 0, "what was judged is never drafted again"
    file.delete(draft().id)
    assert [gold.status for gold in file.questions(index)] == ["rejected"]
    with pytest.raises(UsageError, match="holds no question"):
        file.delete(draft().id)


@pytest.mark.parametrize(
    ("answer", "stored", "quote"),
    [
        ("가장  큰\n값을", "가장 큰 값을", LINE),
        (unicodedata.normalize("NFD", "가장 큰 값을"), "가장 큰 값을", LINE),
        ("창 안의 가장 큰 값", "창 안의 가장 큰 값", LINE),
        ("", "창 안의 가장 큰 값", LINE),
        ("평균을", "평균을", "평균 풀링은 평균을 남긴다."),
        ("특징 맵의 크기", "특징 맵의 크기", "풀링은 특징 맵의 크기를 줄인다."),
        ("줄인다. 최대 풀링은", "줄인다. 최대 풀링은", POOLING[: POOLING.index("\n평균")]),
    ],
)
def test_a_mended_answer_stands_in_its_quote_or_takes_it_along(
    file: GoldFile, analyser: Analyser, answer: str, stored: str, quote: str
) -> None:
    index = memory_index(analyser, NOTES)
    file.add([draft()], index)
    assert file.accept(draft().id, index, "", answer)
    (row,) = rows(file)
    (item,) = row["evidence"]
    assert (row["status"], row["question"], row["answers"], item["quote"]) == ("accepted", draft().question, [stored], quote)
    assert POOLING[item["start"] : item["end"]] == quote and item["version"] == f"hash of {POOLING}"
    (gold,) = file.questions(index)
    assert [piece.state for piece in gold.pieces] == ["whole"]


@pytest.mark.parametrize("answer", ["고친 답", "뉴런", "가장 작은 값"])
def test_an_answer_that_the_note_lacks_is_refused_and_nothing_is_written(file: GoldFile, analyser: Analyser, answer: str) -> None:
    index = memory_index(analyser, NOTES)
    file.add([draft()], index)
    before = file.path.read_bytes()
    assert not file.accept(draft().id, index, "다른 질문?", answer)
    assert file.path.read_bytes() == before
    with pytest.raises(UsageError, match="holds no question"):
        file.accept("none", index, "다른 질문?", "가장 큰 값")


def test_the_place_nearest_to_the_evidence_is_taken_after_the_note_moved(file: GoldFile, analyser: Analyser) -> None:
    file.add([draft()], memory_index(analyser, NOTES))
    far = "멀리서도 크기를 말한다.\n\n" + "채우는 글이다.\n\n" * 9
    now = memory_index(analyser, {"drop.md": DROPOUT, "week03/pool.md": far + POOLING})
    assert file.accept(draft().id, now, "", "크기를")
    (item,) = rows(file)[0]["evidence"]
    assert (item["doc"], item["quote"], item["start"]) == ("week03/pool.md", "풀링은 특징 맵의 크기를 줄인다.", len(far))


def test_gold_of_a_passage_needs_no_answer_and_takes_only_one_of_its_notes(file: GoldFile, analyser: Analyser) -> None:
    index = memory_index(analyser, NOTES)
    toggle(file, analyser, "무엇을 남기거나 끄나?", "pool.md", LINE)
    toggle(file, analyser, "무엇을 남기거나 끄나?", "drop.md", DROPOUT)
    name = rows(file)[0]["id"]
    assert file.accept(name, index, "무엇을 끄나?", "") and rows(file)[0]["answers"] == []
    assert not file.accept(name, index, "", "아무 데도 없는 말")
    assert file.accept(name, index, "", "평균을 남긴다")
    assert [item["quote"] for item in rows(file)[0]["evidence"]] == ["평균 풀링은 평균을 남긴다.", DROPOUT]
    assert (rows(file)[0]["question"], rows(file)[0]["answers"]) == ("무엇을 끄나?", ["평균을 남긴다"])


@pytest.mark.parametrize(
    ("text", "state", "stale"),
    [
        (POOLING, "whole", False),
        (f"앞에 넣은 줄.\n\n{POOLING}", "moved", False),
        (POOLING.replace("가장 큰 값", "아무 값"), "gone", True),
    ],
)
def test_a_note_that_changed_is_told_from_one_that_lost_the_words(
    file: GoldFile, analyser: Analyser, text: str, state: str, stale: bool
) -> None:
    toggle(file, analyser, "무엇을 남기나?", "pool.md", LINE)
    (gold,) = file.questions(memory_index(analyser, {**NOTES, "pool.md": text}))
    assert ([piece.state for piece in gold.pieces], gold.is_stale) == ([state], stale)


def test_what_moved_to_another_note_is_written_down(file: GoldFile, analyser: Analyser) -> None:
    toggle(file, analyser, "무엇을 남기나?", "pool.md", LINE)
    now = memory_index(analyser, {"drop.md": DROPOUT, "week03/pool.md": POOLING})
    assert file.anchor(now) == 1
    assert rows(file)[0]["evidence"][0]["doc"] == "week03/pool.md"
    assert file.anchor(now) == 0
    assert [piece.state for gold in file.questions(now) for piece in gold.pieces] == ["whole"]


def test_a_line_written_by_hand_is_found_by_its_words(file: GoldFile, analyser: Analyser) -> None:
    row = {"id": "mine", "question": "?", "answers": ["끈다"], "evidence": [{"doc": "drop.md", "quote": "뉴런을 무작위로"}]}
    lost = {"id": "lost", "question": "??", "answers": ["끈다"], "evidence": [{"doc": "gone.md", "quote": "뉴런을"}]}
    file.path.write_text("".join(json.dumps(each) + "\n" for each in (row, lost)), encoding="utf-8")
    found = file.questions(memory_index(analyser, NOTES))
    assert [piece.state for gold in found for piece in gold.pieces] == ["whole", "gone"]
    file.path.write_text("{\n", encoding="utf-8")
    with pytest.raises(DataError, match="not a line of JSON"):
        file.questions(memory_index(analyser, NOTES))


@pytest.mark.parametrize(
    ("cited", "quote"),
    [
        ((), POOLING.strip()),
        (("가장 큰 값",), LINE),
        ((LINE,), LINE),
        (("최대 풀링은 창 안의 가장 큰 값을 남",), "최대 풀링은 창 안의 가장 큰 값을 남"),
    ],
)
def test_short_answers_take_their_lines_along(cited: tuple[str, ...], quote: str) -> None:
    document = Document("pool.md", "제목", f"{POOLING}\n\n", "text")
    passage = Passage("pool.md", "제목", (), document.text, 0, len(document.text), Locator(1))
    found = quote_of(document, passage, [span("pool.md", each) for each in cited])
    assert found.quote == quote == document.text[found.start : found.end]
