"""Reading with the gold passage in hand, on passages whose answers are marked by rule."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.morphemes import Analyser
from rag.evaluation.datasets import Context, Evidence, Question
from rag.evaluation.report import HitRow
from rag.pipeline import Pipeline
from rag.reading import answered, as_hit, best_answer, evenly, other_notes, support
from rag.sentence_reader import SentenceReader, shipped
from rag.types import Answer
from tests.rag.samples import ENCODER, memory_index

CONTEXTS = (Context("w/0", "임종석", "임종석은 1989년 2월 15일에 수배되었다."), Context("w/1", "", "서울에서 태어났다."))
QUESTIONS = (
    Question("q1", "수배된 날짜는?", ("1989년 2월 15일",), (Evidence("w/0"),)),
    Question("q2", "태어난 곳은?", ("서울특별시", "대한민국 서울"), (Evidence("w/1"),)),
    Question("q3", "없는 것은?", ("없음",), (Evidence("w/1"),)),
)
MARKED = {"수배된 날짜는?": "1989년 2월 15일에", "태어난 곳은?": "서울에서"}


class Marks:
    """Marks what MARKED says, and keeps the contexts it was given."""

    def __init__(self) -> None:
        self.contexts: list[str] = []

    def best_spans(self, question: str, context: str, text: str) -> Sequence[tuple[int, int, float]]:
        self.contexts.append(context)
        words = MARKED.get(question, "")
        start = text.find(words)
        return [(start, start + len(words), -0.5), (0, 1, -2.0)] if words else []


def test_the_gold_passage_is_read_without_particles_and_scored_as_korquad_scores(analyser: Analyser) -> None:
    model = Marks()
    held = {context.id: context for context in CONTEXTS}
    first, second, third = answered(
        "span", lambda question: best_answer(model, analyser, question.text, held[question.evidence[0].doc]), QUESTIONS
    )
    assert sorted(model.contexts) == ["", "", "임종석"]
    assert (first.system, first.metrics["EM"], first.metrics["F1"]) == ("span", 1.0, 1.0)
    assert first.hits == (HitRow("w/0", 5, 17, -0.5, 1),)
    assert CONTEXTS[0].text[5:17] == "1989년 2월 15일"
    assert second.metrics["EM"] == 0 and second.metrics["F1"] == pytest.approx(2 * 2 / (2 + 5))
    assert second.hits == (HitRow("w/1", 0, 2, -0.5, 0),)
    assert third.metrics == {"confidence": 0.0, "refused": 0.0, "EM": 0.0, "F1": 0.0} and third.hits == ()


def test_an_answer_quotes_its_passage(analyser: Analyser) -> None:
    found = best_answer(Marks(), analyser, "태어난 곳은?", CONTEXTS[1])
    assert (found.text, found.spans[0].quote, found.abstained) == ("서울", "서울", False)


def test_a_context_is_a_hit_that_quotes_itself() -> None:
    passage = as_hit(CONTEXTS[0]).passage
    assert (passage.passage_id, passage.embedded) == ("w/0#0-25", f"임종석\n{CONTEXTS[0].text}")
    assert len(CONTEXTS[0].text) == 25


def test_rows_keep_the_order_and_questions_are_asked_side_by_side() -> None:
    together = threading.Barrier(2, timeout=30)

    def answer(question: Question) -> Answer:
        together.wait()
        return Answer(question.text, "", (), 0.25, (), abstained=question.id == "q2")

    told: list[tuple[str, int, int]] = []
    asked = [Question(f"q{number}", f"{number}?") for number in range(1, 5)]
    rows = answered("x", answer, asked, lambda *news: told.append(news), threads=2)
    assert [row.question_id for row in rows] == ["q1", "q2", "q3", "q4"]
    assert [row.metrics for row in rows] == [{"confidence": 0.25, "refused": float(row.question_id == "q2")} for row in rows]
    assert told == [("read, x", done, 4) for done in (1, 2, 3, 4)]


def test_a_failure_is_not_swallowed() -> None:
    def answer(question: Question) -> Answer:
        raise ZeroDivisionError(question.id)

    with pytest.raises(ZeroDivisionError, match="q1"):
        answered("x", answer, QUESTIONS)


@given(st.integers(0, 60), st.integers(1, 70))
def test_a_limit_spreads_evenly(count: int, limit: int) -> None:
    questions = [Question(str(number), "?") for number in range(count)]
    kept = [int(question.id) for question in evenly(questions, limit)]
    assert len(kept) == min(count, limit) == len(set(kept))
    gaps = {b - a for a, b in pairwise(kept)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1
    assert evenly(questions, None) == questions


def test_support_is_what_refusal_goes_by(analyser: Analyser) -> None:
    """The threshold that lies just below it lets the answer pass, the one just above does not."""
    index = memory_index(analyser, {"a": "드롭아웃은 뉴런을 끈다", "b": "배치 정규화"})
    reader = SentenceReader(index, ENCODER, analyser, shipped())
    hits = Pipeline.over(index, ENCODER, retriever="lexical").search("드롭아웃이란?")
    chance = 1 / (1 + math.exp(-support(reader, shipped(), "드롭아웃이란?", hits)))
    for threshold, refused in ((chance - 1e-9, False), (chance + 1e-9, True)):
        strict = replace(reader, weights=replace(shipped(), threshold=threshold))
        assert strict.read("드롭아웃이란?", hits).abstained is refused
    assert support(reader, shipped(), "드롭아웃이란?", []) == -math.inf


def test_other_notes_leave_out_those_of_the_evidence(analyser: Analyser) -> None:
    notes = {
        "a": "드롭아웃은 뉴런을 끈다\n\n드롭아웃 비율",
        "b": "어텐션 뒤에도 여러 층 사이에도 드롭아웃을 쓰는 모델이 많다",
        "c": "드롭아웃 말고 가중치 감쇠를 쓰는 학습 방법도 있고 그 밖의 정규화 방법도 있다",
    }
    pipeline = Pipeline.over(memory_index(analyser, notes), ENCODER, retriever="lexical")
    question = Question("q", "드롭아웃이란?", ("x",), (Evidence("a", "드롭아웃은 뉴런을 끈다"),))
    assert [hit.passage.doc_id for hit in pipeline.search(question.text, 2)] == ["a", "a"]
    assert [hit.passage.doc_id for hit in other_notes(pipeline, question)] == ["b", "c"]
    assert len(other_notes(pipeline, question, 1)) == 1
