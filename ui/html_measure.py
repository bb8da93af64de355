"""The view that measures, as HTML fragments: what runs, what was found, and any question with its rankings side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from statistics import fmean
from threading import Lock

from index.job import Standing
from rag.evaluation.gate import LEVEL
from rag.evaluation.report import Cell, QuestionRow, Report, Table, by_system
from rag.evaluation.setups import SHOWN, Setup, share_right, sides
from rag.evaluation.stats import Interval
from rag.types import RETRIEVERS, RetrieverName
from ui import html_job
from ui.bench import Choice, Outcome
from ui.count import Count
from ui.html_report import figure_html, titled_html
from ui.html_table import coded, safe, table_html
from ui.i18n import Lang, texts
from ui.i18n_measure import MeasureTexts, measure_texts
from ui.i18n_report import report_texts
from ui.report_figures import answer_figures, first_rank, interval_of, is_refused, retrieval_figures

PARTS = ("run", "compare", "gold")
MOST_ROWS = 300
"""Questions listed of one group: a browser lays out no more in a moment."""
_GOOD_GAP = 0.1
_DRAWING = Lock()  # matplotlib's settings are one for all threads


def nav(lang: Lang, waiting: int) -> str:
    """What can be done in this view, and how many drafted questions wait."""
    t = measure_texts(lang)
    names = ((t.run, t.run_about), (t.compare, t.compare_about), (t.gold, t.gold_about))
    buttons = "".join(
        f'<button type="button" data-part="{part}"><b>{name}</b>'
        f"{f'<i>{waiting}</i>' if part == 'gold' and waiting else ''}<span>{about}</span></button>"
        for part, (name, about) in zip(PARTS, names, strict=True)
    )
    return f'<div class="parts" role="group" aria-label="{t.parts}">{buttons}</div>'


def told(choices: Sequence[Choice], split: str, lang: Lang) -> str:
    """What must be known before measuring: that there is nothing to measure with, or what the split picked is for."""
    t = measure_texts(lang)
    if not choices:
        return f'<p class="told">{t.no_gold}</p><p class="hint">{t.upload_note}</p>'
    return (f'<p class="told">{t.test_once}</p>' if split == "test" else "") + f'<p class="hint">{t.upload_note}</p>'


def problem(message: str, lang: Lang, crashed: bool = False) -> str:
    """What went wrong, with the command that mends it."""
    t = measure_texts(lang)
    rest = f'<p class="hint">{t.crashed}</p>' if crashed else ""
    return f'<section class="card problem" role="alert"><h3>{t.failed}</h3><p class="what">{coded(message)}</p>{rest}</section>'


def notice(message: str) -> str:
    """One line for the reader, out of our own words."""
    return f'<p class="told" role="status">{coded(message)}</p>'


def only_in(part: str, said: str) -> str:
    """Something that is to be seen in one part of the view alone: `run`, `compare` or `draft`."""
    return f'<div data-of="{part}">{said}</div>' if said else ""


def choice_name(choice: Choice, lang: Lang) -> str:
    """A set of questions as it is chosen, with how many it holds."""
    t = measure_texts(lang)
    names = {"index": t.of_index, "page": t.of_page, "file": choice.name}
    return t.choice.format(name=names[choice.which], count=Count(choice.count))


# What runs


def progress(name: str, standing: Standing[Outcome | int], lang: Lang) -> str:
    """How far it is, the time left, and the button that stops it."""
    t = measure_texts(lang)
    title = {"run": t.running_run, "compare": t.running_compare, "draft": t.running_draft}[name]
    left = t.left_unknown if standing.left is None else html_job.left(standing.left, lang)
    return (
        f'<section class="card job"><div class="line"><h3>{title}</h3><span class="left">{left}</span>'
        f'<button type="button" class="quiet" data-cancel="1">{t.cancel}</button></div>'
        f'{html_job.bar(title, standing.share)}<p class="stage">{_stage(standing, t)}</p></section>'
    )


def _stage(standing: Standing[Outcome | int], t: MeasureTexts) -> str:
    words = {"retrieve": t.stage_retrieve, "answer": t.stage_answer, "encode": t.stage_encode, "draft": t.stage_draft}
    side = re.match(r"([ab]) ", standing.stage)
    name = next((words[key] for key in words if key in standing.stage), t.stage_start)
    retriever = next((getattr(texts(t.lang), each) for each in RETRIEVERS if standing.stage.endswith(each)), "")
    before = f"{side[1].upper()} · " if side else ""
    count = f" · {standing.done:,} / {standing.total:,}" if standing.total else ""
    return f"{before}{name}{f' · {_short(retriever)}' if retriever else ''}{count}"


# What a run found


@lru_cache(2)  # a view that is opened again has the same charts, which take a second
def run_result(outcome: Outcome, lang: Lang) -> str:
    """Headline figures in words, the methods, charts, tables, and every question."""
    t = measure_texts(lang)
    report, k = outcome.report, outcome.setups[0].k
    rows = by_system(report.rows)
    ranked = {setup.retriever: rows.get(setup.retriever, []) for setup in outcome.setups}
    first = outcome.setups[0].retriever
    named = _renamed(report, lang)
    figures = _figures(named, lang)
    return (
        f'<section class="card result"><div class="bar-title"><h2>{t.result}</h2><span>{_about(outcome, t)}</span></div>'
        f"{_headline(ranked[first], first, k, len(ranked) > 1, t)}{_answers(report, t) if outcome.answers else ''}"
        f"{_methods(ranked, k, t) if len(ranked) > 1 else ''}</section>"
        f'<details class="fold" open><summary>{t.pictures}</summary><div class="report"><div class="figures">{figures}</div></div>'
        f"</details>"
        f'<details class="fold"><summary>{t.tables}</summary><div class="report">{_tables(named, lang)}</div></details>'
        f"{_each(_run_groups(outcome, ranked[first], k, t), 'run', outcome, t)}"
    )


def _about(outcome: Outcome, t: MeasureTexts) -> str:
    asked = t.count.format(count=Count(len(outcome.questions)))
    parts = (f"<bdi>{escape(outcome.name)}</bdi>", escape(outcome.split), asked, t.done_in.format(seconds=f"{outcome.seconds:,.0f}"))
    return " · ".join(filter(None, parts))


def _headline(rows: Sequence[QuestionRow], system: str, k: int, several: bool, t: MeasureTexts) -> str:
    if not rows:
        return f'<p class="none">{t.none_here}</p>'
    top, shown = (interval_of([row.metrics[f"hit@{rank}"] for row in rows]) for rank in (1, k))
    whole = "" if not several else f'<p class="label">{t.headline_of.format(method=method_name(system, t))}</p>'
    return (
        f'{whole}<ul class="headline">{_said(t.top_said, top, t, "big")}'
        f"{_said(t.shown_said, shown, t, k=k)}</ul>"
        f'<p class="hint">{t.interval_means}</p>'
    )


def _said(form: str, found: Interval, t: MeasureTexts, size: str = "", k: int = 0) -> str:
    """A share as a sentence with counts, a bar that carries its interval, and the interval in figures."""
    hits = f"<b>{round(found.value * found.items):,}</b>"
    sentence = form.format(all=Count(found.items), hits=hits, k=k)
    bounds = t.interval.format(low=f"{100 * found.low:.0f}", high=f"{100 * found.high:.0f}")
    return (
        f'<li class="said-{size or "small"}"><p>{sentence}</p><div class="reach" aria-hidden="true">'
        f'<i class="share" style="width:{100 * found.value:.1f}%"></i>'
        f'<i class="span" style="left:{100 * found.low:.1f}%;width:{100 * (found.high - found.low):.1f}%"></i></div>'
        f'<span class="figures-of"><b>{100 * found.value:.1f} %</b> {bounds}</span></li>'
    )


def _answers(report: Report, t: MeasureTexts) -> str:
    """What the answers were worth, and whether their confidence can be believed."""
    rows = by_system(report.rows).get("pipeline", [])
    parts = []
    if right := share_right(rows):
        parts.append(_said(t.right_said, right, t))
    for name, form in (("refused unanswerable", t.refused_said), ("refused answerable", t.wrongly_said)):
        values = [row.metrics[name] for row in rows if name in row.metrics]
        if values:
            parts.append(_said(form, interval_of(values), t))
    gap = next((line["value"] for line in report.table("confidence").records() if line["measure"] == "ECE"), None)
    believed = ""
    if isinstance(gap, float):
        verdict = t.calibration_good if gap <= _GOOD_GAP else t.calibration_bad
        believed = f'<p class="believed">{t.calibration_said.format(gap=f"{100 * gap:.1f}")}. {verdict}</p>'
    return f'<p class="label">{t.answer}</p><ul class="headline">{"".join(parts)}</ul>{believed}'


def _methods(ranked: Mapping[RetrieverName, Sequence[QuestionRow]], k: int, t: MeasureTexts) -> str:
    rows = []
    for name, members in ranked.items():
        if members:
            top, shown = (interval_of([row.metrics[f"hit@{rank}"] for row in members]) for rank in (1, k))
            rows.append(f'<tr><th scope="row">{method_name(name, t)}</th>{_share(top)}{_share(shown)}</tr>')
    return (
        f'<p class="label">{t.methods}</p><table class="methods"><thead><tr><th scope="col">{t.method}</th>'
        f'<th scope="col">{t.first_share}</th><th scope="col">{t.shown_share.format(k=k)}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _share(found: Interval) -> str:
    return f"<td><b>{100 * found.value:.1f} %</b> <span>{100 * found.low:.0f}–{100 * found.high:.0f}</span></td>"


def method_name(name: str, t: MeasureTexts) -> str:
    """A retriever in the reader's words, anything else as it is."""
    return _short(getattr(texts(t.lang), name, name))


def _short(name: str) -> str:
    """A method without what is said of it in brackets."""
    return escape(name.partition(" (")[0])


def _renamed(report: Report, lang: Lang) -> Report:
    """The report with its systems in the reader's words."""
    t = measure_texts(lang)
    names = {name: method_name(name, t) for name in RETRIEVERS} | {"pipeline": t.answer}

    def said(cell: Cell) -> Cell:
        return " - ".join(names.get(part, part) for part in cell.split(" - ")) if isinstance(cell, str) else cell

    rows = tuple(replace(row, system=names.get(row.system, row.system)) for row in report.rows)
    tables = tuple(replace(table, rows=tuple(tuple(map(said, line)) for line in table.rows)) for table in report.tables)
    return Report(report.facts, tables, rows)


def _figures(report: Report, lang: Lang) -> str:
    t = report_texts(lang)
    with _DRAWING:
        return "".join(map(figure_html, (*retrieval_figures(report.rows, t), *answer_figures(report.rows, t))))


def _tables(report: Report, lang: Lang) -> str:
    return "".join(titled_html(table, report_texts(lang)) for table in report.tables if table.rows)


# What a comparison found


def compare_result(outcome: Outcome, lang: Lang) -> str:
    """The difference in words, won and lost, every difference as a table, and every question."""
    t = measure_texts(lang)
    groups = sides(outcome.report)
    sized = [(name, groups[key]) for key, name in (("won", t.group_won), ("lost", t.group_lost), ("same", t.group_same))]
    listed = [_Group(name, tuple(ids), at < 2) for at, (name, ids) in enumerate(sized)]
    counts = {name: Count(len(ids)) for name, ids in groups.items()}
    return (
        f'<section class="card result versus"><div class="bar-title"><h2>{t.result}</h2><span>{_about(outcome, t)}</span></div>'
        f"{_setups(outcome.setups, t)}{_verdict(outcome, t)}"
        f'<div class="tally" role="img" aria-label="{t.wins_said.format(**counts)}">{_tally(counts)}</div>'
        f'<p class="hint">{t.wins_said.format(**counts)}</p></section>'
        f'<details class="fold"><summary>{t.every_difference}</summary><div class="report">{_differences(outcome, lang)}</div></details>'
        f"{_each(listed, 'compare', outcome, t)}"
    )


def setup_name(setup: Setup, t: MeasureTexts) -> str:
    reader = {None: "", "span": t.reader_span, "sentence": t.reader_sentence}[setup.reader]
    return " · ".join(filter(None, (method_name(setup.retriever, t), f"k = {setup.k}", reader)))


def _setups(setups: Sequence[Setup], t: MeasureTexts) -> str:
    names = zip("ab", setups, strict=True)
    return (
        '<p class="setups">'
        + "".join(f'<span class="side {s}"><b>{s.upper()}</b>{setup_name(each, t)}</span>' for s, each in names)
        + "</p>"
    )


def _verdict(outcome: Outcome, t: MeasureTexts) -> str:
    """Which is better, if any can be said to be: by the first of the figures that differs for sure, all of them tested together."""
    forms = {"F1": t.f1_difference} if outcome.answers else {SHOWN: t.found_difference, "hit@1": t.top_difference}
    table = {str(line["metric"]): line for line in outcome.report.table("compared").records()}
    lines = [table[name] for name in forms if name in table]
    sure = next((line for line in lines if _number(line, "p (Holm)") < LEVEL), None)
    told = sure or lines[0]
    title = t.no_difference if sure is None else t.better_a if _number(sure, "difference") > 0 else t.better_b
    said = "".join(
        f"<p>{_difference(line, forms[str(line['metric'])], outcome)}</p>" for line in sorted(lines, key=lambda each: each is not told)
    )
    p, adjusted = _number(told, "p"), _number(told, "p (Holm)")
    chance = f"{t.p_said.format(times=_times(p), p=_small(p))} {t.p_adjusted.format(p=_small(adjusted))}"
    return f'<h3 class="verdict {"unsure" if sure is None else "sure"}">{title}</h3>{said}<p class="hint">{escape(chance)}</p>'


def _difference(line: Mapping[str, Cell], form: str, outcome: Outcome) -> str:
    metric = str(line["metric"])
    rows = by_system(outcome.report.rows)
    a, b = (fmean(row.metrics[metric] for row in rows[side] if metric in row.metrics) for side in "ab")
    difference, low, high = (_signed(100 * _number(line, name)) for name in ("difference", "2.5 %", "97.5 %"))
    return form.format(a=f"{100 * a:.1f}", b=f"{100 * b:.1f}", difference=difference, low=low, high=high)


def _number(line: Mapping[str, Cell], name: str) -> float:
    return float(line[name] or 0)


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _small(p: float) -> str:
    return f"= {p:.3f}" if p >= 0.001 else "< .001"


def _times(p: float) -> str:
    """How often in a hundred."""
    return f"{100 * p:.0f}" if p >= 0.01 else f"{100 * max(p, 1e-5):.1g}"


def _tally(counts: dict[str, Count]) -> str:
    whole = max(1, sum(counts.values()))
    return "".join(
        f'<i class="{key}" style="flex-grow:{counts[key] / whole:.4f}"><b>{counts[key]}</b></i>'
        for key in ("won", "same", "lost")
        if counts[key]
    )


def _differences(outcome: Outcome, lang: Lang) -> str:
    table = outcome.report.table("compared")
    said = {SHOWN: measure_texts(lang).reader_none}
    lines = tuple(("A − B", said.get(str(row[1]), row[1]), *row[2:]) for row in table.rows)
    return table_html(Table(table.title, table.columns, lines), report_texts(lang))


# Every question


@dataclass(frozen=True, slots=True)
class _Group:
    """Questions of one sort, by their ids."""

    title: str
    ids: tuple[str, ...]
    unfolded: bool


def _run_groups(outcome: Outcome, rows: Sequence[QuestionRow], k: int, t: MeasureTexts) -> list[_Group]:
    """By what the first method found; where answers were read, those that are wrong as well."""
    ranks = {row.question_id: first_rank(row) for row in rows}
    missed = tuple(name for name, rank in ranks.items() if rank is None or rank > k)
    low = tuple(name for name, rank in ranks.items() if rank is not None and 1 < rank <= k)
    top = tuple(name for name, rank in ranks.items() if rank == 1)
    groups = [_Group(t.group_missed.format(k=k), missed, True), _Group(t.group_low, low, False), _Group(t.group_top, top, False)]
    if outcome.answers:
        wrong = tuple(row.question_id for row in outcome.report.rows if row.system == "pipeline" and _is_wrong(row))
        groups.insert(1, _Group(t.group_wrong, wrong, False))
    return groups


def _is_wrong(row: QuestionRow) -> bool:
    if "refused unanswerable" in row.metrics:
        return not row.metrics["refused unanswerable"]
    return row.metrics.get("F1", 1.0) < 0.5


def _each(groups: Sequence[_Group], which: str, outcome: Outcome, t: MeasureTexts) -> str:
    rows: dict[str, list[QuestionRow]] = {}
    for row in outcome.report.rows:
        rows.setdefault(row.question_id, []).append(row)
    body = "".join(_group(group, rows, which, outcome, t) for group in groups)
    return f'<section class="each"><h2>{t.each}</h2><p class="hint">{t.each_note}</p>{body}</section>'


def _group(group: _Group, rows: dict[str, list[QuestionRow]], which: str, outcome: Outcome, t: MeasureTexts) -> str:
    lines = "".join(_line(name, rows[name], which, outcome, t) for name in group.ids[:MOST_ROWS])
    rest = len(group.ids) - MOST_ROWS
    more = f'<p class="none">{t.more_here.format(count=Count(rest))}</p>' if rest > 0 else ""
    body = f'<ul class="asked-list">{lines}</ul>{more}' if lines else f'<p class="none">{t.none_here}</p>'
    opened = " open" if group.unfolded and group.ids else ""
    return f'<details class="fold group"{opened}><summary>{group.title} <span>{len(group.ids)}</span></summary>{body}</details>'


def _line(name: str, rows: Sequence[QuestionRow], which: str, outcome: Outcome, t: MeasureTexts) -> str:
    question = outcome.questions.get(name)
    marks = "".join(_mark(row, t) for row in rows)
    return (
        f'<li><button type="button" class="asked-row" data-sides="{safe(name)}" data-which="{which}" aria-expanded="false">'
        f'<span class="words" dir="auto">{safe(question.text if question else name)}</span><span class="marks">{marks}</span></button>'
        f'<div class="sides" hidden></div></li>'
    )


def _mark(row: QuestionRow, t: MeasureTexts) -> str:
    """The rank of the first right passage, or what became of the answer, under the system's name."""
    name = row.system.upper() if row.system in "ab" else t.answer if row.system == "pipeline" else method_name(row.system, t)
    if "confidence" in row.metrics:
        said, state = (t.refused, "lower") if is_refused(row) else (f"F1 {row.metrics['F1']:.2f}", "") if "F1" in row.metrics else ("!", "")
        state = "missed" if _is_wrong(row) else state or "first"
    else:
        rank = first_rank(row)
        said = t.rank_none if rank is None else texts(t.lang).rank.format(rank=rank)
        state = "missed" if rank is None else "first" if rank == 1 else "lower"
    return f'<span class="mark {state}"><small>{name}</small> {safe(said)}</span>'
