"""Gold questions that a reader makes on the page: one file beside the index, in the form of every other file of questions.

Each piece of evidence also keeps its place, what stood around it and the note's content hash, so that it is found again after the note
changed, or is known to be stale.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from index.errors import UsageError
from index.files import DISK, put
from index.places import Place, beside
from index.sentences import sentences
from index.types import Document, Passage
from rag import citations
from rag.citations import Citation, Notes, cite, locate
from rag.drafting.draft import Draft, squeezed
from rag.drafting.question_file import read
from rag.evaluation.datasets import PASSAGE, Row, Status, status_of
from rag.quotes import find_quote
from rag.types import Span

State = Literal["whole", "moved", "gone"]
"""The evidence stands where it did, elsewhere or in a note that changed, or nowhere any more."""

_LEAST_QUOTE = 20
"""Characters of an answer's words that are a quote by themselves; fewer take their lines along."""
_WRITING = Lock()
"""Held from reading a file to writing it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence over today's notes: `span` is None where its words are gone."""

    doc_id: str
    quote: str
    state: State
    span: Span | None


@dataclass(frozen=True, slots=True)
class Gold:
    """One question of the file over today's notes."""

    id: str
    question: str
    answers: tuple[str, ...]
    status: Status
    made: str
    pieces: tuple[Piece, ...]

    @property
    def is_stale(self) -> bool:
        """Whether words that it rests on are gone."""
        return any(piece.state == "gone" for piece in self.pieces)


def gold_path(index: Place) -> Path:
    """The file of an index: `data/index.gold.jsonl` beside `data/index`."""
    place = beside(index)
    return place.with_name(f"{place.name}.gold.jsonl")


class GoldFile:
    """The questions of one file. Every change is written at once, whole, one after another.

    Raises DataError where the file holds a line that is no question, UsageError where it cannot be written or names no such question.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def questions(self, notes: Notes) -> list[Gold]:
        """All that the file holds, over today's notes, in the order of its lines."""
        versions = _versions(notes)
        return [_gold(row, notes, versions) for row in read(self.path).rows]

    def marked(self, question: str) -> list[tuple[str, str]]:
        """The evidence of a question that is accepted, as note and quote."""
        row = next((row for row in read(self.path).rows if _asks(row, question) and status_of(row) == "accepted"), None)
        return [(item["doc"], item["quote"]) for item in row["evidence"]] if row else []

    def toggle(self, question: str, document: Document, quote: Span, version: str) -> bool:
        """Takes the words as gold of the question, or takes them back where they are; whether they are now."""
        item = _item(document, quote, version)
        with _WRITING:
            file = read(self.path)
            at = next((at for at, row in enumerate(file.rows) if _asks(row, question)), len(file.rows))
            before = file.rows[at] if at < len(file.rows) else _passage_row(question)
            now, taken = _toggled(before, item)
            self._write([*file.rows[:at], *([now] if now else []), *file.rows[at + 1 :]])
        return taken

    def add(self, drafts: Sequence[Draft], notes: Notes) -> int:
        """Adds those drafts that the file lacks, for a person to judge; how many."""
        versions = _versions(notes)
        with _WRITING:
            file = read(self.path)
            new = file.new(drafts)
            if new:
                self._write([*file.rows, *(_draft_row(draft, notes, versions) for draft in new)])
        return len(new)

    def judge(self, name: str, status: Status) -> None:
        """Sets the status of a question; UsageError for none of that id."""
        with _WRITING:
            rows = [dict(row) for row in read(self.path).rows]
            _named(rows, name, self.path)["status"] = status
            self._write(rows)

    def accept(self, name: str, notes: Notes, question: str, answer: str) -> bool:
        """Accepts a question with these words, blank ones standing for its own; UsageError for none of that id.

        Another answer than its own must stand in its evidence, or takes its evidence along to the sentence of that note where it stands.
        Where it stands nowhere, nothing is written, and False returned.
        """
        with _WRITING:
            rows = [dict(row) for row in read(self.path).rows]
            row = _named(rows, name, self.path)
            if (answer := _line(answer)) and answer != "".join(row["answers"][:1]):
                evidence = _holding(row["evidence"], answer, notes)
                if evidence is None:
                    return False
                row["evidence"], row["answers"] = evidence, [answer, *(each for each in row["answers"][1:] if each != answer)]
            row["status"], row["question"] = "accepted", _line(question) or row["question"]
            self._write(rows)
        return True

    def delete(self, name: str) -> None:
        """Takes a question out; UsageError for none of that id."""
        with _WRITING:
            rows = list(read(self.path).rows)
            _named(rows, name, self.path)
            self._write([row for row in rows if row["id"] != name])

    def anchor(self, notes: Notes) -> int:
        """Writes down in which other note evidence stands now, so that runs find it there; how many pieces had gone there."""
        with _WRITING:
            rows = [dict(row) for row in read(self.path).rows]
            versions = _versions(notes)
            moved = 0
            for row in rows:
                row["evidence"], again = _anchored(row["evidence"], notes, versions)
                moved += again
            if moved:
                self._write(rows)
        return moved

    def _write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            put(DISK, self.path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {error.strerror}") from error


def quote_of(document: Document, passage: Passage, spans: Sequence[Span]) -> Span:
    """The words of a passage that are its evidence: the lines that the answer stands in, or all of it where it holds no answer."""
    inside = [span for span in spans if span.doc_id == document.doc_id and passage.start <= span.start < span.end <= passage.end]
    if not inside:
        return _span(document, passage.start, passage.end)
    start, end = min(span.start for span in inside), max(span.end for span in inside)
    if end - start < _LEAST_QUOTE:
        start = max(passage.start, document.text.rfind("\n", 0, start) + 1)
        line = document.text.find("\n", end)
        end = passage.end if line < 0 else min(passage.end, line)
    return _span(document, start, end)


def _span(document: Document, start: int, end: int) -> Span:
    """The place without the white space around its words."""
    words = document.text[start:end]
    start += len(words) - len(words.lstrip())
    return Span(document.doc_id, start, start + len(words.strip()), words.strip())


# Lines of the file


def _asks(row: Row, question: str) -> bool:
    return squeezed(row["question"]) == squeezed(question)


def _line(text: str) -> str:
    """Words of a person on one line, as notes are: NFC."""
    return " ".join(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).split())


def _named(rows: Sequence[Any], name: str, path: Path) -> Any:
    for row in rows:
        if row["id"] == name:
            return row
    raise UsageError(f"{path} holds no question {name!r} any more: reload the page")


def _item(document: Document, span: Span, version: str) -> dict[str, Any]:
    found = asdict(cite(document, span))
    return {"doc": found.pop("doc_id"), "quote": found.pop("quote"), **found, "version": version}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["doc"], one["quote"]) == (other["doc"], other["quote"])


def _passage_row(question: str) -> Row:
    """The question before it has any evidence."""
    words = _line(question)
    name = f"page-{hashlib.sha256(squeezed(words).encode()).hexdigest()[:10]}"
    return {"id": name, "question": words, "answers": [], "evidence": [], "kind": "", "status": "accepted", "made": PASSAGE}


def _toggled(row: Row, item: Mapping[str, Any]) -> tuple[Row | None, bool]:
    """The question with the piece of evidence or without it, None where none is left, and whether it has it now."""
    others = [each for each in row["evidence"] if not _same(each, item)]
    if len(others) < len(row["evidence"]) and status_of(row) == "accepted":
        return ({**row, "evidence": others} if others else None), False
    return {**row, "evidence": [*others, dict(item)], "status": "accepted"}, True


def _draft_row(draft: Draft, notes: Notes, versions: Mapping[str, str]) -> dict[str, Any]:
    """The draft as every file of questions has it, without a split: what a reader collects is one set."""
    span = Span(draft.doc_id, draft.start, draft.end, draft.quote)
    row = draft.row("") | {"evidence": [_item(notes.document(draft.doc_id), span, versions.get(draft.doc_id, ""))]}
    return {name: value for name, value in row.items() if name != "split"}


# Over today's notes


def _versions(notes: Notes) -> dict[str, str]:
    """The content hash of each note."""
    return {info.doc_id: info.content_hash for info in notes.documents()}


def _holding(items: Sequence[Mapping[str, Any]], answer: str, notes: Notes) -> list[Mapping[str, Any]] | None:
    """The evidence, of which one piece holds the answer: as it is, else the first whose note does, moved there; None where none does."""
    if any(find_quote(unicodedata.normalize("NFC", item["quote"]), answer) for item in items):
        return list(items)
    versions = _versions(notes)
    for at, item in enumerate(items):
        piece = _piece(item, notes, versions)
        doc_id = piece.span.doc_id if piece.span else piece.doc_id
        if doc_id not in versions:
            continue
        document = notes.document(doc_id)
        if span := _sentence_with(document, answer, piece.span.start if piece.span else 0):
            return [*items[:at], _item(document, span, versions[doc_id]), *items[at + 1 :]]
    return None


def _sentence_with(document: Document, answer: str, near: int) -> Span | None:
    """The sentence or line, or those, that hold the answer nearest to a place of the note."""
    places = find_quote(document.text, answer)
    if not places:
        return None
    start, end = min(places, key=lambda place: abs(place[0] - near))
    around = [span for span in sentences(document.text) if span[0] < end and start < span[1]]
    return _span(document, around[0][0], around[-1][1])


def _gold(row: Row, notes: Notes, versions: Mapping[str, str]) -> Gold:
    pieces = tuple(_piece(item, notes, versions) for item in row["evidence"])
    status: Any = status_of(row)
    return Gold(row["id"], row["question"], tuple(row["answers"]), status, str(row.get("made", "")), pieces)


def _piece(item: Mapping[str, Any], notes: Notes, versions: Mapping[str, str]) -> Piece:
    doc_id, quote = item["doc"], item["quote"]
    citation = _citation(item)
    if citation is None:  # a line written by hand names the words alone
        places = find_quote(notes.document(doc_id).text, quote) if doc_id in versions else []
        span = Span(doc_id, *places[0], quote) if places else None
        return Piece(doc_id, quote, "whole" if span else "gone", span)
    if item.get("version") and versions.get(doc_id) == item["version"]:
        return Piece(doc_id, quote, "whole", Span(doc_id, citation.start, citation.end, quote))
    span = locate(citation, notes)
    return Piece(doc_id, quote, "moved" if span else "gone", span)


def _citation(item: Mapping[str, Any]) -> Citation | None:
    known = {name: item.get(name) for name in ("start", "end", "prefix", "suffix")}
    try:
        return citations.from_json({"doc_id": item["doc"], "quote": item["quote"], **known})
    except ValueError:
        return None


def _anchored(items: Sequence[Mapping[str, Any]], notes: Notes, versions: Mapping[str, str]) -> tuple[list[Mapping[str, Any]], int]:
    """The pieces, those that went to another note at their new places."""
    found: list[Mapping[str, Any]] = []
    moved = 0
    for item in items:
        piece = _piece(item, notes, versions)
        if piece.span and piece.span.doc_id != piece.doc_id:
            found.append(_item(notes.document(piece.span.doc_id), piece.span, versions[piece.span.doc_id]))
            moved += 1
        else:
            found.append(item)
    return found, moved
