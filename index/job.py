"""Long work beside a page that goes on answering: how far it is, the time left, a way to stop it, and how it ended."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeVar

from index.errors import IndexBusy, RagError
from index.types import Progress

T = TypeVar("T")
TELLING = 2.0
"""Seconds of work before it is said how long the rest will take: earlier it is a guess."""


class Stopped(Exception):
    """The work was stopped by whoever watches it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why work ended without a result. `busy` where another process writes, `crashed` where the fault is the program's."""

    message: str
    busy: bool = False
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class Standing(Generic[T]):
    """How work stands: `outcome` is None while it runs.

    `total` is 0 where it is not known yet. `share` and `left`, seconds, are of the whole, or of the stage where it is not known what the
    stages cost; `left` is None where it cannot be told.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    share: float = 0.0
    left: float | None = None
    stopping: bool = False
    outcome: T | Failed | Stopped | None = None


@dataclass(slots=True)
class Clock:
    """Tells the time left of what goes on at an even pace."""

    now: Callable[[], float] = monotonic
    part: str | None = None
    began: float = 0.0
    first: float = 0.0

    def left(self, part: str, share: float) -> float | None:
        """Seconds left of a part of which that share is done, at the pace since it was told of first; None where that says nothing yet."""
        now = self.now()
        if part != self.part:
            self.part, self.began, self.first = part, now, share
        if share >= 1:  # a part of this name may come again
            self.part = None
        took = now - self.began
        return took / (share - self.first) * (1 - share) if took >= TELLING and self.first < share < 1 else None


class Job(Generic[T]):
    """Work in a thread of its own. `costs` says what each stage takes of the whole; without them every stage counts for itself.

    The work is given a `Progress`, which raises Stopped once the job was told to stop.
    """

    def __init__(self, name: str, work: Callable[[Progress], T], costs: Mapping[str, float] | None = None) -> None:
        self.name = name
        self._work = work
        self._costs = dict(costs or {})
        self._passed: dict[str, float] = {}
        self._clock, self._stop = Clock(), Event()
        self._now: Standing[T] = Standing()  # written by the thread alone
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._now.outcome is None

    def standing(self) -> Standing[T]:
        return replace(self._now, stopping=self.is_running and self._stop.is_set())

    def stop(self) -> None:
        """Asks the work to end at its next step."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Waits for the end of the work."""
        self._thread.join(seconds)

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Stopped
        share = self._share(stage, done / total if total else None)
        self._now = Standing(stage, done, total, share, self._clock.left("" if self._costs else stage, share))

    def _share(self, stage: str, part: float | None) -> float:
        """Of the whole, where a stage without steps is over at once; of the stage, where it then has not begun."""
        if not self._costs:
            return part or 0.0
        self._passed[stage] = self._costs.get(stage, 0.0) * (1.0 if part is None else part)
        return min(1.0, sum(self._passed.values()) / sum(self._costs.values()))

    def _run(self) -> None:
        outcome: T | Failed | Stopped
        try:
            outcome = self._work(self._progress)
        except Stopped as stopped:
            outcome = stopped
        except IndexBusy as error:
            outcome = Failed(str(error), busy=True)
        except RagError as error:
            outcome = Failed(str(error))
        except Exception as error:  # the end of a thread: the page must say so and go on; the trace is for the terminal
            traceback.print_exc(file=sys.stderr)
            outcome = Failed(f"{type(error).__name__}: {error}", crashed=True)
        self._now = replace(self._now, outcome=outcome)
