"""How long a question takes from the shell and in a running program, and the memory of `rag ask`.

Cold means a new process for every question, with the files in the system's cache; warm means one program that stays. The warm
questions are asked twice: over the index named, and over a large one that is made of its passages.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from benchmarks.results import Figure, Findings
from index.disk import read_manifest
from index.errors import IndexMissing, RagError
from index.types import Passage, Progress
from rag.evaluation.datasets import Context, load_questions
from rag.evaluation.yardstick import CachedEncoder, passage_index
from rag.pipeline import Pipeline

T = TypeVar("T")

COLD_SEARCH, WARM_SEARCH, WARM_ASK, MEMORY = 1.5, 60.0, 400.0, 600.0
"""The most that is allowed: seconds, milliseconds, milliseconds, megabytes."""

PASSAGES = 10_000
"""Passages of the large index."""

EXCHANGED = 3
"""Of so many words one is another in a copy of a passage."""

ANSWERED_OR_NOT = (0, 1)
"""Exit codes of a search or an answer that went as it should."""

PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
if done.stdout:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
"""A child's peak begins at the size its parent had when it started it, so a small Python starts `rag` and tells its peak."""


def measure(
    index: Path,
    questions: Path,
    runs: int = 15,
    limit: int | None = None,
    passages: int = PASSAGES,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Cold search and answer: `runs` processes of each, after one that warms up. Warm: every question once, or the first `limit`, over
    the index and over a large one of `passages` passages, whose vectors are kept in `cache`."""
    read_manifest(index)  # IndexMissing before anything is started
    texts = [question.text for question in load_questions(questions)][:limit]
    once = [texts[i % len(texts)] for i in range(runs)]
    figures = [*_cold(index, once), *_memory(index, once)]
    pipeline = Pipeline.open(index)
    if not len(pipeline.index):
        raise IndexMissing(f"The index in {index} holds no passage. Index some notes: rag index --index {index} data/notes")
    figures += [*_warm(pipeline, texts, "warm"), *_large(pipeline, texts, passages, cache, progress)]
    settings = {"cold runs": runs, "warm questions": len(texts), "passages": len(pipeline.index), "passages of the large index": passages}
    return Findings(settings, tuple(figures))


def _cold(index: Path, questions: Sequence[str]) -> list[Figure]:
    figures = []
    for verb, limit in (("search", COLD_SEARCH), ("ask", None)):
        _run(_command(verb, index, questions[0]))
        seconds = [_seconds(_run, _command(verb, index, question)) for question in questions]
        figures.append(Figure(f"`rag {verb}`, cold, median", median(seconds), "s", limit))
        figures.append(Figure(f"`rag {verb}`, cold, slowest", max(seconds), "s", limit))
    return figures


def _memory(index: Path, questions: Sequence[str]) -> list[Figure]:
    """The largest peak of resident memory in 10⁶ bytes; nothing on Windows, which keeps no such count."""
    if os.name == "nt":
        return []
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    peaks = [int(_run([sys.executable, "-S", "-c", PEAK, *_command("ask", index, question)])) * unit / 1e6 for question in questions]
    return [Figure("`rag ask`, peak memory", max(peaks), "MB", MEMORY)]


def _warm(pipeline: Pipeline, questions: Sequence[str], how: str) -> Iterator[Figure]:
    for verb, call, limit in (("search", pipeline.search, WARM_SEARCH), ("ask", pipeline.ask, WARM_ASK)):
        middle, high = _percentiles(call, questions)
        yield Figure(f"`{verb}`, {how}, p50", middle, "ms", limit)
        yield Figure(f"`{verb}`, {how}, p95", high, "ms")


def _large(pipeline: Pipeline, questions: Sequence[str], count: int, cache: Path | None, progress: Progress | None) -> list[Figure]:
    contexts = list(altered(pipeline.index.passages(range(len(pipeline.index))), count))
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        encoder = CachedEncoder(pipeline.encoder, cache)
        index = passage_index(contexts, encoder, pipeline.analyser.terms, Path(folder) / "index", progress)
        return list(_warm(Pipeline.over(index, pipeline.encoder), questions, f"warm, {count} passages"))


def altered(passages: Sequence[Passage], count: int) -> Iterator[Context]:
    """`count` passages: those given, then copies of them in which every third word is exchanged for one of another passage."""
    for number in range(count):
        turn, at = divmod(number, len(passages))
        passage, other = passages[at], passages[(at + turn) % len(passages)]
        text = _exchanged(passage.text, other.text, turn) if turn else passage.text
        yield Context(f"{turn}/{passage.passage_id}", passage.context, text)


def _exchanged(text: str, other: str, turn: int) -> str:
    """Line breaks and indentation stay; which words are exchanged depends on `turn`."""
    parts, words = re.split(r"(\s+)", text), cycle(other.split())
    for at in range(2 * (turn % EXCHANGED), len(parts), 2 * EXCHANGED):
        parts[at] = next(words)
    return "".join(parts)


def _percentiles(call: Callable[[str], object], questions: Sequence[str]) -> tuple[float, float]:
    """Milliseconds that half, and 95 of 100 questions take at most."""
    for question in questions[:5]:
        call(question)
    took = [_seconds(call, question) * 1000 for question in questions]
    middle, high = np.percentile(took, [50, 95])
    return float(middle), float(high)


def _seconds(call: Callable[[T], object], argument: T) -> float:
    start = time.perf_counter()
    call(argument)
    return time.perf_counter() - start


def _command(verb: str, index: Path, question: str) -> list[str]:
    program = Path(sysconfig.get_path("scripts")) / ("rag.exe" if os.name == "nt" else "rag")
    return [str(program), verb, "--index", str(index), "--format", "json", "--", question]


def _run(command: Sequence[str]) -> str:
    """What a command printed; RagError with what it complained of."""
    try:
        unlogged = {**os.environ, "RAG_LOG": "0"}  # nobody asked these
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=unlogged)
    except FileNotFoundError as error:
        raise RagError(f"there is no program {command[0]}; set the project up with `make test` and use the Python of its .venv") from error
    if done.returncode not in ANSWERED_OR_NOT or not done.stdout:  # a crash ends with 1 too, but prints no result
        raise RagError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
