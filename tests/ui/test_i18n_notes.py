"""What the readers of files say, in both languages."""

from __future__ import annotations

import re

import pytest

from index.notes.files import NO_KIND
from index.notes.ocr import UNREAD
from index.notes.pictures import LATER
from tests.ui.test_i18n import blanks
from ui.i18n_notes import SAID, said


@pytest.mark.parametrize(("pattern", "korean", "english"), SAID)
def test_what_readers_say_is_put_in_both_languages(pattern: str, korean: str, english: str) -> None:
    groups = {str(number) for number in range(re.compile(pattern).groups)}
    assert blanks(korean) == blanks(english) == groups
    assert re.search("[가-힣]", korean) and not re.search("[가-힣]", english)


@pytest.mark.parametrize(
    ("reason", "korean", "english"),
    [
        ("encrypted PDF: a password is needed", "암호가 걸린 PDF 파일", "This PDF file has a password"),
        ("broken DOCX file (BadZipFile: oh)", "깨진 DOCX 파일", "This DOCX file is broken"),
        ("not an HWP file (found other bytes)", "이름은 HWP인데", "The name says HWP"),
        ("takes more than the limit of 60 seconds to read", "너무 오래 걸려", "took too long"),
        ("takes more than the limit of 2,048 MB of memory to read", "너무 커서", "too large"),
        ("DOCX unpacks to 900 times its size, more than the limit of 300: a ZIP bomb?", "너무 커서", "too large"),
        ("pages 2, 4-6: no text: scanned? Only a copy", "2, 4-6쪽에 글자가 없습니다", "Pages 2, 4-6: no text"),
        ("page 3: broken, left out", "3쪽: 깨져서", "Page 3: broken"),
        (
            f"pages 1-2: no text: scanned? {UNREAD}, which",
            "1-2쪽에 글자가 없습니다. 스캔한 그림이라면 tesseract",
            "Pages 1-2: no text. If it is scanned, tesseract",
        ),
        (f"3 pictures {UNREAD}, which", "그림 3장의 글을 읽지", "The words in pictures (3) were not read"),
        (f"1 picture {LATER}: index", "그림 1장은 아직", "Pictures that wait to be read: 1"),
        ("more pixels than the limit of 64 million: a bomb?", "너무 큰 그림", "too large"),
        ("a picture is left out: more pixels than the limit", "너무 큰 그림", "too large"),
        ("page 3 takes too long to read, left out", "너무 복잡해서", "took too long"),
        ("holds 4 pages, of which the first is read: save", "4쪽 가운데 첫 쪽", "Of 4 pages"),
        ("broken picture (OSError: cut)", "깨진 그림", "A picture is broken"),
        ("no words are found in the picture", "글자를 찾지 못했습니다", "No words were found"),
        ("not a picture file that can be opened (found other bytes)", "열 수 있는 그림이 아닙니다", "cannot be opened as a picture"),
        ("3 unreadable characters (shown as \ufffd): save", "읽을 수 없는 글자 3개", "3 characters cannot be read"),
        ("holds no text", "글자가 없는 파일", "There is no text in it"),
        (NO_KIND.format(more=""), "형식이 아닙니다. PDF", "Of no kind that can be read. Save it"),
        (NO_KIND.format(more=" (and 3 more .rst)"), "다른 .rst 파일 3개도", "as are 3 more .rst files"),
        ("something new", "something new", "something new"),
    ],
)
def test_reasons_are_put_to_a_student(reason: str, korean: str, english: str) -> None:
    assert korean in said(reason, "ko")
    assert english in said(reason, "en")
