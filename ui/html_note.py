"""A whole note as HTML, opened at one place. The place travels through the browser and back, so it is checked on return."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from itertools import accumulate

from index.types import Document, Passage
from rag.types import Span
from ui.highlight import Interval, hang, kinds, marked, merged
from ui.i18n import Lang, texts

NOTE_LINES = 4000
"""A longer note is shown in part, around the place asked for: a browser does not lay out a million lines."""


def digest(words: Iterable[str]) -> str:
    """A short fingerprint of the words at some places, to see later whether they still stand there."""
    return sha256("\0".join(words).encode(errors="surrogatepass")).hexdigest()[:16]


def place_of(passage: Passage, spans: Sequence[Span]) -> str:
    """What a click asks the server for, as an attribute value: the place, the evidence in that note, and the fingerprint of those words."""
    own = [span for span in spans if span.doc_id == passage.doc_id]
    value = {
        "doc": passage.doc_id,
        "start": passage.start,
        "end": passage.end,
        "spans": [[span.start, span.end] for span in own],
        "check": digest([passage.text, *(span.quote for span in own)]),
    }
    return escape(json.dumps(value, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Target:
    """A place of a note that a click asks for."""

    doc: str
    start: int
    end: int
    spans: tuple[Interval, ...]
    check: str


def parse_target(value: object) -> Target:
    """Reads what `place_of` wrote; ValueError for anything else, as it comes back from outside."""
    match value:
        case {"doc": str(doc), "start": int(start), "end": int(end), "spans": list(spans), "check": str(check)}:
            pairs = [(a, b) for a, b in spans if isinstance(a, int) and isinstance(b, int)]
            return Target(doc, start, end, tuple(pairs), check)
    raise ValueError("not a place of a note")


def note(document: Document, target: Target, lang: Lang) -> str:
    """The whole note as numbered lines of text, the passage tinted and the evidence marked, unless the words there have changed."""
    t = texts(lang)
    place = (target.start, target.end)
    same = digest(document.text[start:end] for start, end in (place, *target.spans)) == target.check
    place, spans = (place, target.spans) if same else ((0, 0), ())
    lines = _lines(document)
    first, last = _window(lines, place)
    rows = "".join(_line(document.text, lines[n], n + 1, place, spans) for n in range(first, last))
    told = "" if same else t.note_changed
    if last - first < len(lines):
        told += " " + t.note_cut.format(total=len(lines), first=first + 1, last=last)
    aside = f'<p class="told">{told.strip()}</p>' if told else ""
    return f'<header><h2>{escape(document.title)}</h2><p>{escape(document.doc_id)}</p></header>{aside}<div class="lines">{rows}</div>'


def missing_note(lang: Lang) -> str:
    """In place of a note that the index no longer has."""
    return f'<p class="told">{texts(lang).note_gone}</p>'


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    kind: str


def _lines(document: Document) -> list[_Line]:
    """Every line with its line feed, and what each is, so far as its looks depend on it."""
    rows = document.text.split("\n")
    looks = kinds(rows) if document.structure == "markdown" else ("" for _ in rows)
    ends = list(accumulate(len(row) + 1 for row in rows))
    return [_Line(start, end, look) for start, end, look in zip([0, *ends], ends, looks, strict=False)]


def _window(lines: Sequence[_Line], place: Interval) -> tuple[int, int]:
    """Which lines to show: all, or `NOTE_LINES` of them around the place."""
    if len(lines) <= NOTE_LINES:
        return 0, len(lines)
    at = next(n for n, line in enumerate(lines) if line.end > place[0])
    first = max(0, min(at - NOTE_LINES // 2, len(lines) - NOTE_LINES))
    return first, first + NOTE_LINES


def _line(text: str, line: _Line, number: int, place: Interval, spans: Sequence[Interval]) -> str:
    classes = " ".join(filter(None, ("verse", line.kind, "here" if merged([place], line.start, line.end) else "")))
    indent = hang(text[line.start : line.end].rstrip("\n"))
    row = marked(text, spans, (), line.start, line.end)
    return f'<div class="{classes}" dir="auto" data-n="{number}" style="--in:{indent}">{row}</div>'
