"""Questions read a part at a time: what came of a finished part is kept in a file, so that a run that is cut off goes on.

A part is found again by a hash of all that it depends on: its questions, the models, versions, and our sources.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

from benchmarks.cells import sources
from benchmarks.machine import describe
from index.files import DISK, make_folder, put
from index.types import Progress
from rag.evaluation.datasets import Question
from rag.evaluation.report import QuestionRow

PART = 256
"""Questions that a run which is cut off loses at most."""

FILES = ("benchmarks/readers.py", "index/*.py", "rag/*.py", "rag/evaluation/metrics.py", "rag/models/**/*.json")
"""What reading hangs on; the models' weights are named by their `hashes.json`."""

Read = Callable[[Sequence[Question]], Sequence[QuestionRow]]


def in_parts(
    read: Read, questions: Sequence[Question], about: object, folder: Path | None, progress: Progress | None = None
) -> list[QuestionRow]:
    """The rows that `read` gives, without their hits, part after part; `about` is all that they hang on beside the questions and FILES."""
    state = repr((describe().libraries, sources(*FILES), about))
    rows: list[QuestionRow] = []
    for start in range(0, len(questions), PART):
        part = questions[start : start + PART]
        place = folder / f"rows-{sha256(repr((state, part)).encode()).hexdigest()}.json" if folder else None
        rows += _part(read, part, place)
        if progress:
            progress("read, all", start + len(part), len(questions))
    return rows


def _part(read: Read, questions: Sequence[Question], place: Path | None) -> list[QuestionRow]:
    """What is kept there, else what `read` gives, which then is kept."""
    if place and (kept := _kept(place)) is not None:
        return kept
    rows = [replace(row, hits=()) for row in read(questions)]
    if place:
        make_folder(DISK, place.parent)
        put(DISK, place, json.dumps([asdict(row) for row in rows], ensure_ascii=False).encode())
    return rows


def _kept(place: Path) -> list[QuestionRow] | None:
    """None where the file is not there or not whole."""
    try:
        return [QuestionRow(**{**row, "hits": ()}) for row in json.loads(place.read_bytes())]
    except (OSError, ValueError, TypeError):
        return None
