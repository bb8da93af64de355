"""Who answers next: so many questions at once as there are cores, the doors by turns, and at each door who came first.

Without it a crowd at the API would leave the page's queue, which sends one question at a time, next to nothing, and the memory that answers
take would grow with the crowd.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import wraps
from threading import Event, Lock
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

CAME: ContextVar[float] = ContextVar("when the call came that is being answered", default=0.0)
"""By `perf_counter`; 0 where it never had to wait for a thread."""


class Turns:
    """Lets `slots` threads through at once."""

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or os.cpu_count() or 1
        self._lock = Lock()
        self._inside: set[Event] = set()
        self._waiting: dict[str, dict[Event, None]] = {}

    @contextmanager
    def __call__(self, door: str) -> Iterator[None]:
        """Waits for a turn at that door, which lasts as long as what runs within; whoever stops waiting leaves the queue."""
        turn = Event()
        try:
            self._come(door, turn)
            turn.wait()
            yield
        finally:
            self._go(door, turn)

    def _come(self, door: str, turn: Event) -> None:
        with self._lock:
            self._waiting.setdefault(door, {})[turn] = None
            self._let_in()

    def _go(self, door: str, turn: Event) -> None:
        """From within, or out of the queue: a turn may have come just as the wait for it was broken off."""
        with self._lock:
            self._inside.discard(turn)
            self._waiting.get(door, {}).pop(turn, None)
            self._let_in()

    def _let_in(self) -> None:
        """Gives free slots to the door that has waited longest for its turn, which then stands behind the others."""
        while len(self._inside) < self.slots:
            door = next((name for name, turns in self._waiting.items() if turns), None)
            if door is None:
                return
            turns = self._waiting[door] = self._waiting.pop(door)
            turn = next(iter(turns))
            self._inside.add(turn)
            del turns[turn]
            turn.set()


class Threads:
    """So many threads for calls that come in crowds; a call that waits for one takes none from anybody else.

    All that is no coroutine shares one pool, the page's events and its files as well: calls that waited for their turn in there would stop
    the page.
    """

    def __init__(self, most: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(most, "calls")

    def __call__(self, call: Callable[Given, Result]) -> Callable[Given, Coroutine[Any, Any, Result]]:
        """The same call as a coroutine; who came first is served first."""
        from asyncio import get_running_loop

        @wraps(call)
        async def waiting(*given: Given.args, **named: Given.kwargs) -> Result:
            context = copy_context()
            context.run(CAME.set, perf_counter())
            return await get_running_loop().run_in_executor(self._pool, lambda: context.run(call, *given, **named))

        return waiting
