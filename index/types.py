"""The nouns of everything that happens before a question. Frozen values; standard library only.

Offsets count Unicode code points of `Document.text`, never bytes and never UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from unicodedata import normalize

Structure = Literal["markdown", "text"]
"""How a document's text shows its structure: Markdown signs, or the bullets, numbers and indentation of plain text."""

MarkKind = Literal["page", "slide", "cell", "time", "picture"]
"""Where a picture's words end and the text goes on, a picture of no number begins."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)` while long work runs."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of the source file (page 3, slide 7, cell 2, 00:01:05) that begins at `start` of the text."""

    start: int
    kind: MarkKind
    value: str


@dataclass(frozen=True, slots=True)
class Document:
    """One note, as extracted: `text` is NFC and is what every offset refers to.

    `doc_id` is the NFC path relative to the folder that was indexed, with `/` separators.
    `warnings` are what a reader of the note must know ("page 4 holds no text: a scan?").
    """

    doc_id: str
    title: str
    text: str
    structure: Structure = "markdown"
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locator:
    """Where a passage stands for a person: its first line (1-based), and the page, slide, cell or time where the format has one.

    `picture` counts the pictures of the note, for words that stand in one.
    """

    line: int
    page: int | None = None
    slide: int | None = None
    cell: int | None = None
    time: str | None = None
    picture: int | None = None

    def __str__(self) -> str:
        named = (("p.", self.page), ("slide ", self.slide), ("cell ", self.cell), ("", self.time), ("picture ", self.picture))
        return ", ".join(f"{name}{value}" for name, value in named if value is not None) or str(self.line)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one document, `document.text[start:end] == text`.

    `section` is the heading path without the title, `parents` the bullets that the passage hangs under.
    """

    doc_id: str
    title: str
    section: tuple[str, ...]
    text: str
    start: int
    end: int
    locator: Locator
    parents: tuple[str, ...] = ()

    @property
    def passage_id(self) -> str:
        return f"{self.doc_id}#{self.start}-{self.end}"

    @property
    def context(self) -> str:
        """What surrounds the passage: title, headings and parent bullets, joined with ` › `."""
        return " › ".join((self.title, *self.section, *self.parents))

    @property
    def embedded(self) -> str:
        """What the encoder and the lexical leg see."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps passages by the place, week and format of their notes. Empty means everything.

    `notes` are document ids or glob patterns (`week05/*.md`), `folders` are path prefixes (`week05`); any match lets a passage through.
    `weeks` and `types` narrow that: to notes or folders named after one of the weeks (`weeks_of`), to file names of one of the suffixes.
    """

    notes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    weeks: tuple[int, ...] = ()
    types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("notes", "folders"):  # as document ids are written
            object.__setattr__(self, name, tuple(normalize("NFC", each) for each in getattr(self, name)))

    def __bool__(self) -> bool:
        return bool(self.notes or self.folders or self.weeks or self.types)

    def keeps(self, doc_id: str) -> bool:
        if self.weeks and weeks_of(doc_id).isdisjoint(self.weeks):
            return False
        if self.types and not any(doc_id.lower().endswith(f".{suffix.lower().lstrip('.')}") for suffix in self.types):
            return False
        return not (self.notes or self.folders) or self._names(doc_id)

    def _names(self, doc_id: str) -> bool:
        if any(fnmatchcase(doc_id, pattern) for pattern in self.notes):
            return True
        return any(doc_id.startswith(folder.rstrip("/") + "/") for folder in self.folders)


_WEEK = re.compile(
    r"(?<![^\W_])(?:(?:week|wk)[\W_]?0*(\d+)(?!\d)|w[\W_]?0*(\d+)(?![^\W_]))"
    r"|(?<!\d)0*(\d+)[\W_]?주(?:차|(?![가-힣]))|주차[\W_]?0*(\d+)(?!\d)",
    re.IGNORECASE,
)


def weeks_of(doc_id: str) -> frozenset[int]:
    """The weeks that a note or a folder above it is named after: week03, week-3, wk3, w3, 3주차, 제3주."""
    return frozenset(int(number) for found in _WEEK.findall(doc_id) for number in found if number)


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What an index knows of one note without opening it."""

    doc_id: str
    title: str
    content_hash: str
    passages: int
    characters: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """One committed state of an index. `created` is ISO 8601 in UTC; `summary` says what the commit did ("+2 ~1 -0 notes")."""

    number: int
    created: str
    documents: int
    passages: int
    summary: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class NoteProblem:
    """One note that could not be read, and why; the others were indexed."""

    doc_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What one run of indexing did."""

    generation: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    passages: int = 0
    problems: tuple[NoteProblem, ...] = ()
    warnings: tuple[NoteProblem, ...] = field(default=())
