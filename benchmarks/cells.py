"""Rankings of many sets by many ways, on every core; a cell, one way over one set, is kept in a file once it is finished.

A cell is found again by a hash of all that its rankings depend on: texts, vectors, weights, versions, and the sources that rank.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from benchmarks.peers import WAYS, Rankings, Search, Way, Work
from benchmarks.results import ROOT
from index.files import DISK, put
from index.types import Progress
from rag.retriever import DEPTH

PART = 256
"""Questions that a process ranks at a time."""

FEW = 4 * PART
"""Fewer questions than these are ranked in this process: another takes seconds to start."""


@dataclass(frozen=True)
class Cell:
    """One way over one set."""

    way: str
    work: Work

    @cached_property
    def key(self) -> str:
        """A hash of all that the rankings depend on."""
        way, work, digest = WAYS[self.way], self.work, hashlib.sha256()
        arrays = [vectors for vectors in (work.passage_vectors, work.question_vectors) if vectors is not None]
        texts = [passage.passage_id for passage in work.passages], work.texts, work.questions
        facts = [self.way, DEPTH, _version(way), work.mixture, texts, *((vectors.shape, str(vectors.dtype)) for vectors in arrays)]
        digest.update(repr(facts).encode("utf-8", "surrogatepass"))
        for vectors in arrays:
            digest.update(vectors.tobytes())
        return digest.hexdigest()


def _version(way: Way) -> str:
    """What is installed of a way, and a hash of the sources of ours that it runs."""
    return f"{way.versions} {sources('benchmarks/peers.py', *way.files)}"


def sources(*patterns: str) -> str:
    """A hash of our files that fit any of the patterns."""
    paths = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def rankings(
    cells: Sequence[Cell], folder: Path | None, progress: Progress | None = None, workers: int | None = None
) -> list[Mapping[str, Rankings]]:
    """Of each cell the rankings by system, from `folder` where they are kept. Without `workers` there are as many as cores."""
    found = {cell.key: _kept(cell, folder) for cell in cells}
    missing = [cell for cell in cells if found[cell.key] is None]
    for cell, done in zip(missing, _ranked(missing, workers, progress), strict=True):
        found[cell.key] = done
        _keep(cell, done, folder)
    return [ranked for cell in cells if (ranked := found[cell.key]) is not None]


def _ranked(cells: Sequence[Cell], workers: int | None, progress: Progress | None) -> Iterator[Mapping[str, Rankings]]:
    """Of each cell the rankings, as they are done; work goes out in parts, a cell's one after the other."""
    parts = [(cell, start) for cell in cells for start in range(0, len(cell.work.questions), PART)]
    total, done = sum(len(cell.work.questions) for cell in cells), 0
    workers = workers or (1 if total < FEW else os.cpu_count() or 1)
    with _results(parts, workers) as results:
        for cell in cells:
            found = []
            for start in range(0, len(cell.work.questions), PART):
                found.append(next(results))
                done += min(PART, len(cell.work.questions) - start)
                if progress:
                    progress("rank", done, total)
            yield _joined(WAYS[cell.way].systems, found)


@contextmanager
def _results(parts: Sequence[tuple[Cell, int]], workers: int) -> Iterator[Iterator[Mapping[str, Rankings]]]:
    """What `_part` gives for each, in the order given; in processes where there are several workers."""
    cells, starts = [cell for cell, _ in parts], [start for _, start in parts]
    if workers == 1:
        yield map(_part, cells, starts)
        _opened.clear()
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _be_single)
    try:
        yield pool.map(_part, cells, starts)
    finally:
        pool.shutdown(cancel_futures=True)


def _be_single() -> None:
    """One thread for each process: there are as many processes as cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


_opened: dict[str, Search] = {}
"""What this process opened last, by the key of its cell."""


def _part(cell: Cell, start: int) -> Mapping[str, Rankings]:
    """Rankings of the next PART questions."""
    if cell.key not in _opened:
        _opened.clear()
        _opened[cell.key] = WAYS[cell.way].open(cell.work)
    return _opened[cell.key](range(start, min(start + PART, len(cell.work.questions))))


def _joined(systems: Iterable[str], parts: Sequence[Mapping[str, Rankings]]) -> dict[str, Rankings]:
    none: Rankings = np.empty((0, DEPTH), np.int64), np.empty((0, DEPTH), np.float32)
    out = {}
    for system in systems:
        ids, scores = zip(none, *(part[system] for part in parts), strict=True)
        out[system] = np.concatenate(ids), np.concatenate(scores)
    return out


# Kept cells


def _place(cell: Cell, folder: Path) -> Path:
    return folder / f"rankings-{cell.key}.npz"


def _keep(cell: Cell, ranked: Mapping[str, Rankings], folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    arrays: dict[str, Any] = {f"{system}/ids": ids for system, (ids, _) in ranked.items()}
    arrays |= {f"{system}/scores": scores for system, (_, scores) in ranked.items()}
    np.savez_compressed(file, **arrays)
    put(DISK, _place(cell, folder), file.getvalue())


def _kept(cell: Cell, folder: Path | None) -> Mapping[str, Rankings] | None:
    """What was kept of a cell, or None where it is not there or not whole."""
    if folder is None:
        return None
    try:
        with np.load(_place(cell, folder)) as file:
            found = {system: (file[f"{system}/ids"], file[f"{system}/scores"]) for system in WAYS[cell.way].systems}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    shape = len(cell.work.questions), DEPTH
    return found if all(array.shape == shape for both in found.values() for array in both) else None
