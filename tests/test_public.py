"""The names that others may build on: a change here is a change for them."""

from __future__ import annotations

import inspect

import index
import rag
from index import errors

ERRORS = [
    "DataError",
    "EncoderMismatch",
    "EndpointError",
    "IndexBusy",
    "IndexCorrupt",
    "IndexFormat",
    "IndexMissing",
    "IndexProblem",
    "LogError",
    "ModelError",
    "NoteError",
    "RagError",
    "SourceMismatch",
    "StudyError",
    "UsageError",
]
TYPES = ["Document", "DocumentInfo", "Filter", "Generation", "Locator", "Mark", "NoteProblem", "Passage", "UpdateReport"]


def test_names_of_rag() -> None:
    assert rag.__all__ == ["Answer", "Hit", "Leg", "Pipeline", "RetrieverName", "Span", "Turn"]
    assert [name for name in rag.__all__ if getattr(rag, name) is None] == []


def test_names_of_index() -> None:
    assert index.__all__ == sorted(ERRORS + TYPES)
    assert [name for name in index.__all__ if getattr(index, name).__name__ != name] == []


def test_every_error_is_public_and_has_the_one_root() -> None:
    found = {name: value for name, value in vars(errors).items() if inspect.isclass(value)}
    assert sorted(found) == ERRORS
    assert {name: value.exit_code for name, value in found.items() if value.exit_code != 3} == {"UsageError": 2}
    assert all(issubclass(value, errors.RagError) for value in found.values())


def test_three_lines_are_enough_to_ask() -> None:
    ask = inspect.signature(rag.Pipeline.ask).parameters
    assert list(ask)[:2] == ["self", "question"]
    assert {name: ask[name].default for name in ("history", "filter", "k")} == {"history": (), "filter": None, "k": 5}
    assert {"path", "encoder", "retriever"} <= inspect.signature(rag.Pipeline.open).parameters.keys()
