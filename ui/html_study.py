"""The view in which one studies, as HTML fragments: a card to be answered, all cards, notes at a glance. Notes come out as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from index.types import Filter, Passage
from rag.types import Span
from ui import html, html_job
from ui.count import Count
from ui.html_note import place_of
from ui.i18n import Lang, texts
from ui.i18n_study import StudyTexts, study_texts
from ui.scope import to_json

if TYPE_CHECKING:
    from rag.study.cards import Card
    from rag.study.desk import Desk
    from rag.study.overview import Glance, Point

MOST = 300
"""Cards of the list shown at once."""
MOST_NOTES = 40
"""Notes at a glance shown at once."""
MORE = 10
"""New cards that one press adds to a day."""
_RATINGS = ("again", "hard", "good", "easy")
_BLANK = "____"
_STEPS = ((60, "in_minutes", 60), (24 * 60, "in_hours", 3600), (30 * 24 * 60, "in_days", 86400), (365 * 24 * 60, "in_months", 30 * 86400))


def head(lang: Lang) -> str:
    t = study_texts(lang)
    return f'<div class="study-head"><h2>{t.study}</h2><p>{t.intro}</p></div>'


def apart(time: timedelta, lang: Lang) -> str:
    """A stretch of time in few words: minutes, hours, days, months or years, at least one minute."""
    t = study_texts(lang)
    seconds = max(60.0, time.total_seconds())
    for below, name, unit in _STEPS:
        if round(seconds / 60) < below:
            return str(getattr(t, name)).format(value=max(1, round(seconds / unit)))
    return t.in_years.format(value=f"{seconds / 365 / 86400:.1f}".removesuffix(".0"))


# A card to be answered


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a quiz is drawn from: the time, the new cards wanted beyond those of the day, whether notes are chosen, what is to be said."""

    now: datetime
    more: int = 0
    filtered: bool = False
    said: str = ""


def quiz(desk: Desk, card: Card | None, intervals: Mapping[int, timedelta], sitting: Sitting, lang: Lang) -> str:
    """The card that comes now with what each answer would do, or that all is done."""
    shown = _finished(desk, sitting, lang) if card is None else _card(card, intervals, desk, lang)
    told = f'<p class="study-said" role="status">{sitting.said}</p>'
    return f'<div class="quiz">{_counts(desk, sitting, lang)}{shown}{told}</div>'


def _counts(desk: Desk, sitting: Sitting, lang: Lang) -> str:
    """What the day still holds, and how far it is."""
    t = study_texts(lang)
    due, new = len(desk.due(sitting.now)) + len(desk.soon(sitting.now)), len(desk.new(sitting.more))
    done, total = desk.day.reviews, desk.day.reviews + due + new
    cells = "".join(f"<div><dt>{name}</dt><dd>{value:,}</dd></div>" for name, value in ((t.due, due), (t.new, new), (t.done, done)))
    label = t.progress.format(done=done, total=total)
    return f'<dl class="study-counts">{cells}</dl>{html_job.bar(label, done / total if total else 1.0)}'


def _card(card: Card, intervals: Mapping[int, timedelta], desk: Desk, lang: Lang) -> str:
    t = study_texts(lang)
    kept = desk.kept.get(card.key)
    buttons = "".join(
        f'<button type="button" class="rate {name}" data-do="rate" data-key="{escape(card.key)}" data-rating="{rating}" '
        f'data-seen="{kept.reviews if kept else 0}"><kbd aria-hidden="true">{rating}</kbd><b>{getattr(t, name)}</b>'
        f"<span>{apart(intervals[rating], lang)}</span></button>"
        for rating, name in enumerate(_RATINGS, 1)
    )
    keys = t.keys.format(space="<kbd>Space</kbd>", digits="<kbd>1</kbd>–<kbd>4</kbd>")
    return (
        f'<section class="card study-card" data-card="{escape(card.key)}" aria-label="{t.front}">'
        f'<p class="study-where"><span class="kind {card.kind}">{getattr(t, card.kind)}</span>{_context(card)}</p>'
        f'<p class="study-front" dir="auto" tabindex="-1">{front(card)}{_how_many(card, t)}</p>'
        f'<div class="study-asked"><button type="button" class="reveal" data-reveal aria-expanded="false">{t.show}</button></div>'
        f'<div class="study-told" hidden><div class="study-back" role="group" aria-label="{t.back}" tabindex="-1">{back(card)}</div>'
        f'<ul class="origins"><li>{source(card, lang)}</li></ul>'
        f'<p class="study-how" id="study-how">{t.how_well}</p>'
        f'<div class="rates" role="group" aria-labelledby="study-how">{buttons}</div></div>'
        f'<div class="study-foot"><span class="study-keys">{keys}</span>'
        f'<button type="button" class="study-out" data-do="out" data-key="{escape(card.key)}">{t.leave_out}</button></div></section>'
    )


def front(card: Card) -> str:
    """The front, its gap drawn as one."""
    gap = '<span class="gap" role="img" aria-label="…"></span>'
    return escape(card.front).replace(_BLANK, gap)


def back(card: Card) -> str:
    if len(card.back) == 1:
        return f'<p dir="auto">{escape(card.back[0])}</p>'
    return "<ol>" + "".join(f'<li dir="auto">{escape(item)}</li>' for item in card.back) + "</ol>"


def _how_many(card: Card, t: StudyTexts) -> str:
    return f" <small>{t.items.format(count=len(card.back))}</small>" if card.kind == "list" else ""


def _context(card: Card) -> str:
    parts = (f"<span>{escape(part).replace(_BLANK, '…')}</span>" for part in card.context)
    return '<span class="path">' + '<i aria-hidden="true">›</i>'.join(parts) + "</span>"


def source(card: Card, lang: Lang) -> str:
    """The place of the answer as a button that opens the note at its words."""
    passage, span = _passage(card)
    where = html.place(card.locator, texts(lang))
    return (
        f'<button type="button" class="origin" data-open="{place_of(passage, (span,))}" title="{study_texts(lang).source}">'
        f'<span class="path">{html.crumb(passage)}</span><span class="where">{where}</span></button>'
    )


def _passage(card: Card) -> tuple[Passage, Span]:
    """The words that a card was made of as a passage, and those among them that answer."""
    cited = card.sources[0]
    passage = Passage(cited.doc_id, card.title, card.section, cited.quote, cited.start, cited.end, card.locator)
    at = cited.quote.find(card.back[0]) if len(card.back) == 1 else -1
    start, end = (cited.start + at, cited.start + at + len(card.back[0])) if at >= 0 else (cited.start, cited.end)
    return passage, Span(cited.doc_id, start, end, cited.quote[start - cited.start : end - cited.start])


def _finished(desk: Desk, sitting: Sitting, lang: Lang) -> str:
    t = study_texts(lang)
    coming = desk.next_due(sitting.now)
    later = f"<p>{t.next_due.format(when=apart(coming - sitting.now, lang))}</p>" if coming else ""
    left = min(MORE, desk.unseen())
    label = t.more.format(count=left)
    more = f'<button type="button" class="again" data-do="more" data-more="{desk.extra() + left}">{label}</button>' if left else ""
    done = t.finished_note.format(count=Count(desk.day.reviews))
    title = t.finished_here if sitting.filtered else t.finished
    return f'<section class="card study-done">{_DONE}<h3 tabindex="-1">{title}</h3><p>{done}</p>{later}{more}</section>'


_DONE = '<svg class="tick" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="21"/><path d="M14 25l7 7 13-15"/></svg>'


def nothing(filtered: bool, lang: Lang) -> str:
    """That there is no card: in the notes chosen, or in any."""
    t = study_texts(lang)
    title, note = (t.none_here, t.none_here_note) if filtered else (t.nothing, t.nothing_note)
    return f'<section class="card study-done"><h3>{title}</h3><p>{note}</p></section>'


def no_place(lang: Lang) -> str:
    return f'<section class="card study-done"><p>{study_texts(lang).no_place}</p></section>'


def making(share: float | None, lang: Lang) -> str:
    """That cards are being made, and how far that is."""
    t = study_texts(lang)
    return (
        f'<section class="card study-done" aria-busy="true"><h3 role="status">{t.making}</h3>'
        f"{html_job.bar(t.making, share)}<p>{t.making_note}</p></section>"
    )


def problem(title: str, message: str, lang: Lang) -> str:
    button = f'<button type="button" class="again" data-do="retry">{study_texts(lang).retry}</button>'
    return (
        f'<section class="card problem study-problem" role="alert"><h3>{title}</h3><p class="what">{escape(message)}</p>{button}</section>'
    )


# All cards


def cards(desk: Desk, kept: Filter, now: datetime, lang: Lang) -> str:
    """The cards by note, with what may be done with each, and behind them those left out and those that rest."""
    t = study_texts(lang)
    shown = desk.cards[:MOST]
    groups = "".join(_group(list(each), desk, now, lang) for _, each in groupby(shown, key=lambda card: card.doc_id))
    cut = f'<p class="hint">{t.cut.format(count=MOST)}</p>' if len(desk.cards) > MOST else ""
    out = _folded(t.out, "", desk.out, desk, now, lang)
    resting = _folded(t.resting, t.resting_note, desk.resting, desk, now, lang, rests=True)
    return f'<div class="study-cards">{_exports(desk, kept, t)}{groups}{cut}{out}{resting}</div>'


def _exports(desk: Desk, kept: Filter, t: StudyTexts) -> str:
    value = escape(json.dumps(to_json(kept), ensure_ascii=False))
    buttons = "".join(
        f'<button type="button" class="export" data-export="{ending}" data-kept="{value}" data-failed="{t.failed}">{name}</button>'
        for ending, name in ((".apkg", t.anki), (".csv", t.csv))
    )
    count = t.listed.format(count=Count(len(desk.cards)))
    return (
        f'<div class="study-bar"><strong>{count}</strong><span class="study-acts">{buttons if desk.cards else ""}</span>'
        f'<p class="hint">{t.export_note}</p><p class="study-said" role="status"></p></div>'
    )


def _group(found: Sequence[Card], desk: Desk, now: datetime, lang: Lang) -> str:
    rows = "".join(_row(card, desk, now, lang) for card in found)
    return (
        f'<section class="study-group"><h3>{escape(found[0].title)} <small>{len(found)}</small></h3>'
        f'<ul class="study-rows" role="list">{rows}</ul></section>'
    )


def _folded(title: str, note: str, found: Sequence[Card], desk: Desk, now: datetime, lang: Lang, rests: bool = False) -> str:
    if not found:
        return ""
    rows = "".join(_row(card, desk, now, lang, out=not rests, rests=rests) for card in found)
    told = f'<p class="hint">{note}</p>' if note else ""
    return (
        f'<section class="study-group put-by"><h3>{title} <small>{len(found)}</small></h3>{told}'
        f'<ul class="study-rows" role="list">{rows}</ul></section>'
    )


def _row(card: Card, desk: Desk, now: datetime, lang: Lang, out: bool = False, rests: bool = False) -> str:
    t = study_texts(lang)
    name, do = (t.take_in, "in") if out else (t.leave_out, "out")
    act = (
        ""
        if rests
        else f'<button type="button" class="study-out" data-do="{do}" data-key="{escape(card.key)}">{name}{_hidden(card)}</button>'
    )
    place = f'<span class="where">{escape(card.doc_id)}</span>' if rests else _open(card, lang)
    return (
        f'<li class="study-row" data-card="{escape(card.key)}"><span class="kind {card.kind}">{getattr(t, card.kind)}</span>'
        f'<div class="sides"><p class="study-front" dir="auto">{front(card)}</p><div class="study-back">{back(card)}</div>'
        f'<p class="study-state">{"" if rests else f"<span>{state(card, desk, now, lang)}</span>"}{place}{act}</p></div></li>'
    )


def _hidden(card: Card) -> str:
    return f'<span class="visually-hidden">: {escape(card.front.replace(_BLANK, "…"))}</span>'


def _open(card: Card, lang: Lang) -> str:
    passage, span = _passage(card)
    return f'<button type="button" class="open" data-open="{place_of(passage, (span,))}">{study_texts(lang).source}{_hidden(card)}</button>'


def state(card: Card, desk: Desk, now: datetime, lang: Lang) -> str:
    """When a card comes again, in words."""
    t = study_texts(lang)
    kept = desk.kept.get(card.key)
    if not kept or kept.due is None:
        return t.state_new
    return t.state_due if kept.due <= now else t.state_later.format(when=apart(kept.due - now, lang))


# At a glance


def overview(found: Iterable[Glance], lang: Lang, cut: bool = False) -> str:
    """The central sentences of each note, each a button that opens its place; `cut` where there are more notes."""
    t = study_texts(lang)
    notes = "".join(_glance(glance, lang) for glance in found)
    if not notes:
        return f'<section class="card study-done"><p>{t.overview_none}</p></section>'
    rest = f'<p class="hint">{t.overview_cut.format(count=MOST_NOTES)}</p>' if cut else ""
    return f'<div class="study-glance"><p class="hint">{t.overview_note}</p>{notes}{rest}</div>'


def _glance(glance: Glance, lang: Lang) -> str:
    points = "".join(_point(point, glance, lang) for point in glance.points)
    name = f'<h3 title="{escape(glance.doc_id)}">{escape(glance.title)}</h3>'
    return f'<section class="card glance-note">{name}<ul role="list">{points}</ul></section>'


def _point(point: Point, glance: Glance, lang: Lang) -> str:
    span = point.span
    passage = Passage(span.doc_id, glance.title, point.section, span.quote, span.start, span.end, point.locator)
    where = f"{escape(point.section[-1])} · " if point.section else ""
    return (
        f'<li><button type="button" class="point" data-open="{place_of(passage, (span,))}"><span class="said" dir="auto">'
        f'{escape(point.said)}</span><span class="where">{where}{html.place(point.locator, texts(lang))}</span></button></li>'
    )
