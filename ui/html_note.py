"""A whole note as HTML, opened at one place. The place travels through the browser and back, so it is checked on return."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from itertools import pairwise
from typing import Literal

from index.notes.ocr import Box
from index.notes.pdf_picture import PagePicture, boxes
from index.types import Document, Mark, MarkKind, Passage
from rag.types import Span
from ui.highlight import Interval, hang, kinds, marked, merged
from ui.i18n import Lang, Texts, texts
from ui.i18n_note import NoteTexts, note_texts
from ui.markdown import Note, rendered

Shape = Literal["page", "read", "source"]
"""How a note is shown: a page of its PDF or a picture in it, its Markdown as what it means, or its text line by line."""

NOTE_LINES = 4000
"""A longer note is shown in part, around the place asked for: a browser does not lay out a million lines."""
NOTE_CHARACTERS = 200_000
LINE_CHARACTERS = 20_000
"""A longer line is shown as several."""
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)


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


@dataclass(frozen=True, slots=True)
class Look:
    """How a note is to be shown: in which of the shapes that it has, with a page's picture if in that one, and what else to say."""

    shape: Shape = "source"
    shapes: tuple[Shape, ...] = ()
    picture: PagePicture | None = None
    told: str = ""


def note(document: Document, target: Target, lang: Lang, look: Look | None = None) -> str:
    """The whole note, the passage tinted and the evidence marked to the character, unless the words there have changed."""
    look = look or Look()
    sheet = _Sheet(document, target, lang)
    if look.picture is not None:
        body, told = _page(sheet, look.picture)
    else:
        body, told = _text(sheet, look.shape)
    told = " ".join(filter(None, (sheet.t.note_changed if not sheet.same else "", look.told, told)))
    aside = f'<p class="told">{told}</p>' if told else ""
    return f"{_header(document, look, sheet.words)}{aside}{body}"


def missing_note(lang: Lang) -> str:
    """In place of a note that the index no longer has."""
    return f'<p class="told">{texts(lang).note_gone}</p>'


def same_words(document: Document, target: Target) -> bool:
    """Whether the words asked for still stand where they stood."""
    places = ((target.start, target.end), *target.spans)
    return digest(document.text[start:end] for start, end in places) == target.check


def page_at(document: Document, target: Target) -> int:
    """The page of a PDF on which the evidence begins, else the passage."""
    return _mark_at(document, target, "page") or 1


def picture_at(document: Document, target: Target) -> int:
    """The picture of a note in which the evidence begins, else the passage; 0 where that is none."""
    return _mark_at(document, target, "picture")


def _mark_at(document: Document, target: Target, kind: MarkKind) -> int:
    start = min((start for start, _ in target.spans if target.start <= start < target.end), default=target.start)
    marks = [mark for mark in document.marks if mark.kind == kind and mark.start <= start] if same_words(document, target) else []
    return int(marks[-1].value or 0) if marks else 0


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with its line feed, or a piece of a very long one."""

    start: int
    end: int
    kind: str
    number: int


@dataclass(slots=True)
class _Sheet:
    """What is shown of which note, and in whose words."""

    document: Document
    target: Target
    lang: Lang
    t: Texts = field(init=False)
    words: NoteTexts = field(init=False)
    same: bool = field(init=False)
    place: Interval = field(init=False)
    spans: tuple[Interval, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.t, self.words = texts(self.lang), note_texts(self.lang)
        self.same = same_words(self.document, self.target)
        self.place = (self.target.start, self.target.end) if self.same else (0, 0)
        self.spans = self.target.spans if self.same else ()


def _header(document: Document, look: Look, words: NoteTexts) -> str:
    """What the drawer's bar takes: the note's name, and the switch between its shapes."""
    page = words.page if document.doc_id.lower().endswith(".pdf") else words.picture
    names = {"page": page, "read": words.text if look.shapes == ("page", "read") else words.read, "source": words.source}
    buttons = "".join(
        f'<button type="button" data-shape="{shape}" aria-pressed="{str(shape == look.shape).lower()}">{names[shape]}</button>'
        for shape in look.shapes
    )
    switch = f'<div class="shapes" role="group" aria-label="{words.shapes}">{buttons}</div>' if len(look.shapes) > 1 else ""
    name = f'<h2 id="note-name"><bdi>{escape(document.title)}</bdi></h2><p><bdi>{escape(document.doc_id)}</bdi></p>'
    return f'<header><div class="name">{name}</div>{switch}</header>'


# Text


def _text(sheet: _Sheet, shape: Shape) -> tuple[str, str]:
    """The note or the part of it around the place, and what to say of that."""
    text = sheet.document.text
    start, end = _window(text, sheet.place[0])
    lines = _lines(sheet.document, start, end)
    if shape == "read":
        lines = _from_a_beginning(lines, sheet.place[0])
    body = _read(sheet, lines) if shape == "read" else _rows(sheet, lines)
    if (start, end) == (0, len(text)):
        return body, ""
    cut = sheet.words.cut if shape == "read" else sheet.t.note_cut
    return body, cut.format(total=text.count("\n") + 1, first=lines[0].number, last=lines[-1].number)


def _window(text: str, at: int) -> tuple[int, int]:
    """What to show: all, or so much around the place as a browser lays out at once, in whole lines unless these are endless."""
    if len(text) <= NOTE_CHARACTERS and text.count("\n") < NOTE_LINES:
        return 0, len(text)
    start, end = text.rfind("\n", 0, at) + 1, _line_end(text, at)
    before = behind = 0
    while before + behind < NOTE_LINES - 1 and end - start < NOTE_CHARACTERS and (start > 0 or end < len(text)):
        if end < len(text) and (start == 0 or behind <= before):
            end = _line_end(text, end)
            behind += 1
        else:
            start = text.rfind("\n", 0, start - 1) + 1
            before += 1
    return max(start, at - NOTE_CHARACTERS // 2), min(end, at + NOTE_CHARACTERS)


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start)
    return found + 1 if found >= 0 else len(text)


def _lines(document: Document, start: int, end: int) -> list[_Line]:
    """The lines of a range, and what each is, so far as its looks depend on it."""
    text = document.text
    rows = text[start : end - 1 if end < len(text) and text[end - 1 : end] == "\n" else end].split("\n")
    fenced = len(_FENCE.findall(text, 0, start)) % 2 == 1
    looks = kinds(rows, fenced) if document.structure == "markdown" else ("" for _ in rows)
    out: list[_Line] = []
    at = start
    for number, (row, look) in enumerate(zip(rows, looks, strict=True), text.count("\n", 0, start) + 1):
        after = at + len(row) + 1
        cuts = [*range(at, after, LINE_CHARACTERS), after]
        out += (_Line(left, right, look, number) for left, right in pairwise(cuts))
        at = after
    return out


def _from_a_beginning(lines: list[_Line], place: int) -> list[_Line]:
    """Without the lines before the place that stand in the middle of a block of code: its end would be taken for a beginning."""
    skipped = 0
    while lines[0].start and skipped < len(lines) and lines[skipped].kind == "code" and lines[skipped].end <= place:
        skipped += 1
    return lines[skipped:] or lines


def _rows(sheet: _Sheet, lines: Sequence[_Line]) -> str:
    """Numbered lines of text."""
    out = [_row(sheet.document.text, line, sheet.place, sheet.spans) for line in lines]
    starts = [line.start for line in lines]
    for mark in reversed(_marks(sheet, lines)):
        out.insert(starts.index(mark.start) if mark.start in starts else 0, _stop(mark, sheet.t))
    return f'<div class="lines">{"".join(out)}</div>'


def _row(text: str, line: _Line, place: Interval, spans: Sequence[Interval]) -> str:
    classes = " ".join(filter(None, ("verse", line.kind, "here" if merged([place], line.start, line.end) else "")))
    indent = hang(text[line.start : line.end].rstrip("\n"))
    row = marked(text, spans, (), line.start, line.end)
    return f'<div class="{classes}" dir="auto" data-n="{line.number}" style="--in:{indent}">{row}</div>'


def _read(sheet: _Sheet, lines: Sequence[_Line]) -> str:
    """What Markdown means, part by part: each page, slide, cell or half minute under its own name."""
    text = sheet.document.text
    starts = [line.start for line in lines]

    def source(start: int, end: int) -> str:
        chosen = lines[max(0, bisect_right(starts, start) - 1) : bisect_left(starts, end)]
        rows = "".join(_row(text, line, sheet.place, sheet.spans) for line in chosen)
        return f'<div class="lines raw">{rows}</div>'

    whole = Note(text, sheet.spans, sheet.place, source, sheet.words.table, sheet.words.front)
    first, last = lines[0].start, min(lines[-1].end, len(text))
    marks = _marks(sheet, lines)
    cuts = [*dict.fromkeys([first, *(mark.start for mark in marks if mark.start > first)]), last]
    named = {max(mark.start, first): mark for mark in marks}
    parts = [
        (_stop(named[left], sheet.t) if left in named else "") + "".join(rendered(whole, left, right)) for left, right in pairwise(cuts)
    ]
    return f'<div class="read">{"".join(parts)}</div>'


def _marks(sheet: _Sheet, lines: Sequence[_Line]) -> list[Mark]:
    """The places of the source file that begin in these lines, and the one that they begin in."""
    first, last = lines[0].start, lines[-1].end
    before = [mark for mark in sheet.document.marks if mark.start <= first]
    return [*before[-1:], *(mark for mark in sheet.document.marks if first < mark.start < last)]


def _stop(mark: Mark, t: Texts) -> str:
    """What stands between two slides, cells, pages or half minutes."""
    if not mark.value:  # a picture has ended
        return ""
    form = {"page": t.page, "slide": t.slide, "cell": t.cell, "time": "{value}", "picture": t.picture}[mark.kind]
    return f'<p class="stop" data-kind="{mark.kind}"><span>{form.format(value=escape(mark.value))}</span></p>'


# A page of a PDF, or a picture


def _page(sheet: _Sheet, picture: PagePicture) -> tuple[str, str]:
    """The picture with the words marked on it; where they cannot be found there, its text below, and that it is so."""
    text, start, end = sheet.document.text, *_page_range(sheet.document, picture)
    page_text = text[start:end]
    wanted = [(a - start, b - start) for a, b in merged(sheet.spans, start, end) if text[a:b].strip()]
    found = [boxes(picture.glyphs, page_text, a, b) for a, b in wanted]
    tinted = [box for a, b in merged([sheet.place], start, end) for box in _tint(picture, page_text, a - start, b - start)]
    shown = "".join(_box(box, "here") for box in tinted) + "".join(_box(box, "evidence") for each in found for box in each)
    paper = (
        f'<figure class="paper of-{picture.kind}"><img src="data:{picture.media_type};base64,{b64encode(picture.image).decode()}" '
        f'width="{picture.width}" height="{picture.height}" alt="{_name(picture, sheet.words)}">{shown}</figure>'
    )
    if all(found) or not wanted:
        return _pages(picture, sheet.words) + paper, ""
    return _pages(picture, sheet.words) + paper + _read(sheet, _lines(sheet.document, start, end)), sheet.words.words_not_found


def _tint(picture: PagePicture, text: str, start: int, end: int) -> Iterator[Box]:
    """The lines of the passage that can be found; a tint may have gaps."""
    at = start
    for line in text[start:end].splitlines(keepends=True):
        yield from boxes(picture.glyphs, text, at, at + len(line))
        at += len(line)


def _name(picture: PagePicture, words: NoteTexts) -> str:
    return (words.picture_picture if picture.kind == "picture" else words.page_picture).format(value=picture.page)


def _page_range(document: Document, picture: PagePicture) -> Interval:
    """Where the text of a page or a picture begins and ends; an empty range where it holds none."""
    marks = [*document.marks, Mark(len(document.text), "page", "")]
    wanted = picture.kind, str(picture.page)
    return next(((mark.start, after.start) for mark, after in pairwise(marks) if (mark.kind, mark.value) == wanted), (0, 0))


def _box(box: Box, name: str) -> str:
    left, top, right, bottom = (100 * each for each in box)
    style = f"left:{left:.2f}%;top:{top:.2f}%;width:{right - left:.2f}%;height:{bottom - top:.2f}%"
    return f'<i class="box {name}" style="{style}" aria-hidden="true"></i>'


def _pages(picture: PagePicture, words: NoteTexts) -> str:
    """The buttons that turn pages; a note of one picture has none."""
    pictured = picture.kind == "picture"
    if pictured and picture.pages == 1:
        return ""
    turns = (words.picture_before, words.picture_after) if pictured else (words.page_before, words.page_after)
    before, after = (
        f'<button type="button" data-page="{page}" aria-label="{name}"{"" if 1 <= page <= picture.pages else " disabled"}>{sign}</button>'
        for page, name, sign in ((picture.page - 1, turns[0], "‹"), (picture.page + 1, turns[1], "›"))
    )
    where = (words.picture_of if pictured else words.page_of).format(value=picture.page, total=picture.pages)
    name = words.pictures if pictured else words.pages
    return f'<nav class="pages" aria-label="{name}">{before}<span role="status">{where}</span>{after}</nav>'
