"""What every retriever must do, over every index: the plain sums in this file are the judge."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.index import Index
from index.morphemes import Analyser
from index.types import Filter, Passage
from rag import retriever
from rag.mixture import FLOOR, Mixture
from rag.retriever import IndexRetriever, matches
from rag.types import RETRIEVERS, Retriever, RetrieverName
from tests.rag.samples import ENCODER, folder_index, indexed, memory_index

NOTES = {
    "week01/역전파.md": "역전파는 기울기를 구한다.\n\n연쇄 법칙을 쓴다. 역전파의 이름은 여기서 왔다.\n\nloss를 줄인다",
    "week02/attention.md": "Attention은 가중합이다.\n\n질의와 키의 내적을 구한다",
    "week10/bm25.md": "BM25는 단어 빈도를 쓴다.\n\n역전파와는 관계가 없다.\n\n긴 문서는 벌점을 받는다. 벌점은 b로 정한다",
}
QUESTIONS = ["역전파는 무엇을 구하는가?", "BM25의 벌점", "attention", "관계없는 말 쾅쾅", "?!", "기울기 기울기 내적", "역전파 " * 40]
WEIGHTS = (0.3, -0.1, 0.02, 0.1, 0.2)


@pytest.fixture(params=["memory", "folder"], scope="module")
def index(request: pytest.FixtureRequest, analyser: Analyser, tmp_path_factory: pytest.TempPathFactory) -> Index:
    if request.param == "memory":
        return memory_index(analyser, NOTES)
    return folder_index(analyser, NOTES, tmp_path_factory.mktemp("index"))


def asked(index: Index, analyser: Analyser, name: RetrieverName) -> Retriever:
    return IndexRetriever(index, ENCODER, analyser, name, Mixture(WEIGHTS))


class Judge:
    """Both legs of one question over all passages, summed term by term."""

    def __init__(self, analyser: Analyser, question: str, kept: Filter | None = None) -> None:
        items = [indexed(analyser, *note) for note in sorted(NOTES.items())]
        passages = [passage for item in items for passage in item.passages]
        counts = [terms for item in items for terms in item.terms]
        asked = ENCODER.encode_questions([question])[0]
        weights = analyser.query(question)
        mean = sum(map(len, counts)) / len(counts)
        idf = {}
        for term in weights:
            found = sum(term in terms for terms in counts)
            idf[term] = math.log(1 + (len(counts) - found + 0.5) / (found + 0.5))
        self.mass = sum(weights[term] * idf[term] for term in weights) or 1.0
        self.latin = sum(weights[term] * idf[term] for term in weights if term.strip("#=")[0].isascii()) / self.mass
        self.dense: dict[str, float] = {}
        self.lexical: dict[str, float] = {}
        vectors = np.concatenate([item.vectors for item in items])
        for passage, vector, terms in zip(passages, vectors, counts, strict=True):
            if kept is None or kept.keeps(passage.doc_id):
                norm = 1.2 * (0.25 + 0.75 * len(terms) / mean)
                self.dense[passage.passage_id] = float(vector @ asked)
                self.lexical[passage.passage_id] = sum(
                    weight * idf[term] * terms.count(term) / (terms.count(term) + norm) for term, weight in weights.items()
                )

    def alpha(self) -> float:
        best = [max(leg, key=lambda name: leg[name]) for leg in (self.dense, self.lexical)]
        agree = best[0] == best[1] if max(self.lexical.values()) > 0 else best[0] == next(iter(self.lexical))
        values = (1.0, max(self.lexical.values()) / self.mass, math.log(self.mass), float(agree), self.latin)
        return max(FLOOR, sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True)))

    def scores(self, name: RetrieverName) -> dict[str, float]:
        if name == "dense":
            return self.dense
        if name == "lexical":
            return {passage: score for passage, score in self.lexical.items() if score > 0}
        alpha = self.alpha() if self.dense else 0.0
        return {passage: self.dense[passage] + alpha * self.lexical[passage] / math.sqrt(self.mass) for passage in self.dense}


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kept", [None, Filter(folders=("week10",)), Filter(notes=("*/attention.md",)), Filter(folders=("nowhere",))])
def test_hits_are_those_of_the_judge(index: Index, analyser: Analyser, name: RetrieverName, question: str, kept: Filter | None) -> None:
    judge = Judge(analyser, question, kept)
    expected = judge.scores(name)
    hits = asked(index, analyser, name).retrieve(question, 50, kept)
    found = {hit.passage.passage_id: hit.score for hit in hits}
    assert found.keys() == expected.keys()
    assert [found[passage] for passage in expected] == pytest.approx(list(expected.values()), abs=1e-5)
    assert [(-hit.score, hit.passage.passage_id) for hit in hits] == sorted((-hit.score, hit.passage.passage_id) for hit in hits)
    ranks = {
        "dense": sorted(judge.dense, key=lambda passage: -judge.dense[passage]),
        "lexical": sorted((each for each in judge.lexical if judge.lexical[each] > 0), key=lambda passage: -judge.lexical[passage]),
    }
    for hit in hits:
        assert set(hit.legs) == ({"dense", "lexical"} if name == "hybrid" else {name})
        for leg, told in hit.legs.items():
            passage = hit.passage.passage_id
            assert told.score == pytest.approx(getattr(judge, leg)[passage], abs=1e-5)
            assert told.rank == (ranks[leg].index(passage) + 1 if passage in ranks[leg] else None)


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("kept", [None, Filter(folders=("week10",))])
def test_passages_named_are_the_hits_they_would_be(index: Index, analyser: Analyser, name: RetrieverName, kept: Filter | None) -> None:
    for question in QUESTIONS:
        every = asked(index, analyser, name).retrieve(question, 50, kept)
        at = {passage.passage_id: number for number, passage in enumerate(index.passages(range(len(index))))}
        chosen = every[::-2]
        scored = asked(index, analyser, name).scored(question, [at[hit.passage.passage_id] for hit in chosen], kept)
        assert [(hit.passage, hit.legs, hit.marks) for hit in scored] == [(hit.passage, hit.legs, hit.marks) for hit in chosen[::-1]]
        assert [hit.score for hit in scored] == pytest.approx([hit.score for hit in chosen[::-1]])
    assert asked(index, analyser, name).scored("말", []) == []


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_smaller_k_gives_the_beginning(index: Index, analyser: Analyser, name: RetrieverName) -> None:
    for question in QUESTIONS:
        every = asked(index, analyser, name).retrieve(question, 50)
        for k in range(-1, len(every) + 2):
            assert asked(index, analyser, name).retrieve(question, k) == every[: max(k, 0)]


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("question", ["", "  ", "\n\t"])
def test_an_empty_question_finds_nothing(index: Index, analyser: Analyser, name: RetrieverName, question: str) -> None:
    assert asked(index, analyser, name).retrieve(question, 5) == []


@pytest.mark.parametrize("name", RETRIEVERS)
def test_an_empty_index_holds_nothing(analyser: Analyser, name: RetrieverName, tmp_path: Path) -> None:
    for index in (memory_index(analyser, {}), folder_index(analyser, {"a.md": ""}, tmp_path / "index")):
        assert asked(index, analyser, name).retrieve("역전파", 5) == []


@pytest.mark.parametrize("name", RETRIEVERS)
def test_ties_are_in_the_order_of_ids(analyser: Analyser, name: RetrieverName) -> None:
    """As text: `#12-18` stands before `#4-10`."""
    twins = memory_index(
        analyser, {"b.md": "역전파 학습\n\n역전파 학습\n\n역전파 학습", "a.md": "역전파 학습\n\n다른 그림", "c.md": "역전파 학습"}
    )
    ids = ["a.md#0-6", "b.md#0-6", "b.md#16-22", "b.md#8-14", "c.md#0-6"]
    for k in range(1, 6):
        assert [hit.passage.passage_id for hit in asked(twins, analyser, name).retrieve("역전파 학습", k)] == ids[:k]


WORDS = ["역전파", "기울기", "BM25", "벌점", "attention", "내적", "쾅쾅", "b", "loss"]
LEGS: tuple[RetrieverName, ...] = ("dense", "lexical")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
def test_hybrid_tells_what_each_leg_tells(analyser: Analyser, words: list[str]) -> None:
    index = memory_index(analyser, NOTES)
    question = " ".join(words)
    hybrid = {hit.passage: hit.legs for hit in IndexRetriever(index, ENCODER, analyser).retrieve(question, 50)}
    for leg in LEGS:
        alone = IndexRetriever(index, ENCODER, analyser, leg).retrieve(question, 50)
        assert {hit.passage: hit.legs[leg] for hit in alone} == {
            passage: legs[leg] for passage, legs in hybrid.items() if legs[leg].rank is not None
        }


def test_each_leg_is_asked_for_so_many(index: Index, analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retriever, "DEPTH", 1)
    [first, *others] = asked(index, analyser, "hybrid").retrieve("벌점 attention 가중합", 1)
    assert others == []
    found = IndexRetriever(index, ENCODER, analyser, "hybrid").candidates("벌점 attention 가중합", analyser.query("벌점"), 1)
    assert 1 <= len(found.ids) <= 2
    assert all((found.ranks[leg] >= 0).all() and (found.ranks[leg] == 1).sum() == 1 for leg in ("dense", "lexical"))
    assert all(leg.rank in (1, None) for leg in first.legs.values())


# ------------------------------------------------------------------- matched words


@pytest.mark.parametrize("name", RETRIEVERS)
def test_marks_are_the_places_of_the_matched_words(index: Index, analyser: Analyser, name: RetrieverName) -> None:
    hits = asked(index, analyser, name).retrieve("BM25의 벌점은 역전파와 관계가 있는가?", 50)
    told = {hit.passage.text: (hit.matched, [hit.passage.text[start:end] for start, end in hit.marks]) for hit in hits}
    assert told["긴 문서는 벌점을 받는다. 벌점은 b로 정한다"] == (("벌점",), ["벌점", "벌점"])
    assert told["BM25는 단어 빈도를 쓴다."] == (("bm", "25"), ["BM25"])
    assert ("loss를 줄인다" in told) == (name != "lexical") and told.get("loss를 줄인다", ((), [])) == ((), [])


@pytest.mark.parametrize(
    ("question", "text", "matched", "marked"),
    [
        ("데이터베이스", "큰 데이터베이스다", ("데이터베이스", "데이터", "베이스"), ["데이터베이스"]),
        ("그림을 그렸나?", "그림을 그리다", ("그림", "그리"), ["그림", "그리"]),
        ("이것은 뭐야?", "이것은 그것이다", (), []),
        ("학습", "", (), []),
        ("Loss", "LOSS와 loss", ("loss",), ["LOSS", "loss"]),
        ("학습", "첫 줄\n둘째 학습", ("학습",), ["학습"]),
    ],
)
def test_matches(question: str, text: str, matched: tuple[str, ...], marked: list[str], analyser: Analyser) -> None:
    found, marks = matches(text, analyser.query(question), analyser)
    assert (found, [text[start:end] for start, end in marks]) == (matched, marked)


@given(st.text(alphabet="역전파학습그림 \nBM25", max_size=40), st.sampled_from(QUESTIONS))
def test_marks_lie_apart_and_in_order(analyser: Analyser, text: str, question: str) -> None:
    _, marks = matches(text, analyser.query(question), analyser)
    edges = [edge for mark in marks for edge in mark]
    assert edges == sorted(set(edges))
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


def test_a_hit_carries_the_passage_as_it_is(index: Index, analyser: Analyser) -> None:
    [hit] = asked(index, analyser, "dense").retrieve("질의 키 내적", 1, Filter(notes=("week02/attention.md",)))
    assert isinstance(hit.passage, Passage)
    assert index.document(hit.passage.doc_id).text[hit.passage.start : hit.passage.end] == hit.passage.text
