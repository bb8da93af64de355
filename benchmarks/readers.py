"""EM, F1 and refusals of the default reader beside the sentence reader: on KorQuAD 1.0 dev, and on our own notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.changes import COLUMNS, Change, changed
from benchmarks.parts import Read, in_parts
from benchmarks.results import Figure, Findings
from benchmarks.retrievers import Finder
from index.encoder import Encoder, Vectors
from index.index import Index
from index.types import Progress
from rag import sentence_reader, span_reader
from rag.evaluation.datasets import Dataset, Question
from rag.evaluation.evaluate import RIGHT
from rag.evaluation.metrics import calibration_error
from rag.evaluation.report import Cell, QuestionRow, Table
from rag.evaluation.stats import Interval, auroc_interval, paired_bootstrap
from rag.evaluation.yardstick import CachedEncoder, set_index
from rag.pipeline import Pipeline
from rag.reading import Weighing, answered, as_hit, best_answer, evenly, other_notes, side_by_side, support
from rag.retriever import IndexRetriever
from rag.sentence_reader import SentenceReader, Weights
from rag.span_model import SpanModel
from rag.span_reader import SpanReader

GOLD, END = "gold passage", "end to end"
GOALS = {(GOLD, "EM"): 0.70, (GOLD, "F1"): 0.84}
ANSWERABLE, NEAR, STRANGE = "answerable", "near our topics", "asked of other notes"

Rows = Sequence[QuestionRow]
Key = TypeVar("Key", bound=tuple[str, ...])


# KorQuAD


def reading(
    data: Dataset, model: SpanModel, new: Finder, old: Finder, cache: Path | None, limit: int | None, progress: Progress | None
) -> Findings:
    """EM and F1 on KorQuAD 1.0 dev, with the gold passage in hand and end to end, sentence reader → span reader.

    Where there is a cache, parts that are finished are kept in it.
    """

    def sentence(index: Index, encoder: Encoder) -> Read:
        return sentences_marked(data, old.over(index, "hybrid", encoder), progress)

    def span(index: Index, encoder: Encoder) -> Read:
        return spans_marked(data, Pipeline.over(index, encoder), model, progress)

    data = replace(data, questions=tuple(evenly(data.questions, limit)))
    before, after = marked(data, old, sentence, cache, progress), marked(data, new, span, cache, progress)
    changes = {
        (given, metric): changed(metrics(after[given], metric), metrics(before[given], metric))
        for given in (GOLD, END)
        for metric in ("EM", "F1")
    }
    table = Table("reading KorQuAD", ("passage", "metric", "questions", *COLUMNS), tuple(lines(changes)))
    figures = [change.figure(f"KorQuAD, {' '.join(key)}", GOALS.get(key)) for key, change in changes.items()]
    loss = paired_bootstrap(metrics(after[GOLD], "F1"), metrics(after[END], "F1"))
    figures.append(Figure("KorQuAD, F1 lost end to end", loss.difference, low=loss.low, high=loss.high))
    return Findings({"KorQuAD questions read": len(data.questions)}, tuple(figures), (table,))


def marked(
    data: Dataset, finder: Finder, reader: Callable[[Index, Encoder], Read], cache: Path | None, progress: Progress | None
) -> dict[str, Rows]:
    """What a reader makes of the gold passages and of the hits that the finder finds: a row for each question, by GOLD and END."""
    cached = CachedEncoder(finder.encoder, cache)
    with set_index(data, cached, finder.analyser.terms, progress) as index:
        about = reader.__name__, data.contexts, finder.encoder.fingerprint, finder.mixture
        rows = in_parts(reader(index, Remembered(finder.encoder, cached)), data.questions, about, cache, progress)
    return {given: [row for row in rows if row.system == given] for given in (GOLD, END)}


def sentences_marked(data: Dataset, retriever: IndexRetriever, progress: Progress | None) -> Read:
    """What the sentence reader makes of the gold passage, where it may not refuse, and of the best hits, where it may."""
    held = {context.id: as_hit(context) for context in data.contexts}
    reader = SentenceReader(retriever.index, retriever.encoder, retriever.analyser, sentence_reader.shipped())
    bold = replace(reader, weights=replace(sentence_reader.shipped(), threshold=0.0))
    return lambda questions: [
        *answered(GOLD, lambda asked: bold.read(asked.text, [held[asked.evidence[0].doc]]), questions, progress),
        *answered(END, lambda asked: reader.read(asked.text, retriever.retrieve(asked.text, 5)), questions, progress),
    ]


def spans_marked(data: Dataset, pipeline: Pipeline, model: SpanModel, progress: Progress | None) -> Read:
    """What the span model makes of the gold passage, and what the pipeline answers with it."""
    held = {context.id: context for context in data.contexts}
    default = spans(pipeline, model).pipeline
    return lambda questions: [
        *answered(GOLD, lambda asked: best_answer(model, pipeline.analyser, asked.text, held[asked.evidence[0].doc]), questions, progress),
        *answered(END, lambda asked: default.ask(asked.text), questions, progress),
    ]


class Remembered:
    """An encoder that encodes no passage twice, and no question that is known already: a set's sentences come up with every question."""

    def __init__(self, encoder: Encoder, questions: CachedEncoder) -> None:
        self.name, self.fingerprint, self.dim, self.max_tokens = encoder.name, encoder.fingerprint, encoder.dim, encoder.max_tokens
        self.count_tokens, self.encode_questions = encoder.count_tokens, questions.encode_questions
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(new, self._encoder.encode_passages(new, progress), strict=True))
        return np.stack([self._vectors[text] for text in texts])


def metrics(rows: Rows, name: str) -> list[float]:
    """One metric of the questions that have it."""
    return [row.metrics[name] for row in rows if name in row.metrics]


def lines(changes: Mapping[Key, Change]) -> Iterator[tuple[Cell, ...]]:
    """The lines of a table: what was measured, over how many questions, COLUMNS."""
    return ((*key, change.after.items, *change.cells()) for key, change in changes.items())


# Our own notes


@dataclass(frozen=True, slots=True)
class System:
    """A pipeline, and its reader with the weights by which it refuses."""

    name: str
    pipeline: Pipeline
    reader: Weighing
    weights: Weights


def sentences(pipeline: Pipeline) -> System:
    weights = sentence_reader.shipped()
    reader = SentenceReader(pipeline.index, pipeline.encoder, pipeline.analyser, weights)
    return System("sentence", replace(pipeline, reader=reader), reader, weights)


def spans(pipeline: Pipeline, model: SpanModel) -> System:
    """The default reader, and never the one that stands in for it."""
    weights = span_reader.shipped()
    reader = SpanReader(pipeline.index, pipeline.encoder, pipeline.analyser, model, weights)
    return System("span", replace(pipeline, reader=reader), reader, weights)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one system did with our questions as they are asked (`own`), and with the answerable ones over the hits of other notes
    (`strange`); the supports are those that the questions find, in the same order."""

    own: Rows
    strange: Rows
    own_support: Sequence[float]
    strange_support: Sequence[float]

    def refused(self, group: str) -> list[float]:
        rows = self.strange if group == STRANGE else [row for row in self.own if _among(row, group)]
        return metrics(rows, "refused")

    def support(self, group: str) -> list[float]:
        if group == STRANGE:
            return list(self.strange_support)
        return [found for row, found in zip(self.own, self.own_support, strict=True) if _among(row, group)]


def _among(row: QuestionRow, group: str) -> bool:
    """Whether the question is ANSWERABLE, or one NEAR our topics that is not."""
    return ("F1" in row.metrics) is (group == ANSWERABLE)


def notes(pipeline: Pipeline, model: SpanModel, questions: Sequence[Question], progress: Progress | None) -> Findings:
    """F1 by kind, refusals, and how far the confidence can be believed, on our own questions, sentence reader → span reader."""
    before, after = (asked_of(system, questions, progress) for system in (sentences(pipeline), spans(pipeline, model)))
    by_kind = f1_by_kind(before.own, after.own)
    told = {("AUROC", group): separated(before, after, group) for group in (NEAR, STRANGE)}
    told |= {("refused", group): changed(after.refused(group), before.refused(group)) for group in (NEAR, STRANGE, ANSWERABLE)}
    tables = (
        Table("F1 on our notes", ("kind", "questions", *COLUMNS), tuple(lines(by_kind))),
        Table("answerability", ("measure", "questions asked", "questions", *COLUMNS), tuple(lines(told))),
    )
    figures = [
        told["AUROC", NEAR].figure("own notes, AUROC, answerable or near our topics", 0.85),
        told["AUROC", STRANGE].figure("own notes, AUROC, answerable or asked of other notes"),
        told["refused", NEAR].figure("own notes, unanswerable questions refused", 0.65),
        told["refused", ANSWERABLE].figure("own notes, answerable questions refused", 0.05, at_least=False),
        by_kind[("all",)].figure("own notes, F1"),
        Figure("own notes, ECE", ece(after.own), before=ece(before.own)),
    ]
    return Findings({"own questions": len(questions)}, tuple(figures), tables)


def asked_of(system: System, questions: Sequence[Question], progress: Progress | None) -> Asked:
    """Asks every question, and the answerable ones once more of the best hits of other notes."""
    pipeline, name = system.pipeline, f"weigh, {system.name}"
    strange = [replace(question, answers=()) for question in questions if question.answerable]

    def weighed(question: Question) -> float:
        return support(system.reader, system.weights, question.text, pipeline.search(question.text))

    def weighed_strange(question: Question) -> float:
        return support(system.reader, system.weights, question.text, other_notes(pipeline, question))

    return Asked(
        answered(system.name, lambda question: pipeline.ask(question.text), questions, progress),
        answered(system.name, lambda question: pipeline.reader.read(question.text, other_notes(pipeline, question)), strange, progress),
        side_by_side(name, weighed, questions, progress),
        side_by_side(name, weighed_strange, strange, progress),
    )


def f1_by_kind(before: Rows, after: Rows) -> dict[tuple[str, ...], Change]:
    """The answerable questions of each kind, and all of them."""
    pairs = [pair for pair in zip(before, after, strict=True) if "F1" in pair[0].metrics]
    kinds = list(dict.fromkeys(row.kind for row, _ in pairs))
    chosen = {kind: [pair for pair in pairs if kind in ("all", pair[0].kind)] for kind in (*kinds, "all")}
    return {
        (kind,): changed([now.metrics["F1"] for _, now in some], [then.metrics["F1"] for then, _ in some]) for kind, some in chosen.items()
    }


def separated(before: Asked, after: Asked, group: str) -> Change:
    """Whether what refusal goes by tells the answerable questions from the group's."""
    return Change(_separated(after, group), _separated(before, group))


def _separated(asked: Asked, group: str) -> Interval:
    has, others = asked.support(ANSWERABLE), asked.support(group)
    return auroc_interval([*has, *others], [True] * len(has) + [False] * len(others))


def ece(rows: Rows) -> float:
    """Over ten equal-mass bins of the answers given: is confidence the chance that F1 is at least one half?"""
    given = [row.metrics for row in rows if not row.metrics["refused"]]
    found = calibration_error([each["confidence"] for each in given], [each.get("F1", 0.0) >= RIGHT for each in given])
    return 0.0 if found is None else found
