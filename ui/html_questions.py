"""The questions of a report as HTML: one line each with what every system made of it, and a sheet with all the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.evaluation.evaluate import RIGHT
from rag.evaluation.report import HitRow, QuestionRow, Table, by_system
from rag.evaluation.trec import passage_id
from ui.html_table import number, safe, table_html
from ui.i18n_report import ReportTexts, word
from ui.report_figures import first_rank, is_answer, is_ranking, is_refused

MOST_DETAILED = 1_000
"""Questions up to which each has its metrics and hits in the page; beyond, a browser would choke."""

HITS_SHOWN = 10
"""Of each ranking of a question."""


@dataclass(slots=True)
class Asked:
    """A question, and what each system did with it."""

    id: str
    kind: str
    split: str
    rows: dict[str, list[QuestionRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the table shows: the systems that rank, those that answer, the kinds and the splits, and whether there are words."""

    ranking: tuple[str, ...]
    answering: tuple[str, ...]
    kinds: tuple[str, ...]
    splits: tuple[str, ...]
    texts: bool


def questions_html(rows: Sequence[QuestionRow], words: Mapping[str, str], t: ReportTexts) -> str:
    """The table of all questions with its filters; empty without questions. `words` are shown of the ids it has."""
    asked = _asked(rows)
    if not asked:
        return ""
    columns = _columns(rows, words)
    detailed = len(asked) <= MOST_DETAILED
    lines = "".join(_line(number, each, columns, words, detailed, t) for number, each in enumerate(asked))
    note = t.questions_note if detailed else t.questions_lean.format(count=f"{MOST_DETAILED:,}")
    return (
        f'<p class="note">{note}</p>{_filters(columns, t)}<div class="scroll" tabindex="0"><table class="questions">'
        f"<thead><tr>{_heads(columns, t)}</tr></thead><tbody>{lines}</tbody></table>"
        f'</div><p class="none" hidden>{t.none_shown}</p>'
    )


def _asked(rows: Iterable[QuestionRow]) -> list[Asked]:
    """Each question once, as they first appear; ids are unique within a split."""
    out: dict[tuple[str, str], Asked] = {}
    for row in rows:
        asked = out.setdefault((row.split, row.question_id), Asked(row.question_id, row.kind, row.split))
        asked.rows.setdefault(row.system, []).append(row)
    return list(out.values())


def _columns(rows: Sequence[QuestionRow], words: Mapping[str, str]) -> Columns:
    systems = by_system(rows)
    return Columns(
        tuple(system for system, each in systems.items() if any(map(is_ranking, each))),
        tuple(system for system, each in systems.items() if any(map(is_answer, each))),
        tuple(dict.fromkeys(row.kind for row in rows)),
        tuple(dict.fromkeys(row.split for row in rows)),
        any(row.question_id in words for row in rows),
    )


def _heads(columns: Columns, t: ReportTexts) -> str:
    heads = [("id", t.question_id), *([("words", t.question)] if columns.texts else [])]
    heads += [("kind", t.kind)] if len(columns.kinds) > 1 else []
    heads += [("split", t.split)] if len(columns.splits) > 1 else []
    about = "".join(f'<th scope="col" class="{sort}">{name}</th>' for sort, name in heads)
    measured = [(system, t.rank) for system in columns.ranking]
    measured += [(system, name) for system in columns.answering for name in ("F1", t.confidence)]
    return about + "".join(f'<th scope="col" class="n"><small>{safe(system)}</small> {name}</th>' for system, name in measured)


def _line(at: int, asked: Asked, columns: Columns, words: Mapping[str, str], detailed: bool, t: ReportTexts) -> str:
    name = safe(asked.id)
    head = f'<button popovertarget="q{at}">{name}</button>{_sheet(at, asked, words, t)}' if detailed else name
    cells = [("words", words.get(asked.id, ""))] if columns.texts else []
    cells += [("kind", word(asked.kind, t.lang))] if len(columns.kinds) > 1 else []
    cells += [("split", word(asked.split, t.lang))] if len(columns.splits) > 1 else []
    about = "".join(f'<td class="{sort}">{safe(text)}</td>' for sort, text in cells)
    ranks = "".join(_rank(_row(asked, system, ranking=True), t) for system in columns.ranking)
    answers = "".join(_answer(_row(asked, system, ranking=False), t) for system in columns.answering)
    return f'<tr><th scope="row">{head}</th>{about}{ranks}{answers}</tr>'


def _row(asked: Asked, system: str, ranking: bool) -> QuestionRow | None:
    """What a system ranked or answered."""
    wanted = is_ranking if ranking else is_answer
    return next((row for row in asked.rows.get(system, ()) if wanted(row)), None)


def _rank(row: QuestionRow | None, t: ReportTexts) -> str:
    if row is None:
        return '<td class="n r"></td>'
    rank = first_rank(row)
    if rank is None:
        return f'<td class="n r missed low" title="{t.missed}">✕<span class="said"> {t.missed}</span></td>'
    return f'<td class="n r{" top" if rank == 1 else " low"}">{rank}</td>'


def _answer(row: QuestionRow | None, t: ReportTexts) -> str:
    """Two cells: F1, or what became of a question without an answer, and the confidence."""
    if row is None:
        return '<td class="n a"></td><td class="n"></td>'
    f1 = row.metrics.get("F1")
    good = f1 >= RIGHT if f1 is not None else is_refused(row)
    shown = t.refused if is_refused(row) else t.answered if f1 is None else number(f1)
    state = f"{'' if good else ' wrong'}{' refused' if is_refused(row) else ''}"
    confidence = row.metrics.get("confidence")
    return f'<td class="n a{state}">{shown}</td><td class="n">{"" if confidence is None else f"{confidence:.2f}"}</td>'


def _filters(columns: Columns, t: ReportTexts) -> str:
    """The filters, which the script shows: without it they would do nothing."""
    outcomes = [("differs", t.differs)] if len(columns.ranking) > 1 else []
    for at, system in enumerate(columns.ranking):
        outcomes += [(f"r {at} missed", t.not_found.format(system=system)), (f"r {at} low", t.not_first.format(system=system))]
    for at, system in enumerate(columns.answering):
        outcomes += [(f"a {at} wrong", t.wrong.format(system=system)), (f"a {at} refused", t.refuses.format(system=system))]
    chosen = "".join(
        _select(name, whole, [(word(each, t.lang), word(each, t.lang)) for each in found])
        for name, whole, found in (("kind", t.any_kind, columns.kinds), ("split", t.any_split, columns.splits))
        if len(found) > 1
    )
    return (
        f'<form class="filters" hidden><label>{t.find} <input type="search" name="words" placeholder="{t.find_hint}"></label>{chosen}'
        f'{_select("outcome", t.any_outcome, outcomes)}<output aria-live="polite" data-said="{t.shown}"></output></form>'
    )


def _select(name: str, whole: str, options: Sequence[tuple[str, str]]) -> str:
    rest = "".join(f'<option value="{safe(value)}">{safe(label)}</option>' for value, label in options)
    return f'<select name="{name}" aria-label="{whole}"><option value="">{whole}</option>{rest}</select>'


def _sheet(at: int, asked: Asked, words: Mapping[str, str], t: ReportTexts) -> str:
    """All that is known of one question, which a press on its id opens."""
    said = f'<p class="asked">{safe(words[asked.id])}</p>' if asked.id in words else ""
    about = " · ".join(safe(word(name, t.lang)) for name in (asked.kind, asked.split) if name)
    ranked = {system: row for system in asked.rows if (row := _row(asked, system, ranking=True))}
    lists = "".join(f"<section><h5>{safe(system)}</h5>{_hits(row.hits, t)}</section>" for system, row in ranked.items())
    found = f'<h4>{t.hits}</h4><div class="rankings">{lists}</div>' if ranked else ""
    return (
        f'<div popover id="q{at}" class="sheet" role="dialog" aria-label="{safe(asked.id)}"><button popovertarget="q{at}" '
        f'popovertargetaction="hide" class="close" aria-label="{t.close}">✕</button><h3>{safe(asked.id)}</h3>'
        f'{said}<p class="about">{about}</p>{found}<h4>{t.metrics}</h4>{_metrics(asked, t)}</div>'
    )


def _metrics(asked: Asked, t: ReportTexts) -> str:
    """Metrics down, systems across."""
    found = {system: {name: value for row in rows for name, value in row.metrics.items()} for system, rows in asked.rows.items()}
    names = dict.fromkeys(name for metrics in found.values() for name in metrics)
    lines = tuple((name, *(metrics.get(name) for metrics in found.values())) for name in names)
    return table_html(Table("", (t.metric, *found), lines), t)


def _hits(hits: Sequence[HitRow], t: ReportTexts) -> str:
    if not hits:
        return f"<p>{t.no_hits}</p>"
    items = "".join(
        f"<li{' class=gold' if hit.gain > 0 else ''}><code>{safe(passage_id(hit))}</code> <span>{number(float(hit.score))}"
        f"{f' · {t.gold}' if hit.gain > 0 else ''}</span></li>"
        for hit in hits[:HITS_SHOWN]
    )
    rest = f"<p>{t.more_hits.format(count=len(hits) - HITS_SHOWN)}</p>" if len(hits) > HITS_SHOWN else ""
    return f"<ol>{items}</ol>{rest}"
