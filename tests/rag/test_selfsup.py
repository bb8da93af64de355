"""Training examples out of small notes, rule by rule; what every example must hold, on generated notes too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import DataError
from index.settings import SplitSettings
from index.split import split
from index.types import Document, Locator, Passage
from rag.training.examples import Example
from rag.training.facts import Fact, aliases
from rag.training.korean import is_noun_phrase, predicate, with_particle, without_copula
from rag.training.notes import PER_REPOSITORY, from_python, from_rst, load_notes
from rag.training.selfsup import LONGEST_QUESTION, SHORTEST_QUESTION, examples, facts, pairs
from rag.training.terms import is_term


def passages(text: str, title: str = "운영체제", doc_id: str = "note.md") -> list[Passage]:
    return split(Document(doc_id, title, text), SplitSettings(), lambda texts: [len(each) // 2 for each in texts])


def found(text: str, kind: str, title: str = "운영체제") -> list[Fact]:
    return [fact for fact in facts(passages(text, title)) if fact.kind == kind]


def answers(fact: Fact) -> list[str]:
    return [fact.passage.text[start:end] for start, end in fact.answers]


def told(text: str, kind: str, title: str = "운영체제") -> list[list[str]]:
    """The answers of all facts of a kind."""
    return [answers(fact) for fact in found(text, kind, title)]


# ------------------------------------------------------------------- korean


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("모델", "모델이란"),
        ("데이터", "데이터란"),
        ("CNN", "CNN이란"),
        ("BERT", "BERT란"),
        ("ViT", "ViT란"),
        ("dropout", "dropout이란"),
        ("softmax", "softmax란"),
        ("pipeline", "pipeline이란"),
        ("GPT-3", "GPT-3이란"),
        ("GPT-2", "GPT-2란"),
        ("C#", "C#이란"),
        ("C++", "C++란"),
        ("과적합(overfitting)", "과적합(overfitting)이란"),
    ],
)
def test_a_particle_fits_the_sound_before_it(word: str, expected: str) -> None:
    assert with_particle(word, "이란/란") == expected


@pytest.mark.parametrize(
    ("sentence", "question", "modifier"),
    [
        ("모델이 과적합된다.", "모델이 과적합되는가?", "모델이 과적합되는"),
        ("층을 만듭니다.", "층을 만드는가?", "층을 만드는"),
        ("데이터를 먹는다", "데이터를 먹는가?", "데이터를 먹는"),
        ("값이 있습니다", "값이 있는가?", "값이 있는"),
        ("값이 필요합니다", "값이 필요한가?", "값이 필요한"),
        ("층이 길다", "층이 긴가?", "층이 긴"),
        ("훈련에 쓰는 언어다", "훈련에 쓰는 언어인가?", "훈련에 쓰는 언어인"),
        ("모델을 학습했다", "모델을 학습했는가?", "모델을 학습한"),
        ("효율을 높입니다", "효율을 높이는가?", "효율을 높이는"),
    ],
)
def test_a_sentence_becomes_a_question_and_a_modifier(sentence: str, question: str, modifier: str) -> None:
    said = predicate(sentence)
    assert said is not None
    assert (said.question(), said.modifier()) == (question, modifier)


@pytest.mark.parametrize("sentence", ["살펴보겠습니다.", "설치하세요.", "시작합시다", "끝났음", "What is this?", ""])
def test_what_cannot_be_asked_is_no_predicate(sentence: str) -> None:
    assert predicate(sentence) is None


def test_only_a_copula_is_taken_off() -> None:
    assert without_copula("데이터를 나누는 방법이다") == "데이터를 나누는 방법"
    assert without_copula("사람이 쓰는 언어다") == "사람이 쓰는 언어"
    assert without_copula("오차를 줄이다") == "오차를 줄이다"
    assert without_copula("탐색을 한다") == "탐색을 한다"


def test_noun_phrases() -> None:
    assert is_noun_phrase("숨겨진 층") and is_noun_phrase("k-최근접 이웃")
    assert not is_noun_phrase("강화 학습의 목표") and is_noun_phrase("강화 학습의 목표", of=True)
    assert not is_noun_phrase("모델을 훈련") and not is_noun_phrase("이 모델") and not is_noun_phrase("커다")


@pytest.mark.parametrize("term", ["과적합", "경사 하강법", "메모리 누수", "TF-IDF", "숨겨진 층", "Large Model", "C++", "TCP/IP", "OCR"])
def test_terms(term: str) -> None:
    assert is_term(term)


@pytest.mark.parametrize(
    "term",
    ["이것", "다음", "이 방법", "장점", "TODO", "Note", "a", "12", "my_var", "f(x)", "실제 데이터", "모델의 목적", "the", "옵션 2", "x"],
)
def test_no_terms(term: str) -> None:
    assert not is_term(term)


# ----------------------------------------------------------------- headings

SECTIONS = """# 운영체제

## 개요

운영체제가 무엇을 하는지 이 절에서 처음부터 천천히 살펴보기로 한다.

## 1. 페이지 교체 {#paging}

메모리가 가득 차면 쓰지 않는 페이지를 디스크로 내보내야 한다.

### 장점

물리 메모리보다 큰 프로그램도 실행할 수 있고 여럿이 함께 돌 수 있다.

## 왜 스레드를 쓰는가?

문맥 교환이 가볍고 메모리를 나누어 쓰므로 통신하기 쉽기 때문이다.

## `sched_yield()`

이 함수는 실행 중인 스레드가 스스로 자리를 내어 주게 한다.
"""


def test_headings_ask_for_their_sections() -> None:
    asked = {fact.question: fact.passage.section[-1] for fact in found(SECTIONS, "heading")}
    assert asked["왜 스레드를 쓰는가?"] == "왜 스레드를 쓰는가?"
    assert [section for question, section in asked.items() if question.startswith("페이지 교체")] == ["1. 페이지 교체 {#paging}"]
    assert len(asked) == 2  # neither 개요, nor code, nor 장점 alone


def test_a_heading_that_says_little_takes_the_one_above_it_along() -> None:
    asked = [fact.question for fact in found(SECTIONS, "title-heading")]
    assert "페이지 교체의 장점" in asked and "운영체제 페이지 교체" in asked
    assert not any("개요" in question or "스레드를" in question for question in asked)


def test_a_heading_over_a_definition_asks_for_it() -> None:
    text = "# 웹\n\n## 크로스 브라우징\n\n서로 다른 브라우저에서 화면이 똑같이 보이게 하는 것을 말한다. 표준을 따르면 쉽다.\n"
    (fact,) = found(text, "definition", "웹")
    assert "크로스 브라우징" in fact.question
    assert answers(fact) == ["서로 다른 브라우저에서 화면이 똑같이 보이게 하는 것"]
    text = "# 웹\n\n## 쿠키란?\n\n쿠키는 브라우저에 저장되는 작은 데이터이다. 만료일이 있다.\n"
    assert [(fact.question, answers(fact)) for fact in facts(passages(text, "웹"))] == [("쿠키란?", ["브라우저에 저장되는 작은 데이터"])]


# -------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    ("sentence", "term", "words"),
    [
        ("과적합이란 모델이 훈련 데이터를 외워 버리는 현상이다.", "과적합", "모델이 훈련 데이터를 외워 버리는 현상"),
        ("과적합은 모델이 훈련 데이터를 외워 버리는 것을 말합니다.", "과적합", "모델이 훈련 데이터를 외워 버리는 것"),
        ("즉, **과적합**(overfitting)은 훈련 데이터를 외워 버리는 현상을 뜻한다.", "과적합", "훈련 데이터를 외워 버리는 현상"),
        ("- 과적합: 모델이 훈련 데이터를 외워 버리는 현상", "과적합", "모델이 훈련 데이터를 외워 버리는 현상"),
        ("**과적합** - 모델이 훈련 데이터를 외워 버리는 현상.", "과적합", "모델이 훈련 데이터를 외워 버리는 현상"),
        ("모델이 훈련 데이터를 외워 버리는 현상을 과적합이라고 한다.", "과적합", "모델이 훈련 데이터를 외워 버리는 현상"),
        ("LangGraph는 에이전트의 흐름을 제어하는 프레임워크입니다.", "LangGraph", "에이전트의 흐름을 제어하는 프레임워크"),
        ("- OCR\n  - 이미지에서 글자를 읽는 기술", "OCR", "이미지에서 글자를 읽는 기술"),
        (
            "Overfitting is a failure to generalise to data that was not seen.",
            "Overfitting",
            "a failure to generalise to data that was not seen",
        ),
    ],
)
def test_definitions_are_asked_and_answered_by_their_words(sentence: str, term: str, words: str) -> None:
    facts_found = found(f"이 절은 짧은 글이다.\n\n{sentence}\n", "definition", "학습")
    assert [answers(fact) for fact in facts_found] == [[words]]
    assert term in facts_found[0].question or "overfitting" in facts_found[0].question


def test_the_words_ask_for_the_term() -> None:
    (fact,) = found("과적합이란 모델이 훈련 데이터를 그대로 외워 버리는 현상이다.\n", "term", "학습")
    assert answers(fact) == ["과적합"]
    assert fact.question.startswith("모델이 훈련 데이터를 그대로 외워 버리는 현상을 ")


@pytest.mark.parametrize(
    "sentence",
    [
        "이것은 데이터를 나누는 방법이다.",
        "다음은 모델을 훈련하는 방법입니다.",
        "모델은 내일 바뀔 것이다.",
        "- 출력: 세 줄로 나온 값",
        "- 작성자: 홍 길동 아무개 씨",
        "`x = f(y)`는 값을 구하는 함수이다.",
        "| 과적합 | 훈련 데이터를 외워 버리는 현상 |",
        "```\n과적합이란 훈련 데이터를 외워 버리는 현상이다.\n```",
        "과적합이란 <b>훈련</b> 데이터를 외워 버리는 현상이다.",
        ".. note:: 과적합이란 훈련 데이터를 외워 버리는 현상이다.",
    ],
)
def test_what_defines_nothing_is_not_asked(sentence: str) -> None:
    assert [fact.question for fact in facts(passages(sentence + "\n"))] == []


def test_a_label_over_a_sentence_is_not_called_a_definition() -> None:
    text = "- 쿠키 : 클라이언트에 저장하기 때문에 보안에 취약하다.\n"
    assert told(text, "label") == [["클라이언트에 저장하기 때문에 보안에 취약하다"]]
    assert told(text, "definition") == []


def test_the_other_name_of_the_notes_may_ask() -> None:
    text = "과적합(overfitting)을 막자. 과적합(overfitting)은 흔하다.\n\n과적합이란 모델이 훈련 데이터를 외워 버리는 현상이다.\n"
    assert aliases(passages(text)) == {"과적합": "overfitting", "overfitting": "과적합"}
    seeds = {fact.question for seed in range(20) for fact in facts(passages(text), seed) if fact.kind == "definition"}
    assert any("과적합" in question for question in seeds) and any("overfitting" in question for question in seeds)


# ---------------------------------------------- lists, numbers, attributes, clozes


def test_a_list_is_asked_for_whole() -> None:
    text = "# 정렬\n\n## 삽입 정렬\n\n### 장점\n\n- **구현**이 간단하다\n- `정렬된 자료에서 빠르다`\n"
    (fact,) = found(text, "list", "정렬")
    assert "삽입 정렬의 장점" in fact.question
    assert answers(fact) == ["**구현**이 간단하다", "정렬된 자료에서 빠르다"]


@pytest.mark.parametrize(
    ("opener", "question"),
    [
        ("메모리에는 다음과 같은 두 가지 종류가 있다.", "메모리에는 어떤 종류가 있나?"),
        ("메모리는 두 가지 영역으로 나뉜다.", "메모리는 어떤 영역으로 나뉘나?"),
        ("Types of memory:", "What are the types of memory?"),
        ("메모리란?", "메모리란?"),
    ],
)
def test_openers_of_lists(opener: str, question: str) -> None:
    (fact,) = found(f"{opener}\n\n- 주기억 장치\n- 보조 기억 장치\n", "list")
    assert (fact.question, answers(fact)) == (question, ["주기억 장치", "보조 기억 장치"])


def test_what_hangs_under_a_name_is_told_whole() -> None:
    text = "- NLP Task\n  - Topic Classification\n  - Named Entity Recognition\n- 결론\n  - 잘 된다\n  - 빠르다\n"
    (fact,) = found(text, "list")
    assert "NLP Task" in fact.question
    assert answers(fact) == ["Topic Classification", "Named Entity Recognition"]


def test_a_long_list_is_retrieved_but_not_read() -> None:
    items = "\n".join(f"- 장치 이름 {sign}" for sign in "가나다라마바사아자")
    text = f"메모리의 종류:\n\n{items}\n"
    assert told(text, "list") == [[]]
    assert [pair.source for pair in pairs(passages(text))] == ["notes-list"]
    assert list(examples(passages(text))) == []


@pytest.mark.parametrize(
    ("sentence", "question", "amount"),
    [
        ("BERT-base는 모두 12개의 층을 가진다.", "몇 개의 층을 가지", "12개"),
        ("스레드의 상태는 5가지가 있습니다.", "스레드의 상태는 몇 가지가 있", "5가지"),
        ("- 어휘 크기: 32,000개", "", ""),
        ("- 배치 토큰: 512", "배치 토큰은 얼마인가?", "512"),
    ],
)
def test_numbers(sentence: str, question: str, amount: str) -> None:
    facts_found = found(sentence + "\n", "number")
    assert [answers(fact)[0] for fact in facts_found] == [amount] * bool(amount)
    assert all(question in fact.question for fact in facts_found)


@pytest.mark.parametrize("sentence", ["그는 2017년에 3개를 샀다.", "첫 번째 모델은 12번째 층을 본다.", "모델은 12개 이상의 층을 가진다."])
def test_amounts_that_are_not_asked_for(sentence: str) -> None:
    assert told(sentence + "\n", "number") == []


def test_attributes() -> None:
    (fact,) = found("강화 학습의 목표는 보상을 가장 크게 하는 것입니다.\n", "attribute")
    assert fact.question.startswith("강화 학습의 목표")
    assert answers(fact) == ["보상을 가장 크게 하는 것"]


@pytest.mark.parametrize(
    ("sentence", "ending", "name"),
    [
        ("DispatcherServlet은 들어오는 모든 요청을 알맞은 컨트롤러에 넘긴다.", "넘기는 것은 무엇인가?", "DispatcherServlet"),
        ("MPI는 고성능 컴퓨팅 분야의 오래된 표준 도구이다.", "도구는 무엇인가?", "MPI"),
        ("웹 서버와 브라우저는 주로 HTTP를 사용한다.", "주로 무엇을 사용하", "HTTP"),
        ("메모리를 조금씩 계속 잃어버리는 문제를 '메모리 누수'라고 부른다.", "무엇이라고 부르", "메모리 누수"),
    ],
)
def test_clozes(sentence: str, ending: str, name: str) -> None:
    facts_found = found(sentence + "\n", "cloze")
    assert [answers(fact) for fact in facts_found] == [[name]]
    assert ending in facts_found[0].question and name not in facts_found[0].question


@pytest.mark.parametrize(
    "sentence", ["이 모델은 주로 HTTP를 사용한다고 합니다.", "HTTP를 씁시다.", "이제 우리는 HTTP를 사용해 보겠습니다."]
)
def test_sentences_that_lean_on_others_make_no_cloze(sentence: str) -> None:
    assert told(sentence + "\n", "cloze") == []


# --------------------------------------------------------- pairs and examples

NOTE = """# 머신러닝

## 과적합

과적합이란 모델이 훈련 데이터를 그대로 외워 버리는 현상이다. 새 데이터에서는 성능이 크게 떨어지므로 조심해야 한다.

## 정규화

정규화는 가중치가 커지지 않도록 손실에 벌점을 더하는 기법이다. 벌점이 크면 모델이 단순해지고 작으면 복잡해진다.

## 검증

검증 데이터는 훈련에 쓰지 않고 남겨 두었다가 모델을 고를 때 성능을 재는 데 쓰며, 시험 데이터와는 따로 떼어 두어야 한다.
"""


def sound(made: Iterable[Example]) -> bool:
    return all(
        SHORTEST_QUESTION <= len(each.question) <= LONGEST_QUESTION
        and all(0 <= start < end <= len(each.text) and 1 <= end - start <= 150 for start, end in each.answers)
        and each.source.startswith("notes-")
        and each.source.endswith("-unanswerable") is not bool(each.answers)
        for each in made
    )


def test_examples_come_with_a_text_that_does_not_answer() -> None:
    made = list(examples(passages(NOTE, "머신러닝")))
    asked = [each for each in made if each.source == "notes-definition" and "모델이 훈련 데이터를" in each.text]
    silent = [each for each in made if each.question == asked[0].question and not each.answers]
    assert len(silent) == 1 and "과적합" not in silent[0].text and silent[0].group == asked[0].group == "note.md"
    assert asked[0].context == "머신러닝 › 과적합"
    assert sound(made)


def test_pairs_name_the_passage_that_answers() -> None:
    by_id = {passage.passage_id: passage for passage in passages(NOTE, "머신러닝")}
    made = list(pairs(list(by_id.values())))
    assert {pair.source for pair in made} >= {"notes-heading", "notes-definition", "notes-term"}
    assert all(pair.positive in by_id for pair in made)
    naming = next(pair for pair in made if pair.question.startswith("모델이 훈련 데이터를 그대로 외워 버리는 현상"))
    assert "과적합이란" in by_id[naming.positive].text


def test_the_same_seed_makes_the_same_and_nothing_twice() -> None:
    twice = [*passages(NOTE, "머신러닝"), *passages(NOTE, "머신러닝", "copy.md")]
    made = list(examples(twice, seed=3))
    assert made == list(examples(twice, seed=3))
    keys = [(each.question, each.text) for each in made if each.answers]
    assert len(keys) == len(set(keys))
    ways = {each.question for seed in range(8) for each in examples(twice, seed)}
    assert len(ways) > len({each.question for each in made})


LINES = st.sampled_from(
    [
        "# 제목",
        "## 장점",
        "- OCR",
        "  - 글자를 읽는 기술",
        "과적합이란 외우는 현상이다.",
        "```",
        "| a | b |",
        "**X**: 빠른 것",
        "",
        "x = 1",
        "`",
        "**",
        "이",
        "(",
        "1. 하나:",
    ]
) | st.text(alphabet="가나다이란은는 .:*`#-|()[]{}\n\tXYab12", max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=14))
def test_any_note_gives_sound_examples(lines: list[str]) -> None:
    assert sound(examples(passages("\n".join(lines), "제목")))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="가나다이란은는을를 .,:*`'\"#-|()[]{}\n\tXYab12%", max_size=120))
def test_any_passage_gives_sound_examples(text: str) -> None:
    alone = Passage("n.md", "제목", ("절",), text, 0, len(text), Locator(1), ("위",))
    assert sound(examples([alone]))


# -------------------------------------------------------------------- notes


def write(root: Path, name: str, rows: list[dict[str, str]]) -> None:
    (root / "notes").mkdir(exist_ok=True)
    (root / "notes" / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def row(path: str, text: str = "한국어로 쓴 글이다. " * 30, repo: str = "a/b") -> dict[str, str]:
    return {"repo": repo, "path": path, "text": text}


def test_notes_are_loaded_without_those_that_are_measured_on(tmp_path: Path) -> None:
    write(tmp_path, "a+b", [row("x/note.md", "# 제목\n\n" + "한국어로 쓴 글이다. " * 30), row("short.md", "짧다")])
    write(tmp_path, "huggingface+course", [row("y.md", repo="huggingface/course")])
    write(tmp_path, "ianikpark+ML-For-Beginners", [row("z.md", repo="ianikpark/ML-For-Beginners")])
    assert [(note.doc_id, note.title) for note in load_notes(tmp_path)] == [("a/b/x/note.md", "제목")]


def test_a_large_repository_gives_no_more_than_its_share(tmp_path: Path) -> None:
    write(tmp_path, "big+repo", [row(f"{number}.md") for number in range(PER_REPOSITORY + 30)])
    chosen = [note.doc_id for note in load_notes(tmp_path)]
    by_hash = sorted((f"{number}.md" for number in range(PER_REPOSITORY + 30)), key=lambda path: hashlib.sha256(path.encode()).digest())
    assert chosen == [f"a/b/{path}" for path in by_hash[:PER_REPOSITORY]]


def test_a_folder_without_notes_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no notes"):
        load_notes(tmp_path)


def test_rst_becomes_markdown() -> None:
    text = """.. _label:

제목
====

이 글은 :ref:`앞 절 <before>` 과 ``코드`` 와 `링크 <https://a.b>`__ 를 쓴다.

작은 제목
---------

.. note::
   조심할 것.

.. code-block:: python

   x = 1

다음과 같다::

   y = 2

끝.
"""
    lines = [line.strip() for line in from_rst(text).split("\n") if line.strip()]
    assert lines == ["# 제목", "이 글은 앞 절 과 `코드` 와 링크 를 쓴다.", "## 작은 제목", "조심할 것.", "다음과 같다:", "끝."]


def test_a_tutorial_script_keeps_its_prose_only() -> None:
    script = (
        '# -*- coding: utf-8 -*-\n"""\n제목\n====\n처음 글.\n"""\nimport torch\n\n'
        + "#" * 30
        + "\n# 둘째 글.\n# 이어진 글.\nx = 1  # 값\n# 코드 설명\n"
    )
    assert from_python(script) == "제목\n====\n처음 글.\n\n둘째 글.\n이어진 글.\n"
