"""The shapes of the API's JSON, for its OpenAPI description. Their docstrings are read by people who never see this file."""

from __future__ import annotations

from dataclasses import dataclass

from index.settings import IndexSettings
from index.types import DocumentInfo


@dataclass(frozen=True, slots=True)
class LegShape:
    """What one leg of the search, by meaning (`dense`) or by words (`lexical`), says: score, and rank from 1 if that leg found it."""

    score: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class LocatorShape:
    """Where a passage begins: its line (from 1), the page, slide, cell or time where the format has one, the note's
    picture where it is one, `label` for people."""

    line: int
    label: str
    page: int | None = None
    slide: int | None = None
    cell: int | None = None
    time: str | None = None
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class HitShape:
    """One passage, best first. `start` and `end` count code points of the note's text; `marks` those of `text`: the matched words."""

    passage_id: str
    doc_id: str
    title: str
    section: list[str]
    parents: list[str]
    locator: LocatorShape
    source: str
    start: int
    end: int
    text: str
    score: float | None
    legs: dict[str, LegShape]
    matched: list[str]
    marks: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """The passages nearest to a question."""

    question: str
    hits: list[HitShape]


@dataclass(frozen=True, slots=True)
class SpanShape:
    """Exact words of a note: its text from `start` to `end`, in code points, is `quote`."""

    doc_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class RepairShape:
    """A word of the question as it was typed, and the word of the notes that was searched for it."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """An answer in the words of the notes. Where `abstained`, `text` is empty, `message` says why, `hits` are the closest passages.

    `confidence` is the probability that the answer is right, `searched` the question as it was searched, `notices` what was degraded,
    `repairs` the words that were taken for slips.
    """

    question: str
    searched: str
    text: str
    message: str
    abstained: bool
    confidence: float | None
    spans: list[SpanShape]
    notices: list[str]
    repairs: list[RepairShape]
    hits: list[HitShape]


@dataclass(frozen=True, slots=True)
class NoteList:
    """The notes of the index, in the order of their names."""

    notes: list[DocumentInfo]


@dataclass(frozen=True, slots=True)
class NoteShape:
    """The text of a note, or a part of it: `start` and `end` count code points, of which the whole note has `characters`."""

    doc_id: str
    title: str
    structure: str
    warnings: list[str]
    characters: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The model that embedded the notes; `changed` where today's of that name is another, so that they should be embedded anew."""

    name: str
    fingerprint: str
    changed: bool


@dataclass(frozen=True, slots=True)
class StatusShape:
    """What the index holds."""

    index: str
    generation: int
    encoder: EncoderShape
    sources: list[str]
    passages: int
    settings: IndexSettings
    documents: list[DocumentInfo]


@dataclass(frozen=True, slots=True)
class ProblemShape:
    """What went wrong: `error` is its kind, `message` what was found, what was expected, and often the command that mends it."""

    error: str
    message: str
