"""The whole note in the drawer, in a real Chromium: formatted, as its source, as a page of its PDF; the exact words marked in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from index.notes import NoteFile, content_hash, read_note
from index.types import Document, DocumentInfo, Mark
from tests.browser.conftest import Open, Site
from tests.browser.test_page import ask, fits, source, text_of
from tests.index.notes.make import pdf
from tests.ui.shelf import WordIndex, WordPipeline
from ui.i18n_note import EN, KO

pytestmark = pytest.mark.browser

RICH = Document(
    "week05/rich.md",
    "수식과 표",
    "---\ntitle: 수식과 표\n---\n\n# 수식과 표\n\n😀 𝒳\n\n"
    "- **소프트맥스(softmax)**는 $p=\\frac{a}{b}$ 꼴이고 [밖](https://example.org/a)에 있다 🙂\n\n"
    "$$\nE = mc^2\n+ v\n$$\n\n| 모델 | 값 |\n|---|--:|\n| BERT | 0.91 |\n\n```python\nx = '<b>'\n```\n",
)
SLIDES = Document(
    "week06/slides.pptx",
    "슬라이드",
    "# 첫째 장\n\n시작\n\n# 둘째 장\n\n- 찾을 낱말은 보석\n",
    marks=(Mark(0, "slide", "1"), Mark(13, "slide", "2")),
)
FILM = Document(
    "week07/film.srt", "녹화", "첫 말이다.\n\n회귀를 배운다.\n", marks=(Mark(0, "time", "00:00:00"), Mark(9, "time", "00:01:20"))
)


@dataclass
class FileIndex(WordIndex):
    """Notes in memory whose files are known."""

    hashes: dict[str, str] = field(default_factory=dict)

    def documents(self) -> list[DocumentInfo]:
        plain = super().documents()
        return [DocumentInfo(each.doc_id, each.title, self.hashes.get(each.doc_id, ""), each.passages, each.characters) for each in plain]


def shelve(site: Site, notes: Sequence[Document], folder: Path | None = None) -> None:
    hashes = {path.name: content_hash(path) for path in folder.iterdir()} if folder else {}
    site.desk.pipeline = WordPipeline(FileIndex(notes, (str(folder),) if folder else (), hashes))


def open_source(page: Any, question: str) -> None:
    ask(page, question)
    page.click("#sources .cited .open")
    page.wait_for_selector("#note header h2")


def test_a_note_is_formatted_and_its_exact_words_are_marked(open_page: Open, site: Site) -> None:
    page = open_page()
    shelve(site, [RICH])
    open_source(page, "소프트맥스")
    page.wait_for_selector("#note .read")
    assert page.inner_text("#note .read .head-1") == "수식과 표"
    assert page.locator("#note .read math").count() == 2
    assert page.locator("#note .read mfrac").bounding_box()["height"] > 12, "Chromium draws the fraction"
    assert page.inner_text("#note .read td >> nth=1") == "0.91"
    assert page.inner_text("#note .read pre") == "x = '<b>'"
    link = page.locator("#note .read a")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == ("https://example.org/a", "noopener noreferrer nofollow")
    words = page.evaluate(
        """() => [...document.querySelectorAll('#note mark.evidence')].map((mark) => {
          const copy = mark.cloneNode(true);
          copy.querySelectorAll('math').forEach((math) => math.replaceWith(math.querySelector('annotation').textContent));
          return copy.textContent;
        }).join('')"""
    )
    assert words == "소프트맥스(softmax)는 p=\\frac{a}{b} 꼴이고 밖에 있다 🙂"
    source(page)
    assert text_of(page, "#note .verse") == RICH.text
    assert text_of(page, "#note mark.evidence") == RICH.text.split("\n")[8]
    assert page.evaluate("document.activeElement.dataset.shape") == "source"
    page.click("#note [data-shape=read]")
    page.wait_for_selector("#note .read")


def test_the_way_of_reading_is_kept_for_the_next_note(open_page: Open, site: Site) -> None:
    page = open_page()
    shelve(site, [RICH, SLIDES])
    open_source(page, "소프트맥스")
    source(page)
    page.keyboard.press("Escape")
    open_source(page, "보석")
    page.wait_for_selector("#note .verse")
    expect(page.locator("#note .stop")).to_have_text(["슬라이드 1", "슬라이드 2"])


def test_slides_and_times_are_separated(open_page: Open, site: Site) -> None:
    page = open_page(locale="en-US")
    shelve(site, [SLIDES, FILM])
    open_source(page, "보석")
    expect(page.locator("#note .read .stop")).to_have_text(["slide 1", "slide 2"])
    assert page.inner_text("#note .shapes").split("\n") == [EN.read, EN.source]
    page.keyboard.press("Escape")
    open_source(page, "회귀를")
    expect(page.locator("#note .read .stop")).to_have_text(["00:00:00", "00:01:20"])
    assert text_of(page, "#note mark.evidence") == "회귀를 배운다."


def test_a_page_of_a_pdf_is_a_picture_with_its_words_boxed(open_page: Open, site: Site, tmp_path: Path) -> None:
    lines = [(72.0, 600.0, 14.0, "Treasure lies under the tree.")]
    path = pdf(tmp_path / "slides.pdf", [[(72, 700, 14, "Opening words.")], lines])
    shelve(site, [read_note(NoteFile("slides.pdf", path, tmp_path)), RICH], tmp_path)
    page = open_page()
    open_source(page, "소프트맥스")
    source(page)
    page.click("#note [data-shape=read]")  # says nothing of PDFs
    page.wait_for_selector("#note .read")
    page.keyboard.press("Escape")
    open_source(page, "treasure")
    page.wait_for_function("document.querySelector('#note .paper img')?.naturalWidth === 1400")
    assert page.inner_text("#note .pages span") == KO.page_of.format(value=2, total=2)
    paper, box = page.locator("#note .paper").bounding_box(), page.locator("#note .box.evidence").bounding_box()
    assert abs((box["x"] - paper["x"]) / paper["width"] - 72 / 595) < 0.01
    assert abs((box["y"] + box["height"] / 2 - paper["y"]) / paper["height"] - (842 - 604) / 842) < 0.02
    page.click("#note [data-page='1']")
    page.wait_for_function("document.querySelector('#note .pages [data-page=\"0\"]')?.disabled")
    assert page.locator("#note .box.evidence").count() == 0
    page.click("#note [data-page='2']")
    page.wait_for_selector("#note .box.evidence")
    page.click("#note [data-shape=read]")
    page.wait_for_selector("#note .read")
    assert text_of(page, "#note mark.evidence") == "Treasure lies under the tree."
    path.unlink()
    page.keyboard.press("Escape")
    page.click("#sources .cited .open")
    page.wait_for_selector("#note .told")
    assert page.inner_text("#note .told") == KO.file_missing
    assert text_of(page, "#note mark.evidence") == "Treasure lies under the tree."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_formatted_note_fits_a_phone(open_page: Open, site: Site, scheme: str) -> None:
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True, color_scheme=scheme)
    wide = "| " + " | ".join(f"열{n}" for n in range(40)) + " |\n" + "|---" * 40 + "|\n" + "| 값 " * 40 + "|\n"
    shelve(
        site,
        [Document("wide.md", "넓은", f"# 넓은\n\n찾을 것\n\n{wide}\n$$\n{'x + ' * 200}y\n$$\n\n{'가' * 500}\n\n```\n{'x' * 500}\n```\n")],
    )
    open_source(page, "찾을")
    page.wait_for_selector("#note .read table")
    assert fits(page)
    assert page.locator("#note .sheet-body").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.locator("#note .table").evaluate("e => e.scrollWidth > e.clientWidth"), "a wide table scrolls by itself"
