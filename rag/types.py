"""The nouns of everything that happens after a question. Frozen values; standard library and `index.types` only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from index.types import Filter, Passage

RetrieverName = Literal["hybrid", "dense", "lexical"]
RETRIEVERS: tuple[RetrieverName, ...] = ("hybrid", "dense", "lexical")
ReaderName = Literal["span", "sentence"]
READERS: tuple[ReaderName, ...] = ("span", "sentence")


@dataclass(frozen=True, slots=True)
class Leg:
    """What one leg says of a hit: its own score, and its rank (1-based) among that leg's hits, or None where the leg did not return it."""

    score: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage, its score, and why.

    `legs` maps `dense` and `lexical` to that leg's view. `matched` are the query's words found in the passage, and
    `marks` their places as `(start, end)` offsets of `passage.text`.
    """

    passage: Passage
    score: float
    legs: Mapping[str, Leg] = field(default_factory=dict)
    matched: tuple[str, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Exact words of a note: `document.text[start:end] == quote`."""

    doc_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A word of a question as it was typed, and the word that was searched for it."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. Where `abstained`, `text` is empty, `message` says why, and `hits` are the closest passages.

    `confidence` is the probability that the answer's F1 against a human's is at least .5. `searched` is the question as it was
    searched (a follow-up carries its topic, words of a slip are mended: `repairs` tells them). `notices` say that, and what was degraded
    on the way (a leg switched off, a model missing).
    """

    question: str
    text: str
    spans: tuple[Span, ...]
    confidence: float
    hits: tuple[Hit, ...]
    abstained: bool = False
    message: str = ""
    searched: str = ""
    notices: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """The passages for a question that is still being typed, found by its words. `searched` is told where a follow-up carried its topic."""

    question: str
    hits: tuple[Hit, ...]
    searched: str = ""
    repairs: tuple[Repair, ...] = ()


class Retriever(Protocol):
    """Picks passages, best first, in the total order `(-score, passage_id)`."""

    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]: ...


class Reader(Protocol):
    """Marks the answer in the hits, or abstains."""

    def read(self, question: str, hits: Sequence[Hit]) -> Answer: ...
