"""The whole way from a question to an answer, with the shipped encoder and the sentence reader over three small notes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.encoder import Encoder
from index.errors import EncoderMismatch, IndexMissing, ModelError, UsageError
from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.manifest import EncoderEntry
from index.morphemes import Analyser
from index.settings import IndexSettings, SplitSettings
from index.split import split
from index.types import Document, Filter
from rag.pipeline import NO_QUESTION, NO_SUMMARY, Pipeline, carried
from rag.sentence_reader import NOT_FOUND
from rag.span_reader import NO_SPANS, Noticed, SpanReader
from rag.types import RETRIEVERS, Answer, ReaderName, RetrieverName, Turn
from tests.fakes import HashEncoder
from tests.index.samples import QuickDisk

NOTES = {
    "week02/shell.md": "# 셸\n\ncommand는 셸이 받는 명령이다.\n",
    "week04/bm25.md": """# BM25

- BM25: 단어 빈도와 문서 길이로 점수를 매기는 희소 검색 함수
- 단점
  - 같은 뜻의 다른 낱말을 찾지 못함
- 조절하는 매개변수 두 가지
  - k1: 단어 빈도가 포화되는 속도
  - b: 문서 길이를 얼마나 깎을지

| 이름 | 흔한 값 |
|---|---|
| k1 | 1.2 |
| b | 0.75 |
""",
    "week05/dpr.md": """# DPR

**DPR(Dense Passage Retrieval)**은 질문과 지문을 두 인코더로 벡터로 바꾸어 내적으로 찾는 밀집 검색 모델이다.
학습할 때는 배치 안의 다른 지문을 음성 예로 쓴다. 2020년에 나왔다.

## 단점

- 새로운 도메인에서 성능이 떨어짐
- 인코더를 학습할 데이터가 필요함
""",
    "week07/ocr.md": """# OCR

OCR은 이미지 속 글자를 읽어 내는 과제이다. 네 단계로 이루어진다.

1. 변환
2. 특징 추출
3. 시퀀스 모델링
4. 예측
""",
}


def made(path: Path, encoder: Encoder, analyser: Analyser) -> FolderIndex:
    documents = []
    for doc_id, text in NOTES.items():
        document = Document(doc_id, text[2 : text.index("\n")], text)
        passages = split(document, SplitSettings(), encoder.count_tokens)
        embedded = [passage.embedded for passage in passages]
        terms = [analyser.terms(text) for text in embedded]
        documents.append(IndexedDocument(document, f"hash of {doc_id}", passages, encoder.encode_passages(embedded), terms))
    entry = EncoderEntry(encoder.name, encoder.fingerprint, encoder.dim)
    return FolderIndex.empty(path, encoder=entry, settings=IndexSettings(), fs=QuickDisk()).apply(Changes(put=documents))


@pytest.fixture(scope="module")
def place(shipped: Encoder, analyser: Analyser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notes") / "index"
    made(path, shipped, analyser)
    return path


@pytest.fixture(scope="module")
def index(place: Path) -> Index:
    return FolderIndex.open(place)


@pytest.fixture(scope="module")
def pipeline(index: Index, shipped: Encoder) -> Pipeline:
    return Pipeline.over(index, shipped, reader="sentence")


def checked(pipeline: Pipeline, answer: Answer) -> Answer:
    """The answer, after what must hold of every one."""
    assert answer.abstained == (answer.text == "") == (answer.spans == ()) == (answer.message != "")
    assert 0.0 <= answer.confidence <= 1.0
    for span in answer.spans:
        assert pipeline.index.document(span.doc_id).text[span.start : span.end] == span.quote
        assert any(hit.passage.doc_id == span.doc_id and hit.passage.start <= span.start < hit.passage.end for hit in answer.hits)
    assert len({hit.passage.passage_id for hit in answer.hits}) == len(answer.hits) <= 5
    return answer


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("BM25에서 조절하는 매개변수 두 가지는?", "k1: 단어 빈도가 포화되는 속도, b: 문서 길이를 얼마나 깎을지"),
        ("OCR의 네 단계를 모두 말해 줘", "변환, 특징 추출, 시퀀스 모델링, 예측"),
        ("DPR의 단점을 모두 말해 줘", "새로운 도메인에서 성능이 떨어짐, 인코더를 학습할 데이터가 필요함"),
        ("DPR이란?", "DPR(Dense Passage Retrieval)은 질문과 지문을 두 인코더로 벡터로 바꾸어 내적으로 찾는 밀집 검색 모델이다."),
        ("OCR이 뭐야?", "OCR은 이미지 속 글자를 읽어 내는 과제이다."),
        ("BM25란?", "BM25: 단어 빈도와 문서 길이로 점수를 매기는 희소 검색 함수"),
        ("DPR을 학습할 때 음성 예로 쓰는 것은?", "학습할 때는 배치 안의 다른 지문을 음성 예로 쓴다."),
        ("DPR은 언제 나왔어?", "2020년"),
    ],
)
def test_answers(pipeline: Pipeline, question: str, text: str) -> None:
    answer = checked(pipeline, pipeline.ask(question))
    assert (answer.text, answer.abstained, answer.message) == (text, False, "")
    assert (answer.question, answer.searched) == (question, question)


@pytest.mark.parametrize(
    "question", ["쾅쾅 뾰로롱 자전거 타이어 교체", "Who won the 1998 football world cup in Paris?", "김치찌개에 돼지고기를 몇 그램 넣어?"]
)
def test_abstains_on_what_the_notes_do_not_hold(pipeline: Pipeline, question: str) -> None:
    answer = checked(pipeline, pipeline.ask(question))
    assert (answer.abstained, answer.message) == (True, NOT_FOUND)
    assert len(answer.hits) > 0, "the closest passages are shown"


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_told(pipeline: Pipeline, question: str) -> None:
    assert pipeline.ask(question) == Answer(question, "", (), 0.0, (), abstained=True, message=NO_QUESTION)
    assert pipeline.search(question) == []


@pytest.mark.parametrize(
    "question",
    [
        "DPR 노트 요약해 줘",
        "이 강의 전체 내용을 정리해 줘",
        "Summarize the lecture",
        "요약 좀",
        "요약해서 알려 줘",
        "3주차 요약 부탁해",
        "give me a summary of this note",
    ],
)
def test_a_request_for_a_summary_is_told(pipeline: Pipeline, question: str) -> None:
    answer = checked(pipeline, pipeline.ask(question))
    assert (answer.message, answer.confidence) == (NO_SUMMARY, 0.0)
    assert answer.hits == tuple(pipeline.search(question))


@pytest.mark.parametrize(
    "question",
    [
        "요약하는 모델은?", "문서 요약에 쓰는 지표는?", "요약이란?", "긴 문서를 요약해서 넣는 이유는?", "요약 좀 잘하는 모델은?",
        "What is summarization?", "Which summary of all layers does CLS give?",
    ],
)  # fmt: skip
def test_a_question_about_summaries_is_a_question(pipeline: Pipeline, question: str) -> None:
    assert pipeline.ask(question).message != NO_SUMMARY


def test_a_follow_up_carries_the_topic(pipeline: Pipeline) -> None:
    history = [Turn("DPR이란?", "밀집 검색 모델"), Turn("언제 나왔어?", "2020년")]
    answer = checked(pipeline, pipeline.ask("그럼 단점은?", history=history[:1]))
    assert (answer.question, answer.searched) == ("그럼 단점은?", "DPR이란? 그럼 단점은?")
    assert answer.hits[0].passage.doc_id == "week05/dpr.md"
    other = checked(pipeline, pipeline.ask("그럼 단점은?", history=[Turn("BM25란?", "희소 검색 함수")]))
    assert other.hits[0].passage.doc_id == "week04/bm25.md"


DPR, BM25 = Turn("DPR이란?", "밀집 검색 모델"), Turn("BM25란?", "희소 검색 함수")


@pytest.mark.parametrize(
    ("question", "history", "searched"),
    [
        ("단점은?", [], "단점은?"),
        ("단점은?", [DPR], "DPR이란? 단점은?"),
        ("그럼 단점은?", [DPR], "DPR이란? 그럼 단점은?"),
        ("그건 왜?", [DPR], "DPR이란? 그건 왜?"),
        ("그것의 학습 방법과 장점은?", [DPR], "DPR이란? 그것의 학습 방법과 장점은?"),
        ("또 다른 단점은?", [DPR], "DPR이란? 또 다른 단점은?"),
        ("What about the reader?", [DPR], "DPR이란? What about the reader?"),
        ("And why?", [DPR], "DPR이란? And why?"),
        ("How does it differ from BM25?", [DPR], "DPR이란? How does it differ from BM25?"),
        ("What are the advantages of it?", [DPR], "DPR이란? What are the advantages of it?"),
        ("How large is its index?", [DPR], "DPR이란? How large is its index?"),
        # the topic is the last question that had one
        ("단점은?", [BM25, DPR], "DPR이란? 단점은?"),
        ("단점은?", [DPR, Turn("장점은?", ""), Turn("그건 왜?", "")], "DPR이란? 단점은?"),
        ("단점은?", [Turn("장점은?", ""), Turn("그건?", "")], "장점은? 단점은?"),
        # questions that stand by themselves
        ("BM25의 단점은?", [DPR], "BM25의 단점은?"),
        ("이 노트에서 말한 학습률은?", [DPR], "이 노트에서 말한 학습률은?"),
        ("그럼 BM25에서 단어 빈도의 역할은?", [DPR], "그럼 BM25에서 단어 빈도의 역할은?"),
        ("그래프 신경망이란?", [DPR], "그래프 신경망이란?"),
        ("그래디언트 소실은 왜 생겨?", [DPR], "그래디언트 소실은 왜 생겨?"),
        ("그림이란?", [DPR], "그림이란?"),
        ("What is BM25?", [DPR], "What is BM25?"),
        ("Why does LoRA keep its weights frozen?", [DPR], "Why does LoRA keep its weights frozen?"),
        ("What is MoCo and why does it use a queue?", [DPR], "What is MoCo and why does it use a queue?"),
        ("국내 IT 기업이 공개한 검출 모델은?", [DPR], "국내 IT 기업이 공개한 검출 모델은?"),
        ("", [DPR], ""),
    ],
)
def test_carried(question: str, history: list[Turn], searched: str, analyser: Analyser) -> None:
    assert carried(question, history, analyser) == searched


@pytest.mark.parametrize(
    ("question", "topic", "searched"),
    [
        ("그럼 OCR은?", "BM25란?", "그럼 OCR은?"),
        ("그럼 단점은?", "BM25란?", "BM25란? 그럼 단점은?"),
        ("그럼 없는말은?", "BM25란?", "BM25란? 그럼 없는말은?"),
        ("그럼 시퀀셜은?", "BM25란?", "BM25란? 그럼 시퀀셜은?"),  # the notes hold a part of it alone
        ("그럼 점수는?", "BM25란?", "BM25란? 그럼 점수는?"),  # among the first for the topic
        ("그럼 단점은?", "OCR이란?", "OCR이란? 그럼 단점은?"),  # no topic, though other notes alone hold it
        ("그건 OCR이랑 뭐가 달라?", "BM25란?", "BM25란? 그건 OCR이랑 뭐가 달라?"),
        ("1+1은?", "BM25란?", "1+1은?"),
        ("command는?", "BM25란?", "command는?"),  # no connective within a word
    ],
)
def test_a_topic_that_stands_apart_in_the_notes_is_asked_alone(pipeline: Pipeline, question: str, topic: str, searched: str) -> None:
    assert pipeline.ask(question, history=[Turn(topic, "")]).searched == searched
    assert pipeline.glance(question, history=[Turn(topic, "")]).searched == (searched if searched != question else "")


@pytest.mark.parametrize("question", ["?", "!!!", "12", " … "])
def test_a_question_without_words_is_refused(pipeline: Pipeline, question: str) -> None:
    answer = pipeline.ask(question)
    assert (answer.abstained, answer.message, answer.hits) == (True, NO_QUESTION, ())


@pytest.mark.parametrize("retriever", RETRIEVERS)
def test_the_same_answers_after_opening_it_again(place: Path, pipeline: Pipeline, retriever: RetrieverName) -> None:
    opened = Pipeline.open(place, retriever=retriever, reader="sentence")
    for question in ("BM25란?", "OCR의 네 단계를 모두 말해 줘", "쾅쾅 뾰로롱"):
        assert opened.ask(question) == pipeline.ask(question, retriever=retriever)
    assert opened.search("BM25", 2) == pipeline.search("BM25", 2, retriever=retriever)


@pytest.mark.parametrize("retriever", RETRIEVERS)
def test_every_retriever_answers(pipeline: Pipeline, retriever: RetrieverName) -> None:
    answer = checked(pipeline, pipeline.ask("OCR의 네 단계를 모두 말해 줘", retriever=retriever))
    assert answer.text == "변환, 특징 추출, 시퀀스 모델링, 예측"
    assert all(set(hit.legs) == ({"dense", "lexical"} if retriever == "hybrid" else {retriever}) for hit in answer.hits)


def test_filter_and_k(pipeline: Pipeline) -> None:
    answer = checked(pipeline, pipeline.ask("단점이 뭐야?", filter=Filter(folders=("week04",)), k=1))
    assert [hit.passage.doc_id for hit in answer.hits] == ["week04/bm25.md"]
    assert pipeline.ask("단점이 뭐야?", filter=Filter(notes=("nowhere.md",))).hits == ()
    assert pipeline.ask("단점이 뭐야?", filter=Filter(notes=("nowhere.md",))).message == NOT_FOUND


def test_a_question_is_read_as_notes_are(pipeline: Pipeline) -> None:
    decomposed = "\u1103\u1161\u11ab\u110b\u1165 빈도"  # 단어, as macOS writes it
    assert [hit.passage for hit in pipeline.search(decomposed)] == [hit.passage for hit in pipeline.search("단어 빈도")]
    assert pipeline.ask(decomposed).question == "단어 빈도"
    assert pipeline.ask("BM25\ud800란?").question == "BM25?란?"
    assert pipeline.ask("BM25\0란?").hits


def test_asking_twice_gives_the_same(pipeline: Pipeline) -> None:
    assert pipeline.ask("DPR이란?") == pipeline.ask("DPR이란?")


def test_what_cannot_be_meant(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no retriever 'sparse'; there are hybrid, dense, lexical"):
        pipeline.ask("BM25란?", retriever="sparse")  # type: ignore[arg-type]
    with pytest.raises(IndexMissing, match="rag index"):
        Pipeline.open(tmp_path)


def test_another_reader_may_stand_in(pipeline: Pipeline) -> None:
    class First:
        """Answers with the whole first passage."""

        def read(self, question: str, hits: object) -> Answer:
            assert isinstance(hits, list)
            return Answer(question, hits[0].passage.text, (), 1.0, tuple(hits))

    answer = replace(pipeline, reader=First()).ask("OCR이 뭐야?")
    assert answer.text == answer.hits[0].passage.text


# Which reader


def test_the_span_reader_by_default_or_a_notice(index: Index, shipped: Encoder) -> None:
    pipeline = Pipeline.over(index, shipped)
    answer = checked(pipeline, pipeline.ask("OCR의 네 단계를 모두 말해 줘"))
    assert answer.text.startswith("변환, 특징 추출")
    if isinstance(pipeline.reader, Noticed):
        [notice] = answer.notices
        assert notice.startswith(f"{NO_SPANS}: ")
    else:
        assert isinstance(pipeline.reader, SpanReader) and answer.notices == ()


def test_a_reader_by_name_says_nothing_of_others(pipeline: Pipeline) -> None:
    assert pipeline.ask("OCR이 뭐야?").notices == ()


@pytest.mark.parametrize("reader", [None, "sentence"])
@pytest.mark.parametrize(("threshold", "refused"), [(0.0, [False, False]), (1.0, [True, True])])
def test_the_threshold_of_refusal_may_be_moved(place: Path, reader: ReaderName | None, threshold: float, refused: list[bool]) -> None:
    pipeline = Pipeline.open(place, reader=reader, threshold=threshold)
    answers = [pipeline.ask(question) for question in ("OCR의 네 단계를 모두 말해 줘", "쾅쾅 뾰로롱 자전거 타이어 교체")]
    assert [answer.abstained for answer in answers] == refused


@pytest.mark.parametrize(
    ("settings", "complaint"), [({"reader": "word"}, "no reader 'word'"), ({"threshold": 1.5}, r"no threshold 1\.5; it is a probability")]
)
def test_what_no_reader_can_be(index: Index, shipped: Encoder, settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Pipeline.over(index, shipped, **settings)


# An index of another encoder


@pytest.fixture(scope="module")
def older(shipped: Encoder, analyser: Analyser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that an earlier version of the shipped encoder built."""
    path = tmp_path_factory.mktemp("older") / "index"
    made(path, HashEncoder(shipped.dim, shipped.name), analyser)
    return path


@pytest.mark.parametrize("retriever", ["hybrid", "dense"])
def test_vectors_of_two_encoders_are_never_compared(older: Path, retriever: RetrieverName) -> None:
    with pytest.raises(EncoderMismatch, match=f"--retriever lexical.*rag index --index {re.escape(str(older))}"):
        Pipeline.open(older, retriever=retriever)
    with pytest.raises(EncoderMismatch, match="embed the notes anew: rag index"):
        Pipeline.open(older, retriever="lexical").search("BM25란?", retriever=retriever)


def test_words_are_searched_whichever_encoder_built_the_index(older: Path, pipeline: Pipeline) -> None:
    opened = Pipeline.open(older, retriever="lexical", reader="sentence")
    assert opened.ask("DPR은 언제 나왔어?").text == "2020년"
    assert opened.search("BM25 매개변수") == pipeline.search("BM25 매개변수", retriever="lexical")


def test_an_encoder_that_is_gone(shipped: Encoder, analyser: Analyser, tmp_path: Path) -> None:
    place, gone = tmp_path / "index", tmp_path / "adapted"
    made(place, HashEncoder(shipped.dim, str(gone)), analyser)
    with pytest.raises(ModelError, match=rf"{re.escape(str(gone))}, which is not there.*rag index --index \S+ --encoder {shipped.name}"):
        Pipeline.open(place)
    opened = Pipeline.open(place, retriever="lexical", reader="sentence")
    assert (opened.encoder.name, opened.ask("DPR은 언제 나왔어?").text) == (shipped.name, "2020년")
