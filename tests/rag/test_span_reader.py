"""The span reader: what it offers as answers, how it chooses, what it knows of the evidence, and what it does without its model."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ModelError, UsageError
from index.index import Index
from index.morphemes import Analyser
from rag import sentence_reader, span_reader
from rag.sentence_reader import KINDS, NOT_FOUND, SentenceReader, Weights
from rag.span_model import SpanModel, Window
from rag.span_reader import CAUSE, CHOICE, EVIDENCE, READ, READER, WINDOWS, Option, SpanReader, open_reader, shipped
from rag.types import READERS, Hit, ReaderName
from tests.rag.samples import ENCODER, hit, hits_for, memory_index

NOTES = {
    "a.md": "그림의 종류:\n- 수채화\n- 유화\n- 판화\n\n그림은 종이에 그린다. 종이는 나무로 만든다.",
    "b.md": "| 이름 | 값 |\n|---|---|\n| 종이 | 12장 |\n\n---\n\n음악은 소리로 만든다. 악기는 네 가지다.",
    "c.md": "피아노는 건반이 88개다. 《너의 이름은》은 영화다.\n\n역전파란 기울기를 뒤에서 앞으로 전하는 것이다.",
}
QUESTIONS = [
    "그림은 어디에 그리는가?",
    "그림의 종류를 모두 말해 줘",
    "종이는 몇 장?",
    "음악이란?",
    "왜?",
    "쾅쾅쾅",
    "피아노 건반 개수는 몇 개야?",
]


@dataclass
class Marker:
    """A window reader that marks given words: a token is a letter; where no given word stands the window has no answer."""

    words: Sequence[str] = ()
    answerable: Mapping[str, float] = field(default_factory=dict)
    asked: list[tuple[str, Sequence[tuple[str, str]], int | None]] = field(default_factory=list)

    def read(self, question: str, passages: Sequence[tuple[str, str]], limit: int | None = None) -> list[Window]:
        self.asked.append((question, passages, limit))
        return [self._window(number, text) for number, (_, text) in enumerate(passages) if text.strip()]

    def _window(self, number: int, text: str) -> Window:
        starts, ends = np.zeros((2, len(text)), np.float32)
        for word in self.words:
            if (at := text.find(word)) >= 0:
                starts[at] = ends[at + len(word) - 1] = 9.0
        logit = max((self.answerable.get(word, 4.0) for word in self.words if word in text), default=-6.0)
        places = np.arange(len(text))
        return Window(number, places, places + 1, starts, ends, logit)


def weights(answerable: float = 9.0, threshold: float = 0.5, **choice: float) -> Weights:
    """The weights named, all others 0; `answerable` is the logit that there is an answer."""
    named = tuple(choice.get(name.replace(" ", "_"), 0.0) for name in CHOICE)
    return Weights(named, (0.0,) * len(EVIDENCE), (answerable, *[0.0] * (len(EVIDENCE) - 1)), threshold)


BY_SPAN = weights(span=1.0, mass=1.0, whole=-4.0)


@pytest.fixture(scope="module")
def index(analyser: Analyser) -> Index:
    return memory_index(analyser, NOTES)


def reader(index: Index, analyser: Analyser, *words: str, of: Weights = BY_SPAN) -> SpanReader:
    return SpanReader(index, ENCODER, analyser, Marker(words), of)


# --------------------------------------------------------------------- reading


def test_the_exact_span_with_its_place_in_the_note(index: Index, analyser: Analyser) -> None:
    question = "종이는 무엇으로 만드나?"
    hits = hits_for(index, analyser, question)
    answer = reader(index, analyser, "나무로").read(question, hits)
    assert (answer.text, answer.abstained, answer.message, answer.hits) == ("나무", False, "", tuple(hits))
    [span] = answer.spans
    assert index.document("a.md").text[span.start : span.end] == span.quote == "나무"
    assert span.start == NOTES["a.md"].index("나무")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [("88개다", "88개"), ("《너의 이름은》은", "《너의 이름은》"), ("이름은", "이름은"), ("건반이 88개다.", "건반이 88개")],
)
def test_particles_are_kept_out(marked: str, expected: str, index: Index, analyser: Analyser) -> None:
    hits = [hit("앞이다. " + NOTES["c.md"].split("\n")[0], start=30)]
    answer = reader(index, analyser, marked).read("피아노는?", hits)
    assert answer.text == expected
    assert answer.spans[0].start == 30 + hits[0].passage.text.index(expected)


def test_a_list_question_gets_the_whole_list(index: Index, analyser: Analyser) -> None:
    question = "그림의 종류를 모두 말해 줘"
    hits = hits_for(index, analyser, question)
    answer = reader(index, analyser, "수채화", of=replace(shipped(), threshold=0.0)).read(question, hits)
    assert [span.quote for span in answer.spans] == ["수채화", "유화", "판화"]


def test_a_definition_gets_all_of_it(index: Index, analyser: Analyser) -> None:
    question = "역전파란?"
    hits = hits_for(index, analyser, question)
    answer = reader(index, analyser, "기울기를 뒤에서 앞으로 전하는 것", of=replace(shipped(), threshold=0.0)).read(question, hits)
    assert "기울기를 뒤에서 앞으로 전하는 것" in answer.text


def test_words_of_the_question_are_no_answer_by_themselves(index: Index, analyser: Analyser) -> None:
    question = "역전파란?"
    offers = reader(index, analyser, "역전파").offers(question, hits_for(index, analyser, question))
    assert offers is not None
    assert "역전파" not in [option.spans[0].quote for option in offers.candidates if not option.whole]
    marked = reader(index, analyser, "기울기").offers(question, hits_for(index, analyser, question))
    assert marked is not None
    assert "기울기" in [option.spans[0].quote for option in marked.candidates if not option.whole]


@pytest.mark.parametrize(
    ("marked", "offered"), [("이러한 현상", False), ("그 방법들", False), ("이것", False), ("위", True), ("이 빠지는 현상", True)]
)
def test_words_that_point_back_are_no_answer(marked: str, offered: bool, index: Index, analyser: Analyser) -> None:
    offers = reader(index, analyser, marked).offers("단편화란?", [hit(f"{marked}을 단편화라 한다.")])
    assert offers is not None
    assert (marked in [option.spans[0].quote for option in offers.candidates if not option.whole]) is offered


LABELLED = [
    ("힙 정렬의 시간 복잡도는?", "- 평균 : O(N logN)", "평균", False),
    ("힙 정렬의 시간 복잡도는?", "1) **평균**: O(N logN)", "평균", False),
    ("힙 정렬의 시간 복잡도는?", "- 평균 : O(N logN)", "O(N logN)", True),
    ("힙 정렬의 시간 복잡도는?", "힙 정렬은 평균: O(N logN)", "평균", True),
    ("두 자식과 값을 견주는 정렬은?", "- 힙 정렬: 두 자식과 값을 견준다", "힙", True),
    ("힙 정렬의 시간 복잡도는?", "- 평균:\n  - 빠르다", "평균", True),
]


DENIED = [
    ("최악의 복잡도는?", "최악의 복잡도가 O(N logN)이 되는 것은 아니다.", "O(N logN)이 되는 것", False),
    ("검색에 무엇이 들어가나?", "검색에는 TF-IDF가 아닌 언어 모델이 들어간다.", "TF-IDF", False),
    ("검색에 무엇이 들어가나?", "검색에는 TF-IDF가 아닌 언어 모델이 들어간다.", "언어 모델", True),
    ("검색에 들어가는 것이 아닌 것은?", "검색에는 TF-IDF가 아닌 언어 모델이 들어간다.", "TF-IDF", True),
    ("검색에 무엇이 들어가나?", "검색에는 TF-IDF뿐 아니라 언어 모델이 들어간다.", "TF-IDF", True),
]


@pytest.mark.parametrize(("question", "text", "marked", "offered"), [*LABELLED, *DENIED])
def test_labels_of_what_is_asked_for_and_what_is_denied_are_no_answers(
    question: str, text: str, marked: str, offered: bool, index: Index, analyser: Analyser
) -> None:
    offers = reader(index, analyser, marked).offers(question, [hit(f"다음과 같다.\n{text}")])
    assert offers is not None
    assert (marked in [option.spans[0].quote for option in offers.candidates if not option.whole]) is offered


TRENDS = "- NLP Trend 1\n  - 전이 학습\n- NLP Trend 2\n  - 검색\n- NLP Trend 3\n  - 여러 양식"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("NLP Trend 3은?", ["- NLP Trend 1", "- NLP Trend 2", "- NLP Trend 3", "- 여러 양식"]),
        ("NLP Trend 2에서 하는 일은?", ["- NLP Trend 1", "- NLP Trend 2", "- 검색", "- NLP Trend 3"]),
        ("NLP Trend 2와 NLP Trend 3에서 뭘 배워?", ["- NLP Trend 1", "- NLP Trend 2", "- 검색", "- NLP Trend 3", "- 여러 양식"]),
        ("NLP Trend 4는?", ["- NLP Trend 1", "- NLP Trend 2", "- NLP Trend 3"]),
        ("NLP Trend 3개는?", [line.strip() for line in TRENDS.split("\n")]),
        ("Trend3은?", [line.strip() for line in TRENDS.split("\n")]),
    ],
)
def test_what_stands_under_another_number_is_no_answer(question: str, expected: list[str], index: Index, analyser: Analyser) -> None:
    offers = reader(index, analyser).offers(question, [hit(TRENDS)])
    assert offers is not None
    assert [option.sentence.text.strip() for option in offers.candidates if option.whole] == expected


def test_where_all_stands_under_another_number_it_is_looked_at(index: Index, analyser: Analyser) -> None:
    first = hit("밑바닥부터 짰다.")
    first = replace(first, passage=replace(first.passage, section=("1주차",)))
    offers = reader(index, analyser).offers("2주차에 한 일은?", [first])
    assert offers is not None
    assert [option.spans[0].quote for option in offers.candidates if option.whole] == ["밑바닥부터 짰다."]


def test_what_is_asked_for_hangs_under_the_line_that_names_it(index: Index, analyser: Analyser) -> None:
    text = "- 화가 수준에서 기본적으로 갖춰야 할 것\n  - 붓\n  - 물감과 종이\n- 끝"
    offers = reader(index, analyser, "수준").offers("화가가 기본적으로 갖춰야 할 것은?", [hit(text)])
    assert offers is not None
    assert [span.quote for span in offers.candidates[0].spans] == ["붓", "물감과 종이"]
    assert "수준" not in [option.spans[0].quote for option in offers.candidates]


def test_only_all_of_what_is_asked_for_answers(index: Index, analyser: Analyser) -> None:
    text = "- 화가가 갖춰야 할 것\n  - 붓은 여럿이다\n  - 물감과 종이\n- 붓의 털"
    offers = reader(index, analyser, "붓").offers("화가가 갖춰야 할 것은?", [hit(text)])
    assert offers is not None
    assert [[span.quote for span in option.spans] for option in offers.candidates if option.whole] == [
        ["붓은 여럿이다", "물감과 종이"],
        ["붓의 털"],
    ]
    assert "붓" not in [option.spans[0].quote for option in offers.candidates]


def marks(index: Index, analyser: Analyser, question: str, text: str, marked: str) -> list[str]:
    """What is offered of what the model marks."""
    offers = reader(index, analyser, marked).offers(question, [hit(text)])
    assert offers is not None
    return [option.spans[0].quote for option in offers.candidates if not option.whole]


@pytest.mark.parametrize(
    ("question", "offered"), [("앤지 II의 작용은 뭐야?", False), ("혈관을 조이는 것은?", True), ("앤지 II는 어디에 있어?", True)]
)
def test_a_part_of_a_label_is_no_answer_where_all_of_it_is_asked_for(
    question: str, offered: bool, index: Index, analyser: Analyser
) -> None:
    assert ("앤지 II" in marks(index, analyser, question, "- 앤지 II 작용: 혈관을 조인다", "앤지 II")) is offered


def test_a_sentence_that_gives_a_cause_is_worth_more_where_one_is_asked_for(index: Index, analyser: Analyser) -> None:
    text = "그림은 종이에 그린다. 종이가 싸기 때문이다."
    for question, more in (("그림은 왜 종이에 그려?", CAUSE), ("그림은 어디에 그려?", 0.0)):
        options = options_of(index, analyser, question, [hit(text)], "종이")
        for (_, whole), option in options.items():
            given = whole and "때문" in option.spans[0].quote
            assert option.value("sentence score") == pytest.approx(
                np.dot(sentence_reader.shipped().sentence, option.sentence.features) + more * given
            )


def test_a_mark_ends_with_its_sentence(index: Index, analyser: Analyser) -> None:
    text = "붓은 털로 만든다. 물감은 돌로 만든다."
    assert "털로 만든다" in marks(index, analyser, "붓은 무엇으로 만들어?", text, "털로 만든다. 물감은 돌로 만든다")
    assert "털로 만든다. 물감은 돌로 만든다" in marks(index, analyser, "붓을 왜 만들어?", text, "털로 만든다. 물감은 돌로 만든다")


def test_an_english_definition_goes_on_to_the_end_of_its_clause(index: Index, analyser: Analyser) -> None:
    text = "A brush is a tool that spreads paint. It has hair."
    assert "a tool that spreads paint" in marks(index, analyser, "What is a brush?", text, "a tool")
    assert "a tool that spreads paint" in marks(index, analyser, "What is a brush?", text, "a tool that spreads paint. It has hair")
    assert "a tool" in marks(index, analyser, "Which one spreads paint?", text, "a tool")


def test_the_cell_under_another_header_is_no_answer(index: Index, analyser: Analyser) -> None:
    text = "| name | tool | colour |\n|---|---|---|\n| oil | brush | red |"
    assert marks(index, analyser, "Which colour has oil?", text, "brush") == []
    assert marks(index, analyser, "Which tool has oil?", text, "brush") == ["brush"]


@pytest.mark.parametrize(
    ("question", "text", "marked", "offered"),
    [
        ("붓의 단점은?", "붓의 단점은 다음과 같다.", "다음과 같다", False),
        ("붓의 단점은?", "붓의 단점은 아래에 있습니다.", "아래에 있습니다", False),
        ("붓의 단점은?", "붓은 여러 가지가 있다.", "여러 가지가 있", False),
        ("붓의 종류는?", "붓은 크게 3가지로 나뉜다.", "크게 3가지", False),
        ("붓은 몇 개야?", "붓은 3개로 나뉜다.", "3개", True),
        ("물감의 단점은?", "물감은 아래가 무르다.", "아래가 무르다", True),
        ("교착이란?", "교착(deadlock)은 크다.", "deadlock", False),
        ("교착의 다른 이름은?", "교착(deadlock)은 크다.", "deadlock", True),
        ("교착이란?", "교착(서로가 서로를 끝없이 기다리는 것)은 크다.", "서로가 서로를 끝없이 기다리는 것", True),
    ],
)
def test_what_only_announces_counts_or_translates_is_no_answer(
    question: str, text: str, marked: str, offered: bool, index: Index, analyser: Analyser
) -> None:
    assert (marked in marks(index, analyser, question, text, marked)) is offered


@pytest.mark.parametrize(
    ("question", "asks", "offered"),
    [
        ("붓을 털로 만드는 이유는?", "붓을 말 털로 만드는 이유는 무엇입니까?", False),
        ("붓을 털로 만드는 이유는?", "붓은 왜 말 털로 만들까요?", False),
        ("붓을 털로 만드는 이유는?", "왜 붓을 말 털로 만드는지 말해 볼까요.", False),
        ("붓을 털로 만드는 이유는?", "붓은 말 털로 만들면 부드러울까 싶다.", True),
        ("붓에 대한 연습 문제는?", "붓을 말 털로 만드는 이유는 무엇입니까?", True),
    ],
)
def test_a_question_is_no_answer(question: str, asks: str, offered: bool, index: Index, analyser: Analyser) -> None:
    offers = reader(index, analyser).offers(question, [hit(f"{asks} 말 털은 물을 오래 머금는다.")])
    assert offers is not None
    told = [option.spans[0].quote for option in offers.candidates]
    assert (asks in told) is offered and "말 털은 물을 오래 머금는다." in told


def test_where_there_are_only_questions_they_are_looked_at(index: Index, analyser: Analyser) -> None:
    offers = reader(index, analyser).offers("붓을 털로 만드는 이유는?", [hit("붓은 왜 말 털로 만들까?")])
    assert offers is not None and len(offers.candidates) == 1


def test_letters_are_written_out(index: Index, analyser: Analyser) -> None:
    text = "FCFS(First Come First Served)는 온 차례대로 한다."
    never = weights(answerable=-9.0)
    [span] = reader(index, analyser, "온 차례", of=never).read("FCFS는 무엇의 약자야?", [hit("다른 글이다."), hit(text)]).spans
    assert span.quote == "First Come First Served"
    assert reader(index, analyser, "온 차례", of=never).read("SJF는 무엇의 약자야?", [hit(text)]).abstained


def test_one_item_of_a_list_is_asked_for(index: Index, analyser: Analyser) -> None:
    text = "그림을 그리는 단계는 이렇다.\n1. 밑그림\n2. 채색\n3. 마무리\n\n밑그림 단계는 연필로 그린다."
    offers = reader(index, analyser, "채색", "연필").offers("그림을 그리는 세 번째 단계는?", [hit(text)])
    assert offers is not None
    assert {option.spans[0].quote for option in offers.candidates} == {"마무리"}
    none = reader(index, analyser, "채색", "연필").offers("그림을 그리는 여덟 번째 단계는?", [hit(text)])
    assert none is not None
    assert all(option.whole for option in none.candidates) and len(none.candidates) > 3


def test_an_item_of_what_hangs_under_a_line_is_asked_for(index: Index, analyser: Analyser) -> None:
    text = "- 그림 단계\n  - 순서: 밑그림, 채색, 마무리"
    assert reader(index, analyser, "채색").read("그림의 세 번째 단계는?", [hit(text)]).text == "마무리"


def test_a_date_does_not_tell_when_something_is_to_be_done(index: Index, analyser: Analyser) -> None:
    for question, offered in (("붓은 언제 쓰면 좋아?", False), ("붓은 언제 나왔어?", True)):
        offers = reader(index, analyser, "2016년").offers(question, [hit("붓은 2016년에 나왔다. 물에 쓰면 좋다.")])
        assert offers is not None
        assert ("2016년" in [option.spans[0].quote for option in offers.candidates if not option.whole]) is offered


def test_what_is_told_before_a_name_defines_it(index: Index, analyser: Analyser) -> None:
    text = "서로를 끝없이 기다린다. 이를 deadlock(교착 상태)라고 한다. 늘 deadlock(교착 상태)를 푼다."
    offers = reader(index, analyser, "deadlock(교착 상태)").offers("교착 상태란?", [hit(text)])
    assert offers is not None
    both = "서로를 끝없이 기다린다. 이를 deadlock(교착 상태)라고 한다."
    assert both in [option.spans[0].quote for option in offers.candidates if not option.whole]
    named = reader(index, analyser, "deadlock(교착 상태)").offers("무엇을 늘 풀어?", [hit(text)])
    assert named is not None
    assert "deadlock(교착 상태)" in [option.spans[0].quote for option in named.candidates if not option.whole]


def test_a_fact_gets_the_span_by_the_shipped_weights(index: Index, analyser: Analyser) -> None:
    question = "종이는 무엇으로 만들어?"
    answer = reader(index, analyser, "나무로", of=replace(shipped(), threshold=0.0)).read(question, hits_for(index, analyser, question))
    assert answer.text == "나무"


def test_refuses_below_the_threshold(index: Index, analyser: Analyser) -> None:
    hits = hits_for(index, analyser, "종이는?")
    logit = math.log(0.3 / 0.7)
    answered = reader(index, analyser, "나무", of=weights(logit, 0.29, span=1)).read("종이는?", hits)
    refused = reader(index, analyser, "나무", of=weights(logit, 0.31, span=1)).read("종이는?", hits)
    assert (answered.abstained, refused.abstained) == (False, True)
    assert (refused.text, refused.spans, refused.message, refused.hits) == ("", (), NOT_FOUND, tuple(hits))
    assert answered.confidence == refused.confidence == 0.5


@pytest.mark.parametrize("hits", [[], [hit("---")], [hit("```\n| --- |\n```"), hit("***")]])
def test_without_a_sentence_it_refuses(hits: list[Hit], index: Index, analyser: Analyser) -> None:
    answer = reader(index, analyser).read("그림은?", hits)
    assert (answer.text, answer.abstained, answer.confidence, answer.message) == ("", True, 0.0, NOT_FOUND)


@pytest.mark.parametrize("words", [(), ("종이",), ("그림", "소리로 만든다", "12장 |")])
@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_spans_of_the_notes(question: str, words: tuple[str, ...], index: Index, analyser: Analyser) -> None:
    hits = hits_for(index, analyser, question)
    answer = reader(index, analyser, *words, of=replace(shipped(), threshold=0.0)).read(question, hits)
    assert 0.0 <= answer.confidence <= 1.0
    assert answer.abstained == (not answer.spans)
    for span in answer.spans:
        assert index.document(span.doc_id).text[span.start : span.end] == span.quote
        assert any(hit.passage.start <= span.start and span.end <= hit.passage.end for hit in answer.hits)
    assert reader(index, analyser, *words, of=replace(shipped(), threshold=0.0)).read(question, hits) == answer


def test_the_model_reads_the_first_hits_under_their_headings(index: Index, analyser: Analyser) -> None:
    span_reader_ = reader(index, analyser)
    hits = [hit(f"글 {number}이다.", 1 - number / 10) for number in range(READ + 3)]
    span_reader_.read("글은?", hits)
    assert isinstance(span_reader_.model, Marker)
    [(question, passages, limit)] = span_reader_.model.asked
    assert (question, limit) == ("글은?", WINDOWS)
    assert list(passages) == [("제목", f"글 {number}이다.") for number in range(READ)]


# ------------------------------------------------------------------- possible answers


def options_of(index: Index, analyser: Analyser, question: str, hits: Sequence[Hit], *words: str) -> dict[tuple[str, bool], Option]:
    reading = reader(index, analyser, *words).weigh(question, hits, BY_SPAN.sentence)
    assert reading is not None
    return {(each.sentence.text, each.whole): each for each in reading.candidates}


def test_every_sentence_offers_a_span_and_itself(index: Index, analyser: Analyser) -> None:
    hits = [hit("종이는 나무로 만든다. 붓도 있다."), hit("다른 글이다.", 0.9)]
    found = options_of(index, analyser, "종이는 무엇으로?", hits, "나무로")
    assert len(found) == 6
    assert [span.quote for span in found["종이는 나무로 만든다.", False].spans] == ["나무"]
    assert [span.quote for span in found["종이는 나무로 만든다.", True].spans] == ["종이는 나무로 만든다."]


def test_features_of_the_choice(index: Index, analyser: Analyser) -> None:
    hits = [hit("종이는 12장 있다. 붓도 있다."), hit("다른 글이다.", 0.9)]
    found = options_of(index, analyser, "종이는 몇 장?", hits, "12장")
    span, whole, other = found["종이는 12장 있다.", False], found["종이는 12장 있다.", True], found["다른 글이다.", False]
    brush = found["붓도 있다.", False]
    assert (span.value("answerable"), brush.value("answerable"), other.value("answerable")) == (4.0, 4.0, -6.0)
    assert span.value("span") == pytest.approx(math.log(0.99), abs=0.05)
    assert span.value("mass") == pytest.approx(math.log(0.98), abs=0.05)
    assert (brush.value("mass"), whole.value("span")) == (pytest.approx(brush.value("span"), abs=8), 0.0)
    assert brush.value("mass") < -3 > other.value("mass")
    assert (other.value("rank"), other.value("hit margin"), span.value("hit margin")) == (1.0, pytest.approx(-1.0), 0.0)
    assert (brush.value("number missing"), span.value("number missing")) == (1.0, 0.0)
    assert [whole.value(name) for name in ("whole", "whole narrowed", "whole list")] == [1.0, 1.0, 0.0]  # "12장" by rule
    assert span.value("whole narrowed") == 0.0
    score = float(np.dot(sentence_reader.shipped().sentence, span.sentence.features))
    assert span.value("sentence score") == whole.value("sentence score") == pytest.approx(score)
    assert all(each.value("unread") == 0.0 for each in found.values())


def test_features_of_other_questions(index: Index, analyser: Analyser) -> None:
    hits = [hit("그림의 종류:\n- 수채화\n- 유화\n- 판화")]
    found = options_of(index, analyser, "그림의 종류를 모두 말해 줘", hits, "유화")
    assert found["그림의 종류:", True].value("whole list") == 1.0
    assert ("그림의 종류:", False) not in found, "a mark that runs on into the list ends with the line, which says nothing new"
    found = options_of(index, analyser, "그림이란 무엇인가?", hits, "유화")
    assert [found["- 유화", True].value(name) for name in ("whole definition", "words of a whole definition")] == [1.0, 2.0]
    assert [found["- 유화", False].value(name) for name in ("whole definition", "words of a whole definition")] == [0.0, 0.0]
    found = options_of(index, analyser, "그림을 왜 그려?", hits, "유화")
    assert [found["- 유화", whole].value("whole reason") for whole in (True, False)] == [1.0, 0.0]


def test_hits_beyond_the_budget_offer_only_whole_sentences(index: Index, analyser: Analyser) -> None:
    hits = [hit(f"글 {number}이다.", 1 - number / 100) for number in range(READ + 1)]
    found = options_of(index, analyser, "글은?", hits, "글")
    assert (f"글 {READ}이다.", False) not in found
    last = found[f"글 {READ}이다.", True]
    assert [last.value(name) for name in ("unread", "mass", "answerable")] == [1.0, -8.0, -8.0]


@pytest.mark.parametrize("better", [0, 1])
def test_of_two_windows_over_a_sentence_the_better_marks_it(better: int, index: Index, analyser: Analyser) -> None:
    class Twice(Marker):
        def read(self, question: str, passages: Sequence[tuple[str, str]], limit: int | None = None) -> list[Window]:
            return [Marker((word,), {word: 4.0 - (at != better)}).read(question, passages)[0] for at, word in enumerate(("나무", "종이"))]

    offers = SpanReader(index, ENCODER, analyser, Twice()).offers("붓은?", [hit("나무와 종이가 있다.")])
    assert offers is not None
    assert [option.spans[0].quote for option in offers.candidates if not option.whole] == [("나무", "종이")[better]]


def test_a_marked_sentence_is_looked_at_without_a_word_of_the_question(index: Index, analyser: Analyser) -> None:
    text = " ".join(f"종이는 {number}번이다." for number in range(30)) + " 나무가 있다."
    assert ("나무가 있다.", False) not in options_of(index, analyser, "종이는 몇 번?", [hit(text)])
    assert ("나무가 있다.", False) in options_of(index, analyser, "종이는 몇 번?", [hit(text)], "나무가")


# --------------------------------------------------------------------------- evidence


def evidence_of(
    index: Index, analyser: Analyser, question: str, hits: Sequence[Hit], *words: str, of: Weights = BY_SPAN
) -> dict[str, float]:
    reading = reader(index, analyser, *words).weigh(question, hits, of.sentence)
    assert reading is not None
    return dict(zip(EVIDENCE, reading.evidence.tolist(), strict=True))


def test_evidence(index: Index, analyser: Analyser) -> None:
    hits = [hit("종이는 나무로 만든다. 붓은 털로 만든다."), hit("다른 글이다.", 0.9)]
    found = evidence_of(index, analyser, "종이는 무엇으로 만들어?", hits, "나무로", "털로")
    told = [found[name] for name in ("constant", "answerable", "highest answerable", "answered whole", "readers agree")]
    assert told == [1.0, 4.0, 4.0, 0.0, 1.0]
    assert found["span"] == pytest.approx(math.log(1 / 3), abs=0.05)  # two starts and two ends make three spans
    assert found["span margin"] == pytest.approx(0.0, abs=1e-3)
    clear = evidence_of(index, analyser, "종이는 무엇으로 만들어?", hits, "나무로")
    assert clear["span margin"] == 5.0
    lost = evidence_of(index, analyser, "종이는 무엇으로 만들어?", hits)
    assert (lost["answerable"], lost["highest answerable"]) == (-6.0, -6.0)
    assert lost["mass"] < found["mass"] < clear["mass"] < 0


def test_evidence_of_the_sentence_reader_is_kept(index: Index, analyser: Analyser) -> None:
    question, hits = "종이는 무엇으로 만들어?", [hit("종이는 나무로 만든다."), hit("붓은 털로 만든다.", 0.9)]
    other = SentenceReader(index, ENCODER, analyser).weigh(question, hits, sentence_reader.shipped().sentence)
    assert other is not None
    alone = dict(zip(sentence_reader.EVIDENCE, other.evidence.tolist(), strict=True))
    found = evidence_of(index, analyser, question, hits, "나무로", of=weights(sentence_score=1.0))
    assert {name: found[name] for name in alone} == pytest.approx(alone)
    swayed = evidence_of(index, analyser, question, hits, "털로", of=weights(mass=9.0))
    assert (found["readers agree"], swayed["readers agree"]) == (1.0, 0.0)


def test_kinds_stand_last(index: Index, analyser: Analyser) -> None:
    assert EVIDENCE[-KINDS:] == sentence_reader.EVIDENCE[-KINDS:]
    assert len(set(EVIDENCE)) == len(EVIDENCE)
    assert shipped().answerable[-KINDS:] == (0.0,) * KINDS


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4), st.floats(-1e6, 1e6))
@settings(max_examples=20)
def test_no_score_blows_up(index: Index, analyser: Analyser, scores: list[float], answerable: float) -> None:
    hits = [replace(hit(f"그림 {number}번이다.", score), legs={}) for number, score in enumerate(sorted(scores, reverse=True))]
    marker = Marker(("그림",), {"그림": answerable})
    reading = SpanReader(index, ENCODER, analyser, marker).weigh("그림은 몇 번?", hits, shipped().sentence)
    assert reading is not None
    values = [*reading.evidence, *(value for each in reading.candidates for value in each.features)]
    assert np.isfinite(values).all() and max(map(abs, values)) < 1000
    assert 0 <= SpanReader(index, ENCODER, analyser, marker).read("그림은 몇 번?", hits).confidence <= 1


# ---------------------------------------------------------------------------- opening


def test_the_shipped_weights_are_for_these_features(tmp_path: Path) -> None:
    found = shipped()
    assert (len(found.sentence), len(found.right), len(found.answerable)) == (len(CHOICE), len(EVIDENCE), len(EVIDENCE))
    assert 0 < found.threshold < 1
    value = json.loads(READER.read_text("utf-8"))
    value["features"]["right"].pop()
    (tmp_path / "span.json").write_text(json.dumps(value), "utf-8")
    with pytest.raises(ModelError, match=r"span\.json was fitted for other features"):
        Weights.load(tmp_path / "span.json", CHOICE, EVIDENCE)
    with pytest.raises(ModelError):
        Weights.load(READER)


def test_readers_by_name(index: Index, analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span_reader, "SpanModel", Marker)
    assert isinstance(open_reader(index, ENCODER, analyser), SpanReader)
    assert isinstance(open_reader(index, ENCODER, analyser, "span"), SpanReader)
    assert open_reader(index, ENCODER, analyser, "sentence") == SentenceReader(index, ENCODER, analyser, sentence_reader.shipped())
    with pytest.raises(UsageError, match="no reader 'word'; there are span, sentence"):
        open_reader(index, ENCODER, analyser, "word")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", READERS)
def test_the_threshold_can_be_changed(name: ReaderName, index: Index, analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span_reader, "SpanModel", lambda: Marker(("나무로",)))
    hits = hits_for(index, analyser, "종이는 무엇으로 만들어?")
    for threshold, abstained in ((0.0, False), (1.0, True)):
        chosen = open_reader(index, ENCODER, analyser, name, threshold)
        assert chosen.read("종이는 무엇으로 만들어?", hits).abstained is abstained
    with pytest.raises(UsageError, match=r"no threshold 1\.5"):
        open_reader(index, ENCODER, analyser, name, 1.5)


def test_without_the_model_sentences_answer_and_say_so(
    index: Index, analyser: Analyser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(span_reader, "SpanModel", lambda: SpanModel(tmp_path))
    with pytest.raises(ModelError, match="no model in"):
        open_reader(index, ENCODER, analyser, "span")
    question = "종이는 나무로 만드나?"
    hits = hits_for(index, analyser, question)
    answer = open_reader(index, ENCODER, analyser).read(question, hits)
    [notice] = answer.notices
    assert notice.startswith("답을 짚는 모델을 열지 못해 문장으로 답합니다: no model in")
    assert replace(answer, notices=()) == SentenceReader(index, ENCODER, analyser).read(question, hits)
