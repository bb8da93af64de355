"""What an evaluation found, as plain frozen values that any view can print."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeVar, overload

Cell = str | int | float | None
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns; metrics are fractions in 0..1 and `None` means undefined."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """Each row as column → cell."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class HitRow(NamedTuple):
    """One hit without its text: where it stands, its score, and how many gold items it was the first to hold.

    `start` and `end` are 0 where a run of another system names the document by itself.
    """

    doc_id: str
    start: int
    end: int
    score: float
    gain: int


@dataclass(frozen=True, slots=True)
class HitColumns(Sequence[HitRow]):
    """Hits by column, each made a `HitRow` when it is looked at: half a million are kept at a time, and few are ever looked at."""

    doc_ids: tuple[str, ...]
    starts: array[int]
    ends: array[int]
    scores: array[float]
    gains: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.gains)

    def __iter__(self) -> Iterator[HitRow]:
        return map(HitRow, self.doc_ids, self.starts, self.ends, self.scores, self.gains)

    @overload
    def __getitem__(self, at: int) -> HitRow: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[HitRow, ...]: ...

    def __getitem__(self, at: int | slice) -> HitRow | tuple[HitRow, ...]:
        if isinstance(at, slice):
            return tuple(self)[at]
        return HitRow(self.doc_ids[at], self.starts[at], self.ends[at], self.scores[at], self.gains[at])


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """What one system did with one question: ids, offsets and scores only, so that it can be published whatever the texts' licence."""

    system: str
    question_id: str
    kind: str
    split: str
    metrics: Mapping[str, float]
    hits: Sequence[HitRow] = ()

    @property
    def first_rank(self) -> int | None:
        """Where the first relevant hit stands."""
        return next((rank for rank, hit in enumerate(self.hits, 1) if hit.gain), None)


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
        rows = [{**_fields(row), "hits": [hit._asdict() for hit in row.hits]} for row in self.rows]
        return {"facts": dict(self.facts), "tables": [_fields(table) for table in self.tables], "rows": rows}


@contextmanager
def many_rows() -> Iterator[None]:
    """Garbage is looked for a hundred times less often: of half a million hits none is any, and looking would take a third of the time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100 * thresholds[0], *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def rows_by(key: Callable[[QuestionRow], Key], rows: Iterable[QuestionRow]) -> dict[Key, list[QuestionRow]]:
    """The rows of each key, in the order in which keys first appear."""
    out: dict[Key, list[QuestionRow]] = {}
    for row in rows:
        out.setdefault(key(row), []).append(row)
    return out


def by_system(rows: Iterable[QuestionRow]) -> dict[str, list[QuestionRow]]:
    return rows_by(lambda row: row.system, rows)


def merged(*reports: Report) -> Report:
    """Several reports as one, in the order given."""
    facts = {name: value for report in reports for name, value in report.facts.items()}
    return Report(
        facts, tuple(table for report in reports for table in report.tables), tuple(row for report in reports for row in report.rows)
    )


def _fields(value: Table | QuestionRow) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}
