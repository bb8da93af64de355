"""Everything before a question: notes, passages, vectors, postings, and the index that holds them."""

import os

from index.errors import (
    DataError,
    EncoderMismatch,
    EndpointError,
    IndexBusy,
    IndexCorrupt,
    IndexFormat,
    IndexMissing,
    IndexProblem,
    LogError,
    ModelError,
    NoteError,
    RagError,
    SourceMismatch,
    StudyError,
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
    "LogError",
    "Mark",
    "ModelError",
    "NoteError",
    "NoteProblem",
    "Passage",
    "RagError",
    "SourceMismatch",
    "StudyError",
    "UpdateReport",
    "UsageError",
]

# Read when those are imported, which only our packages do. ONNX Runtime (1.29 and later) would report its use to its makers, and keep an
# identifier of the machine and a database of what it did in the user's cache; the hub's client tells the hub what is loaded with what.
for _name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_name, "1")
