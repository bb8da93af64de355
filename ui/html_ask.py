"""What stands around a question, as HTML fragments: passages found while it is typed, what it is narrowed to, and the keys."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from index.types import Filter
from rag.types import Glance, Hit
from ui import html
from ui.highlight import Interval
from ui.html_note import place_of
from ui.i18n import Lang, Texts, texts
from ui.i18n_ask import AskTexts, ask_texts
from ui.scope import KINDS, Offer, to_json

EXCERPT = 240
"""Characters of a passage shown while a question is typed, to the end of a line or word."""
_BEFORE = 40
"""Characters before the first mark, where a line is too long to be shown from its beginning."""
ENTER = "<kbd>Enter</kbd>"

Choices = list[tuple[str, str | int | float]]


# While typing


def glanced(glance: Glance, lang: Lang) -> str:
    """The passages found so far; empty where so little is typed that nothing can be said."""
    t, words = ask_texts(lang), texts(lang)
    if not glance.hits:
        return _nothing(glance, t) if len(glance.question.strip()) > 1 else ""
    rows = "".join(_row(hit, words) for hit in glance.hits)
    count = t.typing_count.format(count=len(glance.hits))
    return (
        f'<section class="glance" aria-label="{t.typing}"><div class="bar-title"><h2>{t.typing}</h2><span role="status">{count}</span>'
        f'<span class="then">{t.typing_hint.format(enter=ENTER)}</span></div>{_meant(glance, words)}<ol>{rows}</ol></section>'
    )


def _nothing(glance: Glance, t: AskTexts) -> str:
    return (
        f'<section class="glance none" aria-label="{t.typing}"><p role="status">{t.typing_none}</p>'
        f"<p>{t.typing_none_hint.format(enter=ENTER)}</p></section>"
    )


def _meant(glance: Glance, words: Texts) -> str:
    """What was searched where it is not what was typed: a topic carried along, a slip mended, which a click undoes."""
    carried = f'<p class="searched"><span>{words.searched}</span> {escape(glance.searched)}</p>' if glance.searched else ""
    if not glance.repairs:
        return carried
    button = f'<button type="button" class="undo" data-as-typed>{words.as_typed}</button>'
    return f'{carried}<p class="repaired"><span>{escape(html.searched_for(glance.repairs, words))}</span> {button}</p>'


def _row(hit: Hit, t: Texts) -> str:
    passage = hit.passage
    target = place_of(passage, ())
    start, end = excerpt(passage.text, hit.marks)
    marks = [(left - start, right - start) for left, right in hit.marks]
    cut = ("…" if start else "", "…" if end < len(passage.text.rstrip()) else "")
    shown = html.dressed(passage.text[start:end].strip("\n"), (), marks)
    return (
        f'<li class="card source" tabindex="-1" data-passage="{escape(passage.passage_id)}"><div class="head">'
        f'<button type="button" class="path" data-open="{target}" title="{escape(passage.doc_id)}">{html.crumb(passage)}</button>'
        f'<span class="where">{html.place(passage.locator, t)}</span></div>'
        f'<div class="passage" dir="auto" data-before="{cut[0]}" data-after="{cut[1]}" data-open="{target}">{shown}</div></li>'
    )


def excerpt(text: str, marks: Sequence[Interval], room: int = EXCERPT) -> Interval:
    """The part of a passage with the most marks: whole lines, or where a line is too long a part of it from a word on."""
    lines = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
    starts = [at for at in lines if at < len(text) and text[at : at + room].strip()] or [0]
    begins = {_begin(text, lines[bisect_right(lines, left) - 1], left, room) for left, _ in marks} | {starts[0]}
    start = max(sorted(begins), key=lambda at: sum(at <= left and right <= at + room for left, right in marks))
    return start, _end(text, start, room)


def _begin(text: str, line: int, mark: int, room: int) -> int:
    if mark - line < room // 2:
        return line
    at = text.find(" ", mark - _BEFORE, mark)
    return at + 1 if at >= 0 else mark


def _end(text: str, start: int, room: int) -> int:
    if len(text) - start <= room:
        return len(text)
    cut = max(text.rfind("\n", start, start + room), text.rfind(" ", start, start + room))
    return cut if cut - start > room // 2 else start + room


# What is searched


def chips(kept: Filter, offered: Offer, lang: Lang) -> str:
    """What the search is narrowed to, each of it to be taken out by a click; the page's script reads the filter off it."""
    if not kept:
        return ""
    t = ask_texts(lang)
    buttons = "".join(_chip(kind, value, offered, t) for kind in KINDS for value in getattr(kept, kind))
    value = escape(json.dumps(to_json(kept), ensure_ascii=False))
    return (
        f'<div class="scope" role="group" aria-label="{t.scope}" data-kept="{value}"><span>{t.scope}</span>{buttons}'
        f'<button type="button" class="clear" data-drop="all">{t.clear}</button></div>'
    )


def _chip(kind: str, value: str | int, offered: Offer, t: AskTexts) -> str:
    name = escape(html.named(kind, value, offered, t))
    return (
        f'<button type="button" class="off" data-drop="{kind}" data-value="{escape(str(value))}" aria-label="{t.drop.format(name=name)}">'
        f'<span>{name}</span><i aria-hidden="true">×</i></button>'
    )


def choices(kind: str, offered: Offer, lang: Lang) -> Choices:
    """What a dropdown offers; notes of one title are told apart by where they lie."""
    t = ask_texts(lang)
    if kind != "notes":
        return [(html.named(kind, value, offered, t), value) for value in getattr(offered, kind)]
    titles = Counter(title for _, title in offered.titles)
    return [(title if titles[title] == 1 else f"{title} · {doc_id}", doc_id) for doc_id, title in offered.titles]


# What the script says


def script_words(lang: Lang) -> dict[str, str]:
    """What the page's script has to say about the question box by itself."""
    return {"keys": keys_help(lang), "all": ask_texts(lang).scope_pick, "cut": ask_texts(lang).cut}


def keys_help(lang: Lang) -> str:
    """The dialog that lists the keys."""
    t = ask_texts(lang)
    rows: Iterable[tuple[Sequence[str], str]] = (
        (("/",), t.key_question), (("Enter",), t.key_ask), (("↓",), t.key_down), (("j", "k"), t.key_step),
        (("Enter",), t.key_open), (("Esc",), t.key_close), (("?",), t.key_help),
    )  # fmt: skip
    list_ = "".join(f"<dt>{' '.join(f'<kbd>{key}</kbd>' for key in keys)}</dt><dd>{said}</dd>" for keys, said in rows)
    return (
        f'<div class="sheet-bar"><h2 id="help-title">{t.keys}</h2><button type="button" class="close">{texts(lang).close}</button></div>'
        f"<dl>{list_}</dl>"
    )
