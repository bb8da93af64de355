"""Text to HTML with marks. Every character of the text is escaped; only the tags written here are markup."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from itertools import chain, pairwise

Interval = tuple[int, int]

_SIGNS = re.compile(r"(?P<sign>\*\*|(?<!`)`(?!`))(?=\S)(?P<inside>[^\n]{1,1000}?)(?<=\S)(?P=sign)")
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
    end = max(start, len(text) if end is None else min(end, len(text)))
    styles = {"match": light, **_dress(text, start, end)}
    turns: dict[int, set[str]] = defaultdict(set)
    for name, intervals in (("evidence", strong), *styles.items()):
        for at in chain.from_iterable(merged(intervals, start, end)):
            turns[at].add(name)
    out: list[str] = []
    inside: set[str] = set()
    for left, right in pairwise(sorted({start, end, *turns})):
        if "evidence" in turns[left]:
            out.append("</mark>" if "evidence" in inside else '<mark class="evidence">')
        inside ^= turns[left]
        names = " ".join(name for name in styles if name in inside)
        piece = escape(text[left:right])
        out.append(f'<span class="{names}">{piece}</span>' if names else piece)
    return "".join(out) + "</mark>" * ("evidence" in inside)


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


def _dress(text: str, start: int, end: int) -> dict[str, list[Interval]]:
    """Where Markdown's bold and code stand, and their signs."""
    found = list(_SIGNS.finditer(text, start, end))
    kinds = {"strong": "**", "code": "`"}
    dress = {name: [match.span("inside") for match in found if match["sign"] == sign] for name, sign in kinds.items()}
    signs = [(a, b) for match in found for a, b in ((match.start(), match.start("inside")), (match.end("inside"), match.end()))]
    return {**dress, "sign": signs}
