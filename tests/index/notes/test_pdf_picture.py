"""A page as a picture: it is the page, and boxes stand on the words asked for or not at all."""

from __future__ import annotations

import subprocess
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import NoteError
from index.notes import NoteFile, content_hash, kept, pdf_picture, read_note
from index.notes.ocr import Word
from index.notes.pdf import page_key
from index.notes.pdf_picture import Glyph, PagePicture, boxes, page_picture
from tests.index.notes.make import pdf

LINES = ("Gradient descent follows the slope.", "경사 하강법은 기울기를 따라 내려간다.", "The rate is 0.1. The rate is small.")


def drawn(tmp_path: Path, page: int = 1) -> tuple[Path, PagePicture]:
    lines = [(72.0, 700.0 - 30 * number, 12.0, line) for number, line in enumerate(LINES)]
    path = pdf(tmp_path / "slides.pdf", [[(72, 700, 12, "First page")], lines])
    return path, page_picture(path, page)


def words_at(picture: PagePicture, found: list[tuple[float, float, float, float]]) -> str:
    """The characters whose middle lies in one of the boxes."""

    def inside(glyph: Glyph) -> bool:
        x, y = (glyph.box[0] + glyph.box[2]) / 2, (glyph.box[1] + glyph.box[3]) / 2
        return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in found)

    return "".join(glyph.char for glyph in picture.glyphs if inside(glyph))


@pytest.mark.parametrize("rotation", [0, 90, 180])
def test_a_page_is_drawn_with_the_places_of_its_characters(tmp_path: Path, rotation: int) -> None:
    from PIL import Image
    from pypdfium2 import PdfDocument

    path, _ = drawn(tmp_path)
    with closing(PdfDocument(str(path))) as file:
        file[1].set_rotation(rotation)
        file.save(str(tmp_path / "turned.pdf"))
    picture = page_picture(tmp_path / "turned.pdf", 2)
    assert (picture.page, picture.pages, picture.media_type) == (2, 2, "image/png")
    image = Image.open(BytesIO(picture.image)).convert("L")
    assert image.size == (picture.width, picture.height) and picture.width == 1400
    left, top, right, bottom = next(glyph.box for glyph in picture.glyphs if glyph.char == "G")
    wide, high = image.size
    area = image.crop((int(left * wide), int(top * high), int(right * wide) + 1, int(bottom * high) + 1))
    assert min(area.getdata()) < 100, "there is ink where the character is said to be"
    assert min(image.crop((0, 0, 60, 60)).getdata()) == 255


@pytest.mark.parametrize("quote", ["descent follows", "경사 하강법은 기울기를", "slope.", "rate is small"])
def test_words_are_found_where_they_are_drawn(tmp_path: Path, quote: str) -> None:
    path, picture = drawn(tmp_path, 2)
    text = read_note(NoteFile("slides.pdf", path, tmp_path)).text
    text = text[text.index("Gradient") :]
    start = text.index(quote)
    found = boxes(picture.glyphs, text, start, start + len(quote))
    assert squeezed(words_at(picture, found)) == squeezed(quote)
    assert all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for left, top, right, bottom in found)


def squeezed(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFC", text) if char.isalnum())


def test_the_second_of_equal_words_is_not_taken_for_the_first(tmp_path: Path) -> None:
    _, picture = drawn(tmp_path, 2)
    text = "\n".join(LINES)
    first, second = (boxes(picture.glyphs, text, at, at + 8) for at in (text.index("The rate"), text.rindex("The rate")))
    assert first[0][2] < second[0][0]
    assert boxes(picture.glyphs, text + "\nThe rate", len(text) + 1, len(text) + 9) == []


def test_a_number_beyond_the_last_page_is_the_last(tmp_path: Path) -> None:
    assert drawn(tmp_path, 99)[1].page == 2
    assert drawn(tmp_path, -3)[1].page == 1


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"no PDF"])
def test_what_cannot_be_drawn_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)
    with pytest.raises(NoteError, match="page 1 cannot be drawn"):
        page_picture(path, 1)
    with pytest.raises(NoteError):
        page_picture(tmp_path / "gone.pdf", 1)


def test_a_page_is_drawn_once_for_each_state_of_its_file_and_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most, runs = Lock(), 0, 0, 0
    real = subprocess.run

    def counted(*args: Any, **settings: Any) -> Any:
        nonlocal running, most, runs
        with lock:
            running, runs = running + 1, runs + 1
            most = max(most, running)
        try:
            return real(*args, **settings)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(subprocess, "run", counted)
    monkeypatch.setattr(pdf_picture, "_AT_ONCE", BoundedSemaphore(2))
    path = pdf(tmp_path / "many.pdf", [[(72, 700, 12, f"Page {number}")] for number in range(4)])
    with ThreadPoolExecutor(4) as pool:
        pages = [each.page for each in pool.map(lambda number: page_picture(path, number), range(1, 5))]
    assert (pages, runs, most) == ([1, 2, 3, 4], 4, 2)
    assert page_picture(path, 3).page == 3 and runs == 4
    pdf(path, [[(72, 700, 12, "Another first page")]])
    assert page_picture(path, 3).page == 1 and runs == 5


def test_who_asks_for_a_page_that_is_being_drawn_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, real = list[Any](), subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *args, **settings: runs.append(args) or real(*args, **settings))
    path = pdf(tmp_path / "asked.pdf", [[(72, 700, 12, "Asked by a whole class")]])
    with ThreadPoolExecutor(6) as pool:
        [first, *others] = pool.map(lambda _: page_picture(path, 1), range(6))
    assert all(each is first for each in others) and len(runs) == 1


def test_words_that_are_read_later_are_on_a_page_that_was_drawn_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kept.SETTING, str(tmp_path / "kept"))
    path = pdf(tmp_path / "scan.pdf", [[]])
    assert page_picture(path, 1).glyphs == ()
    kept.put(page_key(content_hash(path), 0), (Word("역전파", (0.1, 0.1, 0.4, 0.2), 0, 90.0),))
    assert [glyph.char for glyph in page_picture(path, 1).glyphs] == list("역전파")


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = pdf(tmp_path / "slow.pdf", [[(72, 700, 12, "Never drawn")]])
    with pytest.raises(NoteError, match="TimeoutExpired"):
        page_picture(path, 1, timeout=0.001)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("가나다ab1-•. \n"), max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_boxes_are_those_of_the_same_letters_or_none(text: str, start: int, end: int) -> None:
    """A page that is drawn exactly as its text has every word of it at its own place."""
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    glyphs = [Glyph(char, (at / 100, 0.1, (at + 1) / 100, 0.2)) for at, char in enumerate(text) if char.strip()]
    found = boxes(glyphs, text, start, end)
    letters = [at for at in range(start, end) if text[at].isalnum()]
    assert bool(found) == bool(letters)
    assert all(any(left <= (at + 0.5) / 100 <= right for left, _, right, _ in found) for at in letters)
    covered = sum(right - left for left, _, right, _ in found) * 100
    assert covered <= (letters[-1] - letters[0] + 1.01 if letters else 0)


def test_decomposed_and_ligature_letters_are_the_same_letters() -> None:
    glyphs = [Glyph(char, (at / 10, 0, (at + 1) / 10, 0.1)) for at, char in enumerate("\u1112\u1161\u11ab\ufb01x")]
    assert boxes(glyphs, "한fix", 0, 1) == [(0.0, 0, pytest.approx(0.3), 0.1)]
    assert boxes(glyphs, "한fix", 1, 3) == [(pytest.approx(0.3), 0, pytest.approx(0.4), 0.1)]
