"""The gold that a reader makes, as HTML fragments: a drafted question to judge, and the list of those that count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.drafting.gold_file import Gold, Piece
from rag.quotes import find_quote
from ui import html
from ui.bench import Bench
from ui.count import Count
from ui.html_note import digest, place_of
from ui.html_table import coded, safe
from ui.i18n import Lang
from ui.i18n_measure import MeasureTexts, measure_texts

JUDGE = """
  const send = (at) => {
    const form = at.closest('form');
    const field = (name) => form?.elements[name]?.value ?? '';
    const fields = form?.querySelector('[data-fields]')?.dataset.fields ?? '';
    trigger('select', { judge: at.dataset.judge, id: at.dataset.id, fields, question: field('question'), answer: field('answer') });
  };
  element.addEventListener('click', (event) => { const at = event.target.closest('[data-judge]'); if (at) send(at); });
  element.addEventListener('submit', (event) => event.preventDefault());
"""
"""Turns a click on a judgement into Gradio's select event, with what its form holds, and whose words those are."""


def waiting(golds: Sequence[Gold]) -> int:
    """How many drafted questions nobody has judged."""
    return sum(each.status == "drafted" for each in golds)


def draft_html(golds: Sequence[Gold], bench: Bench, lang: Lang) -> str:
    """The next drafted question with its passage, and what may be done with it."""
    t = measure_texts(lang)
    drafted = [each for each in golds if each.status == "drafted"]
    if not drafted:
        return f'<p class="none">{t.drafted_none}</p>'
    first = drafted[0]
    return (
        f'<section class="card draft" data-draft="{safe(first.id)}"><p class="label">{t.drafted_left.format(count=Count(len(drafted)))}</p>'
        f"{_form(first, t, new=True)}<p class='label'>{t.from_note}</p>{''.join(_passage(each, first, bench) for each in first.pieces)}"
        "</section>"
    )


def gold_html(golds: Sequence[Gold], file: Path, bench: Bench, lang: Lang) -> str:
    """The questions that count, newest first, those that are stale told apart, and how to measure with them in the shell."""
    t = measure_texts(lang)
    kept = [each for each in reversed(golds) if each.status == "accepted"]
    stale = sum(each.is_stale for each in kept)
    rejected = sum(each.status == "rejected" for each in golds)
    told = f'<p class="told stale">{t.stale_note.format(count=Count(stale))}</p>' if stale else ""
    rows = "".join(_row(each, bench, t) for each in kept)
    count = f"<span>{t.count.format(count=Count(len(kept)))}</span>" if kept else ""
    note = coded(t.mine_note.format(file=file)) if kept else t.mine_none
    thrown = f" · {t.rejected_count.format(count=Count(rejected))}" if rejected else ""
    return (
        f'<section class="mine"><div class="bar-title"><h2>{t.mine}</h2>{count}</div><p class="hint">{note}{thrown}</p>{told}'
        f'<ul class="gold-list">{rows}</ul></section>'
    )


def _form(gold: Gold, t: MeasureTexts, new: bool) -> str:
    name = safe(gold.id)
    answer = safe(gold.answers[0]) if gold.answers else ""
    buttons = (
        f'<button type="button" class="primary" data-judge="accept" data-id="{name}">{t.accept}</button>'
        f'<button type="button" class="quiet" data-judge="reject" data-id="{name}">{t.reject}</button>'
        f'<span class="hint">{t.mend_note}</span>'
        if new
        else f'<button type="button" class="primary" data-judge="mend" data-id="{name}">{t.save}</button>'
    )
    tag = _tag(gold)
    return (
        f'<form class="mend"><{tag} class="fields" data-fields="{name}">'
        f'<label><span>{t.question}</span><textarea name="question" rows="2" maxlength="500">{safe(gold.question)}</textarea></label>'
        f'<label><span>{t.answer}</span><textarea name="answer" rows="2" maxlength="1000">{answer}</textarea></label></{tag}>'
        f'<p class="buttons">{buttons}</p></form>'
    )


def _tag(gold: Gold) -> str:
    """An element's name that no other words have.

    Gradio patches what stands on the page, and a field that was typed in keeps what was typed: only an element of another name is replaced.
    """
    return f"fields-{digest([gold.id, gold.question, *gold.answers[:1]])}"


def _passage(piece: Piece, gold: Gold, bench: Bench) -> str:
    """The passage that a draft comes from: its quote underlined, its answer marked."""
    span = piece.span
    passage = bench.around(span.doc_id, span.start, span.end) if span else None
    if span is None or passage is None:
        return f'<p class="passage" dir="auto">{safe(piece.quote)}</p>'
    start, end = max(0, span.start - passage.start), max(0, span.end - passage.start)
    quote = passage.text[start:end]
    strong = [(start + a, start + b) for answer in gold.answers[:1] for a, b in find_quote(quote, answer)[:1]]
    words = html.dressed(passage.text, strong or [(start, end)], [(start, end)])
    return (
        f'<div class="from"><div class="head"><span class="path">{html.crumb(passage)}</span></div>'
        f'<div class="passage" dir="auto" data-open="{place_of(passage, [span])}">{words}</div></div>'
    )


def _row(gold: Gold, bench: Bench, t: MeasureTexts) -> str:
    name = safe(gold.id)
    moved = any(piece.state == "moved" for piece in gold.pieces)
    badge = f'<span class="badge stale">{t.is_stale}</span>' if gold.is_stale else ""
    badge += f'<span class="badge moved">{t.is_moved}</span>' if moved else ""
    answer = (
        f'<p class="answer-of" dir="auto">{safe(gold.answers[0])}</p>' if gold.answers else f'<p class="answer-of none">{t.no_words}</p>'
    )
    made = t.made_page if gold.made == "passage" else t.made_draft
    pieces = "".join(_piece(piece, bench) for piece in gold.pieces)
    return (
        f'<li class="card{" stale" if gold.is_stale else ""}" data-gold-id="{name}">'
        f'<p class="words" dir="auto">{safe(gold.question)}</p>{answer}<ul class="pieces">{pieces}</ul>'
        f'<div class="foot"><span class="made">{made}</span>{badge}'
        f"<details class='mending'><summary>{t.mend}</summary>{_form(gold, t, new=False)}</details>"
        f'<button type="button" class="quiet" data-judge="delete" data-id="{name}">{t.delete}</button></div></li>'
    )


def _piece(piece: Piece, bench: Bench) -> str:
    """The quote, and the note that it opens."""
    words = f'<q dir="auto">{safe(piece.quote)}</q>'
    passage = bench.around(piece.span.doc_id, piece.span.start, piece.span.end) if piece.span else None
    if piece.span is None or passage is None:
        return f'<li class="gone"><span class="path"><bdi>{safe(piece.doc_id)}</bdi></span>{words}</li>'
    target, where = place_of(passage, [piece.span]), html.crumb(passage)
    return f'<li><button type="button" class="origin" data-open="{target}"><span class="path">{where}</span></button>{words}</li>'
