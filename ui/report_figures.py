"""Which charts a report has, and their numbers: per-question rows in, drawings with their words out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from statistics import fmean
from typing import Literal

from rag.evaluation.evaluate import RIGHT
from rag.evaluation.metrics import Bin, RiskPoint, auroc, calibration_error, reliability, risk_area, risk_coverage
from rag.evaluation.report import QuestionRow, by_system, rows_by
from rag.evaluation.stats import Interval, mean_interval, proportion_interval
from ui import plots
from ui.i18n_report import ReportTexts, word
from ui.plots import RIGHT_SLOT, WRONG_SLOT, Axis, Bar, BarGroup, Line
from ui.view import printable, width

MOST_PANELS = 9
FEWEST = 10
"""Answers below which a reliability diagram says nothing."""

_POINTS = 240  # of a risk-coverage curve: more than one for every two pixels is of no use
_LABEL = 17  # columns of a group's label, its count included
_RANKED = ("hit@", "recall@", "precision@", "answer@", "MRR", "nDCG", "MAP")
_ANSWERED = ("F1", "EM", "confidence", "refused answerable", "refused unanswerable")

Rows = Sequence[QuestionRow]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of a legend: a system's mark, or the sample of a line, without a colour of its own where `slot` is None."""

    label: str
    slot: int | None
    sample: Literal["mark", "solid", "dashed"] = "mark"


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing, what it is of, and its numbers in words for who cannot see it."""

    label: str
    svg: str
    summary: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Drawings of one sort: their title, how to read them, their legend, and how many columns of three they take where there is room."""

    title: str
    note: str
    legend: tuple[Key, ...]
    panels: tuple[Panel, ...]
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Judgements:
    """What a system answered: the confidence of each answer, whether it is right, and how many questions were asked."""

    confidences: tuple[float, ...]
    right: tuple[bool, ...]
    asked: int


def is_ranking(row: QuestionRow) -> bool:
    return any(name.startswith(_RANKED) for name in row.metrics)


def is_answer(row: QuestionRow) -> bool:
    return any(name in row.metrics for name in _ANSWERED)


def is_refused(row: QuestionRow) -> bool:
    return bool(row.metrics.get("refused answerable") or row.metrics.get("refused unanswerable"))


def first_rank(row: QuestionRow) -> int | None:
    """Where the first relevant hit stands; from the reciprocal rank where the row has no hits."""
    if row.hits:
        return row.first_rank
    reciprocal = next((value for name, value in row.metrics.items() if name.startswith("MRR")), 0.0)
    return round(1 / reciprocal) if reciprocal > 0 else None


def slots_of(rows: Rows) -> dict[str, int]:
    """The colour and mark of each system, the same in every chart."""
    return {system: slot for slot, system in enumerate(by_system(rows))}


# Retrieval


def retrieval_figures(rows: Rows, t: ReportTexts) -> list[Figure]:
    """Top-k curves, bars by kind, and how scores tell the relevant from the rest."""
    slots, ranked = slots_of(rows), [row for row in rows if is_ranking(row)]
    names = dict.fromkeys(name for row in ranked for name in row.metrics)
    metric = next((name for name in (*_at(names, "hit"), "MRR@10", "nDCG@10") if name in names), None)
    bars = [_bar_figure("bars-hits", metric, ranked, slots, t)] if metric else []
    return [figure for figure in [*_curve_figures(ranked, slots, t), *bars, _score_figure(ranked, t)] if figure.panels]


def _curve_figures(rows: Rows, slots: Mapping[str, int], t: ReportTexts) -> list[Figure]:
    """Where there is one split the curves of all metrics stand side by side, else those of one metric over the splits."""
    families = ["hit", "answer", *([] if _same_as_hits(rows) else ["recall"])]
    splits, legend = _splits(rows), _legend(by_system(rows), slots)
    notes = {"hit": t.hit_note, "answer": t.answer_note, "recall": t.recall_note}
    if len(splits) == 1:
        panels = _curve_panels([(f"{family}@k", family, rows, notes[family]) for family in families], slots, t)
        return [Figure(t.curves_title, t.curves_note, legend, panels, min(3, len(panels)))]
    figures = []
    for family in families:
        panels = _curve_panels([(word(split, t.lang), family, members, "") for split, members in splits.items()], slots, t)
        figures.append(Figure(f"{t.curves_title} · {family}@k", notes[family], legend, panels, min(3, len(panels))))
    return figures


def _curve_panels(wanted: Sequence[tuple[str, str, Rows, str]], slots: Mapping[str, int], t: ReportTexts) -> tuple[Panel, ...]:
    """A drawing for each label, metric, rows and note, on one scale; none where no system was measured at several k."""
    found = []
    for label, family, rows, note in wanted:
        lines = {system: _curve(each, slots[system], family) for system, each in by_system(rows).items()}
        found.append((label, family, note, {system: line for system, line in lines.items() if line is not None}))
    lowest = min((share for *_, lines in found for line in lines.values() for share in line.y), default=0.0)
    return tuple(
        Panel(label, plots.curves(f"{family}-{number}", list(lines.values()), _curve_axis(family, t), lowest), _summary(lines), note)
        for number, (label, family, note, lines) in enumerate(found)
        if lines
    )


def _curve_axis(family: str, t: ReportTexts) -> Axis:
    return Axis(t.ranks, t.share_gold if family == "recall" else t.share)


def _splits(rows: Rows) -> dict[str, Rows]:
    """The rows of each split, or all of them where there is one or too many."""
    splits = rows_by(lambda row: row.split, rows)
    return {**splits} if 1 < len(splits) <= MOST_PANELS else {"": rows}


def _curve(rows: Rows, slot: int, family: str) -> Line | None:
    """The mean at every k that was measured; None where there are not two."""
    names = _at(dict.fromkeys(name for row in rows for name in row.metrics), family)
    points = [(float(name.split("@")[1]), _mean(rows, name)) for name in names]
    return Line(slot, *_split(points)) if len(points) > 1 else None


def _at(names: Mapping[str, object], family: str) -> list[str]:
    """The metrics `family@k`, least k first."""
    found = [name for name in names if re.fullmatch(rf"{family}@\d+", name)]
    return sorted(found, key=lambda name: int(name.split("@")[1]))


def _same_as_hits(rows: Rows) -> bool:
    """Whether recall and hit are one, since every question has one item of gold."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row.metrics) if name.startswith("recall@")]
    pairs = ((row.metrics.get(name), row.metrics.get(name.replace("recall", "hit"))) for row in rows for name in names)
    return all(recall == hit for recall, hit in pairs if recall is not None and hit is not None)


def _score_figure(rows: Rows, t: ReportTexts) -> Figure:
    """One panel a system that found both relevant and other passages."""
    panels = []
    for number, (system, members) in enumerate(list(by_system(rows).items())[:MOST_PANELS]):
        hits = [hit for row in members for hit in row.hits if isfinite(hit.score)]
        right, wrong = ([hit.score for hit in hits if (hit.gain > 0) is relevant] for relevant in (True, False))
        if right and wrong:
            area = auroc([*right, *wrong], [True] * len(right) + [False] * len(wrong))
            label = f"{system} · AUROC {area:.2f}"
            panels.append(Panel(label, plots.distributions(f"scores-{number}", right, wrong, t.score), label))
    legend = (Key(t.right_hits, RIGHT_SLOT, "solid"), Key(t.wrong_hits, WRONG_SLOT, "dashed"))
    return Figure(t.scores_title, t.scores_note, legend, tuple(panels), min(2, len(panels)))


# Bars


def _bar_figure(name: str, metric: str, rows: Rows, slots: Mapping[str, int], t: ReportTexts) -> Figure:
    """All questions, then each kind of question, or each split where there is one kind."""
    defined = [row for row in rows if metric in row.metrics]
    by_kind = len({row.kind for row in defined}) > 1 or len({row.split for row in defined}) < 2
    groups = _groups(defined, lambda row: word(row.kind if by_kind else row.split, t.lang), t)
    drawn = [BarGroup(label, tuple(_bars(members, metric, slots))) for label, members in groups]
    title = (t.by_kind if by_kind else t.by_set).format(metric=metric)
    summary = "; ".join(f"{group.label}: {', '.join(f'{bar.value:.2f}' for bar in group.bars)}" for group in drawn)
    panel = Panel("", plots.bars(name, drawn, metric), summary)
    return Figure(title, t.bars_note, _legend(by_system(defined), slots), (panel,))


def _groups(rows: Rows, key: Callable[[QuestionRow], str], t: ReportTexts) -> Iterator[tuple[str, Rows]]:
    groups = rows_by(key, rows)
    whole: list[tuple[str, Rows]] = [(t.all_questions, rows)]
    for name, members in chain(whole, groups.items() if len(groups) > 1 else ()):
        count = f" ({max(map(len, by_system(members).values())):,})"
        yield cut(plain(name), _LABEL - len(count)) + count, members


def _bars(rows: Rows, metric: str, slots: Mapping[str, int]) -> Iterator[Bar]:
    for system, members in by_system(rows).items():
        interval = interval_of([row.metrics[metric] for row in members])
        yield Bar(slots[system], interval.value, interval.low, interval.high)


def interval_of(values: Sequence[float]) -> Interval:
    """The mean and its 95 % interval: Wilson's where every value is 0 or 1, else the bootstrap's; ValueError without values."""
    if all(value in (0, 1) for value in values):
        return proportion_interval(sum(map(int, values)), len(values))
    return mean_interval(values, samples=2_000)


# Answers


def answer_figures(rows: Rows, t: ReportTexts) -> list[Figure]:
    """Bars by kind, what confidence is worth, and what refusing gains."""
    slots, answered = slots_of(rows), [row for row in rows if is_answer(row)]
    shown = [_bar_figure("bars-answers", "F1", answered, slots, t)] if any("F1" in row.metrics for row in answered) else []
    judged = {system: judgements(members) for system, members in by_system(answered).items()}
    judged = {system: each for system, each in judged.items() if len(each.right) >= FEWEST}
    return [*shown, _reliability(judged, slots, t), _risks(judged, slots, t)] if judged else shown


def judgements(rows: Rows) -> Judgements:
    """The answers given, refusals left out; an answer where there is none is wrong."""
    stated = [row for row in rows if "confidence" in row.metrics]
    given = [row for row in stated if not is_refused(row)]
    right = tuple(row.metrics.get("F1", 0.0) >= RIGHT for row in given)
    return Judgements(tuple(row.metrics["confidence"] for row in given), right, len(stated))


def _reliability(judged: Mapping[str, Judgements], slots: Mapping[str, int], t: ReportTexts) -> Figure:
    bins = {system: reliability(each.confidences, each.right) for system, each in judged.items()}
    lines = {system: Line(slots[system], *_split([(each.confidence, each.right) for each in found])) for system, found in bins.items()}
    alone = len(judged) == 1  # the intervals of several would lie upon each other
    groups = [(line, _spans(bins[system]) if alone else ()) for system, line in lines.items()]
    errors = {system: calibration_error(each.confidences, each.right) for system, each in judged.items()}
    note = t.reliability_note.format(values=_values(errors))
    note = f"{note} {t.reliability_spans}" if alone else note
    panel = Panel("", plots.reliability("reliability", groups, Axis(t.confidence, t.right)), _summary(lines))
    return Figure(t.reliability_title, note, (*_legend(judged, slots), Key(t.diagonal, None, "dashed")), (panel,))


def _spans(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    intervals = [proportion_interval(round(each.right * each.items), each.items) for each in bins]
    return [(each.low, each.high) for each in intervals]


def _risks(judged: Mapping[str, Judgements], slots: Mapping[str, int], t: ReportTexts) -> Figure:
    curves = {system: _thinned(risk_coverage(each.confidences, each.right, each.asked)) for system, each in judged.items()}
    lines = {system: Line(slots[system], *_split([(each.coverage, each.risk) for each in points])) for system, points in curves.items()}
    areas = {system: risk_area(each.confidences, each.right) for system, each in judged.items()}
    now = {system: Line(line.slot, line.x[-1:], line.y[-1:]) for system, line in lines.items()}
    panel = Panel("", plots.risks("risks", list(lines.values()), Axis(t.coverage, t.risk)), _summary(now))
    return Figure(t.risk_title, t.risk_note.format(values=_values(areas)), _legend(judged, slots), (panel,))


def _thinned(points: Sequence[RiskPoint]) -> Sequence[RiskPoint]:
    """Every so many of the points, the last among them."""
    step = -(-len(points) // _POINTS)
    return points[::-1][::step][::-1]


# Words


def plain(text: str) -> str:
    """The text in one line and of characters that a page can hold, whatever stood in a file of someone else's."""
    return printable(text).replace("\n", " ").encode("utf-8", "replace").decode()


def cut(text: str, columns: int) -> str:
    """The text, its end left out where it is wider than so many columns (한 is two)."""
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"


def _legend(systems: Iterable[str], slots: Mapping[str, int]) -> tuple[Key, ...]:
    return tuple(Key(system, slots[system]) for system in systems)


def _summary(lines: Mapping[str, Line]) -> str:
    """The points of every system."""
    return "; ".join(
        f"{system} {', '.join(f'{x:.2g}: {y:.2f}' for x, y in zip(line.x, line.y, strict=True))}" for system, line in lines.items()
    )


def _values(found: Mapping[str, float | None]) -> str:
    named = {system: f"{value:.3f}" for system, value in found.items() if value is not None}
    return ", ".join(named.values() if len(found) == 1 else (f"{system} {value}" for system, value in named.items()))


def _split(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(x for x, _ in points), tuple(y for _, y in points)


def _mean(rows: Rows, name: str) -> float:
    return fmean(row.metrics[name] for row in rows if name in row.metrics)
