"""How well words in pictures are read: slides made of our notes' own lines, as they are, as photographs, and small.

The lines are those that a slide would hold: short, without formulas, tables or links. What is drawn is known, so that every character
that is read otherwise counts: the character error rate is Levenshtein's distance by the length of what was drawn, over all slides, with
white space and without. A line is placed where the box on what it was read as agrees with where it was drawn (IoU ≥ .5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.results import Figure, Findings
from benchmarks.slides import Drawn, around, overlap, photographed, slide
from index.errors import DataError
from index.notes import discover, ocr, read_note
from index.notes.ocr import Word
from index.notes.pdf_picture import Glyph, boxes, letters_of
from index.notes.pictures import text_of
from index.types import Progress
from rag.evaluation.report import Table

if TYPE_CHECKING:
    from PIL.Image import Image

LINES = 6
_LONGEST = 40
_SIGNS = re.compile(r"\*\*|[`*_]|^\s*(?:[-+]|\d+\.|#{1,6})\s+")
_UNFIT = re.compile(r"[|$<>\[\]{}\\]|https?:")
_MADE = re.compile(r"(?m)^(?:#{1,6} | *- )|\\")

Reading = Callable[["Image"], Sequence[Word]]


@dataclass(frozen=True)
class Kind:
    """How the slides are shown to the reader."""

    name: str
    show: Callable[[Drawn, int], Drawn]
    body: int = 30
    size: tuple[int, int] = (1280, 720)


KINDS = (
    Kind("slide", lambda drawn, number: drawn),
    Kind("photograph", lambda drawn, number: photographed(drawn, degrees=(-1.5, -0.7, 0.7, 1.5)[number % 4], seed=number)),
    Kind("small slide", lambda drawn, number: drawn, 15, (640, 360)),
)


def measure(notes: Path, slides: int, seed: int, progress: Progress | None = None) -> Findings:
    """Character error rates, the lines placed, and seconds a picture. Raises DataError where tesseract or lines are missing."""
    if not ocr.is_installed():
        raise DataError(f"nothing reads pictures here: {ocr.HOW}")
    chosen = choose(notes, slides, seed)
    rows: list[tuple[str | float, ...]] = []
    figures: list[Figure] = []
    for kind in KINDS:
        pictures = [(lines, kind.show(slide(*lines, body=kind.body, size=kind.size), number)) for number, lines in enumerate(chosen)]
        for name, read in READINGS.items():
            spaced, plain, placed, seconds = _score(pictures, read, progress)
            rows.append((kind.name, name, spaced, plain, placed, seconds))
            if name == "as shipped":
                figures += [Figure(f"{kind.name}: character error rate", spaced), Figure(f"{kind.name}: without spaces", plain)]
                figures += [Figure(f"{kind.name}: lines placed", placed), Figure(f"{kind.name}: a picture", seconds, "s")]
    table = Table("Words in pictures", ("pictures", "read", "CER", "without spaces", "lines placed", "seconds"), tuple(rows))
    return Findings({"slides": slides, "seed": seed, "reader": ocr.READER}, tuple(figures), (table,))


def choose(notes: Path, slides: int, seed: int) -> list[list[str]]:
    """The lines of each slide: the title of a note and some of its lines in their order, from as many notes."""
    found = []
    for file in discover([notes]):
        if file.path.suffix == ".md":
            note = read_note(file)
            lines = list(dict.fromkeys(_fit(note.text)))
            if len(lines) >= LINES:
                found.append([note.title[:28], *lines[:LINES]])
    if len(found) < slides:
        raise DataError(f"{notes} holds lines for {len(found)} slides, {slides} are asked for")
    return Random(seed).sample(found, slides)


def _fit(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = " ".join(_SIGNS.sub("", _SIGNS.sub("", line)).split())
        if 12 <= len(plain) <= _LONGEST and not _UNFIT.search(plain) and not line.startswith("#") and re.search("[가-힣]{2}", plain):
            yield plain


def _score(pictures: Sequence[tuple[list[str], Drawn]], read: Reading, progress: Progress | None) -> tuple[float, float, float, float]:
    """CER with and without white space, the share of lines placed, and seconds a picture."""
    spaced = plain = characters = letters = placed = 0
    began = perf_counter()
    for number, (lines, drawn) in enumerate(pictures, 1):
        words = read(drawn.image)
        truth, found = "\n".join(lines), _MADE.sub("", text_of(words, drawn.image.height / drawn.image.width))
        spaced += distance(" ".join(truth.split()), " ".join(found.split()))
        characters += len(" ".join(truth.split()))
        plain += distance("".join(truth.split()), "".join(found.split()))
        letters += len("".join(truth.split()))
        placed += sum(_is_placed(line, drawn, words, text_of(words, 0.5625)) for line in lines)
        if progress:
            progress("pictures", number, len(pictures))
    seconds = (perf_counter() - began) / len(pictures)
    return spaced / characters, plain / letters, placed / sum(len(lines) for lines, _ in pictures), seconds


def _is_placed(line: str, drawn: Drawn, words: Sequence[Word], text: str) -> bool:
    """Whether the line of the text that is most like it stands where it was drawn."""
    read = min(text.splitlines() or [""], key=lambda other: distance(line, _MADE.sub("", other)))
    at = text.find(read)
    glyphs = [Glyph(char, (left, top, right, bottom)) for char, left, top, right, bottom in letters_of(words)]
    found = boxes(glyphs, text, at, at + len(read))
    return bool(found) and overlap(around(found), drawn.places[line]) >= 0.5


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein's (1966): the fewest characters or words to put in, take out or exchange."""
    row = list(range(len(other) + 1))
    for at, sign in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, against in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (sign != against))
    return row[-1]


def _shipped(image: Image) -> Sequence[Word]:
    return ocr.read_words(image, 60.0)


def _once(image: Image) -> Sequence[Word]:
    """Both languages in one pass, without Korean alone."""
    return ocr.one_pass(image, "eng+kor", 60.0)


def _grey(image: Image) -> Sequence[Word]:
    """As shipped, but grey before tesseract sees it."""
    return ocr.read_words(image.convert("L"), 60.0)


def _as_large(image: Image) -> Sequence[Word]:
    """One pass over the picture as large as it is."""
    return ocr.one_pass(image, "eng+kor", 60.0, prepared=False)


READINGS: Mapping[str, Reading] = {"as shipped": _shipped, "grey": _grey, "one pass": _once, "one pass, as large": _as_large}
