"""Small indexes over a few notes, their vectors by the fake encoder and their terms by the real analyser."""

from __future__ import annotations

from pathlib import Path

from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.manifest import EncoderEntry
from index.memory import MemoryIndex
from index.morphemes import Analyser
from index.settings import IndexSettings
from index.types import Document, Locator, Passage
from rag.retriever import IndexRetriever
from rag.types import Hit, Leg, RetrieverName
from tests.fakes import HashEncoder
from tests.index.samples import QuickDisk

ENCODER = HashEncoder(dim=16)


def indexed(analyser: Analyser, doc_id: str, text: str) -> IndexedDocument:
    """A note whose passages are its paragraphs."""
    passages, at = [], 0
    for number, paragraph in enumerate(text.split("\n\n"), start=1):
        if paragraph:
            passages.append(Passage(doc_id, "제목", ("절",), paragraph, at, at + len(paragraph), Locator(number)))
        at += len(paragraph) + 2
    vectors = ENCODER.encode_passages([passage.embedded for passage in passages])
    terms = [analyser.terms(passage.embedded) for passage in passages]
    return IndexedDocument(Document(doc_id, "제목", text, "text"), f"hash of {text}", passages, vectors, terms)


def memory_index(analyser: Analyser, notes: dict[str, str]) -> MemoryIndex:
    empty = MemoryIndex(
        encoder_name=ENCODER.name, encoder_fingerprint=ENCODER.fingerprint, dim=ENCODER.dim, settings=IndexSettings(), sources=()
    )
    return empty.apply(Changes(put=[indexed(analyser, *note) for note in notes.items()]))


def folder_index(analyser: Analyser, notes: dict[str, str], path: Path) -> Index:
    """One commit a note, and read back from disk."""
    entry = EncoderEntry(ENCODER.name, ENCODER.fingerprint, ENCODER.dim)
    index = FolderIndex.empty(path, encoder=entry, settings=IndexSettings(), fs=QuickDisk())
    for note in notes.items():
        index = index.apply(Changes(put=[indexed(analyser, *note)]))
    return FolderIndex.open(path)


def hits_for(index: Index, analyser: Analyser, question: str, name: RetrieverName = "hybrid", k: int = 20) -> list[Hit]:
    return IndexRetriever(index, ENCODER, analyser, name).retrieve(question, k)


def hit(text: str, score: float = 1.0, start: int = 0) -> Hit:
    """A hit that the dense leg puts first."""
    return Hit(Passage("a.md", "제목", (), text, start, start + len(text), Locator(1)), score, {"dense": Leg(score, 1)})
