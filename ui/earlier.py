"""Answers that the reader's browser keeps: what was asked and answered, with citations that find their words again in today's notes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from index.split import locator
from index.types import Document, Passage
from rag import citations
from rag.citations import Citation, Notes, cite, locate
from rag.types import Answer, Hit, Span, Turn
from ui.highlight import kinds
from ui.html_note import digest
from ui.view import Json

KEPT = 30
"""Answers that are kept, newest first."""
ROOM = 200_000
"""Characters of JSON that they may take: browsers give a page some millions, and every question carries them to the server."""
_AROUND = 500
"""Characters of a paragraph shown before and behind the cited words, to the line's end."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer as it is kept. Where it was refused, `text` is empty and `message` says why."""

    question: str
    searched: str
    text: str
    message: str
    confidence: float
    cited: tuple[Citation, ...]

    @property
    def key(self) -> str:
        """The name by which the page asks for it; the same question searched in the same way has one."""
        return digest((self.question, self.searched))


@dataclass(frozen=True, slots=True)
class Recalled:
    """An earlier answer over today's notes: the words that stand there still, where they do, and those that are gone."""

    earlier: Earlier
    answer: Answer
    gone: tuple[Citation, ...]


def earlier_of(answer: Answer, notes: Notes) -> Earlier:
    """What is kept of an answer. Words that a commit has changed since it was given cannot be cited and are left out."""
    cited = tuple(each for span in answer.spans if (each := _cited(span, notes)))
    return Earlier(answer.question, answer.searched or answer.question, answer.text, answer.message, answer.confidence, cited)


def keep(kept: Iterable[Earlier], new: Earlier) -> tuple[Earlier, ...]:
    """The new answer before those kept so far, without an older one to the same question; as many as there is room for."""
    room = ROOM
    out: list[Earlier] = []
    for each in (new, *(each for each in kept if each.key != new.key)):
        size = len(json.dumps(asdict(each), ensure_ascii=False))
        if size <= room and len(out) < KEPT:
            room -= size
            out.append(each)
    return tuple(out)


def to_json(kept: Iterable[Earlier]) -> list[Json]:
    """The answers as the browser keeps them, for `from_json`."""
    return [asdict(each) for each in kept]


def from_json(value: object) -> tuple[Earlier, ...]:
    """What `to_json` wrote, without whatever is not of its form: it comes back from outside, or from another version."""
    rows = value[:KEPT] if isinstance(value, list) else []
    return tuple(each for row in rows if (each := _from_json(row)))


def history(talk: Sequence[Earlier]) -> tuple[Turn, ...]:
    """A conversation as the pipeline takes it. The first question names its topic, even where it was a follow-up itself once."""
    return tuple(Turn(each.question if number else each.searched, each.text) for number, each in enumerate(talk))


def recall(earlier: Earlier, notes: Notes) -> Recalled:
    """The answer with each of its citations where the words stand today."""
    found = [(citation, locate(citation, notes)) for citation in earlier.cited]
    spans = tuple(span for _, span in found if span)
    hits = tuple(Hit(passage, 0.0) for passage in _paragraphs(spans, notes))
    answer = Answer(
        earlier.question, earlier.text, spans, earlier.confidence, hits, not earlier.text, earlier.message, searched=earlier.searched
    )
    return Recalled(earlier, answer, tuple(citation for citation, span in found if span is None))


def _cited(span: Span, notes: Notes) -> Citation | None:
    try:
        return cite(notes.document(span.doc_id), span)
    except (KeyError, ValueError):
        return None


def _from_json(value: object) -> Earlier | None:
    match value:
        case {
            "question": str(question), "searched": str(searched), "text": str(text), "message": str(message),
            "confidence": float() | int() as confidence, "cited": [*rows],
        } if 0 <= confidence <= 1:  # fmt: skip
            try:
                return Earlier(question, searched, text, message, float(confidence), tuple(citations.from_json(row) for row in rows))
            except ValueError:
                return None
    return None


def _paragraphs(spans: Sequence[Span], notes: Notes) -> Iterator[Passage]:
    """The paragraphs that hold the spans, each once."""
    seen: set[str] = set()
    for span in spans:
        passage = _paragraph(notes.document(span.doc_id), span)
        if passage.passage_id not in seen:
            seen.add(passage.passage_id)
            yield passage


def _paragraph(document: Document, span: Span) -> Passage:
    """The paragraph around a span, under the heading it stands under."""
    text = document.text
    start = _begin(text, span.start)
    end = _end(text, span.end)
    heading = _heading(document, start)
    return Passage(document.doc_id, document.title, (heading,) if heading else (), text[start:end], start, end, locator(document)(start))


def _begin(text: str, at: int) -> int:
    """Where the paragraph begins, or a line of it not much more than `_AROUND` characters before."""
    blank = text.rfind("\n\n", 0, at)
    start = blank + 2 if blank >= 0 else 0
    return start if at - start <= _AROUND else max(start, text.rfind("\n", 0, at - _AROUND) + 1, at - 2 * _AROUND)


def _end(text: str, at: int) -> int:
    blank = text.find("\n\n", at)
    end = blank if blank >= 0 else len(text)
    if end - at <= _AROUND:
        return end
    line = text.find("\n", at + _AROUND)
    return min(end, line if line >= 0 else end, at + 2 * _AROUND)


def _heading(document: Document, at: int) -> str:
    if document.structure != "markdown":
        return ""
    rows = document.text[:at].split("\n")
    return next((row.strip("# ") for row, kind in reversed([*zip(rows, kinds(rows), strict=True)]) if kind == "heading"), "")
