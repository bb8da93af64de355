"""The fragments of the page: what is marked is what stands there, and nothing of a note becomes markup."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Document, DocumentInfo, Locator, Passage
from rag.pipeline import repair_notices
from rag.repair import Repaired
from rag.types import Answer, Hit, Leg, Repair, Span
from tests.ui.parse import Tree, parse
from ui import html, html_note
from ui.examples import CURATED, examples
from ui.highlight import hang, lines, marked, merged
from ui.i18n import EN, KO, LANGS, Lang, texts

NASTY = '<script>alert(1)</script><img src=x onerror="bad()"> [a](javascript:bad()) &amp; ${1+1} {{value}} \'" 😀👩‍💻é'
TAGS = {
    *("html", "section", "header", "div", "p", "ul", "ol", "li", "h1", "h2", "h3", "a", "b", "i", "span", "strong", "mark", "button"),
    *("bdi", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "code", "kbd", "q", "svg", "path", "rect"),
}
LIVE = ("on", "href", "src", "srcdoc", "action", "formaction")

note_text = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n \t<>&\"'`*|#-😀가")), max_size=80)
places = st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5)


def safe(tree: Tree) -> bool:
    """Only the page's own elements, and no attribute that acts, but the way back to the page itself."""
    links = [(name, value) for element in tree.elements for name, value in element.attributes.items() if name.startswith(LIVE)]
    return {element.tag for element in tree.elements} <= TAGS and set(links) <= {("href", "./")}


# Highlights


@given(places)
def test_merged_intervals_cover_the_same_code_points(intervals: list[tuple[int, int]]) -> None:
    out = merged(intervals, 0, 80)
    assert {at for a, b in out for at in range(a, b)} == {at for a, b in intervals for at in range(a, b) if 0 <= at < 80}
    assert all(b < c for (_, b), (c, _) in pairwise(out))


@given(note_text, places, places)
def test_highlights_slice_exactly_the_right_code_points(text: str, strong: list[tuple[int, int]], light: list[tuple[int, int]]) -> None:
    tree = parse(marked(text, strong, light))
    assert tree.elements[0].text == text
    assert [element.text for element in tree.of("evidence")] == [text[a:b] for a, b in merged(strong, 0, len(text))]
    assert "".join(element.text for element in tree.of("match")) == "".join(text[a:b] for a, b in merged(light, 0, len(text)))
    assert safe(tree)


@given(note_text, places)
def test_lines_lose_nothing_and_no_mark_crosses_them(text: str, strong: list[tuple[int, int]]) -> None:
    trees = [parse(line) for line in lines(text, strong)]
    assert "".join(tree.elements[0].text for tree in trees) == text
    assert "".join(mark.text for tree in trees for mark in tree.of("evidence")) == "".join(
        text[a:b] for a, b in merged(strong, 0, len(text))
    )
    assert all(mark.text.find("\n") in (-1, len(mark.text) - 1) for tree in trees for mark in tree.of("evidence"))


def test_evidence_after_an_emoji_is_counted_in_code_points() -> None:
    text = "😀👩‍💻 역전파는 기울기를 **뒤로** 보낸다"
    start = text.index("역전파")
    assert parse(marked(text, [(start, start + 3)])).of("evidence")[0].text == "역전파"


def test_markdown_signs_are_dressed_and_kept() -> None:
    tree = parse(marked("**리더(reader)**: `max_len`과 `` ` ``"))
    assert [element.text for element in tree.of("strong")] == ["리더(reader)"]
    assert [element.text for element in tree.of("code")] == ["max_len"]
    assert [element.text for element in tree.of("sign")] == ["**", "**", "`", "`"]


@pytest.mark.parametrize("unit", ["`a` ", "`**a `", "**a ", "`a "])
def test_time_to_mark_grows_with_the_text(unit: str) -> None:
    """Four times the text takes less than eight times as long; what is below a quarter of a second is not measured."""

    def seconds(size: int) -> float:
        started = time.process_time()
        marked(unit * (size // len(unit)), [(0, size // 2)], [(at, at + 3) for at in range(0, size, 10)])
        return time.process_time() - started

    assert seconds(60_000) < 8 * max(seconds(15_000), 0.25)


@pytest.mark.parametrize(("line", "columns"), [("글", 0), ("- 항목", 2), ("    1) 항목", 7), ("\t• 항목", 6), ("-5도", 0), ("", 0)])
def test_wrapped_lines_hang_under_their_words(line: str, columns: int) -> None:
    assert hang(line) == columns


# Cards


def passage(text: str, *, title: str = "역전파", doc_id: str = "week03/backprop.md", start: int = 10, **rest: Any) -> Passage:
    return Passage(doc_id, title, ("학습", "기울기"), text, start, start + len(text), Locator(12), **rest)


def answer(text: str, quote: str, /, **rest: Any) -> Answer:
    held = passage(text)
    start = held.start + text.index(quote)
    hit = Hit(held, 0.9, {"dense": Leg(0.81, 2), "lexical": Leg(7.25, None)}, ("역전파",), ((0, 3),))
    span = Span(held.doc_id, start, start + len(quote), quote)
    return replace(
        Answer("역전파란?", quote, (span,), 0.83, (hit, replace(hit, score=0.45, passage=passage("다른 글", start=900)))), **rest
    )


@pytest.mark.parametrize("lang", LANGS)
def test_an_answer_shows_its_words_confidence_and_source(lang: Lang) -> None:
    t = texts(lang)
    tree = parse(html.answer_side(answer("앞줄\n역전파는 기울기를 뒤로 보낸다.", "기울기를 뒤로 보낸다."), lang))
    assert tree.of("text")[0].text == "기울기를 뒤로 보낸다."
    assert tree.of("confidence")[0].text == f"{t.sure}{t.confidence} 83%"
    assert tree.of("origin")[0].text == f"1역전파›학습›기울기{t.line.format(value=13)}"


def test_each_source_is_named_once_at_its_first_words() -> None:
    shown = answer("앞\n하나\n둘", "하나")
    span = shown.spans[0]
    second = Span(span.doc_id, span.start + 3, span.start + 4, "둘")
    later = Span(span.doc_id, 900, 902, "다른")
    elsewhere = Span("other.md", 0, 1, "x")
    tree = parse(html.answer_side(replace(shown, text="하나\n둘", spans=(later, span, second, elsewhere)), "ko"))
    assert [(row.text[0], row.text[-3:]) for row in tree.of("origin")] == [("1", "13행"), ("2", "12행")]
    assert "many" in tree.of("text")[0].classes


@pytest.mark.parametrize("lang", LANGS)
def test_sources_show_rank_score_evidence_and_why(lang: Lang) -> None:
    t = texts(lang)
    tree = parse(html.source_side(answer("역전파는 기울기를 뒤로 보낸다.", "기울기를"), lang))
    assert [element.text for element in tree.of("rank")] == ["1", "2"]
    assert [element.attributes["style"] for element in tree.elements if element.tag == "i" and "style" in element.attributes] == [
        "width:100%",
        "width:50%",
    ]
    cards = tree.of("source")
    assert ["cited" in card.classes for card in cards] == [True, False]
    assert [element.text for element in tree.of("passage")] == ["역전파는 기울기를 뒤로 보낸다.", "다른 글"]
    assert [element.text for element in tree.of("evidence")] == [t.evidence, "기울기를"]
    rows = [element.text for element in tree.elements if element.tag == "tr"][:3]
    assert rows[1:] == [t.dense + t.rank.format(rank=2) + "0.810", t.lexical + t.leg_none + "7.250"]


def test_a_leg_without_a_score_is_left_out() -> None:
    shown = answer("글", "글")
    hit = replace(shown.hits[0], legs={"dense": Leg(float("nan"), None), "lexical": Leg(1.0, 1)})
    tree = parse(html.source_side(replace(shown, hits=(hit,)), "ko"))
    assert [element.text for element in tree.elements if element.tag == "tbody"] == [KO.lexical + "1위1.000"]


@pytest.mark.parametrize("score", [0.0, -3.0])
def test_scores_at_or_below_zero_have_an_empty_bar(score: float) -> None:
    shown = answer("글", "글")
    tree = parse(html.source_side(replace(shown, hits=(replace(shown.hits[0], score=score),)), "ko"))
    assert "width:0%" in [element.attributes.get("style") for element in tree.elements]


def test_parent_bullets_stand_above_the_passage() -> None:
    held = passage("- 글", parents=("둘째, 검색 기반 모델", "<b>"))
    shown = Answer("?", "", (), 0.1, (Hit(held, 1.0),), True)
    assert parse(html.source_side(shown, "ko")).of("under")[0].text == "둘째, 검색 기반 모델 › <b>"


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_amiss_is_said_in_both_languages_before_and_after_a_question(lang: Lang) -> None:
    notices = (f"{KO.model_changed}: rag index --index data/index", f"{KO.no_spans}: no model in a: b", "<b>")
    for shown in (html.Start((), notices), answer("글", "글", notices=notices)):
        tree = parse(html.answer_side(shown, lang))
        t = texts(lang)
        changed = t.model_changed.replace("`", "")
        assert tree.of("notices")[0].text == f"{changed}: rag index --index data/index{t.no_spans}: no model in a: b<b>"
        assert [element.text for element in tree.elements if element.tag == "code"] == ["make run", "rag index --index data/index"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_refusal_says_so_and_what_to_try(lang: Lang) -> None:
    t = texts(lang)
    shown = answer(
        "글", "글", abstained=True, text="", spans=(), message="노트에서 근거를 찾지 못했습니다", notices=("`rag index`로 다시",)
    )
    tree = parse(html.answer_side(shown, lang))
    assert [element.text for element in tree.elements if element.tag == "h2"] == [t.not_found]
    assert tree.of("tips")[0].text == t.try_words + t.try_shorter + t.try_settings + t.try_notes
    assert tree.of("notices")[0].text == "rag index로 다시"
    assert tree.of("what") == []
    sources = parse(html.source_side(shown, lang))
    assert [element.text for element in sources.elements if element.tag == "h2"] == [t.closest]
    assert sources.of("evidence") == []


@pytest.mark.parametrize(
    ("message", "lang", "head", "rest"),
    [
        (KO.no_summary, "ko", "요약은 하지 않습니다", "노트의 문장을 그대로 찾아 드리니, 궁금한 것을 하나씩 물어 주세요."),
        (KO.no_summary, "en", *EN.no_summary.split(". ")),
        ("다른 <까닭>", "en", "다른 <까닭>", None),
    ],
)
def test_a_refusal_says_why_in_the_readers_language(message: str, lang: Lang, head: str, rest: str | None) -> None:
    shown = Answer("요약해 줘", "", (), 0.0, (), True, message)
    tree = parse(html.answer_side(shown, lang))
    assert [element.text for element in tree.elements if element.tag == "h2"] == [head]
    assert [element.text for element in tree.of("what")] == ([rest] if rest else [])
    assert parse(html.source_side(shown, lang)).of("none")[0].text == texts(lang).no_sources


def test_a_follow_up_shows_what_was_searched() -> None:
    assert (
        parse(html.answer_side(answer("글", "글", searched="역전파의 단점은?"), "ko")).of("searched")[0].text.endswith("역전파의 단점은?")
    )
    assert parse(html.answer_side(answer("글", "글", searched="역전파란?"), "ko")).of("searched") == []


@pytest.mark.parametrize(("lang", "said"), [("ko", "‘벡터’, ‘역전파’로 검색했습니다"), ("en", "Searched for ‘벡터’, ‘역전파’")])
def test_mended_slips_are_said_once_with_a_button_that_undoes_them(lang: Lang, said: str) -> None:
    typed, repairs = '백터와 <b>"durwjsvk"', (Repair("백터", "벡터"), Repair("durwjsvk", "역전파"))
    notices = repair_notices(Repaired("", repairs))
    shown = replace(answer("글", "글"), question=typed, searched="벡터와 역전파", notices=(*notices, "다른 알림"), repairs=repairs)
    for each in (shown, replace(shown, abstained=True, text="", spans=(), message=KO.not_found)):
        tree = parse(html.answer_side(each, lang))
        assert tree.of("repaired")[0].text == f"{said} {texts(lang).as_typed}"
        [button] = tree.of("undo")
        assert (button.attributes["data-act"], button.attributes["data-question"]) == ("as-typed", typed)
        assert tree.of("notices")[0].text == "다른 알림" and safe(tree)
    assert parse(html.answer_side(replace(shown, repairs=()), lang)).of("repaired") == []


@pytest.mark.parametrize(
    ("value", "step"), [(1.0, "sure"), (0.75, "sure"), (0.74, "likely"), (0.5, "likely"), (0.49, "unsure"), (0.0, "unsure")]
)
def test_confidence_in_plain_words(value: float, step: str) -> None:
    assert html.confidence_words(value, KO) == (getattr(KO, step), step)


@pytest.mark.parametrize(
    ("locator", "said"),
    [
        (Locator(3), "3행"),
        (Locator(3, page=7), "7쪽"),
        (Locator(3, slide=2), "슬라이드 2"),
        (Locator(3, cell=0), "셀 0"),
        (Locator(3, time="00:01"), "00:01"),
    ],
)
def test_a_place_in_words(locator: Locator, said: str) -> None:
    assert html.place(locator, KO) == said


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("No index. Make one: rag index --index data/index NOTES", "rag index --index data/index NOTES"),
        ("`rag rollback` returns to an earlier one", "rag rollback"),
        ("build anew: rag index /a/b.c/notes. Then again", "rag index /a/b.c/notes"),
        ("in use; take `rag ui --port 7861`", "rag ui --port 7861"),
    ],
)
def test_a_problem_shows_the_command_that_mends_it(message: str, command: str) -> None:
    tree = parse(html.answer_side(html.Problem(message), "ko"))
    assert [element.text for element in tree.elements if element.tag == "code"] == [command]
    assert tree.of("what")[0].text == message.replace("`", "")
    assert safe(tree)


def test_a_crash_is_not_called_a_missing_index() -> None:
    tree = parse(html.answer_side(html.Problem("KeyError: 'x'", crashed=True), "en"))
    assert [element.text for element in tree.elements if element.tag in ("h2", "button")] == [EN.crashed]
    assert tree.of("hint")[0].text == EN.crashed_note


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_of_a_note_or_a_question_becomes_markup(lang: Lang) -> None:
    held = Passage(NASTY, NASTY, (NASTY, NASTY), NASTY, 0, len(NASTY), Locator(1, time=NASTY), (NASTY,))
    hit = Hit(held, 1.0, {NASTY: Leg(1.0, 1)}, (NASTY,), ((0, 5),))
    shown = Answer(NASTY, NASTY, (Span(NASTY, 0, len(NASTY), NASTY),), 0.5, (hit,), searched=NASTY + "!", notices=(NASTY,))
    refused = replace(shown, abstained=True, text="", message=NASTY)
    fragments = [side(each, lang) for each in (shown, refused) for side in (html.answer_side, html.source_side)]
    fragments += [html.answer_side(html.Start((NASTY,)), lang), html.answer_side(html.Problem(NASTY), lang)]
    fragments += [html.header(lang, 1, 2), *html.waiting(lang), html.offline(lang)]
    trees = [parse(fragment) for fragment in fragments]
    assert all(safe(tree) for tree in trees)
    assert trees[0].of("text")[0].text == trees[1].of("passage")[0].text == trees[1].of("evidence")[1].text == NASTY
    assert trees[4].of("chip")[0].attributes["data-question"] == NASTY


def test_curated_examples_ask_about_notes_that_ship() -> None:
    notes = Path(__file__).parents[2] / "data" / "notes"
    assert [doc_id for doc_id, _ in CURATED if not (notes / doc_id).is_file()] == []


def test_examples_are_those_whose_notes_are_there() -> None:
    here = DocumentInfo(CURATED[1][0], "DPR", "", 1, 1)
    assert examples([here], "ko") == (CURATED[1][1],)
    own = [DocumentInfo("a.md", "고윳값", "", 1, 1), DocumentInfo("b.md", "SVD", "", 1, 1)]
    assert examples(own, "ko") == ("고윳값은 무엇인가요?", "SVD은(는) 무엇인가요?")
    assert examples(own, "en") == ("What is 고윳값?", "What is SVD?")


# The whole note


def target_of(document: Document, start: int, end: int, spans: tuple[tuple[int, int], ...] = ()) -> html_note.Target:
    """What a click sends back, through the attribute that the card carries."""
    held = Passage(document.doc_id, document.title, (), document.text[start:end], start, end, Locator(1))
    cited = [Span(document.doc_id, a, b, document.text[a:b]) for a, b in spans]
    attribute = parse(f'<p data-open="{html_note.place_of(held, cited)}"></p>').elements[1].attributes["data-open"]
    return html_note.parse_target(json.loads(attribute))


@given(note_text, st.integers(0, 80), st.integers(0, 80), places)
def test_a_note_is_shown_whole_as_text_with_its_evidence(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    document = Document("a <b>.md", "<i>", text)
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    inside = tuple((a, b) for a, b in merged(spans, 0, len(text)))
    tree = parse(html_note.note(document, target_of(document, start, end, inside), "ko"))
    rows = tree.of("verse")
    assert "".join(row.text for row in rows) == text
    assert "".join(element.text for element in tree.of("evidence")) == "".join(text[a:b] for a, b in inside)
    assert [row.attributes["data-n"] for row in rows] == [str(n + 1) for n in range(text.count("\n") + 1)]
    touched = {text.count("\n", 0, at) for at in range(start, end)}
    assert {n for n, row in enumerate(rows) if "here" in row.classes} == touched
    assert tree.of("told") == []
    assert safe(tree)


@pytest.mark.parametrize("changed", ["새 첫 줄\n앞\n근거는 여기\n뒤", "앞\n근거는 저기\n뒤", "앞"])
def test_a_note_that_changed_is_shown_without_a_place(changed: str) -> None:
    document = Document("a.md", "A", "앞\n근거는 여기\n뒤")
    target = target_of(document, 2, 8, ((2, 4),))
    tree = parse(html_note.note(replace(document, text=changed), target, "ko"))
    assert [element.text for element in tree.of("told")] == [KO.note_changed]
    assert tree.of("evidence") == tree.of("here") == []
    assert "".join(row.text for row in tree.of("verse")) == changed


def test_evidence_that_changed_beyond_the_passage_is_noticed() -> None:
    document = Document("a.md", "A", "앞\n근거는 여기\n뒤")
    target = target_of(document, 0, 4, ((2, 8),))
    tree = parse(html_note.note(replace(document, text="앞\n근거는 저기\n뒤"), target, "ko"))
    assert tree.of("told")[0].text == KO.note_changed


def test_a_long_note_is_cut_around_the_place() -> None:
    text = "".join(f"{n}행\n" for n in range(1, 10_001))
    document = Document("a.md", "A", text)
    start = text.index("7000행")
    tree = parse(html_note.note(document, target_of(document, start, start + 5), "ko"))
    rows = tree.of("verse")
    assert len(rows) == html_note.NOTE_LINES
    assert [row.text for row in rows if "here" in row.classes] == ["7000행\n"]
    assert tree.of("told")[0].text == KO.note_cut.format(
        total=10_001, first=rows[0].attributes["data-n"], last=rows[-1].attributes["data-n"]
    )


def test_headings_and_code_are_told_apart_in_markdown_only() -> None:
    text = "# 제목\n```\n# 코드\n```\n| 표 |\n \n글"
    kinds = {
        structure: [row.classes[1:] for row in parse(html_note.note(document, target_of(document, 0, 0), "ko")).of("verse")]
        for structure in ("markdown", "text")
        for document in [Document("a", "A", text, structure)]
    }
    assert kinds == {"markdown": [["heading"], ["code"], ["code"], ["code"], ["code"], ["blank"], []], "text": [[]] * 7}


@pytest.mark.parametrize("value", [None, [], {}, {"doc": 1, "start": 0, "end": 1, "spans": [], "check": ""}, {"doc": "a", "start": "0"}])
def test_what_comes_back_from_outside_is_checked(value: object) -> None:
    with pytest.raises(ValueError, match="not a place"):
        html_note.parse_target(value)


# Formulas in an answer


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("확률 $p$ 로 <b>", '확률 <math display="inline" dir="ltr"><semantics><mrow><mi>p</mi></mrow>'),
        ("가격은 $5에서 $7로 & <i>", "가격은 $5에서 $7로 &amp; &lt;i&gt;"),
        (r"$\newcommand{\a}{<b>}$ 끝", r"$\newcommand{\a}{&lt;b&gt;}$ 끝"),
    ],
)
def test_formulas_of_an_answer_are_drawn_and_prices_stay(text: str, drawn: str) -> None:
    assert drawn in html.worded(text)
    assert "<b>" not in html.worded(text) and "<i>" not in html.worded(text)


def test_an_answer_without_formulas_looks_as_a_passage_does() -> None:
    text = "- **굵게** 쓴 줄\n둘째 줄"
    assert html.worded(text) == html.dressed(text)
