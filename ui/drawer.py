"""What the page's drawer asks the server for: a note of the index, in one of the shapes that it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from index.errors import NoteError
from index.located import candidates, unchanged
from index.notes.pdf_picture import PagePicture, page_picture
from index.types import Document
from ui import html_note
from ui.html_note import Look, Target
from ui.i18n import Lang, language
from ui.i18n_note import note_texts
from ui.web_index import Notes


def drawer(index: Notes, request: Mapping[str, Any]) -> str:
    """The note as HTML, also where there is no such note any more; ValueError for a request that the page did not make.

    `request` has `lang` and `place`, and may have `shape` and `page`; a shape that the note does not have is its first.
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
    if not document.doc_id.lower().endswith(".pdf"):
        return Look("source" if shape == "source" else "read", ("read", "source"))
    words = note_texts(lang)
    paths = candidates(index.sources, document.doc_id)
    path = unchanged(paths, _known_hash(index, document.doc_id))
    if path is None:
        return Look("read", told=words.file_changed if paths else words.file_missing)
    if shape in ("read", "source"):
        return Look("read", ("page", "read"))
    picture = _picture(path, _page_asked(request) or html_note.page_at(document, target))
    return Look("page", ("page", "read"), picture) if picture else Look("read", told=words.page_broken)


def _page_asked(request: Mapping[str, Any]) -> int:
    try:
        return int(request.get("page") or 0)
    except (TypeError, ValueError):
        return 0


def _known_hash(index: Notes, doc_id: str) -> str:
    return next((each.content_hash for each in index.documents() if each.doc_id == doc_id), "")


def _picture(path: Path, page: int) -> PagePicture | None:
    try:
        return page_picture(path, page)
    except NoteError:
        return None
