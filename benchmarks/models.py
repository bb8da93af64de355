"""The trained retriever and reader beside what was shipped before them, every figure with its 95 % interval (percentile bootstrap).

*Before* is, for retrieval, the encoder named (with its own weights of the legs, where they are named too), and for reading the sentence
reader. *After* is what is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.install import size
from benchmarks.parts import PART
from benchmarks.readers import notes, reading
from benchmarks.results import ROOT, Figure, Findings
from benchmarks.retrievers import Finder, retrieval
from index.encoder import open_encoder
from index.morphemes import Analyser
from index.types import Progress
from rag.evaluation.datasets import Question, data_root, load_questions, load_set
from rag.evaluation.report import Cell
from rag.mixture import Mixture
from rag.pipeline import Pipeline
from rag.reading import evenly
from rag.span_model import SpanModel

PARTS = ("retrieval", "reading", "answers")
WINDOWS = 10 * PART
"""So many windows that those of a part's gold passages are still known when they are read again end to end."""

TOGETHER = 50
"""The most that encoder and reader may weigh, in 10⁶ bytes."""


@dataclass(frozen=True, slots=True)
class Before:
    """An encoder's folder, and the file with its weights of the legs (None: the shipped ones)."""

    encoder: Path
    mixture: Path | None = None


def measure(
    index: Path,
    questions: Path,
    data: Path | None = None,
    before: Before | None = None,
    cache: Path | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    only: Sequence[str] = PARTS,
) -> Findings:
    """Everything over the sets of `data` and the `test` split of our own questions; `limit` keeps so many questions of each reading.

    `only` names the PARTS to measure.
    """
    analyser = Analyser()
    new = Finder(open_encoder(), analyser)
    old = Finder(open_encoder(str(before.encoder)), analyser, mixture_of(before.mixture)) if before else None
    measured: dict[str, Callable[[], Findings]] = {
        "retrieval": lambda: retrieval(data_root(data), new, old, cache, progress),
        "reading": lambda: reading(
            load_set("korquad", data_root(data)), SpanModel(remembered=WINDOWS), new, old or new, cache, limit, progress
        ),
        "answers": lambda: notes(Pipeline.open(index), SpanModel(), evenly(own_questions(questions), limit), progress),
    }
    parts = [measured[name]() for name in PARTS if name in only]
    figures = [figure for part in parts for figure in part.figures] + [shipped_size()]
    settings: dict[str, Cell] = {"encoder": new.encoder.name, "encoder before": old.encoder.fingerprint if old else None}
    settings |= {name: value for part in parts for name, value in part.settings.items()}
    return Findings(settings, tuple(figures), tuple(table for part in parts for table in part.tables))


def own_questions(path: Path) -> list[Question]:
    """Our own questions of the split that nothing is fitted on."""
    return [question for question in load_questions(path) if question.split == "test"]


def mixture_of(file: Path | None) -> Mixture | None:
    return Mixture(tuple(json.loads(file.read_text("utf-8"))["weights"])) if file else None


def shipped_size() -> Figure:
    """Both models with all that lies beside them, in 10⁶ bytes."""
    return Figure("encoder and reader", sum(size(ROOT / package / "models") for package in ("index", "rag")) / 1e6, "MB", TOGETHER)
