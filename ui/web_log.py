"""How the page and the API keep a log of what was asked: recording, thumbs, and the switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from rag.querylog import KEY, Door, Recorder, Thumb, open_log
from rag.types import Answer
from ui.web_index import Asks, Before, ByWords


@dataclass(frozen=True, slots=True)
class Recorded(Before):
    """A pipeline whose answers are recorded as given at one door."""

    pipeline: Asks
    recorder: Recorder
    door: Door

    def ask(self, question: str, **settings: Any) -> Answer:
        retriever = "lexical" if isinstance(self.pipeline, ByWords) else settings.get("retriever", "hybrid")
        asking = partial(self.pipeline.ask, question, **settings)
        return self.recorder.watch(self.door, asking, retriever=retriever, reader=self.reader_name)


def recorded(pipeline: Callable[[], Asks], recorder: Recorder, door: Door) -> Callable[[], Recorded]:
    """The current pipeline each time, recorded."""
    return lambda: Recorded(pipeline(), recorder, door)


def silent() -> Recorder:
    """One that records nothing."""
    return Recorder(replace(open_log(), forbidden=True), Path())


def rater(recorder: Recorder) -> Callable[[dict[str, Any]], bool]:
    """What the page calls to keep a thumb; it answers whether it was kept."""

    def rate(request: dict[str, Any]) -> bool:
        key, thumb = request.get("key"), request.get("thumb")
        known = isinstance(key, str) and KEY.fullmatch(key) and type(thumb) is int and thumb in get_args(Thumb)
        return bool(known) and recorder.rate(str(key), thumb)  # type: ignore[arg-type]

    return rate
