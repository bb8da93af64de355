"""Markdown notes: the text as the student wrote it."""

from __future__ import annotations

from pathlib import Path

from index.notes.decode import damage, decode
from index.notes.extract import Extract, clean
from index.notes.guard import refuse_binary


def read_markdown(path: Path) -> Extract:
    """The raw text, front matter included."""
    data = path.read_bytes()
    refuse_binary(data, "Markdown")
    text = clean(decode(data))
    return Extract(text, "markdown", warnings=damage(text))
