"""A file of questions that a person goes through: lines are added to it, and never changed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from index.errors import DataError, UsageError
from rag.drafting.draft import Draft, squeezed

Status = Literal["drafted", "accepted", "rejected"]
"""Nobody has judged it, it may be asked (with other words where it was mended), it may not."""
STATUSES: tuple[Status, ...] = get_args(Status)
_FIELDS: Mapping[str, type] = {"id": str, "question": str, "answers": list, "evidence": list}


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


def status_of(row: Mapping[str, Any]) -> str:
    """Questions without a status were written by a person."""
    return str(row.get("status", "accepted"))


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


def form_fault(row: Any) -> str:
    """What is wrong with the form of a line; empty where nothing is."""
    if not isinstance(row, dict):
        return f"expected an object, found {type(row).__name__}"
    for name, kind in _FIELDS.items():
        if not isinstance(row.get(name), kind):
            return f"the field {name!r} is missing" if name not in row else f"{name!r} is no {kind.__name__}"
    if not row["question"].strip() or not all(isinstance(answer, str) and answer.strip() for answer in row["answers"]):
        return "the question or an answer is empty"
    if bool(row["answers"]) != bool(row["evidence"]):
        return "answers without evidence, or evidence without answers"
    if not all(isinstance(item, dict) and {type(item.get("doc")), type(item.get("quote"))} == {str} for item in row["evidence"]):
        return 'evidence is expected as [{"doc": …, "quote": …}]'
    return "" if status_of(row) in STATUSES else f"the status is {row['status']!r}; expected one of {', '.join(STATUSES)}"


def append(path: Path, before: QuestionFile, drafts: Sequence[Draft], split: str) -> None:
    """Writes the file anew with the drafts behind what it held, in one step; UsageError where it cannot be written."""
    lines = [json.dumps(draft.row(split), ensure_ascii=False) + "\n" for draft in drafts]
    text = before.text if before.text.endswith("\n") or not before.text else before.text + "\n"
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text + "".join(lines), encoding="utf-8", newline="\n")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
