"""The pictures of one note: numbered in the order in which it shows them, each read once, its words put where the note shows it."""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

from index.errors import NoteError
from index.notes import kept, ocr
from index.notes.extract import Part
from index.notes.limits import (
    LEAST_PIXELS,
    LEAST_SIDE,
    MAX_FILE_BYTES,
    MAX_PICTURES,
    MAX_PIXELS,
    PICTURE_SECONDS,
    PICTURES_SHARE,
    TIMEOUT_SECONDS,
)
from index.notes.ocr import Word
from index.notes.pdf_layout import Line, Page, page_texts
from index.notes.title import opening

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""Pillow's names of the formats that are opened; no other of its readers ever sees a note's bytes."""
LATER = "not read yet"
"""What the warning of a note says some of whose pictures wait for another run."""
_TOKEN = re.compile("\x10(\\d+)\x10")
_WIDTH = 960.0
"""Points: the width of a slide."""
_HEADING = 1.3
"""How much larger than the text a line must be to be a heading: the boxes of words are rough."""
_LARGE_SIDE = 2800
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
"""EXIF's tag, and its values for a picture that is to be turned by a quarter."""
_MADE_ALT = re.compile(
    r"자동 생성된 설명|automatically generated|^그림입니다|^원본 그림의 (?:이름|크기)|^(?:image|picture|그림)\s*\d*$", re.I
)
_BULLET = re.compile(r"^[ㆍ·•:;.,*+°»¤](?![0-9])\s*(?=\S)")
"""What tesseract takes a bullet for."""
_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.S)
_too_long: set[str] = set()
"""Pictures that this process has given up: the next request goes on without them."""


@dataclass(slots=True)
class Pictures:
    """What the reader of a format gives its pictures to.

    `seconds` is the time of the whole note; without `reads` none is read, only counted; no link leads out of `root`. `late`
    are those that there was no time for: what was read so far is kept, so that another request goes on from there.
    """

    seconds: float = TIMEOUT_SECONDS
    reads: bool = True
    root: Path = Path()
    held: list[bytes] = field(default_factory=list)
    late: int = 0
    _unread: int = 0
    _troubles: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _began: float = field(default_factory=monotonic)

    def token(self, data: bytes, alt: str = "") -> str:
        """What stands in a text for a picture until `placed`: its description, where somebody wrote one, and its number.

        Only the description of what is no picture, too small to hold words, or too large to be opened.
        """
        try:
            with opened(data) as image:
                worth = min(image.size) >= LEAST_SIDE and image.width * image.height >= LEAST_PIXELS
        except NoteError as problem:
            worth = False
            if not str(problem).startswith("not a picture"):  # vector graphics are none
                self._troubles.append(f"a picture is left out: {problem}")
        if not worth or len(self.held) >= MAX_PICTURES:
            return described(alt)
        self.held.append(data)
        return f"{described(alt)}\x10{len(self.held)}\x10"

    def placed(self, part: Part) -> Iterator[Part]:
        """The part with the words of each picture after the paragraph that shows it."""
        start = 0
        kind, value = part.kind, part.value
        for end, numbers in self._stops(part.text):
            shown = [Part(text, "picture", str(number)) for number in numbers if (text := self._text(number))]
            if shown:
                yield Part(_TOKEN.sub("", part.text[start:end]), kind, value)
                yield from shown
                start, kind, value = end, None, ""
        yield Part(_TOKEN.sub("", part.text[start:]), kind, value)

    def _stops(self, text: str) -> Iterator[tuple[int, list[int]]]:
        """The ends of paragraphs that show pictures, with the pictures' numbers."""
        found = [(text.find("\n\n", match.end()), int(match[1])) for match in _TOKEN.finditer(text)]
        for end, group in groupby(found, key=lambda each: each[0]):
            yield (end if end >= 0 else len(text)), [number for _, number in group if 0 < number <= len(self.held)]

    def _text(self, number: int) -> str:
        """The words of a picture; nothing where it is the same as one before."""
        data = self.held[number - 1]
        key = key_of(data)
        if key in self._seen:
            return ""
        self._seen.add(key)
        if self.reads:
            self.held[number - 1] = b""  # a note may show more than memory holds
        words = self.words(key, lambda: upright(opened(data)), f"picture {number}")
        return text_of(words, _ratio(data)) if words else ""

    def words(self, key: str, draw: Callable[[], Image], name: str) -> tuple[Word, ...] | None:
        """The words kept under a key, else those read in the picture that `draw` gives; None where it is not read, which is warned of."""
        if not self.reads:
            return None
        if (found := kept.get(key)) is not None:
            return found
        if not ocr.can_read():
            self._unread += 1
            return None
        spent = monotonic() - self._began
        if key in _too_long:
            self._troubles.append(f"{name} takes too long to read, left out")
            return None
        if spent > self.seconds * PICTURES_SHARE:
            self.late += 1
            return None
        try:
            found = ocr.read_words(draw(), min(PICTURE_SECONDS, (0.9 * self.seconds - spent) / 2))
        except TimeoutError:
            if spent <= 0.1 * self.seconds:  # it had nearly all the time there is
                _too_long.add(key)
            self.late += 1
            return None
        except NoteError as problem:
            self._troubles.append(f"{name}: {problem}, left out")
            return None
        kept.put(key, found)
        return found

    def warnings(self) -> Iterator[str]:
        """What is to be told of the pictures, a line for all of a kind."""
        if self._unread:
            them = "pictures" if self._unread > 1 else "picture"
            yield f"{self._unread} {them} {ocr.UNREAD}, which finds the words in pictures: {ocr.HOW}, then index again"
        if self.late:
            yield f"{self.late} {'pictures' if self.late > 1 else 'picture'} {LATER}: index again to go on"
        yield from dict.fromkeys(self._troubles)


def is_waiting(warnings: Sequence[str]) -> bool:
    """Whether a note holds pictures that a tesseract would have read."""
    return any(ocr.UNREAD in each or LATER in each or "no text: scanned?" in each for each in warnings)


def opening_of(text: str) -> str | None:
    """The short line that a text with pictures opens with, be it below a picture."""
    return opening(next((block for block in text.split("\n\n") if not _TOKEN.search(block)), ""))


def key_of(data: bytes) -> str:
    """The name of a picture's content."""
    return sha256(data).hexdigest()


def described(alt: str) -> str:
    """A description as its author wrote it: one line, without what a program has put there itself."""
    lines = (" ".join(line.split()) for line in alt.splitlines())
    return " ".join(line for line in lines if line and not _MADE_ALT.search(line))


def opened(data: bytes) -> Image:
    """A picture whose head alone was read. Raises NoteError for other bytes, and for more pixels than the limit."""
    from PIL import Image

    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _bomb() from error
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        raise NoteError("not a picture that can be opened (PNG, JPEG, WebP, BMP, TIFF or GIF)") from error
    if image.width * image.height > MAX_PIXELS:
        raise _bomb()
    return image


def _bomb() -> NoteError:
    return NoteError(f"more pixels than the limit of {MAX_PIXELS // 1_000_000} million: a decompression bomb?")


def upright(image: Image) -> Image:
    """The picture as it is meant to be seen: turned as its EXIF says, on white, of at most so many pixels. NoteError where it is broken."""
    from PIL import Image, ImageOps

    try:
        image.draft("RGB", (_LARGE_SIDE, _LARGE_SIDE))  # a JPEG is unpacked at an eighth to a half of its size where that is enough
        turned = ImageOps.exif_transpose(image)
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            clear = turned.convert("RGBA")
            turned = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
        plain = turned.convert("L" if turned.mode in ("1", "L", "I;16") else "RGB")
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, struct.error) as error:
        raise NoteError(f"broken picture ({type(error).__name__}: {' '.join(str(error).split())[:120]})") from error
    plain.thumbnail((_LARGE_SIDE, _LARGE_SIDE))
    return plain


def _ratio(data: bytes) -> float:
    """Height by width of a picture as it is meant to be seen."""
    with opened(data) as image:
        ratio = image.height / image.width
        return 1 / ratio if image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE else ratio


def from_uri(uri: str) -> bytes:
    """The bytes of a `data:` URI that holds a picture, else none."""
    found = _DATA_URI.match(uri)
    try:
        return b64decode("".join(found[1].split()), validate=True) if found and len(uri) <= MAX_FILE_BYTES else b""
    except (NotBase64, ValueError):
        return b""


def text_of(words: Sequence[Word], ratio: float) -> str:
    """The words of a picture as Markdown, as a page of a PDF is laid out; `ratio` is its height by its width."""
    return page_texts([page_of(words, _WIDTH, _WIDTH * ratio)])[0] if words else ""


def page_of(words: Sequence[Word], width: float, height: float) -> Page:
    """The words as lines of a page of this size in points, the nearly equal sizes made equal."""
    lines = [_line(list(group), width, height) for _, group in groupby(words, key=lambda word: word.line)]
    if not lines:
        return Page((), 0)
    body = median(line.size for line in lines for _ in line.text)
    evened = (Line(x.text, x.left, x.right, x.top, body if x.size < body * _HEADING else x.size, x.gap) for x in lines)
    return Page(tuple(evened), height)


def _line(words: Sequence[Word], width: float, height: float) -> Line:
    text = _BULLET.sub("• ", "".join(word.text if word.glued or number == 0 else f" {word.text}" for number, word in enumerate(words)))
    size = max(median((word.box[3] - word.box[1]) * height for word in words), 0.1)
    gaps = ((after.box[0] - before.box[2]) * width for before, after in pairwise(words) if not after.glued)
    left, right = min(word.box[0] for word in words) * width, max(word.box[2] for word in words) * width
    return Line(text, left, right, height * (1 - median(word.box[1] for word in words)), size, max(gaps, default=0.0) / size)
