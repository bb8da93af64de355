"""Text to HTML with marks. Every character of the text is escaped; only the tags written here are markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import pairwise

Interval = tuple[int, int]

_SIGNS = re.compile(r"(?P<sign>\*\*|(?<!`)`(?!`))(?=\S)(?P<inside>[^\n]+?)(?<=\S)(?P=sign)")
_HANG = re.compile(r"\s*(?:(?:[-*+•·∙◦▪▸>]|\d+[.)])\s+)?")


def merged(intervals: Iterable[Interval], start: int, end: int) -> list[Interval]:
    """The parts of `[start, end)` that the intervals cover: in order, disjoint, none empty."""
    out: list[Interval] = []
    for left, right in sorted((max(a, start), min(b, end)) for a, b in intervals):
        if left >= right:
            continue
        if out and left <= out[-1][1]:
            out[-1] = (out[-1][0], max(right, out[-1][1]))
        else:
            out.append((left, right))
    return out


def marked(text: str, strong: Iterable[Interval] = (), light: Iterable[Interval] = (), start: int = 0, end: int | None = None) -> str:
    """`text[start:end]` as HTML, the strong intervals in `<mark class="evidence">`, the light ones in `<span class="match">`.

    Intervals are code points of `text`; parts outside it are ignored, overlaps are joined. Markdown's bold and code signs stay
    as they are and are only dressed, so the text content of the result is exactly `text[start:end]`.
    """
    end = len(text) if end is None else min(end, len(text))
    styles = {"match": merged(light, start, end), **_dress(text, start, end)}
    return "".join(
        f'<mark class="evidence">{_styled(text, a, b, styles)}</mark>' if inside else _styled(text, a, b, styles)
        for a, b, inside in _pieces(start, end, merged(strong, start, end))
    )


def lines(
    text: str, strong: Iterable[Interval] = (), light: Iterable[Interval] = (), start: int = 0, end: int | None = None
) -> Iterator[str]:
    """`marked` for each line of `text[start:end]`, line feeds kept: a mark never crosses from one line's element into the next."""
    strong, light = tuple(strong), tuple(light)
    at = start
    for line in re.findall(r"[^\n]*\n|[^\n]+", text[start:end]):
        yield marked(text, strong, light, at, at + len(line))
        at += len(line)


def hang(line: str) -> int:
    """How many columns a wrapped line is set in: its indentation and its bullet."""
    found = _HANG.match(line)
    return len(found[0].expandtabs(4)) if found else 0


def kinds(lines: Iterable[str], fenced: bool = False) -> Iterator[str]:
    """What each line of Markdown is, so far as its looks depend on it: `heading`, `code` (a table's row too), `blank`, or nothing.

    `fenced` says that the first stands in a block of code.
    """
    for line in lines:
        fence = line.lstrip().startswith("```")
        yield "code" if fenced or fence else _kind(line)
        fenced ^= fence


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if line.lstrip().startswith("|"):
        return "code"
    return "heading" if re.match(r"#{1,6} ", line) else ""


def _styled(text: str, start: int, end: int, styles: Mapping[str, list[Interval]]) -> str:
    inside = {name: merged(intervals, start, end) for name, intervals in styles.items()}
    cuts = sorted({start, end, *(at for intervals in inside.values() for interval in intervals for at in interval)})
    return "".join(_piece(text, left, right, inside) for left, right in pairwise(cuts))


def _piece(text: str, start: int, end: int, styles: Mapping[str, list[Interval]]) -> str:
    names = " ".join(name for name, intervals in styles.items() if any(a <= start and end <= b for a, b in intervals))
    return f'<span class="{names}">{escape(text[start:end])}</span>' if names else escape(text[start:end])


def _dress(text: str, start: int, end: int) -> dict[str, list[Interval]]:
    """Where Markdown's bold and code stand, and their signs."""
    found = list(_SIGNS.finditer(text, start, end))
    kinds = {"strong": "**", "code": "`"}
    dress = {name: [match.span("inside") for match in found if match["sign"] == sign] for name, sign in kinds.items()}
    signs = [(a, b) for match in found for a, b in ((match.start(), match.start("inside")), (match.end("inside"), match.end()))]
    return {**dress, "sign": signs}


def _pieces(start: int, end: int, intervals: Iterable[Interval]) -> Iterator[tuple[int, int, bool]]:
    """Cuts `[start, end)` at the disjoint intervals: `(left, right, is it one of them)`, without empty pieces."""
    at = start
    for left, right in intervals:
        if at < left:
            yield at, left, False
        yield left, right, True
        at = right
    if at < end:
        yield at, end, False
