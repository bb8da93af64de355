"""Public sets, in miniature: the same index and retrievers, embeddings kept between runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder, Vectors
from index.errors import DataError
from index.index import Index
from index.types import Filter, Progress
from rag.evaluation.datasets import Context
from rag.evaluation.yardstick import CachedEncoder, evaluate_sets, passage_index
from rag.types import Hit, Retriever
from tests.fakes import HashEncoder


class Counting(HashEncoder):
    """Keeps count of what it really encoded."""

    def __init__(self, name: str = "hash") -> None:
        super().__init__(name=name)
        self.encoded: list[str] = []

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return super().encode_questions(texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += texts
        return super().encode_passages(texts, progress)


class Dense:
    """The dense leg, without more."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index, self.encoder = index, encoder

    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]:
        ids, scores = self.index.dense(self.encoder.encode_questions([question]), min(k, len(self.index)))
        return [Hit(passage, float(score)) for passage, score in zip(self.index.passages(ids[0]), scores[0], strict=True)]


class Nothing:
    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]:
        return []


def retrievers_for(index: Index, encoder: Encoder) -> Mapping[str, Retriever]:
    return {"dense": Dense(index, encoder), "nothing": Nothing()}


TEXTS = {"c1": "faiss 벡터 검색", "c2": "형태소 분석", "c3": "드롭아웃 정규화"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """KLUE-MRC with three passages and questions, the last of which looks like the wrong passage; HF with one section and one question."""
    dev = tmp_path / "data" / "dev"
    (dev / "hf_course_ko").mkdir(parents=True)
    contexts = [{"context_id": name, "title": "", "text": text} for name, text in TEXTS.items()]
    asked = [("q1", "벡터 검색", "c1"), ("q2", "형태소 분석", "c2"), ("q3", "faiss 벡터", "c3")]
    answers = [{"text": "?", "start": 0}]
    questions = [{"id": name, "question": text, "context_id": context, "answers": answers} for name, text, context in asked]
    write(dev / "klue_mrc_val.contexts.jsonl", contexts)
    write(dev / "klue_mrc_val.qa.jsonl", questions)
    write(dev / "hf_course_ko" / "corpus.jsonl", [{"id": "hf/ch1/2#00", "title": "제목", "text": "토큰화"}])
    write(dev / "hf_course_ko" / "queries.jsonl", [{"id": "h1", "text": "토큰화?"}])
    (dev / "hf_course_ko" / "chapter_level.qrels.tsv").write_text("query-id\tcorpus-id\tscore\nh1\thf/ch1\t1\n", "utf-8")
    return tmp_path / "data"


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def test_sets_their_mean_and_the_comparison(root: Path) -> None:
    report = evaluate_sets(root, HashEncoder(dim=256), str.split, retrievers_for, ["klue-mrc", "hf"])
    hits = {(line["set"], line["system"]): (line["questions"], line["hit@1"], line["hit@5"]) for line in report.table("sets").records()}
    assert hits == {
        ("klue-mrc", "dense"): (3, pytest.approx(2 / 3), 1.0),
        ("klue-mrc", "nothing"): (3, 0.0, 0.0),
        ("hf", "dense"): (1, 1.0, 1.0),
        ("hf", "nothing"): (1, 0.0, 0.0),
    }
    means = {line["system"]: (line["sets"], line["hit@1"]) for line in report.table("mean over sets").records()}
    assert means == {"dense": (2, pytest.approx((2 / 3 + 1) / 2)), "nothing": (2, 0.0)}
    tests = {(line["set"], line["systems"], line["metric"]): line["difference"] for line in report.table("sets compared").records()}
    assert tests["klue-mrc", "dense - nothing", "hit@1"] == pytest.approx(2 / 3)
    assert {row.split for row in report.rows} == {"klue-mrc", "hf"}
    assert report.facts["sets"] == 2


def test_a_missing_set_is_an_error(root: Path) -> None:
    with pytest.raises(DataError, match="KorQuAD"):
        evaluate_sets(root, HashEncoder(), str.split, retrievers_for, ["korquad"])


def test_each_context_is_one_passage_embedded_with_its_title(tmp_path: Path) -> None:
    index = passage_index([Context("b#2", "제목", "글 둘"), Context("a/1", "", "하나")], HashEncoder(), str.split, tmp_path / "index")
    first, second = index.passages(range(len(index)))
    assert (first.doc_id, first.text, first.start, first.end) == ("a/1", "하나", 0, 2)
    assert (second.passage_id, second.embedded) == ("b#2#0-3", "제목\n글 둘")
    assert index.document("b#2").text == "글 둘"
    assert index.lexical({"제목": 1.0}, 5)[0].tolist() == [1]
    ids, _ = index.dense(HashEncoder().encode_questions(["제목\n글 둘"]), 1)
    assert ids.tolist() == [[1]]


def test_a_second_run_encodes_nothing(root: Path, tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    reports = [
        evaluate_sets(root, encoder, str.split, retrievers_for, ["klue-mrc", "hf"], cache=tmp_path / "kept") for encoder in (first, second)
    ]
    assert len(first.encoded) == 8
    assert second.encoded == []
    assert reports[0] == reports[1]


def test_what_is_kept_depends_on_text_role_and_encoder(tmp_path: Path) -> None:
    encoder = Counting()
    cached = CachedEncoder(encoder, tmp_path)
    one = cached.encode_passages(["가", "나"])
    assert np.array_equal(cached.encode_passages(["가", "나"]), one)
    assert encoder.encoded == ["가", "나"]
    cached.encode_passages(["가나", ""])
    cached.warm(["가", "나"])
    CachedEncoder(Counting("other"), tmp_path).encode_passages(["가", "나"])
    assert len(list(tmp_path.glob("*.npy"))) == 4
    assert encoder.encoded == ["가", "나", "가나", "", "가", "나"]


def test_only_changed_blocks_are_encoded_again(tmp_path: Path) -> None:
    encoder = Counting()
    texts = [f"글 {number}" for number in range(600)]
    before = CachedEncoder(encoder, tmp_path).encode_passages(texts)
    texts[300] = "다른 글"
    encoder.encoded.clear()
    after = CachedEncoder(encoder, tmp_path).encode_passages(texts)
    assert len(encoder.encoded) == 256
    assert np.flatnonzero((before != after).any(axis=1)).tolist() == [300]


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY broken"])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: bytes) -> None:
    encoder = Counting()
    vectors = CachedEncoder(encoder, tmp_path).encode_passages(["가"])
    (file,) = tmp_path.glob("*.npy")
    file.write_bytes(damage or file.read_bytes()[:-5])
    assert np.array_equal(CachedEncoder(encoder, tmp_path).encode_passages(["가"]), vectors)
    assert encoder.encoded == ["가", "가"]
    assert np.array_equal(np.load(file), vectors)


def test_questions_encoded_ahead_are_not_encoded_again() -> None:
    encoder = Counting()
    cached = CachedEncoder(encoder, None)
    cached.warm(["가", "나"])
    assert np.array_equal(cached.encode_questions(["나"]), HashEncoder().encode_questions(["나"]))
    assert cached.encode_questions([]).shape == (0, 32)
    cached.encode_questions(["다"])
    assert encoder.encoded == ["가", "나", "다"]
