"""Splitting a document into passages along its own structure.

text → sections (headings, slides) → units (list items with what hangs under them, table rows, code, paragraphs, sentences) → passages.
A unit is cut only where it alone exceeds the budget, and around a picture that is written into the text as a data URI. Every character but
white space lies in exactly one passage; with such pictures, all but their bytes and signs that stand alone beside them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter

from index.sentences import BREAK, BULLET, ROW, sentences
from index.settings import SplitSettings
from index.types import Document, Locator, Mark, Passage

CountTokens = Callable[[Sequence[str]], list[int]]

_LABEL = 80
"""Characters of a heading or parent bullet that travel with a passage."""

_MARGIN = 8
"""Tokens kept free for prompts and for what joining texts may add."""

_DEPTH = 8
"""Items nested deeper than this count as nested this deep."""

_NUMBERED_HEADING = re.compile(r" {0,3}(\d{1,2}(?=[.)])|\d{1,2}(?:[.-]\d{1,2})+)[.)]?[ \t]+\S.{0,78}$")
_NAMED_HEADING = re.compile(
    r"((?:제\s?)?\d{1,2}\s?(?:장|절|강|주차)|(?:Chapter|Part|Section|Week|Lecture)\s\d{1,2})\b.{0,60}$", re.IGNORECASE
)
_RULE = re.compile(rf"\s*(?:{BREAK}|[-*_]{{3,}}|:[a-z]+:`[^`]*`)\s*")
"""A line that holds nothing to read: a break, a ruler, the name of a place."""
_DRESS = re.compile(r"!?\[([^\[\]]*)\]\((?:https?://|[./#])[^()\s]*\)|</?(?:a|u|b|i|em|strong|sub|sup|span|font|center|br|img)\b[^<>]*>")
_ITEM = re.compile(rf"[ \t]*{BULLET}[ \t]+(?=\S)")
_FENCE = re.compile(r"[ \t]*(```+|~~~+|\$\$)")
_PICTURE = re.compile(
    r"""(?:^\ {0,3}\[[^\[\]\n]+\]:[ \t]* | !\[\]\( | <img\s+src=)? [(<"']?
    data:[\w/+.-]*(?:;[\w=.-]+)*;base64, (?=[A-Za-z0-9+/=\s]{64}) (?:[A-Za-z0-9+/]{40,}+\n[ \t]*)* [A-Za-z0-9+/]+ ={0,2}
    ["']?[ \t]*/?[>)]*""",
    re.MULTILINE | re.VERBOSE,
)
"""A file in base64, with what stands around it in Markdown: nobody searches for it. Only what says something of it is left."""


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
    """Lines under one heading path. `headings` and `fenced` are where the headings and the lines of fenced blocks start."""

    path: tuple[str, ...]
    lines: tuple[_Line, ...]
    headings: frozenset[int]
    fenced: frozenset[int]


@dataclass(slots=True, eq=False)
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
    """What packing does not cut. `room`: tokens that fit beside its context; `gap`: a new thought begins here; `leads`: belongs to
    what follows it; `pictures`: how many stand before it."""

    start: int
    end: int
    parents: tuple[str, ...]
    room: int
    gap: bool = False
    leads: bool = False
    pictures: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts one section. `base` is an empty passage of it; in `text` the places of `pictures` are blank."""

    text: str
    pictures: Sequence[tuple[int, int]]
    base: Passage
    limit: int
    count_tokens: CountTokens
    locate: Callable[[int], Locator]

    def count(self, text: str) -> int:
        return self.count_tokens([text])[0]

    def room(self, parents: tuple[str, ...]) -> int:
        return self.limit - self.count(replace(self.base, parents=parents).context) - _MARGIN

    def within(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """The innermost of the labels that leave half of the limit to the text below them."""
        while labels and self.room(labels) < self.limit // 2 - _MARGIN:
            labels = labels[1:]
        return labels


def split(document: Document, settings: SplitSettings, count_tokens: CountTokens) -> list[Passage]:
    """Passages in text order. Each one's `embedded` text has at most `settings.max_tokens` tokens, given that half of them hold the title.

    Where headings or parent bullets would fill more than half of that, the outermost are left out.
    """
    locate = locator(document)
    pictures = [found.span() for found in _PICTURE.finditer(document.text)]
    document = replace(document, text=blanked(document.text))
    base = Passage(document.doc_id, document.title, (), "", 0, 0, Locator(1))
    passages: list[Passage] = []
    for section in _sections(document, pictures):
        cutter = _Cutter(document.text, pictures, base, settings.max_tokens, count_tokens, locate)
        cutter = replace(cutter, base=replace(base, section=cutter.within(section.path)))
        for run in _pack(_units(cutter, section), settings):
            passages += _fitted(cutter, run)
    return [passage for passage in passages if not pictures or re.search(r"\w", passage.text)]


def blanked(text: str) -> str:
    """The text as passages hold it: spaces for the pictures that are written into it, everything else where it was."""
    return _PICTURE.sub(lambda found: " " * len(found[0]), text) if ";base64," in text else text


# ------------------------------------------------------------------ sections


def _lines(text: str) -> list[_Line]:
    lines, at = [], 0
    for raw in text.split("\n"):
        lines.append(_Line(at, at + len(raw), raw))
        at += len(raw) + 1
    return lines


def _sections(document: Document, pictures: Sequence[tuple[int, int]]) -> Iterator[_Section]:
    """Cuts at headings, slides and pictures. A heading with nothing under it opens the section that follows."""
    lines = _lines(document.text)
    fenced = _fenced(document.structure, lines)
    headings = _headings(document.structure, lines, fenced)
    starts = frozenset(lines[number].start for number in headings)
    slides = {mark.start for mark in document.marks if mark.kind in ("slide", "picture")}
    stack: list[tuple[int, str]] = []
    held: list[_Line] = []
    has_body = False
    for number, line in enumerate(lines):
        heading = headings.get(number)
        if (heading and has_body) or (line.start in slides and held):
            yield _Section(_path(stack, document.title), tuple(held), starts, fenced)
            held, has_body = [], False
        if heading:
            stack = [entry for entry in stack if entry[0] < heading[0]] + [heading]
        if held or not line.blank:
            held.append(line)
        blank = line.blank and not (held and _overlapping(pictures, line.start, line.end))
        has_body = has_body or not (heading or blank or _RULE.fullmatch(line.text))
    if held:
        yield _Section(_path(stack, document.title), tuple(held), starts, fenced)


def _path(stack: Sequence[tuple[int, str]], title: str) -> tuple[str, ...]:
    labels = [label for _, label in stack]
    return tuple(labels[1:] if labels and labels[0] == _label(title) else labels)


def _label(text: str) -> str:
    text = " ".join((_DRESS.sub(r"\1", text).strip() or text).split())
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _fenced(structure: str, lines: Sequence[_Line]) -> frozenset[int]:
    """Starts of the lines of code and formulas, fences included. A fence that nothing closes is a line like any other."""
    found: set[int] = set()
    barren: dict[str, int] = {}  # fence → no line before this one closes it
    number = 0
    while number < len(lines):
        sign = _opening(structure, lines[number])
        if sign and number >= barren.get(sign, 0):
            end = number + 1
            while end < len(lines) and not _closes(lines[end], sign) and not (sign == "$$" and lines[end].blank):
                end += 1
            if end < len(lines) and _closes(lines[end], sign):
                found.update(line.start for line in lines[number : end + 1])
                number = end
            else:
                barren[sign] = end
        number += 1
    return frozenset(found)


def _opening(structure: str, line: _Line) -> str:
    """The fence that the line opens (empty: none). In plain text a row of tildes is an ornament."""
    match = _FENCE.match(line.text)
    if not match or (structure == "text" and match.group(1).startswith("~")):
        return ""
    sign = match.group(1)
    closes_itself = (sign if sign == "$$" else sign[0]) in line.text[match.end() :]
    return "" if closes_itself else sign


def _closes(line: _Line, sign: str) -> bool:
    bare = line.text.strip()
    return bare.endswith("$$") if sign == "$$" else len(bare) >= len(sign) and not bare.strip(sign[0])


def _headings(structure: str, lines: Sequence[_Line], fenced: frozenset[int]) -> dict[int, tuple[int, str]]:
    """Line number → (level, label)."""
    found: dict[int, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        if line.start not in fenced:
            heading = _markdown_heading(line.text) if structure == "markdown" else _text_heading(lines, number)
            if heading:
                found[number] = heading
    return found


def _markdown_heading(line: str) -> tuple[int, str] | None:
    rest = line.lstrip("#")
    level = len(line) - len(rest)
    if not 1 <= level <= 6 or not rest.startswith((" ", "\t")):
        return None
    label = rest.strip()
    bare = label.rstrip("#")
    label = bare if not bare or bare[-1] in " \t" else label  # "# C#" ends in a word, "# C #" in a sign
    return (level, _label(label)) if label.strip() else None


def _text_heading(lines: Sequence[_Line], number: int) -> tuple[int, str] | None:
    """A numbered or named line at the margin, short, unlike a sentence, and not one of a run of numbered lines."""
    line = lines[number]
    if _NAMED_HEADING.match(line.text):
        return 0, _label(line.text)  # numbered ones stand below it
    level = _numbered_level(line)
    if not level or line.text.rstrip().endswith((".", "다", "요", ",", ";")):
        return None
    around = (lines[at] for at in (number - 1, number + 1) if 0 <= at < len(lines))
    return None if any(_numbered_level(other) == level for other in around) else (level, _label(line.text))


def _numbered_level(line: _Line) -> int:
    """1 for "2. …", 2 for "2.1 …" and "2-1. …"; 0 for other lines."""
    match = _NUMBERED_HEADING.match(line.text)
    return len(re.split(r"[.-]", match.group(1))) if match else 0


# --------------------------------------------------------------------- units


def _units(cutter: _Cutter, section: _Section) -> list[_Unit]:
    units = [unit for block in _blocks(section) for unit in _cut(cutter, block, ()) for unit in _beside(cutter, unit)]
    counts = cutter.count_tokens([cutter.text[unit.start : unit.end] for unit in units]) if units else []
    return [replace(unit, tokens=count + 1) for unit, count in zip(units, counts, strict=True)]


def _beside(cutter: _Cutter, unit: _Unit) -> Iterator[_Unit]:
    """The unit, or its parts before, between and behind the pictures in it."""
    inside = _overlapping(cutter.pictures, unit.start, unit.end)
    edges = [unit.start, *chain.from_iterable(cutter.pictures[number] for number in inside), unit.end]
    for number, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True), inside.start):
        if not inside or cutter.text[start:end].strip():
            yield replace(unit, start=start, end=end, pictures=number)


def _overlapping(pictures: Sequence[tuple[int, int]], start: int, end: int) -> range:
    """The numbers, from 0, of the pictures that lie in a span or reach into it."""
    return range(bisect_right(pictures, start, key=itemgetter(1)), bisect_left(pictures, end, key=itemgetter(0)))


def _blocks(section: _Section) -> list[_Block]:
    """Headings, paragraphs, tables, fenced blocks, and list items as trees by indentation."""
    top: list[_Block] = []
    items: list[_Block] = []  # the open list items, outermost first
    last: _Block | None = None
    gap = False
    for line in section.lines:
        kind = "code" if line.start in section.fenced else _kind(line, section.headings)
        if kind == "blank":
            gap = True
            continue
        follows = last if not gap else None
        if follows and kind == follows.kind == "code":  # whatever its indentation
            follows.lines.append(line)
            continue
        items = [item for item in items if item.indent < line.indent][:_DEPTH]
        siblings = items[-1].children if items else top
        if follows and (
            (siblings[-1:] == [follows] and kind == follows.kind != "item") or (kind == "paragraph" and items[-1:] == [follows])
        ):
            follows.lines.append(line)
            continue
        last = _Block(kind, [line], line.indent, gap, [])
        siblings.append(last)
        if kind == "item":
            items.append(last)
        gap = False
    return top


def _kind(line: _Line, headings: frozenset[int]) -> str:
    if line.blank:
        return "blank"
    if line.start in headings:
        return "heading"
    if _ITEM.match(line.text):
        return "item"
    return "table" if ROW.match(line.text) else "paragraph"


def _cut(cutter: _Cutter, block: _Block, parents: tuple[str, ...]) -> Iterator[_Unit]:
    """The block whole if it fits the budget; else its own words, then what hangs under it."""
    text, room = cutter.text, cutter.room(parents)
    if cutter.count(text[block.start : block.end]) <= room:
        yield _Unit(block.start, block.end, parents, room, block.gap, _leads(text, block))
        return
    spans = [(line.start, line.end) for line in block.lines]
    if block.kind in ("paragraph", "item"):
        spans = [(block.start + start, block.start + end) for start, end in sentences(text[block.start : block.lines[-1].end])]
        spans[0] = (block.start, spans[0][1])  # with its indentation
    for number, (start, end) in enumerate(spans):
        yield _Unit(start, end, parents, room, block.gap and number == 0, bool(block.children) and number == len(spans) - 1)
    if block.children:
        below = cutter.within((*parents, _label(_ITEM.sub("", block.lines[0].text, count=1))))
        for child in block.children:
            yield from _cut(cutter, child, below)


def _leads(text: str, block: _Block) -> bool:
    """A heading, or a line such as "세 가지가 있다:", introduces what follows."""
    return block.kind == "heading" or (not block.children and text[block.start : block.end].rstrip().endswith((":", "：", "다음과 같다.")))


# ------------------------------------------------------------------- packing


def _pack(units: Sequence[_Unit], settings: SplitSettings) -> list[list[_Unit]]:
    """Runs of units. A section not much above the target stays whole; else a run ends at its target size, or from half of it
    at a new thought."""
    target = min(settings.target_tokens, units[0].room)
    whole = sum(unit.tokens for unit in units) <= min(target * 1.25, units[0].room)
    runs: list[list[_Unit]] = []
    size = 0
    for number, unit in enumerate(units):
        ahead = unit.tokens + (units[number + 1].tokens if unit.leads and number + 1 < len(units) else 0)
        full = not whole and (size + ahead > target or (unit.gap and size > target / 2))
        if runs and _joins(runs[-1], unit) and size + unit.tokens <= runs[-1][0].room and (runs[-1][-1].leads or not full):
            runs[-1].append(unit)
            size += unit.tokens
        else:
            runs.append([unit])
            size = unit.tokens
    if len(runs) > 1 and size < target / 4 and _joins(runs[-2], runs[-1][0]):
        joined = runs[-2] + runs[-1]
        if sum(unit.tokens for unit in joined) <= joined[0].room:
            runs[-2:] = [joined]
    return runs


def _joins(run: Sequence[_Unit], unit: _Unit) -> bool:
    """Whether no picture is between them, and the unit hangs under the bullets that the run hangs under, or under some within the run."""
    return unit.pictures == run[0].pictures and unit.parents[: len(run[0].parents)] == run[0].parents


def _fitted(cutter: _Cutter, run: Sequence[_Unit]) -> list[Passage]:
    """The run as a passage, or where its exact count exceeds the limit, as those of its halves."""
    start, end = _trim(cutter.text, run[0].start, run[-1].end)
    passage = replace(cutter.base, text=cutter.text[start:end], start=start, end=end, locator=cutter.locate(start), parents=run[0].parents)
    if end - start < 2 or cutter.count(passage.embedded) <= cutter.limit:
        return [passage] if start < end else []
    return [each for half in _halves(cutter.text, run) for each in _fitted(cutter, half)]


def _halves(text: str, run: Sequence[_Unit]) -> tuple[Sequence[_Unit], Sequence[_Unit]]:
    """Two parts of a run; of a single unit, cut at white space where there is any."""
    if len(run) > 1:
        return run[: len(run) // 2], run[len(run) // 2 :]
    start, end = _trim(text, run[0].start, run[0].end)
    middle = (start + end) // 2
    space = max(text.rfind(sign, (start + middle) // 2, middle) for sign in " \t\n")
    cut = space if space > start else middle
    return [replace(run[0], start=start, end=cut)], [replace(run[0], start=cut, end=end)]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends, but with the indentation of its first line (it is structure)."""
    piece = text[start:end].rstrip()
    end = start + len(piece)
    margin = piece[: len(piece) - len(piece.lstrip())]
    if "\n" in margin:
        return start + margin.rindex("\n") + 1, end
    at_line_start = start == 0 or text[start - 1] == "\n"
    return (start if at_line_start else start + len(margin)), end


def locator(document: Document) -> Callable[[int], Locator]:
    """Says of an offset of the document's text where it stands for a person."""
    newlines = [at for at, sign in enumerate(document.text) if sign == "\n"]
    marks: dict[str, list[Mark]] = {"page": [], "slide": [], "cell": [], "time": [], "picture": []}
    for mark in document.marks:
        marks[mark.kind].append(mark)
    starts = {kind: [mark.start for mark in marks[kind]] for kind in marks}

    def value(kind: str, at: int) -> str | None:
        number = bisect_right(starts[kind], at)
        return marks[kind][number - 1].value if number else None

    def locate(at: int) -> Locator:
        page, slide, cell, picture = (int(found) if (found := value(kind, at)) else None for kind in ("page", "slide", "cell", "picture"))
        return Locator(bisect_left(newlines, at) + 1, page, slide, cell, value("time", at), picture)

    return locate
