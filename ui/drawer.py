"""What the page's drawer asks the server for: a note of the index, in one of the shapes that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from index.errors import NoteError
from index.located import candidates, unchanged
from index.notes import SUFFIXES
from index.notes.pdf_picture import PagePicture, page_picture
from index.types import Document
from ui import html_note
from ui.html_note import Look, Shape, Target
from ui.i18n import Lang, language
from ui.i18n_note import NoteTexts, note_texts
from ui.web_index import Notes


def drawer(index: Notes, request: Mapping[str, Any]) -> str:
    """The note as HTML, also where there is no such note any more; ValueError for a request that the page did not make.

    `request` has `lang` and `place`, and may have `shape`, whether that was `pressed` in this note, and `page`; a shape that the note does
    not have is its first.
    """
    lang = language(request.get("lang"))
    target = html_note.parse_target(request.get("place"))
    try:
        document = index.document(target.doc)
    except KeyError:
        return html_note.missing_note(lang)
    return html_note.note(document, target, lang, look_of(index, document, target, request, lang))


def look_of(index: Notes, document: Document, target: Target, request: Mapping[str, Any], lang: Lang) -> Look:
    """How a note is shown: as asked, as far as it can be."""
    if document.structure == "text":
        return Look()
    shape = request.get("shape")
    words = note_texts(lang)
    if not document.doc_id.lower().endswith(".pdf"):
        return _with_pictures(index, document, target, request, words)
    paths = candidates(index.sources, document.doc_id)
    path = unchanged(paths, _known_hash(index, document.doc_id))
    if path is None:
        return Look("read", told=words.file_changed if paths else words.file_missing)
    if shape in ("read", "source"):
        return Look("read", ("page", "read"))
    picture = _picture(path, _page_asked(request) or html_note.page_at(document, target))
    return Look("page", ("page", "read"), picture) if picture else Look("read", told=words.page_broken)


def _with_pictures(index: Notes, document: Document, target: Target, request: Mapping[str, Any], words: NoteTexts) -> Look:
    """Formatted or as its source; as a picture where the evidence stands in one, or where that is pressed."""
    shapes: tuple[Shape, ...] = ("read",) if SUFFIXES.get(PurePath(document.doc_id.lower()).suffix) == "image" else ("read", "source")
    shape: Shape = request["shape"] if request.get("shape") in shapes else "read"
    if not any(mark.kind == "picture" for mark in document.marks):
        return Look(shape, shapes)
    here, asked = html_note.picture_at(document, target), _page_asked(request)
    pressed = request.get("shape") if request.get("pressed") is True else None
    if not asked and (pressed in ("read", "source") or not (here or pressed == "page")):
        return Look(shape, ("page", *shapes))
    paths = candidates(index.sources, document.doc_id)
    path = unchanged(paths, _known_hash(index, document.doc_id))
    if path is None:
        return Look(shape, shapes, told=words.picture_changed if paths else words.picture_missing)
    picture = _picture(path, asked or here or 1, _root(index.sources, path))
    return Look("page", ("page", *shapes), picture) if picture else Look(shape, shapes, told=words.picture_broken)


def _root(sources: Sequence[str], path: Path) -> Path | None:
    """The folder of notes that a file lies in."""
    return next((Path(source) for source in sources if path.is_relative_to(source) and Path(source).is_dir()), None)


def _page_asked(request: Mapping[str, Any]) -> int:
    try:
        return int(request.get("page") or 0)
    except (TypeError, ValueError):
        return 0


def _known_hash(index: Notes, doc_id: str) -> str:
    return next((each.content_hash for each in index.documents() if each.doc_id == doc_id), "")


def _picture(path: Path, page: int, root: Path | None = None) -> PagePicture | None:
    try:
        return page_picture(path, page, root)
    except NoteError:
        return None
