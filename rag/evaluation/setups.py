"""Ways to ask an open pipeline, measured and set against each other: what a reader of the page may turn, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from index.encoder import Encoder
from index.index import Index
from index.morphemes import Analyser
from index.types import Progress
from rag.evaluation.compare import ANSWERS, pairs_of, significance
from rag.evaluation.datasets import Dataset
from rag.evaluation.evaluate import KS, RIGHT, evaluate, evaluate_answers, retrieval_rows
from rag.evaluation.gold import gold_of
from rag.evaluation.report import QuestionRow, Report
from rag.evaluation.stats import Interval, proportion_interval
from rag.evaluation.yardstick import CachedEncoder, set_index
from rag.pipeline import Pipeline
from rag.span_reader import open_reader
from rag.types import Answer, ReaderName, Retriever, RetrieverName

SHOWN = "found"
"""1 if a right passage is among those that a setup shows: `hit@k` at the setup's own k."""

_COSTS: Mapping[str, float] = {"retrieve hybrid": 1.0, "retrieve dense": 1.0, "retrieve lexical": 0.5, "answer": 15.0}
"""What one question of a stage takes, a hybrid ranking being 1."""
_TIED = 1e-9


@dataclass(frozen=True, slots=True)
class Setup:
    """A retriever that shows k passages, and what reads them; without a reader only the ranking counts."""

    retriever: RetrieverName = "hybrid"
    k: int = 5
    reader: ReaderName | None = None

    @property
    def label(self) -> str:
        return f"{self.retriever} · k={self.k}{f' · {self.reader}' if self.reader else ''}"


@dataclass(frozen=True, slots=True)
class Asking:
    """A pipeline that is asked in one way."""

    pipeline: Pipeline
    setup: Setup

    @property
    def index(self) -> Index:
        return self.pipeline.index

    @property
    def encoder(self) -> Encoder:
        return self.pipeline.encoder

    def retriever(self, name: RetrieverName) -> Retriever:
        return self.pipeline.retriever(name)

    def ask(self, question: str) -> Answer:
        return self.pipeline.ask(question, k=self.setup.k, retriever=self.setup.retriever)


def run(
    pipeline: Pipeline, data: Dataset, names: Sequence[RetrieverName], k: int, answers: bool = False, progress: Progress | None = None
) -> Report:
    """Every retriever, and where asked for the answers of the first, as `rag eval` measures them; k is one of the ranks cut at.

    A set that brings its own passages is measured on those, and its questions are not answered.
    """
    ks = tuple(sorted({*KS, k}))
    with _over(pipeline, data, progress) as open_over:
        asking = Asking(open_over, Setup(names[0], k))
        return evaluate(asking, data.questions, ks, names, answers and not data.contexts, progress)


def compare(pipeline: Pipeline, data: Dataset, first: Setup, second: Setup, progress: Progress | None = None) -> Report:
    """A row for each setup and question, of answers where the setups have readers, and the table `compared`.

    Rankings are compared by what is found among the passages shown, then by hit@1, MRR@10 and nDCG@10. The system of a row is
    `a` or `b`, so that setups of one label stay apart.
    """
    with _over(pipeline, data, progress) as open_over:
        rows = [row for side, setup in (("a", first), ("b", second)) for row in _rows(open_over, data, side, setup, progress)]
    pairs = pairs_of(rows) if rows else []
    metrics = ANSWERS if first.reader else (SHOWN, "hit@1", "MRR@10", "nDCG@10")
    tables = (significance(pairs, metrics),) if pairs else ()
    return Report({"questions": len(pairs[0].rows) if pairs else 0}, tables, tuple(rows))


def _rows(pipeline: Pipeline, data: Dataset, side: str, setup: Setup, progress: Progress | None) -> list[QuestionRow]:
    def told(_: str, done: int, total: int) -> None:
        if progress:
            progress(_stage(setup, side), done, total)

    if setup.reader:
        return list(evaluate_answers(Asking(_reading(pipeline, setup.reader), setup), data.questions, side, told).rows)
    retrievers, gold = {side: pipeline.retriever(setup.retriever)}, gold_of(pipeline.index, data.questions)
    rows = retrieval_rows(retrievers, gold, data.questions, tuple(sorted({*KS, setup.k})), pipeline.encoder, told)
    return [replace(row, metrics={SHOWN: row.metrics[f"hit@{setup.k}"], **row.metrics}) for row in rows]


def _reading(pipeline: Pipeline, reader: ReaderName) -> Pipeline:
    if pipeline.reader_name == reader:
        return pipeline
    return replace(pipeline, reader=open_reader(pipeline.index, pipeline.encoder, pipeline.analyser, reader, None))


@contextmanager
def _over(pipeline: Pipeline, data: Dataset, progress: Progress | None) -> Iterator[Pipeline]:
    """The pipeline, or one over the set's own passages for as long as it is needed."""
    if not data.contexts:
        yield pipeline
        return
    cached = CachedEncoder(pipeline.encoder, None)
    with set_index(data, cached, Analyser().terms, progress) as index:
        yield replace(Pipeline.over(index, pipeline.encoder, reader="sentence"), encoder=cached)


def run_costs(data: Dataset, names: Sequence[RetrieverName], answers: bool = False) -> dict[str, float]:
    """What each stage of `run` takes of the whole, by the name that it tells its progress with."""
    read = ["answer"] if answers and not data.contexts else []
    return _passages(data) | {stage: _COSTS[stage] * len(data.questions) for stage in [*(f"retrieve {name}" for name in names), *read]}


def compare_costs(data: Dataset, first: Setup, second: Setup) -> dict[str, float]:
    """As `run_costs`, of `compare`."""
    pairs = (("a", first), ("b", second))
    return _passages(data) | {_stage(each, side): _COSTS[_stage(each)] * len(data.questions) for side, each in pairs}


def _stage(setup: Setup, side: str = "") -> str:
    return f"{side} {'answer' if setup.reader else f'retrieve {setup.retriever}'}".strip()


def _passages(data: Dataset) -> dict[str, float]:
    return {"encode passages": 2.0 * len(data.contexts)} if data.contexts else {}


# What is said of it


def share_right(rows: Sequence[QuestionRow]) -> Interval | None:
    """The share of answerable questions whose answer is right, refused ones among them; None without any."""
    right = [row.metrics["F1"] >= RIGHT for row in rows if "F1" in row.metrics]
    return proportion_interval(sum(right), len(right)) if right else None


def score(row: QuestionRow) -> float:
    """What a question is won or lost by: of answers F1 or an unanswerable question's refusal, of rankings what is found, then its rank."""
    found = row.metrics
    if "F1" in found or "refused unanswerable" in found:
        return found.get("F1", found.get("refused unanswerable", 0.0))
    return found.get(SHOWN, 0.0) + found.get("MRR@10", 0.0)


def sides(report: Report) -> Mapping[str, list[str]]:
    """The ids of a comparison's questions that the first setup wins (`won`), the second wins (`lost`), and neither; largest first."""
    (pair,) = pairs_of(report.rows)
    sized = sorted(((score(a) - score(b), a.question_id) for a, b in pair.rows), key=lambda each: (-abs(each[0]), each[1]))
    out: dict[str, list[str]] = {"won": [], "lost": [], "same": []}
    for gain, name in sized:
        out["same" if abs(gain) < _TIED else "won" if gain > 0 else "lost"].append(name)
    return out
