"""The map of the passages as inline SVG: a point for each, its shape and colour those of its folder or note."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from index.projection import Plane
from index.types import Passage
from ui import html
from ui.count import Count
from ui.html_holdings import natural
from ui.html_note import place_of
from ui.i18n import Lang, texts
from ui.i18n_notes import notes_texts

MOST = 2000
"""Points drawn at most."""
GROUPS = 16
"""Groups with a look of their own, eight in full and eight in outline; the others share one."""
SIDE, EDGE = 600, 16
"""The side of the drawing and its margin, in its own units."""
WORDS = 120
"""Characters of a passage that a point tells."""

_SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",  # disc
    "M-4.5-4.5h9v9h-9z",  # square
    "M0-5.8L5.4 4H-5.4z",  # triangle
    "M0-6.2L6.2 0 0 6.2-6.2 0z",  # diamond
    "M0 5.8L5.4-4H-5.4z",  # triangle on its head
    "M-2-5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z",  # plus
    "M0-6L5.7-1.9 3.5 4.9h-7L-5.7-1.9z",  # pentagon
    "M-5.5-3h11v6h-11z",  # bar
)
_REST = "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
_SIGNS = re.compile(r"(?m)^\s*(?:#{1,6}|[-*+>]|\d+\.)\s+|[*`|]+")
"""What Markdown writes around words, of no use to a glimpse."""


def grouped(labels: Sequence[str]) -> tuple[list[int], list[str]]:
    """The group of each label, and the names of the groups: the most frequent have one each, the others share the last."""
    counts = Counter(labels)
    own = sorted(sorted(counts, key=lambda label: (-counts[label], label))[:GROUPS], key=natural)
    order: Mapping[str, int] = {label: number for number, label in enumerate(own)}
    return [order.get(label, GROUPS) for label in labels], own


def map_of(plane: Plane, passages: Sequence[Passage], labels: Sequence[str], total: int, dim: int, lang: Lang) -> str:
    """The map of passages, each with the label of its group; `total` is how many the index has, `dim` how long its vectors are."""
    t = notes_texts(lang)
    close = f'<button type="button" class="shut" data-do="close">{t.close}</button>'
    title = f'<div class="bar-title"><h2>{t.map}</h2>{close}</div>'
    if len(passages) < 3:
        return f'<section class="card map">{title}<p class="hint">{t.map_few}</p></section>'
    groups, names = grouped(labels)
    share = t.map_share.format(dim=dim, share=round(100 * plane.share))
    sampled = f" {t.map_sampled.format(total=Count(total), shown=Count(len(passages)))}" if len(passages) < total else ""
    points = "".join(
        _point(x, y, group, passage, lang) for (x, y), group, passage in zip(plane.points.tolist(), groups, passages, strict=True)
    )
    return (
        f'<section class="card map">{title}<p class="hint">{t.map_note}{sampled}</p>'
        f'<svg class="sky" data-sky viewBox="0 0 {SIDE} {SIDE}" tabindex="0" role="application" aria-label="{t.map_keys}" '
        f'data-said-open="{texts(lang).open_note}">'
        f'{points}<path class="ring" d="M-10 0a10 10 0 1 0 20 0a10 10 0 1 0-20 0" visibility="hidden"/></svg>'
        f'<div class="told-point" aria-live="polite"><p class="hint">{t.map_hover}</p></div>'
        f'{_legend(Counter(groups), names, t.map_rest, t.map_groups)}<p class="hint">{share}</p></section>'
    )


def _point(x: float, y: float, group: int, passage: Passage, lang: Lang) -> str:
    """One passage; its words stand in its attributes until it is pointed at."""
    across, down = (EDGE + (SIDE - 2 * EDGE) * value for value in (x, 1 - y))
    first = " ".join(_SIGNS.sub(" ", passage.text).split())
    words = first if len(first) <= WORDS else first[:WORDS].rstrip() + "…"
    head = " › ".join((passage.title, *(part for part in passage.section if part != passage.title)))
    where = html.place(passage.locator, texts(lang))
    return (
        f'<path {_looks(group)} transform="translate({across:.1f} {down:.1f})" '
        f'data-open="{place_of(passage, ())}" data-group="{group}" data-head="{escape(head)}" data-where="{where}" '
        f'data-words="{escape(words)}"/>'
    )


def _looks(group: int) -> str:
    """Colour and shape of a group: the second eight have the shapes of the first in outline."""
    if group == GROUPS:
        return f'class="dot rest" d="{_REST}"'
    return f'class="dot g{group % len(_SHAPES)}{" outlined" if group >= len(_SHAPES) else ""}" d="{_SHAPES[group % len(_SHAPES)]}"'


def _legend(counts: Counter[int], names: Sequence[str], rest: str, note: str) -> str:
    shown = [(number, name) for number, name in enumerate(names)] + ([(GROUPS, rest)] if counts[GROUPS] else [])
    buttons = "".join(
        f'<button type="button" class="mark" data-light="{number}" aria-pressed="false"><svg viewBox="-7 -7 14 14" aria-hidden="true">'
        f"<path {_looks(number)}/></svg><span>{escape(name)}</span> <b>{counts[number]:,}</b></button>"
        for number, name in shown
    )
    return f'<div class="groups" role="group" aria-label="{note}">{buttons}</div>'
