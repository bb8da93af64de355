"""Cards made of notes by rule: what is asked, what is not, and that a card stays the same card."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from index.types import Document, Filter, Locator
from rag.citations import Citation
from rag.drafting.screen import Corpus, Place
from rag.study.cards import Card, chosen, from_json, located, make_cards, polite, to_json
from rag.study.gaps import BLANK, gap_of, names, opened
from tests.rag.study_notes import NOTES, OVERFIT, shelf

CARDS = make_cards(NOTES)
EXPECTED = [
    ("cloze", "____은(는) 모델이 훈련 데이터의 잡음까지 외워서 처음 보는 데이터에서 성능이 떨어지는 현상이다", ("과적합(overfitting)",)),
    ("cloze", "BERT는 ____토큰까지만 받으므로 긴 지문은 창을 겹치며 여러 개로 나눔", ("512",)),
    ("list", "텍스트 증강 EDA의 연산은 무엇인가요?", ("동의어 교체", "무작위 삽입", "무작위 삭제")),
    ("definition", "지연 시간(latency)이란 무엇인가요?", ("요청 하나가 들어와서 응답이 나갈 때까지 걸린 시간",)),
    (
        "definition",
        "동적 배칭(dynamic batching)이란 무엇인가요?",
        ("서버가 잠깐 기다리며 따로따로 온 요청들을 모아 한 번에 모델에 넣는 기법",),
    ),
    (
        "fact",
        "REST API에서 GET을 안 쓰는 이유는 무엇인가요?",
        ("입력이 길어 URL에 담기 어렵고 주소가 접속 기록에 남기 때문",),
    ),
]


def made(text: str, doc_id: str = "a.md") -> list[Card]:
    return make_cards([Document(doc_id, "노트", text)])


def test_every_kind_of_card_is_made() -> None:
    assert [(card.kind, card.front, card.back) for card in CARDS] == EXPECTED


def test_every_card_has_its_place_and_no_two_ask_for_the_same_words() -> None:
    texts = {document.doc_id: document.text for document in NOTES}
    for card in CARDS:
        source = card.sources[0]
        assert texts[card.doc_id][source.start : source.end] == source.quote
        assert card.locator.line == texts[card.doc_id].count("\n", 0, source.start) + 1
        assert all(item.replace("**", "") in source.quote.replace("**", "") for item in card.back[1:])
    places = [(card.doc_id, card.sources[0].start) for card in CARDS]
    assert len(set(places)) == len(places) == len({card.key for card in CARDS})
    assert places == sorted(places)


def test_no_front_gives_its_back_away() -> None:
    for card in CARDS:
        assert card.back[0] not in card.front
        assert card.kind != "cloze" or not any(card.back[0] in part for part in card.context)


def test_a_key_stays_when_the_note_is_moved_and_edited_elsewhere() -> None:
    moved = make_cards([Document("elsewhere/new.md", "과적합", "머리말 한 줄\n\n" + OVERFIT), NOTES[1]])
    assert {card.key for card in moved} == {card.key for card in CARDS}
    assert all(card.key.startswith(f"{card.kind}:") for card in CARDS)


def test_what_is_explained_twice_is_not_asked() -> None:
    one = "**과적합(overfitting)**: 모델이 훈련 데이터의 잡음까지 외우는 현상이다.\n"
    two = "**과적합(overfitting)**: 검증 손실이 다시 커지기 시작하는 현상이다.\n"
    assert len(made(f"# 노트\n\n{one}")) == 1
    assert made(f"# 노트\n\n## 하나\n\n{one}\n## 둘\n\n{two}") == []


@pytest.mark.parametrize(
    "text", ["# 노트\n\n오늘은 비가 왔다.\n", "# 노트\n\n- 이것은 그것의 방법이다.\n", "", "# 노트\n\n```\nx = 1\n```\n"]
)
def test_notes_without_facts_give_no_cards(text: str) -> None:
    assert made(text) == []


def test_notes_of_nothing_give_no_cards() -> None:
    assert make_cards([]) == []


def test_cards_are_chosen_by_their_notes() -> None:
    assert {card.doc_id for card in chosen(CARDS, Filter(weeks=(12,)))} == {"week12/serving.md"}
    assert chosen(CARDS, None) == CARDS


def test_a_card_outlives_json() -> None:
    for card in CARDS:
        assert from_json(json.loads(json.dumps(to_json(card)))) == card


@pytest.mark.parametrize("change", [{"kind": "joke"}, {"sources": []}, {"back": []}])
def test_what_is_no_card_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        from_json(to_json(CARDS[0]) | change)


def test_a_card_is_found_where_its_words_went_or_is_gone() -> None:
    card = CARDS[0]
    there = located(card, shelf(Document("week10/overfit.md", "과적합", "앞에 넣은 줄\n\n" + OVERFIT)))
    assert there and there.sources[0].start == card.sources[0].start + len("앞에 넣은 줄\n\n")
    assert located(card, shelf(NOTES[1])) is None


HEADINGS = ("overfitting이란", "과적합(overfit)", "벌점")
CLOZE = Card("k", "cloze", f"{BLANK}은(는) 흔하다", ("과적합(overfitting)",), "과적합과 벌점", HEADINGS,
             Locator(1), (Citation("a.md", 0, 3, "과적합", "", ""),))  # fmt: skip


def test_headings_hide_what_belongs_in_the_gap() -> None:
    assert CLOZE.context == (f"{BLANK}과 벌점", f"{BLANK}이란", BLANK, "벌점")
    assert replace(CLOZE, kind="definition").context == ("과적합과 벌점", "overfitting이란", "과적합(overfit)", "벌점")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("X에는 무엇이 있나?", "X에는 무엇이 있나요?"), ("X는 무엇인가?", "X는 무엇인가요?"), ("X가 뭐야?", "X가 무엇인가요?"),
        ("X를 모두 말해 줘", "X를 모두 말해 보세요."), ("X를 뭐라고 해?", "X를 무엇이라고 하나요?"),
        ("X를 무엇이라고 부르는가?", "X를 무엇이라고 하나요?"), ("X는 왜 하나?", "X는 왜 하나요?"), ("X의 단점은?", "X의 단점은?"),
        ("X에는 어떤 것들이 있어?", "X에는 어떤 것들이 있나요?"), ("What is X?", "What is X?"),
    ],
)  # fmt: skip
def test_questions_are_put_politely(asked: str, said: str) -> None:
    assert polite(asked) == said


# Gaps


def corpus() -> Corpus:
    return Corpus(lambda text: frozenset(word for word in text.replace("____", " ").split() if len(word) > 1))


NAMES = names({"비터비": "Viterbi", "Viterbi": "비터비", "슬롯": "", "FFN": ""})


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("가장 좋은 태그열은 전이 점수를 더해 [비터비(Viterbi)] 알고리즘으로 찾음", "비터비"),
        ("요즘 큰 모델은 어텐션과 [**FFN**]에 들어가기 전에 정규화함", "FFN"),
        ("Whisper는 들어온 소리를 언제나 [30]초 단위로 잘라 차례로 처리함", "30"),
    ],
)
def test_a_gap_is_made(sentence: str, answer: str) -> None:
    text = sentence.replace("[", "").replace("]", "")
    gap = gap_of(text, (0, len(text)), NAMES, corpus())
    assert gap and gap.answer == answer
    assert gap.front == sentence[: sentence.index("[")] + BLANK + sentence[sentence.index("]") + 1 :]


def test_a_sentence_that_others_say_too_has_no_gap() -> None:
    text = "Whisper는 들어온 소리를 언제나 30초 단위로 잘라 차례로 처리함"
    twice = corpus()
    twice.add(Place("a.md", 0, 40), text)
    assert gap_of(text, (0, len(text)), NAMES, twice)
    twice.add(Place("b.md", 0, 40), text.replace("30", "20"))
    assert gap_of(text, (0, len(text)), NAMES, twice) is None


def test_names_are_found_in_a_text_the_longest_first() -> None:
    assert names({"슬롯": "", "슬롯 게이트": "", "음성": ""}).held("이 슬롯 게이트는") == ["슬롯 게이트", "슬롯"]


@pytest.mark.parametrize(
    "sentence",
    [
        "가장 좋은 태그열은 비터비로 찾고 비터비가 아니면 못 찾음",  # twice
        "가장 좋은 태그열은 비터비로 찾는데 Viterbi는 사람 이름이다",  # its other name is left
        "구성 요소는 발화 인코더, 슬롯, 상태 생성기 이렇게 셋으로 나뉜다",  # one of a list
        "슬롯 채우기는 보통 태그를 다는 시퀀스 라벨링 문제로 푼다",  # a part of a word
        "이것은 비터비로 찾는 것이 보통은 가장 빠르고 정확하다",  # points elsewhere
        "저장소에는 파일 3개와 폴더 4개가 있고 나머지는 비어 있다",  # two numbers
        "비터비로 찾음",  # too short
        "The best sequence is found by the Viterbi algorithm in time",  # English
    ],
)
def test_no_gap_where_it_would_be_unfair(sentence: str) -> None:
    assert gap_of(sentence, (0, len(sentence)), NAMES, corpus()) is None


@pytest.mark.parametrize(
    ("sentence", "name", "said"),
    [
        ("**과적합**(overfitting)은 잡음까지 외우는 현상이다", "과적합", "____은(는) 잡음까지 외우는 현상이다"),
        ("**웜업(warm-up)**: 학습률을 서서히 올리는 것", "웜업", "____: 학습률을 서서히 올리는 것"),
        ("웜업은 웜업답게 올린다", "웜업", ""),
        ("nDCG: 이상적인 순서의 DCG로 나눈 지표", "nDCG", ""),
        ("학습률의 웜업", "웜업", ""),
    ],
)
def test_a_definition_opens_with_a_gap(sentence: str, name: str, said: str) -> None:
    assert opened(sentence, name) == said
