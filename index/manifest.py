"""What `manifest.json` says: everything about one generation except the notes themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from index.errors import IndexCorrupt, IndexFormat
from index.files import Stored, json_bytes
from index.settings import IndexSettings, LexicalSettings, SplitSettings
from index.types import DocumentInfo, Generation

MEND = "`rag rollback` returns to an earlier generation, `rag index --replace NOTES` builds anew."

FORMAT = 1
"""Rises whenever a program of the earlier number would misread the folder."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: how many rows it holds, dead ones included, and its files."""

    rows: int
    files: Mapping[str, Stored]


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """Where one note lies, rows `[first, end)` of a segment and bytes `[first, end)` of its lines, and what is known without opening it."""

    segment: str
    rows: tuple[int, int]
    bytes: tuple[int, int]
    title: str
    characters: int
    content_hash: str
    warnings: tuple[str, ...] = ()

    def info(self, doc_id: str) -> DocumentInfo:
        return DocumentInfo(doc_id, self.title, self.content_hash, self.rows[1] - self.rows[0], self.characters, self.warnings)


@dataclass(frozen=True, slots=True)
class EncoderEntry:
    """The encoder that made the vectors."""

    name: str
    fingerprint: str
    dim: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `partial` marks a commit in the middle of a long run: valid, but not worth keeping in the history."""

    generation: int
    encoder: EncoderEntry
    settings: IndexSettings
    sources: tuple[str, ...] = ()
    created: str = ""
    summary: str = ""
    partial: bool = False
    segments: Mapping[str, SegmentEntry] = field(default_factory=dict)
    documents: Mapping[str, DocumentEntry] = field(default_factory=dict)

    @property
    def passages(self) -> int:
        return sum(entry.rows[1] - entry.rows[0] for entry in self.documents.values())

    def described(self, current: bool) -> Generation:
        return Generation(self.generation, self.created, len(self.documents), self.passages, self.summary, current)

    def holding(self, documents: Mapping[str, DocumentEntry]) -> Manifest:
        """The same with other documents, and without the segments in which none of them lies."""
        used = {entry.segment for entry in documents.values()}
        segments = {name: entry for name, entry in self.segments.items() if name in used}
        return replace(self, documents=dict(sorted(documents.items())), segments=segments)


def dump(manifest: Manifest) -> bytes:
    """The manifest as JSON that carries a hash of itself."""
    body = {"format": FORMAT, **asdict(manifest)}
    return json_bytes({**body, "sha256": _digest(body)})


def load(data: bytes, place: str) -> Manifest:
    """Reads what `dump` wrote; `place` is named in errors."""
    broken = f"{place} is altered or truncated. {MEND}"
    try:
        body = json.loads(data)
    except ValueError as error:
        raise IndexCorrupt(broken) from error
    if not isinstance(body, dict):
        raise IndexCorrupt(broken)
    found = body.pop("format", None)
    if found != FORMAT:
        raise IndexFormat(f"{place} has format {found!r}, this program reads {FORMAT}. Build it anew: rag index --replace NOTES")
    if body.pop("sha256", None) != _digest({"format": FORMAT, **body}):
        raise IndexCorrupt(broken)
    try:
        return _parse(body)
    except (KeyError, TypeError) as error:
        raise IndexFormat(f"{place} was written by another version of this program. Build it anew: rag index --replace NOTES") from error


def _digest(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _parse(body: dict[str, Any]) -> Manifest:
    settings = IndexSettings(SplitSettings(**body["settings"]["split"]), LexicalSettings(**body["settings"]["lexical"]))
    segments = {
        name: SegmentEntry(entry["rows"], {file: Stored(**stored) for file, stored in entry["files"].items()})
        for name, entry in body["segments"].items()
    }
    documents = {doc_id: _document(entry) for doc_id, entry in body["documents"].items()}
    facts = {name: body[name] for name in ("generation", "created", "summary", "partial")}
    return Manifest(
        **facts,
        encoder=EncoderEntry(**body["encoder"]),
        settings=settings,
        sources=tuple(body["sources"]),
        segments=segments,
        documents=documents,
    )


def _document(entry: dict[str, Any]) -> DocumentEntry:
    pairs = {name: (entry[name][0], entry[name][1]) for name in ("rows", "bytes")}
    return DocumentEntry(**{**entry, **pairs, "warnings": tuple(entry["warnings"])})
