"""How long each stage of an answer takes, for whoever listens; unless `timed` is entered nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

_HEARD: ContextVar[dict[str, float] | None] = ContextVar("stages", default=None)


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Seconds of each stage within, by name, stages of one name added up; also those that threads begun within it run in its context."""
    heard: dict[str, float] = {}
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """What runs within is the stage of that name."""
    heard = _HEARD.get()
    if heard is None:
        yield
        return
    began = perf_counter()
    try:
        yield
    finally:
        heard[name] = heard.get(name, 0.0) + perf_counter() - began
