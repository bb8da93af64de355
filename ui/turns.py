"""Who answers next: so many questions at once as there are cores, the doors by turns, and at each door who came first.

Without it a crowd at the API would leave the page's queue, which sends one question at a time, next to nothing, and the memory that answers
take would grow with the crowd.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Turns:
    """Lets `slots` threads through at once."""

    def __init__(self, slots: int | None = None) -> None:
        self._free = slots or os.cpu_count() or 1
        self._lock = Lock()
        self._waiting: dict[str, deque[Event]] = {}

    @contextmanager
    def __call__(self, door: str) -> Iterator[None]:
        """Waits for a turn at that door, which lasts as long as what runs within."""
        if turn := self._queued(door):
            turn.wait()
        try:
            yield
        finally:
            self._pass_on()

    def _queued(self, door: str) -> Event | None:
        """What to wait for, nothing where a slot is free."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            turn = Event()
            self._waiting.setdefault(door, deque()).append(turn)
            return turn

    def _pass_on(self) -> None:
        """Hands the slot to the door that has waited longest for its turn, which then stands behind the others."""
        with self._lock:
            for door, turns in list(self._waiting.items()):
                if turns:
                    self._waiting[door] = self._waiting.pop(door)
                    turns.popleft().set()
                    return
            self._free += 1
