"""Question sets that come as loose files: which of them are the questions, which the passages, which the judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.errors import UsageError
from rag.evaluation import inputs
from rag.evaluation.datasets import Dataset
from rag.evaluation.inputs import ACCEPTED, load_input

_BEIR = {"corpus.jsonl", "queries.jsonl"}


def load_loose(files: Sequence[Path]) -> Dataset:
    """All questions of one set, any kind that `load_input` takes; the files lie in one folder under their own names.

    One file alone is the questions. Several are a BEIR set (corpus, queries and judgements), `NAME.qa.jsonl` with its contexts, or
    topics with their judgements. DataError, UsageError as `load_input`.
    """
    names = {file.name: file for file in files}
    if names.keys() >= _BEIR:
        others = [file for name, file in names.items() if name not in _BEIR]
        return load_input(files[0].parent, others[0] if others else None, "all")
    asked = [file for file in files if ".qa.jsonl" in file.name]
    if len(files) == 1 or asked:
        return load_input((asked or files)[0], None, "all")
    if len(files) == 2:
        judged = [file for file in files if "qrel" in file.name.lower()]
        if len(judged) == 1:
            return load_input(next(file for file in files if file != judged[0]), judged[0], "all")
    raise UsageError(
        f"{', '.join(sorted(names))}: cannot tell which of these are the questions; give one file, or topics with a file whose name says "
        f"qrels, or the three of a BEIR set. {ACCEPTED}"
    )


def splits_of(data: Dataset) -> tuple[str, ...]:
    """The names of the set's splits."""
    return tuple(sorted({question.split for question in data.questions} - {""}))


def of_split(data: Dataset, split: str) -> Dataset:
    """The questions of a split; all of them for `all`, or where they name none. UsageError where none is left."""
    return replace(data, questions=inputs.of_split(data.questions, split if splits_of(data) else "all", Path(data.name)))
