"""BM25 over up to a million passages: our inverted lists beside bm25s and tantivy, given the same terms of the same passages.

The passages are those of real notes, and further ones that are put together from their sentences: half of these stand near each other
in a note, half anywhere. Every engine builds its index in a process of its own and is asked in another, so that memory can be told.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import note_passages
from benchmarks.results import ROOT, Figure, Findings
from index.encoder import Encoder
from index.errors import RagError
from index.files import DISK, create, map_npy, npy_parts
from index.lexical import Copy, Part, Postings, Question, build, merge, statistics
from index.morphemes import Analyser
from index.sentences import sentences
from index.settings import LexicalSettings
from index.types import Passage, Progress
from rag.evaluation.report import Cell, Table

SIZES = (10_000, 100_000, 1_000_000)
ENGINES = ("ours", "bm25s", "tantivy")
QUERIES, K, SEED = 300, 10, 0
FASTEST, NEAR, GROUP = 50.0, 40, 8192
"""Milliseconds that half of the questions may take; how far apart sentences that are near stand; passages of one commit."""

ADDED = "added-by-the-benchmark"
"""A term of no note."""

SETTINGS = LexicalSettings()
Query = Mapping[str, float]


def measure(
    data: Path,
    encoder: Encoder,
    sizes: Sequence[int] = SIZES,
    engines: Sequence[str] = ENGINES,
    queries: int = QUERIES,
    limit: int = 10**6,
    progress: Progress | None = None,
) -> Findings:
    """Every engine at every size, over the notes in `data/notes` or the first `limit` passages of them; DataError where there are none."""
    passages = note_passages(data, encoder, limit)
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_corpus(folder, passages, max(sizes), queries, progress)
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for size in sizes:
            for engine in engines:
                found[engine, size] = _in_processes(engine, folder, size)
    figures = _figures(found, max(sizes)) if "ours" in engines else []
    settings = {"passages of notes": len(passages), "questions": queries, "hits": K, "seed": SEED}
    return Findings(settings, tuple(figures), (_table(found), _growth(found, sizes, engines)))


def _figures(found: Mapping[tuple[str, int], Mapping[str, Any]], size: int) -> list[Figure]:
    ours = found["ours", size]
    figures = [
        Figure(f"search, {size} passages, p50", ours["weighed p50"], "ms", FASTEST),
        Figure(f"search, {size} passages, p95", ours["weighed p95"], "ms"),
        Figure(f"add one note, {size} passages", ours["add"], "s", 1.0),
        Figure(f"anonymous memory after {size} passages were asked", ours["anonymous"], "MB"),
        Figure(f"peak memory while {size} passages are indexed", ours["peak"], "MB"),
    ]
    if ("bm25s", size) in found:
        figures.append(Figure("top 10 as bm25s ranks them", _agreement(ours["top"], found["bm25s", size]["top"])))
    return figures


COLUMNS = ("build s", "peak MB", "disk MB", "open s", "p50 ms", "p95 ms", "anonymous MB", "of files MB", "add s")
_FIELDS = ("build", "peak", "disk", "open", "p50", "p95", "anonymous", "of files", "add")


def _table(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> Table:
    rows = []
    for (engine, size), each in found.items():
        same = _agreement(each["top"], found["bm25s", size]["top"]) if ("bm25s", size) in found else None
        rows.append((size, engine, *(each[name] for name in _FIELDS), same))
    return Table("engines", ("passages", "engine", *COLUMNS, "top 10 as bm25s"), tuple(rows))


def _growth(found: Mapping[tuple[str, int], Mapping[str, Any]], sizes: Sequence[int], engines: Sequence[str]) -> Table:
    """What each figure is multiplied by when the corpus doubles, between neighbouring sizes."""
    rows: list[tuple[Cell, ...]] = []
    for small, large in pairwise(sizes):
        doublings = float(np.log2(large / small))
        for engine in engines:
            before, after = found[engine, small], found[engine, large]
            ratios = [(after[name] / before[name]) ** (1 / doublings) if before[name] and after[name] else None for name in _FIELDS]
            rows.append((f"{small} to {large}", engine, *ratios))
    return Table("when the corpus doubles", ("passages", "engine", *(name.rsplit(" ", 1)[0] for name in COLUMNS)), tuple(rows))


def _agreement(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> float:
    """The mean share of hits that two rankings have in common."""
    return fmean(len(set(left) & set(right)) / max(len(left), len(right), 1) for left, right in zip(one, other, strict=True))


# ------------------------------------------------------------------------ passages


def write_corpus(folder: Path, passages: Sequence[Passage], count: int, queries: int, progress: Progress | None = None) -> None:
    """`count` passages as numbers of sentences, every sentence as numbers of terms, and questions that are words of the notes."""
    analyser, rng = Analyser(), np.random.default_rng(SEED)
    number: dict[str, int] = {}
    real = [[number.setdefault(passage.text[start:end], len(number)) for start, end in sentences(passage.text)] for passage in passages]
    words: dict[str, int] = {}
    terms = []
    for done, sentence in enumerate(number, 1):
        terms.append([words.setdefault(term, len(words)) for term in analyser.terms(sentence)])
        if progress and done % 1000 == 0:
            progress("analyse", done, len(number))
    for name, lists in (("terms", terms), ("passages", recombined([each for each in real if each], count, rng))):
        np.save(folder / f"{name}.npy", np.concatenate([np.array(each, np.int32) for each in lists]))
        np.save(folder / f"{name}.starts.npy", np.cumsum([0, *map(len, lists)]))
    asked = _questions(list(number), analyser, queries, rng)
    (folder / "words.json").write_text(json.dumps({"words": list(words), "questions": asked}, ensure_ascii=False), "utf-8")


def recombined(real: Sequence[Sequence[int]], count: int, rng: np.random.Generator) -> list[NDArray[np.int32]]:
    """`count` passages: the real ones, then copies of them in which every sentence is another: half of them from nearby."""
    every, starts = np.concatenate([np.array(each, np.int32) for each in real]), np.cumsum([0, *map(len, real)])
    made = [np.array(each, np.int32) for each in real[:count]]
    for template in rng.integers(0, len(real), count - len(made)):
        place = np.arange(starts[template], starts[template + 1])
        near = np.clip(place + rng.integers(-NEAR, NEAR + 1, len(place)), 0, len(every) - 1)
        made.append(every[np.where(rng.random(len(place)) < 0.5, near, rng.integers(0, len(every), len(place)))])
    return made


def _questions(texts: Sequence[str], analyser: Analyser, count: int, rng: np.random.Generator) -> list[Query]:
    """The terms of runs of four to nine words of a sentence, as a question weighs them."""
    asked: list[Query] = []
    while len(asked) < count:
        words = texts[int(rng.integers(len(texts)))].split()
        length = int(rng.integers(4, 10))
        start = int(rng.integers(max(1, len(words) - length + 1)))  # of a short sentence all words
        terms = analyser.query(" ".join(words[start : start + length]))
        if terms and len(words) >= 4:
            asked.append(terms)
    return asked


@dataclass(frozen=True, slots=True)
class Corpus:
    """What `write_corpus` wrote, its first `count` passages."""

    sentences: Sequence[Sequence[str]]
    passages: NDArray[np.int32]
    starts: NDArray[np.int64]
    questions: Sequence[Query]
    count: int

    @classmethod
    def open(cls, folder: Path, count: int) -> Corpus:
        facts = json.loads((folder / "words.json").read_text("utf-8"))
        terms, starts = np.load(folder / "terms.npy").tolist(), np.load(folder / "terms.starts.npy").tolist()
        words = facts["words"]
        lists = [[words[term] for term in terms[start:end]] for start, end in pairwise(starts)]
        passages, ends = (np.load(folder / name, mmap_mode="r") for name in ("passages.npy", "passages.starts.npy"))
        return cls(lists, passages, ends, facts["questions"], count)

    def terms(self, first: int = 0, end: int | None = None) -> Iterator[list[str]]:
        """The terms of passages, one at a time."""
        for number in range(first, self.count if end is None else min(end, self.count)):
            held = self.passages[self.starts[number] : self.starts[number + 1]]
            yield [term for sentence in held for term in self.sentences[sentence]]


# ------------------------------------------------------------------------- engines


class Engine(Protocol):
    """Builds an index in an empty folder, opens it, and ranks."""

    def build(self, folder: Path, corpus: Corpus) -> None: ...

    def open(self, folder: Path) -> None: ...

    def search(self, terms: Query) -> list[int]:
        """The numbers of the K best passages."""
        ...

    def add(self, terms: Sequence[Sequence[str]], folder: Path) -> bool:
        """Puts passages in, so that the next search finds them; False where that means to build anew."""
        ...


class Ours:
    """Segments of inverted lists, each commit one, brought together as an index in a folder does it."""

    most = 8

    def build(self, folder: Path, corpus: Corpus) -> None:
        held: list[Path] = []
        for first in range(0, corpus.count, GROUP):
            held.append(_written(folder / f"{first}", build(corpus.terms(first, first + GROUP))))
            if len(held) > self.most:
                held = self._together(folder / f"{first}.merged", held)
        (folder / "segments.json").write_text(json.dumps([path.name for path in held]))

    def _together(self, target: Path, held: list[Path]) -> list[Path]:
        """All but the segments that are larger than the smaller ones together become one; passages keep their order."""
        sizes = [len(_opened(path).lengths) for path in held]
        keep = 0
        while sizes[keep] > sum(sizes[keep + 1 :]):
            keep += 1
        copies, row = [], 0
        for path in held[keep:]:
            postings = _opened(path)
            rows = np.arange(len(postings.lengths))
            copies.append(Copy(postings, rows, rows + row))
            row += len(rows)
        merged = _written(target, merge(copies, row, target.parent))
        for path in held[keep:]:
            shutil.rmtree(path)
        return [*held[:keep], merged]

    def open(self, folder: Path) -> None:
        self._parts = [_part(_opened(folder / name)) for name in json.loads((folder / "segments.json").read_text())]
        self._known = statistics(self._parts)

    def search(self, terms: Query) -> list[int]:
        found, first = [], 0
        best = Question(self._parts, self._known, terms, SETTINGS).best(K, [part.live for part in self._parts])
        for part, (rows, scores) in zip(self._parts, best, strict=True):
            found += [(-float(score), first + int(row)) for row, score in zip(rows, scores, strict=True)]
            first += len(part.live)
        return [number for _, number in sorted(found)[:K]]

    def add(self, terms: Sequence[Sequence[str]], folder: Path) -> bool:
        self._parts.append(_part(_opened(_written(folder / "added", build(terms)))))
        self._known = statistics(self._parts)
        return True


def _part(postings: Postings) -> Part:
    return Part(postings, np.ones(len(postings.lengths), np.bool_))


def _written(folder: Path, postings: Postings) -> Path:
    folder.mkdir()
    for name in ("terms", "bounds", "entries", "lengths"):
        create(DISK, folder / f"{name}.npy", npy_parts(getattr(postings, name)))
    return folder


def _opened(folder: Path) -> Postings:
    bounds = map_npy(folder / "bounds.npy", np.dtype(np.int64), (2, None))
    terms = map_npy(folder / "terms.npy", np.dtype(np.uint8), (None,))
    entries = map_npy(folder / "entries.npy", np.dtype(np.int32), (2, None))
    return Postings(terms, bounds, entries, map_npy(folder / "lengths.npy", np.dtype(np.int32), (None,)))


class Bm25s:
    """The whole matrix of scores in memory while it is built, mapped from its files when it is asked."""

    def build(self, folder: Path, corpus: Corpus) -> None:
        import bm25s

        words: dict[str, int] = {}
        numbered = [[words.setdefault(term, len(words)) for term in sentence] for sentence in corpus.sentences]
        texts = [
            [term for sentence in corpus.passages[corpus.starts[at] : corpus.starts[at + 1]] for term in numbered[sentence]]
            for at in range(corpus.count)
        ]
        index = bm25s.BM25(method="lucene", k1=SETTINGS.k1, b=SETTINGS.b)
        index.index((texts, words), show_progress=False)
        index.save(folder, show_progress=False)

    def open(self, folder: Path) -> None:
        import bm25s

        self._index = bm25s.BM25.load(folder, mmap=True, show_progress=False)

    def search(self, terms: Query) -> list[int]:
        known = [term for term in terms if term in self._index.vocab_dict]
        scores = self._index.get_scores(known) if known else np.zeros(1)
        best = np.argpartition(-scores, min(K, len(scores) - 1))[:K]
        return [int(number) for number in best[np.lexsort((best, -scores[best]))] if scores[number] > 0]

    def add(self, terms: Sequence[Sequence[str]], folder: Path) -> bool:
        return False


class Tantivy:
    """Lucene's design in Rust; lengths are rounded to a byte, so its scores are near ours, not equal."""

    def build(self, folder: Path, corpus: Corpus) -> None:
        index = self._made(folder)
        writer = index.writer(heap_size=256_000_000, num_threads=1)
        for number, terms in enumerate(corpus.terms()):
            self._put(writer, number, terms)
        writer.commit()
        writer.wait_merging_threads()

    def _made(self, folder: Path) -> Any:
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("number", stored=True, fast=True)
        return tantivy.Index(schema.build(), path=str(folder))

    def _put(self, writer: Any, number: int, terms: Sequence[str]) -> None:
        import tantivy

        document = tantivy.Document()
        document.add_text("text", " ".join(terms))
        document.add_unsigned("number", number)
        writer.add_document(document)

    def open(self, folder: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()

    def search(self, terms: Query) -> list[int]:
        from tantivy import Occur
        from tantivy import Query as Asked

        each = [(Occur.Should, Asked.term_query(self._index.schema, "text", term, "freq")) for term in terms]
        hits = self._searcher.search(Asked.boolean_query(each), K, count=False).hits
        return [int(self._searcher.doc(address)["number"][0]) for _, address in hits]

    def add(self, terms: Sequence[Sequence[str]], folder: Path) -> bool:
        writer = self._index.writer(heap_size=32_000_000, num_threads=1)
        for number, each in enumerate(terms):
            self._put(writer, 2**31 + number, each)
        writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()
        return True


_MADE: Mapping[str, Callable[[], Engine]] = {"ours": Ours, "bm25s": Bm25s, "tantivy": Tantivy}


# ----------------------------------------------------------------- one process, one step


def _in_processes(engine: str, folder: Path, count: int) -> dict[str, Any]:
    """What one engine needs at one size; what it wrote is removed."""
    place = folder / f"{engine}-{count}"
    place.mkdir()
    try:
        found = _child("build", engine, folder, place, count)
        found["disk"] = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
        found |= _child("search", engine, folder, place, count)
        found["add"] = found["add"] or found["build"]
        return found
    finally:
        shutil.rmtree(place)


def _child(step: str, engine: str, corpus: Path, place: Path, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale_lexical", step, engine, str(corpus), str(place), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise RagError(f"{engine} failed at {count} passages: {done.stderr.strip().splitlines()[-1:]}")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def step_build(engine: Engine, corpus: Corpus, place: Path) -> dict[str, Any]:
    """Seconds, and the most anonymous memory beyond what the passages themselves take: pages of files are the system's to take back."""
    before, most, ended = memory()["RssAnon"], [0.0], Event()

    def watch() -> None:
        while not ended.wait(0.05):
            most[0] = max(most[0], memory()["RssAnon"])

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    took = _seconds(lambda: engine.build(place, corpus))
    most[0] = max(most[0], memory()["RssAnon"])
    ended.set()
    watcher.join()
    return {"build": took, "peak": most[0] - before}


def step_search(engine: Engine, corpus: Corpus, place: Path) -> dict[str, Any]:
    """Every question once before the clock runs; memory beyond what the process had before it opened the index."""
    before = memory()
    found: dict[str, Any] = {"open": _seconds(lambda: engine.open(place))}
    even: list[Query] = [dict.fromkeys(question, 1.0) for question in corpus.questions]
    found["top"] = [engine.search(question) for question in even]
    for name, questions in (("", even), ("weighed ", corpus.questions)):
        took = [_seconds(lambda asked=question: engine.search(asked)) * 1000 for question in questions]  # type: ignore[misc]
        found[f"{name}p50"], found[f"{name}p95"] = (float(each) for each in np.percentile(took, [50, 95]))
    after = memory()
    found |= {"anonymous": after["RssAnon"] - before["RssAnon"], "of files": after["RssFile"] - before["RssFile"]}
    note = list(corpus.terms(0, 8))
    note[0] = [*note[0], ADDED]
    start = time.perf_counter()
    found["add"] = time.perf_counter() - start if engine.add(note, place) else None
    if found["add"] is not None and len(engine.search({ADDED: 1.0})) != 1:
        raise RagError("what was added is not found")
    return found


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def memory() -> dict[str, float]:
    """Megabytes of this process as Linux tells them; zeros elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return dict.fromkeys(("RssAnon", "RssFile"), 0.0)
    pairs = (line.split(":", 1) for line in lines if line.endswith("kB"))
    return {name: int(value.split()[0]) * 1024 / 1e6 for name, value in pairs}


def main(arguments: Iterable[str]) -> None:
    step, engine, folder, place, count = arguments
    corpus = Corpus.open(Path(folder), int(count))
    run = step_build if step == "build" else step_search
    print(json.dumps(run(_MADE[engine](), corpus, Path(place))))


if __name__ == "__main__":
    main(sys.argv[1:])
