"""A whole note in the drawer: its shapes, where its slides and cells begin, pages as pictures, and what is said when they cannot be."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from index.notes import NoteFile, content_hash, read_note
from index.notes.pdf_picture import Glyph, PagePicture
from index.types import Document, DocumentInfo, Mark
from tests.index.notes.make import pdf
from tests.ui.parse import parse
from ui import html_note
from ui.drawer import drawer
from ui.html_note import Look, Target, digest
from ui.i18n import texts as all_texts
from ui.i18n_note import EN, KO

SLIDES = Document("a.pptx", "A", "# 하나\n\n첫 말\n\n# 둘\n\n- 둘째 **말**\n", marks=(Mark(0, "slide", "1"), Mark(11, "slide", "2")))


def target_of(document: Document, *quotes: str) -> Target:
    """The place of the first words, and evidence at the others."""
    places = [(document.text.index(quote), document.text.index(quote) + len(quote)) for quote in quotes]
    check = digest(document.text[a:b] for a, b in places)
    return Target(document.doc_id, *places[0], tuple(places[1:]), check)


# Shapes


@pytest.mark.parametrize("shape", ["read", "source"])
def test_both_shapes_mark_the_same_words_and_say_where_slides_begin(shape: html_note.Shape) -> None:
    tree = parse(html_note.note(SLIDES, target_of(SLIDES, "- 둘째 **말**", "째 **말**"), "ko", Look(shape, ("read", "source"))))
    assert [element.text for element in tree.of("stop")] == [all_texts("ko").slide.format(value=value) for value in "12"]
    name, first = {"read": ("read", "둘"), "source": ("lines", "# 둘")}[shape]
    assert all_texts("ko").slide.format(value=2) + first in tree.of(name)[0].text
    assert "".join(element.text for element in tree.of("evidence")) == {"read": "째 말", "source": "째 **말**"}[shape]
    buttons = [element.attributes for element in tree.elements if "data-shape" in element.attributes]
    assert [button["data-shape"] for button in buttons if button["aria-pressed"] == "true"] == [shape]


def test_the_parts_of_a_note_do_not_run_into_each_other() -> None:
    document = Document("a.ipynb", "A", "```\n열린 채\n\n# 다음 칸\n", marks=(Mark(0, "cell", "1"), Mark(10, "cell", "2")))
    tree = parse(html_note.note(document, target_of(document, "열린"), "ko", Look("read")))
    assert [element.text for element in tree.elements if element.tag == "pre"] == ["열린 채\n"]
    assert [element.text for element in tree.elements if element.tag == "h3"] == ["다음 칸"]


def test_a_name_that_reorders_text_is_kept_apart() -> None:
    document = Document("\u202e.md", "\u202e나쁜 <b>", "글")
    tree = parse(html_note.note(document, target_of(document, "글"), "ko"))
    assert [element.text for element in tree.elements if element.tag == "bdi"] == ["\u202e나쁜 <b>", "\u202e.md"]


@pytest.mark.parametrize("shape", ["read", "source"])
@pytest.mark.parametrize(
    "text",
    ["# 제목\n\n- 글 *하나*\n" * 80_000, "가나다 " * 400_000, "| a | b |\n|---|---|\n" + "| 가 | 나 |\n" * 100_000, "\n" * 1_000_000],
    ids=["lists", "line", "table", "blank"],
)
def test_of_an_endless_note_only_what_is_around_the_place_is_shown(text: str, shape: html_note.Shape) -> None:
    at = len(text) // 2
    target = Target("a.md", at, at + 40, ((at + 5, at + 25),), digest([text[at : at + 40], text[at + 5 : at + 25]]))
    html = html_note.note(Document("a.md", "A", text), target, "ko", Look(shape))
    tree = parse(html)
    assert len(html) < 1_500_000
    words = squeezed("".join(element.text for element in tree.of("evidence")))
    assert words == squeezed(text[at + 5 : at + 25]) or (shape == "read" and words == re.sub(r"[^가-힣\w]", "", text[at + 5 : at + 25]))
    assert tree.of("told")[0].text.startswith("노트가 길어서")
    assert shape == "read" or tree.of("here")[0].attributes["data-n"] == str(text.count("\n", 0, at) + 1)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_window_that_begins_in_code_does_not_take_its_end_for_a_beginning() -> None:
    text = "```\n" + "x = 1\n" * 6000 + "```\n\n# 뒤\n\n찾는 글\n\n" + "끝\n\n" * 3000
    document = Document("a.md", "A", text)
    tree = parse(html_note.note(document, target_of(document, "찾는 글", "글"), "ko", Look("read")))
    assert [element.text for element in tree.elements if element.tag == "h3"] == ["뒤"]
    assert [element.text for element in tree.of("evidence")] == ["글"]


# Pages


PDF = Document(
    "a.pdf", "A", "첫 쪽\n\n답은 여기 있다\n또 한 줄\n", marks=(Mark(0, "page", "1"), Mark(5, "page", "2")),
)  # fmt: skip


def picture(page: int, words: str) -> PagePicture:
    glyphs = tuple(Glyph(char, (at / 100, 0.5, (at + 1) / 100, 0.52)) for at, char in enumerate(words) if char.strip())
    return PagePicture(page, 3, 1400, 1980, "image/png", b"\x89PNG", glyphs)


def test_a_page_is_a_picture_with_boxes_on_the_words() -> None:
    target = target_of(PDF, "답은 여기 있다", "여기", "있다")
    html = html_note.note(PDF, target, "ko", Look("page", ("page", "read"), picture(2, "답은 여기 있다")))
    tree = parse(html)
    (image,) = [element for element in tree.elements if element.tag == "img"]
    assert image.attributes["src"] == "data:image/png;base64,iVBORw=="
    assert image.attributes["alt"] == KO.page_picture.format(value=2)
    boxes = {name: [box.attributes["style"] for box in tree.of(name)] for name in ("here", "evidence")}
    assert boxes["here"] == ["left:0.00%;top:50.00%;width:8.00%;height:2.00%"]
    assert boxes["evidence"] == [f"left:{left}.00%;top:50.00%;width:2.00%;height:2.00%" for left in (3, 6)]
    assert [element.text for element in tree.elements if "data-shape" in element.attributes] == [KO.page, KO.text]
    assert [element.text for element in tree.of("pages")] == ["‹" + KO.page_of.format(value=2, total=3) + "›"]
    assert tree.of("told") == tree.of("read") == []
    assert html_note.page_at(PDF, target_of(PDF, "답은 여기 있다", "첫 쪽", "여기")) == 2, "by the words in the passage"
    assert html_note.page_at(PDF, replace(target, check="")) == 1


def test_where_the_words_are_not_found_the_text_of_the_page_stands_below() -> None:
    html = html_note.note(PDF, target_of(PDF, "답은 여기 있다", "여기"), "en", Look("page", ("page", "read"), picture(2, "다른 글")))
    tree = parse(html)
    assert tree.of("told")[0].text == EN.words_not_found
    assert [element.text for element in tree.of("evidence")] == ["여기"]
    assert "첫 쪽" not in tree.of("read")[0].text


def test_on_another_page_nothing_is_marked() -> None:
    for page in (1, 3):
        tree = parse(html_note.note(PDF, target_of(PDF, "답은 여기 있다", "여기"), "ko", Look("page", (), picture(page, "여기"))))
        assert tree.of("evidence") == tree.of("told") == []
        disabled = [element.attributes["data-page"] for element in tree.elements if "disabled" in element.attributes]
        assert disabled == {1: ["0"], 3: ["4"]}[page]


# From the index to the drawer


@dataclass
class OneNote:
    """An index of one note."""

    note: Document
    content_hash: str
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return 1

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(self.note.doc_id, self.note.title, self.content_hash, 1, len(self.note.text))]

    def document(self, doc_id: str) -> Document:
        return {self.note.doc_id: self.note}[doc_id]


def index_of(tmp_path: Path) -> OneNote:
    lines = [(72.0, 700.0, 12.0, "The answer stands here.")]
    path = pdf(tmp_path / "a.pdf", [[(72, 700, 12, "First.")], lines])
    return OneNote(read_note(NoteFile("a.pdf", path, tmp_path)), content_hash(path), (str(tmp_path),))


def request_for(index: OneNote, quote: str, **more: Any) -> dict[str, Any]:
    target = asdict(target_of(index.note, quote, quote))
    return {"lang": "en", "place": {**target, "spans": [list(each) for each in target["spans"]]}, **more}


def test_a_pdf_opens_on_the_page_of_its_words_and_turns(tmp_path: Path) -> None:
    index = index_of(tmp_path)
    tree = parse(drawer(index, request_for(index, "answer stands")))
    assert len(tree.of("evidence")) == 1 and tree.of("pages")[0].text == "‹Page 2 of 2›"
    before = parse(drawer(index, request_for(index, "answer stands", shape="page", page=1)))
    assert before.of("evidence") == [] and before.of("pages")[0].text == "‹Page 1 of 2›"
    text = parse(drawer(index, request_for(index, "answer stands", shape="read")))
    assert [element.text for element in text.of("evidence")] == ["answer stands"] and text.of("paper") == []


@pytest.mark.parametrize(("name", "told"), [("changed", EN.file_changed), ("gone", EN.file_missing), ("broken", EN.page_broken)])
def test_without_its_file_a_pdf_is_text_and_says_so(tmp_path: Path, name: str, told: str) -> None:
    index = index_of(tmp_path)
    path = tmp_path / "a.pdf"
    if name == "gone":
        path.unlink()
    else:
        path.write_bytes(b"%PDF-1.4 nothing")
        index.content_hash = content_hash(path) if name == "broken" else index.content_hash
    tree = parse(drawer(index, request_for(index, "answer stands")))
    assert tree.of("told")[0].text == told
    assert [element.text for element in tree.of("evidence")] == ["answer stands"]


@pytest.mark.parametrize("more", [{"shape": "source"}, {"shape": "x"}, {"shape": ["read"]}, {"page": "x"}, {"shape": None, "page": 10**30}])
def test_what_the_browser_asks_for_is_checked(more: dict[str, Any]) -> None:
    index = OneNote(Document("a.md", "A", "# 제목\n\n본문\n"), "", ())
    tree = parse(drawer(index, request_for(index, "본문", **more)))
    assert tree.of("evidence")[0].text == "본문"
    assert bool(tree.of("read")) == (more.get("shape") != "source")


def test_spans_that_are_no_numbers_are_left_out() -> None:
    place = {"doc": "a", "start": 0, "end": 1, "spans": [["0", 1], [0, 1]], "check": ""}
    assert html_note.parse_target(place).spans == ((0, 1),)


def test_plain_text_has_one_shape() -> None:
    index = OneNote(Document("a.txt", "A", "# 글자\n그대로", "text"), "", ())
    tree = parse(drawer(index, request_for(index, "글자", shape="read")))
    assert "".join(row.text for row in tree.of("verse")) == "# 글자\n그대로" and tree.of("shapes") == []


# Pictures

DECK = Document(
    "a.pptx", "A", "# 하나\n\n첫 말\n\n그림의 글\n\n# 둘\n\n뒤의 말\n",
    marks=(Mark(0, "slide", "1"), Mark(11, "picture", "2"), Mark(18, "picture", ""), Mark(18, "slide", "2")),
)  # fmt: skip


def test_a_picture_of_a_note_is_told_from_a_page() -> None:
    shown = replace(picture(2, "그림의 글"), kind="picture")
    tree = parse(html_note.note(DECK, target_of(DECK, "그림의 글", "글"), "ko", Look("page", ("page", "read", "source"), shown)))
    assert [box.attributes["style"] for box in tree.of("evidence")] == ["left:4.00%;top:50.00%;width:1.00%;height:2.00%"]
    assert [element.text for element in tree.elements if "data-shape" in element.attributes] == [KO.picture, KO.read, KO.source]
    assert [element.text for element in tree.of("pages")] == ["‹" + KO.picture_of.format(value=2, total=3) + "›"]
    (image,) = [element for element in tree.elements if element.tag == "img"]
    assert image.attributes["alt"] == KO.picture_picture.format(value=2)
    alone = replace(shown, page=1, pages=1)
    assert parse(html_note.note(DECK, target_of(DECK, "첫 말"), "ko", Look("page", ("page", "read"), alone))).of("pages") == []


def test_where_a_picture_ends_nothing_is_said() -> None:
    for shape in ("read", "source"):
        tree = parse(html_note.note(DECK, target_of(DECK, "뒤의 말"), "en", Look(shape, ("read", "source"))))  # type: ignore[arg-type]
        t = all_texts("en")
        assert [each.text for each in tree.of("stop")] == [t.slide.format(value=1), t.picture.format(value=2), t.slide.format(value=2)]


@pytest.mark.parametrize(
    ("quote", "request_", "shape"),
    [
        ("그림의 글", {}, "page"),
        ("그림의 글", {"shape": "source"}, "page"),
        ("그림의 글", {"shape": "source", "pressed": True}, "source"),
        ("첫 말", {}, "read"),
        ("첫 말", {"shape": "page"}, "read"),
        ("첫 말", {"shape": "page", "pressed": True}, "page"),
        ("뒤의 말", {"shape": "source"}, "source"),
    ],
)
def test_a_picture_opens_where_the_words_stand_in_one_or_it_is_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quote: str, request_: dict[str, Any], shape: str
) -> None:
    (tmp_path / "a.pptx").write_bytes(b"deck")
    index = OneNote(DECK, content_hash(tmp_path / "a.pptx"), (str(tmp_path),))
    drawn: list[tuple[int, Path | None]] = []
    shown = replace(picture(2, "그림의 글"), kind="picture")
    monkeypatch.setattr("ui.drawer.page_picture", lambda path, number, root: drawn.append((number, root)) or shown)
    tree = parse(drawer(index, request_for(index, quote, **request_)))
    pressed = [e.attributes["data-shape"] for e in tree.elements if e.attributes.get("aria-pressed") == "true"]
    assert pressed == [shape]
    assert drawn == ([(2 if quote == "그림의 글" else 1, tmp_path)] if shape == "page" else [])


@pytest.mark.parametrize("marks", [(), (Mark(0, "picture", "1"),)])
def test_a_picture_file_has_no_source_to_show(marks: tuple[Mark, ...]) -> None:
    photo = Document("a.png", "A", "# 하나\n\n그림의 글\n", marks=marks)
    index = OneNote(photo, "", ())
    tree = parse(drawer(index, request_for(index, "그림의 글", shape="source")))
    assert tree.of("read") and not tree.of("shapes")


def test_without_its_file_a_picture_is_text_and_says_so(tmp_path: Path) -> None:
    index = OneNote(DECK, "0" * 64, (str(tmp_path),))
    assert parse(drawer(index, request_for(index, "그림의 글"))).of("told")[0].text == EN.picture_missing
    (tmp_path / "a.pptx").write_bytes(b"another deck")
    assert parse(drawer(index, request_for(index, "그림의 글"))).of("told")[0].text == EN.picture_changed
    index = OneNote(DECK, content_hash(tmp_path / "a.pptx"), (str(tmp_path),))
    assert parse(drawer(index, request_for(index, "그림의 글"))).of("told")[0].text == EN.picture_broken
