"""Words in pictures, read by tesseract where it is installed: each with the place where it stands.

Tesseract reads twice: with English and Korean together, and with Korean alone. Together it takes many a Korean word for a Latin one;
where it is not sure of that, and Korean alone is sure of syllables there, these are taken.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from index.errors import NoteError

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as parts (0 to 1) of a picture's width and height."""

READER = "tesseract kor+eng/1"
"""What read a picture; another name reads every picture anew."""
HOW = "apt install tesseract-ocr tesseract-ocr-kor"
"""How to get it."""
UNREAD = "not read for want of tesseract"
"""What the warning of every note says whose pictures nobody has read: it is read anew once there is a tesseract."""

PROGRAM = "tesseract"
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
"""What its environment is given: more threads than one make it slower. In our own it would stop faiss for ever, whose OpenBLAS waits for
the threads that it asked OpenMP for."""
_LANGUAGES = ("kor", "eng")
_CONFIG = ("--psm", "4", "-c", "preserve_interword_spaces=1", "-c", "tessedit_create_txt=1", "-c", "tessedit_create_tsv=1")
"""One column of text in several sizes: of the ways to look at a page the one that slides are read best by (docs/pictures.md)."""
_SURE_LATIN, _SURE_KOREAN = 90.0, 75.0
_LEAST = 30.0
"""Confidence, of 100, below which a line is none: that of its middle word. A doubtful word in a line that is sure is seldom a wrong one."""
_SMALL, _LARGE = 1000, 2400
"""Pixels: narrower pictures are drawn twice as large before they are read, larger ones smaller."""


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a line, of which `line` is the number; `glued` to the piece before it, without a space. `sure` is of 100."""

    text: str
    box: Box
    line: int
    sure: float
    glued: bool = False


@cache
def can_read() -> bool:
    """Whether this process can read pictures: the program, its Korean and its English are there. Asked once a process."""
    return is_installed()


def is_installed() -> bool:
    """The same, asked anew."""
    try:
        done = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return False
    return set(_LANGUAGES) <= set((done.stdout + done.stderr).split())


def read_words(image: Image, seconds: float) -> tuple[Word, ...]:
    """The words of an upright picture in reading order.

    Raises NoteError where tesseract fails, TimeoutError after `seconds` for each of two passes.
    """
    prepared = _prepared(image)
    both = _pass(prepared, "+".join(reversed(_LANGUAGES)), seconds)
    doubtful = any(_is_latin(word.text) and word.sure < _SURE_LATIN for word in both)
    words = _mended(both, _pass(prepared, _LANGUAGES[0], seconds)) if doubtful else both
    return tuple(word for _, line in groupby(words, key=lambda word: word.line) for word in _sure(list(line)))


def _sure(line: list[Word]) -> list[Word]:
    return line if median(word.sure for word in line) >= _LEAST else []


def _prepared(image: Image) -> Image:
    """Of a size whose letters tesseract knows. Grey is left to tesseract, which does it better (docs/pictures.md)."""
    from PIL.Image import Resampling

    longest = max(image.size)
    scale = 2.0 if longest < _SMALL else min(1.0, _LARGE / longest)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if scale == 1.0 else image.resize(size, Resampling.LANCZOS)


def one_pass(image: Image, languages: str, seconds: float, *, prepared: bool = True) -> tuple[Word, ...]:
    """What one pass reads, to compare with."""
    return tuple(_pass(_prepared(image) if prepared else image, languages, seconds))


def _pass(image: Image, languages: str, seconds: float) -> list[Word]:
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "in.png"), Path(folder, "out")
        image.save(source, compress_level=1)
        command = [PROGRAM, str(source), str(out), "-l", languages, *_CONFIG]
        try:
            done = subprocess.run(command, env=os.environ | _ONE_THREAD, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"tesseract took more than {seconds:.0f} s") from error
        except OSError as error:
            raise NoteError(f"tesseract failed ({error.strerror or error})") from error
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise NoteError(f"tesseract failed ({said[:200]})")
        text = out.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")
        table = out.with_suffix(".tsv").read_text(encoding="utf-8", errors="replace")
    return list(_spaced(text, _rows(table, image.size)))


def _rows(table: str, size: tuple[int, int]) -> list[Word]:
    """The words of tesseract's table; its lines are numbered through."""
    found: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = map(int, cells[6:10])
        line = lines.setdefault(tuple(cells[1:5]), len(lines))
        box = (left / size[0], top / size[1], (left + width) / size[0], (top + height) / size[1])
        found.append(Word(cells[11].strip(), box, line, float(cells[10])))
    return found


def _spaced(text: str, words: Sequence[Word]) -> Iterator[Word]:
    """The words as tesseract's text spaces them, which its table does not say: there every syllable is a word."""
    at = 0
    for word in words:
        start = text.find(word.text, at)
        if start < 0 or text[at:start].strip():
            yield word  # the text has something else here: what follows is found again by the next word
            at = start + len(word.text) if 0 <= start < at + 200 else at
            continue
        yield replace(word, glued=start == at and at > 0)
        at = start + len(word.text)


def _mended(both: Sequence[Word], korean: Sequence[Word]) -> Iterator[Word]:
    """The words of both languages, with Korean ones in place of doubtful Latin ones."""
    taken: set[int] = set()
    for word in both:
        if not _is_latin(word.text) or word.sure >= _SURE_LATIN:
            yield word
            continue
        there = [number for number, other in enumerate(korean) if _covers(word.box, other.box)]
        if not there or not all(_is_korean(korean[number].text) and korean[number].sure >= _SURE_KOREAN for number in there):
            yield word
            continue
        for number in there:
            if number not in taken:
                taken.add(number)
                other = korean[number]
                yield Word(other.text, other.box, word.line, other.sure, word.glued if number == there[0] else other.glued)


def _covers(one: Box, other: Box) -> bool:
    """Whether two boxes share more than half of the narrower one's width and of the first one's height."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide > 0.5 * min(one[2] - one[0], other[2] - other[0]) and high > 0.5 * (one[3] - one[1])


def _is_latin(text: str) -> bool:
    return any("a" <= sign <= "z" for sign in text.lower())


def _is_korean(text: str) -> bool:
    return any("가" <= sign <= "힣" for sign in text)
