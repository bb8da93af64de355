"""The gate: has any metric fallen significantly since a baseline was written, question by question?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from statistics import fmean
from typing import Any

from index.errors import DataError, UsageError
from index.files import save
from rag.evaluation.datasets import Question
from rag.evaluation.report import Cell, QuestionRow, Report, Table, by_system
from rag.evaluation.stats import holm, paired, randomisation

GATED = ("hit@1", "hit@5", "MRR@10", "nDCG@10", "recall@1000c", "EM", "F1", "cites gold", "refused answerable", "refused unanswerable")
"""What is compared where nothing else is asked for: few, since every further metric makes each of them harder to prove."""

TOKENS = "tokens/passage"
LOWER_IS_BETTER = frozenset(("refused answerable", TOKENS))
LEVEL = 0.05
DIGITS = 6
"""What scores are rounded to before they are compared, since a file holds no more: 1/3 has not fallen to .333333."""

QUESTION_SET = "question set"
"""The fact that tells one set of questions from another of the same ids."""

COLUMNS = ("system", "metric", "questions", "baseline", "now", "difference", "2.5 %", "97.5 %", "p", "p (Holm)", "verdict")

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""System → metric → `split/question id` → score."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was measured before: the facts of that run, and its scores."""

    facts: Mapping[str, Cell]
    scores: Scores


def question_set(questions: Iterable[Question]) -> str:
    """A hash of the questions and their gold, whatever their order."""
    rows = sorted(repr((each.id, each.text, each.answers, each.evidence, each.patterns)) for each in questions)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def scores_of(rows: Iterable[QuestionRow]) -> dict[str, dict[str, dict[str, float]]]:
    """The scores of a report's rows, rounded; ValueError where a system has two rows of one question."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        for metric, value in row.metrics.items():
            of_metric = out.setdefault(row.system, {}).setdefault(metric, {})
            if _name(row) in of_metric:
                raise ValueError(f"{row.system} has two rows of the question {_name(row)!r}")
            of_metric[_name(row)] = round(float(value), DIGITS)
    return out


def _name(row: QuestionRow) -> str:
    """Ids are unique within one set of questions, whose name a row of several sets has for its split."""
    return f"{row.split}/{row.question_id}"


def gate(baseline: Baseline, report: Report, metrics: Sequence[str] | None = None) -> Table:
    """Every metric of every system that both have, then and now, over the same questions; `verdict` is `fell`, `rose` or empty.

    `metrics` are asked for by name (none: GATED, as far as both have them). A metric fell where its mean is worse and p < .05 in the
    paired randomisation test, Holm's correction made over all lines.
    Raises DataError where the questions are not the same, UsageError where there is nothing to compare or a metric asked for is lacking.
    """
    _same_set(baseline.facts, report.facts)
    now = scores_of(report.rows)
    pairs = [
        (system, metric, baseline.scores[system][metric], now[system][metric])
        for system in now
        for metric in dict.fromkeys(metrics or GATED)
        if metric in now[system] and metric in baseline.scores.get(system, {})
    ]
    lacking = [metric for metric in metrics or () if all(metric != compared for _, compared, *_ in pairs)]
    if lacking or not pairs:
        named = f" of {', '.join(lacking)}" if lacking else ""
        raise UsageError(f"nothing to compare{named}: the baseline holds {_contents(baseline.scores)}; measured now: {_contents(now)}")
    for pair in pairs:
        _same_questions(*pair)
    tests = [paired([new[name] for name in old], list(old.values())) for _, _, old, new in pairs]
    lines: list[tuple[Cell, ...]] = []
    for (system, metric, old, new), test, p in zip(pairs, tests, holm([test.p for test in tests]), strict=True):
        verdict = "" if p >= LEVEL else "fell" if _worse(metric, test.difference) else "rose"
        shown = (fmean(old.values()), fmean(new.values()), test.difference, test.low, test.high, test.p, p, verdict)
        lines.append((system, metric, test.questions, *shown))
    return Table("compared with the baseline", COLUMNS, tuple(lines))


def refuse_unknown(baseline: Baseline, metrics: Iterable[str]) -> None:
    """UsageError for metrics that no system of the baseline has: before anything is measured."""
    known = {metric for of_system in baseline.scores.values() for metric in of_system}
    if unknown := [metric for metric in metrics if metric not in known]:
        raise UsageError(f"the baseline holds no {', '.join(unknown)}, but {', '.join(sorted(known)) or 'nothing'}")


def left_out(baseline: Baseline, report: Report, metrics: Sequence[str] | None = None) -> list[str]:
    """Systems of the baseline that were not measured, then its metrics that were not; of `metrics` alone where any are asked for."""
    asked = {system: [each for each in of if not metrics or each in metrics] for system, of in baseline.scores.items()}
    now = {system: {metric for row in rows for metric in row.metrics} for system, rows in by_system(report.rows).items()}
    measured = frozenset[str]().union(*now.values())
    lost = [(system, metric) for system, of in asked.items() if system in now for metric in of if metric not in now[system]]
    names = (f"{system} {metric}" if metric in measured else metric for system, metric in lost)
    return [*(system for system, of in asked.items() if of and system not in now), *dict.fromkeys(names)]


def blind(baseline: Baseline, table: Table) -> tuple[dict[str, int], int]:
    """What could not fall significantly if everything fell: `system metric` → its questions that can fall; and how many of them would do.

    A question can fall whose score is not the worst already. Where none can, nothing is missed.
    """
    able = {}
    for line in table.records():
        system, metric = str(line["system"]), str(line["metric"])
        able[f"{system} {metric}"] = sum(_can_fall(metric, score) for score in baseline.scores[system][metric].values())
    least = holm([_least(questions) for questions in able.values()])
    dull = {name: questions for (name, questions), p in zip(able.items(), least, strict=True) if questions and p >= LEVEL}
    enough = (n for n in count(1) if max(holm([_least(max(n, questions)) for questions in able.values()])) < LEVEL)
    return dull, next(enough) if dull else 0


@cache
def _least(questions: int) -> float:
    """The p of so many questions that all fall: no test of them gives less."""
    return randomisation([0.0] * questions, [1.0] * questions) if questions else 1.0


def _can_fall(metric: str, score: float) -> bool:
    return score > 0 if metric not in LOWER_IS_BETTER else score < 1 or metric == TOKENS


def fallen(table: Table) -> list[str]:
    """`system metric` of every line that fell."""
    return [f"{line['system']} {line['metric']}" for line in table.records() if line["verdict"] == "fell"]


def _worse(metric: str, difference: float) -> bool:
    return difference > 0 if metric in LOWER_IS_BETTER else difference < 0


def _same_set(old: Mapping[str, Cell], new: Mapping[str, Cell]) -> None:
    before, after = old.get(QUESTION_SET), new.get(QUESTION_SET)
    if before and after and before != after:
        raise DataError(
            f"the questions, their gold or the --split are not those of the baseline ({before}, now {after}): "
            "measure the same, or write a new baseline with --write-baseline FILE"
        )


def _same_questions(system: str, metric: str, old: Mapping[str, float], new: Mapping[str, float]) -> None:
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    if gone or come:
        parts = [
            f"{len(ids)} {what} (the first is {min(ids)!r})" for ids, what in ((gone, "only in the baseline"), (come, "only now")) if ids
        ]
        raise DataError(
            f"{system} {metric}: not the same questions, {' and '.join(parts)}. "
            "Measure the same --split of the same file, or write a new baseline with --write-baseline FILE"
        )


def _contents(scores: Scores) -> str:
    return "; ".join(f"{system}: {', '.join(of_system)}" for system, of_system in scores.items()) or "nothing"


# Files


def write_baseline(path: Path, report: Report, metrics: Sequence[str] | None = None) -> None:
    """Keeps facts, question ids and scores alone, a line for each metric: those asked for, else GATED.

    UsageError where it cannot be written, or where a metric asked for was not measured.
    """
    scores = scores_of(report.rows)
    if unknown := [name for name in metrics or () if not any(name in of_system for of_system in scores.values())]:
        raise UsageError(f"not measured, so not kept: {', '.join(unknown)}; measured now: {_contents(scores)}")
    names = list(dict.fromkeys(map(_name, report.rows)))
    lines = [
        f"  {json.dumps(system)}: {{\n{_columns(names, {name: of_system[name] for name in metrics or GATED if name in of_system})}\n  }}"
        for system, of_system in scores.items()
    ]
    facts, ids = (json.dumps(value, ensure_ascii=False) for value in (dict(report.facts), names))
    text = f'{{\n "facts": {facts},\n "questions": {ids},\n "systems": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    try:
        save(path, text.encode())
    except OSError as problem:
        raise UsageError(f"cannot write the baseline to {path}: {problem.strerror}") from problem


def _columns(names: Sequence[str], scores: Mapping[str, Mapping[str, float]]) -> str:
    columns = {metric: [_whole(values.get(name)) for name in names] for metric, values in scores.items()}
    return ",\n".join(f"   {json.dumps(metric)}: {json.dumps(column, separators=(',', ':'))}" for metric, column in columns.items())


def _whole(value: float | None) -> float | int | None:
    """1 for 1.0: most scores are whole numbers."""
    return int(value) if value is not None and value.is_integer() else value


def read_baseline(path: Path) -> Baseline:
    """A baseline, or a whole report as `rag eval --json` writes it; DataError where the file is neither."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        scores = _from_columns(kept) if "systems" in kept else scores_of(_row(row) for row in kept["rows"])
        return Baseline(kept["facts"], scores)
    except OSError as problem:
        raise DataError(f"cannot read the baseline {path}: {problem.strerror}. Make one: rag eval --write-baseline {path}") from problem
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DataError(
            f"{path} is no baseline ({problem}); expected what rag eval wrote with --write-baseline FILE or --json FILE"
        ) from problem


def _from_columns(kept: Mapping[str, Any]) -> Scores:
    return {
        system: {
            metric: {name: float(value) for name, value in zip(kept["questions"], column, strict=True) if value is not None}
            for metric, column in of_system.items()
        }
        for system, of_system in kept["systems"].items()
    }


def _row(row: Mapping[str, Any]) -> QuestionRow:
    return QuestionRow(row["system"], row["question_id"], row["kind"], row["split"], dict(row["metrics"]))
