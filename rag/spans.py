"""From a sentence of a passage to the exact words of an answer: a whole list, a definition's sentence, what stands behind a label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Passage
from rag.questions import Wants
from rag.types import Span

_ITEM = re.compile(r"([ \t]*)(?:[-*+•·‣◦▪○●※]|\d{1,3}[.)]|[가-하][.)])[ \t]+")
_SIGNS = re.compile(r"[ \t]*(?:(?:[-*+•·‣◦▪○●※]|\d{1,3}[.)]|[가-하][.)]|>|#{1,6})[ \t]+)+")
_LABEL = re.compile(r"(?:\*\*)?([^:：|`$\n]{1,40}?)(?:\*\*)?[:：][ \t]+(?=\S)")
_EMPHASIS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a passage: offsets of its words (without bullet), its indentation, and whether it is a list item."""

    start: int
    end: int
    indent: int
    item: bool


def answer_spans(passage: Passage, start: int, end: int, wanted: Wants, known: Sequence[str] = ()) -> tuple[Span, ...]:
    """The spans that answer, given the sentence `passage.text[start:end]`.

    A list question gets every item of the list that the sentence opens or belongs to. A fact gets what stands behind a label that
    holds one of the question's own words (`known`, lower-cased): "학습률: 3e-4" answers with "3e-4". Anything else gets the sentence.
    """
    if wanted is Wants.LIST and (items := _list_around(passage.text, start)):
        return tuple(_span(passage, line.start, line.end) for line in items)
    start += _length(_SIGNS, passage.text[start:end])
    if wanted is Wants.FACT:
        start += _label(passage.text[start:end], known)
    return (_span(passage, start, end),)


def shown(spans: Sequence[Span]) -> str:
    """The text of an answer: its spans without Markdown emphasis, several joined by commas or, where long, by line breaks."""
    texts = [_EMPHASIS.sub("", span.quote).strip() for span in spans]
    short = all(len(text) <= 40 for text in texts)
    return (", " if short else "\n").join(texts)


def _span(passage: Passage, start: int, end: int) -> Span:
    while end > start and passage.text[end - 1].isspace():
        end -= 1
    return Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end])


def _length(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match and match.end() < len(text) else 0


def _label(text: str, known: Sequence[str]) -> int:
    match = _LABEL.match(text)
    if not match or not any(word in match.group(1).lower() for word in known):
        return 0
    return match.end()


def _lines(text: str) -> list[Line]:
    lines, at = [], 0
    for raw in text.split("\n"):
        match = _ITEM.match(raw)
        if raw.strip():
            indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
            lead = match.end() if match else len(raw) - len(raw.lstrip())
            lines.append(Line(at + lead, at + len(raw.rstrip()), indent, bool(match)))
        at += len(raw) + 1
    return lines


def _list_around(text: str, start: int) -> list[Line]:
    """The items that hang under the line at `start`, else its sibling items; nothing where there is no list."""
    lines = _lines(text)
    here = max((number for number, line in enumerate(lines) if line.start <= start or number == 0), default=0)
    if not lines:
        return []
    line = lines[here]
    below = lines[here + 1 :]
    if below and below[0].item and (not line.item or below[0].indent > line.indent):
        return _run(below, below[0].indent)
    if not line.item:
        return []
    first = here
    while first > 0 and lines[first - 1].item and lines[first - 1].indent >= line.indent:
        first -= 1
    return _run(lines[first:], line.indent)


def _run(lines: Sequence[Line], indent: int) -> list[Line]:
    """Items of one indentation from the first line on, up to what is neither an item nor deeper."""
    run: list[Line] = []
    for line in lines:
        if line.indent < indent or not (line.item or line.indent > indent):
            break
        if line.item and line.indent == indent:
            run.append(line)
    return run if len(run) > 1 else []
