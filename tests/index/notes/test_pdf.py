from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import NoteError
from index.notes.ocr import HOW, UNREAD
from index.notes.pdf_layout import Line, Page, page_texts
from index.types import Mark
from tests.index.notes.make import MUST, at, needs_tesseract, pdf, read

_HANGUL_MUST = [text.replace("똠방각하 펲시콜라", "사과와 오렌지").replace("k₁", "k") for text in MUST]
"""The CID font, as most fonts in PDF files, holds the syllables of KS X 1001 only."""


def _column(*texts: str, top: float = 700, size: float = 11, x: float = 72) -> list[tuple[float, float, float, str]]:
    return [(x, top - 16 * number, size, text) for number, text in enumerate(texts)]


def test_korean_words_keep_their_spaces_and_pages_their_numbers(tmp_path: Path) -> None:
    document = read(pdf(tmp_path / "a.pdf", [_column(*_HANGUL_MUST[:3]), _column(*_HANGUL_MUST[3:])]))
    assert document.text == "\n".join(_HANGUL_MUST[:3]) + "\n\n" + "\n".join(_HANGUL_MUST[3:]) + "\n"
    assert [(mark.kind, mark.value) for mark in document.marks] == [("page", "1"), ("page", "2")]
    assert at(document, "page", "2") == "\n".join(_HANGUL_MUST[3:]) + "\n"
    assert document.warnings == ()


def test_large_lines_are_headings_and_signs_are_bullets(tmp_path: Path) -> None:
    lines = [
        (72, 780, 24, "검색 모델의 이해"),
        (72, 740, 16, "1. 밀집 검색이란?"),
        *_column("• 질문과 문단을 벡터로 바꾼다", "– 내적이 큰 문단을 찾는다", "1) 번호가 있는 줄", "-1은 글머리표가 아니다"),
        (90, 636, 11, "· 안쪽 항목"),
        *_column("# 코드의 주석", *["보통 글이 이어지는 줄이다"] * 4, top=600),
    ]
    document = read(pdf(tmp_path / "a.pdf", [lines]))
    assert document.title == "검색 모델의 이해"
    assert document.text.startswith(
        "# 검색 모델의 이해\n\n## 1. 밀집 검색이란?\n\n- 질문과 문단을 벡터로 바꾼다\n- 내적이 큰 문단을 찾는다\n"
        "1) 번호가 있는 줄\n-1은 글머리표가 아니다\n  - 안쪽 항목\n"
    )
    assert "\n\\# 코드의 주석\n" in document.text


@needs_tesseract
def test_scanned_pages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [[], _column(MUST[0]), [], [], []]
    assert read(pdf(tmp_path / "a.pdf", pages)).warnings == ("pages 1, 3-5: no text",)
    monkeypatch.setattr("index.notes.ocr.can_read", lambda: False)
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "none"))
    document = read(pdf(tmp_path / "a.pdf", pages))
    assert document.text == MUST[0] + "\n"
    assert document.marks == (Mark(0, "page", "2"),)
    assert document.warnings == (f"pages 1, 3-5: no text: scanned? {UNREAD}, which finds the words in pictures: {HOW}, then index again",)


def test_a_page_that_cannot_be_drawn_costs_that_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdfium2 import PdfiumError, PdfPage

    def fail(page: object, **how: object) -> None:
        raise PdfiumError("no bitmap")

    monkeypatch.setattr("index.notes.ocr.can_read", lambda: True)
    monkeypatch.setattr(PdfPage, "render", fail)
    document = read(pdf(tmp_path / "a.pdf", [[], _column(MUST[0])]))
    assert (document.text, document.warnings) == (MUST[0] + "\n", ("page 1: cannot be drawn (no bitmap), left out",))


@needs_tesseract
@pytest.mark.parametrize("mapped", ["E2%02X", "FFFD"])
def test_garbled_pages_are_read_as_pictures_or_left_out(mapped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page 2 draws glyphs of no known character; page 3's font maps its letters to private or unused code points."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    pages = [_column(MUST[0]), _column("한글이 없는 글꼴"), _column("abcd efgh")]
    path = pdf(tmp_path / "a.pdf", pages, font=["HYSMyeongJo-Medium", "Vera", "Vera"], pageCompression=0)
    data = path.read_bytes()
    for letter in b"abcdefgh":
        data = data.replace(
            b"<%02X> <%04X>" % (letter, letter), b"<%02X> <%s>" % (letter, mapped.replace("%02X", f"{letter:02X}").encode())
        )
    path.write_bytes(data)
    assert at(read(path), "page", "3") == "abcd efgh\n"
    monkeypatch.setattr("index.notes.ocr.can_read", lambda: False)
    monkeypatch.setenv("RAG_PICTURES", str(tmp_path / "none"))
    document = read(path)
    assert document.text == MUST[0] + "\n"
    assert document.warnings == (
        f"pages 2-3: garbled text, left out: its fonts do not say which characters they draw; {UNREAD}: {HOW}, then index again",
    )


def test_a_password_and_other_reasons(tmp_path: Path) -> None:
    def reason(path: Path) -> str:
        with pytest.raises(NoteError) as caught:
            read(path)
        return str(caught.value)

    assert reason(pdf(tmp_path / "a.pdf", [_column("비밀")], encrypt="secret")) == "encrypted PDF: a password is needed"
    (tmp_path / "b.pdf").write_bytes(b"PK\x03\x04...")
    assert reason(tmp_path / "b.pdf") == "not a PDF file (found ZIP bytes)"
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7\nnothing")
    assert reason(tmp_path / "c.pdf") == "broken PDF file (PDFium cannot open it)"


def test_a_hyphen_at_the_end_of_a_line(tmp_path: Path) -> None:
    lines = _column("This is a long represen-", "tation of state-of-the-", "art models")
    assert read(pdf(tmp_path / "a.pdf", [lines])).text == "This is a long representation of state-of-the-art models\n"


def test_running_heads_and_page_numbers_are_dropped(tmp_path: Path) -> None:
    pages = [[(72, 815, 11, "인공지능 개론"), *_column(f"본문 {number} 이야기"), (290, 20, 11, f"- {number} -")] for number in range(1, 7)]
    document = read(pdf(tmp_path / "a.pdf", pages))
    assert document.text == "\n\n".join(f"본문 {number} 이야기" for number in range(1, 7)) + "\n"


# The layout by itself: lines as PDFium would place them, ten points a character.

_FULL = "가나다 라마바 사아자 차카타 파하가"


def _line(text: str, y: float, left: float = 50, size: float = 10, gap: float = 0) -> Line:
    return Line(text, left, left + 10 * len(text), y, size, gap)


def _text(*lines: Line) -> str:
    return page_texts([Page(lines, 842)])[0]


def _below(*texts: str) -> str:
    """The lines one below the other, after two full lines that show where the column ends."""
    lines = [_line(text, 500 - 15 * number) for number, text in enumerate([_FULL, _FULL, *texts])]
    return _text(*lines).removeprefix(f"{_FULL} {_FULL}")


def test_a_full_line_runs_on() -> None:
    assert _below("차카타 파하") == " 차카타 파하"
    assert _below("one two three four", "five six") == " one two three four five six"


def test_a_short_line_does_not() -> None:
    assert _below("짧은 줄", "다음 줄") == " 짧은 줄\n다음 줄"


def test_a_long_line_among_short_ones_is_no_edge() -> None:
    assert _text(_line("짧은 줄", 500), _line(_FULL, 485), _line("다음 줄", 470)) == f"짧은 줄\n{_FULL}\n다음 줄"


def test_after_a_sentence_only_a_line_without_any_room_runs_on() -> None:
    assert _below("고윳값은 행렬의 성질이다.", "고유벡터(eigenvector)는") == " 고윳값은 행렬의 성질이다.\n고유벡터(eigenvector)는"
    assert _below("고윳값은 모든 행렬의 성질입니다.", "고유벡터는") == " 고윳값은 모든 행렬의 성질입니다. 고유벡터는"


@pytest.mark.parametrize("start", ["• 항목", "- 항목", "2. 번호", "나. 번호", "(3) 번호", "③ 번호", "3.1 절 제목", "a) item"])
def test_a_bullet_or_number_never_joins(start: str) -> None:
    assert _below(start, "끝") == f"\n{start.replace('• ', '- ')}\n끝"


def test_a_wrapped_bullet_runs_on() -> None:
    lines = (_line("• " + _FULL, 500), _line(_FULL, 485, left=70), _line("차카타 파하", 470, left=70))
    assert _text(*lines) == f"- {_FULL} {_FULL} 차카타 파하"


def test_an_indented_line_begins_a_paragraph() -> None:
    assert _text(_line(_FULL, 500), _line(_FULL, 485), _line("들여 쓴 줄", 470, left=70)) == f"{_FULL} {_FULL}\n들여 쓴 줄"


def test_table_rows_stay_apart() -> None:
    lines = [_line("모델 점수 날짜 비고", 500 - 15 * number, gap=4) for number in range(3)]
    assert _text(*lines) == "\n".join(["모델 점수 날짜 비고"] * 3)


def test_a_gap_between_lines_begins_a_paragraph() -> None:
    lines = (_line("가나다 라마바 사아자", 500), _line("차카타 파하가 나다", 485), _line("새 문단이다", 440))
    assert _text(*lines).endswith("\n\n새 문단이다")


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("이 항목은 꽤 길어서 다음 다음 줄", "로 넘어간다", "다음 줄로 넘어간다"),
        ("이번 학습에 쓰는 모델은 BERT", "는 아니다", "모델은 BERT는 아니다"),
        ("우리는 행렬의 성질인 모든 고윳", "값을 다시 구한다", "모든 고윳값을 다시 구한다"),
        ("우리는 행렬의 성질인 우리 사과", "나무 아래에 있다", "우리 사과 나무 아래에 있다"),
        ("이번 학습에 쓰는 모델은 BERT", "encoder이다", "모델은 BERT encoder이다"),
    ],
)
def test_a_word_broken_inside_is_mended_where_there_is_evidence(before: str, after: str, joined: str) -> None:
    assert _below(before, after, "그런데 고윳값을 구한다").split("\n")[0].endswith(joined)


def test_headings_of_two_lines_become_one() -> None:
    body = [_line("본문이 길게 이어지는 줄이다 " * 2, 400 - 15 * number) for number in range(4)]
    text = _text(_line("아주 긴 제목의", 500, size=20), _line("둘째 줄", 476, size=20), *body)
    assert text.startswith("# 아주 긴 제목의 둘째 줄\n\n본문이")


def test_where_most_is_large_nothing_is_a_heading() -> None:
    assert _text(_line("크다", 500, size=20), _line("더 크다", 450, size=30), _line("작은 글씨", 400)) == "크다\n더 크다\n작은 글씨"
