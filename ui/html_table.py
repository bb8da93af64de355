"""A table of a report as HTML: cells as text, shares with a bar, differences with their interval drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape

from rag.evaluation.gate import LEVEL
from rag.evaluation.report import Cell, Table
from ui.i18n_report import ReportTexts, definition, word
from ui.report_figures import plain
from ui.view import P_VALUES, is_tiny

_INTERVAL = ("difference", "2.5 %", "97.5 %")
_ADJUSTED = P_VALUES[-1]
_NO_SHARE = {*_INTERVAL, *P_VALUES, "effect", "value"}
_NAMES = {"kind", "split", "verdict", "measure"}  # columns whose cells are words of ours


def safe(value: object) -> str:
    """Anything as text of the page."""
    return escape(plain(str(value)))


def coded(text: str) -> str:
    """Escaped text in which what is back-quoted is `<code>`."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text))


def number(value: Cell) -> str:
    """A cell as text of the page: fractions with three decimals, large numbers with one, whole ones in groups of three."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else safe(value)


def table_html(table: Table, t: ReportTexts) -> str:
    """A table as it is, shares with a bar under them, and differences with their interval drawn."""
    numeric = [all(isinstance(row[at], int | float | None) for row in table.rows) for at in range(len(table.columns))]
    shares = [_is_share(table, at) for at in range(len(table.columns))]
    widest = _widest(table)
    head = "".join(_head(name, right, t) for name, right in zip(table.columns, numeric, strict=True))
    head += f'<th scope="col">{t.interval}</th>' if widest else ""
    lines, before = [], None
    for row in table.rows:
        cells = [_cell(value, name, share, t) for value, name, share in zip(row, table.columns, shares, strict=True)]
        again = ' class="again"' if row[0] == before and not numeric[0] else ""
        lines.append(f"<tr{again}>{''.join(cells)}{_span(table, row, widest) if widest else ''}</tr>")
        before = row[0]
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _head(name: str, right: bool, t: ReportTexts) -> str:
    meaning = definition(name, t.lang)
    title = f' title="{escape(meaning)}"' if meaning else ""
    return f'<th scope="col"{" class=n" if right else ""}{title}>{safe(word(name, t.lang))}</th>'


def _is_share(table: Table, at: int) -> bool:
    """Whether a column holds fractions of 1, so that a bar says something."""
    values = [row[at] for row in table.rows if row[at] is not None]
    fractions = all(isinstance(value, float) and 0 <= value <= 1 for value in values)
    return bool(values) and fractions and table.columns[at] not in _NO_SHARE


def _cell(value: Cell, column: str, share: bool, t: ReportTexts) -> str:
    if isinstance(value, str):
        return f"<td>{safe(word(value, t.lang) if column in _NAMES else value)}</td>"
    if share and isinstance(value, float):
        return f'<td class="n share" style="--v:{value:.3f}">{number(value)}</td>'
    return f'<td class="n">{"&lt; .001" if is_tiny(value, column) else number(value)}</td>'


def _widest(table: Table) -> float:
    """How far the intervals of a table reach from 0; 0 where it has none."""
    if not set(_INTERVAL) <= set(table.columns):
        return 0.0
    bounds = [row[table.columns.index(name)] for row in table.rows for name in _INTERVAL]
    return max((abs(bound) for bound in bounds if isinstance(bound, float) and math.isfinite(bound)), default=0.0)


def _span(table: Table, row: Sequence[Cell], widest: float) -> str:
    """The interval of a difference on the scale that all rows share, 0 in the middle; set off where it is significant.

    That is by the corrected p-value, or where there is none by an interval that leaves 0 out.
    """
    found = [row[table.columns.index(name)] for name in _INTERVAL]
    middle, low, high = (50 + 46 * value / widest if isinstance(value, float) else 50.0 for value in found)
    adjusted = row[table.columns.index(_ADJUSTED)] if _ADJUSTED in table.columns else None
    certain = adjusted < LEVEL if isinstance(adjusted, float) else not low <= 50 <= high
    sure = ' class="sure"' if certain else ""
    return (
        f'<td class="span"><svg viewBox="0 0 100 14" aria-hidden="true"{sure}><path class="zero" d="M50 0V14"/>'
        f'<path class="reach" d="M{low:.1f} 7H{high:.1f}"/><circle cx="{middle:.1f}" cy="7" r="3"/></svg></td>'
    )
