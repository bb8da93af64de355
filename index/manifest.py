"""What `manifest.json` says: everything about one generation except the notes themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from index.errors import IndexCorrupt, IndexFormat, IndexProblem
from index.files import Stored
from index.settings import IndexSettings, LexicalSettings, SplitSettings
from index.types import DocumentInfo, Generation

MEND = "`rag verify --repair` mends what it can, `rag rollback` returns to an earlier generation, `rag index --replace NOTES` builds anew."

FORMAT = 2
"""Rises whenever a program of the earlier number would misread the folder. Format 1 hashed the sorted values, not the bytes."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: how many rows it holds, dead ones included, its files, and what was made out of these and can be made again."""

    rows: int
    files: Mapping[str, Stored]
    caches: Mapping[str, Stored] = field(default_factory=dict)


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
    """The manifest as JSON that carries a hash of itself: in three lines, the second the notes, which are many."""
    head = asdict(replace(manifest, documents={}))
    del head["documents"]
    documents = {doc_id: _facts(entry) for doc_id, entry in manifest.documents.items()}
    lines = f'{_json({"format": FORMAT, **head})[:-1]},\n"documents": {_json(documents)},\n'.encode("utf-8", "surrogatepass")
    return lines + f'"sha256": "{hashlib.sha256(lines).hexdigest()}"}}'.encode()


@dataclass(frozen=True, slots=True)
class Outline:
    """What a manifest says in its first line."""

    generation: int
    partial: bool
    segments: frozenset[str]


def outline(data: bytes) -> Outline | None:
    """The first line alone, for the notes are many; the hash is not compared. None where there is none to be read."""
    head, comma, _ = data.partition(b',\n"documents": ')
    try:
        body = json.loads(head + b"}" if comma else data)
        return Outline(int(body["generation"]), bool(body["partial"]), frozenset(body["segments"]))
    except (ValueError, KeyError, TypeError):
        return None


def is_whole(data: bytes) -> bool:
    """Whether a manifest bears the hash of what it says; one of our format is not read for it."""
    if data.endswith(f'"sha256": "{_digest_of(data)}"}}'.encode()):
        return True
    try:
        load(data, "")
    except IndexProblem:
        return False
    return True


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
    if found not in (1, FORMAT):
        raise IndexFormat(f"{place} has format {found!r}, this program reads {FORMAT}. Build it anew: rag index --replace NOTES")
    if body.pop("sha256", None) != (_digest({"format": 1, **body}) if found == 1 else _digest_of(data)):
        raise IndexCorrupt(broken)
    try:
        return _parse(body)
    except (KeyError, TypeError, ValueError) as error:
        raise IndexFormat(f"{place} was written by another version of this program. Build it anew: rag index --replace NOTES") from error


def salvage(data: bytes) -> Manifest | None:
    """What a manifest says although its hash does not agree, where that can still be read; nothing in it may be believed unchecked.

    None for one of another version that is whole.
    """
    try:
        body = json.loads(data)
        told = body.pop("sha256", None)
        if told in (_digest(body), _digest_of(data)):
            return None
        del body["format"]
        return _parse(body)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _facts(entry: DocumentEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in DocumentEntry.__slots__}


def _digest_of(data: bytes) -> str:
    """The hash of all but the last line."""
    return hashlib.sha256(data[: data.rfind(b"\n") + 1]).hexdigest()


def _digest(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _parse(body: dict[str, Any]) -> Manifest:
    settings = IndexSettings(SplitSettings(**body["settings"]["split"]), LexicalSettings(**body["settings"]["lexical"]))
    segments = {
        name: SegmentEntry(entry["rows"], _stored(entry["files"]), _stored(entry.get("caches", {})))
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


def _stored(files: dict[str, Any]) -> dict[str, Stored]:
    return {file: Stored(**stored) for file, stored in files.items()}


def _document(entry: dict[str, Any]) -> DocumentEntry:
    (first, end), (start, stop) = entry["rows"], entry["bytes"]
    title, characters, digest = entry["title"], entry["characters"], entry["content_hash"]
    return DocumentEntry(entry["segment"], (first, end), (start, stop), title, characters, digest, tuple(entry["warnings"]))
