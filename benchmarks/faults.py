"""Every command that writes, cut short at each of its changes of the disk, in every way; what is left must be the old or the new, whole.

After each cut a reader looks: it must see what it saw before the command or what it sees after it, and `rag verify` must find nothing. Then
the command is run again, and must do what it would have done.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.cutting import WAYS, Killed, Trial, Way, cut, full_at
from benchmarks.results import Figure, Findings
from benchmarks.writers import Command, NotWhole, commands, here
from index import disk
from index.errors import RagError
from index.types import Progress
from rag.evaluation.report import Cell, Table

LEAST = 500
"""Distinct places at which a command is cut short, at least."""
SIZES = 24
"""Limits on the size of files that a command is tried under."""


@dataclass(slots=True)
class Outcome:
    """What became of one command under all its faults."""

    points: set[tuple[object, ...]] = field(default_factory=set)
    injected: int = 0
    failures: list[str] = field(default_factory=list)


def measure(stride: int = 1, only: Sequence[str] = (), progress: Progress | None = None) -> Findings:
    """All commands, or those named; every `stride`-th place."""
    chosen = [each for each in commands() if not only or each.name in only]
    found: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(chosen):
            if progress:
                progress("cut short", number, len(chosen))
            found[command.name] = trials(command, Path(folder), stride)
    points = sum(len(each.points) for each in found.values())
    failures = [failure for each in found.values() for failure in each.failures]
    rows = tuple((name, len(each.points), each.injected, len(each.failures)) for name, each in found.items())
    figures = (
        Figure("commands", len(found)),
        Figure("distinct places of a fault", points, "", LEAST if not only and stride == 1 else None, at_least=True),
        Figure("faults injected", sum(each.injected for each in found.values())),
        Figure("not survived", len(failures), "", 0),
    )
    tables = [Table("commands cut short", ("command", "places", "faults", "not survived"), rows)]
    if failures:
        tables.append(Table("what was not survived", ("command, way, place", "what"), tuple(_pair(each) for each in failures)))
    return Findings({"every n-th place": stride, "ways": ", ".join((*WAYS, "files of limited size"))}, figures, tuple(tables))


def _pair(failure: str) -> tuple[Cell, Cell]:
    where, _, what = failure.partition(": ")
    return where, what


# One command


def trials(command: Command, work: Path, stride: int = 1, ways: Sequence[Way] = WAYS, sizes: int = SIZES) -> Outcome:
    """Cuts one command short at every `stride`-th of its steps, in each of the ways, and at so many limits on the size of files."""
    outcome = Outcome()
    with ExitStack() as stack:
        stack.enter_context(patch("index.build.read_notes", here))
        stack.enter_context(patch("index.mend.read_notes", here))
        stack.enter_context(patch.dict("os.environ", {"RAG_VECTORS": "0"}))
        template, place = work / "template", work / "place"
        _fresh(place)
        with cut(Trial(10**9, "killed"), place):  # nothing is cut here; and nothing waits for the platter
            command.prepare(place)
        shutil.rmtree(template, ignore_errors=True)
        shutil.copytree(place, template)
        old = command.seen(place)
        between, new = _states(command, place)
        if old == new:
            raise ValueError(f"{command.name} changes nothing")
        trial = _Trials(command, template, place, old, new, between, outcome)
        for way in ways:
            for at in count(step=stride):
                if not trial.step(way, at):
                    break
        if sizes:
            _restore(template, place)
            command.act(place)
            largest = max((file.stat().st_size for file in place.rglob("*") if file.is_file()), default=0)
            for size in sorted({round(largest * number / sizes) for number in range(sizes)}):
                trial.limited(size)
    return outcome


def _states(command: Command, place: Path) -> tuple[list[object], object]:
    """What may be seen on the way, and at the end."""
    between: list[object] = []
    if command.steps:
        real = disk.commit

        def watched(*arguments: Any, **options: Any) -> None:
            real(*arguments, **options)
            between.append(command.seen(place))

        with patch("index.disk.commit", watched):
            command.act(place)
    else:
        command.act(place)
    return between, command.seen(place)


@dataclass(slots=True)
class _Trials:
    command: Command
    template: Path
    place: Path
    old: object
    new: object
    between: list[object]
    outcome: Outcome

    def step(self, way: Way, at: int) -> bool:
        """One trial; whether the command had such a step."""
        _restore(self.template, self.place)
        trial = Trial(at, way)
        with cut(trial, self.place), suppress(RagError, Killed, sqlite3.Error, OSError):
            self.command.act(self.place)
        lasts = not trial.failed and way in ("power", "reordered")
        if trial.failed or lasts:
            self._judge(("end",) if lasts else (at,), f"{self.command.name}, {way}, {trial.failed or 'end'} {at}", lasts)
        return bool(trial.failed)

    def limited(self, size: int) -> None:
        _restore(self.template, self.place)
        failed = False
        with full_at(size):
            try:
                self.command.act(self.place)
            except (RagError, sqlite3.Error, OSError):
                failed = True
        if failed:
            self._judge(("size", size), f"{self.command.name}, full at {size} bytes")

    def _judge(self, point: tuple[object, ...], where: str, lasts: bool = False) -> None:
        self.outcome.points.add(point)
        self.outcome.injected += 1
        try:
            left = self.command.seen(self.place)
            if left not in ((self.new,) if lasts else (self.old, self.new, *self.between)):
                raise NotWhole("neither the old nor the new is left")
            if left != self.new:
                self.command.act(self.place)
                if self.command.seen(self.place) != self.new:
                    raise NotWhole("the next run does not do what this one would have")
        except (RagError, NotWhole, sqlite3.Error, OSError, ValueError, KeyError) as problem:
            self.outcome.failures.append(f"{where}: {type(problem).__name__}: {problem}")


def _fresh(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)


def _restore(template: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(template, place)
