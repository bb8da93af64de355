"""What the log adds up to: counts, percentiles, and columns that hold exactly what is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import LogError
from rag.logbook import Column, Period, Totals, exported, overview, percentile, totals
from rag.querylog import Entry, Mark, QueryLog

ENTRY = Entry(1000.0, "shell", "/notes", "역전파는?", "역전파는?", "hybrid", "span", ("a.md#0-5",), "기울기", False, 0.75, 40.0)
NOW = datetime(2026, 11, 22, 19, 24)
"""A Sunday."""


@pytest.fixture
def log(tmp_path: Path) -> QueryLog:
    return QueryLog(tmp_path / "questions.sqlite")


def at(moment: datetime, **changed: object) -> Entry:
    return replace(ENTRY, time=moment.timestamp(), **changed)  # type: ignore[arg-type]


def test_totals() -> None:
    marks = [Mark(0, n == 3, float(n), 1 if n < 2 else -1 if n == 5 else 0) for n in range(1, 101)]
    assert totals(marks) == Totals(asked=100, refused=1, up=1, down=1, median=50.0, high=95.0)
    assert totals([]) == Totals()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.sampled_from([50, 95]))
def test_percentiles_are_numpys(values: list[float], percent: int) -> None:
    assert percentile(sorted(values), percent) == np.percentile(values, percent, method="inverted_cdf")


def test_a_day_by_hours(log: QueryLog) -> None:
    log.add([at(NOW - timedelta(hours=24)), at(NOW - timedelta(hours=23)), at(NOW, abstained=True), at(NOW)])
    found = overview(log, "day", NOW.timestamp())
    assert (found.unit, len(found.columns), found.since) == ("hour", 24, datetime(2026, 11, 21, 20).timestamp())
    assert found.columns[0] == Column(datetime(2026, 11, 21, 20), 1, 0)
    assert found.columns[-1] == Column(datetime(2026, 11, 22, 19), 2, 1)
    assert (found.totals.asked, found.totals.refused) == (3, 1)


@pytest.mark.parametrize(("period", "days"), [("week", 7), ("month", 30)])
def test_days_begin_at_midnight(period: Period, days: int, log: QueryLog) -> None:
    first = datetime(2026, 11, 22) - timedelta(days=days - 1)
    log.add([at(first - timedelta(seconds=1)), at(first)])
    found = overview(log, period, NOW.timestamp())
    assert (found.unit, len(found.columns)) == ("day", days)
    assert found.columns[0] == Column(first, 1, 0) and found.totals.asked == 1


@pytest.mark.parametrize(
    ("first", "unit", "count", "start"),
    [
        (NOW, "day", 7, datetime(2026, 11, 16)),
        (datetime(2026, 9, 22, 23), "day", 62, datetime(2026, 9, 22)),
        (datetime(2026, 9, 21, 1), "week", 9, datetime(2026, 9, 21)),
        (datetime(2025, 9, 17), "week", 62, datetime(2025, 9, 15)),
        (datetime(2025, 9, 14), "month", 15, datetime(2025, 9, 1)),
    ],
)
def test_the_whole_log_by_days_weeks_or_months(first: datetime, unit: str, count: int, start: datetime, log: QueryLog) -> None:
    log.add([at(first), at(NOW)])
    found = overview(log, "all", NOW.timestamp())
    assert (found.unit, len(found.columns), found.columns[0].start, found.since) == (unit, count, start, 0.0)
    assert sum(column.asked for column in found.columns) == found.totals.asked == 2


@given(st.lists(st.tuples(st.integers(-10, 800 * 24 * 60), st.booleans()), max_size=30), st.sampled_from(get_args(Period)))
def test_columns_hold_what_is_counted(tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, bool]], period: Period) -> None:
    log = QueryLog(tmp_path_factory.mktemp("log") / "questions.sqlite")
    log.add([at(NOW - timedelta(minutes=ago), abstained=refused) for ago, refused in asked])
    found = overview(log, period, NOW.timestamp())
    assert sum(column.asked for column in found.columns) == found.totals.asked == len(log.read(since=found.since))
    assert sum(column.refused for column in found.columns) == found.totals.refused == len(log.read("refused", since=found.since))
    assert found.totals.up + found.totals.down == len(log.read("thumbs", since=found.since))
    starts = [column.start for column in found.columns]
    assert starts == sorted(starts) and len(starts) <= 62


def test_one_index_alone(log: QueryLog) -> None:
    log.add([at(NOW), at(NOW, index="/other")])
    assert overview(log, "day", NOW.timestamp(), "/other").totals.asked == 1


def test_an_export_is_read_back_oldest_first(log: QueryLog) -> None:
    log.add([at(NOW, question="하나\n"), at(NOW, question="둘")])
    lines = list(exported(log))
    assert [json.loads(line)["question"] for line in lines] == ["하나\n", "둘"]
    assert datetime.fromisoformat(json.loads(lines[0])["time"]).timestamp() == NOW.timestamp()
    assert not any("\n" in line for line in lines)


def test_pages_of_a_list(log: QueryLog) -> None:
    log.add([at(NOW, question=str(n), milliseconds=float(n)) for n in range(5)])
    assert [entry.question for entry in log.read("slow", most=2, skip=2)] == ["2", "1"]
    assert [entry.question for entry in log.read(most=9, skip=4)] == ["0"]


def test_nothing_and_what_is_broken(log: QueryLog) -> None:
    assert overview(log, "all", NOW.timestamp()).totals == Totals()
    assert list(exported(log)) == []
    log.file.write_bytes(b"SQLite format 3\0" + b"broken" * 500)
    with pytest.raises(LogError, match="rag log delete"):
        overview(log, "week", NOW.timestamp())
