"""A file of questions that a person goes through: lines are added to it, and never changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import DataError, UsageError
from index.files import DISK, put
from rag.drafting.draft import Draft, squeezed
from rag.evaluation.datasets import form_fault, status_of


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """What a file holds: its text, and its lines as values."""

    text: str
    rows: tuple[Mapping[str, Any], ...]

    def counts(self) -> Counter[str]:
        return Counter(status_of(row) for row in self.rows)

    def kept(self) -> Iterator[tuple[str, str]]:
        """The note and the maker of each question that was not rejected."""
        for row in self.rows:
            if status_of(row) != "rejected":
                yield from ((item["doc"], row.get("made", "")) for item in row["evidence"][:1])

    def new(self, drafts: Iterable[Draft]) -> list[Draft]:
        """The drafts of which the file holds neither the id, nor the evidence, nor the question."""
        ids = {row["id"] for row in self.rows}
        asked = {squeezed(row["question"]) for row in self.rows}
        evidence = {(item["doc"], item["quote"]) for row in self.rows for item in row["evidence"]}
        return [
            draft
            for draft in drafts
            if draft.id not in ids and (draft.doc_id, draft.quote) not in evidence and squeezed(draft.question) not in asked
        ]


def read(path: Path) -> QuestionFile:
    """The file, or an empty one where there is none; DataError names the line that is no question."""
    if not path.exists():
        return QuestionFile("", ())
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    return QuestionFile(text, tuple(_row(f"{path}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()))


def _row(place: str, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place}: not a line of JSON: {error}; mend or remove the line") from error
    wrong = form_fault(row)
    if wrong:
        raise DataError(f"{place}: {wrong}; mend or remove the line (`rag questions --check` lists all that is wrong)")
    return dict(row)


def append(path: Path, before: QuestionFile, drafts: Sequence[Draft], split: str) -> None:
    """Writes the file anew with the drafts behind what it held, in one step; UsageError where it cannot be written."""
    lines = [json.dumps(draft.row(split), ensure_ascii=False) + "\n" for draft in drafts]
    text = before.text if before.text.endswith("\n") or not before.text else before.text + "\n"
    try:
        put(DISK, path, (text + "".join(lines)).encode())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
