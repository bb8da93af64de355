"""PDF through PDFium, which alone of the permissive libraries keeps the spaces between Korean words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from index.errors import NoteError
from index.notes import ocr
from index.notes.extract import Extract, Part, joined
from index.notes.files import content_hash
from index.notes.guard import PDF, found, head_of, wrong_format
from index.notes.limits import MAX_PAGES, MAX_PICTURES
from index.notes.pdf_layout import Line, Page, page_texts
from index.notes.pictures import Pictures, page_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_PASSWORD_ERROR = 4
_GARBLED = 0.5
_MOST_PIXELS = 8_000_000
_TROUBLES = {
    "unread": f"no text: scanned? {ocr.UNREAD}, which finds the words in pictures: {ocr.HOW}, then index again",
    "silent": "no text",
    "hidden": f"garbled text, left out: its fonts do not say which characters they draw; {ocr.UNREAD}: {ocr.HOW}, then index again",
    "garbled": "garbled text, left out: its fonts do not say which characters they draw",
    "broken": "broken, left out",
}
_WITHOUT = {"silent": "unread", "garbled": "hidden"}
"""The same troubles where nothing can look at the page."""
_PRIVATE_BULLETS = frozenset(range(0xF020, 0xF100))
"""Symbol fonts' own signs, most often bullets; the rest of the private area means that the font names no characters."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What pages are looked at with: the hash of their file, and where pictures are read."""

    digest: str
    pictures: Pictures


def read_pdf(path: Path, pictures: Pictures) -> Extract:
    """One part per page; what its lines become is said in `pdf_layout`.

    A page without text, or whose fonts do not say which characters they draw, is read as the picture that it is; pages in which nothing
    can be read are named in the warnings.
    """
    with closing(_opened(path)) as pdf:
        if len(pdf) > MAX_PAGES:
            raise NoteError(f"claims to have {len(pdf):,} pages, more than the limit of {MAX_PAGES:,}")
        look = _Look(content_hash(path), pictures)
        read = [_read(pdf, index, look) for index in range(len(pdf))]
    troubles = [trouble for _, trouble in read]
    warnings = [
        f"{_named([number for number, trouble in enumerate(troubles, 1) if trouble == kind])}: {what}"
        for kind, what in _TROUBLES.items()
        if kind in troubles
    ]
    return joined(
        (Part(text, "page", str(number)) for number, text in enumerate(page_texts([page for page, _ in read]), 1)),
        warnings=[*warnings, *(each for each in pictures.warnings() if ocr.UNREAD not in each)],
    )


def _opened(path: Path) -> PdfDocument:
    from pypdfium2 import PdfDocument, PdfiumError

    head = head_of(path)
    if PDF not in head:
        raise wrong_format("PDF", found(head))
    try:
        return PdfDocument(str(path))
    except PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise NoteError("encrypted PDF: a password is needed") from error
        raise NoteError("broken PDF file (PDFium cannot open it)") from error


def _read(pdf: PdfDocument, index: int, look: _Look) -> tuple[Page, str]:
    """The lines of a page and what is wrong with it, if anything is; a page in trouble has no lines."""
    from pypdfium2 import PdfiumError
    from pypdfium2.raw import FPDFText_GetUnicode

    try:
        page = pdf[index]
        text = page.get_textpage()
    except PdfiumError:
        return Page((), 0), "broken"
    with closing(page), closing(text):
        codes = [FPDFText_GetUnicode(text, place) for place in range(text.count_chars())]
        if _is_garbled(text, codes):
            return _seen(page, index, look, "garbled")
        lines = tuple(_lines(text, codes))
        return (Page(lines, page.get_height()), "") if lines else _seen(page, index, look, "silent")


def _seen(page: PdfPage, index: int, look: _Look, trouble: str) -> tuple[Page, str]:
    """The lines of a page that has to be looked at, and its trouble where nothing is seen there."""
    from pypdfium2.raw import FPDFPage_CountObjects

    if not FPDFPage_CountObjects(page) or index >= MAX_PICTURES:
        return Page((), 0), trouble
    words = look.pictures.words(page_key(look.digest, index), lambda: drawn(page), f"page {index + 1}")
    if words:
        return page_of(words, *page.get_size()), ""
    if words is None and not ocr.can_read():
        trouble = _WITHOUT[trouble]
    return Page((), 0), trouble if words == () or trouble in _WITHOUT.values() else "late"


def page_key(digest: str, index: int) -> str:
    """The name of a page's content, of a file of this hash."""
    return f"{digest} page {index + 1}"


def drawn(page: PdfPage) -> Image:
    """A page as it is scanned, or as if it were: 200 dots an inch, at most so many pixels. NoteError where it is broken."""
    from pypdfium2 import PdfiumError

    width, height = page.get_size()
    scale = min(200 / 72, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    try:
        picture: Image = page.render(scale=scale).to_pil().convert("L")
    except (PdfiumError, ValueError) as error:
        raise NoteError(f"cannot be drawn ({error})") from error
    return picture


def _is_garbled(text: PdfTextPage, codes: list[int]) -> bool:
    """Whether most glyphs stand for no readable character. PDFium gives 0 for a glyph whose character nobody knows."""
    from pypdfium2.raw import FPDFText_HasUnicodeMapError

    visible = [place for place, code in enumerate(codes) if code > 0x20 or code == 0]
    bad = sum(_is_bad(codes[place]) or FPDFText_HasUnicodeMapError(text, place) == 1 for place in visible)
    return bool(bad > _GARBLED * len(visible))


def _lines(text: PdfTextPage, codes: list[int]) -> Iterator[Line]:
    """PDFium ends a line with CR LF."""
    ends = [*(place for place, code in enumerate(codes) if code == 0x0A), len(codes)]
    for start, end in pairwise([-1, *ends]):
        words = _words(codes[start + 1 : end])
        boxes = [box for place in range(start + 1, end) if codes[place] > 0x20 and (box := _box(text, place))]
        if words and boxes:
            yield _line(words, boxes)


def _is_bad(code: int) -> bool:
    return code in (0, 0xFFFD, 0xFFFE, 0xFFFF) or (0xE000 <= code <= 0xF8FF and code not in _PRIVATE_BULLETS)


def _words(codes: Iterable[int]) -> str:
    """UTF-16 units to text. PDFium sets U+0002 for a hyphen at a line's end, where it joins the lines: kept in a word that has others."""
    units = "".join(map(chr, codes)).replace("\0", " ")
    text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    pieces = text.split("\x02")
    joined_text = pieces[0]
    for piece in pieces[1:]:
        word = joined_text.rpartition(" ")[2]
        joined_text += ("-" if "-" in word else "") + piece
    return " ".join(joined_text.split())


def _box(text: PdfTextPage, index: int) -> tuple[float, float, float, float] | None:
    """Left, bottom, right and top of a character, in points from the lower left corner of the page."""
    from pypdfium2.raw import FS_RECTF, FPDFText_GetLooseCharBox

    box = FS_RECTF()
    return (box.left, box.bottom, box.right, box.top) if FPDFText_GetLooseCharBox(text, index, box) else None


def _line(words: str, boxes: list[tuple[float, float, float, float]]) -> Line:
    size = median(top - bottom for _, bottom, _, top in boxes) or 1.0
    gap = max((after[0] - before[2] for before, after in pairwise(boxes)), default=0.0)
    return Line(words, min(box[0] for box in boxes), max(box[2] for box in boxes), median(box[3] for box in boxes), size, gap / size)


def _named(pages: list[int]) -> str:
    """`page 3` or `pages 2, 4-6`."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return f"page{'s' if len(pages) > 1 else ''} " + ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
