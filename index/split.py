"""Splitting a document into passages along its own structure.

text → sections (headings) → units (list items with what hangs under them, table rows, code, paragraphs, sentences) → passages.
A unit is cut only where it alone exceeds the budget; every character but white space lies in exactly one passage.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.sentences import sentences
from index.settings import SplitSettings
from index.types import Document, Locator, Passage

CountTokens = Callable[[Sequence[str]], list[int]]

_LABEL = 80
"""Characters of a heading or parent bullet that travel with a passage."""

_MARGIN = 8
"""Tokens kept free for prompts and for what joining texts may add."""

_MARKDOWN_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_NUMBERED_HEADING = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?[ \t]+(\S.{0,78})$")
_NAMED_HEADING = re.compile(
    r"((?:제\s?)?\d{1,2}\s?(?:장|절|강|주차)|(?:Chapter|Part|Section|Week|Lecture)\s\d{1,2})\b.{0,60}$", re.IGNORECASE
)
_BULLET = re.compile(r"([ \t]*)([-*+•·‣◦▪○●※]|\d{1,3}[.)]|[가-하][.)]|\([\da-z가-하]\))[ \t]+(?=\S)")
_FENCE = re.compile(r"[ \t]*(```+|~~~+|\$\$)")
_TABLE = re.compile(r"[ \t]*\|.*\|[ \t]*$")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def indent(self) -> int:
        expanded = self.text.expandtabs(4)
        return len(expanded) - len(expanded.lstrip())

    @property
    def blank(self) -> bool:
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines under one heading path. `headings` are the offsets of those that are headings."""

    path: tuple[str, ...]
    lines: tuple[_Line, ...]
    headings: frozenset[int]


@dataclass(slots=True)
class _Block:
    """A paragraph, table, fenced block or list item, with the blocks that hang under it. `gap`: a blank line stands before it."""

    kind: str
    lines: list[_Line]
    indent: int
    gap: bool
    children: list[_Block]

    @property
    def start(self) -> int:
        return self.lines[0].start

    @property
    def end(self) -> int:
        return self.children[-1].end if self.children else self.lines[-1].end


@dataclass(frozen=True, slots=True)
class _Unit:
    """What packing does not cut. `gap`: a new thought begins here; `leads`: belongs to what follows it."""

    start: int
    end: int
    parents: tuple[str, ...]
    gap: bool = False
    leads: bool = False
    tokens: int = 0


def split(document: Document, settings: SplitSettings, count_tokens: CountTokens) -> list[Passage]:
    """Passages in text order. Each one's `embedded` text has at most `settings.max_tokens` tokens."""
    passages: list[Passage] = []
    locate = _locator(document)
    for section in _sections(document):
        base = Passage(document.doc_id, document.title, section.path, "", 0, 0, Locator(1))
        budget = settings.max_tokens - count_tokens([base.context])[0] - _MARGIN
        units = _counted(document.text, _units(document.text, section, budget, count_tokens), count_tokens)
        for run in _pack(units, settings, budget):
            start, end = _trim(document.text, run[0].start, run[-1].end)
            passage = replace(base, text=document.text[start:end], start=start, end=end, locator=locate(start), parents=run[0].parents)
            passages += _fitted(passage, settings.max_tokens, count_tokens, locate)
    return passages


# ------------------------------------------------------------------ sections


def _lines(text: str) -> list[_Line]:
    lines, at = [], 0
    for raw in text.split("\n"):
        lines.append(_Line(at, at + len(raw), raw))
        at += len(raw) + 1
    return lines


def _sections(document: Document) -> Iterator[_Section]:
    """Cuts at headings and slides. A heading with nothing under it opens the section that follows."""
    lines = _lines(document.text)
    headings = _headings(document.structure, lines)
    starts = frozenset(lines[number].start for number in headings)
    slides = {mark.start for mark in document.marks if mark.kind == "slide"}
    stack: list[tuple[int, str]] = []
    held: list[_Line] = []
    has_body = False
    for number, line in enumerate(lines):
        heading = headings.get(number)
        if has_body and (heading or line.start in slides):
            yield _Section(_path(stack, document.title), tuple(held), starts)
            held, has_body = [], False
        if heading:
            stack = [entry for entry in stack if entry[0] < heading[0]] + [heading]
        held.append(line)
        has_body = has_body or not (heading or line.blank)
    if any(not line.blank for line in held):
        yield _Section(_path(stack, document.title), tuple(held), starts)


def _path(stack: Sequence[tuple[int, str]], title: str) -> tuple[str, ...]:
    labels = [label for _, label in stack]
    return tuple(labels[1:] if labels and labels[0] == _label(title) else labels)


def _label(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _headings(structure: str, lines: Sequence[_Line]) -> dict[int, tuple[int, str]]:
    """Line number → (level, label)."""
    found: dict[int, tuple[int, str]] = {}
    fence = ""
    for number, line in enumerate(lines):
        fence, inside = _fence_after(fence, line), bool(fence)
        if inside or fence:
            continue
        heading = _markdown_heading(line) if structure == "markdown" else _text_heading(lines, number)
        if heading:
            found[number] = heading
    return found


def _fence_after(fence: str, line: _Line) -> str:
    """The fence that is open after this line (empty: none)."""
    mark = _FENCE.match(line.text)
    if not mark:
        return fence
    sign = mark.group(1)
    if fence:
        return "" if sign.startswith(fence) else fence
    closes_itself = line.text.strip() != sign and line.text.rstrip().endswith(sign)
    return "" if closes_itself else sign


def _markdown_heading(line: _Line) -> tuple[int, str] | None:
    match = _MARKDOWN_HEADING.match(line.text)
    return (len(match.group(1)), _label(match.group(2))) if match and match.group(2) else None


def _text_heading(lines: Sequence[_Line], number: int) -> tuple[int, str] | None:
    """A numbered or named line at the margin, short, unlike a sentence, and not one of a run of numbered lines."""
    line = lines[number]
    if match := _NAMED_HEADING.match(line.text):
        return 1, _label(line.text)
    match = _NUMBERED_HEADING.match(line.text)
    if not match or line.text.rstrip().endswith((".", "다", "요", ",", ";")):
        return None
    around = (lines[i] for i in (number - 1, number + 1) if 0 <= i < len(lines))
    if any(_NUMBERED_HEADING.match(other.text) for other in around):
        return None
    return match.group(1).count(".") + 1, _label(line.text)


# --------------------------------------------------------------------- units


def _units(text: str, section: _Section, budget: int, count_tokens: CountTokens) -> list[_Unit]:
    return [unit for block in _blocks(section) for unit in _cut(text, block, (), budget, count_tokens)]


def _blocks(section: _Section) -> list[_Block]:
    """Headings, paragraphs, tables, fenced blocks, and list items as trees by indentation."""
    top: list[_Block] = []
    items: list[_Block] = []  # the open list items, outermost first
    fence, gap = "", False
    for line in section.lines:
        was, fence = fence, _fence_after(fence, line)
        if line.blank and not was:
            gap = True
            continue
        kind, indent = ("code", line.indent) if was or fence else _kind(line, section.headings)
        items = [item for item in items if item.indent < indent] if kind == "item" else items if line.indent and items else []
        siblings = items[-1].children if items else top
        last = siblings[-1] if siblings else None
        if kind == "item" or last is None or last.kind != kind or (gap and not was):
            last = _Block(kind, [], indent, gap, [])
            siblings.append(last)
        last.lines.append(line)
        if kind == "item":
            items.append(last)
        gap = False
    return top


def _kind(line: _Line, headings: frozenset[int]) -> tuple[str, int]:
    if line.start in headings:
        return "heading", 0
    if _BULLET.match(line.text):
        return "item", line.indent
    if _TABLE.match(line.text):
        return "table", 0
    return "paragraph", 0


def _cut(text: str, block: _Block, parents: tuple[str, ...], budget: int, count_tokens: CountTokens) -> Iterator[_Unit]:
    """The block whole if it fits the budget; else its own words, then what hangs under it."""
    if count_tokens([text[block.start : block.end]])[0] <= budget:
        yield _Unit(block.start, block.end, parents, block.gap, _leads(text, block))
        return
    own_end = block.lines[-1].end
    spans = [(line.start, line.end) for line in block.lines]
    if block.kind in ("paragraph", "item"):
        spans = [(block.start + start, block.start + end) for start, end in sentences(text[block.start : own_end])]
    for number, (start, end) in enumerate(spans):
        yield _Unit(start, end, parents, block.gap and number == 0, bool(block.children) and number == len(spans) - 1)
    if block.children:
        below = (*parents, _label(_BULLET.sub("", block.lines[0].text, count=1)))
        for child in block.children:
            yield from _cut(text, child, below, budget - count_tokens([below[-1]])[0] - 2, count_tokens)


def _leads(text: str, block: _Block) -> bool:
    """A heading, or a line such as "세 가지가 있다:", introduces what follows."""
    return block.kind == "heading" or (not block.children and text[block.start : block.end].rstrip().endswith((":", "：", "다음과 같다.")))


def _counted(text: str, units: Sequence[_Unit], count_tokens: CountTokens) -> list[_Unit]:
    counts = count_tokens([text[unit.start : unit.end] for unit in units]) if units else []
    return [replace(unit, tokens=count + 1) for unit, count in zip(units, counts, strict=True)]


# ------------------------------------------------------------------- packing


def _pack(units: Sequence[_Unit], settings: SplitSettings, budget: int) -> list[list[_Unit]]:
    """Runs of units. A section not much above the target stays whole; else a run ends at its target size, or from half of it
    at a new thought."""
    target = min(settings.target_tokens, budget)
    whole = sum(unit.tokens for unit in units) <= min(target * 1.25, budget)
    runs: list[list[_Unit]] = []
    size = 0
    for number, unit in enumerate(units):
        ahead = unit.tokens + (units[number + 1].tokens if unit.leads and number + 1 < len(units) else 0)
        full = not whole and (size + ahead > target or (unit.gap and size > target / 2))
        if runs and _joins(runs[-1], unit) and size + unit.tokens <= budget and (runs[-1][-1].leads or not full):
            runs[-1].append(unit)
            size += unit.tokens
        else:
            runs.append([unit])
            size = unit.tokens
    if len(runs) > 1 and size < target / 4 and _joins(runs[-2], runs[-1][0]) and sum(u.tokens for run in runs[-2:] for u in run) <= budget:
        runs[-2:] = [runs[-2] + runs[-1]]
    return runs


def _joins(run: Sequence[_Unit], unit: _Unit) -> bool:
    """Whether the unit hangs under the bullets that the run hangs under, or under some within the run."""
    return unit.parents[: len(run[0].parents)] == run[0].parents


def _fitted(passage: Passage, limit: int, count_tokens: CountTokens, locate: Callable[[int], Locator]) -> list[Passage]:
    """The passage, or where its exact count still exceeds the limit, its halves, cut at white space where there is any."""
    if count_tokens([passage.embedded])[0] <= limit or len(passage.text) < 2:
        return [passage]
    middle = len(passage.text) // 2
    space = max(passage.text.rfind(" ", middle // 2, middle), passage.text.rfind("\n", middle // 2, middle))
    cut = space if space > 0 else middle
    halves = []
    for start, end in ((0, cut), (cut, len(passage.text))):
        begin, stop = _trim(passage.text, start, end)
        if begin < stop:
            at = passage.start + begin
            half = replace(passage, text=passage.text[begin:stop], start=at, end=passage.start + stop, locator=locate(at))
            halves += _fitted(half, limit, count_tokens, locate)
    return halves


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends, but with the indentation of its first line (it is structure)."""
    piece = text[start:end]
    end -= len(piece) - len(piece.rstrip())
    lead = len(piece) - len(piece.lstrip())
    return min(start + lead, end), end


def _locator(document: Document) -> Callable[[int], Locator]:
    newlines = [at for at, sign in enumerate(document.text) if sign == "\n"]

    def mark(kind: str, at: int) -> str | None:
        marks = [mark for mark in document.marks if mark.kind == kind]
        number = bisect_right([mark.start for mark in marks], at)
        return marks[number - 1].value if number else None

    def locate(at: int) -> Locator:
        numbers = {kind: mark(kind, at) for kind in ("page", "slide", "cell")}
        return Locator(
            bisect_right(newlines, at - 1) + 1,
            **{kind: int(value) if value else None for kind, value in numbers.items()},
            time=mark("time", at),
        )

    return locate
