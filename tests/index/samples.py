"""Small notes ready to be indexed, and a disk that fails on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from index.files import Bytes, FileSystem
from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.manifest import EncoderEntry
from index.memory import MemoryIndex
from index.postgres.engine import PostgresIndex
from index.postgres.uri import Database
from index.settings import IndexSettings
from index.types import Document, Locator, Mark, Passage
from tests.fakes import HashEncoder

ENCODER = HashEncoder(dim=8)


def note(doc_id: str, text: str, title: str = "제목", warnings: tuple[str, ...] = ()) -> IndexedDocument:
    """A note whose passages are its lines, and whose terms are its words."""
    passages, at = [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line:
            passages.append(Passage(doc_id, title, ("절",), line, at, at + len(line), Locator(number, page=1), ("윗글",)))
        at += len(line) + 1
    document = Document(doc_id, title, text, "text", (Mark(0, "page", "1"),), warnings)
    vectors = ENCODER.encode_passages([passage.text for passage in passages])
    return IndexedDocument(document, f"hash of {text}", passages, vectors, [passage.text.split() for passage in passages])


def put(*items: IndexedDocument) -> Changes:
    return Changes(put=items)


def memory() -> MemoryIndex:
    return MemoryIndex(
        encoder_name=ENCODER.name, encoder_fingerprint=ENCODER.fingerprint, dim=ENCODER.dim, settings=IndexSettings(), sources=("/notes",)
    )


def folder(path: Path, fs: FileSystem | None = None, keep: int = 10) -> FolderIndex:
    encoder = EncoderEntry(ENCODER.name, ENCODER.fingerprint, ENCODER.dim)
    return FolderIndex.empty(path, encoder=encoder, settings=IndexSettings(), sources=("/notes",), fs=fs or QuickDisk(), keep=keep)


def postgresql(database: Database, keep: int = 10) -> PostgresIndex:
    encoder = EncoderEntry(ENCODER.name, ENCODER.fingerprint, ENCODER.dim)
    return PostgresIndex.empty(database, encoder=encoder, settings=IndexSettings(), sources=("/notes",), keep=keep)


def state(index: Index) -> dict[str, object]:
    """All that can be asked of an index, for comparing two."""
    every = np.arange(len(index))
    words = {word for passage in index.passages(every) for word in passage.text.split()}
    question = ENCODER.encode_questions(["역전파 학습"])
    return {
        "documents": list(index.documents()),
        "texts": [index.document(info.doc_id) for info in index.documents()],
        "passages": index.passages(every),
        "dense": [part.tolist() for part in index.dense(question, len(index) + 2)],
        "dense scores": index.score_dense(question[0], every).tolist(),
        "lexical": [part.tolist() for part in index.lexical(dict.fromkeys(words, 1.5), len(index))],
        "lexical scores": index.score_lexical(dict.fromkeys(words, 1.5), every).tolist(),
        "frequencies": index.document_frequency(sorted(words)),
        "encoder": (index.encoder_name, index.encoder_fingerprint),
        "settings": index.settings,
        "sources": index.sources,
    }


def files(root: Path) -> list[Path]:
    """The files of an index that hold what it knows."""
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name not in (".lock", "writer.json"))


class QuickDisk(FileSystem):
    """A disk that does not wait for its platter."""

    def sync(self, descriptor: int) -> None:
        pass


class Killed(BaseException):
    """Stands for the end of the process: no handler of the program may catch it."""


class FailingDisk(FileSystem):
    """Fails with `error` at its `at`-th operation, counted from 0, and at every later one; a write leaves half of its data behind."""

    def __init__(self, at: int, error: Callable[[], BaseException]) -> None:
        self.left = at
        self.error = error
        self.failed = ""

    def _step(self, name: str, before: Callable[[], object] = lambda: None) -> None:
        if self.left <= 0:
            self.failed = self.failed or name
            before()
            raise self.error()
        self.left -= 1

    def make(self, folder: Path) -> None:
        self._step("make")
        super().make(folder)

    def write(self, file: BinaryIO, data: Bytes) -> None:
        self._step("write", lambda: (file.write(data[: len(data) // 2]), file.flush()))
        super().write(file, data)

    def sync(self, descriptor: int) -> None:
        self._step("sync")

    def replace(self, source: Path, target: Path) -> None:
        self._step("replace")
        super().replace(source, target)

    def remove(self, file: Path) -> None:
        self._step("remove")
        super().remove(file)

    def remove_folder(self, folder: Path) -> None:
        self._step("remove_folder")
        super().remove_folder(folder)


def full_disk() -> OSError:
    return OSError(28, "No space left on device")


@contextmanager
def few_files(most: int) -> Iterator[None]:
    """Lets this process open no more than so many files beyond those that it has open. Skips the test where there is no such limit."""
    resource = pytest.importorskip("resource")
    os.close(lowest := os.dup(0))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def sorted_by(scores: Sequence[float], k: int) -> list[int]:
    """The k best places in the order `(-score, place)`."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:k]
