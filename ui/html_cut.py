"""One note as it is searched, as HTML: its passages one after the other, with what each hangs under and how long it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from index.types import Document, Passage
from ui import html
from ui.count import Count
from ui.html_note import place_of
from ui.i18n import Lang, texts
from ui.i18n_notes import NotesTexts, notes_texts, said

SHOWN = 150
"""Passages shown at a time."""


def start(lang: Lang, *, can_look: bool, can_draw: bool) -> str:
    """Before a note is chosen."""
    t = notes_texts(lang)
    look = f"<h2>{t.side}</h2><p>{t.side_note}</p>" if can_look else ""
    draw = (
        f'<div class="to-map"><h3>{t.map}</h3><p>{t.map_note}</p>'
        f'<button type="button" class="way" data-do="map">{t.map_draw}</button></div>'
        if can_draw
        else ""
    )
    return f'<section class="card side-start">{look}{draw}</section>' if look or draw else ""


def missing(lang: Lang) -> str:
    """In place of a note that is not in the index."""
    t = notes_texts(lang)
    return f'<section class="card cut">{_shut(t)}<p class="hint">{t.cut_gone}</p></section>'


def cut(document: Document, passages: Sequence[Passage], first: int, lang: Lang) -> str:
    """The passages of a note, `SHOWN` of them from `first` on."""
    t = notes_texts(lang)
    first = max(0, min(first, len(passages) - 1))
    shown = passages[first : first + SHOWN]
    warnings = "".join(f'<p class="warning">{escape(said(warning, lang))}</p>' for warning in document.warnings)
    top = place_of(Passage(document.doc_id, document.title, (), "", 0, 0, passages[0].locator), ()) if passages else ""
    whole = f'<button type="button" class="open" data-open="{top}">{t.whole}</button>' if top else ""
    rows = "".join(_passage(passage, first + n, lang) for n, passage in enumerate(shown, 1))
    body = f"<ol>{rows}</ol>" if passages else f'<p class="hint">{t.no_passages}</p>'
    return (
        f'<section class="card cut" aria-label="{escape(document.title)}">{_shut(t)}<h2 dir="auto">{escape(document.title)}</h2>'
        f'<p class="doc"><bdi>{escape(document.doc_id)}</bdi> {whole}</p><p class="hint">{t.cut_note}</p>{warnings}'
        f"{body}{_pages(document.doc_id, first, len(passages), t)}</section>"
    )


def _shut(t: NotesTexts) -> str:
    close = f'<button type="button" class="shut" data-do="close">{t.close}</button>'
    return f'<div class="bar-title"><span class="over-title">{t.cut}</span>{close}</div>'


def _passage(passage: Passage, number: int, lang: Lang) -> str:
    """One passage; its first line is the button's name, its whole text opens the note as well."""
    t, page = notes_texts(lang), texts(lang)
    target = place_of(passage, ())
    path = " › ".join(f"<bdi>{escape(part)}</bdi>" for part in passage.section or (passage.title,))
    under = f'<p class="under">{" › ".join(escape(parent) for parent in passage.parents)}</p>' if passage.parents else ""
    size = t.characters.format(count=Count(len(passage.text)))
    return (
        f'<li class="piece" data-passage="{escape(passage.passage_id)}"><div class="head"><span class="rank">{number}</span>'
        f'<span class="path">{path}</span><span class="where">{html.place(passage.locator, page)} · {size}</span></div>{under}'
        f'<div class="passage" dir="auto" data-open="{target}">{html.dressed(passage.text)}</div>'
        f'<button type="button" class="open" data-open="{target}">{page.open_note}'
        f'<span class="visually-hidden">: {number}</span></button></li>'
    )


def _pages(doc_id: str, first: int, total: int, t: NotesTexts) -> str:
    if total <= SHOWN:
        return ""
    doc = escape(doc_id)
    back = f'<button type="button" class="way" data-do="cut" data-doc="{doc}" data-first="{max(0, first - SHOWN)}">{t.cut_back}</button>'
    on = f'<button type="button" class="way" data-do="cut" data-doc="{doc}" data-first="{first + SHOWN}">{t.cut_on}</button>'
    said_where = t.cut_from.format(total=f"{total:,}", first=first + 1, last=min(first + SHOWN, total))
    return f'<p class="pages">{back if first else ""}<span>{said_where}</span>{on if first + SHOWN < total else ""}</p>'
