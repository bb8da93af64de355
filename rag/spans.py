"""From a sentence of a passage to the exact words of an answer: a list, a table cell, a quantity, what a label names, or all of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.types import Passage
from rag.questions import Wants, asks_number, wants
from rag.types import Span

_BULLET = r"(?:[-*+•·‣◦▪○●※]|\d{1,3}[.)]|[가-하][.)])[ \t]+"
_ITEM = re.compile(rf"[ \t]*{_BULLET}")
_SIGNS = re.compile(rf"[ \t]*(?:{_BULLET}|>[ \t]*|#{{1,6}}[ \t]+)*")
_LABEL = re.compile(r"[*_`]*([^:：|$\n]{1,40}?)[*_`]*[:：][ \t]+(?=\S)")
_COMMA = re.compile(r",\s+|\s*[·/、→]\s*|\s+(?:and|및|그리고)\s+")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULED = re.compile(r"[ \t]*\|[\s:|-]+\|[ \t]*$")
_CELL = re.compile(r"[^|]+")
_EMPHASIS = re.compile(r"\*\*|__|`")
_UNIT = (
    r"%p?|퍼센트|포인트|개월|개|장|번|명|년|월|일|주|시간|분|초|층|차원|단계|배|쪽|종|가지|회|대|비트|바이트|점|토큰|단어|문장|쌍|건|에폭|스텝|픽셀|곳|편|원"
    r"|[KMGT]B\b|[KMB]\b|ms\b|(?:tokens?|words?|epochs?|layers?|images?|keys|bits?|bytes?|days?|hours?|minutes?|seconds?|dimensions?|times|percent)\b"
)
_QUANTITY = re.compile(rf"(?<![\w.])[~≈]?\d[\d,.]*\d?(?:\s?[만억천조](?:\s?\d[\d,]*[만천]?)?)*\s?(?:{_UNIT})?")
_ASKED_UNIT = re.compile(rf"몇 ?({_UNIT})|(개|장|명|층|번)수|how many (\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a passage: where its words stand (without bullet), its indentation, and whether it is a list item."""

    start: int
    end: int
    indent: int
    item: bool


Part = tuple[int, int]
"""Offsets within the text of a passage."""


def answer_spans(passage: Passage, start: int, end: int, question: str, known: Collection[str] = ()) -> tuple[Span, ...]:
    """The spans that answer, given the sentence `passage.text[start:end]` and the question's own morphemes (`known`).

    A list question gets the items that the sentence opens, enumerates, or stands among. A fact gets the table cell under the header
    that the question names, the quantity it asks for, or what stands behind a label it names: "학습률: 3e-4" gives "3e-4".
    """
    wanted, text = wants(question), passage.text
    parts: Sequence[Part] = ()
    if wanted is Wants.LIST:
        parts = items(text, start, end) or _siblings(text, start)
    elif wanted is Wants.FACT:
        fact = (
            _cell(text, start, end, question, known)
            or _quantity(text, start, end, question, known)
            or _behind_label(text, start, end, known)
        )
        parts = [fact] if fact else ()
    return tuple(_span(passage, *part) for part in parts or [(_words(text, start, end), end)])


def shown(spans: Sequence[Span]) -> str:
    """The text of an answer: its spans without Markdown emphasis, several joined by commas or, where long, by line breaks."""
    texts = [_EMPHASIS.sub("", span.quote).strip() for span in spans]
    return (", " if all(len(text) <= 40 for text in texts) else "\n").join(texts)


def _span(passage: Passage, start: int, end: int) -> Span:
    quote = passage.text[start:end]
    start += len(quote) - len(quote.lstrip())
    end -= len(quote) - len(quote.rstrip())
    return Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end])


def _words(text: str, start: int, end: int) -> int:
    """Where the words of a line begin behind its bullet, quote or heading signs."""
    signs = _SIGNS.match(text, start, end)
    return signs.end() if signs and signs.end() < end else start


# Lists


def items(text: str, start: int, end: int) -> list[Part]:
    """The list that the sentence opens (its line's children, or the list after it), else what it enumerates itself."""
    lines = _lines(text)
    here = max((number for number, line in enumerate(lines) if line.start <= max(start, _words(text, start, end))), default=0)
    below = lines[here + 1 :]
    if below and below[0].item and (not lines[here].item or below[0].indent > lines[here].indent):
        return _run(below, below[0].indent)
    return _enumerated(text, start, end)


def _siblings(text: str, start: int) -> list[Part]:
    """The items among which the line at `start` stands."""
    lines = _lines(text)
    here = max((number for number, line in enumerate(lines) if line.start <= start + 4), default=0)
    if not lines or not lines[here].item:
        return []
    first, indent = here, lines[here].indent
    while first > 0 and lines[first - 1].item and lines[first - 1].indent >= indent:
        first -= 1
    return _run(lines[first:], indent)


def _lines(text: str) -> list[Line]:
    lines, at = [], 0
    for raw in text.split("\n"):
        if raw.strip():
            indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
            lines.append(Line(_words(text, at, at + len(raw)), at + len(raw.rstrip()), indent, bool(_ITEM.match(raw))))
        at += len(raw) + 1
    # A passage that begins at a bullet has lost that bullet's indentation: it is the sibling of the shallowest one.
    if len(lines) > 1 and lines[0].item:
        shallowest = min((line.indent for line in lines[1:] if line.item), default=0)
        lines[0] = Line(lines[0].start, lines[0].end, min(lines[0].indent, shallowest), True)
    return lines


def _run(lines: Sequence[Line], indent: int) -> list[Part]:
    """Items of one indentation from the first line on, up to what is neither an item nor deeper."""
    run: list[Part] = []
    for line in lines:
        if line.indent < indent or not (line.item or line.indent > indent):
            break
        if line.item and line.indent == indent:
            run.append((line.start, line.end))
    return run if len(run) > 1 else []


def _enumerated(text: str, start: int, end: int) -> list[Part]:
    """The members of "연산: CARRYOVER, DELETE, UPDATE"; nothing for less than three members or long ones."""
    label = _LABEL.match(text, _words(text, start, end), end)
    if not label:
        return []
    cuts = [match.span() for match in _COMMA.finditer(text, label.end(), end)]
    bounds = [label.end(), *(at for cut in cuts for at in cut), end]
    parts = list(zip(bounds[::2], bounds[1::2], strict=True))
    return parts if len(parts) > 2 and all(0 < stop - begin <= 40 for begin, stop in parts) else []


# Facts


def _cell(text: str, start: int, end: int, question: str, known: Collection[str]) -> Part | None:
    """The cell of a table row under the header with most of the question's words; where a number is asked, the first cell with one."""
    if not _ROW.match(text, start, end):
        return None
    cells = [match.span() for match in _CELL.finditer(text, start, end) if match.group().strip()]
    header = header_of(text, start)
    names = [name.lower() for name in _CELL.findall(header) if name.strip()] if header else []
    fits = [sum(word in name for word in known) for name in names]
    if len(names) == len(cells) and any(fits[1:]):
        return cells[max(range(1, len(cells)), key=lambda at: fits[at])]
    numbers = [cell for cell in cells[1:] if any(sign.isdigit() for sign in text[slice(*cell)])]
    return numbers[0] if numbers and asks_number(question) else None


def header_of(text: str, start: int) -> str | None:
    """The header row of the table in which the row at `start` stands, None where that row is the header itself or there is none."""
    above = text[:start].rstrip("\n").split("\n")
    rows = []
    for line in reversed(above):
        if not _ROW.match(line):
            break
        rows.append(line)
    ruled = next((number for number, line in enumerate(rows) if _RULED.match(line)), None)
    return rows[ruled + 1] if ruled is not None and ruled + 1 < len(rows) else None


def _quantity(text: str, start: int, end: int, question: str, known: Collection[str]) -> Part | None:
    """The quantity that the question asks for: the one that it does not name itself; of several the one in its unit, else the one that
    stands nearest behind a word of the question."""
    if not asks_number(question):
        return None
    found = [match for match in _QUANTITY.finditer(text, _words(text, start, end), end) if match.group().strip("~≈ ") not in question]
    unit = next((group.lower() for group in asked.groups() if group), "") if (asked := _ASKED_UNIT.search(question)) else ""
    found = [match for match in found if match.group().lower().endswith(unit)] or found
    sentence = text[start:end].lower()
    words = [match for word in known if len(word) > 1 for match in re.finditer(re.escape(word), sentence)]
    best = min(found, key=lambda match: min((_distance(match.start() - start, word) for word in words), default=0.0), default=None)
    return best.span() if best else None


def _distance(at: int, word: re.Match[str]) -> float:
    """Characters between a word and a quantity: one behind the word is nearer than one before it, a longer word pulls harder."""
    away = at - word.end() if at >= word.end() else 3 * (word.end() - at)
    return away / len(word.group())


def _behind_label(text: str, start: int, end: int, known: Collection[str]) -> Part | None:
    label = _LABEL.match(text, _words(text, start, end), end)
    if label and any(word in label.group(1).lower() for word in known if len(word) > 1):
        return label.end(), end
    return None
