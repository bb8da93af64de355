"""What both Hangul formats share: how a paragraph's head and a table's cells become Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.notes.blocks import Numbering, heading, item, plain, stacked, table


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a paragraph: the formats know `OUTLINE`, `NUMBER`, `BULLET` and `NONE`; levels count from 0."""

    kind: str = "NONE"
    level: int = 0
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell at its address, with the blocks it holds."""

    row: int
    column: int
    blocks: list[str]


def head_of(shape: Head, style: str) -> Head:
    """The head of a paragraph by its shape, or by the name of its style where another program wrote only that."""
    named = re.fullmatch(r"(?:개요|outline) (\d+)", style.strip().lower())
    return Head("OUTLINE", int(named[1]) - 1) if named and shape.kind == "NONE" else shape


def paragraph(text: str, head: Head, numbering: Numbering) -> str:
    """The paragraph as a heading, a list item, or itself."""
    text = text.strip()
    if head.kind == "OUTLINE":
        return heading(text, head.level + 1)
    if head.kind == "BULLET":
        return item(text, head.level)
    if head.kind == "NUMBER" and text:
        return item(text, head.level, f"{numbering.next(head.list_id, head.level)}.")
    return plain(text)


def grid(cells: Iterable[Cell]) -> list[str]:
    """A table by its cells' addresses, empty where a cell spans; one column is a frame around text, and gives its blocks."""
    cells = list(cells)
    columns = {column: place for place, column in enumerate(sorted({cell.column for cell in cells}))}
    if len(columns) < 2:
        return [block for cell in cells for block in cell.blocks]
    rows: dict[int, list[str]] = {row: [""] * len(columns) for row in sorted({cell.row for cell in cells})}
    for cell in cells:
        rows[cell.row][columns[cell.column]] = stacked(cell.blocks)
    return [table(list(rows.values()))]
