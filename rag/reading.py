"""How well a reader marks answers: with the gold passage in its hands, and end to end. EM and F1 as KorQuAD 1.0's official script."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np

from index.morphemes import Analyser
from index.types import Locator, Passage, Progress
from rag.evaluation.datasets import Context, Question
from rag.evaluation.metrics import exact_match, f1
from rag.evaluation.report import HitRow, QuestionRow
from rag.pipeline import Pipeline
from rag.sentence_reader import Features, Weights
from rag.trim import trimmed
from rag.types import Answer, Hit, Span

DEPTH = 100
"""How deep other notes are looked for."""

AnswerTo = Callable[[Question], Answer]
Item = TypeVar("Item")
Out = TypeVar("Out")


class SpanModel(Protocol):
    """What marks spans in a text."""

    def best_spans(self, question: str, context: str, text: str) -> Sequence[tuple[int, int, float]]:
        """`(start, end, score)` in `text`, best first; `context` is what the text stands under."""
        ...


class Evidenced(Protocol):
    """What a reader found: the values that refusal looks at."""

    @property
    def evidence(self) -> Features: ...


class Weighing(Protocol):
    """A reader whose evidence can be looked at."""

    def weigh(self, question: str, hits: Sequence[Hit], weights: Sequence[float] | Features) -> Evidenced | None: ...


def best_answer(model: SpanModel, analyser: Analyser, question: str, context: Context) -> Answer:
    """What the model takes for the answer in one passage; the empty answer where it marks nothing."""
    found = model.best_spans(question, context.title, context.text)
    if not found:
        return Answer(question, "", (), 0.0, ())
    start, end, score = found[0]
    start, end = trimmed(context.text, start, end, analyser)
    span = Span(context.id, start, end, context.text[start:end])
    return Answer(question, span.quote, (span,), score, ())


def as_hit(context: Context) -> Hit:
    """The passage of a public set as a reader is given it."""
    return Hit(Passage(context.id, context.title, (), context.text, 0, len(context.text), Locator(1)), 1.0)


def other_notes(pipeline: Pipeline, question: Question, k: int = 5) -> list[Hit]:
    """The best hits outside the notes that hold the question's evidence: what it would find if those were not there."""
    own = {item.doc for item in question.evidence}
    return [hit for hit in pipeline.search(question.text, DEPTH) if hit.passage.doc_id not in own][:k]


def support(reader: Weighing, weights: Weights, question: str, hits: Sequence[Hit]) -> float:
    """The logit that the hits answer the question, which refusal goes by; -inf where there is nothing to read."""
    found = reader.weigh(question, hits, weights.sentence)
    return float(np.dot(weights.answerable, found.evidence)) if found else -math.inf


def answered(
    system: str, answer: AnswerTo, questions: Sequence[Question], progress: Progress | None = None, threads: int | None = None
) -> list[QuestionRow]:
    """Confidence, refusal and, where the question has an answer, EM and F1, in the order given; a refusal is the empty answer."""
    found = side_by_side(f"read, {system}", answer, questions, progress, threads)
    return [_row(system, question, answer) for question, answer in zip(questions, found, strict=True)]


def side_by_side(
    stage: str, call: Callable[[Item], Out], items: Sequence[Item], progress: Progress | None = None, threads: int | None = None
) -> list[Out]:
    """What the call makes of each item, in the order given, on as many threads as there are cores."""
    out = []
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for result in pool.map(call, items):
            out.append(result)
            if progress:
                progress(stage, len(out), len(items))
    return out


def evenly(questions: Sequence[Question], limit: int | None) -> Sequence[Question]:
    """At most `limit` of the questions, spread evenly over them; None keeps all."""
    if limit is None or limit >= len(questions):
        return questions
    return [questions[number * len(questions) // limit] for number in range(limit)]


def _row(system: str, question: Question, answer: Answer) -> QuestionRow:
    found = {"confidence": answer.confidence, "refused": float(answer.abstained)}
    if question.answers:
        found |= {"EM": exact_match(answer.text, question.answers), "F1": f1(answer.text, question.answers)}
    spans = [HitRow(span.doc_id, span.start, span.end, answer.confidence, int(found.get("EM", 0))) for span in answer.spans]
    return QuestionRow(system, question.id, question.kind, question.split, found, tuple(spans))
