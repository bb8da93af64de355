"""Retrieval on public sets: ready passages, the same index and the same retrievers as for notes, embeddings kept between runs."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np

from index.encoder import Encoder, Vectors
from index.files import DISK, put
from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.manifest import EncoderEntry
from index.settings import IndexSettings
from index.types import Document, Locator, Passage, Progress
from rag.evaluation.datasets import YARDSTICKS, Context, Dataset, load_set
from rag.evaluation.evaluate import COMPARED, DEPTH, averaged, compared, is_brief, retrieval_rows
from rag.evaluation.gold import gold_of
from rag.evaluation.report import Cell, QuestionRow, Report, Table
from rag.types import Retriever

BLOCK = 256
"""Texts per cached file: what a run that is cut off loses at most."""

Analyse = Callable[[str], Sequence[str]]
RetrieversFor = Callable[[Index, Encoder], Mapping[str, Retriever]]


def evaluate_sets(
    root: Path,
    encoder: Encoder,
    analyse: Analyse,
    retrievers_for: RetrieversFor,
    names: Sequence[str] = YARDSTICKS,
    ks: Sequence[int] = (1, 5),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Every retriever on every set, the mean over sets, and the first retriever against the others per set. A row's `split` is its set."""
    rows: list[QuestionRow] = []
    tests: list[tuple[Cell, ...]] = []
    for name in names:
        found = evaluate_set(load_set(name, root), CachedEncoder(encoder, cache), analyse, retrievers_for, ks, progress)
        tests += [(name, *line) for line in compared(name, found, (f"hit@{min(ks)}", f"MRR@{DEPTH}")).rows]
        rows += found
    sets = averaged("sets", ("set", "system"), rows, lambda row: (row.split, row.system), is_brief)
    more = averaged("sets, further metrics", ("set", "system"), rows, lambda row: (row.split, row.system), lambda name: not is_brief(name))
    tables = (sets, _mean_over_sets(sets), more, Table("sets compared", ("set", *COMPARED), tuple(tests)))
    return Report({"encoder": encoder.name, "sets": len(names)}, tables, tuple(rows))


def passage_index(
    contexts: Sequence[Context], encoder: Encoder, analyse: Analyse, folder: Path, progress: Progress | None = None
) -> FolderIndex:
    """An index in an empty folder in which each context is one document of one passage, embedded with its title."""
    passages = [Passage(each.id, each.title, (), each.text, 0, len(each.text), Locator(1)) for each in contexts]
    vectors = encoder.encode_passages([passage.embedded for passage in passages], progress)
    documents = [
        IndexedDocument(
            Document(passage.doc_id, passage.title, passage.text, "text"),
            _sha256(passage.embedded),
            [passage],
            vectors[row : row + 1],
            [analyse(passage.embedded)],
        )
        for row, passage in enumerate(passages)
    ]
    empty = FolderIndex.empty(folder, encoder=EncoderEntry(encoder.name, encoder.fingerprint, encoder.dim), settings=IndexSettings())
    return empty.apply(Changes(put=documents))


class CachedEncoder:
    """An encoder that keeps what it encodes in a folder, by content and fingerprint: one npy file per block of texts.

    `warm` encodes questions in blocks, so that asking them one by one costs nothing.
    """

    def __init__(self, encoder: Encoder, folder: Path | None) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dim = encoder.dim
        self.max_tokens = encoder.max_tokens
        self._encoder = encoder
        self._folder = folder
        self._questions: dict[str, Vectors] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._blocks("passage", texts, self._encoder.encode_passages, progress)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        if all(text in self._questions for text in texts):
            return np.stack([self._questions[text] for text in texts]) if texts else np.empty((0, self.dim), np.float32)
        return self._encoder.encode_questions(texts)

    def warm(self, questions: Sequence[str], progress: Progress | None = None) -> None:
        """Encodes questions ahead."""
        vectors = self._blocks("question", questions, self._encoder.encode_questions, progress)
        self._questions.update(zip(questions, vectors, strict=True))

    def _blocks(self, role: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors], progress: Progress | None) -> Vectors:
        out = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            out[start : start + len(block)] = self._block(role, block, encode)
            if progress:
                progress(f"encode {role}s", start + len(block), len(texts))
        return out

    def _block(self, role: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
        if self._folder is None:
            return encode(texts)
        path = self._folder / f"{_sha256(self.fingerprint, role, *texts)}.npy"
        kept = _read(path, (len(texts), self.dim))
        if kept is not None:
            return kept
        vectors = encode(texts)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        np.save(file, vectors)
        put(DISK, path, file.getvalue())
        return vectors


def _read(path: Path, shape: tuple[int, int]) -> Vectors | None:
    """What is kept there, or None where it is not there or not whole."""
    try:
        vectors = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.shape == shape and vectors.dtype == np.float32 else None


@contextmanager
def set_index(data: Dataset, encoder: CachedEncoder, analyse: Analyse, progress: Progress | None = None) -> Iterator[FolderIndex]:
    """An index over a set's passages, for as long as it is needed; the set's questions are encoded ahead."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        index = passage_index(data.contexts, encoder, analyse, Path(folder) / "index", progress)
        encoder.warm([question.text for question in data.questions], progress)
        yield index


def evaluate_set(
    data: Dataset,
    encoder: CachedEncoder,
    analyse: Analyse,
    retrievers_for: RetrieversFor,
    ks: Sequence[int] = (1, 5),
    progress: Progress | None = None,
) -> list[QuestionRow]:
    """Every retriever on one set; the `split` of a row is the name of the set."""
    with set_index(data, encoder, analyse, progress) as index:
        gold = gold_of(index, data.questions)
        rows = retrieval_rows(retrievers_for(index, encoder), gold, data.questions, ks, encoder, progress)
    return [replace(row, split=data.name) for row in rows]


def _mean_over_sets(sets: Table) -> Table:
    """Each set counts the same, however many questions it has."""
    systems: dict[Cell, list[tuple[Cell, ...]]] = {}
    for _, system, _, *values in sets.rows:
        systems.setdefault(system, []).append(tuple(values))
    lines = tuple((system, len(values), *map(_mean, zip(*values, strict=True))) for system, values in systems.items())
    return Table("mean over sets", ("system", "sets", *sets.columns[3:]), lines)


def _mean(values: Sequence[Cell]) -> float | None:
    numbers = [value for value in values if isinstance(value, float)]
    return fmean(numbers) if len(numbers) == len(values) else None


def _sha256(*parts: str) -> str:
    """One hash of several texts; their lengths keep `ab, c` apart from `a, bc`."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
