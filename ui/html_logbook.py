"""The view of the log as HTML fragments: its sums, when was asked, the lists, and how it is kept. What was asked comes out as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from rag.logbook import Column, Overview, Totals, Unit
from rag.querylog import DELETE, Entry, QueryLog, note_of
from ui.count import Count
from ui.html_log import HAND, settings_line
from ui.i18n import Lang
from ui.i18n_log import MONTHS, LogTexts, log_texts

GLIMPSE = 160
"""Characters of an answer shown before its row is opened."""
LABELS, FEW = 7, 12
"""Dates under the chart at most; so many columns and fewer are drawn slim."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A list as far as it is shown, and how long the whole is; `here` is the index that the page stands before."""

    entries: Sequence[Entry]
    total: int
    here: str


def head(lang: Lang) -> str:
    t = log_texts(lang)
    return f'<div class="log-head"><h2>{t.log}</h2><p>{t.intro}</p></div>'


# Sums and the chart


def overview(found: Overview, lang: Lang) -> str:
    """The sums of a period, and its questions over time."""
    return f'<div class="log-over">{sums(found.totals, lang)}{chart(found.columns, found.unit, lang)}</div>'


def sums(found: Totals, lang: Lang) -> str:
    t = log_texts(lang)
    share = f" <small>{round(100 * found.refused / found.asked)}%</small>" if found.asked else ""
    cells = (
        (t.asked, f"{found.asked:,}", ""),
        (t.refused_count, f"{found.refused:,}{share}", ""),
        (t.helped, f"{found.up:,} <i>·</i> {found.down:,}", ""),
        (t.median, duration(found.median, t) if found.asked else "–", ""),
        (t.high, duration(found.high, t) if found.asked else "–", t.high_note),
    )
    rows = "".join(
        f"<div{f' title={chr(34)}{note}{chr(34)}' if note else ''}><dt>{name}</dt><dd>{value}</dd></div>" for name, value, note in cells
    )
    return f'<dl class="card sums">{rows}</dl>'


def duration(milliseconds: float, t: LogTexts) -> str:
    if milliseconds < 1000:
        return t.milliseconds.format(value=f"{milliseconds:.0f}")
    return t.seconds.format(value=f"{milliseconds / 1000:.1f}")


def chart(columns: Sequence[Column], unit: Unit, lang: Lang) -> str:
    """Columns as an SVG that fills its box, its dates beside it as text, and the same numbers as a table for those who do not see it.

    Not drawn by matplotlib (`ui.plots`): that takes a second to load, and its drawings have one width.
    """
    t = log_texts(lang)
    top = ceiling(max(column.asked for column in columns))
    wide = 0.4 if len(columns) <= FEW else 0.72
    bars = "".join(_bar(column, at, wide, top, told(column, unit, lang)) for at, column in enumerate(columns))
    lines = "".join(f'<path class="line" d="M0 {y}H{len(columns)}"/>' for y in (0, 50))
    per = getattr(t, f"per_{unit}")
    return (
        f'<figure class="card chart"><figcaption><h3>{t.chart} <small>{per}</small></h3>'
        f'<span class="key"><i class="all"></i>{t.answered}<i class="no"></i>{t.unanswered}</span></figcaption>'
        f'<div class="plot" aria-hidden="true"><div class="scale"><span>{top}</span><span>{top // 2}</span><span>0</span></div>'
        f'<svg viewBox="0 0 {len(columns)} 100" preserveAspectRatio="none">{lines}{bars}</svg>{_dates(columns, unit, lang)}</div>'
        f"{_table(columns, unit, lang)}</figure>"
    )


def ceiling(most: int) -> int:
    """The least round number that nothing exceeds and whose half is whole."""
    if most <= 2:
        return 2
    power: int = 10 ** (len(str(most)) - 1)
    steps = (step * power for step in (1, 2, 3, 4, 5, 6, 8, 10))
    return next(step for step in steps if step >= most and step % 2 == 0)


def _bar(column: Column, at: int, wide: float, top: int, said: str) -> str:
    """The answered above the refused; the whole strip answers the pointer."""
    whole, refused = 100 * column.asked / top, 100 * column.refused / top
    place = f'x="{at + (1 - wide) / 2:.2f}" width="{wide}"'
    parts = f'<rect class="strip" x="{at}" width="1" height="100"><title>{escape(said)}</title></rect>'
    if column.asked > column.refused:
        parts += f'<rect class="all" {place} y="{100 - whole:.2f}" height="{whole - refused:.2f}"/>'
    if column.refused:
        parts += f'<rect class="no" {place} y="{100 - refused:.2f}" height="{refused:.2f}"/>'
    return f"<g>{parts}</g>"


def told(column: Column, unit: Unit, lang: Lang) -> str:
    """A column in words."""
    t = log_texts(lang)
    said = t.column_refused if column.refused else t.column
    return said.format(when=_when(column.start, unit, lang), asked=column.asked, refused=column.refused)


def _when(start: datetime, unit: Unit, lang: Lang) -> str:
    t = log_texts(lang)
    form = {"hour": t.at_hour, "day": t.on_day, "week": t.of_week, "month": t.in_month}[unit]
    return form.format(year=start.year, month=_month(start, lang), day=start.day, hour=start.hour)


def _month(moment: datetime, lang: Lang) -> str:
    return str(moment.month) if lang == "ko" else MONTHS[moment.month - 1]


def _dates(columns: Sequence[Column], unit: Unit, lang: Lang) -> str:
    step = math.ceil(len(columns) / LABELS)
    at = range(len(columns) - 1, -1, -step)  # the last column, which is now, always has its date
    labels = "".join(f'<span style="left:{100 * (n + 0.5) / len(columns):.2f}%">{_short(columns[n].start, unit, lang)}</span>' for n in at)
    return f'<div class="dates">{labels}</div>'


def _short(start: datetime, unit: Unit, lang: Lang) -> str:
    if unit == "hour":
        return f"{start.hour}시" if lang == "ko" else f"{start:%H}:00"
    if unit == "month":
        return f"{start.year}. {start.month}." if lang == "ko" else f"{MONTHS[start.month - 1]} {start.year % 100:02d}"
    return f"{start.month}. {start.day}." if lang == "ko" else f"{MONTHS[start.month - 1]} {start.day}"


def _table(columns: Sequence[Column], unit: Unit, lang: Lang) -> str:
    t = log_texts(lang)
    rows = "".join(
        f'<tr><th scope="row">{_when(column.start, unit, lang)}</th><td>{column.asked}</td><td>{column.refused}</td></tr>'
        for column in columns
        if column.asked
    )
    return (
        f'<table class="visually-hidden"><caption>{t.chart}</caption><thead><tr><th scope="col">{t.when}</th>'
        f'<th scope="col">{t.asked}</th><th scope="col">{t.refused_count}</th></tr></thead><tbody>{rows}</tbody></table>'
    )


# The lists


def rows(found: Rows, lang: Lang) -> str:
    """A list, each row of which opens to what was answered."""
    t = log_texts(lang)
    if not found.entries:
        return f'<section class="card log-none"><h3>{t.none_here}</h3><p>{t.none_here_note}</p></section>'
    items = "".join(_row(entry, found.here, lang) for entry in found.entries)
    count = t.shown.format(count=Count(len(found.entries)), total=Count(found.total))
    return f'<ol class="log-rows">{items}</ol><p class="log-count">{count}</p>'


def more(found: Rows, page: int, lang: Lang) -> str:
    """The button for the next page of a list, where there is one."""
    rest = found.total - len(found.entries)
    if rest <= 0:
        return ""
    return f'<button type="button" class="more" data-more="1">{log_texts(lang).more.format(count=Count(min(page, rest)))}</button>'


def _row(entry: Entry, here: str, lang: Lang) -> str:
    t = log_texts(lang)
    moment = datetime.fromtimestamp(entry.time)
    stamp = t.stamp.format(month=_month(moment, lang), day=moment.day, time=f"{moment:%H:%M}")
    said = " ".join(entry.answer.split())
    glimpse = escape(said[:GLIMPSE]) + ("…" if len(said) > GLIMPSE else "") if said else t.unanswered
    facts = "".join(
        f"<span>{fact}</span>"
        for fact in (
            t.confidence.format(value=round(100 * entry.confidence)),
            duration(entry.milliseconds, t),
            getattr(t, entry.door, escape(entry.door)),
        )
    )
    return (
        f'<li class="log-row{" no" if entry.abstained else ""}"><details><summary>'
        f'<time datetime="{moment.isoformat(timespec="seconds")}">{stamp}</time>'
        f'<span class="question" dir="auto">{escape(entry.question)}</span><span class="glimpse" dir="auto">{glimpse}</span>'
        f'<span class="facts">{facts}{_thumb(entry, t)}</span></summary>{_told(entry, here, t)}</details></li>'
    )


def _thumb(entry: Entry, t: LogTexts) -> str:
    if not entry.thumb:
        return ""
    side, name = ("up", t.up) if entry.thumb > 0 else ("down", t.down)
    return f'<svg class="hand {side}" viewBox="0 0 24 24" role="img" aria-label="{name}"><path d="{HAND}"/></svg>'


def _told(entry: Entry, here: str, t: LogTexts) -> str:
    """The answer whole, what was looked at for it, and the way to ask again."""
    notes = dict.fromkeys(map(note_of, entry.passages))
    facts = (
        (t.searched, escape(entry.searched) if entry.searched not in ("", entry.question) else ""),
        (t.notes, ", ".join(f"<bdi>{escape(note)}</bdi>" for note in notes)),
        (t.how, escape(" · ".join(filter(None, (entry.retriever, entry.reader))))),
        (t.elsewhere, escape(entry.index) if entry.index != here else ""),
    )
    told = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts if value)
    answer = f'<p class="told-answer" dir="auto">{escape(entry.answer)}</p>' if entry.answer else ""
    question = escape(entry.searched or entry.question)  # outside its conversation a follow-up needs its topic
    return (
        f'<div class="log-told">{answer}<dl>{told}</dl>'
        f'<button type="button" class="again" data-act="ask" data-question="{question}">{t.again}</button></div>'
    )


# What stands in their place, and how the log is kept


def empty(log: QueryLog, lang: Lang) -> str:
    t = log_texts(lang)
    off = "" if log.is_on else f"<p>{t.empty_off}</p>"
    return f'<section class="card log-none"><h3>{t.empty}</h3><p>{t.empty_note}</p>{off}</section>'


def broken(message: str, lang: Lang) -> str:
    """A log that cannot be read; how it is thrown away only where the message says that it should be."""
    t = log_texts(lang)
    mend = f"<p>{t.broken_note}</p><p><code>{DELETE}</code></p>" if DELETE in message else ""
    return f'<section class="card problem log-none" role="alert"><h3>{t.broken}</h3><p class="what">{escape(message)}</p>{mend}</section>'


def keeping(log: QueryLog, lang: Lang, *, asking: bool = False, said: str = "") -> str:
    """Where the log is, its switch, and the ways to take it out or to be rid of it; `asking` for the second click of the latter."""
    t = log_texts(lang)
    return (
        f'<section class="card keeping" aria-label="{t.keeping}"><h3>{t.keeping}</h3>{settings_line(log, lang)}'
        f'<p class="hint">{t.keeping_note.format(rows=Count(log.limits.rows))}</p>'
        f'<div class="log-acts"><button type="button" class="export" data-export="1" data-failed="{t.failed}">{t.export}</button>'
        f"{_deleting(asking, t)}</div>"
        f'<p class="log-said" role="status">{said}</p></section>'
    )


def plain(error: Exception) -> str:
    """An error's own words, as text."""
    return escape(str(error))


def _deleting(asking: bool, t: LogTexts) -> str:
    if not asking:
        return f'<button type="button" class="wipe" data-turn="delete">{t.delete}</button>'
    return (
        f'<span class="log-sure">{t.sure_note}</span><button type="button" class="wipe sure" data-turn="sure">{t.sure}</button>'
        f'<button type="button" class="keep" data-turn="keep">{t.keep}</button>'
    )
