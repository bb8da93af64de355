"""One note file to a `Document`, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from index.errors import NoteError
from index.notes.captions import read_captions
from index.notes.docx import read_docx
from index.notes.extract import Extract, one_line
from index.notes.files import SUFFIXES, NoteFile, require_file
from index.notes.guard import OLE, ZIP, head_of
from index.notes.html import read_html
from index.notes.hwp import read_hwp
from index.notes.hwpx import read_hwpx
from index.notes.image import read_image
from index.notes.ipynb import read_ipynb
from index.notes.limits import MAX_CHARACTERS, MAX_FILE_BYTES
from index.notes.markdown import read_markdown
from index.notes.pdf import read_pdf
from index.notes.pictures import Pictures
from index.notes.plain import read_plain
from index.notes.pptx import read_pptx
from index.notes.title import shown, title_of
from index.types import Document

_PLAIN: Mapping[str, Callable[[Path], Extract]] = {"text": read_plain, "captions": read_captions}
_PICTURED: Mapping[str, Callable[[Path, Pictures], Extract]] = {
    "markdown": read_markdown,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
    "pptx": read_pptx,
    "ipynb": read_ipynb,
    "hwp": read_hwp,
    "hwpx": read_hwpx,
    "image": read_image,
}
"""Readers of formats that hold pictures."""


def read_note(file: NoteFile, pictures: Pictures | None = None) -> Document:
    """The note as a Document; its pictures are given to `pictures`. Raises NoteError with one line of reason, and MemoryError."""
    pictures = pictures or Pictures()
    try:
        require_file(file.path)
        size = file.path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise NoteError(f"{size / 1024**2:,.0f} MB, more than the limit of {MAX_FILE_BYTES // 1024**2} MB")
        extract = _extract(file, pictures)
    except (NoteError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise NoteError(f"cannot be read: {error.strerror}") from error
        raise _broken(file.path, error) from error  # olefile's own errors are OSErrors
    except Exception as error:  # format libraries raise whatever their code meets in a broken file
        raise _broken(file.path, error) from error
    if len(extract.text) > MAX_CHARACTERS:
        raise NoteError(f"{len(extract.text):,} characters of text, more than the limit of {MAX_CHARACTERS:,}")
    return _document(file, extract)


def _extract(file: NoteFile, pictures: Pictures) -> Extract:
    kind = _format(file.path)
    pictures.root = file.root
    return _PLAIN[kind](file.path) if kind in _PLAIN else _PICTURED[kind](file.path, pictures)


def _broken(path: Path, error: Exception) -> NoteError:
    return NoteError(one_line(f"broken {path.suffix[1:].upper()} file ({type(error).__name__}: {error})")[:300])


def _format(path: Path) -> str:
    """By the suffix, except that both Hangul formats are often saved under the other's."""
    kind = SUFFIXES[path.suffix.lower()]
    if kind in ("hwp", "hwpx"):
        head = head_of(path)
        return "hwpx" if head.startswith(ZIP) else "hwp" if head.startswith(OLE) else kind
    return kind


def _document(file: NoteFile, extract: Extract) -> Document:
    title = shown(extract.title) or title_of(extract.text, extract.structure, Path(file.doc_id).stem)
    empty = () if extract.text.strip() or extract.warnings else ("holds no text",)
    return Document(file.doc_id, title, extract.text, extract.structure, extract.marks, (*extract.warnings, *empty))
