"""Earlier answers as HTML fragments: one opened again over today's notes, the list of them, and the conversation that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.citations import Citation
from rag.types import Hit, Span
from ui import html, view
from ui.earlier import Earlier, Recalled
from ui.html_note import place_of
from ui.html_voice import read_aloud
from ui.i18n import Lang, Texts, texts

_GLIMPSE = 90
"""Characters of an answer shown in the list."""


def answer_side(shown: Recalled, lang: Lang) -> str:
    """The left column: the answer as it was given, where its words stand now, and which of them are gone."""
    t = texts(lang)
    again = (
        f'<p class="kept"><span>{t.kept}</span><button type="button" class="again" data-act="ask" '
        f'data-question="{escape(shown.earlier.searched)}">{t.ask_again}</button></p>'
    )
    return f'<section class="card answer recalled">{html.asked(shown.answer, t)}{again}{_told(shown, t)}{_gone(shown.gone, t)}</section>'


def source_side(shown: Recalled, lang: Lang) -> str:
    """The right column: the paragraphs in which the cited words stand now."""
    t = texts(lang)
    if not shown.answer.hits:
        return f'<section class="sources"><p class="none">{t.words_nowhere if shown.gone else t.no_sources_kept}</p></section>'
    cards = "".join(_source(hit, rank, shown.answer.spans, t) for rank, hit in enumerate(shown.answer.hits, 1))
    return (
        f'<section class="sources" aria-label="{t.sources}"><div class="bar-title"><h2>{t.sources}</h2>'
        f'<span class="legend"><mark class="evidence">{t.evidence}</mark></span></div><ol>{cards}</ol></section>'
    )


def trail(kept: Sequence[Earlier], talk: Sequence[Earlier], lang: Lang) -> str:
    """Below the answer: the way on or back in this conversation, and the questions asked before it."""
    t = texts(lang)
    said = {each.key for each in talk}
    before = [each for each in kept if each.key not in said]
    return (_onward(talk, t) if talk else "") + (_before(before, t, unfolded=not talk) if before else "")


def _told(shown: Recalled, t: Texts) -> str:
    if shown.answer.abstained:
        return f"<h2>{escape(html.spoken(shown.answer.message or t.not_found, t).partition('. ')[0])}</h2>"
    many = " many" if "\n" in shown.answer.text else ""
    return (
        f'<p class="label">{t.answer}{read_aloud(shown.answer.text, t.lang)}</p>'
        f'<div class="text{many}" dir="auto">{html.worded(shown.answer.text)}</div>'
        f"{html.sureness(shown.answer.confidence, t)}{html.origins(shown.answer, t)}"
    )


def _gone(gone: Sequence[Citation], t: Texts) -> str:
    if not gone:
        return ""
    rows = "".join(f'<li><q dir="auto">{escape(each.quote)}</q><span>{escape(each.doc_id)}</span></li>' for each in gone)
    return f'<div class="gone" role="note"><p>{t.words_gone}</p><ul>{rows}</ul></div>'


def _source(hit: Hit, rank: int, spans: Sequence[Span], t: Texts) -> str:
    passage = hit.passage
    target = place_of(passage, spans)
    return (
        f'<li class="card source cited" data-passage="{escape(passage.passage_id)}">'
        f'<div class="head"><span class="rank" aria-hidden="true">{rank}</span>'
        f'<span class="path" title="{escape(passage.doc_id)}">{html.crumb(passage)}</span>'
        f'<span class="where">{html.place(passage.locator, t)}</span></div>'
        f'<div class="passage" dir="auto" data-open="{target}">{html.dressed(passage.text, view.evidence(hit, spans))}</div>'
        f'<div class="foot"><button type="button" class="open" data-open="{target}">'
        f'{t.open_note}<span class="visually-hidden">: {escape(passage.title)}</span></button></div></li>'
    )


def _onward(talk: Sequence[Earlier], t: Texts) -> str:
    """That a follow-up carries the topic along, how to begin anew, and what this conversation asked before, newest first."""
    said = "".join(_row(each, each.question, t) for each in reversed(talk[:-1]))
    turns = f'<p class="label">{t.talk}</p><ul class="turns">{said}</ul>' if said else ""
    return (
        f'<section class="onward" aria-label="{t.talk}"><div class="way"><p>{t.onward}</p>'
        f'<button type="button" class="anew" data-act="anew">{t.anew}</button></div>{turns}</section>'
    )


def _before(kept: Sequence[Earlier], t: Texts, unfolded: bool) -> str:
    rows = "".join(_row(each, each.searched, t) for each in kept)  # outside its conversation a follow-up needs its topic
    return (
        f'<details class="earlier"{" open" if unfolded else ""}><summary>{t.earlier} <span>{len(kept)}</span></summary>'
        f'<ul class="turns">{rows}</ul><p class="hint"><span>{t.earlier_note}</span>'
        f'<button type="button" class="forget" data-act="forget">{t.forget}</button></p></details>'
    )


def _row(earlier: Earlier, question: str, t: Texts) -> str:
    said = " ".join(earlier.text.split())
    glimpse = said if len(said) <= _GLIMPSE else said[:_GLIMPSE].rstrip() + "…"
    return (
        f'<li><button type="button" class="recall" data-act="recall" data-key="{earlier.key}">'
        f'<span class="question">{escape(question)}</span>'
        f'<span class="glimpse" dir="auto">{escape(glimpse) if glimpse else t.unanswered}</span></button></li>'
    )
