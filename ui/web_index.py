"""The index that the page reads from: opened once, opened again when a newer generation is committed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Protocol

from index.types import Document, DocumentInfo
from rag.types import Answer, RetrieverName


class Notes(Protocol):
    """What the page needs of an index."""

    def __len__(self) -> int: ...

    def documents(self) -> Sequence[DocumentInfo]: ...

    def document(self, doc_id: str) -> Document: ...


class Asks(Protocol):
    """What the page needs of a pipeline."""

    @property
    def index(self) -> Notes: ...

    def ask(self, question: str, *, k: int = 5, retriever: RetrieverName = "hybrid") -> Answer: ...


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
