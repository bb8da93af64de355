from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from index.notes.blocks import Numbering, fenced, heading, item, plain, stacked, table, without_data_uris
from index.notes.extract import Part, clean, joined
from index.types import Mark

_NASTY = st.text(st.sampled_from("가각ᄀ\u1161\u11a8é\u0301a\r\n\t\0\x0b\x0c\x85\x9f\u2028\ufeff\u200b\u00a0\ud800😀"), max_size=30)


def test_clean_examples() -> None:
    assert clean("\ufeff\u1112\u1161\u11ab글\r\n둘째\r셋째\u2028넷째") == "한글\n둘째\n셋째\n넷째"
    assert clean("가\0나\x0b다\t라\x85마") == "가 나 다\t라 마"
    assert clean("보이지\u200b않는\u00a0공백") == "보이지\u200b않는\u00a0공백"
    assert clean("깨진\ud800짝") == "깨진\ufffd짝"


@given(_NASTY)
def test_clean_text_is_nfc_without_controls_and_stays_as_it_is(text: str) -> None:
    result = clean(text)
    assert unicodedata.is_normalized("NFC", result)
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") for char in result)
    assert clean(result) == result


@given(st.lists(st.tuples(_NASTY, st.booleans()), max_size=6))
def test_marks_point_at_their_parts(pieces: list[tuple[str, bool]]) -> None:
    extract = joined(Part(text, "page" if marked else None, str(number)) for number, (text, marked) in enumerate(pieces))
    assert unicodedata.is_normalized("NFC", extract.text)
    for mark in extract.marks:
        part = clean(pieces[int(mark.value)][0]).strip("\n")
        assert extract.text.startswith(part, mark.start)
    visible = [str(number) for number, (text, marked) in enumerate(pieces) if marked and clean(text).strip()]
    assert [mark.value for mark in extract.marks] == visible


def test_blank_parts_leave_no_mark() -> None:
    extract = joined([Part("하나", "page", "1"), Part(" \n", "page", "2"), Part("셋", "page", "3")])
    assert extract.text == "하나\n\n셋\n"
    assert extract.marks == (Mark(0, "page", "1"), Mark(4, "page", "3"))


def test_headings_and_items() -> None:
    assert heading(" 검색\n모델 ", 2) == "## 검색 모델"
    assert heading("깊다", 9) == "###### 깊다"
    assert heading(" ", 1) == ""
    assert item("한 줄\n둘째 줄", 1) == "  - 한 줄\n    둘째 줄"
    assert item("하나", 0, "1.") == "1. 하나"
    assert plain("# 주석\n## 둘\n#태그") == "\\# 주석\n\\## 둘\n#태그"


def test_tables() -> None:
    assert table([["모델", "점수"], ["a|b", "1\n2"], ["짧다"]]) == "| 모델 | 점수 |\n| --- | --- |\n| a\\|b | 1 2 |\n| 짧다 |  |"
    assert table([["틀 안의 글"], [" "], ["둘째"]]) == "틀 안의 글\n\n둘째"
    assert table([["", " "]]) == ""


def test_fences_are_longer_than_what_they_hold() -> None:
    assert fenced("print(1)\n", "python") == "```python\nprint(1)\n```"
    assert fenced("```\nx\n```") == "````\n```\nx\n```\n````"
    assert fenced(" \n") == ""


def test_items_stand_together_and_blocks_apart() -> None:
    assert stacked(["글", "- 하나", "  - 둘", "1. 셋", "", "글"]) == "글\n\n- 하나\n  - 둘\n1. 셋\n\n글"


def test_numbering_restarts_below_a_new_item() -> None:
    numbering = Numbering()
    assert [numbering.next("a", level) for level in (0, 1, 1, 0, 1)] == [1, 1, 2, 2, 1]
    assert numbering.next("b", 0) == 1


def test_embedded_files_are_cut_out() -> None:
    assert without_data_uris(f"![그림](data:image/png;base64,{'iVBOR' * 40}==) 뒤") == "![그림](data:) 뒤"
    assert without_data_uris("data:text/plain;base64,짧다") == "data:text/plain;base64,짧다"
