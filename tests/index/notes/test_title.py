from __future__ import annotations

import time

import pytest

from index.notes.title import opening, shown, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: '검색 모델'\ntags: [a]\n---\n# 다른 제목\n", "검색 모델"),
        ('+++\ntitle = "검색 모델"\n+++\n', "검색 모델"),
        ("---\ntitle: 검색 '모델'\n---\n", "검색 '모델'"),
        ('---\ntitle: ""\n---\n# 검색 모델\n', "검색 모델"),
        ("---\ntitle: '검색 # 모델' # 주석\n---\n", "검색 # 모델"),
        ('---\ntitle: "제목"  # "주석"\n---\n', "제목"),
        ("---\ntitle: C# 입문 # 주석\n---\n", "C# 입문"),
        ("---\ntitle: # 주석\n---\n# 본문 제목\n", "본문 제목"),
        ("---\ntitle: >\n  긴\n\n  제목\ntags: [a]\n---\n", "긴 제목"),
        ("---\ntitle: |-  # 주석\n  제목\n---\n# 본문 제목\n", "제목"),
        ("---\ntitle: >2-\ntags: [a]\n---\n# 본문 제목\n", "본문 제목"),
        ("---\ntitle: |\n---\n# 본문 제목\n", "본문 제목"),
        ("---\ntags: [a]\n---\n\n# 본문 제목\n", "본문 제목"),
        ("## 1. 소개\n# 진짜 제목 #\n", "진짜 제목"),
        ("```python\n# 주석\n```\n# 제목\n", "제목"),
        ("````\n```\n# 주석\n```\n````\n~~~\n# 주석\n~~~\n# 제목\n", "제목"),
        ("<!--\n# 할 일\n```\n-->\n# 진짜 제목\n", "진짜 제목"),
        ("<!-- # 할 일 -->\n# 1. 서론\n글 <!--\n# 2. 본론\n", "file"),
        ("<!-- 1 --> <!-- 2 -->\n# 진짜 제목\n", "진짜 제목"),
        ("```\n<!--\n```\n# 진짜 제목\n", "진짜 제목"),
        ("밑줄 제목\n=====\n## 둘\n", "밑줄 제목"),
        ("# **굵은** `코드` [링크](http://a) 제목\n", "굵은 코드 링크 제목"),
        ("\n## 소제목만\n글\n### 셋\n", "소제목만"),
        ("여는 글이다.\n\n## 설치\n", "file"),
        ("# 2. BM25\n## 2.1 정의\n", "2. BM25"),
        ("# 1. 서론\n# 2. 본론\n", "file"),
        ("#  제목 # ##\t\n", "제목 #"),
        ("# ##\n## \u3000소제목\n", "소제목"),
        ("글뿐이다.\n", "file"),
        ("#해시태그\n", "file"),
    ],
)
def test_markdown_titles(text: str, title: str) -> None:
    assert title_of(text, "markdown", "file") == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n[도메인 특강] 서대원\n\n1. 소개\n", "[도메인 특강] 서대원"),
        ("=== 강의 노트 ===\n", "강의 노트"),
        ("• 첫 항목\n", "첫 항목"),
        ("길고 긴 첫 문장은 제목이 아니다. " * 5, "file"),
        ("", "file"),
    ],
)
def test_plain_text_titles(text: str, title: str) -> None:
    assert title_of(text, "text", "file") == title


def test_titles_are_shown_on_one_line_in_nfc() -> None:
    assert shown("\u1112\u1161\u11ab글\n 노트\0") == "한글 노트"
    assert len(shown("가" * 500)) == 200
    assert shown(None) == ""


def test_the_opening_line_of_an_office_document() -> None:
    assert opening("검색 모델\n\n본문이다.") == "검색 모델"
    assert [opening(text) for text in ("# 제목", "- 항목", "1. 항목", "| 표 |", "문장이다.", "가" * 61)] == [None] * 6


@pytest.mark.parametrize(
    ("line", "many"),
    [
        *[(line, " " * 3000) for line in ("## a{}b", "# {}", "# a{}#", "# a{} # b")],
        *[
            (line, many * 200_000)
            for line in ("# {}", "---\ntitle: {}a\n---\n", "---\ntitle: '{}a\n---\n")
            for many in (" \t", "[", "[](", "<a ", "'", "' ", "#")
        ],
    ],
)
def test_a_heading_of_one_sign_costs_one_look(line: str, many: str) -> None:
    """What is cubic, or the square of a very long line, takes minutes here."""
    started = time.process_time()
    title_of(line.format(many), "markdown", "file")
    assert time.process_time() - started < 5
