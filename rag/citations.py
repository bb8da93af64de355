"""Citations that outlive a change of the notes: the words, where they stood, and what stood around them.

The idea is the W3C's: a text quote selector beside a text position selector (Web Annotation Data Model, 2017, sections 4.2.4 and 4.2.5).
A place is given back only where it surely is the one meant; else the words are gone, and whoever shows the citation says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from index.types import Document, DocumentInfo
from rag.quotes import find_quote, unspaced
from rag.types import Span

AROUND = 32
"""Characters kept before and behind the words."""
_WINDOW = 4 * AROUND
"""Characters read around a place: white space may have grown between the words."""
_LONG = 20
"""Words of so many characters, white space aside, are known again by themselves; fewer need something of what stood around them."""
_ENOUGH = 12
"""So many characters around, white space aside, or all that were kept, show where they stand that a short quote is the one meant."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Words of a note: `document.text[start:end] == quote` when cited, between `prefix` and `suffix` of up to `AROUND` characters."""

    doc_id: str
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str


class Notes(Protocol):
    """What `locate` needs of an index."""

    def documents(self) -> Sequence[DocumentInfo]: ...

    def document(self, doc_id: str) -> Document: ...


@dataclass(frozen=True, slots=True, order=True)
class _Likeness:
    """How much of what stood around a citation still does: sides that are whole, characters, and how near the place is to the old one."""

    sides: int
    characters: int
    nearness: int


def cite(document: Document, span: Span) -> Citation:
    """The citation of a span; ValueError where its quote is blank or is not what stands there in this document."""
    there = document.text[span.start : span.end]
    if span.doc_id != document.doc_id or there != span.quote or span.start < 0 or not span.quote.strip():
        raise ValueError(f"{span.doc_id}#{span.start}-{span.end} says {span.quote!r}; {document.doc_id} holds {there!r} there")
    prefix, suffix = document.text[max(0, span.start - AROUND) : span.start], document.text[span.end : span.end + AROUND]
    return Citation(span.doc_id, span.start, span.end, span.quote, prefix, suffix)


def anchor(citation: Citation, document: Document) -> Span | None:
    """Where the cited words stand in a note today, or None where they are gone.

    The old place, if everything around it is as it was; else the place of these words whose surroundings are most alike, white space
    aside, the nearest of equals. A short quote that has lost all its surroundings is another one.
    """
    if _untouched(citation, document.text):
        return Span(document.doc_id, citation.start, citation.end, citation.quote)
    best = max(_places(citation, document), default=None, key=lambda place: place[0])
    return best[1] if best else None


def locate(citation: Citation, notes: Notes) -> Span | None:
    """Where the cited words stand in the notes today: in their own note, else in another that alone has them; None where they are gone.

    Reads the other notes only where their own has lost the words.
    """
    with suppress(KeyError):
        if found := anchor(citation, notes.document(citation.doc_id)):
            return found
    others = [info.doc_id for info in notes.documents() if info.doc_id != citation.doc_id]
    moved = [span for doc_id in others for _, span in _places(citation, notes.document(doc_id))]
    return moved[0] if len(moved) == 1 else None


def from_json(value: object) -> Citation:
    """The citation whose fields JSON has (`dataclasses.asdict`); ValueError for anything else, as it may come from outside."""
    match value:
        case {
            "doc_id": str(doc_id), "start": int(start), "end": int(end), "quote": str(quote), "prefix": str(prefix), "suffix": str(suffix),
        } if isinstance(value, Mapping) and 0 <= start < end == start + len(quote) and quote.strip():  # fmt: skip
            return Citation(doc_id, start, end, quote, prefix[-AROUND:], suffix[:AROUND])
    raise ValueError("not a citation")


def _untouched(citation: Citation, text: str) -> bool:
    before = max(0, citation.start - len(citation.prefix))
    whole = citation.prefix + citation.quote + citation.suffix
    return text[before : citation.end + len(citation.suffix)] == whole and before + len(citation.prefix) == citation.start


def _places(citation: Citation, document: Document) -> Iterator[tuple[_Likeness, Span]]:
    """The places of the words in a note that may be the one meant."""
    long = len(unspaced(citation.quote)) >= _LONG
    enough = min(_ENOUGH, len(unspaced(citation.prefix + citation.suffix)))
    for start, end in find_quote(document.text, citation.quote):
        likeness = _likeness(citation, document.text, start, end)
        if long or likeness.sides or 0 < enough <= likeness.characters:
            yield likeness, Span(document.doc_id, start, end, document.text[start:end])


def _likeness(citation: Citation, text: str, start: int, end: int) -> _Likeness:
    before = _side(citation.prefix[::-1], text[max(0, start - _WINDOW) : start][::-1])
    behind = _side(citation.suffix, text[end : end + _WINDOW])
    return _Likeness(before[0] + behind[0], before[1] + behind[1], -abs(start - citation.start))


def _side(kept: str, there: str) -> tuple[bool, int]:
    """Whether one side is whole, and how many characters of it next to the words are, white space aside.

    A side shorter than `AROUND` ended with the note, and is whole only where the note ends there still.
    """
    mine, theirs = unspaced(kept), unspaced(there)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(mine, theirs, strict=False)))
    return (same == len(mine) if len(kept) == AROUND else mine == theirs), same
