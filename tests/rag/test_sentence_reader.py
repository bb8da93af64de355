"""The reader: which sentences it looks at, what it finds of them, and what it makes of that."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import Vectors
from index.errors import ModelError
from index.index import Index
from index.morphemes import Analyser, Token
from index.types import Progress
from rag import sentence_reader
from rag.sentence_reader import EVIDENCE, KINDS, NOT_FOUND, READER, SENTENCE, Candidate, SentenceReader, Weights, by_score, shipped
from rag.types import RETRIEVERS, Hit, RetrieverName
from tests.fakes import HashEncoder
from tests.rag.samples import ENCODER, hit, hits_for, memory_index

NOTES = {
    "a.md": "그림의 종류:\n- 수채화\n- 유화\n- 판화\n\n그림은 종이에 그린다. 종이는 나무로 만든다.",
    "b.md": "| 이름 | 값 |\n|---|---|\n| 종이 | 12장 |\n\n---\n\n```\n# 주석\n```",
    "c.md": "음악은 소리로 만든다. 악기는 네 가지다.\n\n피아노는 건반이 88개다.",
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


def weights(answerable: float = 9.0, threshold: float = 0.5, **sentence: float) -> Weights:
    """The weights named, all others 0; `answerable` is the logit that there is an answer."""
    named = tuple(sentence.get(name.replace(" ", "_"), 0.0) for name in SENTENCE)
    return Weights(named, (0.0,) * len(EVIDENCE), (answerable, *[0.0] * (len(EVIDENCE) - 1)), threshold)


BY_WORDS = weights(words=1.0)


@pytest.fixture(scope="module")
def index(analyser: Analyser) -> Index:
    return memory_index(analyser, NOTES)


def reader(index: Index, analyser: Analyser, of: Weights = BY_WORDS) -> SentenceReader:
    return SentenceReader(index, ENCODER, analyser, of)


# --------------------------------------------------------------------- reading


def test_rows_by_their_scores_equal_ones_in_the_order_given() -> None:
    order, scores = by_score([1.0, 2.0], [(0.0, 1.0), (3.0, 0.0), (1.0, 1.0), (9.0, 0.0)])
    assert (order, scores.tolist()) == ([3, 1, 2, 0], [9.0, 3.0, 3.0, 2.0])


def test_the_best_sentence_with_its_exact_place(index: Index, analyser: Analyser) -> None:
    question = "종이는 나무로 만드나?"
    answer = reader(index, analyser).read(question, hits_for(index, analyser, question))
    assert (answer.text, answer.abstained, answer.message) == ("종이는 나무로 만든다.", False, "")
    [span] = answer.spans
    assert index.document(span.doc_id).text[span.start : span.end] == span.quote == "종이는 나무로 만든다."
    assert answer.question == question
    assert answer.hits == tuple(hits_for(index, analyser, question))


def test_a_list_question_gets_the_whole_list(index: Index, analyser: Analyser) -> None:
    question = "그림의 종류를 모두 말해 줘"
    answer = reader(index, analyser, weights(words=1.0, list_asked_for=1.0)).read(question, hits_for(index, analyser, question))
    assert answer.text == "수채화, 유화, 판화"
    assert [span.quote for span in answer.spans] == ["수채화", "유화", "판화"]


def test_refuses_below_the_threshold(index: Index, analyser: Analyser) -> None:
    hits = hits_for(index, analyser, "종이는?")
    logit = math.log(0.3 / 0.7)
    answered = reader(index, analyser, weights(logit, 0.29, words=1)).read("종이는?", hits)
    refused = reader(index, analyser, weights(logit, 0.31, words=1)).read("종이는?", hits)
    assert (answered.abstained, refused.abstained) == (False, True)
    assert (refused.text, refused.spans, refused.message, refused.hits) == ("", (), NOT_FOUND, tuple(hits))
    assert answered.confidence == refused.confidence == 0.5


@pytest.mark.parametrize("hits", [[], [hit("---")], [hit("```\n| --- |\n```"), hit("***")]])
def test_without_a_sentence_it_refuses(hits: list[Hit], index: Index, analyser: Analyser) -> None:
    answer = reader(index, analyser).read("그림은?", hits)
    assert (answer.text, answer.abstained, answer.confidence, answer.message) == ("", True, 0.0, NOT_FOUND)


def test_signs_and_tags_are_no_sentences(index: Index, analyser: Analyser) -> None:
    signs = [hit("---"), hit("<br>"), hit("<hr/>\n</div>")]
    assert reader(index, analyser).weigh("그림은?", signs, [0.0] * len(SENTENCE)) is None


def test_a_table_of_contents_is_no_answer(index: Index, analyser: Analyser) -> None:
    contents = hit("- [그림(picture)](#pictures)\n  - [종이](#paper)\n2. [그림](https://example.com/#paper)")
    reading = reader(index, analyser).weigh("그림이란?", [contents], [0.0] * len(SENTENCE))
    assert reading is not None
    assert [each.text for each in reading.candidates] == ["2. [그림](https://example.com/#paper)"]


def test_hits_without_a_sentence_do_no_harm(index: Index, analyser: Analyser) -> None:
    answer = reader(index, analyser).read("그림은?", [hit("---"), hit("***"), hit("___"), hit("그림이다.", start=40)])
    assert (answer.text, answer.spans[0].start) == ("그림이다.", 40)


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_spans_of_the_notes(name: RetrieverName, question: str, index: Index, analyser: Analyser) -> None:
    answer = reader(index, analyser, replace(shipped(), threshold=0.0)).read(question, hits_for(index, analyser, question, name))
    assert 0.0 <= answer.confidence <= 1.0
    assert answer.abstained == (not answer.spans)
    for span in answer.spans:
        assert index.document(span.doc_id).text[span.start : span.end] == span.quote
        assert any(hit.passage.start <= span.start and span.end <= hit.passage.end for hit in answer.hits)
    again = reader(index, analyser, replace(shipped(), threshold=0.0)).read(question, hits_for(index, analyser, question, name))
    assert again == answer


# ----------------------------------------------------------- what is found of them


def reading_of(
    index: Index, analyser: Analyser, question: str, hits: Sequence[Hit], of: Weights = BY_WORDS
) -> tuple[dict[str, Candidate], dict[str, float]]:
    reading = reader(index, analyser).weigh(question, hits, of.sentence)
    assert reading is not None
    return {each.text: each for each in reading.candidates}, dict(zip(EVIDENCE, reading.evidence.tolist(), strict=True))


def test_features_of_sentences(index: Index, analyser: Analyser) -> None:
    question = "종이 그림은 몇 장?"
    hits = [hit("# 그림\n종이 12장에 그린 그림이다. 종이 공장이 있다.", 0.8), hit("아무 말이나 적어 둔 문장이다.", 0.6)]
    found, _ = reading_of(index, analyser, question, hits)
    first, second, other = found["종이 12장에 그린 그림이다."], found["종이 공장이 있다."], found["아무 말이나 적어 둔 문장이다."]
    assert first.value("words") == pytest.approx(1.0)
    assert (first.value("number asked for"), first.value("rank")) == (1.0, 0.0)
    assert 0 < second.value("words") < 1
    assert (second.value("number asked for"), second.value("short"), first.value("short")) == (0.0, 1.0, 0.0)
    assert found["# 그림"].value("heading") == 1.0
    assert (other.value("words"), other.value("rank"), other.value("hit margin")) == (0.0, 1.0, -2.0)
    vectors = ENCODER.encode_passages(["제목\n종이 공장이 있다."]) @ ENCODER.encode_questions([question]).T
    assert second.value("cosine") == pytest.approx(10 * float(vectors[0, 0]), abs=1e-5)


def test_context_counts_what_the_sentence_hangs_under(index: Index, analyser: Analyser) -> None:
    found, _ = reading_of(index, analyser, "그림 종이", [hit("- 그림\n  - 종이다")])
    assert found["- 종이다"].value("words") < found["- 종이다"].value("words with context") == pytest.approx(1.0)
    assert found["- 종이다"].context == "제목 › 그림"


def test_rows_count_but_headers_do_not(index: Index, analyser: Analyser) -> None:
    found, _ = reading_of(
        index, analyser, "종이", [hit("| 이름 | 값 |\n|---|---|\n| 종이 | 12장 |"), hit("| 그림 | 3장 |\n| 음악 | 4곡 |")]
    )
    assert sorted(found) == ["| 그림 | 3장 |", "| 음악 | 4곡 |", "| 종이 | 12장 |"]


def test_evidence(index: Index, analyser: Analyser) -> None:
    _, evidence = reading_of(index, analyser, "종이는 PVC로 몇 장?", [hit("종이 12장이다.", 0.8), hit("그림이다.", 0.7)])
    told = {name: evidence[name] for name in ("constant", "dense score of the best hit", "unseen words", "names missing", "wants a number")}
    assert told == {"constant": 1.0, "dense score of the best hit": 8.0, "unseen words": 1.0, "names missing": 1.0, "wants a number": 1.0}
    assert evidence["rarest word is missing"] == 1.0
    assert evidence["wants a fact"] == 1.0 - evidence["wants a list"] == 1.0 - evidence["wants a definition"]
    _, lonely = reading_of(index, analyser, "종이", [hit("종이 12장이다.")])
    assert (lonely["margin"], lonely["rarest word is missing"]) == (3.0, 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4))
def test_no_score_blows_up(index: Index, analyser: Analyser, scores: list[float]) -> None:
    hits = [hit(f"그림 {number}번이다.", score) for number, score in enumerate(sorted(scores, reverse=True))]
    found, evidence = reading_of(index, analyser, "그림은 몇 번?", [replace(each, legs={}) for each in hits], shipped())
    assert all(-2 <= each.value("hit margin") <= 0 for each in found.values())
    assert np.isfinite(list(evidence.values())).all()
    assert max(abs(value) for value in evidence.values()) < 1000
    answer = reader(index, analyser, shipped()).read("그림은 몇 번?", hits)
    assert 0 <= answer.confidence <= 1


# ---------------------------------------------------------------------- how much work


class CountingAnalyser(Analyser):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def tokens(self, text: str) -> tuple[Token, ...]:
        self.asked[text] += 1
        return super().tokens(text)


class CountingEncoder(HashEncoder):
    def __init__(self) -> None:
        super().__init__(ENCODER.dim)
        self.encoded: list[list[str]] = []

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded.append(list(texts))
        return super().encode_passages(texts, progress)


def test_every_text_is_analysed_once(index: Index) -> None:
    analyser = CountingAnalyser()
    question = "그림은 종이에 그리나?"
    hits = hits_for(index, analyser, question)
    analyser.asked.clear()
    reader(index, analyser, shipped()).read(question, hits)
    assert len(analyser.asked) > 5
    assert {text for text, count in analyser.asked.items() if count > 1} <= {question}


def test_a_dozen_sentences_are_encoded(index: Index, analyser: Analyser) -> None:
    """Two of each hit, and then those with most of the question's words."""
    encoder = CountingEncoder()
    many = hit(" ".join(f"그림 {number}번이다." for number in range(30)))
    others = [hit(f"다른 말 {number}이다. 끝이다. 또.") for number in range(4)]
    SentenceReader(index, encoder, analyser, BY_WORDS).weigh("그림", [many, *others], BY_WORDS.sentence)
    [texts] = encoder.encoded
    assert len(texts) == sentence_reader.ENCODED == 12
    assert [sum("그림" in text for text in texts), sum("끝이다" in text for text in texts)] == [4, 4]
    assert [sum(text.endswith(f"말 {number}이다.") for text in texts) for number in range(4)] == [1, 1, 1, 1]


# --------------------------------------------------------------------------- weights


def test_the_shipped_weights_are_for_these_features(tmp_path: Path) -> None:
    found = shipped()
    assert (len(found.sentence), len(found.right), len(found.answerable)) == (len(SENTENCE), len(EVIDENCE), len(EVIDENCE))
    assert 0 < found.threshold < 1
    assert found.answerable[-KINDS:] == (0.0,) * KINDS
    value = json.loads(READER.read_text("utf-8"))
    value["features"]["sentence"][0] = "another"
    (tmp_path / "reader.json").write_text(json.dumps(value), "utf-8")
    with pytest.raises(ModelError, match=r"reader\.json was fitted for other features.*rag\.fit"):
        Weights.load(tmp_path / "reader.json")
    assert Weights.load(READER) == found


@pytest.mark.parametrize("logit", [-1e5, -800.0, -1.0, 0.0, 1.0, 800.0, 1e5])
def test_the_logistic_function_never_overflows(logit: float) -> None:
    found = sentence_reader._sigmoid((logit,), np.ones(1))
    assert found == pytest.approx(0.5 * (1 + math.tanh(logit / 2)))
