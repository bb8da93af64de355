"""Plain text notes."""

from __future__ import annotations

from pathlib import Path

from index.notes.decode import damage, decode
from index.notes.extract import Extract, clean
from index.notes.guard import refuse_binary


def read_plain(path: Path) -> Extract:
    """The raw text; its structure is numbers, bullet signs and indentation."""
    data = path.read_bytes()
    refuse_binary(data, "text")
    text = clean(decode(data))
    return Extract(text, "text", warnings=damage(text))
