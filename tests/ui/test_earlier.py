"""Earlier answers: what is kept of them, what comes back over changed notes, and how the page shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import IndexMissing
from index.types import Document
from rag.citations import Citation
from rag.types import Answer, Span, Turn
from tests.ui.parse import Tree, parse
from tests.ui.shelf import WordIndex, WordPipeline
from tests.ui.test_web_html import NASTY, safe
from ui import earlier, html_earlier, web_ask
from ui.earlier import Earlier, earlier_of, from_json, history, keep, recall, to_json
from ui.html import Problem
from ui.i18n import LANGS, Lang, texts

TEXT = "# 역전파\n\n## 정의\n\n😀 역전파는 기울기를 뒤로 보낸다.\n\n## 한계\n\n역전파의 단점은 메모리이다.\n"
NOTE = Document("week03/a.md", "역전파", TEXT)


def shelf(*notes: Document) -> WordIndex:
    return WordIndex(notes or (NOTE,))


def answered(question: str = "기울기를 뒤로?") -> Answer:
    return WordPipeline(shelf()).ask(question)


def kept_as(number: int, text: str = "답") -> Earlier:
    return Earlier(f"질문 {number}", f"질문 {number}", text, "", 0.5, ())


plain = st.text(st.characters(codec="utf-8"), max_size=20)
cited = st.builds(
    lambda quote, start: Citation("a.md", start, start + len(quote), quote, "앞", "뒤"), plain.filter(str.strip), st.integers(0, 99)
)
answers = st.builds(Earlier, plain, plain, plain, plain, st.floats(0, 1), st.lists(cited, max_size=2).map(tuple))


# Keeping


def test_an_answer_is_kept_with_its_words() -> None:
    found = earlier_of(answered(), shelf())
    quote = "😀 역전파는 기울기를 뒤로 보낸다."
    assert (found.question, found.searched, found.text) == ("기울기를 뒤로?", "기울기를 뒤로?", quote)
    assert [(each.doc_id, TEXT[each.start : each.end], each.quote) for each in found.cited] == [("week03/a.md", quote, quote)]


def test_words_that_changed_before_they_could_be_cited_are_left_out() -> None:
    assert earlier_of(answered(), shelf(replace(NOTE, text="새 글"))).cited == ()
    assert earlier_of(answered(), shelf(replace(NOTE, doc_id="b.md"))).cited == ()


@given(st.lists(answers, max_size=5))
def test_the_browser_gives_back_what_it_was_given(kept: list[Earlier]) -> None:
    assert from_json(json.loads(json.dumps(to_json(kept)))) == tuple(kept)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, earlier.ROOM)), max_size=60))
def test_what_is_kept_is_bounded_for_any_sequence(asked: Sequence[tuple[int, int]]) -> None:
    kept: tuple[Earlier, ...] = ()
    for number, size in asked:
        new = kept_as(number, "가" * size)
        kept = keep(kept, new)
        assert kept[:1] == (new,) or size > earlier.ROOM - 200
        assert len(kept) <= earlier.KEPT
        assert len({each.key for each in kept}) == len(kept)
        assert sum(len(json.dumps(row, ensure_ascii=False)) for row in to_json(kept)) <= earlier.ROOM


def test_a_question_asked_again_is_kept_once_and_comes_first() -> None:
    kept = keep(keep(keep((), kept_as(1)), kept_as(2)), kept_as(1, "새 답"))
    assert [(each.question, each.text) for each in kept] == [("질문 1", "새 답"), ("질문 2", "답")]


GOOD = to_json([earlier_of(answered(), shelf())])[0]


@pytest.mark.parametrize(
    "value",
    [
        *(None, "글", {}, [None], [[]], [{}], [GOOD | {"question": 1}], [GOOD | {"confidence": "1"}], [GOOD | {"confidence": 7}]),
        *([GOOD | {"confidence": float("nan")}], [GOOD | {"cited": [{}]}], [GOOD | {"cited": None}]),
    ],
)
def test_what_is_not_ours_is_nothing(value: object) -> None:
    assert from_json(value) == ()


def test_one_foreign_row_costs_no_other() -> None:
    assert [each.question for each in from_json([{"x": 1}, GOOD, 3])] == ["기울기를 뒤로?"]


# Conversations


def test_a_conversation_is_the_pipelines_history() -> None:
    first, second = replace(kept_as(1), searched="주제 1"), replace(kept_as(2, ""), searched="주제 1 그럼 2")
    assert history((first, second)) == (Turn("주제 1", "답"), Turn("질문 2", ""))
    assert history((second,)) == (Turn("주제 1 그럼 2", ""),)  # a follow-up opened again brings its topic
    assert history(()) == ()


# Opened again


def test_words_are_found_where_they_moved_to() -> None:
    moved = replace(NOTE, text="새 머리말 🙂\n\n" + TEXT)
    found = recall(earlier_of(answered(), shelf()), shelf(moved))
    ((span,), (hit,)) = found.answer.spans, found.answer.hits
    assert moved.text[span.start : span.end] == span.quote == "😀 역전파는 기울기를 뒤로 보낸다."
    passage = hit.passage
    assert passage.text == moved.text[passage.start : passage.end] == span.quote
    assert (passage.section, passage.locator.line, found.gone) == (("정의",), 7, ())


def test_words_that_are_gone_are_told_apart_from_those_that_stand() -> None:
    spans = tuple(Span(NOTE.doc_id, TEXT.index(quote), TEXT.index(quote) + len(quote), quote) for quote in ("뒤로 보낸다", "메모리이다"))
    both = replace(answered(), spans=spans)
    found = recall(earlier_of(both, shelf()), shelf(replace(NOTE, text=TEXT.replace("메모리이다", "없다"))))
    assert [span.quote for span in found.answer.spans] == ["뒤로 보낸다"]
    assert [citation.quote for citation in found.gone] == ["메모리이다"]


@given(st.text(st.sampled_from("가나 \n#-"), max_size=3000), st.data())
def test_the_paragraph_shown_holds_the_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    span = Span("a.md", start, end, text[start:end])
    passage = earlier._paragraph(Document("a.md", "A", text), span)
    assert passage.start <= start <= end <= passage.end
    assert passage.text == text[passage.start : passage.end]
    assert len(passage.text) <= end - start + 4 * earlier._AROUND
    assert passage.locator.line == text.count("\n", 0, passage.start) + 1


def test_two_citations_of_one_paragraph_show_it_once() -> None:
    spans = tuple(Span(NOTE.doc_id, TEXT.index(quote), TEXT.index(quote) + len(quote), quote) for quote in ("역전파는", "뒤로"))
    found = recall(earlier_of(replace(answered(), spans=spans), shelf()), shelf())
    assert len(found.answer.hits) == 1
    assert [mark.text for mark in parse(html_earlier.source_side(found, "ko")).of("evidence")][1:] == ["역전파는", "뒤로"]


# The page's memory


def absent() -> WordPipeline:
    raise IndexMissing("no index in data/index. Make one: rag index NOTES")


def test_only_answers_are_remembered() -> None:
    kept, talk = (kept_as(1),), (kept_as(2),)
    asked = WordPipeline(shelf())
    new = earlier_of(answered(), shelf())
    assert web_ask._remember(lambda: asked, answered(), talk, kept) == ((*talk, new), (new, *kept))
    for view in (None, Problem("x")):
        assert web_ask._remember(lambda: asked, view, talk, kept) == (talk, kept)
    assert web_ask._remember(absent, answered(), talk, kept) == (talk, kept)


def test_a_long_conversation_forgets_its_beginning() -> None:
    asked, talk = WordPipeline(shelf()), tuple(kept_as(number) for number in range(earlier.KEPT))
    longer, _ = web_ask._remember(lambda: asked, answered(), talk, ())
    assert longer == (*talk[1:], earlier_of(answered(), shelf()))


def test_an_answer_opened_again_over_no_index_says_how_to_mend_it() -> None:
    kept = earlier_of(answered(), shelf())
    assert web_ask._recall(absent, kept) == Problem("no index in data/index. Make one: rag index NOTES")
    assert web_ask._recall(lambda: WordPipeline(shelf()), kept) == recall(kept, shelf())


# On the page


def tags(tree: Tree, tag: str) -> list[str]:
    return [element.text for element in tree.elements if element.tag == tag]


@pytest.mark.parametrize("lang", LANGS)
def test_an_answer_opened_again_says_what_it_is_and_asks_again(lang: Lang) -> None:
    t = texts(lang)
    kept = replace(earlier_of(answered(), shelf()), question="그럼?", searched="역전파 그럼?")
    tree = parse(html_earlier.answer_side(recall(kept, shelf()), lang))
    assert tree.of("kept")[0].text == t.kept + t.ask_again
    assert tree.of("again")[0].attributes["data-question"] == "역전파 그럼?"
    assert tree.of("searched")[0].text.endswith("역전파 그럼?")
    assert tree.of("text")[0].text == kept.text
    assert len(tree.of("origin")) == 1 and tree.of("gone") == []


@pytest.mark.parametrize("lang", LANGS)
def test_gone_words_are_said_with_their_note(lang: Lang) -> None:
    t = texts(lang)
    found = recall(earlier_of(answered(), shelf()), shelf(replace(NOTE, text="모두 새로 썼다")))
    left, right = parse(html_earlier.answer_side(found, lang)), parse(html_earlier.source_side(found, lang))
    assert left.of("gone")[0].text == t.words_gone + "😀 역전파는 기울기를 뒤로 보낸다." + "week03/a.md"
    assert left.of("origin") == []
    assert right.of("none")[0].text == t.words_nowhere
    assert right.of("evidence") == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_refusal_opened_again_claims_no_answer(lang: Lang) -> None:
    t = texts(lang)
    found = recall(earlier_of(WordPipeline(shelf()).ask("쿼크글루온"), shelf()), shelf())
    left = parse(html_earlier.answer_side(found, lang))
    assert tags(left, "h2") == [t.not_found]
    assert left.of("text") == left.of("confidence") == []
    assert parse(html_earlier.source_side(found, lang)).of("none")[0].text == t.no_sources_kept


@pytest.mark.parametrize("lang", LANGS)
def test_the_trail_parts_this_conversation_from_what_was_before(lang: Lang) -> None:
    t = texts(lang)
    one, two, old = replace(kept_as(1), searched="주제 1"), kept_as(2, "가" * 200), replace(kept_as(3, ""), searched="주제 3")
    tree = parse(html_earlier.trail((two, one, old), (one, two), lang))
    assert [row.attributes["data-key"] for row in tree.of("recall")] == [one.key, old.key]
    assert [row.text for row in tree.of("question")] == ["질문 1", "주제 3"]  # a follow-up outside its conversation names its topic
    assert tree.of("anew")[0].text == t.anew
    assert "open" not in tree.of("earlier")[0].attributes
    assert [row.text for row in tree.of("glimpse")] == ["답", t.unanswered]
    alone = parse(html_earlier.trail((two,), (), lang))
    assert "open" in alone.of("earlier")[0].attributes
    assert alone.of("anew") == []
    assert alone.of("glimpse")[0].text == "가" * 90 + "…"
    assert html_earlier.trail((), (), lang) == ""


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_of_a_kept_answer_becomes_markup(lang: Lang) -> None:
    note = Document(NASTY, NASTY, NASTY)
    span = Span(NASTY, 0, len(NASTY), NASTY)
    kept = earlier_of(Answer(NASTY, NASTY, (span,), 0.5, (), searched=NASTY + "!"), shelf(note))
    kept = replace(kept, cited=(*kept.cited, Citation(NASTY, 0, 25, "<script>alert(2)</script>", "", "")))
    found = recall(kept, shelf(note))
    fragments = [html_earlier.answer_side(found, lang), html_earlier.source_side(found, lang), html_earlier.trail((kept,), (), lang)]
    fragments.append(html_earlier.answer_side(replace(found, answer=replace(found.answer, abstained=True, message=NASTY)), lang))
    trees = [parse(fragment) for fragment in fragments]
    assert all(safe(tree) for tree in trees)
    assert trees[0].of("text")[0].text == NASTY
    assert tags(trees[0], "q") == ["<script>alert(2)</script>"]
    assert trees[1].of("evidence")[1].text == NASTY
