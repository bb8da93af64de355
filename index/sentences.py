"""Where sentences begin and end, by rule: Korean, English and the half sentences of notes. Standard library only."""

from __future__ import annotations

import re

_STOP = re.compile(r"[.!?。！？…]+[\"'”’)\]}»*]*(?=\s)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|vs|etc|e\.g|i\.e|et al|al|cf|Fig|Eq|Sec|No|Vol|pp|p|ch|ver|approx|\d+)\.$", re.IGNORECASE
)
_LINE_END = re.compile(r"(?:[다요음임함됨됩까죠것듯듦김짐봄줌]|[.!?:;…])[\"'”’)\]*`]*$")
_ITEM = re.compile(r"\s*(?:[-*+•·‣◦▪○●※]|\d+[.)]|[(（]?[가-하a-z\d][)）])\s+|\s*[|#>]|\s*```")


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans `(start, end)` of the sentences of `text`, in order, trimmed of white space; together they hold all its other characters.

    A line ends a sentence when it is a list item, a table row or a heading, stands before one, or closes like a Korean sentence;
    other line breaks are taken for hard wraps.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for line_start, line_end in _logical_lines(text):
        start = line_start
        for stop in _STOP.finditer(text, line_start, line_end):
            if stop.group().startswith(".") and _ABBREVIATION.search(text[start : stop.start() + 1]):
                continue
            following = text[stop.end() : line_end].lstrip()
            if following[:1].isascii() and following[:1].islower():
                continue
            _add(spans, text, start, stop.end())
            start = stop.end()
        _add(spans, text, start, line_end)
    return spans


def _logical_lines(text: str) -> list[tuple[int, int]]:
    """Lines, hard wraps joined."""
    joined: list[tuple[int, int]] = []
    open_end = False
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        if not line.strip():
            open_end = False
        elif open_end and not _ITEM.match(line):
            joined[-1] = (joined[-1][0], end)
            open_end = not _LINE_END.search(line.rstrip())
        else:
            joined.append((at, end))
            row = line.lstrip().startswith(("|", "#", "```"))
            open_end = not row and not _LINE_END.search(line.rstrip())
        at = end
    return joined


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if start < end:
        spans.append((start, end))
