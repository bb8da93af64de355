"""A page of a PDF, or a picture in any other note, as an image, and where on it words stand.

It is drawn in a child process (`python -P -m index.notes.pdf_picture`), as notes are read in one: a hostile file costs a page, not
the program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from statistics import median
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, Literal

from index.errors import NoteError
from index.notes import kept, ocr
from index.notes.files import NoteFile, content_hash
from index.notes.frames import receive, send
from index.notes.isolated import environment
from index.notes.ocr import Box
from index.notes.pdf import drawn, page_key
from index.notes.pictures import Pictures, key_of, opened, upright
from index.notes.read import read_note
from index.notes.worker import limit_memory, limit_seconds

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfBitmap, PdfPage

_WIDTH = 1400
"""Pixels: a drawer of 780 on a screen of double density."""
_MOST_PIXELS = 6_000_000
_LARGE_PNG = 1_500_000
"""A larger picture, in bytes, is a photograph, and goes as JPEG."""
_TIMEOUT_SECONDS = 30.0
_LOOK_SECONDS = 8.0
"""For each pass over a picture whose words are not kept any more."""
_MEMORY_MB = 2048
_AT_ONCE = BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))
"""Pages that are drawn at the same time: each takes a process with up to 2 GiB."""
_COMMAND = (sys.executable, "-P", "-m", "index.notes.pdf_picture")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character on a page."""

    char: str
    box: Box


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page (1-based) of `pages`: an image of `width` × `height` pixels, and its characters in the order of the file."""

    page: int
    pages: int
    width: int
    height: int
    media_type: str
    image: bytes
    glyphs: tuple[Glyph, ...]
    kind: Literal["page", "picture"] = "page"


def page_picture(path: Path, page: int, root: Path | None = None, *, timeout: float = _TIMEOUT_SECONDS) -> PagePicture:
    """Draws a page of a PDF, or a picture of another note, whose links do not lead out of `root`; a number beyond the last is the last.

    Raises NoteError where that fails or takes too long.
    """
    if path.suffix.lower() != ".pdf":  # the words in its pictures may be read later
        return _by_child(path, page, root, timeout)
    digest = content_hash(path)
    once = _once(digest, page, kept.get(page_key(digest, page - 1)))
    with once.lock:
        once.picture = once.picture or _by_child(path, page, root, timeout)
        return once.picture


@dataclass(slots=True)
class _Once:
    """A page that is drawn by whoever asks first; the others wait for it."""

    lock: Lock = field(default_factory=Lock)
    picture: PagePicture | None = None


@lru_cache(maxsize=32)
def _once(digest: str, page: int, words: tuple[ocr.Word, ...] | None) -> _Once:
    """The pages that were asked for last, by what their pictures follow from."""
    return _Once()


def _by_child(path: Path, page: int, root: Path | None, timeout: float) -> PagePicture:
    request = BytesIO()
    send(request, {"path": str(path), "page": page, "root": str(root or path.parent), "timeout": timeout})
    try:
        with _AT_ONCE:
            done = subprocess.run(_COMMAND, input=request.getvalue(), capture_output=True, timeout=timeout, env=environment())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoteError(f"page {page} cannot be drawn ({type(error).__name__})") from error
    reply = receive(BytesIO(done.stdout))
    if reply is None or "problem" in reply:
        raise NoteError(str(reply["problem"]) if reply else f"page {page} cannot be drawn (exit code {done.returncode})")
    glyphs = tuple(Glyph(char, (left, top, right, bottom)) for char, left, top, right, bottom in reply.pop("glyphs"))
    return PagePicture(**{**reply, "image": b64decode(reply["image"]), "glyphs": glyphs})


def boxes(glyphs: Sequence[Glyph], text: str, start: int, end: int) -> list[Box]:
    """Where the words `text[start:end]` of a page's text stand on it, a box for each piece of a line; empty where that is not sure.

    Only letters and digits are compared, in compatibility forms: spaces, hyphens and bullets differ between a page and its text. Where the
    words stand several times, the page must have them as often as its text, and the one of the same number is meant.
    """
    letters = [(letter, at) for at, glyph in enumerate(glyphs) for letter in _letters(glyph.char)]
    found: list[Box] = []
    for left, right in _line_pieces(text, start, end):
        places = _place("".join(letter for letter, _ in letters), text, left, right)
        if places is None:
            return []
        found += _lines(glyphs[at].box for at in dict.fromkeys(at for _, at in letters[slice(*places)]))
    return found


def _letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if char.isalnum())


def _line_pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The range line by line: lines may stand in another order on the page."""
    at = start
    for line in text[start:end].splitlines(keepends=True):
        if _letters(line):
            yield at, at + len(line)
        at += len(line)


def _place(page: str, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where on the page the letters of `text[start:end]` stand: by themselves, else as a part of their line."""
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end - 1)
    for left, right in ((start, end), (first, last if last >= 0 else len(text))):
        words = _letters(text[left:right])
        there, here = list(_found(page, words)), list(_found(_letters(text), words))
        before = len(_letters(text[:left]))
        if len(there) == len(here) and before in here:
            at = there[here.index(before)] + len(_letters(text[left:start]))
            return at, at + len(_letters(text[start:end]))
    return None


def _found(text: str, words: str) -> Iterator[int]:
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _lines(found: Iterable[Box]) -> list[Box]:
    """Characters side by side as one box."""
    out: list[Box] = []
    for left, top, right, bottom in found:
        height = bottom - top
        if out and abs((top + bottom) - (out[-1][1] + out[-1][3])) < height and -height < left - out[-1][2] < 2 * height:
            last = out[-1]
            out[-1] = (last[0], min(last[1], top), max(last[2], right), max(last[3], bottom))
        else:
            out.append((left, top, right, bottom))
    return out


def main() -> None:
    """Answers one request on standard input."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not run into the frame
    limit_memory(_MEMORY_MB)
    request = receive(sys.stdin.buffer)
    if request is not None:
        limit_seconds(request["timeout"])
        send(replies, _reply(Path(request["path"]), int(request["page"]), Path(request["root"])))


def _reply(path: Path, number: int, root: Path) -> dict[str, Any]:
    if path.suffix.lower() != ".pdf":
        return _shown(NoteFile(path.name, path, root), number)
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        with closing(PdfDocument(str(path))) as pdf:
            index = min(max(number, 1), len(pdf)) - 1
            with closing(pdf[index]) as page:
                return {"page": index + 1, "pages": len(pdf), **_drawn(page, page_key(content_hash(path), index))}
    except (PdfiumError, OSError, ValueError) as error:
        return {"problem": f"page {number} cannot be drawn ({error})"}


def _shown(file: NoteFile, number: int) -> dict[str, Any]:
    """A picture of a note, which the note's own reader finds, so that its number is the one that it was read under."""
    pictures = Pictures(reads=False)
    try:
        read_note(file, pictures)
        if not pictures.held:
            raise NoteError("the note has none")
        index = min(max(number, 1), len(pictures.held)) - 1
        data = pictures.held[index]
        image = upright(opened(data))
    except NoteError as problem:
        return {"problem": f"picture {number} cannot be drawn ({problem})"}
    words = _words(key_of(data), lambda: image)
    image.thumbnail((_WIDTH, 4 * _WIDTH))
    return {"page": index + 1, "pages": len(pictures.held), "kind": "picture", **_sent(image), "glyphs": list(letters_of(words))}


def _words(key: str, draw: Callable[[], Image]) -> Sequence[ocr.Word]:
    """The words that were read in a picture, else those that can be read now."""
    if (found := kept.get(key)) is not None:
        return found
    if not ocr.can_read():
        return ()
    try:
        return ocr.read_words(draw(), _LOOK_SECONDS)
    except (NoteError, TimeoutError):
        return ()


def letters_of(words: Sequence[ocr.Word]) -> Iterator[tuple[str, float, float, float, float]]:
    """The letters of words, each with its share of the word's box; a word boxed too high is as high as its neighbour."""
    for word in words:
        (left, _, right, _), (_, top, _, bottom) = word.box, _neighbour(word, words).box
        widths = [_wide(char) for char in word.text]
        step = (right - left) / sum(widths)
        for char, width in zip(word.text, widths, strict=True):
            yield char, left, top, left + width * step, bottom
            left += width * step


def _wide(char: str) -> float:
    """How wide a letter is set, roughly, by the width of a syllable."""
    return 1.0 if char >= "\u1100" else 0.6 if char.isalnum() else 0.35


def _neighbour(word: ocr.Word, words: Sequence[ocr.Word]) -> ocr.Word:
    """The nearest word of the line, itself included, that is about as high as most of them."""
    line = [other for other in words if other.line == word.line]
    usual = median(other.box[3] - other.box[1] for other in line)
    even = [other for other in line if other.box[3] - other.box[1] <= 1.2 * usual]
    return min(even, key=lambda other: abs(other.box[0] - word.box[0]))


def _drawn(page: PdfPage, key: str) -> dict[str, Any]:
    width, height = page.get_size()
    scale = min(_WIDTH / max(width, 1), (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale)
    glyphs = list(_glyphs(page, bitmap))
    if not glyphs or kept.get(key):  # scanned, or of fonts that do not say what they draw
        glyphs = list(letters_of(_words(key, lambda: drawn(page)))) or glyphs
    return {**_sent(bitmap.to_pil()), "glyphs": glyphs}


def _sent(image: Image) -> dict[str, Any]:
    """An image as it goes through the pipe."""
    media_type, data = _encoded(image)
    return {"width": image.width, "height": image.height, "media_type": media_type, "image": b64encode(data).decode()}


def _encoded(image: Image) -> tuple[str, bytes]:
    out = BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=6)
    if out.tell() <= _LARGE_PNG:
        return "image/png", out.getvalue()
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=85)
    return "image/jpeg", out.getvalue()


def _glyphs(page: PdfPage, bitmap: PdfBitmap) -> Iterator[tuple[str, float, float, float, float]]:
    """Each visible character with its place on the picture, which knows the page's rotation and margins."""
    from pypdfium2.raw import FS_RECTF, FPDFText_GetLooseCharBox, FPDFText_GetUnicode

    convert = bitmap.get_posconv(page)
    with closing(page.get_textpage()) as text:
        codes = [FPDFText_GetUnicode(text, place) for place in range(text.count_chars())]
        for place, char in _characters(codes):
            box = FS_RECTF()
            if char.strip() and FPDFText_GetLooseCharBox(text, place, box):
                (x, y), (x2, y2) = convert.to_bitmap(box.left, box.top), convert.to_bitmap(box.right, box.bottom)
                left, right, top, bottom = *sorted((x, x2)), *sorted((y, y2))
                yield char, left / bitmap.width, top / bitmap.height, right / bitmap.width, bottom / bitmap.height


def _characters(codes: Sequence[int]) -> Iterator[tuple[int, str]]:
    """UTF-16 units to characters, each with the place of its first unit; halves without their other half are left out."""
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < len(codes) and 0xDC00 <= codes[place + 1] < 0xE000:
            yield place, chr(0x10000 + ((code - 0xD800) << 10) + (codes[place + 1] - 0xDC00))
        elif not 0xD800 <= code < 0xE000 and 0 < code < 0x110000:
            yield place, chr(code)


if __name__ == "__main__":
    main()
