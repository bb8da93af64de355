"""What an evaluation found, as plain frozen values that any view can print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns; metrics are fractions in 0..1 and `None` means undefined."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """Each row as column → cell."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class HitRow:
    """One hit without its text: where it stands, its score, and how many gold items it was the first to hold."""

    doc_id: str
    start: int
    end: int
    score: float
    gain: int


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """What one system did with one question: ids, offsets and scores only, so that it can be published whatever the texts' licence."""

    system: str
    question_id: str
    kind: str
    split: str
    metrics: Mapping[str, float]
    hits: tuple[HitRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Facts of the whole run, tables, and the per-question rows that the tables are means of."""

    facts: Mapping[str, Cell]
    tables: tuple[Table, ...]
    rows: tuple[QuestionRow, ...] = field(default=(), repr=False)

    def table(self, title: str) -> Table:
        """The table of that title; KeyError where there is none."""
        for table in self.tables:
            if table.title == title:
                return table
        raise KeyError(title)

    def to_dict(self) -> dict[str, object]:
        """Plain values that `json` can write."""
        return asdict(self)


def merged(*reports: Report) -> Report:
    """Several reports as one, in the order given."""
    facts = {name: value for report in reports for name, value in report.facts.items()}
    return Report(
        facts, tuple(table for report in reports for table in report.tables), tuple(row for report in reports for row in report.rows)
    )
