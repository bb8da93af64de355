"""The splitter: what must hold of any document, and small documents with the passages they must give."""

from __future__ import annotations

import base64
import os
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import Encoder
from index.notes import read_note
from index.settings import SplitSettings
from index.sources import find_notes
from index.split import CountTokens, blanked, split
from index.types import Document, Locator, Mark, Passage, Structure

NOTES = Path(__file__).parents[2] / "data" / "notes"
LECTURES = sorted((Path(os.environ.get("RAG_DATA", NOTES.parents[2] / "shared" / "data")) / "lecture").glob("*.txt"))
MARGIN = 8
SMALL = SplitSettings(max_tokens=40, target_tokens=24)
DATA = "data:image/png;base64," + "iVBOR" * 20 + "=="
LEFT_OUT = re.compile(rf"(?:\[image1\]: |<img src=)?[(<\"]?{re.escape(DATA)}")


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def letters(texts: Sequence[str]) -> list[int]:
    """Counts white space too, as byte-level tokenizers do."""
    return [-(-len(text) // 3) for text in texts]


def parts(text: str, structure: Structure = "markdown", settings: SplitSettings = SMALL, title: str = "노트") -> list[Passage]:
    return split(Document("a.md", title, text, structure), settings, words)


def check(document: Document, passages: Sequence[Passage], limit: int, count: CountTokens) -> None:
    """What holds of every document."""
    text = document.text
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    assert all(passage.text.strip() and passage.text == passage.text.rstrip() for passage in passages)
    assert all(before.end <= after.start for before, after in pairwise(passages))
    assert all(not passage.text[0].isspace() or passage.start == 0 or text[passage.start - 1] == "\n" for passage in passages)
    assert not any(passage.text.startswith("\n") for passage in passages)
    edges = [0, *(edge for passage in passages for edge in (passage.start, passage.end)), len(text)]
    gaps = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if DATA in text:
        assert not any("iVBOR" in passage.text for passage in passages)
        assert not any(re.search(r"\w", LEFT_OUT.sub("", gap)) for gap in gaps)
    else:
        assert not "".join(gaps).strip()
    assert [passage.locator.line for passage in passages] == [text.count("\n", 0, passage.start) + 1 for passage in passages]
    assert {(passage.doc_id, passage.title) for passage in passages} <= {(document.doc_id, document.title)}
    too_long = [passage for passage in passages if len(passage.text) > 1 and count([passage.embedded])[0] > limit]
    assert too_long == []


# --------------------------------------------------------------- documents of any kind

WORDS = st.sampled_from(
    ["역전파", "BM25", "를", "학습한다", "e.g.", "😀", "👨‍👩‍👧", "é", "漢字", "x" * 70, "3.14", "A.", "**굵게**", "`#`", "$x$", "…", "(가)"]
)
SPACES = st.sampled_from([" ", " ", " ", "  ", "\t", "\u3000", "\xa0", " \t "])
PHRASE = st.lists(st.tuples(WORDS, SPACES).map("".join), min_size=1, max_size=12).map("".join)
MARKS = ["- ", "* ", "• ", "1. ", "2) ", "가. ", "(1) ", "# ", "## ", "### C# ", "#", "> ", "1. 2 ", "1-1. ", "제 3장 ", "Week 2 "]
LINE = st.tuples(
    st.sampled_from(["", "", " ", "  ", "    ", "\t", "      "]), st.sampled_from(["", "", "", "| ", "---", "===", *MARKS]), PHRASE
).map("".join)
BLANK = st.sampled_from(["", "", " ", "\t \u3000"])
FENCE = st.sampled_from(["```", "```python", "~~~", "$$", "  ```", "````", "$$ x", "x $$", "```a``` b"])
TABLE = st.lists(PHRASE, min_size=2, max_size=3).map(lambda cells: "| " + " | ".join(cells) + " |")
ANY_TEXT = st.lists(st.one_of(LINE, LINE, LINE, BLANK, FENCE, TABLE), max_size=40).map("\n".join)
IMAGE = st.sampled_from([f"![그림]({DATA})", f"![]({DATA})", f"[image1]: <{DATA}>", f'<img src="{DATA}" alt="구조">'])
SHOWN = st.tuples(st.one_of(LINE, BLANK), IMAGE, st.one_of(PHRASE, BLANK)).map("".join)
TITLE = st.sampled_from(["노트", "", "긴 제목 " * 3, "역전파"])
STRUCTURE: st.SearchStrategy[Structure] = st.sampled_from(["markdown", "text"])


@given(
    ANY_TEXT, TITLE, STRUCTURE, st.sampled_from([SMALL, SplitSettings(30, 30), SplitSettings(90, 50)]), st.sampled_from([words, letters])
)
def test_holds_of_any_text(text: str, title: str, structure: Structure, settings: SplitSettings, count: CountTokens) -> None:
    document = Document("a.md", title, text, structure)
    check(document, split(document, settings, count), settings.max_tokens, count)


@given(st.lists(st.one_of(SHOWN, LINE, BLANK, FENCE), max_size=12).map("\n".join), STRUCTURE, st.sampled_from([words, letters]))
def test_holds_of_any_text_with_pictures_written_into_it(text: str, structure: Structure, count: CountTokens) -> None:
    document = Document("a.md", "노트", text, structure)
    check(document, split(document, SMALL, count), SMALL.max_tokens, count)


@given(st.text(alphabet=st.sampled_from("가a 😀\n\t#-|`$~.1)\u2028\x0b\u200b"), max_size=200), STRUCTURE)
def test_holds_of_noise(text: str, structure: Structure) -> None:
    document = Document("a.md", "노트", text, structure)
    check(document, split(document, SMALL, words), SMALL.max_tokens, words)


@given(ANY_TEXT, st.data())
def test_slides_are_boundaries(text: str, data: st.DataObject) -> None:
    starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
    slides = sorted(data.draw(st.sets(st.sampled_from(starts))))
    document = Document("a.pptx", "노트", text, "markdown", tuple(Mark(at, "slide", str(number)) for number, at in enumerate(slides, 1)))
    passages = split(document, SMALL, words)
    check(document, passages, SMALL.max_tokens, words)
    assert not any(passage.start < at < passage.end for at in slides for passage in passages)
    for passage in passages:
        before = [number for number, at in enumerate(slides, 1) if at <= passage.start]
        assert passage.locator.slide == (before[-1] if before else None)


# ------------------------------------------------------- documents whose structure is known


@dataclass
class Kept:
    """A piece that must not be cut if it fits: where it stands, and the labels above it."""

    start: int
    end: int
    above: tuple[str, ...]


class Writer:
    """Writes a document at random and remembers its sentences and list items."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.text = ""
        self.kept: list[Kept] = []
        self.headings: list[tuple[int, tuple[str, ...]]] = []

    def phrase(self, most: int) -> str:
        return " ".join(self.random.choice(["역전파", "기울기", "DPR", "손실", "x1", "😀"]) for _ in range(self.random.randint(1, most)))

    def paragraph(self, path: tuple[str, ...]) -> None:
        for _ in range(self.random.randint(1, 5)):
            start = len(self.text)
            self.text += f"그 {self.phrase(13)}이다."
            self.kept.append(Kept(start, len(self.text), path))
            self.text += self.random.choice([" ", "\n"])
        self.text += "\n\n"

    def items(self, above: tuple[str, ...], depth: int) -> None:
        for _ in range(self.random.randint(1, 4)):
            start, label = len(self.text), self.phrase(9)
            self.text += "  " * depth + "- " + label
            if not self.random.randrange(4):
                self.text += "\n" + "  " * depth + "  " + self.phrase(6)
            self.text += "\n"
            if depth < 3 and not self.random.randrange(3):
                self.items((*above, label), depth + 1)
            self.kept.append(Kept(start + 2 * depth, len(self.text.rstrip()), above))

    def code(self) -> None:
        lines = "\n".join(self.random.choice(["# 제목이 아니다", "", "    x = 1", "- y"]) for _ in range(self.random.randint(1, 8)))
        self.text += f"```\n{lines}\n```\n\n"

    def write(self) -> str:
        path: tuple[str, ...] = ()
        for _ in range(self.random.randint(1, 8)):
            if self.random.randrange(2):
                level = self.random.randint(1, len(path) + 1) if len(path) < 3 else self.random.randint(1, 3)
                path = (*path[: level - 1], f"절 {len(self.headings)}")
                self.headings.append((len(self.text), path))
                self.text += f"{'#' * (level + 1)} {path[-1]}\n"
            kind = self.random.randrange(3)
            if kind == 0:
                self.paragraph(path)
            elif kind == 1:
                self.items(path, 0)
                self.text += "\n"
            else:
                self.code()
        return self.text


@given(st.integers(0, 10**9), st.sampled_from([SMALL, SplitSettings(70, 40), SplitSettings(30, 12)]))
def test_cuts_nothing_that_fits(seed: int, settings: SplitSettings) -> None:
    writer = Writer(seed)
    document = Document("a.md", "노트", writer.write())
    passages = split(document, settings, words)
    check(document, passages, settings.max_tokens, words)
    for kept in writer.kept:
        holders = [passage for passage in passages if passage.start < kept.end and kept.start < passage.end]
        context = " › ".join(("노트", *kept.above))
        if sum(words([context, document.text[kept.start : kept.end]])) + MARGIN <= settings.max_tokens:
            assert len(holders) == 1, document.text[kept.start : kept.end]


@given(st.integers(0, 10**9))
def test_section_is_the_path_of_the_last_heading(seed: int) -> None:
    writer = Writer(seed)
    document = Document("a.md", "노트", writer.write())
    for passage in split(document, SplitSettings(90, 40), words):
        within = [path for start, path in writer.headings if passage.start <= start < passage.end]
        before = [path for start, path in writer.headings if start < passage.start]
        assert passage.section == (within[-1] if within else before[-1] if before else ())


# ------------------------------------------------------------------- small examples

SECTIONS: list[tuple[Structure, str, list[tuple[tuple[str, ...], str]]]] = [
    ("markdown", "", []),
    ("markdown", " \n\t\n", []),
    ("markdown", "글\n\n둘째 글", [((), "글\n\n둘째 글")]),
    ("markdown", "# 노트\n글\n## 가\n나", [((), "# 노트\n글"), (("가",), "## 가\n나")]),
    ("markdown", "# 다른 제목\n글", [(("다른 제목",), "# 다른 제목\n글")]),
    ("markdown", "## 가\n### 나\n글\n## 다\n라", [(("가", "나"), "## 가\n### 나\n글"), (("다",), "## 다\n라")]),
    (
        "markdown",
        "## 가\n글\n#### 나 ##\n라\n### 다\n마",
        [(("가",), "## 가\n글"), (("가", "나"), "#### 나 ##\n라"), (("가", "다"), "### 다\n마")],
    ),
    (
        "markdown",
        "# 가\n<br>\n\n---\n## 나\n:label:`다`\n### [라](https://a.kr/b) <b>마</b>\n글",
        [(("가", "나", "라 마"), "# 가\n<br>\n\n---\n## 나\n:label:`다`\n### [라](https://a.kr/b) <b>마</b>\n글")],
    ),
    ("markdown", "## <br>\n글\n## f[0](x)<T>\n나", [(("<br>",), "## <br>\n글"), (("f[0](x)<T>",), "## f[0](x)<T>\n나")]),
    ("markdown", "## C#\n글", [(("C#",), "## C#\n글")]),
    ("markdown", "###### 가\n글", [(("가",), "###### 가\n글")]),
    ("markdown", "#아님\n####### 아님\n#\n글", [((), "#아님\n####### 아님\n#\n글")]),
    ("markdown", "## 가\n```\n# 주석\n```\n글", [(("가",), "## 가\n```\n# 주석\n```\n글")]),
    ("markdown", "````\n```\n# 주석\n````\n# 가\n나", [((), "````\n```\n# 주석\n````"), (("가",), "# 가\n나")]),
    ("markdown", "```닫지 않음\n# 가\n나", [((), "```닫지 않음"), (("가",), "# 가\n나")]),
    ("markdown", "```한 줄``` 코드\n# 가\n나", [((), "```한 줄``` 코드"), (("가",), "# 가\n나")]),
    ("markdown", "$$ x = 1 $$\n# 가\n나", [((), "$$ x = 1 $$"), (("가",), "# 가\n나")]),
    ("markdown", "$$ x\n= 1 $$\n# 가\n나", [((), "$$ x\n= 1 $$"), (("가",), "# 가\n나")]),
    ("markdown", "$$ x\n\n# 가\n나\n$$", [((), "$$ x"), (("가",), "# 가\n나\n$$")]),
    ("markdown", "글\n```\n# 주석\n```", [((), "글\n```\n# 주석\n```")]),
    ("markdown", "``` x ` y\n# 가\n```", [((), "``` x ` y"), (("가",), "# 가\n```")]),
    ("markdown", "$$ 5$ x\n# 주석\n$$", [((), "$$ 5$ x\n# 주석\n$$")]),
    ("markdown", "$$$$\n# 가\n나\n$$", [((), "$$$$"), (("가",), "# 가\n나\n$$")]),
    ("markdown", "~~~\n# 주석\n~~~\n글", [((), "~~~\n# 주석\n~~~\n글")]),
    ("text", "1. 서론\n글\n2. 본론\n나", [(("1. 서론",), "1. 서론\n글"), (("2. 본론",), "2. 본론\n나")]),
    (
        "text",
        "1. 서론\n\n 1-1. 배경\n글\n 1-2. 목적\n나",
        [(("1. 서론", "1-1. 배경"), "1. 서론\n\n 1-1. 배경\n글"), (("1. 서론", "1-2. 목적"), " 1-2. 목적\n나")],
    ),
    (
        "text",
        "1. 서론\n글\n1.1 배경\n나\n2. 본론\n다",
        [(("1. 서론",), "1. 서론\n글"), (("1. 서론", "1.1 배경"), "1.1 배경\n나"), (("2. 본론",), "2. 본론\n다")],
    ),
    (
        "text",
        "제1장 서론\n1. 배경\n글\n제2장 본론\n나",
        [(("제1장 서론", "1. 배경"), "제1장 서론\n1. 배경\n글"), (("제2장 본론",), "제2장 본론\n나")],
    ),
    ("text", "2.1 배경\n글", [(("2.1 배경",), "2.1 배경\n글")]),
    ("text", "할 일\n1. 읽기\n2. 쓰기\n3. 보기", [((), "할 일\n1. 읽기\n2. 쓰기\n3. 보기")]),
    ("text", "1. 읽기\n2. 쓰기\n글", [((), "1. 읽기\n2. 쓰기\n글")]),
    ("text", "1. 이것은 문장이다\n글", [((), "1. 이것은 문장이다\n글")]),
    ("text", "3 분 소요\n글", [((), "3 분 소요\n글")]),
    ("text", "제 2장 검색\n글\nWeek 3 생성\n나", [(("제 2장 검색",), "제 2장 검색\n글"), (("Week 3 생성",), "Week 3 생성\n나")]),
    ("text", "3강에서는 검색을 배운다\n글", [((), "3강에서는 검색을 배운다\n글")]),
    ("text", "1. 서론\n글\n제 2장 검색\n나", [(("1. 서론",), "1. 서론\n글"), (("제 2장 검색",), "제 2장 검색\n나")]),
    ("text", "1. 서론\n글\n2. 결론", [(("1. 서론",), "1. 서론\n글"), (("2. 결론",), "2. 결론")]),
    ("text", "  ~~~\n1. 서론\n글\n  ~~~", [((), "  ~~~"), (("1. 서론",), "1. 서론\n글\n  ~~~")]),
    ("text", "# 주석이지 제목이 아니다\n글", [((), "# 주석이지 제목이 아니다\n글")]),
    ("text", "~~~~~~\n1. 서론\n글", [((), "~~~~~~"), (("1. 서론",), "1. 서론\n글")]),
]


@pytest.mark.parametrize(("structure", "text", "expected"), SECTIONS)
def test_sections(structure: Structure, text: str, expected: list[tuple[tuple[str, ...], str]]) -> None:
    assert [(passage.section, passage.text) for passage in parts(text, structure)] == expected


def long(word: str, count: int = 12) -> str:
    return " ".join([word] * count)


def test_a_long_list_is_cut_between_items_and_carries_the_bullets_above() -> None:
    a, b, c, d, e = (long(word, 10) for word in "가나다라마")
    text = f"- 검색\n  - 희소\n    - {a}\n    - {b}\n    - {c}\n  - {d}\n- 생성\n  - {e}"
    assert [(passage.parents, passage.text) for passage in parts(text)] == [
        ((), f"- 검색\n  - 희소\n    - {a}"),
        (("검색", "희소"), f"    - {b}\n    - {c}"),
        (("검색",), f"  - {d}"),
        ((), f"- 생성\n  - {e}"),
    ]
    assert parts(text)[1].embedded.startswith("노트 › 검색 › 희소\n")
    for end in ("- 생성", f"- 생성\n  - {long('마', 5)}"):
        found = parts(f"{text[: text.index('- 생성')]}{end}")
        assert [(passage.parents, passage.text) for passage in found[-2:]] == [(("검색",), f"  - {d}"), ((), end)]


def test_an_item_keeps_its_wrapped_lines() -> None:
    text = f"- {long('가', 20)}\n- {long('나', 12)}\n  {long('나', 12)}\n\n  {long('다', 12)}"
    assert [(passage.parents, passage.text) for passage in parts(text)] == [
        ((), f"- {long('가', 20)}"),
        ((), f"- {long('나', 12)}\n  {long('나', 12)}"),
        ((long("나", 12),), f"  {long('다', 12)}"),
    ]


def test_an_item_cut_within_its_wrapped_lines_is_its_own_words() -> None:
    found = parts(f"- {long('가', 20)}.\n  {long('나', 20)}")
    assert [(passage.parents, passage.text) for passage in found] == [((), f"- {long('가', 20)}."), ((), long("나", 20))]


def test_a_line_less_indented_than_an_item_does_not_hang_under_it() -> None:
    text = f"  - {long('가')}\n    - {long('나', 15)}\n 1절 {long('다')}\n  - {long('라')}"
    assert [(passage.parents, passage.text.strip()[:2]) for passage in parts(text)] == [((), "- "), ((), "1절"), ((), "- ")]


def test_code_inside_an_item_keeps_together() -> None:
    text = f"- {long('가', 15)}\n  ```\nx = 1\n  # 주석\n\n- y\n  ```\n- {long('나', 18)}"
    assert [passage.text for passage in parts(text)] == [f"- {long('가', 15)}\n  ```\nx = 1\n  # 주석\n\n- y\n  ```", f"- {long('나', 18)}"]


def test_what_introduces_stays_with_what_follows() -> None:
    text = f"{long('가', 20)}.\n\n종류는 다음과 같다.\n\n- {long('나', 8)}\n- {long('다', 8)}"
    assert [passage.text[:3] for passage in parts(text)] == ["가 가", "종류는"]


def test_an_introduction_does_not_end_a_passage() -> None:
    text = f"{long('가', 10)}\n\n종류는:\n\n- {long('나', 18)}"
    assert [passage.text for passage in parts(text)] == [long("가", 10), f"종류는:\n\n- {long('나', 18)}"]
    text = f"- {long('가', 19)}. {long('나', 19)}. 종류는 다섯.\n  - {long('다', 18)}"
    assert [passage.text for passage in parts(text)] == [
        f"- {long('가', 19)}.",
        f"{long('나', 19)}.",
        f"종류는 다섯.\n  - {long('다', 18)}",
    ]


@pytest.mark.parametrize(("size", "joined"), [(18, True), (22, True), (27, True), (28, False)])
def test_an_introduction_takes_what_follows_as_far_as_that_fits(size: int, joined: bool) -> None:
    item = f"- {long('나', size)}"
    rest = [f"종류는:\n\n{item}"] if joined else ["종류는:", item]
    assert [passage.text for passage in parts(f"{long('가', 10)}\n\n종류는:\n\n{item}")] == [long("가", 10), *rest]


def test_a_heading_stays_with_what_follows() -> None:
    text = f"## 가\n{long('나', 24)}\n\n{long('다', 20)}"
    assert [passage.text for passage in parts(text)] == [f"## 가\n{long('나', 24)}", long("다", 20)]


def test_a_paragraph_that_fits_is_not_cut_at_its_lines() -> None:
    paragraph = f"{long('나')}\n{long('다')}"
    assert [passage.text for passage in parts(f"{long('가', 20)}\n\n{paragraph}")] == [long("가", 20), paragraph]
    assert [passage.text for passage in parts(f"{paragraph}\n\n{long('가', 20)}")] == [paragraph, long("가", 20)]


def test_a_code_block_is_whole_with_its_fences() -> None:
    code = f"```\n{long('가', 28)}\n```"
    assert [passage.text for passage in parts(f"{code}\n\n{long('나', 20)}")] == [code, long("나", 20)]


def test_a_wrapped_line_belongs_to_the_innermost_item() -> None:
    found = parts(f"- 머리\n  - {long('나', 20)}\n    {long('다', 20)}")
    assert [passage.parents for passage in found] == [(), ("머리",), ("머리",)]


def test_a_tab_indents_by_four() -> None:
    found = parts(f"- 검색 - 희소\n    - {long('가', 20)}\n\t- {long('나', 20)}")
    assert [passage.parents for passage in found] == [(), ("검색 - 희소",)]


def test_items_nested_very_deep_hang_under_the_eighth() -> None:
    bullets = [f"{'  ' * depth}- 항목{depth}" for depth in range(10)]
    deep = [f"{'  ' * 10}- {long(word, 120)}" for word in "가나"]
    found = parts("\n".join([*bullets, *deep]), settings=SplitSettings(200, 20))
    assert [passage.parents for passage in found][-2:] == [tuple(f"항목{depth}" for depth in range(8))] * 2


@pytest.mark.parametrize(
    ("sizes", "settings", "expected"),
    [
        ((14, 14), SMALL, [2]),  # not much above the target
        ((15, 14), SMALL, [1, 1]),
        ((13, 13), SplitSettings(90, 20), [1, 1]),
        ((10, 10, 10), SMALL, [2, 1]),  # just the target
        ((10, 11, 10), SMALL, [1, 1, 1]),
        ((14, 18, 3), SMALL, [1, 2]),  # a short end
        ((14, 18, 4), SMALL, [1, 1, 1]),
    ],
)
def test_how_many_items_a_passage_takes(sizes: Sequence[int], settings: SplitSettings, expected: list[int]) -> None:
    """Items of so many words; with its sign and its end each counts two more."""
    bare = len(sizes) == 2
    units = [f"{'' if bare else '- '}{long('가', size)}" for size in sizes]
    found = parts(("\n\n" if bare else "\n").join(units), settings=settings)
    assert [sum(unit.startswith("-") or bare for unit in passage.text.split("\n") if unit) for passage in found] == expected


def test_sentences_are_packed_to_the_target() -> None:
    sentences = [f"{long('가', 6)} 끝." for _ in range(9)]
    found = [passage.text for passage in parts("머리.\n\n" + " ".join(sentences))]
    assert found == [f"머리.\n\n{' '.join(sentences[:2])}", *(" ".join(sentences[at : at + 3]) for at in (2, 5)), sentences[8]]


def test_a_paragraph_cut_into_sentences_is_one_thought() -> None:
    sentences = [f"{long('가', 6)} 끝." for _ in range(6)]
    found = [passage.text for passage in parts(f"{long('나', 14)}\n\n" + " ".join(sentences))]
    assert found == [long("나", 14), " ".join(sentences[:3]), " ".join(sentences[3:])]


def test_a_short_end_stays_with_what_stands_before_it() -> None:
    text = f"{long('가', 26)}\n\n{long('나', 3)}"
    assert [passage.text for passage in parts(text)] == [text]
    assert len(parts(f"{long('가', 26)}\n\n{long('나', 4)}")) == 2, "together they would be more than fits"


def test_what_just_fits_is_whole() -> None:
    assert [len(parts(long("가", count))) for count in (39, 40)] == [1, 2]


def test_what_fits_to_the_last_token_is_not_cut_into_sentences() -> None:
    """Room: the limit less the context and the margin."""

    def characters(texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    room = SMALL.max_tokens - len("노트") - MARGIN
    for length, expected in ((room, 1), (room + 1, 2)):
        text = f"가나다. {'마' * (length - 7)}다."
        assert len(text) == length
        assert len(split(Document("a.md", "노트", text, "markdown"), SMALL, characters)) == expected, length


def test_a_text_of_which_no_part_fits_is_cut_to_its_characters() -> None:
    found = split(Document("a.md", "노트", " 가나", "markdown"), SMALL, lambda texts: [99 * len(text) for text in texts])
    assert [passage.text for passage in found] == ["가", "나"]


def test_what_joining_makes_too_long_is_parted_between_its_units() -> None:
    def costly(texts: Sequence[str]) -> list[int]:
        """White lines cost more than either side of them says."""
        return [len(text.split()) + 9 * text.count("\n\n") for text in texts]

    units = [long(word, 3) for word in "가나다라마"]
    document = Document("a.md", "노트", "\n\n".join(units), "markdown")
    passages = split(document, SMALL, costly)
    check(document, passages, SMALL.max_tokens, costly)
    assert [passage.text for passage in passages] == ["\n\n".join(units[:2]), "\n\n".join(units[2:])]
    alone = split(document, SMALL, lambda texts: [3 * count for count in costly(texts)])
    assert [passage.text for passage in alone] == units


def test_a_long_table_is_cut_between_rows() -> None:
    rows = [f"| {long('가', 5)} | {number} |" for number in range(12)]
    found = parts("\n".join(["| 이름 | 값 |", "| --- | --- |", *rows]))
    assert len(found) > 2
    assert [line for passage in found for line in passage.text.split("\n")][2:] == rows


def test_a_sentence_is_cut_only_where_it_is_too_long() -> None:
    text = f"{long('가', 20)}이다. {long('나', 70)}이다. 끝."
    found = [passage.text for passage in parts(text)]
    assert found[0] == f"{long('가', 20)}이다."
    assert " ".join(found[1:]) == f"{long('나', 70)}이다. 끝."
    assert all(piece.split(" ")[0] in ("나", "끝.") for piece in found[1:])
    whole = [word for passage in parts(long("나나나나나나나", 70)) for word in passage.text.split()]
    assert whole == ["나나나나나나나"] * 70
    far = Document("a.md", "노트", f"{'나' * 45} {'나' * 184}", "markdown")
    assert [len(passage.text) for passage in split(far, SMALL, letters)] == [115, 115], (
        "white space so far from the middle is not looked for"
    )
    lines = [long("가", 19), long("나", 21)]
    assert [passage.text for passage in parts("\n".join(lines))] == lines


def test_a_context_too_long_drops_its_outermost_labels() -> None:
    headings = "\n".join(f"{'#' * (level + 1)} {long(name, 7)}" for level, name in enumerate("가나다라"))
    [*_, last] = parts(f"{headings}\n글")
    assert last.section == (long("다", 7), long("라", 7))
    bullets = "\n".join(f"{'  ' * level}- {long(name, 9)}" for level, name in enumerate("가나다라마"))
    assert [passage.parents for passage in parts(bullets)] == [(), (long("나", 9),), (long("다", 9),)]


def test_long_labels_are_shortened() -> None:
    [passage] = parts("## " + "긴 제목 " * 30 + "\n글", settings=SplitSettings(200, 160))
    assert (len(passage.section[0]), passage.section[0][-1]) == (80, "…")
    [whole], [cut] = (parts(f"## {'가' * length}\n글")[0].section for length in (80, 81))
    assert (whole, cut) == ("가" * 80, "가" * 79 + "…")


def test_locators() -> None:
    text = "# 가\n글\n\n# 나\n글\n\n# 다\n글"
    marks = (Mark(0, "page", "1"), Mark(7, "page", "2"), Mark(0, "cell", "3"), Mark(14, "time", "00:01:05"))
    found = split(Document("a.md", "노트", text, "markdown", marks), SMALL, words)
    assert [passage.locator for passage in found] == [
        Locator(1, page=1, cell=3),
        Locator(4, page=2, cell=3),
        Locator(7, page=2, cell=3, time="00:01:05"),
    ]


PICTURES: list[tuple[str, list[tuple[tuple[str, ...], int, str]]]] = [
    ("# 노트\n\n앞 글.\n\n![](DATA)\n\n뒤 글.", [((), 1, "# 노트\n\n앞 글."), ((), 7, "뒤 글.")]),
    ("글 ![그림](DATA) 뒤 글.\n끝.", [((), 1, "글 ![그림]"), ((), 1, "뒤 글.\n끝.")]),
    ("## 제목 ![](DATA)\n글", [((), 1, "## 제목"), ((), 2, "글")]),
    ("![](DATA)", []),
    ("글\n\n> | - ![](<DATA>) |\n", [((), 1, "글\n\n> | -")]),
    ("글 ![][image1]\n\n[image1]: <DATA>\n\n[image2]: <DATA>\n", [((), 1, "글 ![][image1]")]),
    ('<img src="DATA" /> 글 <img src=\'DATA\' alt="구조">', [((), 1, "글"), ((), 1, 'alt="구조">')]),
    ("<img src='WRAPPED'>\n글", [((), 8, "글")]),
    ("DATA\n\n# word\n\nDATA", [((), 3, "# word")]),
    (
        f"- 항목\n  - ![](DATA) {'나 ' * 20}\n  - {'다 ' * 20}",
        [((), 1, "- 항목\n  -"), (("항목",), 2, "나 " * 19 + "나"), (("항목",), 3, f"  - {'다 ' * 19}다")],
    ),
    (f"글 ![](data:;base64,{'A' * 63}) 짧다", [((), 1, f"글 ![](data:;base64,{'A' * 63}) 짧다")]),
    (f"글 ![](data:;base64,{'A' * 64}) 길다", [((), 1, "글"), ((), 1, "길다")]),
]


@pytest.mark.parametrize(("text", "expected"), PICTURES)
def test_pictures_written_into_the_text_make_no_passages(text: str, expected: list[tuple[tuple[str, ...], int, str]]) -> None:
    text = text.replace("WRAPPED", "\n".join([DATA[:76], *["iVBOR" * 15] * 5, "iVBO="])).replace("DATA", DATA)
    found = parts(text)
    assert [(passage.parents, passage.locator.line, passage.text) for passage in found] == expected
    assert [text[passage.start : passage.end] for passage in found] == [passage.text for passage in found]
    blank = blanked(text)
    assert (len(blank), [blank[passage.start : passage.end] for passage in found]) == (len(text), [passage.text for passage in found])
    assert "iVBOR" not in blank


def test_a_heading_over_a_picture_alone_is_a_section_of_its_own() -> None:
    found = parts(f"## 그림\n\n![]({DATA})\n\n## 다음\n글")
    assert [(passage.section, passage.text) for passage in found] == [(("그림",), "## 그림"), (("다음",), "## 다음\n글")]


def test_a_markdown_note_keeps_the_pictures_that_it_is_not_searched_by(tmp_path: Path) -> None:
    image = f"data:image/png;base64,{base64_line(300_000)}"
    raw = f"# 노트\n\n앞 글.\n\n![]({image})\n\n뒤 글 ![][image1]\n\n[image1]: <{image}>\n"
    (tmp_path / "a.md").write_text(raw, encoding="utf-8")
    document = read_note(find_notes([str(tmp_path)])[0])
    assert document.text == raw
    assert [passage.text for passage in split(document, SplitSettings(), letters)] == ["# 노트\n\n앞 글.", "뒤 글 ![][image1]"]


# ------------------------------------------------------------------ hostile sizes


def base64_line(size: int) -> str:
    return base64.b64encode(random.Random(0).randbytes(size * 3 // 4)).decode()


HOSTILE: dict[str, Callable[[int], str]] = {
    "base64": base64_line,
    "dots": lambda size: "." * size + "x",
    "initials": lambda size: "a. " * (size // 3),
    "spaces": lambda size: "# " + " " * size + "x",
    "bars": lambda size: "| " * (size // 2) + "x",
    "stars": lambda size: "*" * size + "x",
    "open formulas": lambda size: "$$ x\n" * (size // 5),
    "open fences": lambda size: "\n".join("`" * (3 + number % 500) + "x" for number in range(size // 250)),
    "ever deeper": lambda size: "\n".join(" " * depth + "- 가" for depth in range(int((2 * size) ** 0.5))),
    "bullets": lambda size: "- 가\n" * (size // 4),
    "blank lines": lambda size: "가" + "\n" * size + "나",
    "sentences": lambda size: "그것은 문장이다. " * (size // 10),
    "headings": lambda size: "# 가\n" * (size // 4),
    "emoji": lambda size: "👨‍👩‍👧" * (size // 5),
    "pictures": lambda size: f"![]({DATA}) 가 " * (size // 130),
    "half pictures": lambda size: "![](data:image/png;base64," * (size // 26),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("structure", ["markdown", "text"])
def test_time_grows_with_the_text(kind: str, structure: Structure) -> None:
    """What is quadratic takes minutes here, what is linear less than a second."""
    document = Document("a.md", "노트", HOSTILE[kind](100_000), structure)
    started = time.process_time()
    passages = split(document, SplitSettings(), letters)
    assert time.process_time() - started < 12
    check(document, passages, 256, letters)


def test_a_megabyte_of_notes() -> None:
    writer = Writer(1)
    texts: list[str] = []
    while sum(len(text) for text in texts) < 1_000_000:
        writer.text = ""
        texts.append(writer.write())
    document = Document("a.md", "노트", "".join(texts))
    started = time.process_time()
    passages = split(document, SplitSettings(), words)
    assert time.process_time() - started < 30
    check(document, passages, 256, words)


# --------------------------------------------------------------- the shipped encoder


def test_our_notes_with_the_shipped_encoder(shipped: Encoder) -> None:
    documents = [read_note(file) for file in find_notes([str(NOTES)])]
    assert len(documents) >= 28
    for document in documents:
        passages = split(document, SplitSettings(), shipped.count_tokens)
        check(document, passages, 256, shipped.count_tokens)
        assert passages


def test_real_lectures_with_the_shipped_encoder(shipped: Encoder) -> None:
    for lecture in LECTURES:  # none where the data folder is not at hand
        document = Document(lecture.name, lecture.stem, lecture.read_text("utf-8"), "text")
        passages = split(document, SplitSettings(), shipped.count_tokens)
        check(document, passages, 256, shipped.count_tokens)
        assert passages[0].section == ()
        assert {passage.section for passage in passages[1:]} >= {("2. CV 도메인 특강 - 박선규",), ("4. 사전질문 Q&A",)}


@pytest.mark.parametrize("kind", ["base64", "emoji", "sentences"])
def test_hostile_lines_with_the_shipped_encoder(kind: str, shipped: Encoder) -> None:
    document = Document("a.md", "노트", HOSTILE[kind](50_000))
    check(document, split(document, SplitSettings(), shipped.count_tokens), 256, shipped.count_tokens)


def test_settings_bound_the_passages() -> None:
    text = "\n\n".join(long("가", 10) for _ in range(12))
    targets = {target: parts(text, settings=replace(SMALL, target_tokens=target)) for target in (11, 22, 30)}
    sizes = {target: [len(passage.text.split()) for passage in found] for target, found in targets.items()}
    assert sizes == {11: [10] * 12, 22: [20] * 6, 30: [20] * 6}
