"""Systems against each other over the same questions: how large each difference is, whether it is real, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean

from index.errors import UsageError
from rag.evaluation.evaluate import COMPARED, KS, averaged
from rag.evaluation.gate import LEVEL, LOWER_IS_BETTER
from rag.evaluation.report import Cell, HitRow, QuestionRow, Report, Table, merged
from rag.evaluation.stats import Paired, holm, paired
from rag.evaluation.trec import passage_id

RETRIEVAL = ("hit@1", "hit@5", "MRR@10", "nDCG@10")
ANSWERS = ("EM", "F1", "refused answerable", "refused unanswerable")
"""What is compared where nothing else is asked for: few, since every further metric makes each of them harder to prove."""

COLUMNS = (*COMPARED[:-1], "effect", "won", "tied", "lost", "p", "p (Holm)")
CHANGED = "changed most"
SHOWN = 5
"""How many hits of a ranking are shown."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two systems, and what each did with every question."""

    first: str
    second: str
    rows: tuple[tuple[QuestionRow, QuestionRow], ...]

    @property
    def name(self) -> str:
        return f"{self.first} - {self.second}"

    def scores(self, metric: str) -> list[tuple[float, float]]:
        """Of the questions for which both define the metric."""
        return [(a.metrics[metric], b.metrics[metric]) for a, b in self.rows if metric in a.metrics and metric in b.metrics]


def ranks_of(metrics: Sequence[str]) -> tuple[int, ...]:
    """The ranks to cut at: the usual ones, and those in the names of the metrics."""
    return tuple(sorted({*KS, *(int(match[1]) for match in map(re.compile(r".+@([1-9]\d*)$").match, metrics) if match)}))


def compare(measured: Report, metrics: Sequence[str] = (), all_pairs: bool = False, changed: int = 3) -> Report:
    """The report with means, tests, and for each pair of systems the `changed` questions most won and most lost, with both rankings.

    The first system is set against each other one, or every one against those behind it. Without `metrics`, the usual ones of rankings
    or of answers. UsageError for a metric that no question has.
    """
    rows = measured.rows
    metrics = _known(metrics, rows)
    pairs = pairs_of(rows, all_pairs)
    tests = significance(pairs, metrics)
    brief = [replace(row, metrics={name: row.metrics[name] for name in metrics if name in row.metrics}) for row in rows]
    tables = [
        averaged("means", ("system",), brief, lambda row: (row.system,)),
        tests,
        *_by_kind(brief),
        *_changes(pairs, metrics, changed),
    ]
    facts: dict[str, Cell] = {
        "questions": len(pairs[0].rows),
        "differences tested together": len(tests.rows),
        "significant after Holm's correction": sum(float(line["p (Holm)"] or 0) < LEVEL for line in tests.records()),
    }
    return merged(measured, Report(facts, tuple(tables)))


def _by_kind(rows: Sequence[QuestionRow]) -> list[Table]:
    """Where there are several kinds of questions."""
    several = len({row.kind for row in rows}) > 1
    return [averaged("means by kind", ("kind", "system"), rows, lambda row: (row.kind, row.system))] if several else []


def _known(metrics: Sequence[str], rows: Sequence[QuestionRow]) -> tuple[str, ...]:
    """The metrics asked for, or the usual ones that the rows have."""
    there = tuple(dict.fromkeys(name for row in rows for name in row.metrics))
    if not there:
        raise UsageError("no question has an answer by which systems could be compared")
    unknown = [name for name in metrics if name not in there]
    if unknown:
        raise UsageError(f"no metric {unknown[0]!r}; there are {', '.join(there)}")
    usual = ANSWERS if not set(ANSWERS).isdisjoint(there) else RETRIEVAL
    return tuple(dict.fromkeys(metrics)) or tuple(name for name in usual if name in there)


def pairs_of(rows: Sequence[QuestionRow], all_pairs: bool = False) -> list[Pair]:
    """The first system with each other one, or all of them with each other; ValueError where two have not the same questions."""
    systems: dict[str, dict[str, QuestionRow]] = {}
    for row in rows:
        of_system = systems.setdefault(row.system, {})
        if row.question_id in of_system:
            raise ValueError(f"{row.system} has two rows of the question {row.question_id!r}")
        of_system[row.question_id] = row
    names = list(combinations(systems, 2))
    return [_pair(a, b, systems[a], systems[b]) for a, b in names if all_pairs or a == names[0][0]]


def _pair(first: str, second: str, a: dict[str, QuestionRow], b: dict[str, QuestionRow]) -> Pair:
    if a.keys() != b.keys():
        raise ValueError(f"{first} and {second} have not the same questions: {len(a)} and {len(b)}")
    return Pair(first, second, tuple((row, b[name]) for name, row in a.items()))


def significance(pairs: Sequence[Pair], metrics: Sequence[str]) -> Table:
    """Every difference of every pair, its p-value also corrected for all of the others (Holm 1979)."""
    scored = [(pair, metric, pair.scores(metric)) for pair in pairs for metric in metrics]
    found = [(pair.name, metric, paired([a for a, _ in scores], [b for _, b in scores])) for pair, metric, scores in scored if scores]
    adjusted = holm([test.p for _, _, test in found])
    return Table("compared", COLUMNS, tuple(_line(*each, p) for each, p in zip(found, adjusted, strict=True)))


def _line(systems: str, metric: str, test: Paired, adjusted: float) -> tuple[Cell, ...]:
    won, lost = (test.lower, test.higher) if metric in LOWER_IS_BETTER else (test.higher, test.lower)
    size = (test.questions, test.difference, test.low, test.high, test.effect)
    return (systems, metric, *size, won, test.equal, lost, test.p, adjusted)


# The questions that changed


def _changes(pairs: Sequence[Pair], metrics: Sequence[str], count: int) -> Iterator[Table]:
    """The questions on which two systems differ most, then the rankings of both."""
    chosen = [(pair, *rows) for pair in pairs for rows in _most_changed(pair, metrics, count)]
    if chosen:
        differences = tuple(_difference(pair, a, b, metrics) for pair, a, b in chosen)
        yield Table(CHANGED, ("systems", "question", "kind", "split", "first's rank", "second's rank", *metrics), differences)
        rankings = tuple(line for pair, a, b in chosen for line in _rankings(pair, a, b))
        yield Table(
            "rankings of the changed", ("systems", "question", "rank", "first", "first's gain", "second", "second's gain"), rankings
        )


def _most_changed(pair: Pair, metrics: Sequence[str], count: int) -> list[tuple[QuestionRow, QuestionRow]]:
    """So many that the first system wins, the largest gain first, then as many that it loses; of equal ones the lower id first."""
    sized = [(_gain(a, b, metrics), a, b) for a, b in pair.rows]
    largest = sorted(sized, key=lambda each: (-abs(each[0]), each[1].question_id))
    won, lost = ([(a, b) for gain, a, b in largest if gain * sign > 0] for sign in (1, -1))
    return won[:count] + lost[:count]


def _gain(a: QuestionRow, b: QuestionRow, metrics: Sequence[str]) -> float:
    """The mean difference over the metrics, where more of it is better."""
    found = _differences(a, b, metrics)
    return fmean(-value if name in LOWER_IS_BETTER else value for name, value in found.items()) if found else 0.0


def _differences(a: QuestionRow, b: QuestionRow, metrics: Sequence[str]) -> dict[str, float]:
    return {name: a.metrics[name] - b.metrics[name] for name in metrics if name in a.metrics and name in b.metrics}


def _difference(pair: Pair, a: QuestionRow, b: QuestionRow, metrics: Sequence[str]) -> tuple[Cell, ...]:
    found = _differences(a, b, metrics)
    return (pair.name, a.question_id, a.kind, a.split, a.first_rank, b.first_rank, *(found.get(name) for name in metrics))


def _rankings(pair: Pair, a: QuestionRow, b: QuestionRow) -> Iterator[tuple[Cell, ...]]:
    """The first hits of both, side by side."""
    for place in range(min(SHOWN, max(len(a.hits), len(b.hits)))):
        yield (pair.name, a.question_id, place + 1, *_cells(a.hits, place), *_cells(b.hits, place))


def _cells(hits: Sequence[HitRow], place: int) -> tuple[Cell, Cell]:
    return (passage_id(hits[place]), hits[place].gain) if place < len(hits) else (None, None)
