"""Markdown for what the formats hold: headings, list items, tables, code."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.notes.extract import one_line

_DATA_URI = re.compile(r"data:[\w/+.-]*(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=\s]{64,}")


def heading(text: str, level: int) -> str:
    """`text` as a heading of level 1 to 6, or nothing where there is no text."""
    text = one_line(text)
    return f"{'#' * min(max(level, 1), 6)} {text}" if text else ""


def plain(text: str) -> str:
    """`text` as a paragraph: a line of code or a note that begins with `#` is not taken for a heading."""
    return re.sub(r"(?m)^(\s*)(?=#{1,6}\s)", r"\1\\", text)


def item(text: str, level: int = 0, sign: str = "-") -> str:
    """`text` as a list item, two spaces deeper for each level (0 is outermost); its further lines are indented under it."""
    indent = "  " * level
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    return f"\n{indent}{' ' * (len(sign) + 1)}".join([f"{indent}{sign} {lines[0]}", *lines[1:]]) if lines else ""


def table(rows: Sequence[Sequence[str]]) -> str:
    """`rows` as a Markdown table whose header is the first row; a table of one column is a frame around text, and becomes that text."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        return "\n\n".join(row[0].strip() for row in rows)
    lines = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([lines[0], _row(["---"] * width), *lines[1:]])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def fenced(code: str, language: str = "") -> str:
    """`code` between fences that are longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    body = code.strip("\n")
    return f"{fence}{language}\n{body}\n{fence}" if body.strip() else ""


def without_data_uris(text: str) -> str:
    """`text` with embedded base64 files reduced to `data:`; nobody searches for them."""
    return _DATA_URI.sub("data:", text)


def stacked(blocks: Sequence[str]) -> str:
    """Blocks one below the other: an empty line between them, except between the items of a list."""
    out: list[str] = []
    for block in blocks:
        if not block.strip():
            continue
        if out:
            out.append("\n" if is_item(block) and is_item(out[-1]) else "\n\n")
        out.append(block)
    return "".join(out)


def is_item(block: str) -> bool:
    """Whether a block is a list item."""
    return re.match(r"\s*(?:-|\d+\.) ", block) is not None


class Numbering:
    """Counts the items of numbered lists as an office program does: an item starts the lists below it anew."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], int] = {}

    def next(self, list_id: str, level: int) -> int:
        """The number of the next item of that list at that depth."""
        for deeper in [key for key in self._counts if key[0] == list_id and key[1] > level]:
            del self._counts[deeper]
        self._counts[list_id, level] = self._counts.get((list_id, level), 0) + 1
        return self._counts[list_id, level]
