"""Whether the questions of a file still stand: their quotes in the notes, each once, and nothing asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from index.errors import DataError
from rag.drafting.draft import squeezed
from rag.evaluation.datasets import Row, form_fault, nfc, status_of
from rag.quotes import find_quote


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line: `place` is `file:line`."""

    place: str
    reason: str


@dataclass(slots=True)
class _Seen:
    """Where ids and questions stood first."""

    ids: dict[str, str]
    questions: dict[str, str]


def check(path: Path, texts: Mapping[str, str]) -> list[Problem]:
    """Every problem of a question file, in the order of its lines; `texts` are the notes by id. DataError where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8: {error}") from error
    seen = _Seen({}, {})
    places = ((f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())
    return [Problem(place, reason) for place, line in places for reason in _faults(place, line, texts, seen)]


def _faults(place: str, line: str, texts: Mapping[str, str], seen: _Seen) -> Iterator[str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        yield f"not a line of JSON: {error}"
        return
    wrong = form_fault(row)
    if wrong:
        yield wrong
        return
    yield from _twice(place, row, seen)
    if status_of(row) != "rejected":
        for item in row["evidence"]:
            yield from _quote(nfc(item["doc"]), nfc(item["quote"]), texts)


def _twice(place: str, row: Row, seen: _Seen) -> Iterator[str]:
    first = seen.ids.setdefault(row["id"], place)
    if first != place:
        yield f"the id {row['id']!r} stands at {first} too"
    if status_of(row) != "rejected":
        first = seen.questions.setdefault(squeezed(nfc(row["question"])), place)
        if first != place:
            yield f"the same question is asked at {first}"


def _quote(doc: str, quote: str, texts: Mapping[str, str]) -> Iterator[str]:
    if doc not in texts:
        yield f"there is no note {doc!r}"
    else:
        count = len(find_quote(texts[doc], quote))
        if count != 1:
            yield f"{'ambiguous: ' if count else ''}the quote stands {count} times in {doc}, expected once: {_shown(quote)}"
        others = sorted(name for name, text in texts.items() if name != doc and quote in text)
        if count and others:
            yield f"ambiguous: the quote stands in {others[0]} too: {_shown(quote)}"


def _shown(quote: str) -> str:
    flat = " ".join(quote.split())
    return repr(flat if len(flat) <= 60 else flat[:59] + "…")
