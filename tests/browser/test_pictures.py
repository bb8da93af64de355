"""A picture of the notes in the drawer: shown as it is, with a frame over the words of the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.slides import SLIDE, encoded, photographed, slide
from index.notes import NoteFile, content_hash, ocr, read_note
from tests.browser.conftest import Open, Site
from tests.browser.test_axe import look
from tests.browser.test_note import FileIndex, open_source, shelve
from tests.browser.test_page import fits, text_of
from tests.index.notes.make import needs_tesseract
from tests.ui.shelf import WordPipeline
from ui.i18n import texts
from ui.i18n_note import EN, KO

pytestmark = [pytest.mark.browser, needs_tesseract]

PHOTO = photographed(slide())
LINE = SLIDE[2]
FRAME = """() => {
  const paper = document.querySelector('#note .paper').getBoundingClientRect();
  return [...document.querySelectorAll('#note .box.evidence')].map((each) => each.getBoundingClientRect()).map((box) => [
    (box.left - paper.left) / paper.width, (box.top - paper.top) / paper.height,
    (box.right - paper.left) / paper.width, (box.bottom - paper.top) / paper.height]);
}"""


def shelved(site: Site, folder: Path, name: str) -> None:
    PHOTO.image.save(folder / name, **({"resolution": 120} if name.endswith(".pdf") else {}))
    shelve(site, [read_note(NoteFile(name, folder / name, folder))], folder)


@pytest.mark.parametrize("name", ["board.png", "scan.pdf"])
def test_the_frame_stands_over_the_words(open_page: Open, site: Site, tmp_path: Path, name: str) -> None:
    page = open_page()
    shelved(site, tmp_path, name)
    open_source(page, "0.1에서")
    page.wait_for_function("document.querySelector('#note .paper img')?.naturalWidth > 0")
    page.wait_for_selector("#note .box.evidence")
    frames, drawn = page.evaluate(FRAME), PHOTO.places[LINE]
    assert len(frames) == 1
    assert all(abs(one - other) < 0.03 for one, other in zip(frames[0], drawn, strict=True)), (frames, drawn)
    expect(page.locator("#note .shapes button")).to_have_text([KO.picture, KO.text] if name == "board.png" else [KO.page, KO.text])
    page.click("#note [data-shape=read]")
    page.wait_for_selector("#note .read mark.evidence")
    assert LINE in text_of(page, "#note .read")
    page.click("#note [data-shape=page]")
    page.wait_for_selector("#note .box.evidence")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_in_a_note_on_a_phone(open_page: Open, site: Site, tmp_path: Path, scheme: str) -> None:
    notes = tmp_path / "notes"
    (notes / "img").mkdir(parents=True)
    for number, drawn in enumerate((slide("첫 그림", "다른 글이다."), PHOTO), 1):
        (notes / f"img/{number}.png").write_bytes(encoded(drawn.image))
    (notes / "a.md").write_text("# 수업\n\n![하나](img/1.png)\n\n![둘](img/2.png)\n\n보물은 여기 있다.\n", encoding="utf-8")
    note = read_note(NoteFile("a.md", notes / "a.md", notes))
    page = open_page(locale="en-US", width=390, height=844, has_touch=True, is_mobile=True, color_scheme=scheme, reduced_motion="reduce")
    site.desk.pipeline = WordPipeline(FileIndex([note], (str(notes),), {"a.md": content_hash(notes / "a.md")}))
    open_source(page, "0.1에서")
    page.wait_for_selector("#note .box.evidence")
    expect(page.locator("#note .pages span")).to_have_text(EN.picture_of.format(value=2, total=2))
    assert fits(page) and look(page) == []
    page.click("#note [data-page='1']")
    expect(page.locator("#note .pages span")).to_have_text(EN.picture_of.format(value=1, total=2))
    expect(page.locator("#note .box.evidence")).to_have_count(0)
    expect(page.locator("#note .paper img")).to_have_attribute("alt", EN.picture_picture.format(value=1))
    page.click("#note [data-shape=read]")
    expect(page.locator("#note .read .stop")).to_have_text([texts("en").picture.format(value=n) for n in "12"])
    page.keyboard.press("Escape")
    open_source(page, "보물은")
    page.wait_for_selector("#note .read mark.evidence")
    assert page.locator("#note .paper").count() == 0, "words that stand in the note itself are shown there"


def test_the_frame_is_there_without_tesseract_once_it_was_read(
    open_page: Open, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    shelved(site, tmp_path, "board.png")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not ocr.is_installed()
    open_source(page, "0.1에서")
    page.wait_for_selector("#note .box.evidence")
    (tmp_path / "board.png").unlink()
    page.keyboard.press("Escape")
    page.click("#sources .cited .open")
    page.wait_for_selector("#note .told")
    assert page.inner_text("#note .told") == KO.picture_missing
