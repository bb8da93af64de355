"""From the lines of PDF pages to Markdown: running heads dropped, headings by size, bullets by sign, wrapped lines joined.

Everything here is a guess from geometry, so each guess has a condition under which it is not made; a line that is not joined
stays a line of its own, and nothing is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.notes.blocks import heading, plain

_HEADING_RATIO = 1.18
_SAME_SIZE = 1.08
_MOST_HEADINGS = 0.3
_LONGEST_HEADING = 80
_EDGE = 0.08
_LOOSEST_LINE = 1.35
_LEAST_REPEATS = 4
_TABLE_GAP = 1.5
_NEAR_EDGE = 4
_LONGEST_BEGINNING = 12
_SENTENCE_END = re.compile(r"""[.?!…]["'”’)]*$""")
_BULLET = re.compile(r"^(?:[•◦▪▫■□●○◆◇▶▷►▸➢➤➔✓✔✗∙‣⁃⦁\uf020-\uf0ff]\s*|[-–*·ㆍ‧]\s+)(?=\S)")
_NUMBERED = re.compile(r"^(?:\(?(?:\d{1,3}|[가-하]|[a-zA-Z]|[ivxIVX]{1,4})[.)](?:\s|$)|\d+(?:\.\d+)+\.?\s|[①-⑳❶-❿ⅠⅡⅢⅣⅤ])")
_WORD = re.compile(r"[\w가-힣]+")
_LETTERS = re.compile(r"[A-Za-z가-힣].*[A-Za-z가-힣]")
_PARTICLES = frozenset(("은", "는", "을", "를", "의", "에", "로", "와", "에서", "으로", "에게", "까지", "부터", "에는", "에서는", "으로는"))
"""Particles that never begin a word of their own: before one, a line was broken inside the word."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, in points from the lower left corner. `gap` is the widest space between neighbours, in line heights."""

    text: str
    left: float
    right: float
    top: float
    size: float
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page in PDFium's reading order, and the height of the page."""

    lines: tuple[Line, ...]
    height: float


def page_texts(pages: Sequence[Page]) -> list[str]:
    """The Markdown of each page."""
    running = _running_lines(pages)
    kept = [[line for line in page.lines if _place(line) not in running or not _at_edge(line, page)] for page in pages]
    sizes = _heading_sizes([line for lines in kept for line in lines])
    beginnings = _beginnings([line for lines in kept for line in lines])
    return [_render(lines, sizes, beginnings) for lines in kept]


def _beginnings(lines: Sequence[Line]) -> frozenset[str]:
    """How the words of the document begin, by two syllables or more; the words at either end of a line may be broken, and do not count."""
    words = {word for line in lines for word in _WORD.findall(line.text.partition(" ")[2].rpartition(" ")[0])}
    return frozenset(word[:end] for word in words for end in range(2, min(len(word), _LONGEST_BEGINNING) + 1))


def _at_edge(line: Line, page: Page) -> bool:
    return not page.height * _EDGE < line.top < page.height * (1 - _EDGE)


def _place(line: Line) -> tuple[str, int]:
    """What a running line has in common from page to page: its height on the page, and its text but for the page number."""
    return re.sub(r"\d+", "0", line.text), round(line.top / 3)


def _running_lines(pages: Sequence[Page]) -> frozenset[tuple[str, int]]:
    """Lines at the upper or lower edge that stand there on most pages, no larger than the text."""
    body = _body_size([line for page in pages for line in page.lines])
    counts = Counter(
        place for page in pages for place in {_place(x) for x in page.lines if _at_edge(x, page) and x.size <= body * _SAME_SIZE}
    )
    least = max(_LEAST_REPEATS, 0.6 * sum(bool(page.lines) for page in pages))
    return frozenset(place for place, count in counts.items() if count >= least)


def _body_size(lines: Sequence[Line]) -> float:
    """The line height in which most characters are set (to a tenth of a point); 0 where there are no lines."""
    characters: Counter[float] = Counter()
    for line in lines:
        characters[round(line.size, 1)] += len(line.text)
    return max(characters, key=lambda size: (characters[size], size)) if characters else 0.0


def _heading_sizes(lines: Sequence[Line]) -> list[float]:
    """The sizes of headings, largest first; none where so much is large that size says nothing."""
    body = _body_size(lines)
    large = [line for line in lines if line.size >= body * _HEADING_RATIO and _may_be_heading(line.text)]
    if sum(len(line.text) for line in large) > _MOST_HEADINGS * sum(len(line.text) for line in lines):
        return []
    sizes: list[float] = []
    for size in sorted({line.size for line in large}, reverse=True):
        if not sizes or sizes[-1] > size * _SAME_SIZE:
            sizes.append(size)
    return sizes


def _may_be_heading(text: str) -> bool:
    if len(text) > _LONGEST_HEADING or text.endswith((".", ",", ";")) or ". . ." in text or "....." in text:
        return False
    return not _BULLET.match(text) and bool(_LETTERS.search(text))


def _level(line: Line, sizes: Sequence[float]) -> int:
    """1 for the largest heading size, at most 4; 0 for text."""
    if not _may_be_heading(line.text):
        return 0
    return next((min(level, 4) for level, size in enumerate(sizes, 1) if size / _SAME_SIZE <= line.size <= size * _SAME_SIZE), 0)


@dataclass(frozen=True, slots=True)
class _Measures:
    """What the guesses about one page rest on: its lines, their usual distance, the document's heading sizes and how its words begin."""

    lines: Sequence[Line]
    pitch: float
    sizes: Sequence[float]
    beginnings: frozenset[str]


def _render(lines: Sequence[Line], sizes: Sequence[float], beginnings: frozenset[str]) -> str:
    measures = _Measures(lines, _pitch(lines), sizes, beginnings)
    depths = _depths(lines)
    out = [_marked(line, sizes, depths) for line in lines[:1]]
    for before, line in pairwise(lines):
        between = _between(before, line, measures)
        out += [between, _marked(line, sizes, depths) if "\n" in between else line.text]
    return "".join(out)


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance from line to line: the lower quartile, as paragraphs only add to it."""
    steps = sorted(before.top - line.top for before, line in pairwise(lines) if before.top > line.top)
    return steps[len(steps) // 4] if steps else 0.0


def _depths(lines: Sequence[Line]) -> dict[Line, int]:
    """How deep each bullet is: its place among the left edges that bullets have on this page, taken to three points."""
    bullets = [line for line in lines if _BULLET.match(line.text)]
    edges: list[float] = []
    for left in sorted(line.left for line in bullets):
        if not edges or left - edges[-1] > 3:
            edges.append(left)
    return {line: sum(edge <= line.left + 0.01 for edge in edges) - 1 for line in bullets}


def _marked(line: Line, sizes: Sequence[float], depths: dict[Line, int]) -> str:
    if line in depths:
        return "  " * depths[line] + "- " + _BULLET.sub("", line.text)
    level = _level(line, sizes)
    return heading(line.text, level) if level else plain(line.text)


def _between(before: Line, line: Line, page: _Measures) -> str:
    """What stands between two lines: nothing or a space (one sentence runs on), a line end, or an empty line (a new paragraph)."""
    step = before.top - line.top
    near = 0 < step <= _LOOSEST_LINE * page.pitch
    levels = _level(before, page.sizes), _level(line, page.sizes)
    if any(levels):
        return " " if levels[0] == levels[1] and 0 < step < 1.6 * line.size and not _NUMBERED.match(line.text) else "\n\n"
    if not near:
        return "\n" if _BULLET.match(line.text) and _BULLET.match(before.text) else "\n\n"
    return _glue(before, line, page.beginnings) if _runs_on(before, line, page.lines) else "\n"


def _runs_on(before: Line, line: Line, lines: Sequence[Line]) -> bool:
    """Whether `before` was broken only because the next word did not fit, and `line` does not begin anew.

    An edge that a single line reaches is not the edge of a column but the end of a long line.
    """
    if _BULLET.match(line.text) or _NUMBERED.match(line.text) or not _alike(before, line):
        return False
    hangs = bool(_BULLET.match(before.text) or _NUMBERED.match(before.text))
    if line.left > before.left + 0.8 * line.size and not hangs:
        return False
    column = [other.right for other in lines if other.left < before.right and other.right > before.left and _alike(before, other)]
    edge = max(column)
    if sum(right > edge - _NEAR_EDGE * line.size for right in column) < 2:
        return False
    next_word = len(line.text.split(" ", 1)[0]) * _width(line)
    room = 2 * _width(line) if _SENTENCE_END.search(before.text) else next_word
    return before.right > edge - min(room + 0.2 * line.size, 0.4 * (edge - before.left))


def _alike(one: Line, other: Line) -> bool:
    """Two lines of running text in one size; a wide gap inside a line means columns of a table."""
    return max(one.gap, other.gap) <= _TABLE_GAP and 1 / _SAME_SIZE <= one.size / other.size <= _SAME_SIZE


def _width(line: Line) -> float:
    """The mean width of a character."""
    return (line.right - line.left) / len(line.text)


def _glue(before: Line, line: Line, beginnings: frozenset[str]) -> str:
    """Nothing inside a Korean word, a space between words. Korean may be broken after any syllable, so it takes evidence:

    a particle at the start of the line, or a word elsewhere in the document that begins as the joined one.
    """
    last, first = _last_word(before.text), _first_word(line.text)
    if not last or not re.match("[가-힣]", first):
        return " "
    return "" if first in _PARTICLES or (re.search("[가-힣]$", last) and last + first[0] in beginnings) else " "


def _last_word(text: str) -> str:
    """The word that ends the text, unless punctuation does."""
    match = re.search(r"[\w가-힣]+$|[\w가-힣]+\)$", text)
    return match[0] if match else ""


def _first_word(text: str) -> str:
    match = _WORD.match(text)
    return match[0] if match else ""
