"""Markdown, plain text, HTML, captions and notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from index.errors import NoteError
from index.types import Mark
from tests.index.notes.make import MUST, at, read


def _write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_markdown_stays_as_it_was_written(tmp_path: Path) -> None:
    text = "---\ntitle: 검색\n---\n\n#  제목  \n\n* 하나\n\t* 둘\n\n" + "\n".join(MUST) + "\n\n```\ncode  \n```\n\n\n끝  "
    document = read(_write(tmp_path / "a.md", text.replace("\n", "\r\n")))
    assert document.text == text
    assert (document.title, document.structure, document.marks) == ("검색", "markdown", ())


def test_plain_text_stays_as_it_was_written(tmp_path: Path) -> None:
    text = "강의 노트\n\n1. 소개\n  • 하나\n    • 둘\n" + "\n".join(MUST)
    document = read(_write(tmp_path / "a.txt", text))
    assert document.text == text
    assert (document.title, document.structure) == ("강의 노트", "text")


_PAGE = f"""<!doctype html><html><head><meta charset="euc-kr"><title>검색 | 사이트</title><style>p {{}}</style></head><body>
<nav>메뉴<header><nav><button><svg></svg>안쪽 메뉴</button></nav></header></nav><header><aside>옆</aside><a>사이트 이름</a></header>
<article><header><h1>검색 <em>모델</em><a class="headerlink" href="#a">¶</a></h1></header><!-- 주석 --><p hidden>숨은 글</p>
<p>{MUST[0]} <b>{MUST[1]}</b><br>{MUST[2]}
   이어서<script>alert(1)</script></p>
<ul><li>하나<ul><li>안쪽</li></ul></li><li><p>둘</p><p>둘의 설명</p></li></ul>
<ol><li>첫째<li>둘째<pre><code class="language-python">def f():
    return "{MUST[3]}"
</code></pre></ol>
<h2>표</h2>
<table><caption>점수표</caption><tr><th>모델<th>점수</tr><tr><td>BM25<td>0.9|17</tr><tr><td colspan=2>합계</tr></table>
<table><tr><td><h3>배치용 표</h3><p># 우물 정</p></td><td>다른 칸</td></tr></table>
<dl><dt>고윳값</dt><dd>늘어나는 비율</dd></dl>
<span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math></span>
<img src="data:image/png;base64,AAAA" alt="구조 그림">
</article><footer>저작권</footer></body></html>"""


def test_html_becomes_markdown(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(_PAGE.replace("k₁", "k").encode("cp949"))
    document = read(tmp_path / "a.html")
    assert document.title == "검색 모델"
    assert document.text == (
        f"# 검색 모델\n\n{MUST[0]} {MUST[1]}\n{MUST[2]} 이어서\n\n"
        "- 하나\n  - 안쪽\n- 둘\n\n  둘의 설명\n\n1. 첫째\n2. 둘째\n\n"
        f'   ```python\n   def f():\n       return "{MUST[3]}"\n   ```\n\n'
        "## 표\n\n점수표\n\n| 모델 | 점수 |\n| --- | --- |\n| BM25 | 0.9\\|17 |\n| 합계 |  |\n\n"
        "### 배치용 표\n\n\\# 우물 정\n\n다른 칸\n\n고윳값\n\n- 늘어나는 비율\n\n$x^2$ 구조 그림\n"
    )


def test_html_without_a_heading_is_called_by_its_title(tmp_path: Path) -> None:
    document = read(_write(tmp_path / "a.html", f"<title>강의 3</title><p>{MUST[4]}</p>"))
    assert (document.title, document.text) == ("강의 3", MUST[4] + "\n")


def test_html_keeps_the_only_title_of_a_page_header(tmp_path: Path) -> None:
    assert read(_write(tmp_path / "a.html", "<header><h1>노트</h1></header><p>글</p>")).text == "# 노트\n\n글\n"


def test_deeply_nested_html_is_read(tmp_path: Path) -> None:
    assert read(_write(tmp_path / "a.html", "<div>" * 5000 + MUST[0] + "<b>" * 5000 + "끝")).text == MUST[0] + "끝\n"


def _stamp(seconds: float, comma: str = ",") -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{int(seconds % 60):02}{comma}{round(seconds % 1 * 1000):03}"


def _srt(cues: list[tuple[float, float, str]]) -> str:
    return "\n".join(f"{n}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n" for n, (start, end, text) in enumerate(cues, 1))


def test_srt_cues_run_together_into_sentences(tmp_path: Path) -> None:
    cues = [
        (1, 4, "오늘은 역전파를"),
        (4, 8, "<i>배웁니다.</i>"),
        (8, 12, "- 연쇄 법칙을\n쓰는 방법입니다."),
        (19, 21, MUST[0]),
        (21, 24, "다음으로"),
        (3700, 3705, MUST[2]),
    ]
    document = read(_write(tmp_path / "a.srt", _srt(cues)))
    assert document.text == f"오늘은 역전파를 배웁니다.\n연쇄 법칙을 쓰는 방법입니다.\n{MUST[0]}\n\n다음으로\n\n{MUST[2]}\n"
    assert document.marks == (Mark(0, "time", "00:00:01"), Mark(52, "time", "00:00:21"), Mark(58, "time", "01:01:40"))
    assert at(document, "time", "01:01:40").strip() == MUST[2]


def test_captions_without_sentence_ends_are_cut_every_half_minute(tmp_path: Path) -> None:
    document = read(_write(tmp_path / "a.srt", _srt([(5 * n, 5 * n + 5, f"낱말{n}") for n in range(20)])))
    assert [mark.value for mark in document.marks] == ["00:00:00", "00:00:30", "00:01:00", "00:01:30"]


def test_a_pause_ends_a_line(tmp_path: Path) -> None:
    assert read(_write(tmp_path / "a.srt", _srt([(0, 1, "네"), (9, 10, "시작하죠"), (10, 11, "그럼")]))).text == "네\n시작하죠 그럼\n"


def test_webvtt_with_rolling_lines_notes_and_tags(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\nNOTE 설명\n\n00:01.000 --> 00:03.000 align:start\n<v 교수>안녕하세요 &amp; 환영합니다.\n\n"
        "00:03.000 --> 00:05.000\n안녕하세요 &amp; 환영합니다.\n<00:03.500><c>오늘은</c> BM25입니다.\n"
    )
    document = read(_write(tmp_path / "a.vtt", text))
    assert document.text == "안녕하세요 & 환영합니다.\n오늘은 BM25입니다.\n"
    assert document.marks == (Mark(0, "time", "00:00:01"),)


def test_must_have_strings_in_captions(tmp_path: Path) -> None:
    cues = [(10.0 * n, 10.0 * n + 9, text) for n, text in enumerate(MUST)]
    vtt = "WEBVTT\n\n" + "\n".join(f"{_stamp(a, '.')} --> {_stamp(b, '.')}\n{text}\n" for a, b, text in cues)
    for path in (_write(tmp_path / "a.srt", _srt(cues)), _write(tmp_path / "a.vtt", vtt)):
        assert [text for text in MUST if text not in read(path).text] == []


def test_captions_without_times_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoteError, match="not a caption file"):
        read(_write(tmp_path / "a.srt", "그냥 글"))


def test_notebook_cells(tmp_path: Path) -> None:
    long = "\n".join(f"epoch {n}" for n in range(400))
    notebook = new_notebook(
        metadata={"language_info": {"name": "python"}},
        cells=[
            new_markdown_cell("# 임베딩\n" + "\n".join(MUST)),
            new_code_cell(
                "# 주석\nprint('안녕')",
                outputs=[
                    new_output("stream", text="안녕\n"),
                    new_output("execute_result", data={"text/plain": "array([1])", "text/html": "<b>1</b>"}),
                    new_output("error", ename="ValueError", evalue="차원이 다릅니다", traceback=["…"]),
                    new_output("display_data", data={"image/png": "iVBOR"}),
                ],
            ),
            new_code_cell("   "),
            new_code_cell("train()", outputs=[new_output("stream", text=long)]),
            new_raw_cell("덧붙임"),
        ],
    )
    nbformat.write(notebook, tmp_path / "a.ipynb")
    document = read(tmp_path / "a.ipynb")
    assert document.title == "임베딩"
    assert [(mark.kind, mark.value) for mark in document.marks] == [("cell", "1"), ("cell", "2"), ("cell", "4"), ("cell", "5")]
    assert at(document, "cell", "1").strip() == "# 임베딩\n" + "\n".join(MUST)
    assert at(document, "cell", "2").strip() == (
        "```python\n# 주석\nprint('안녕')\n```\n\n```\n안녕\n```\n\n```\narray([1])\n```\n\n```\nValueError: 차원이 다릅니다\n```"
    )
    assert at(document, "cell", "4").strip().endswith(" …\n```")
    assert len(at(document, "cell", "4")) < 1100


def test_text_that_is_no_notebook(tmp_path: Path) -> None:
    with pytest.raises(NoteError, match="not an IPYNB file"):
        read(_write(tmp_path / "a.ipynb", "노트북 아님"))
    with pytest.raises(NoteError, match=r"IPYNB file"):
        read(_write(tmp_path / "b.ipynb", json.dumps(["목록"])))
