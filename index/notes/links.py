"""Picture files that Markdown and web pages show: they are parts of these notes, and no notes of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from index.errors import NoteError
from index.notes.decode import decode, decode_page
from index.notes.limits import MAX_FILE_BYTES

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_PAGES = (".html", ".htm", ".xhtml")
_SHOWING = (".md", ".markdown", ".mdx", ".rmd", ".qmd", *_PAGES)
_LINK = re.compile(
    r"""!\[(?P<alt>[^\[\]\n]*)\](?:\(\s*(?:<([^>\n]+)>|([^\s)]+))|(?!\()(?:\[(?P<label>[^\[\]\n]*)\])?)"""
    r"""|<img\b[^<>]*?\ssrc\s*=\s*(?:["']([^"'>]+)["']|([^"'\s>]+))""",
    re.I,
)
_REFERENCE = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:[ \t]*(?:<([^>\n]+)>|(\S+))", re.M)
_MAY_SHOW = re.compile(rb"!\0*\[|<\0*i\0*m\0*g", re.I)
"""What begins a picture in any encoding: most notes have none, and need not be decoded."""
_LARGEST = 20_000_000
"""Bytes of a note that is looked through."""


def shown_by(path: Path, root: Path | None = None) -> list[Path]:
    """The picture files that a note shows, each once, in its order; with a `root`, those below it."""
    try:
        if path.suffix.lower() not in _SHOWING or not path.is_file() or path.stat().st_size > _LARGEST:
            return []  # a pipe that is opened waits for ever
        data = path.read_bytes()
        text = (decode_page if path.suffix.lower() in _PAGES else decode)(data) if _MAY_SHOW.search(data) else ""
    except (OSError, NoteError):
        return []
    found = (file_inside(root, path.parent, link) for link in links(text))
    return [file for file in dict.fromkeys(found) if file and file.suffix.lower() in PICTURES]


def links(text: str) -> list[str]:
    """What the pictures of a Markdown or HTML text link to, in their order."""
    named = {_label(found[1]): found[2] or found[3] for found in reversed(list(_REFERENCE.finditer(text)))}
    shown = (
        next(filter(None, found.group(2, 3, 5, 6)), None) or named.get(_label(found["label"] or found["alt"] or ""))
        for found in _LINK.finditer(text)
    )
    return [link for link in shown if link]


def _label(name: str) -> str:
    return " ".join(name.split()).casefold()


def file_bytes(root: Path, folder: Path, link: str) -> bytes:
    """The picture that a note in `folder` links to; nothing where it may not be opened."""
    path = file_inside(root, folder, link)
    try:
        return path.read_bytes() if path else b""
    except OSError:
        return b""


def file_inside(root: Path | None, folder: Path, link: str) -> Path | None:
    """The file that a note in `folder` links to by a relative path, unless it lies outside `root`, is too large or not ours to read."""
    from urllib.parse import unquote

    link = unquote(link.split("#")[0].split("?")[0]).strip()
    if not link or "\0" in link or link.startswith(("/", "\\")) or re.match(r"[\w+.-]+:", link):
        return None
    try:
        path = Path(os.path.realpath(folder / link.replace("\\", "/")))
        ours = (root is None or path.is_relative_to(root.resolve())) and path.is_file() and os.access(path, os.R_OK)
        return path if ours and path.stat().st_size <= MAX_FILE_BYTES else None
    except (OSError, ValueError):
        return None
