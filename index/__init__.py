"""Everything before a question: notes, passages, vectors, postings, and the index that holds them."""

from index.errors import (
    DataError,
    EncoderMismatch,
    EndpointError,
    IndexBusy,
    IndexCorrupt,
    IndexFormat,
    IndexMissing,
    IndexProblem,
    ModelError,
    NoteError,
    RagError,
    SourceMismatch,
    UsageError,
)
from index.types import Document, DocumentInfo, Filter, Generation, Locator, Mark, NoteProblem, Passage, UpdateReport

__all__ = [
    "DataError",
    "Document",
    "DocumentInfo",
    "EncoderMismatch",
    "EndpointError",
    "Filter",
    "Generation",
    "IndexBusy",
    "IndexCorrupt",
    "IndexFormat",
    "IndexMissing",
    "IndexProblem",
    "Locator",
    "Mark",
    "ModelError",
    "NoteError",
    "NoteProblem",
    "Passage",
    "RagError",
    "SourceMismatch",
    "UpdateReport",
    "UsageError",
]
