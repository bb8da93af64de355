"""Where sentences begin and end, by rule: Korean, English and the half sentences of notes. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

BULLET = (
    r"(?:[-–*+•·‣◦▪■□◆◇▶○●※∙ㆍ]|\d{1,3}[.)]|[①-⑳]|[가나다라마바사아자차카타파하][.)]|[a-z]\)"
    r"|[(（](?:\d{1,2}|[a-z가나다라마바사아자차카타파하])[)）])"
)
"""A pattern for the signs that open a list item; white space follows them."""

# Neither pattern goes back over what it has read, so that a line of 200,000 dots costs one pass.
_STOP = re.compile(r"(?<![.!?。！？…])(?:[.!?。！？…]++[\"'”’)\]}»*_]*+(?=\s)|(?<=[다요])\.(?=[가-힣`(]))")
_ABBREVIATION = re.compile(
    r"(?<![^\s(\[])(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|vs|etc|e\.g|i\.e|et al|al|cf|Fig|Eq|Sec|No|Vol|pp|p|ch|ver|approx|\d+)\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 12
_GOES_ON = re.compile(r"\s*[a-z]")
_LINE_END = re.compile(r"(?:[다요음임함됨됩까죠것듯듦김짐봄줌]|[.!?:;…])[\"'”’)\]*`_]*$")
ROW = re.compile(r"[ \t]*\|.*\|\s*$")
"""A row of a table."""
BREAK = r"</?br ?/?>"
"""A pattern for HTML's break of a line."""
_ALONE = re.compile(r"\s*(?:\||#|```)")
"""A line that is no part of a paragraph."""
FULL = 0.9
"""What share of the longest line a wrapped one would at least fill with the next word: not all editors count columns alike."""
_SIGN = re.compile(rf"\s*{BULLET}\s+")
_ITEM = re.compile(rf"{_SIGN.pattern}|\s*[|#>]|\s*```")


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans `(start, end)` of the sentences of `text`, in order, trimmed of white space; together they hold all its other characters.

    A line ends a sentence when it is a list item, a table row or a heading, stands before one, or closes like a Korean sentence;
    other line breaks are taken for hard wraps. A table row is one sentence. "…합니다.다음" are two, though no space stands between them.
    """
    spans: list[tuple[int, int]] = []
    for start, end in logical_lines(text):
        if ROW.match(text, start, end):
            _add(spans, text, start, end)
            continue
        sign = _SIGN.match(text, start, end)
        for stop in _STOP.finditer(text, sign.end() if sign else start, end):
            if not (_abbreviates(text, start, stop) or _GOES_ON.match(text, stop.end(), end)):
                _add(spans, text, start, stop.end())
                start = stop.end()
        _add(spans, text, start, end)
    return spans


def _abbreviates(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether the stop belongs to a word such as `Fig.`, an initial or a number, within the sentence that begins at `start`."""
    dot = stop.start()
    return text[dot] == "." and bool(_ABBREVIATION.search(text, max(start, dot - _LONGEST_ABBREVIATION), dot + 1))


def logical_lines(text: str) -> list[tuple[int, int]]:
    """Spans `(start, end)` of the lines of `text` that are not blank, hard wraps joined.

    A line is wrapped where the first word of the next would have made it about as long as the longest around it, or longer.
    """
    joined: list[tuple[int, int]] = []
    at, before = 0, ""
    for line, longest in _with_longest(text.splitlines(keepends=True)):
        end = at + len(line)
        if not line.strip():
            before = ""
        elif before and not _ITEM.match(line) and _width(before) + 1 + _width(line.split(maxsplit=1)[0]) >= FULL * longest:
            joined[-1] = (joined[-1][0], end)
            before = "" if _LINE_END.search(line.rstrip()) else line.rstrip()
        else:
            joined.append((at, end))
            before = "" if _ALONE.match(line) or _LINE_END.search(line.rstrip()) else line.rstrip()
        at = end
    return joined


def _with_longest(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The lines, each with the width of the longest among those around it, between blank lines, headings, rows and fences."""
    for apart, group in groupby(lines, key=lambda line: not line.strip() or _ALONE.match(line) is not None):
        around = list(group)
        longest = 0 if apart else max(_width(line.rstrip()) for line in around)
        yield from ((line, longest) for line in around)


def _width(text: str) -> int:
    """About how many columns it takes: a letter of Hangul, which is three bytes long, takes two."""
    return (len(text) + len(text.encode("utf-8", "surrogatepass"))) // 2


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if start < end:
        spans.append((start, end))
