"""What the log of questions adds up to: counts, times, how many were asked when, and its export; for the shell and the page alike."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from rag.querylog import Entry, Mark, QueryLog

Period = Literal["day", "week", "month", "all"]
Unit = Literal["hour", "day", "week", "month"]

HOURS, DAYS, MANY_DAYS = 24, {"week": 7, "month": 30}, 62
"""Columns of each period; a log over more days than the last is shown by weeks, and over more weeks by months."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`median` and `high`, the 95th percentile, are the milliseconds of an answer; 0 where nothing was asked."""

    asked: int = 0
    refused: int = 0
    up: int = 0
    down: int = 0
    median: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """How many were asked from `start` (local time) until the next column begins, and how many of them were refused."""

    start: datetime
    asked: int
    refused: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The log over one period, which begins `since` (seconds since 1970); the columns hold exactly what the totals count."""

    totals: Totals
    unit: Unit
    columns: tuple[Column, ...]
    since: float


def totals(marks: Sequence[Mark]) -> Totals:
    """Counts and times of some entries."""
    thumbs = [mark.thumb for mark in marks]
    times = sorted(mark.milliseconds for mark in marks)
    refused = sum(mark.abstained for mark in marks)
    return Totals(len(marks), refused, thumbs.count(1), thumbs.count(-1), percentile(times, 50), percentile(times, 95))


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The least of the values that so many percent of them do not exceed (nearest rank); 0 where there is none."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else 0.0


def overview(log: QueryLog, period: Period, now: float, index: str | None = None) -> Overview:
    """The log over a period that ends now, in this machine's time. Raises LogError."""
    today = datetime.fromtimestamp(now)
    if period == "all":
        marks = log.marks(index=index)
        unit, starts = _all(datetime.fromtimestamp(min((mark.time for mark in marks), default=now)), today)
        since = 0.0
    else:
        unit, starts = _latest(period, today)
        since = starts[0].timestamp()
        marks = log.marks(since=since, index=index)
    return Overview(totals(marks), unit, _columns(marks, starts), since)


def _latest(period: Period, today: datetime) -> tuple[Unit, list[datetime]]:
    if period == "day":
        last = today.replace(minute=0, second=0, microsecond=0)
        return "hour", [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    last = _midnight(today)
    return "day", [last - timedelta(days=back) for back in reversed(range(DAYS[period]))]


def _all(first: datetime, today: datetime) -> tuple[Unit, list[datetime]]:
    """Whole days, weeks from Monday on, or months, from the first entry to today; a week at least."""
    begin, last = _midnight(first), _midnight(today)
    days = max((last - begin).days + 1, DAYS["week"])
    if days <= MANY_DAYS:
        return "day", [last - timedelta(days=back) for back in reversed(range(days))]
    monday = begin - timedelta(days=begin.weekday())
    weeks = (last - monday).days // 7 + 1
    if weeks <= MANY_DAYS:
        return "week", [monday + timedelta(weeks=n) for n in range(weeks)]
    months = 12 * (last.year - begin.year) + last.month - begin.month + 1
    return "month", [datetime(begin.year + (begin.month - 1 + n) // 12, (begin.month - 1 + n) % 12 + 1, 1) for n in range(months)]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _columns(marks: Sequence[Mark], starts: Sequence[datetime]) -> tuple[Column, ...]:
    edges = [start.timestamp() for start in starts]
    asked, refused = [0] * len(starts), [0] * len(starts)
    for mark in marks:
        at = bisect_right(edges, mark.time) - 1
        asked[at] += 1
        refused[at] += mark.abstained
    return tuple(map(Column, starts, asked, refused))


def entry_dict(entry: Entry) -> dict[str, Any]:
    """An entry for programs, its time as ISO 8601 in UTC."""
    return {**asdict(entry), "time": datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="milliseconds")}


def exported(log: QueryLog, *, since: float = 0, index: str | None = None, most: int | None = None) -> Iterator[str]:
    """The log as JSON Lines, oldest first, without line ends; of the latest `most` only. Raises LogError."""
    for entry in reversed(log.read(since=since, index=index, most=most)):
        yield json.dumps(entry_dict(entry), ensure_ascii=False)


def file_name(now: float) -> str:
    """What an export made now is called."""
    return f"questions-{datetime.fromtimestamp(now):%Y-%m-%d}.jsonl"
