"""How well sentences that their citations do not hold are told from those that they do (`rag.support`), on made sentences of our notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import Figure, Findings
from benchmarks.support_cases import ALTERATIONS, Case, make_cases
from index.types import Passage
from rag.evaluation.datasets import load_questions
from rag.evaluation.report import Table
from rag.evaluation.stats import Interval, proportion_interval
from rag.pipeline import Pipeline
from rag.support import Checker, Fault

GOAL = 0.85
SEED = 13
SHOWN = 5
"""Passages that a question brings."""


def measure(index: Path, questions: Path, split: str = "test") -> Findings:
    """Precision and recall of "unsupported" over a split, with the encoder and without it; recall for each way of altering."""
    pipeline = Pipeline.open(index)
    chosen = [each for each in load_questions(questions) if each.split == split and each.answerable]
    every = list(pipeline.index.passages(range(len(pipeline.index))))

    def search(question: str) -> list[Passage]:
        return [hit.passage for hit in pipeline.search(question, SHOWN)]

    cases = make_cases(chosen, every, search, pipeline.analyser, SEED)
    whole = found(Checker(pipeline.analyser, pipeline.encoder), cases)
    words = found(Checker(pipeline.analyser), cases)
    precision, recall = both(cases, whole)
    bare = both(cases, words)
    figures = (
        _figure("precision of unsupported", precision, GOAL),
        _figure("recall of unsupported", recall, GOAL),
        _figure("precision, words alone", bare[0]),
        _figure("recall, words alone", bare[1]),
        *(_figure(f"recall, {kind}", _recall(cases, whole, kind)) for kind in ALTERATIONS),
    )
    wrong = [case.altered is not None for case in cases]
    settings: dict[str, str | int | float | None] = {"split": split, "sentences": len(cases), "altered": sum(wrong), "seed": SEED}
    rows = tuple((case.altered or "none", case.sentence, reasons(case_faults)) for case, case_faults in zip(cases, whole, strict=True))
    missed = tuple(row for row, case_faults in zip(rows, whole, strict=True) if (row[0] == "none") == bool(case_faults))
    return Findings(settings, figures, (Table("Judged wrongly", ("altered", "sentence", "found wrong"), missed),))


def found(checker: Checker, cases: Sequence[Case]) -> list[tuple[Fault, ...]]:
    """What the checker finds wrong with each."""
    return [checker.faults(case.sentence, case.cited, case.passages, case.question) for case in cases]


def both(cases: Sequence[Case], judged: Sequence[tuple[Fault, ...]]) -> tuple[Interval, Interval]:
    """Precision and recall of "unsupported"."""
    rows = [(case.altered is not None, bool(faults)) for case, faults in zip(cases, judged, strict=True)]
    right = sum(wrong and told for wrong, told in rows)
    return proportion_interval(right, sum(told for _, told in rows)), proportion_interval(right, sum(wrong for wrong, _ in rows))


def _recall(cases: Sequence[Case], judged: Sequence[tuple[Fault, ...]], kind: str) -> Interval:
    told = [bool(faults) for case, faults in zip(cases, judged, strict=True) if case.altered == kind]
    return proportion_interval(sum(told), len(told))


def reasons(faults: Sequence[Fault]) -> str:
    return "; ".join(f"{fault.kind} {' '.join(fault.words)}".strip() for fault in faults)


def _figure(name: str, share: Interval, goal: float | None = None) -> Figure:
    return Figure(name, share.value, goal=goal, at_least=goal is not None, low=share.low, high=share.high)
