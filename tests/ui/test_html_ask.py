"""What stands around the question: passages while it is typed, the filter's chips, the sentence that compares, and the keys."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import IndexMissing
from index.types import Document, DocumentInfo, Filter, Locator, Passage
from rag.types import Glance, Hit, Leg, Repair
from tests.ui.parse import parse
from tests.ui.shelf import WordIndex, WordPipeline
from ui import html, html_ask, html_why, web_ask
from ui.i18n import LANGS, Lang
from ui.i18n_ask import EN, KO, ask_texts, subject
from ui.scope import KINDS, Offer, offer

NASTY = '<img src=x onerror="harm()">'


def hit(text: str, marks: tuple[tuple[int, int], ...] = (), title: str = "노트") -> Hit:
    return Hit(Passage("week03/a.md", title, ("정의",), text, 0, len(text), Locator(7)), 1.0, {}, (), marks)


# Words


@pytest.mark.parametrize(
    ("words", "said"),
    [(["역전파"], "‘역전파’가"), (["벡터", "손실"], "‘벡터’, ‘손실’이"), (["loss"], "‘loss’ 낱말이"), (["BM25"], "‘BM25’ 낱말이")],
)
def test_the_particle_fits_the_last_word(words: list[str], said: str) -> None:
    assert subject(words, "ko") == said
    assert subject(words, "en") == said[: said.rindex("’") + 1]


# While typing


@pytest.mark.parametrize("lang", LANGS)
def test_passages_show_where_they_stand_and_the_words_found(lang: Lang) -> None:
    tree = parse(html_ask.glanced(Glance("역전파", (hit("역전파는 뒤로", ((0, 3),)), hit(NASTY, title=NASTY))), lang))
    first, second = tree.of("source")
    assert first.attributes["data-passage"] == "week03/a.md#0-7"
    assert [path.text for path in tree.of("path")] == ["노트›정의", f"{NASTY}›정의"]
    assert [word.text for word in tree.of("match")] == ["역전파"]
    assert NASTY in second.text
    assert not [element for element in tree.elements if element.tag == "img"]
    places = [json.loads(element.attributes["data-open"]) for element in tree.of("passage")]
    assert [(place["doc"], place["start"], place["end"]) for place in places] == [("week03/a.md", 0, 7), ("week03/a.md", 0, len(NASTY))]


def test_a_mended_slip_and_a_topic_carried_along_are_said() -> None:
    tree = parse(
        html_ask.glanced(Glance("그럼 durwjsvk?", (hit("역전파"),), "벡터란? 그럼 역전파?", (Repair("durwjsvk", "역전파"),)), "ko")
    )
    assert "‘역전파’로 검색했습니다" in tree.of("repaired")[0].text
    assert "벡터란? 그럼 역전파?" in tree.of("searched")[0].text
    assert "data-as-typed" in tree.of("undo")[0].attributes


@pytest.mark.parametrize(("question", "said"), [("ㅇ", ""), (" a ", ""), ("쿼크", KO.typing_none)])
def test_nothing_found_is_said_once_there_is_something_to_find(question: str, said: str) -> None:
    shown = html_ask.glanced(Glance(question, ()), "ko")
    assert (said in shown) if said else shown == ""


@pytest.mark.parametrize(
    ("text", "marks", "shown"),
    [
        ("짧은 글", (), "짧은 글"),
        ("앞줄\n" * 80 + "여기 보물이 있다\n뒷줄", ((243, 245),), "여기 보물이 있다\n뒷줄"),
        ("가 " * 300 + "보물 상자", ((600, 602),), "가 " * 19 + "보물 상자"),
        ("보물\n" + "채움 " * 100 + "\n보물 보물", ((0, 2), (304, 306), (307, 309)), "보물 보물"),
    ],
)
def test_an_excerpt_holds_most_of_the_words_found(text: str, marks: tuple[tuple[int, int], ...], shown: str) -> None:
    start, end = html_ask.excerpt(text, marks)
    assert text[start:end] == shown


@given(st.text(alphabet="가 나\n", max_size=700), st.data())
def test_an_excerpt_is_a_part_of_the_passage_and_begins_no_later_than_a_mark(text: str, data: st.DataObject) -> None:
    places = st.integers(0, max(0, len(text) - 1))
    marks = sorted(data.draw(st.lists(places.map(lambda at: (at, min(at + 2, len(text)))), max_size=4))) if text else []
    start, end = html_ask.excerpt(text, marks)
    assert 0 <= start <= end <= len(text) and end - start <= html_ask.EXCERPT
    assert not marks or any(start <= left < end for left, _ in marks) or not text.strip()


# The server's side of it


def pipeline() -> WordPipeline:
    return WordPipeline(WordIndex([Document("week03/a.md", "가", "역전파는 뒤로\n"), Document("week04/b.txt", "나", "역전파 다음\n")]))


def test_the_page_is_answered_with_the_passages_that_the_filter_keeps() -> None:
    asked = pipeline()
    glance = web_ask._glancer(lambda: asked)
    assert [
        row.attributes["data-passage"] for row in parse(glance({"lang": "ko", "question": "역전파", "kept": {"weeks": [4]}})).of("source")
    ] == ["week04/b.txt#0-7"]
    narrow = parse(glance({"lang": "en", "question": "역전파", "kept": {"weeks": [4], "types": ["md"]}}))
    assert narrow.of("narrow")[0].text.startswith(EN.narrow)
    assert narrow.of("again")[0].attributes["data-act"] == "clear"
    assert asked.asked == []


@pytest.mark.parametrize(
    "request_", [{}, {"question": None}, {"question": ["a"], "kept": "x", "before": 3, "as_typed": "yes"}, {"question": "x" * 5000}]
)
def test_whatever_the_page_sends_is_answered(request_: dict[str, object]) -> None:
    assert "class=" in web_ask._glancer(pipeline)(request_) or not request_.get("question")


def test_a_broken_index_is_not_told_while_typing() -> None:
    def missing() -> WordPipeline:
        raise IndexMissing("no index")

    assert web_ask._glancer(missing)({"question": "역전파"}) == ""


def test_a_question_that_the_filter_leaves_no_note_for_is_not_asked() -> None:
    asked, kept = pipeline(), Filter(weeks=(3,), types=("txt",))
    _, view = web_ask._respond(lambda: asked, "역전파는?", "hybrid", 3, kept=kept)
    assert view == html.Narrow(kept, offer(asked.index.documents()))
    assert asked.asked == []
    tree = parse(html.answer_side(view, "ko"))
    assert "‘3주차 · txt’" in tree.of("what")[0].text
    assert tree.of("again")[0].attributes["data-act"] == "unfilter"


# The filter


OFFERED = Offer((("a.md", "가"), ("b/a.md", "가"), ("c.md", NASTY)), ("b",), (3,), ("md",))


@pytest.mark.parametrize("lang", LANGS)
def test_each_value_of_the_filter_is_a_button_that_takes_it_out(lang: Lang) -> None:
    kept = Filter(("c.md",), ("b",), (3,), ("md",))
    tree = parse(html_ask.chips(kept, OFFERED, lang))
    week = "3주차" if lang == "ko" else "Week 3"
    assert [(chip.attributes["data-drop"], chip.attributes["data-value"]) for chip in tree.of("off")] == [
        ("notes", "c.md"), ("folders", "b"), ("weeks", "3"), ("types", "md")
    ]  # fmt: skip
    assert [chip.text for chip in tree.of("off")] == [f"{NASTY}×", "b/×", f"{week}×", "md×"]
    assert [chip.attributes["aria-label"] for chip in tree.of("off")][2] == ask_texts(lang).drop.format(name=week)
    assert json.loads(tree.of("scope")[0].attributes["data-kept"]) == {"notes": ["c.md"], "folders": ["b"], "weeks": [3], "types": ["md"]}
    assert html_ask.chips(Filter(), OFFERED, lang) == ""


def test_notes_of_one_title_are_told_apart() -> None:
    assert html_ask.choices("notes", OFFERED, "ko") == [("가 · a.md", "a.md"), ("가 · b/a.md", "b/a.md"), (NASTY, "c.md")]
    assert [html_ask.choices(kind, OFFERED, "ko") for kind in KINDS[1:]] == [[("b/", "b")], [("3주차", 3)], [("md", "md")]]


def test_a_note_without_a_title_goes_by_its_name() -> None:
    offered = offer([DocumentInfo("a.md", "", "", 1, 1)])
    assert html.named("notes", "a.md", offered, KO) == html.named("notes", "a.md", Offer(), KO) == "a.md"


# Why this passage


def scored(text: str, score: float, dense: float, lexical: float) -> Hit:
    words = tuple(word for word in ("역전파", "기울기") if word in text)
    marks = tuple((found.start(), found.end()) for found in re.finditer("역전파|기울기", text))
    return Hit(hit(text).passage, score, {"dense": Leg(dense, 1), "lexical": Leg(lexical, 1)}, words, marks)


@pytest.mark.parametrize(
    ("upper", "lower", "korean", "english"),
    [
        (
            scored("역전파 역전파", 2, 0.9, 5), scored("역전파", 1, 0.8, 4),
            ["2위보다 ‘역전파’가 더 나오고 뜻도 더 가깝습니다.", "1위에 견주면 ‘역전파’가 덜 나오고 뜻도 더 멉니다."],
            ["Compared with No. 2, it says ‘역전파’ more often and is closer in meaning too.",
             "Compared with No. 1, it says ‘역전파’ less often and is further in meaning too."],
        ),
        (
            scored("역전파 기울기", 2, 0.7, 5), scored("역전파", 1, 0.8, 4),
            ["2위보다 뜻은 더 멀지만 ‘기울기’까지 더 겹칩니다.", "1위에 견주면 뜻은 더 가깝지만 ‘기울기’가 없습니다."],
            ["Compared with No. 2, it is further in meaning, but also shares ‘기울기’.",
             "Compared with No. 1, it is closer in meaning, but lacks ‘기울기’."],
        ),
        (
            scored("역전파", 2, 0.9, 3), scored("역전파", 1, 0.8, 4),
            ["2위보다 낱말 점수는 낮지만 뜻이 더 가깝습니다.", "1위에 견주면 낱말 점수는 높지만 뜻이 더 멉니다."],
            ["Compared with No. 2, it scores lower by its words, but is closer in meaning.",
             "Compared with No. 1, it scores higher by its words, but is further in meaning."],
        ),
        (
            scored("역전파", 2, 0.8, 5), scored("역전파", 1, 0.8, 4),
            ["2위보다 낱말 점수가 높습니다.", "1위에 견주면 낱말 점수가 낮습니다."],
            ["Compared with No. 2, it scores higher by its words.", "Compared with No. 1, it scores lower by its words."],
        ),
        (
            scored("역전파", 1, 0.8, 5), scored("역전파", 1, 0.9, 4),
            ["2위와 점수가 같아 노트 이름 순서로 놓았습니다.", "1위와 점수가 같아 노트 이름 순서로 놓았습니다."],
            ["Its score equals that of No. 2; the names of the notes decide.",
             "Its score equals that of No. 1; the names of the notes decide."],
        ),
    ],
)  # fmt: skip
def test_a_plain_sentence_says_why(upper: Hit, lower: Hit, korean: list[str], english: list[str]) -> None:
    assert html_why.sentences([upper, lower], "ko") == korean
    assert html_why.sentences([upper, lower], "en") == english


def test_every_other_passage_is_compared_with_the_one_above_it() -> None:
    hits = [scored("역전파 기울기", 3, 0.9, 7), scored("역전파", 2, 0.8, 5), hit("다른 글")]
    first, second, third = html_why.sentences(hits, "ko")
    assert first.startswith("2위보다") and second.startswith("1위에 견주면") and third == ""
    assert html_why.sentences(hits[:1], "ko") == [""]
    assert html_why.sentences([], "ko") == []


# Keys


@pytest.mark.parametrize("lang", LANGS)
def test_the_help_lists_every_key(lang: Lang) -> None:
    tree = parse(html_ask.keys_help(lang))
    assert [each.text for each in tree.elements if each.tag == "kbd"] == ["/", "Enter", "↓", "j", "k", "Enter", "Esc", "?"]
    assert len([each for each in tree.elements if each.tag == "dd"]) == 7
