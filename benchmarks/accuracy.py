"""What `rag eval` finds: our own notes (split `test`) and, where their folder is named, the public sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.results import Figure, Findings
from index.encoder import Encoder, open_encoder
from index.index import Index
from index.morphemes import Analyser
from index.types import Progress
from rag.evaluation.datasets import YARDSTICKS, data_root, load_questions
from rag.evaluation.evaluate import evaluate
from rag.evaluation.report import Cell, Report, Table, merged
from rag.evaluation.yardstick import evaluate_sets
from rag.pipeline import Pipeline
from rag.types import RETRIEVERS, Retriever

SIGNIFICANT = 0.05
DEFAULT, *LEGS = RETRIEVERS


def measure(
    index: Path,
    questions: Path,
    data: Path | None = None,
    sets: Sequence[str] = YARDSTICKS,
    cache: Path | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Findings:
    """The tables of `rag eval`, and the figures that have a goal; `data` is the folder of the public sets, None leaves them out.

    `limit` keeps the first questions of our own only. Rows per question are what `rag eval --json FILE` writes.
    """
    own = [question for question in load_questions(questions) if question.split == "test"][:limit]
    report = evaluate(Pipeline.open(index), own, progress=progress)
    figures = own_figures(report)
    if data is not None:
        public = evaluate_sets(data_root(data), open_encoder(), Analyser().terms, _retrievers, sets, cache=cache, progress=progress)
        figures += public_figures(public)
        report = merged(report, public)
    return Findings(report.facts, tuple(figures), report.tables)


def _retrievers(index: Index, encoder: Encoder) -> Mapping[str, Retriever]:
    pipeline = Pipeline.over(index, encoder)
    return {name: pipeline.retriever(name) for name in RETRIEVERS}


def own_figures(report: Report) -> list[Figure]:
    """What was promised for our own notes."""
    (retrieval,) = (row for row in report.table("retrieval").records() if row["system"] == DEFAULT)
    (answers,) = report.table("answers").records()
    return [
        Figure("own notes, hit@1", number(retrieval["hit@1"]), "", 0.80, at_least=True),
        Figure("own notes, hit@5", number(retrieval["hit@5"]), "", 0.95, at_least=True),
        Figure("own notes, unanswerable questions refused", number(answers["refused unanswerable"]), "", 0.50, at_least=True),
        Figure("own notes, answerable questions refused", number(answers["refused answerable"]), "", 0.05),
        Figure("own notes, EM", number(answers["EM"])),
        Figure("own notes, F1", number(answers["F1"])),
    ]


def public_figures(report: Report) -> list[Figure]:
    """What was promised for the public sets: KorQuAD by itself, and the default never below a leg."""
    records = report.table("sets").records()
    korquad = [number(row["hit@1"]) for row in records if (row["set"], row["system"]) == ("korquad", DEFAULT)]
    figures = [Figure("KorQuAD, hit@1", value, "", 0.92, at_least=True) for value in korquad]
    by_set = lead(records, lambda row: 1.0)
    by_question = lead(records, lambda row: number(row["questions"]))
    return [
        *figures,
        Figure("hit@1 above the better leg, mean over sets", by_set, "", 0.0, at_least=True),
        Figure("hit@1 above the better leg, mean over questions", by_question, "", 0.0, at_least=True),
        Figure("sets significantly below a leg", worse(report.table("sets compared")), "", 0),
    ]


def lead(records: Sequence[Mapping[str, Cell]], weight: Callable[[Mapping[str, Cell]], float]) -> float:
    """The default's weighted mean of hit@1 less that of the better leg."""

    def mean(system: str) -> float:
        rows = [row for row in records if row["system"] == system]
        return sum(weight(row) * number(row["hit@1"]) for row in rows) / sum(map(weight, rows))

    return mean(DEFAULT) - max(map(mean, LEGS))


def worse(compared: Table) -> int:
    """Sets on which the default's hit@1 lies significantly below a leg."""
    below = [
        row for row in compared.records() if row["metric"] == "hit@1" and number(row["difference"]) < 0 and number(row["p"]) < SIGNIFICANT
    ]
    return len({row["set"] for row in below})


def number(cell: Cell) -> float:
    """A cell that must hold a number; an undefined metric cannot meet a goal and is an error here."""
    if isinstance(cell, int | float):
        return float(cell)
    raise ValueError(f"a table holds {cell!r} where a number is expected: too few questions of some kind")
