"""Markdown notes: the text as the student wrote it."""

from __future__ import annotations

from pathlib import Path

from index.notes.decode import damage, decode
from index.notes.extract import Extract, Part, clean
from index.notes.guard import refuse_binary
from index.notes.links import file_bytes, links
from index.notes.pictures import Pictures, from_uri
from index.types import Mark


def read_markdown(path: Path, pictures: Pictures) -> Extract:
    """The raw text, front matter included; the words of its pictures stand below it, where they move no line."""
    data = path.read_bytes()
    refuse_binary(data, "Markdown")
    text = clean(decode(data))
    marks: list[Mark] = []
    whole = text
    for link in links(text):
        token = pictures.token(from_uri(link) or file_bytes(pictures.root, path.parent, link))
        for part in pictures.placed(Part(token)):
            if words := clean(part.text).strip("\n"):
                whole = whole.rstrip("\n") + "\n\n"
                marks.append(Mark(len(whole), "picture", part.value))
                whole += words + "\n"
    return Extract(whole, "markdown", tuple(marks), warnings=(*damage(text), *pictures.warnings()))
