"""Dense search in a folder index of very many vectors: time, recall, memory, and what a change costs, beside plain FAISS indexes.

The vectors are real ones of notes and others drawn to be like them, as `corpus.Alike` says; the questions are headings of the notes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.corpus import BLOCK, Alike, note_passages
from benchmarks.results import Figure, Findings
from index.encoder import Encoder, Vectors
from index.folder import FolderIndex
from index.index import Changes, Ids, IndexedDocument
from index.manifest import EncoderEntry
from index.settings import IndexSettings
from index.types import Document, Filter, Locator, Passage, Progress
from rag.evaluation.report import Cell, Table
from rag.evaluation.yardstick import CachedEncoder

GOALS_AT = 1_000_000
SEARCH, RECALL, FILTERED, FILTERED_RECALL, MEMORY, OPEN, ADD = 10.0, 0.98, 15.0, 0.95, 600.0, 1.0, 1.0
"""Milliseconds, milliseconds, megabytes, seconds, seconds."""

NOTE = 25
"""Passages of a note."""

FOLDERS = 20
"""Of which a filter chooses one."""

K = 10
QUANTILES = (5, 25, 50, 75, 95)

Search = Callable[[Vectors, int], Ids]


def measure(
    data: Path, encoder: Encoder, cache: Path | None, real: int, questions: int, sizes: Sequence[int], progress: Progress | None = None
) -> Findings:
    """For each size an index in a temporary folder; `real` passages are embedded once and kept in `cache`."""
    kept = CachedEncoder(encoder, cache)
    passages = note_passages(data, encoder, real)
    alike = Alike.of(kept.encode_passages([passage.embedded for passage in passages], progress))
    headings = sorted({passage.section[-1] if passage.section else passage.title for passage in passages})
    asked = kept.encode_questions(headings[:: max(1, len(headings) // questions)][:questions])
    rows, peers = [], []
    shapes: list[tuple[Cell, ...]] = [("real", len(alike.real), *_quantiles(alike.nearest))]
    for size in sizes:
        like = alike.fitted(size)
        shapes.append((f"drawn, width {like.width:.2f}", size, *_quantiles(like.neighbour_distances(size))))
        row, beside = _of_size(like, asked, size, progress)
        rows.append(row)
        peers += beside
    tables = (
        Table("by size", tuple(rows[0]), tuple(tuple(row.values()) for row in rows)),
        Table("what doubling does", tuple(rows[0]), tuple(_doubling(before, after) for before, after in pairwise(rows))),
        Table("beside plain FAISS indexes", tuple(peers[0]), tuple(tuple(row.values()) for row in peers)),
        Table("distance to the nearest", ("vectors", "count", *(f"{each} %" for each in QUANTILES)), tuple(shapes)),
    )
    return Findings({"real vectors": len(alike.real), "questions": len(asked)}, tuple(_figures(rows)), tables)


def _quantiles(distances: Vectors) -> tuple[float, ...]:
    return tuple(float(each) for each in np.percentile(distances, QUANTILES))


def _figures(rows: Sequence[dict[str, Cell]]) -> Iterator[Figure]:
    """What is found at the largest size; goals are set for a million."""
    row = rows[-1]
    goals = {
        "search p50": ("ms", SEARCH, False),
        "recall@10": ("", RECALL, True),
        "filtered p50": ("ms", FILTERED, False),
        "filtered recall@10": ("", FILTERED_RECALL, True),
        "resident": ("MB", MEMORY, False),
        "open": ("s", OPEN, False),
        "add one note": ("s", ADD, False),
    }
    for name, (unit, goal, at_least) in goals.items():
        yield Figure(
            f"{name}, {row['vectors']} vectors", float(row[name] or 0), unit, goal if row["vectors"] == GOALS_AT else None, at_least
        )


def _doubling(before: dict[str, Cell], after: dict[str, Cell]) -> tuple[Cell, ...]:
    """By what each figure is multiplied when the number of vectors doubles, as the mean over the doublings between two sizes."""
    doublings = np.log2(float(after["vectors"] or 0) / float(before["vectors"] or 1))
    found: list[Cell] = [f"{before['vectors']} to {after['vectors']}"]
    for name in list(before)[1:]:
        low, high = before[name], after[name]
        both = isinstance(low, int | float) and isinstance(high, int | float) and low > 0 and high > 0
        found.append(float((high / low) ** (1 / doublings)) if both else None)  # type: ignore[operator]
    return tuple(found)


def _of_size(like: Alike, asked: Vectors, size: int, progress: Progress | None) -> tuple[dict[str, Cell], list[dict[str, Cell]]]:
    """The folder index in a process of its own, and its peers in this one."""
    vectors = np.concatenate([like.draw(start, min(BLOCK, size - start)) for start in range(0, size, BLOCK)])
    folders = like.seeds(0, size) * FOLDERS // len(like.real)
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        root = Path(place) / "index"
        took, searched = _built(root, vectors, folders, progress)
        exact, chosen = _exact(vectors, asked), np.arange(len(asked)) * 7 % FOLDERS
        within = _exact_within(vectors, asked, folders, chosen)
        np.savez(Path(place) / "asked.npz", asked=asked, chosen=chosen, exact=exact, within=within, order=_order(size, folders))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale_dense", str(root), str(Path(place) / "asked.npz")],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        disk = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 1e6
        row: dict[str, Cell] = {"vectors": size, "build": took, "disk": disk, **json.loads(done.stdout)}
        row["searched"] = searched
    return row, list(_peers(vectors, asked, exact))


def _names(size: int, folders: Ids) -> list[tuple[str, Ids]]:
    """Each note with its rows: passages of one folder that follow each other, in the order of their names."""
    notes = []
    for number in range(FOLDERS):
        rows = np.flatnonzero(folders == number)
        notes += [(f"folder{number:02}/{at // NOTE:06}.txt", rows[at : at + NOTE]) for at in range(0, len(rows), NOTE)]
    return notes


def _order(size: int, folders: Ids) -> Ids:
    """Which vector each passage of the index has."""
    return np.concatenate([rows for _, rows in _names(size, folders)])


def _built(root: Path, vectors: Vectors, folders: Ids, progress: Progress | None) -> tuple[float, str]:
    """Puts everything in by one commit; the seconds it took, lists of large segments included, and how it is searched."""
    start = time.perf_counter()
    entry = EncoderEntry("drawn", "drawn", vectors.shape[1])
    notes = [_note(name, vectors[rows]) for name, rows in _names(len(vectors), folders)]
    index = FolderIndex.empty(root, encoder=entry, settings=IndexSettings()).apply(Changes(put=notes))
    return time.perf_counter() - start, "; ".join(index.searching())


def _note(name: str, vectors: Vectors) -> IndexedDocument:
    """A note of as many lines as it has vectors; its words are of no account here."""
    text = "\n".join(f"line {number}" for number in range(len(vectors)))
    passages, at = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        passages.append(Passage(name, "", (), line, at, at + len(line), Locator(number)))
        at += len(line) + 1
    return IndexedDocument(Document(name, "", text, "text"), name, passages, vectors, [["word"]] * len(passages))


def _exact(vectors: Vectors, asked: Vectors) -> Ids:
    import faiss

    found: Ids = faiss.knn(asked, vectors, K, metric=faiss.METRIC_INNER_PRODUCT)[1]
    return found


def _exact_within(vectors: Vectors, asked: Vectors, folders: Ids, chosen: Ids) -> Ids:
    found = np.empty((len(asked), K), np.int64)
    for number in range(FOLDERS):
        here, rows = np.flatnonzero(chosen == number), np.flatnonzero(folders == number)
        if len(here):
            found[here] = rows[_exact(np.ascontiguousarray(vectors[rows]), np.ascontiguousarray(asked[here]))]
    return found


def recall(found: Ids, right: Ids) -> float:
    return float(np.mean([len(np.intersect1d(one, other)) / len(other) for one, other in zip(found, right, strict=True)]))


def _times(search: Search, asked: Vectors) -> tuple[Ids, dict[str, Cell]]:
    found, took = [], []
    for number in range(len(asked)):
        start = time.perf_counter()
        found.append(search(asked[number : number + 1], number))
        took.append((time.perf_counter() - start) * 1000)
    middle, high = np.percentile(took, [50, 95])
    return np.concatenate(found), {"p50": float(middle), "p95": float(high)}


def _peers(vectors: Vectors, asked: Vectors, right: Ids) -> Iterator[dict[str, Cell]]:
    """Plain FAISS indexes with all in memory: exact, inverted lists of one byte a number, and a graph up to 100,000 vectors, which a
    million would take many minutes to build."""
    import faiss

    dim, lists = vectors.shape[1], round(4 * len(vectors) ** 0.5)
    metric = faiss.METRIC_INNER_PRODUCT
    ways = {"Flat": "Flat", "IVF, SQ8, 64 lists looked at": f"IVF{lists},SQ8"}
    ways |= {"HNSW32, ef 64": "HNSW32,Flat"} if len(vectors) <= 100_000 else {}
    for name, factory in ways.items():
        start = time.perf_counter()
        index = faiss.index_factory(dim, factory, metric)
        if not index.is_trained:
            index.train(np.ascontiguousarray(vectors[:: max(1, len(vectors) // (40 * lists))]))
        index.add(vectors)
        took = time.perf_counter() - start
        if "HNSW" in factory:
            index.hnsw.efSearch = 64
        elif "IVF" in factory:
            index.nprobe = 64
        found, times = _times(lambda query, _: index.search(query, K)[1], asked)  # noqa: B023 - used at once
        yield {"vectors": len(vectors), "index": name, "build": took, **times, "recall@10": recall(found, right)}


def _resident() -> dict[str, float]:
    """Megabytes of this process's own memory, and of files that it has mapped. Linux only."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return {name: int(lines[key].split()[0]) * 1024 / 1e6 for name, key in (("anonymous", "RssAnon"), ("files", "RssFile"))}


def _in_a_fresh_process(root: Path, questions: Path) -> dict[str, Cell]:
    """Opens, asks every question, with a filter too, and puts in one note."""
    given = np.load(questions)
    start = time.perf_counter()
    index = FolderIndex.open(root)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    index.dense(given["asked"][:1], K)
    first = time.perf_counter() - start
    found, all_times = _times(lambda query, _: index.dense(query, K)[0], given["asked"])
    memory = _resident()
    filters = [Filter(folders=(f"folder{number:02}",)) for number in range(FOLDERS)]
    by_filter = np.argsort(given["chosen"], kind="stable")  # as one asks on within a course
    chosen = given["chosen"][by_filter]
    inside, times = _times(lambda query, number: index.dense(query, K, filters[chosen[number]])[0], given["asked"][by_filter])
    start = time.perf_counter()
    index.apply(Changes(put=[_note("new.txt", np.asarray(given["asked"][:1]))]))
    added = time.perf_counter() - start
    return {
        "open": opened,
        "first search": first,
        "search p50": all_times["p50"],
        "search p95": all_times["p95"],
        "recall@10": recall(given["order"][found], given["exact"]),
        "filtered p50": times["p50"],
        "filtered p95": times["p95"],
        "filtered recall@10": recall(given["order"][inside], given["within"][by_filter]),
        "resident": sum(memory.values()),
        **memory,
        "add one note": added,
    }


if __name__ == "__main__":
    print(json.dumps(_in_a_fresh_process(Path(sys.argv[1]), Path(sys.argv[2]))))
