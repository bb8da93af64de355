"""The index that the page reads from: opened once, opened again when a newer generation is committed.

An index whose vectors no model here can be compared with is served too, by its words, until it is embedded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from index.errors import EncoderMismatch, ModelError, RagError
from index.places import Place
from index.types import Document, DocumentInfo, Filter
from rag.types import Answer, Glance, Hit, RetrieverName, Turn
from ui.i18n import KO


class Notes(Protocol):
    """What the page needs of an index."""

    @property
    def sources(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...

    def documents(self) -> Sequence[DocumentInfo]: ...

    def document(self, doc_id: str) -> Document: ...


class Asks(Protocol):
    """What the page and the API need of a pipeline."""

    @property
    def index(self) -> Notes: ...

    def search(
        self, question: str, k: int = 5, filter: Filter | None = None, retriever: RetrieverName = "hybrid", *, as_typed: bool = False
    ) -> list[Hit]: ...

    def glance(
        self, question: str, *, history: Sequence[Turn] = (), filter: Filter | None = None, k: int = 5, as_typed: bool = False
    ) -> Glance: ...

    @property
    def reader_name(self) -> str: ...

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filter: Filter | None = None,
        k: int = 5,
        retriever: RetrieverName = "hybrid",
        as_typed: bool = False,
    ) -> Answer: ...


class Shelf:
    """Holds the open pipeline. `stamp` is cheap and changes with every commit; where `open` raises, the next call tries again."""

    def __init__(self, open: Callable[[], Asks], stamp: Callable[[], Hashable]) -> None:
        self._open = open
        self._stamp = stamp
        self._lock = Lock()
        self._held: tuple[Hashable, Asks] | None = None

    def __call__(self) -> Asks:
        """The pipeline of the current generation."""
        with self._lock:
            stamp = self._stamp()
            if self._held is None or self._held[0] != stamp:
                self._held = None
                self._held = (stamp, self._open())
            return self._held[1]


class Before:
    """Stands before a pipeline and hands everything on, for what changes a part of that."""

    __slots__ = ()
    pipeline: Asks

    @property
    def index(self) -> Notes:
        return self.pipeline.index

    @property
    def reader_name(self) -> str:
        return self.pipeline.reader_name

    def search(self, question: str, *place: Any, **settings: Any) -> list[Hit]:
        return self.pipeline.search(question, *place, **settings)

    def glance(self, question: str, **settings: Any) -> Glance:
        return self.pipeline.glance(question, **settings)

    def ask(self, question: str, **settings: Any) -> Answer:
        return self.pipeline.ask(question, **settings)


@dataclass(frozen=True, slots=True)
class ByWords(Before):
    """A pipeline whose index holds vectors of another model: words alone are searched, and every answer that misses meaning says why."""

    pipeline: Asks
    notice: str

    def search(
        self, question: str, k: int = 5, filter: Filter | None = None, retriever: RetrieverName = "hybrid", *, as_typed: bool = False
    ) -> list[Hit]:
        return self.pipeline.search(question, k, filter, "lexical", as_typed=as_typed)

    def ask(self, question: str, *, retriever: RetrieverName = "hybrid", **settings: Any) -> Answer:
        answer = self.pipeline.ask(question, retriever="lexical", **settings)
        return answer if retriever == "lexical" else replace(answer, notices=(self.notice, *answer.notices))


def shelf_of(index_dir: Place) -> Shelf:
    """The pipeline of an index; a model folder that was away and is back counts as a change too."""
    from index.engines import stamp, standing

    def now() -> Hashable:
        return stamp(index_dir), Path(standing(index_dir)[1].name).exists()

    before: Asks | None = None

    def opened() -> Asks:
        nonlocal before
        before = open_pipeline(index_dir, before)
        return before

    return Shelf(opened, now)


def open_pipeline(index_dir: Place, before: Asks | None = None) -> Asks:
    """The default pipeline of an index, or where its model has changed or is gone one that searches by words.

    The models of the one `before` are taken over where they fit: to open them takes seconds, in which nothing would be answered.
    Raises RagError where neither can be had.
    """
    from rag.pipeline import Pipeline

    if isinstance(before, Pipeline):
        with suppress(EncoderMismatch):
            return before.renewed(index_dir)
    try:
        return Pipeline.open(index_dir)
    except EncoderMismatch:
        notice = f"{KO.model_changed}: rag index --index {index_dir}"
    except ModelError as error:
        notice = f"{KO.model_missing}: {error}"
    return ByWords(Pipeline.open(index_dir, retriever="lexical"), notice)


def held(pipeline: Callable[[], Asks]) -> tuple[int, int]:
    """How many notes and passages are open; none where the index cannot be."""
    try:
        index = pipeline().index
    except RagError:
        return 0, 0
    return len(index.documents()), len(index)
