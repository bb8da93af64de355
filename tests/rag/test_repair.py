"""What is taken for a slip, what it becomes, and that questions in ordinary words are left alone."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.build import update
from index.encoder import Encoder
from index.folder import FolderIndex
from index.index import Changes, IndexedDocument
from index.memory import MemoryIndex
from index.morphemes import SURFACE, Analyser
from index.settings import IndexSettings
from index.types import Document, Filter, Locator, Passage
from rag import hangul
from rag.pipeline import Pipeline, repair_notices
from rag.repair import COMMON, RARE, Repaired, Repairer, longer, neighbours, words_of
from rag.sentence_reader import SentenceReader
from rag.types import Repair, Turn
from tests.fakes import HashEncoder

DATA = Path(__file__).parents[2] / "data"
NOTE = [
    "역전파는 기울기를 뒤로 보낸다. 역전파 한 번이면 벡터의 기울기를 안다.",
    "BM25 함수는 단어 빈도로 벡터 없이 찾는다. 역전파가 필요 없다.",
    "벡터 검색과 BM25를 섞는다. 정확도, attention, 개수.",
    "정확도는 attention 층의 개수와 벡터 차원에 달렸다. 위치 이름은 유추한다.",
    "어텐션(attention)의 정확도. 개수를 센다. 위치는 의치와 다르다. embedding",
]


class Counting(HashEncoder):
    """Cuts notes as the shipped encoder does, without embedding them."""

    def __init__(self, shipped: Encoder) -> None:
        super().__init__()
        self.count_tokens = shipped.count_tokens  # type: ignore[method-assign]


def index_of(texts: list[str], analyser: Analyser) -> MemoryIndex:
    text, encoder = "\n".join(texts), HashEncoder()
    starts = [sum(len(each) + 1 for each in texts[:number]) for number in range(len(texts))]
    passages = [
        Passage("note.md", "", (), each, start, start + len(each), Locator(number))
        for number, (each, start) in enumerate(zip(texts, starts, strict=True), 1)
    ]
    note = IndexedDocument(Document("note.md", "", text), "h", passages, encoder.encode_passages(texts), [analyser.terms(e) for e in texts])
    empty = MemoryIndex(encoder_name="hash", encoder_fingerprint=encoder.fingerprint, dim=encoder.dim, settings=IndexSettings())
    return empty.apply(Changes(put=[note]))


@pytest.fixture(scope="module")
def repairer(analyser: Analyser) -> Repairer:
    return Repairer(index_of(NOTE, analyser), analyser)


@pytest.fixture(scope="module")
def own(shipped: Encoder, analyser: Analyser, tmp_path_factory: pytest.TempPathFactory) -> FolderIndex:
    """The index of our own notes, with vectors that mean nothing."""
    place = tmp_path_factory.mktemp("own") / "index"
    update(place, [DATA / "notes"], encoder=Counting(shipped), analyse=analyser.terms, settings=IndexSettings())
    return FolderIndex.open(place)


@pytest.fixture(scope="module")
def mender(own: FolderIndex, analyser: Analyser) -> Repairer:
    return Repairer(own, analyser)


@pytest.fixture(scope="module")
def own_words(own: FolderIndex) -> Mapping[str, int]:
    return words_of(own.vocabulary()).counts


@pytest.mark.parametrize(
    ("typed", "text", "repairs"),
    [
        ("ㅇㅈㅍ", "역전파", {"ㅇㅈㅍ": "역전파"}),
        ("ㅇㅈㅍ란?", "역전파란?", {"ㅇㅈㅍ": "역전파"}),
        ("ㅇㅌㅅ과 ㅂㅌ의 차이", "어텐션과 벡터의 차이", {"ㅇㅌㅅ": "어텐션", "ㅂㅌ": "벡터"}),
        ("durwjsvk", "역전파", {"durwjsvk": "역전파"}),
        ("durwjsvk가 뭐야?", "역전파가 뭐야?", {"durwjsvk": "역전파"}),
        ("Durwjsvk", "역전파", {"Durwjsvk": "역전파"}),
        ("DURWJSVK", "역전파", {"DURWJSVK": "역전파"}),
        ("durwjsvksms?", "역전파는?", {"durwjsvksms": "역전파"}),
        ("durwjsvkfks andjtdlsrk?", "역전파란 무엇인가?", {"durwjsvkfks": "역전파", "andjtdlsrk": "무엇인가"}),
        ("BM25와 durwjsvk", "BM25와 역전파", {"durwjsvk": "역전파"}),
        ("ㅠㅡ25", "bm25", {"ㅠㅡ25": "bm25"}),
        ("ㅠㅡ25란?", "bm25란?", {"ㅠㅡ25": "bm25"}),
        ("ㅁㅅㅅ두샤ㅐㅜ", "attention", {"ㅁㅅㅅ두샤ㅐㅜ": "attention"}),
        ("백터의 정학도는?", "벡터의 정확도는?", {"백터": "벡터", "정학도": "정확도"}),
        ("attenton", "attention", {"attenton": "attention"}),
        ("Attnetion이란?", "attention이란?", {"Attnetion": "attention"}),
    ],
)
def test_slips_become_words_of_the_notes(repairer: Repairer, typed: str, text: str, repairs: dict[str, str]) -> None:
    assert repairer(typed) == Repaired(text, tuple(Repair(*each) for each in repairs.items()))


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?!",
        "역전파란?",
        "BM25와 벡터를 비교해 줘",
        "ㅋㅋ 역전파 ㅠㅠ ㅎㅎㅎ",  # signs of laughing and crying
        "ㄹㄹㅁ",  # nothing of that kind
        "embeddinf",  # only one passage holds it
        "the attentions",  # another form, not a slip
        "위치",
        "사과는 무엇인가요?",
        "금요일에 비가 오나요?",
        "dog cat hello",
        "x" * 5000,
        "가" * 5000,
    ],
)
def test_other_words_stay(repairer: Repairer, question: str) -> None:
    assert repairer(question) == Repaired(question)


def test_of_two_words_that_are_as_near_none_is_taken(repairer: Repairer, analyser: Analyser) -> None:
    assert Repairer(index_of([*NOTE, "벡터 백타"], analyser), analyser)("백터") == Repaired("백터")


def test_a_word_that_is_as_rare_as_its_slip_is_not_taken(analyser: Analyser) -> None:
    texts = ["벡터 하나", "벡터 둘", "남"]
    assert Repairer(index_of(texts, analyser), analyser)("백터").text == "백터"
    assert Repairer(index_of([*texts, *["벡터"] * (COMMON - 2)], analyser), analyser)("백터").text == "벡터"


def test_words_count_with_and_without_their_particles() -> None:
    words = words_of({"=역전파": 2, "=역전파는": 3, "#역전": 5, "=나는": 4, "보내": 1})
    assert words.counts == {"역전파": 5, "역전파는": 3, "나는": 4, "보내": 1}
    assert words.by_initials["ㅇㅈㅍ"] == ["역전파"] and words.by_keys["durwjsvk"] == "역전파"
    assert words.knows("역전파에서는") and not words.knows("역전")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("백터", {"벡터"}),
        ("벡텨", {"벡터"}),
        ("베거터", set()),
        ("momentm", {"momentum"}),
        ("momentumx", set()),
        ("mmoentum", {"momentum"}),
    ],
)
def test_neighbours_are_one_key_away(word: str, near: set[str]) -> None:
    assert neighbours(word, words_of({"=벡터": 3, "=momentum": 3})) == near


# Our own notes


def test_the_first_repair_is_quick(own: FolderIndex, analyser: Analyser) -> None:
    analyser.tagged("낱말")
    took = []
    for _ in range(3):
        repairer, start = Repairer(own, analyser), time.thread_time()  # what others do meanwhile does not count
        assert repairer("durwjsvk").text == "역전파"
        took.append(time.thread_time() - start)
    assert min(took) < 0.15


def test_nothing_is_gathered_for_a_question_of_known_words(own: FolderIndex, analyser: Analyser) -> None:
    repairer = Repairer(own, analyser)
    assert repairer("역전파 기울기") == Repaired("역전파 기울기")
    assert "_words" not in vars(repairer)


@pytest.fixture(scope="module")
def questions() -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def test_ordinary_questions_are_never_changed(mender: Repairer, questions: list[dict[str, str]]) -> None:
    ordinary = [each["question"] for each in questions if each["kind"] != "typo"]
    assert len(ordinary) > 350
    assert {text: mender(text).text for text in ordinary} == {text: text for text in ordinary}


def test_slips_of_dev(mender: Repairer, questions: list[dict[str, str]]) -> None:
    slips = [each["question"] for each in questions if each["kind"] == "typo" and each["split"] == "dev"]
    found = {repair.typed: repair.meant for text in slips for repair in mender(text).repairs}
    assert found == {
        "행열": "행렬",
        "백터": "벡터",
        "momentm": "momentum",
        "라밸": "라벨",
        "benchmrk": "benchmark",
        "사용쟈": "사용자",
        "정학도": "정확도",
        "anwser": "answer",
    }


@given(st.data())
def test_words_of_the_notes_are_never_changed(mender: Repairer, own_words: Mapping[str, int], data: st.DataObject) -> None:
    question = " ".join(data.draw(st.lists(st.sampled_from(sorted(own_words)), min_size=1, max_size=6)))
    assert mender(question) == Repaired(question)


def test_the_wrong_keyboard_is_undone(mender: Repairer, own_words: Mapping[str, int], analyser: Analyser) -> None:
    common = sorted(word for word, count in own_words.items() if count >= COMMON and len(word) > 2)
    nouns = [word for word in common if hangul.is_whole(word) and [token.tag for token in analyser.tagged(word)] == ["NNG"]]
    names = [word for word in common if word.isascii() and word.isalpha() and len(word) > 4 and analyser.query(word)]
    assert len(nouns) > 30 and len(names) > 30
    assert {hangul.keys(word): mender(hangul.keys(word)).text for word in nouns} == {hangul.keys(word): word for word in nouns}
    assert {word: mender(hangul.typed(word)).text for word in names} == {word: word for word in names}


# In the pipeline


@pytest.fixture(scope="module")
def pipeline(analyser: Analyser, repairer: Repairer) -> Pipeline:
    encoder = HashEncoder()
    index = index_of(NOTE, analyser)
    return Pipeline(index, encoder, analyser, "lexical", SentenceReader(index, encoder, analyser), repairer=repairer)


def test_an_answer_says_what_was_searched(pipeline: Pipeline) -> None:
    answer = pipeline.ask("durwjsvk?")
    assert (answer.question, answer.searched) == ("durwjsvk?", "역전파?")
    assert answer.repairs == (Repair("durwjsvk", "역전파"),)
    assert answer.notices[0] == "‘역전파’로 검색했습니다"
    assert answer.hits == pipeline.ask("역전파?").hits != ()
    assert pipeline.ask("역전파?").repairs == () == repair_notices(Repaired("역전파?"))


def test_as_typed_mends_nothing(pipeline: Pipeline) -> None:
    answer = pipeline.ask("durwjsvk?", as_typed=True)
    assert (answer.searched, answer.repairs, answer.hits) == ("durwjsvk?", (), ())
    assert pipeline.search("durwjsvk", as_typed=True) == []
    assert pipeline.search("durwjsvk") == pipeline.search("역전파") != []


def test_a_follow_up_carries_the_mended_topic(pipeline: Pipeline) -> None:
    answer = pipeline.ask("그럼 단점은?", history=[Turn("ㅠㅡ25 함수란?", "찾는다")])
    assert answer.searched == "bm25 함수란? 그럼 단점은?" and answer.repairs == ()
    assert pipeline.ask("ㅇㅈㅍ는?", history=[Turn("BM25 함수란?", "찾는다")]).searched == "역전파는?"


def test_two_words_are_said_together(pipeline: Pipeline) -> None:
    assert pipeline.ask("durwjsvk ㅠㅡ25 어텐숀").notices[0].startswith("‘역전파’, ‘bm25’")


# While it is typed


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("역전ㅍ", "역전파"),  # half a syllable, as an input method shows it
        ("어테", "어텐션"),
        ("벡터와 정확ㄷ", "벡터와 정확도"),
        ("atten", "attention"),
        ("백터와 atten", "벡터와 attention"),  # words before it are mended
        ("역전파", "역전파"),
        ("역전파 ", "역전파 "),
        ("ㅇㅈㅍ", "역전파"),
        ("durwjsvk", "역전파"),
        ("a", "a"),
        ("ㅇ", "ㅇ"),
        ("쿼크", "쿼크"),
        ("", ""),
    ],
)
def test_a_word_that_is_begun_gives_way_to_those_that_begin_so(repairer: Repairer, typed: str, text: str) -> None:
    assert repairer.unfinished(typed).text == text


def test_only_what_was_mended_is_told(repairer: Repairer) -> None:
    assert repairer.unfinished("atten").repairs == ()
    assert repairer.unfinished("백터와 atten").repairs == (Repair("백터", "벡터"),)
    assert repairer.unfinished("durwjsvk").repairs == (Repair("durwjsvk", "역전파"),)


@given(st.data())
def test_all_that_begin_so_are_found(data: st.DataObject) -> None:
    counts = data.draw(st.dictionaries(st.text("가각갂나abz", min_size=1, max_size=4), st.just(1), max_size=20))
    words = words_of({f"{SURFACE}{word}": count for word, count in counts.items()})
    word = data.draw(st.text("가각갂나abz", min_size=1, max_size=3))
    latin = word.isascii() and word.isalpha()
    pressed = hangul.keys(word)
    expected = (
        {each for each in words.counts if each.startswith(word) and each != word}
        if latin
        else {each for keys, each in words.by_keys.items() if keys.startswith(pressed) and keys != pressed}
    )
    assert longer(word, words) == expected


def test_of_several_words_with_that_beginning_rare_ones_are_left_out(analyser: Analyser) -> None:
    notes = ["attention " * 3 + f"number {number}" for number in range(RARE + 1)] + ["attack", "attention"]
    assert Repairer(index_of(notes, analyser), analyser).unfinished("att").text == "attention"


def test_each_key_on_the_way_to_a_word_finds_its_passages_and_never_fails(pipeline: Pipeline) -> None:
    pressed = hangul.keys("역전파")
    for end in range(4, len(pressed) + 1):
        glance = pipeline.glance(hangul.typed(pressed[:end]))
        assert glance.hits, hangul.typed(pressed[:end])
        assert "역전파" in glance.hits[0].passage.text


def test_a_glance_is_found_by_words_and_says_what_was_mended(pipeline: Pipeline) -> None:
    glance = pipeline.glance("durwjsvk", k=2)
    assert glance.repairs == (Repair("durwjsvk", "역전파"),)
    assert [set(hit.legs) for hit in glance.hits] == [{"lexical"}] * 2
    assert glance.searched == ""
    assert pipeline.glance("durwjsvk", as_typed=True).hits == ()


def test_a_glance_carries_the_topic_and_keeps_to_the_filter(pipeline: Pipeline) -> None:
    before = (Turn("어텐션의 정확도는?", ""),)
    glance = pipeline.glance("그럼 개수는?", history=before)
    assert glance.searched == "어텐션의 정확도는? 그럼 개수는?"
    assert glance.hits[0].passage.text == NOTE[4]
    assert pipeline.glance("역전파", filter=Filter(weeks=(3,))).hits == ()
