"""Words in pictures: where they stand, what stays of them without tesseract, and what a hostile picture costs."""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.slides import SLIDE, around, encoded, overlap, photographed, slide
from index.build import update
from index.errors import NoteError
from index.notes import content_hash, discover, isolated, kept, ocr, read_notes
from index.notes.extract import Part
from index.notes.links import file_inside, links
from index.notes.ocr import HOW, UNREAD, Word
from index.notes.pdf_picture import Box, boxes, page_picture
from index.notes.pictures import LATER, Pictures, described, is_waiting
from index.places import users
from index.settings import IndexSettings
from index.split import split
from index.types import Document, Mark, NoteProblem
from tests.fakes import HashEncoder
from tests.index.notes.make import compound, control, hwp_paragraph, needs_tesseract, read, record, zipped

LINE = SLIDE[2]
SURE = (SLIDE[0], SLIDE[2])
"""Lines whose every letter is read right, and so can be found."""


def framed(path: Path, document: Document, words: str) -> list[Box]:
    """The boxes on the words in the first picture or page."""
    at = document.text.index(words)
    return boxes(page_picture(path, 1).glyphs, document.text, at, at + len(words))


# Read by tesseract


@needs_tesseract
def test_a_photograph_of_a_slide_is_read_and_its_words_are_found_on_it(tmp_path: Path) -> None:
    photo = photographed(slide())
    path = tmp_path / "칠판.png"
    path.write_bytes(photo.png())
    document = read(path)
    assert document.text.startswith(f"# {SLIDE[0]}\n\n- 손실의 기울기를 따라")
    assert f"\n- {SLIDE[2]}\n" in document.text
    assert (document.title, document.marks, document.warnings) == (SLIDE[0], (Mark(0, "picture", "1"),), ())
    for line in SURE:
        assert overlap(around(framed(path, document, line)), photo.places[line]) > 0.7


@needs_tesseract
def test_a_scanned_page_is_read_and_its_words_are_found_on_it(tmp_path: Path) -> None:
    photo = photographed(slide(), degrees=-0.8)
    path = tmp_path / "scan.pdf"
    photo.image.save(path, resolution=120)
    document = read(path)
    assert (document.title, document.marks, document.warnings) == (SLIDE[0], (Mark(0, "page", "1"),), ())
    for line in SURE:
        assert overlap(around(framed(path, document, line)), photo.places[line]) > 0.7


@needs_tesseract
def test_a_picture_taken_upright_is_read_upright(tmp_path: Path) -> None:
    from PIL import Image

    drawn = slide()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to be seen as it was
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(drawn.image.rotate(90, expand=True), "JPEG", quality=90, exif=exif))
    document = read(path)
    assert LINE in document.text
    picture = page_picture(path, 1)
    assert picture.width > picture.height
    assert overlap(around(framed(path, document, LINE)), drawn.places[LINE]) > 0.7


@needs_tesseract
def test_white_on_black_small_and_clear_pictures_are_read(tmp_path: Path) -> None:
    from PIL import Image

    dark, small = slide(ink="white", paper="#101418"), slide(size=(640, 360), body=18)
    for name, image in (("dark.png", dark.image), ("small.webp", small.image)):
        (tmp_path / name).write_bytes(encoded(image, "WEBP" if name.endswith("webp") else "PNG"))
    clear = Image.new("RGBA", (1280, 720), (0, 0, 0, 0))
    clear.paste(slide().image.convert("RGBA"), mask=Image.eval(slide().image.convert("L"), lambda grey: 255 - grey))
    (tmp_path / "clear.png").write_bytes(encoded(clear))
    assert [file for file in ("dark.png", "small.webp", "clear.png") if "기울기를 따라" not in read(tmp_path / file).text] == []


@needs_tesseract
def test_a_picture_without_words_has_none(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "a.png").write_bytes(encoded(Image.effect_noise((400, 300), 80)))
    document = read(tmp_path / "a.png")
    assert (document.text, document.title, document.warnings) == ("", "a", ("no words are found in the picture",))


# Kept


@needs_tesseract
def test_what_was_read_is_kept_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "kept"))
    path = tmp_path / "a.png"
    path.write_bytes(slide().png())
    text = read(path).text
    monkeypatch.setattr(ocr, "can_read", lambda: False)
    moved = path.rename(tmp_path / "b.png")
    assert read(moved).text == text != ""
    (found,) = (tmp_path / "kept").rglob("*.json")
    found.write_text('{"words": [["x", [0, 0], 0', encoding="utf-8")
    assert is_waiting(read(moved).warnings), "what is damaged is not taken for words"


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_PICTURES", "~/p")
    assert kept.folder() == Path("~/p").expanduser()
    monkeypatch.delenv("RAG_PICTURES")
    assert kept.folder() == users().user_cache_path / "pictures"


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "file"))
    word = Word("낱말", (0, 0, 1, 1), 0, 90.0)
    kept.put("key", (word,))
    assert kept.get("key") is None
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "full"))
    monkeypatch.setattr("os.replace", lambda *paths: os.stat("/nowhere"))
    kept.put("key", (word,))
    assert kept.get("key") is None and [path for path in (tmp_path / "full").rglob("*") if path.is_file()] == []


# Without tesseract, and when it comes


@needs_tesseract
def test_without_tesseract_a_picture_costs_one_line_and_is_read_once_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.png").write_bytes(slide("정규화", "가중치를 작게 만든다.").png())
    (notes / "b.md").write_text("# 노트\n\n보통 글\n", encoding="utf-8")
    slide("정규화", "가중치를 작게 만든다.").image.save(notes / "c.pdf", resolution=120)

    def run() -> Any:
        encoder = HashEncoder()
        return update(tmp_path / "index", [notes], encoder=encoder, analyse=str.split, settings=IndexSettings())

    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path / "nothing"))
        report = run()
        assert [problem.doc_id for problem in report.problems] == [] and report.added == ("a.png", "b.md", "c.pdf")
        lines = [(each.doc_id, each.reason) for each in report.warnings]
        assert lines == [
            ("a.png", f"1 picture {UNREAD}, which finds the words in pictures: {HOW}, then index again"),
            ("c.pdf", f"page 1: no text: scanned? {UNREAD}, which finds the words in pictures: {HOW}, then index again"),
        ]
        assert run().unchanged == 3, "as long as there is none, nothing is read again"
    report = run()
    assert (report.changed, report.unchanged, report.warnings) == (("a.png", "c.pdf"), 1, ())
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path / "nothing"))
        assert run().unchanged == 3, "what was read stays"
        shutil.copy(notes / "a.png", notes / "d.png")
        report = run()
        assert (report.added, report.warnings) == (("d.png",), ()), "and is known elsewhere"


# Hostile


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that unpacks to side × side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\0" * (side // 8 + 1) * 64, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def test_hostile_pictures_cost_a_line_each(tmp_path: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><image href="file:///etc/passwd"/></svg>'
    files = {
        "bomb.png": bomb(60_000),
        "cut.png": slide().png()[:2000],
        "empty.jpg": b"",
        "svg.png": svg,
        "text.gif": b"# no picture",
        "zip.webp": b"PK\x03\x04....",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "zz.md").write_text("# 뒤\n", encoding="utf-8")
    results = list(read_notes(discover([tmp_path])))
    problems = {result.doc_id: result.reason for result in results if isinstance(result, NoteProblem)}
    assert problems.keys() == files.keys()
    assert problems["bomb.png"] == "more pixels than the limit of 64 million: a decompression bomb?"
    assert problems["cut.png"].startswith("broken picture (OSError: ")
    assert problems["svg.png"] == "not a picture file that can be opened (found other bytes)"
    assert problems["empty.jpg"] == "not a picture file that can be opened (found an empty file)"
    assert problems["zip.webp"] == "not a picture file that can be opened (found ZIP bytes)"
    assert isinstance(results[-1], Document) and results[-1].title == "뒤"


def test_a_bomb_in_a_note_is_left_out_and_the_note_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        f'<p>앞 <img src="data:image/png;base64,{base64.b64encode(bomb(60_000)).decode()}" alt="큰 그림"> 뒤</p>', encoding="utf-8"
    )
    document = read(path)
    assert document.text == "앞 큰 그림 뒤\n"
    assert document.warnings == ("a picture is left out: more pixels than the limit of 64 million: a decompression bomb?",)


def test_a_broken_picture_in_a_note_is_left_out_and_the_note_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "can_read", lambda: True)
    (tmp_path / "cut.png").write_bytes(slide().png()[:2000])
    (tmp_path / "a.md").write_text("# 노트\n\n![](cut.png)\n", encoding="utf-8")
    document = read(tmp_path / "a.md")
    assert document.text == "# 노트\n\n![](cut.png)\n"
    assert [warning[:27] for warning in document.warnings] == ["picture 1: broken picture ("]


@pytest.mark.parametrize(
    "link",
    [
        "../secret.png",
        "/etc/passwd",
        "..%2Fsecret.png",
        "http://a.example/b.png",
        "file:a.png",
        "\\\\host\\a.png",
        "a\0.png",
        "",
        "link.png",
    ],
)
def test_no_link_leads_out_of_the_notes(tmp_path: Path, link: str) -> None:
    root = tmp_path / "notes"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "그림 1.png").write_bytes(b"own")
    assert file_inside(root, root, link) is None
    assert file_inside(root, root, "%EA%B7%B8%EB%A6%BC%201.png#a") == (root / "그림 1.png").resolve()


def test_what_is_too_large_or_not_ours_to_read_is_no_part_of_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"12345")
    (tmp_path / "a.md").write_text("![](a.png)", encoding="utf-8")

    def shown() -> list[str]:
        return [file.doc_id for file in discover([tmp_path])]

    assert shown() == ["a.md"]
    with monkeypatch.context() as forbidden:
        forbidden.setattr("os.access", lambda path, mode: False)
        assert shown() == ["a.md", "a.png"]
    monkeypatch.setattr("index.notes.links.MAX_FILE_BYTES", 4)
    assert shown() == ["a.md", "a.png"]


def test_links_are_found_in_one_reading() -> None:
    assert links("![" * 50_000 + "<img " * 50_000 + "![a][" * 50_000 + "\n[a]:" * 50_000) == []
    assert links('![a](b.png "t") ![c](<d e.png>) <img data-src="no.png" src=\'f.png\'>') == ["b.png", "d e.png", "f.png"]


# In other notes: what is read is played, so that it is known


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[tuple[int, int]]]:
    """Every picture holds the words `글자 WxH`; what was read is noted."""
    seen: list[tuple[int, int]] = []

    def read_words(image: Any, seconds: float) -> tuple[Word, ...]:
        seen.append(image.size)
        return (Word("글자", (0.1, 0.1, 0.2, 0.2), 0, 90.0), Word(f"{image.width}x{image.height}", (0.3, 0.1, 0.5, 0.2), 0, 90.0))

    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "kept"))
    monkeypatch.setattr(ocr, "read_words", read_words)
    monkeypatch.setattr(ocr, "can_read", lambda: True)
    yield seen


def picture(width: int, height: int = 100) -> bytes:
    from PIL import Image

    return encoded(Image.new("RGB", (width, height), "white"))


def marked(document: Document) -> list[tuple[str, str, str]]:
    """The parts of a note by their marks."""
    starts = [*(mark.start for mark in document.marks), len(document.text)]
    return [(mark.kind, mark.value, document.text[mark.start : end].strip()) for mark, end in zip(document.marks, starts[1:], strict=True)]


def test_pictures_in_slides(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    files = [tmp_path / f"{width}.png" for width in (200, 300)]
    for width, path in zip((200, 300), files, strict=True):
        path.write_bytes(picture(width))
    for title, path in (("첫 장", files[0]), ("", files[1]), ("끝 장", files[0])):
        page = deck.slides.add_slide(deck.slide_layouts[5 if title else 6])
        if title:
            page.shapes.title.text = title
        shape = page.shapes.add_picture(str(path), Inches(1), Inches(1))
        shape._element.nvPicPr.cNvPr.set("descr", "그림 설명\n자동 생성된 설명" if title == "첫 장" else "")
    deck.save(str(tmp_path / "a.pptx"))
    document = read(tmp_path / "a.pptx")
    assert marked(document) == [
        ("slide", "1", "# 첫 장\n\n그림 설명"),
        ("picture", "1", "글자 200x100"),
        ("picture", "", ""),
        ("slide", "2", "# Slide 2"),
        ("picture", "2", "글자 300x100"),
        ("picture", "", ""),
        ("slide", "3", "# 끝 장"),
    ], "the same picture is read once"
    assert reads == [(200, 100), (300, 100)]
    passages = split(document, IndexSettings().split, lambda texts: [len(text.split()) for text in texts])
    assert [str(each.locator) for each in passages if "글자" in each.text] == ["slide 1, picture 1", "slide 2, picture 2"]
    shown = page_picture(tmp_path / "a.pptx", 2)
    assert (shown.kind, shown.page, shown.pages, shown.width, "".join(glyph.char for glyph in shown.glyphs)) == (
        "picture",
        2,
        3,
        300,
        "글자300x100",
    )


def test_pictures_in_a_word_document(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    import docx

    (tmp_path / "a.png").write_bytes(picture(210))
    document = docx.Document()
    document.add_heading("제목", 1)
    run = document.add_paragraph("앞 글").add_run()
    run.add_picture(str(tmp_path / "a.png"))._inline.docPr.set("descr", "설명이다")
    document.add_paragraph("뒤 글")
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").text == "# 제목\n\n앞 글\n\n설명이다\n\n글자 210x100\n\n뒤 글\n"
    assert [mark.value for mark in read(tmp_path / "a.docx").marks] == ["1", ""]
    assert page_picture(tmp_path / "a.docx", 1).pages == 1


def test_a_title_below_a_picture_names_the_document(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    import docx

    (tmp_path / "logo.png").write_bytes(picture(210))
    document = docx.Document()
    document.add_picture(str(tmp_path / "logo.png"))
    document.add_paragraph("강의 계획서")
    document.save(str(tmp_path / "a.docx"))
    assert (read(tmp_path / "a.docx").text, read(tmp_path / "a.docx").title) == ("글자 210x100\n\n강의 계획서\n", "강의 계획서")


def test_pictures_in_a_notebook(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    import nbformat

    data = base64.b64encode(picture(220)).decode()
    output = nbformat.v4.new_output("display_data", {"image/png": data, "text/plain": "<Figure>"})
    cell = nbformat.v4.new_markdown_cell("글 ![a](attachment:a.png)")
    cell["attachments"] = {"a.png": {"image/png": base64.b64encode(picture(230)).decode()}}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("plot()", outputs=[output]), cell])
    (tmp_path / "a.ipynb").write_text(nbformat.writes(book), encoding="utf-8")
    assert [(kind, value) for kind, value, _ in marked(read(tmp_path / "a.ipynb"))] == [
        ("cell", "1"), ("picture", "1"), ("picture", ""), ("cell", "2"), ("picture", "2"),
    ]  # fmt: skip
    assert reads == [(220, 100), (230, 100)]


def test_pictures_in_hangul_documents(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    space = 'xmlns:hp="p" xmlns:hc="c"'
    drawn = (
        '<hp:pic><hc:img binaryItemIDRef="image1"/><hp:shapeComment>그림입니다.\n원본 그림의 이름: a.png</hp:shapeComment>'
        "<hp:caption><hp:subList><hp:p><hp:run><hp:t>그림의 제목</hp:t></hp:run></hp:p></hp:subList></hp:caption></hp:pic>"
    )
    section = f"<hs:sec xmlns:hs='s' {space}><hp:p><hp:run><hp:t>앞 글</hp:t>{drawn}</hp:run></hp:p></hs:sec>"
    path = zipped(tmp_path / "a.hwpx", {"mimetype": "x", "Contents/section0.xml": section, "BinData/image1.png": picture(240)})
    assert read(path).text == "앞 글\n\n글자 240x100\n\n그림의 제목\n"

    data = picture(250)
    packer = zlib.compressobj(wbits=-15)
    info = record(18, 1, struct.pack("<HHH", 1, 1, 3) + "png".encode("utf-16-le"))
    shape = (
        record(71, 1, b"gso "[::-1] + b"\0" * 40) + record(76, 2, b"\0" * 40) + record(85, 3, b"\0" * 71 + struct.pack("<H", 1) + b"\0" * 8)
    )
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05010000, 0)
    streams = {
        "FileHeader": header,
        "DocInfo": info,
        "BodyText/Section0": hwp_paragraph("앞 글" + control(11, b"gso ")) + shape,
        "BinData/BIN0001.png": packer.compress(data) + packer.flush(),
    }
    (tmp_path / "a.hwp").write_bytes(compound(streams))
    assert read(tmp_path / "a.hwp").text == "앞 글\n\n글자 250x100\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("![가](a.png) ![나](<b c.png>) [다](d.png)", ["a.png", "b c.png"]),
        ("<img src='a.png' alt=가><IMG alt='나' SRC = \"b c.png\"/><img src=d.png width=3>", ["a.png", "b c.png", "d.png"]),
        ("<img data-src=a.png><image src=b.png><img src=''>", []),
        (
            "![][Image1] ![가][] ![나] ![다][없다] [글][image1] ![라](d.png)\n\n"
            "[image1]: <a b.png>\n  [가]: b.png '제목'\n[나]:\tc.png\n[나]: e.png\n[안 쓴다]: f.png\n",
            ["a b.png", "b.png", "c.png", "d.png"],
        ),
    ],
)
def test_what_pictures_link_to(text: str, found: list[str]) -> None:
    assert links(text) == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp949"])
@pytest.mark.parametrize("suffix", ["md", "html"])
def test_notes_in_any_encoding_show_pictures(tmp_path: Path, encoding: str, suffix: str) -> None:
    (tmp_path / "그림.png").write_bytes(picture(260))
    text = {"md": "# 노트\n\n![가](그림.png)\n", "html": "<h1>노트</h1><IMG src='그림.png'>"}[suffix]
    (tmp_path / f"a.{suffix}").write_bytes(text.encode(encoding))
    assert [file.doc_id for file in discover([tmp_path])] == [f"a.{suffix}"]


def test_a_web_page_shows_pictures_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    (tmp_path / "図.png").write_bytes(picture(260))
    (tmp_path / "a.html").write_bytes("<meta charset=shift_jis><img src=図.png>".encode("shift_jis"))
    assert [file.doc_id for file in discover([tmp_path])] == ["a.html"]


def test_what_is_no_text_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(260))
    (tmp_path / "a.md").write_bytes(b"![](a.png)" + bytes(range(256)) * 9)
    assert [file.doc_id for file in discover([tmp_path])] == ["a.md", "a.png"]


def test_pictures_that_markdown_and_web_pages_show(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    (tmp_path / "img").mkdir()
    for name, width in (("img/a.png", 260), ("img/b.png", 270), ("img/own.png", 280)):
        (tmp_path / name).write_bytes(picture(width))
    raw = "# 노트\n\n![가](img/a.png)\n\n끝 줄\n"
    (tmp_path / "a.md").write_text(raw, encoding="utf-8")
    data = base64.b64encode(picture(275)).decode()
    (tmp_path / "c.md").write_text(f"글 ![][image1]\n\n[image1]: <data:image/png;base64,{data}>\n", encoding="utf-8")
    (tmp_path / "b.html").write_text("<h1>쪽</h1><p>앞 <img src='img/b.png' alt='나'> 글</p><p>뒤</p>", encoding="utf-8")
    assert [file.doc_id for file in discover([tmp_path])] == ["a.md", "b.html", "c.md", "img/own.png"], "what a note shows is a part of it"
    page = read(tmp_path / "a.md")
    assert page.text == raw + "\n글자 260x100\n" and marked(page) == [("picture", "1", "글자 260x100")]
    assert read(tmp_path / "b.html").text == "# 쪽\n\n앞 나 글\n\n글자 270x100\n\n뒤\n"
    assert read(tmp_path / "c.md").text.endswith(f"{data}>\n\n글자 275x100\n")
    before = content_hash(tmp_path / "a.md")
    (tmp_path / "img/a.png").write_bytes(picture(261))
    assert content_hash(tmp_path / "a.md") != before, "a note changes with its pictures"
    assert page_picture(tmp_path / "b.html", 1, tmp_path).width == 270


def test_what_there_was_no_time_for_waits(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    pictures = Pictures(seconds=0.0)
    path = tmp_path / "a.html"
    shown = "".join(f'<p><img src="data:image/png;base64,{base64.b64encode(picture(width)).decode()}">' for width in (300, 310))
    path.write_text(shown, encoding="utf-8")
    from index.notes import NoteFile, read_note

    document = read_note(NoteFile("a.html", path, tmp_path), pictures)
    assert (document.text, pictures.late, document.warnings) == ("", 2, (f"2 pictures {LATER}: index again to go on",))
    assert is_waiting(document.warnings) and reads == []


def test_a_picture_that_takes_too_long_does_not_hold_up_those_behind_it(monkeypatch: pytest.MonkeyPatch, reads: list[Any]) -> None:
    tried: list[str] = []

    def read_words(image: Any, seconds: float) -> tuple[Word, ...]:
        tried.append(image.mode)
        raise TimeoutError

    monkeypatch.setattr(ocr, "read_words", read_words)
    for late, warning in ((1, f"1 picture {LATER}: index again to go on"), (0, "picture 1 takes too long to read, left out")):
        pictures = Pictures()
        (part,) = pictures.placed(Part(pictures.token(picture(290))))
        assert (part.text, pictures.late, list(pictures.warnings())) == ("", late, [warning])
    assert tried == ["RGB"], "it is tried once"


def test_a_note_is_asked_for_again_as_long_as_more_of_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("# 글\n", encoding="utf-8")
    answers = [(Document("a.md", "A", str(late)), late) for late in (9, 5, 2, 2, 0)]
    asked = iter(answers)
    monkeypatch.setattr(isolated, "_ask", lambda *given: next(asked))
    assert [result.text for result in read_notes(discover([tmp_path])) if isinstance(result, Document)] == ["2"]
    assert next(asked) == answers[-1], "the fourth answer brought nothing new"


# Pieces


def test_descriptions_that_programs_make_are_left_out() -> None:
    assert described("손실 곡선\n자동 생성된 설명") == "손실 곡선"
    assert described("그림입니다.\n원본 그림의 이름: a.png\n원본 그림의 크기: 가로 10pixel") == ""
    assert described("Picture 3") == described("그림 12") == described("") == ""
    assert described("Picture 3 shows a tree") == "Picture 3 shows a tree"


def test_doubtful_latin_gives_way_to_sure_korean() -> None:
    here, there = (0.0, 0.0, 0.3, 0.1), (0.4, 0.0, 0.6, 0.1)
    both = [Word("ASE", here, 0, 40.0), Word("CLIP", there, 0, 95.0)]
    korean = [Word("계", (0.0, 0.0, 0.1, 0.1), 0, 93.0), Word("수는", (0.1, 0.0, 0.3, 0.1), 0, 93.0, True), Word("0#", there, 0, 0.0)]
    assert [word.text for word in ocr._mended(both, korean)] == ["계", "수는", "CLIP"]
    doubtful = [Word("계", here, 0, 20.0)]
    assert [word.text for word in ocr._mended(both, doubtful)] == ["ASE", "CLIP"]


def test_spaces_are_those_of_the_text() -> None:
    words = [Word(text, (0, 0, 1, 1), 0, 90.0) for text in ("기", "울", "기를", "따라")]
    assert [word.glued for word in ocr._spaced("기울기를 따라\n", words)] == [False, True, True, False]


@needs_tesseract
def test_a_failing_tesseract_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(NoteError, match="tesseract failed"):
        ocr.read_words(slide().image, 20.0)
    assert not ocr.is_installed(), "without its languages it is as good as missing"


@needs_tesseract
def test_only_tesseract_is_held_to_one_thread() -> None:
    """In our own environment the limit makes faiss wait for ever where it is imported later."""
    before = dict(os.environ)
    assert ocr.read_words(slide().image, 20.0)
    assert dict(os.environ) == before


def test_without_the_program_reading_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "PROGRAM", "no-such-program")
    with pytest.raises(NoteError, match=r"tesseract failed \(No such file"):
        ocr.read_words(slide().image, 20.0)
    assert not ocr.is_installed()


@needs_tesseract
def test_a_tesseract_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(TimeoutError):
        ocr.read_words(slide().image, 0.01)


def test_what_is_kept_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path))
    kept.put("a", (Word("낱말", (0.1, 0.2, 0.3, 0.4), 2, 91.26, True),))
    (found,) = tmp_path.rglob("*.json")
    assert json.loads(found.read_text(encoding="utf-8")) == {"words": [["낱말", [0.1, 0.2, 0.3, 0.4], 2, 91.3, True]]}
    assert kept.get("a") == (Word("낱말", (0.1, 0.2, 0.3, 0.4), 2, 91.3, True),)
