"""DOCX and PPTX, and the checks before a ZIP is opened."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.util import Inches

from index.errors import NoteError
from tests.index.notes.make import MUST, at, compound, read, zipped


def _docx(path: Path) -> Any:
    document = docx.Document()
    document.add_heading("검색 모델", 0)
    document.add_heading("정의", 1)
    for text in MUST:
        document.add_paragraph(text)
    document.add_paragraph("하나", style="List Bullet")
    document.add_paragraph("안쪽", style="List Bullet 2")
    document.add_paragraph("첫째", style="List Number")
    document.add_paragraph("둘째", style="List Number")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, [["모델", "점수"], ["BM25", "0.9|17"], ["합계", ""]], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    table.cell(2, 0).merge(table.cell(2, 1))
    document.add_heading("표 다음", 2)
    document.add_paragraph("# 코드의 주석")
    document.save(str(path))
    return document


def test_docx_in_order_with_headings_lists_and_tables(tmp_path: Path) -> None:
    _docx(tmp_path / "a.docx")
    document = read(tmp_path / "a.docx")
    assert document.title == "검색 모델"
    assert document.text == (
        "# 검색 모델\n\n# 정의\n\n" + "\n\n".join(MUST) + "\n\n- 하나\n  - 안쪽\n1. 첫째\n2. 둘째\n\n"
        "| 모델 | 점수 |\n| --- | --- |\n| BM25 | 0.9\\|17 |\n| 합계 |  |\n\n## 표 다음\n\n\\# 코드의 주석\n"
    )


def _run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def _outline(level: int) -> str:
    return f"<w:pPr><w:outlineLvl w:val='{level}'/></w:pPr>"


def test_docx_formulas_insertions_boxes_and_wrappers(tmp_path: Path) -> None:
    document = docx.Document()
    w = nsdecls("w")
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    choice = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent><w:p>{_run('글상자 내용')}</w:p></w:txbxContent>"
    contents = "<w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
    elements = [
        f"<w:p {w} {math}>{_run('손실은 ')}<m:oMath><m:r><m:t>L=-log p</m:t></m:r></m:oMath>{_run('이다')}</w:p>",
        f"<w:p {w}><w:ins>{_run('넣은 글')}</w:ins><w:del><w:r><w:delText>지운 글</w:delText></w:r></w:del>"
        "<w:r><w:br/><w:t>둘째 줄</w:t><w:tab/><w:t>칸</w:t></w:r></w:p>",
        f"<w:p {w} {choice}><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
        f"<w:sdt {w}><w:sdtPr/><w:sdtContent><w:p>{_run('감싼 글')}</w:p></w:sdtContent></w:sdt>",
        f"<w:sdt {w}>{contents}<w:sdtContent><w:p>{_run('차례 1')}</w:p></w:sdtContent></w:sdt>",
        f"<w:p {w}>{_outline(2)}{_run('수준으로 된 제목')}</w:p>",
        f"<w:tbl {w}><w:tr><w:tc><w:p>{_outline(3)}{_run('틀 제목')}</w:p><w:p>{_run('틀 글')}</w:p></w:tc></w:tr></w:tbl>",
    ]
    for element in elements:
        document.element.body.insert(len(document.element.body) - 1, parse_xml(element))
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").text == (
        "손실은 L=-log p이다\n\n넣은 글\n둘째 줄\t칸\n\n글상자 내용\n\n감싼 글\n\n### 수준으로 된 제목\n\n#### 틀 제목\n\n틀 글\n"
    )


def _pptx(path: Path) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = "검색 모델"
    first.placeholders[1].text = "3주차"
    second = deck.slides.add_slide(deck.slide_layouts[1])
    second.shapes.title.text = "BM25란?"
    frame = second.placeholders[1].text_frame
    frame.text = MUST[0]
    for text, level in ((MUST[1], 1), (MUST[2], 0)):
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
    second.notes_slide.notes_text_frame.text = "발표자: " + MUST[3]
    third = deck.slides.add_slide(deck.slide_layouts[6])
    third.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1)).text_frame.text = MUST[4]
    table = third.shapes.add_table(2, 2, Inches(1), Inches(3), Inches(4), Inches(1)).table
    for index, text in enumerate(("모델", "점수", "BM25", "0.917")):
        table.cell(index // 2, index % 2).text = text
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(5), Inches(4), Inches(1)).text_frame.text = "묶음 안\v둘째 줄"
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(str(path))


def test_pptx_slides_bullets_tables_groups_and_notes(tmp_path: Path) -> None:
    _pptx(tmp_path / "a.pptx")
    document = read(tmp_path / "a.pptx")
    assert document.title == "검색 모델"
    assert [(mark.kind, mark.value) for mark in document.marks] == [("slide", "1"), ("slide", "2"), ("slide", "3")]
    assert at(document, "slide", "1").strip() == "# 검색 모델\n\n3주차"
    assert at(document, "slide", "2").strip() == (f"# BM25란?\n\n- {MUST[0]}\n  - {MUST[1]}\n- {MUST[2]}\n\n## Notes\n\n발표자: {MUST[3]}")
    assert at(document, "slide", "3").strip() == (
        f"# Slide 3\n\n{MUST[4]}\n\n| 모델 | 점수 |\n| --- | --- |\n| BM25 | 0.917 |\n\n묶음 안\n둘째 줄"
    )


def _reason(path: Path) -> str:
    with pytest.raises(NoteError) as caught:
        read(path)
    return str(caught.value)


def test_files_that_are_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"%PDF-1.7\n...")
    assert _reason(tmp_path / "a.docx") == "not a DOCX file (found PDF bytes)"
    (tmp_path / "b.pptx").write_bytes(b"")
    assert _reason(tmp_path / "b.pptx") == "not a PPTX file (found an empty file)"
    _pptx(tmp_path / "c.docx")
    assert _reason(tmp_path / "c.docx") == "not a DOCX file (found a ZIP without word/)"
    (tmp_path / "d.docx").write_bytes(compound({"EncryptedPackage": b"x"}))
    assert _reason(tmp_path / "d.docx") == "encrypted DOCX: a password is needed"
    (tmp_path / "e.docx").write_bytes(compound({"WordDocument": b"x"}))
    assert _reason(tmp_path / "e.docx") == "not a DOCX file (found OLE bytes)"


def test_broken_files(tmp_path: Path) -> None:
    _docx(tmp_path / "a.docx")
    whole = (tmp_path / "a.docx").read_bytes()
    (tmp_path / "cut.docx").write_bytes(whole[: len(whole) // 2])
    assert _reason(tmp_path / "cut.docx") == "broken DOCX file (File is not a zip file)"
    zipped(tmp_path / "hollow.pptx", {"ppt/presentation.xml": "<x>"})
    assert _reason(tmp_path / "hollow.pptx").startswith("broken PPTX file (")


def test_zip_bombs_are_refused_before_they_are_opened(tmp_path: Path) -> None:
    nothing = bytes(1024**2)
    zipped(tmp_path / "ratio.docx", {f"word/{number}.xml": nothing for number in range(30)})
    assert _reason(tmp_path / "ratio.docx").endswith("more than the limit of 300: a ZIP bomb?")
    with zipfile.ZipFile(tmp_path / "size.pptx", "w") as archive:
        archive.writestr("ppt/a.xml", "x")
        archive.infolist()[0].file_size = 600 * 1024**2  # what the directory declares
    assert _reason(tmp_path / "size.pptx") == "PPTX unpacks to 600 MB, more than the limit of 500 MB"


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    _docx(tmp_path / "a.docx")
    bomb = '<!DOCTYPE x [<!ENTITY a "가나다라"><!ENTITY b "' + "&a;" * 50 + '"><!ENTITY c "' + "&b;" * 50 + '">]>'
    with zipfile.ZipFile(tmp_path / "a.docx") as source:
        members = {name: source.read(name) for name in source.namelist()}
    body = members["word/document.xml"].decode().replace("?>", "?>" + bomb, 1).replace(MUST[0], "&c;")
    document = read(zipped(tmp_path / "b.docx", {**members, "word/document.xml": body}))
    assert "가나다라" not in document.text
    assert MUST[1] in document.text


def test_a_file_above_the_size_limit_is_not_opened(tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(101 * 1024**2)
    assert _reason(tmp_path / "big.txt") == "101 MB, more than the limit of 100 MB"


def test_text_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("가나다라 " * 4_000_001, encoding="utf-8")
    assert _reason(tmp_path / "long.txt") == "20,000,005 characters of text, more than the limit of 20,000,000"
