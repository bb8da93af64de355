"""A figure before and after, each with its 95 % interval (percentile bootstrap over questions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results import Figure
from rag.evaluation.report import Cell
from rag.evaluation.stats import Comparison, Interval, mean_interval, paired_bootstrap

COLUMNS = ("before", "before 2.5 %", "before 97.5 %", "after", "after 2.5 %", "after 97.5 %", "difference", "2.5 %", "97.5 %", "p")


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None where there is nothing to compare with, `difference` where the two are not paired."""

    after: Interval
    before: Interval | None = None
    difference: Comparison | None = None

    def cells(self) -> tuple[Cell, ...]:
        """Values of COLUMNS."""
        old, new, by = self.before, self.after, self.difference
        then = (old.value, old.low, old.high) if old else (None, None, None)
        moved = (by.difference, by.low, by.high, by.p) if by else (None, None, None, None)
        return (*then, new.value, new.low, new.high, *moved)

    def figure(self, name: str, goal: float | None = None, at_least: bool = True) -> Figure:
        before = self.before.value if self.before else None
        return Figure(name, self.after.value, "", goal, at_least, self.after.low, self.after.high, before)


def changed(after: Sequence[float], before: Sequence[float] | None = None) -> Change:
    """The means of both over the same questions in the same order."""
    if before is None:
        return Change(mean_interval(after))
    return Change(mean_interval(after), mean_interval(before), paired_bootstrap(after, before))
