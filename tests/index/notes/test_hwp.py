from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import NoteError
from tests.index.notes.make import (
    MUST,
    compound,
    control,
    hwp,
    hwp_formula,
    hwp_paragraph,
    hwp_table,
    hwpx,
    hwpx_paragraph,
    hwpx_table,
    read,
    record,
    zipped,
)


@pytest.fixture(params=["hwp", "hwp plain", "hwpx"])
def korean_note(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same note in each Hangul format: outline, text, bullets in two depths, numbers, a table, a second section."""
    rows = [["모델", "점수"], ["BM25", "0.917|상"], ["DPR", ""]]
    if request.param == "hwpx":
        first = [
            hwpx_paragraph(MUST[0]),
            hwpx_paragraph("검색 모델", 1),
            hwpx_paragraph("정의", 0, style=2),
            *(hwpx_paragraph(text) for text in MUST[1:]),
            hwpx_paragraph("첫 항목", 2),
            hwpx_paragraph("안쪽 항목", 3),
            hwpx_paragraph("하나", 4),
            hwpx_paragraph("둘", 4),
            hwpx_paragraph(hwpx_table(rows)),
        ]
        return hwpx(tmp_path / "note.hwpx", [first, [hwpx_paragraph("둘째 구역")]])
    first_bytes = b"".join(
        [
            hwp_paragraph(control(2, b"secd") + control(2, b"cold") + MUST[0]),
            hwp_paragraph("검색 모델", shape=1),
            hwp_paragraph("정의", style=2),
            *(hwp_paragraph(text) for text in MUST[1:]),
            hwp_paragraph("첫 항목", shape=2),
            hwp_paragraph("안쪽 항목", shape=3),
            hwp_paragraph("하나", shape=4),
            hwp_paragraph("둘", shape=4),
            hwp_paragraph(control(11, b"tbl ")),
            hwp_table(rows),
        ]
    )
    return hwp(tmp_path / "note.hwp", [first_bytes, hwp_paragraph("둘째 구역")], flags=1 if request.param == "hwp" else 0)


def test_structure_becomes_markdown(korean_note: Path) -> None:
    document = read(korean_note)
    assert document.text == (
        f"{MUST[0]}\n\n# 검색 모델\n\n## 정의\n\n{MUST[1]}\n\n{MUST[2]}\n\n{MUST[3]}\n\n{MUST[4]}\n\n"
        "- 첫 항목\n  - 안쪽 항목\n1. 하나\n2. 둘\n\n"
        "| 모델 | 점수 |\n| --- | --- |\n| BM25 | 0.917\\|상 |\n| DPR |  |\n\n둘째 구역\n"
    )
    assert document.structure == "markdown"
    assert document.warnings == ()


def test_a_short_first_line_is_the_title(tmp_path: Path) -> None:
    assert read(hwpx(tmp_path / "a.hwpx", [[hwpx_paragraph("검색 모델"), hwpx_paragraph("1. 소개", 1)]])).title == "검색 모델"


def test_sections_follow_their_numbers_not_their_names(tmp_path: Path) -> None:
    sections = [[hwpx_paragraph(f"구역 {number}")] for number in range(12)]
    assert read(hwpx(tmp_path / "a.hwpx", sections)).text.split("\n\n")[1:3] == ["구역 1", "구역 2"]


def test_hwpx_keeps_what_stands_after_a_line_break(tmp_path: Path) -> None:
    text = '<hp:t>앞<hp:lineBreak/>가운데<hp:tab width="4000"/>뒤</hp:t>'
    assert read(hwpx(tmp_path / "a.hwpx", [[hwpx_paragraph(text)]])).text == "앞\n가운데\t뒤\n"


def test_hwpx_formula_note_box_and_page_header(tmp_path: Path) -> None:
    content = (
        "<hp:ctrl><hp:header><hp:subList>" + hwpx_paragraph("쪽 머리말") + "</hp:subList></hp:header></hp:ctrl>"
        "<hp:t>손실은 </hp:t><hp:equation><hp:script>L = - log p</hp:script></hp:equation><hp:t>이다</hp:t>"
        "<hp:ctrl><hp:footNote><hp:subList>" + hwpx_paragraph("각주 내용") + "</hp:subList></hp:footNote></hp:ctrl>"
        "<hp:rect><hp:drawText><hp:subList>" + hwpx_paragraph("글상자 내용") + "</hp:subList></hp:drawText></hp:rect>"
    )
    assert read(hwpx(tmp_path / "a.hwpx", [[hwpx_paragraph(content)]])).text == "손실은 $L = - log p$이다\n\n각주 내용\n\n글상자 내용\n"


def test_hwp_formula_note_box_and_page_header(tmp_path: Path) -> None:
    def inside(name: bytes, text: str) -> bytes:
        return record(71, 1, name[::-1]) + record(72, 2, b"\1" + b"\0" * 7) + hwp_paragraph(text, 2)

    words = control(16, b"head") + "손실은 " + control(11, b"eqed") + "이다" + control(17, b"fn  ") + control(11, b"gso ")
    section = (
        hwp_paragraph(words)
        + inside(b"head", "쪽 머리말")
        + hwp_formula("L = - log p")
        + inside(b"fn  ", "각주 내용")
        + inside(b"gso ", "글상자 내용")
    )
    assert read(hwp(tmp_path / "a.hwp", [section])).text == "손실은 $L = - log p$이다\n\n각주 내용\n\n글상자 내용\n"


def test_hwp_control_characters_take_nothing_with_them(tmp_path: Path) -> None:
    words = control(2, b"secd") + "① 첫째" + control(9) + "• 둘째\n셋째" + "\x18" + "넷째\x1e다섯"
    assert read(hwp(tmp_path / "a.hwp", [hwp_paragraph(words)])).text == "① 첫째\t• 둘째\n셋째-넷째 다섯\n"


def test_hwp_text_of_many_kilobytes_uses_the_long_record_size(tmp_path: Path) -> None:
    text = " ".join(f"낱말{number}" for number in range(3000))
    assert read(hwp(tmp_path / "a.hwp", [hwp_paragraph(text)])).text == text + "\n"


def test_a_frame_of_one_cell_is_text(tmp_path: Path) -> None:
    frame = hwpx_paragraph(hwpx_table([["정의: 고윳값이란"]]))
    assert read(hwpx(tmp_path / "a.hwpx", [[frame]])).text == "정의: 고윳값이란\n"
    assert (
        read(hwp(tmp_path / "a.hwp", [hwp_paragraph(control(11, b"tbl ")) + hwp_table([["정의: 고윳값이란"]])])).text
        == "정의: 고윳값이란\n"
    )


def test_each_format_is_known_by_its_bytes_when_the_suffix_is_the_others(tmp_path: Path) -> None:
    assert read(hwpx(tmp_path / "a.hwp", [[hwpx_paragraph(MUST[3])]])).text == MUST[3] + "\n"
    assert read(hwp(tmp_path / "a.hwpx", [hwp_paragraph(MUST[3])])).text == MUST[3] + "\n"


def test_reasons(tmp_path: Path) -> None:
    def reason(path: Path) -> str:
        with pytest.raises(NoteError) as caught:
            read(path)
        return str(caught.value)

    note = hwp_paragraph("비밀")
    assert reason(hwp(tmp_path / "password.hwp", [note], flags=3)) == "encrypted HWP: a password is needed"
    assert reason(hwp(tmp_path / "locked.hwp", [note], flags=5)).startswith("HWP made for distribution only")
    manifest = "<manifest><encryption-data/></manifest>"
    assert reason(hwpx(tmp_path / "password.hwpx", [[]], manifest)) == "encrypted HWPX: a password is needed"
    assert reason(zipped(tmp_path / "other.hwpx", {"word/document.xml": ""})) == "not an HWPX file (found a ZIP without Contents/section)"
    (tmp_path / "old.hwp").write_bytes(b"HWP Document File V3.00 \x1a")
    assert reason(tmp_path / "old.hwp").startswith("HWP 3.0 is too old")
    (tmp_path / "text.hwp").write_text("그냥 글", encoding="utf-8")
    assert reason(tmp_path / "text.hwp") == "not an HWP file (found other bytes)"
    (tmp_path / "word.hwp").write_bytes(compound({"WordDocument": b"x"}))
    assert reason(tmp_path / "word.hwp") == "not an HWP file (found another kind of OLE bytes)"
    whole = hwp(tmp_path / "whole.hwp", [note]).read_bytes()
    (tmp_path / "cut.hwp").write_bytes(whole[:700])
    assert reason(tmp_path / "cut.hwp").startswith("broken HWP file (")
    assert "\n" not in reason(tmp_path / "cut.hwp")
