"""Drafts out of small notes, rule by rule; which are left out; and what every draft of our own notes must hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.notes import discover, read_note
from index.types import Document
from rag.drafting.draft import Draft, Made, squeezed
from rag.drafting.make import Drafted, draft_questions, sections_of
from rag.drafting.screen import MOST_REPEATED, Corpus, Place, fault, is_trivial
from rag.drafting.spread import spread

NOTES = Path(__file__).parents[2] / "data" / "notes"


def drafts(*texts: str, title: str = "운영체제") -> Sequence[Draft]:
    return drafted(*texts, title=title).drafts


def drafted(*texts: str, title: str = "운영체제") -> Drafted:
    return draft_questions([Document(f"note{number}.md", title, text) for number, text in enumerate(texts)])


def asked(text: str, made: str) -> list[tuple[str, str]]:
    """Question and first answer of the drafts of a kind."""
    return [(draft.question, draft.answers[0]) for draft in drafts(text) if draft.made == made]


# ------------------------------------------------------------------------ rules


@pytest.mark.parametrize(
    ("text", "name", "answer"),
    [
        ("**교착 상태(deadlock)**: 서로가 가진 자원을 기다리며 아무도 나아가지 못하는 상태", "교착 상태", "나아가지 못하는 상태"),
        ("가상 메모리란 디스크를 주기억 장치처럼 쓰는 기법이다.", "가상 메모리", "디스크를 주기억 장치처럼 쓰는 기법"),
        ("- **교착 상태**는 서로가 가진 자원을 끝없이 기다리는 상태를 말한다.", "교착 상태", "자원을 끝없이 기다리는 상태"),
        ("**Thrashing** is a state in which paging takes all the time.", "Thrashing", "a state in which paging takes all the time"),
    ],
)
def test_a_definition_is_asked_for_by_its_name(text: str, name: str, answer: str) -> None:
    found = [each for each in drafts(f"# 운영체제\n\n## 기초\n\n{text}\n") if each.made == "definition"]
    assert [(name in each.question, each.answers[0].endswith(answer), each.kind) for each in found] == [(True, True, "definition")]


def test_sections_are_read_whole() -> None:
    long = "\n".join(f"- 항목 {at}은 서로 다른 것을 말한다" for at in range(90))
    sections = sections_of(Document("a.md", "A", f"# 하나\n{long}\n# 둘\n짧다."))
    assert [(each.section, each.text.count("항목")) for each in sections] == [(("하나",), 90), (("둘",), 0)]


def test_a_heading_is_not_taken_for_what_its_first_sentence_defines() -> None:
    assert drafts("# 운영체제\n\n## 기초\n\n스케줄러란 프로세스를 고르는 모듈이다.\n") == ()


def test_a_person_is_asked_for_as_one() -> None:
    ((question, _),) = asked("# 직무\n\n- **ML 엔지니어**: 모델을 제품에 넣고 굴리는 사람\n", "definition")
    assert question.startswith("ML 엔지니어는 어떤 사람")


def test_a_name_with_a_description_is_asked_to_be_explained() -> None:
    ((question, answer),) = asked("# 캐시\n\n- LRU: 가장 오래 안 쓰인 것부터 버림\n", "term")
    assert question.startswith("LRU") and question.endswith("줘")
    assert answer == "가장 오래 안 쓰인 것부터 버림"


def test_a_name_that_hangs_under_another_is_asked_for_in_its_context() -> None:
    text = "# 운영체제\n\n## 페이지 교체\n\n- 세 방식을 견줌\n  - 선입선출(FIFO): 먼저 들어온 쪽부터 차례로 내보냄\n"
    assert [question.startswith("페이지 교체에서 선입선출") for question, _ in asked(text, "term")] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "- 보관 기간: 상세 로그는 30일 동안 남기고 지움",  # says what of something it is
        "- 결합: 개체와 관계를 한 모델이 같이 예측함",  # may mean anything
        "- 음성 비서: 빅스비, 시리, 구글 어시스턴트",  # members, no description
        "- CTC: 원리는 지난주 노트에 적어 둠",  # sends elsewhere
        "- TripPy: 값을 베껴 오는 곳은 모두 세 군데",  # only announces
        "- Usual fix: clip the gradient norm a little",
        "시뮬레이션은 여전히 시스템 탈옥에 효과적인 기술이다.",  # judges
    ],
)
def test_what_is_no_name_with_its_meaning_is_not_asked(line: str) -> None:
    assert drafts(f"# 기타\n\n{line}\n", title="기타") == ()


@pytest.mark.parametrize(
    ("line", "question", "answer", "kind"),
    [
        ("- GET을 안 쓰는 이유: 입력이 길어 주소에 담기 어려움", "웜업에서 GET을 안 쓰는 이유", "입력이 길어 주소에 담기 어려움", "why"),
        ("- 왜 하나: 처음에는 추정이 불안정해서 발산하기 쉬움", "웜업은 왜 하나?", "처음에는 추정이 불안정해서 발산하기 쉬움", "why"),
        ("- 장점은 높은 재현율과 빠른 속도다.", "웜업의 장점", "높은 재현율과 빠른 속도", "factoid"),
        ("- 냉각과 다른 점: 값을 내리지 않고 서서히 올림", "웜업이 냉각과 다른 점", "값을 내리지 않고 서서히 올림", "factoid"),
    ],
)
def test_a_label_asks(line: str, question: str, answer: str, kind: str) -> None:
    (found,) = [each for each in drafts(f"# 최적화\n\n## 웜업(warm-up)\n\n{line}\n") if each.made == "heading"]
    assert found.question.startswith(question)
    assert (found.answers, found.kind) == ((answer,), kind)


@pytest.mark.parametrize(
    "line",
    ["- 놓치는 까닭: 칸 경계 바로 너머에 있으면 못 봄", "- 이유: 값이 너무 커서 발산하기 쉬움", "- 느낀 점: 값을 작게 두는 편이 좋음"],
)
def test_a_label_that_does_not_say_of_what_is_not_asked(line: str) -> None:
    assert asked(f"# 최적화\n\n## 웜업(warm-up)\n\n{line}\n", "heading") == []


def test_a_short_section_answers_its_heading() -> None:
    text = "# 운영체제\n\n## 페이지 교체\n\n- 메모리가 차면 무언가를 내보냄\n- 자주 쓰는 것은 남기는 편이 나음\n"
    ((question, answer),) = asked(text, "heading")
    assert question.startswith("페이지 교체에 대해")
    assert answer == "메모리가 차면 무언가를 내보냄, 자주 쓰는 것은 남기는 편이 나음"


@pytest.mark.parametrize(
    ("opener", "question"),
    [
        ("## 페이지 교체의 단계", "페이지 교체의 단계"),
        ("## 페이지 교체\n\n하위 과제 두 가지", "페이지 교체에서 하위 과제 두 가지"),
        ("## 페이지 교체\n\n흔한 실수:", "페이지 교체에서 흔한 실수"),
    ],
)
def test_a_list_answers_its_opener(opener: str, question: str) -> None:
    text = f"# 운영체제\n\n{opener}\n\n- 내보낼 쪽 고르기\n- 디스크에 적기\n"
    (found,) = [each for each in drafts(text) if each.made == "list"]
    assert found.question.startswith(question)
    assert found.answers == ("내보낼 쪽 고르기, 디스크에 적기",)
    assert found.quote == "내보낼 쪽 고르기\n- 디스크에 적기"


@pytest.mark.parametrize("opener", ["하위 과제 세 가지", "이것의 단계:", "메모리를 아낀다."])
def test_a_list_of_another_number_or_of_no_name_is_not_asked(opener: str) -> None:
    assert asked(f"# 운영체제\n\n## 페이지 교체\n\n{opener}\n\n- 내보낼 쪽 고르기\n- 디스크에 적기\n", "list") == []


CLOZE = "**파일 버블(filter bubble)**: 취향에 맞는 것만 보여 주어 시야가 좁아지는 현상"


def test_a_definition_asks_for_the_name() -> None:
    notes = [CLOZE.replace("파일", name) for name in ("필터", "거름", "누리", "생각", "마음", "노래", "그림", "여행", "음식")]
    found = [each for note in notes for each in drafts(f"# 추천\n\n{note}\n") if each.made == "cloze"]
    assert found and all(each.kind == "factoid" and each.question.startswith("취향에 맞는 것만") for each in found)
    assert {each.answers[1] for each in found} == {"filter bubble"}


# ------------------------------------------------------------------ what is left out


def terms(text: str) -> frozenset[str]:
    return frozenset(text.split())


def draft(question: str, answer: str, quote: str) -> Draft:
    return Draft("term", "definition", question, (answer,), "a.md", quote, 0)


@pytest.mark.parametrize(("made", "answer", "quote"), [("term", (2, 160), (10, 300)), ("list", (4, 400), (10, 600))])
def test_what_is_too_short_or_too_long_is_left_out(made: Made, answer: tuple[int, int], quote: tuple[int, int]) -> None:
    def is_kept(question: int, answer: int, quote: int) -> bool:
        return fault(replace(draft("x" * question, "y" * answer, "z" * quote), made=made), Corpus(terms)) != "length"

    limits = {"question": (4, 90), "answer": answer, "quote": quote}
    usual = {name: least + 1 for name, (least, _) in limits.items()}
    for name, (least, most) in limits.items():
        assert [is_kept(**usual | {name: size}) for size in (least - 1, least, most, most + 1)] == [False, True, True, False]


def test_a_question_that_holds_its_answer_is_trivial() -> None:
    assert is_trivial(draft("L R U 는 무엇인가?", "LRU", "LRU는 여러 낱말로 된 긴 문장 속에 있다"), terms)
    assert not is_trivial(draft("무엇부터 버리나?", "LRU", "LRU는 여러 낱말로 된 긴 문장 속에 있다"), terms)


@given(st.integers(1, 20), st.integers(0, 20))
def test_a_question_that_repeats_its_evidence_is_trivial(size: int, shared: int) -> None:
    evidence = [f"w{number}" for number in range(size)]
    question = " ".join(evidence[:shared] or ["x"])
    assert is_trivial(draft(question, "아무것도아님", " ".join(evidence)), terms) == (min(shared, size) > MOST_REPEATED * size)


DEADLOCK = "# 운영체제\n\n- **교착 상태(deadlock)**: 서로가 가진 자원을 기다리며 아무도 나아가지 못하는 상태\n"


@pytest.mark.parametrize(
    "other",
    [
        "# 자료 구조\n\n- **교착 상태**: 두 실이 자물쇠 하나를 놓고 다투다가 영영 멈추어 버리는 현상\n",  # the same name
        "# 자료 구조\n\n- **고착 상태(deadlock)**: 두 실이 자물쇠 하나를 놓고 다투다가 영영 멈추어 버리는 현상\n",  # its other name
        "# 자료 구조\n\n서로가 가진 자원을 기다리며 아무도 나아가지 못하는 상태를 교착 상태 deadlock 이라 한다더라\n",  # the same words
    ],
)
def test_what_another_place_answers_too_is_left_out(other: str) -> None:
    alone, both = drafted(DEADLOCK), drafted(DEADLOCK, other)
    assert [each.doc_id for each in alone.drafts] == ["note0.md"]
    assert [each.doc_id for each in both.drafts if each.doc_id == "note0.md"] == []
    assert both.left_out["ambiguous"] >= 1


def test_words_that_stand_twice_in_their_note_are_left_out() -> None:
    line = DEADLOCK.split("\n\n")[1]
    assert drafts(f"# 운영체제\n\n{line}\n글\n\n{line}") == ()


@settings(max_examples=100)
@given(st.data())
def test_sentences_that_share_enough_are_found(data: st.DataObject) -> None:
    """As by comparing with each of them."""
    from rag.drafting.screen import alike

    words = st.frozensets(st.sampled_from("abcdefgh"), max_size=8)
    sentences, wanted = data.draw(st.lists(words, max_size=12)), data.draw(words.filter(bool))
    share = data.draw(st.sampled_from([0.5, 0.6, 0.8, 1.0]))
    corpus = Corpus(lambda text: frozenset(text))
    for number, sentence in enumerate(sentences):
        corpus.add(Place("a.md", number, number + 1), "".join(sentence))
    expected = {number for number, sentence in enumerate(sentences) if len(sentence & wanted) >= share * len(wanted)}
    assert {place.start for place in alike(corpus, wanted, share)} == expected


# ----------------------------------------------------------------------- spread


@st.composite
def many(draw: st.DrawFn) -> list[Draft]:
    made = draw(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["definition", "list", "term"])), max_size=40))
    return [
        Draft(kind, "k", f"{number}?", ("a",), f"{note}.md", f"quote {number}", number)  # type: ignore[arg-type]
        for number, (note, kind) in enumerate(made)
    ]


@given(many(), st.integers(0, 45))
def test_the_choice_is_even_over_notes(found: list[Draft], most: int) -> None:
    chosen = spread(found, most)
    assert len(chosen) == min(most, len(found))
    assert chosen == [each for each in found if each in chosen], "in their order"
    counts, there = Counter(each.doc_id for each in chosen), Counter(each.doc_id for each in found)
    unfinished = [counts[note] for note in there if counts[note] < there[note]]
    assert all(count <= least + 1 for least in unfinished for count in counts.values())


@given(many(), st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order(found: list[Draft], most: int, rng: random.Random) -> None:
    shuffled = rng.sample(found, len(found))
    assert set(spread(shuffled, most)) == set(spread(found, most))


def test_what_is_kept_counts() -> None:
    found = [Draft("term", "k", f"{n}?", ("a",), n, "quote", 0) for n in ("a.md", "b.md")]
    assert [each.doc_id for each in spread(found, 1, [("a.md", "term")])] == ["b.md"]


# --------------------------------------------------------------------- our own notes


@cache
def documents() -> tuple[Document, ...]:
    return tuple(read_note(file) for file in discover([NOTES]))


@cache
def own() -> Drafted:
    return draft_questions(documents())


def test_our_own_notes_give_enough_of_each_kind() -> None:
    made = Counter(each.made for each in own().drafts)
    assert {kind for kind, count in made.items() if count >= 5} == {"definition", "term", "heading", "list", "cloze"}
    assert sum(made.values()) >= 180
    assert len({each.doc_id for each in own().drafts}) >= 30


def test_every_draft_of_our_own_notes_stands() -> None:
    texts = {document.doc_id: document.text for document in documents()}
    for each in own().drafts:
        text = texts[each.doc_id]
        assert text[each.start : each.end] == each.quote and text.count(each.quote) == 1
        assert each.made == "list" or each.kind == "list" or squeezed(each.answers[0]) in squeezed(text)
        assert all(squeezed(answer) not in squeezed(each.question) for answer in each.answers)
        assert each.question.strip() == each.question and "**" not in each.question + each.answers[0] and "  " not in each.question


def test_nothing_of_our_own_notes_is_asked_twice() -> None:
    found = own().drafts
    assert len({each.id for each in found}) == len({squeezed(each.question) for each in found}) == len(found)
    assert len({(each.doc_id, each.quote) for each in found}) == len(found)


def test_drafts_do_not_depend_on_the_order_of_the_notes() -> None:
    assert set(draft_questions(documents()[::-1]).drafts) == set(own().drafts)


def test_a_note_without_anything_to_ask_gives_nothing() -> None:
    assert drafts("", "안녕하세요.\n", "```python\nx = 1\n```\n") == ()
