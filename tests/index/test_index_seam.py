"""What every index must do, asserted on each. The plain sums in this file are the judge of all."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import commit, near, vectors
from index.errors import UsageError
from index.folder import FolderIndex
from index.index import Changes, Index, IndexedDocument
from index.postgres.engine import PostgresIndex
from index.types import Filter
from index.verify import verify
from tests.index.samples import ENCODER, QuickDisk, folder, memory, note, postgresql, put, sorted_by, state

NOTES = (
    note("week01/backprop.md", "역전파 는 기울기 를 구한다\n연쇄 법칙 을 쓴다\n역전파 역전파 예제"),
    note("week02/attention.md", "attention 은 가중합 이다\n질의 와 키 의 내적"),
    note("week02/빈 노트.md", ""),
    note("week10/bm25.md", "bm25 는 단어 빈도 를 쓴다\n역전파 와 는 관계 없다\n긴 문서 는 벌점 을 받는다 받는다"),
)

Opened = Callable[[], Index]


def reopened(index: Index) -> Index:
    if isinstance(index, PostgresIndex):
        return PostgresIndex.open(index.path)
    return FolderIndex.open(index.path, fs=QuickDisk()) if isinstance(index, FolderIndex) else index


@pytest.fixture(params=["memory", "folder", "folder reopened", "folder merged", "folder by lists", "postgresql", "postgresql reopened"])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The four notes, put in one by one, with an older version and a note that is gone in between."""
    kind = request.param
    if kind == "folder merged":
        monkeypatch.setattr(commit, "MOST_SEGMENTS", 1)
    if kind == "folder by lists":
        monkeypatch.setattr(vectors, "EXACT_UP_TO", 0)
        monkeypatch.setattr(near, "FEW", 0)
    made: Index = memory() if kind == "memory" else folder(tmp_path / "index")
    if kind.startswith("postgresql"):
        made = postgresql(request.getfixturevalue("database"))
    made = made.apply(put(NOTES[3], note("gone.md", "역전파 는 여기 에 도 있다 있다 있다")))
    made = made.apply(put(NOTES[1], note("week01/backprop.md", "옛 글 역전파")))
    made = made.apply(Changes(put=[NOTES[0], NOTES[2]], remove=["gone.md"]))
    yield reopened(made) if kind.endswith("reopened") else made


PASSAGES = [passage for item in NOTES for passage in item.passages]
VECTORS = np.concatenate([item.vectors for item in NOTES])
TERMS = [terms for item in NOTES for terms in item.terms]


def dense_scores(query: np.ndarray) -> list[np.float32]:
    return [np.float32(sum(float(x) * float(y) for x, y in zip(row, query, strict=True))) for row in VECTORS]


def lexical_scores(terms: dict[str, float]) -> list[float]:
    count, mean, scores = len(TERMS), sum(map(len, TERMS)) / len(TERMS), []
    for passage in TERMS:
        frequencies = {term: sum(term in other for other in TERMS) for term in terms}
        scores.append(
            sum(
                weight
                * math.log(1 + (count - frequencies[term] + 0.5) / (frequencies[term] + 0.5))
                * passage.count(term)
                / (passage.count(term) + 1.2 * (0.25 + 0.75 * len(passage) / mean))
                for term, weight in terms.items()
            )
        )
    return scores


def test_holds_what_was_put_in(index: Index) -> None:
    assert len(index) == 8
    assert [info.doc_id for info in index.documents()] == [item.document.doc_id for item in NOTES]
    assert [info.passages for info in index.documents()] == [3, 2, 0, 3]
    assert [info.content_hash for info in index.documents()] == [item.content_hash for item in NOTES]
    assert [info.characters for info in index.documents()] == [len(item.document.text) for item in NOTES]
    assert [index.document(item.document.doc_id) for item in NOTES] == [item.document for item in NOTES]
    assert index.passages(range(8)) == PASSAGES
    assert index.passages(np.array([7, 0, 7])) == [PASSAGES[7], PASSAGES[0], PASSAGES[7]]
    assert [index.rows_of(item.document.doc_id) for item in NOTES] == [range(3), range(3, 5), range(5, 5), range(5, 8)]
    assert index.vectors([7, 0, 7]).tolist() == ENCODER.encode_passages([PASSAGES[n].text for n in (7, 0, 7)]).tolist()
    assert index.vectors([]).shape == (0, 8)
    assert (index.encoder_name, index.encoder_fingerprint, index.sources) == ("hash", "hash-8", ("/notes",))


def test_says_what_it_does_not_hold(index: Index) -> None:
    with pytest.raises(KeyError):
        index.document("gone.md")
    for gone in ("", "gone.md", "week02/b.md", "z.md"):
        with pytest.raises(KeyError):
            index.rows_of(gone)
    for wrong in (-1, 8):
        with pytest.raises(IndexError):
            index.passages([wrong])
        with pytest.raises(IndexError):
            index.vectors([wrong])
        with pytest.raises(IndexError):
            index.score_lexical({"역전파": 1.0}, np.array([wrong]))


@pytest.mark.parametrize("k", [1, 3, 8, 11])
def test_dense_equals_the_sums(index: Index, k: int) -> None:
    questions = ENCODER.encode_questions(["역전파 는 무엇", "내적", PASSAGES[6].text])
    ids, scores = index.dense(questions, k)
    assert (ids.shape, scores.shape, ids.dtype, scores.dtype) == ((3, k), (3, k), np.int64, np.float32)
    for query, row, found in zip(questions, ids, scores, strict=True):
        expected = sorted_by(dense_scores(query), k)
        assert row.tolist() == expected + [-1] * (k - len(expected))
        assert found[:8].tolist() == pytest.approx([dense_scores(query)[number] for number in expected], abs=1e-7)
        assert found[8:].tolist() == [-np.inf] * (k - len(expected))
    assert ids[2, 0] == 6


@pytest.mark.parametrize("terms", [{"역전파": 1.0}, {"역전파": 2.0, "받는다": 0.5, "없는말": 9.0}, {"는": 1.0, "를": 1.0}])
def test_lexical_equals_the_sums(index: Index, terms: dict[str, float]) -> None:
    expected = lexical_scores(terms)
    for k in (1, 2, 50):
        ids, scores = index.lexical(terms, k)
        best = [number for number in sorted_by(np.float32(expected), k) if expected[number] > 0]
        assert ids.tolist() == best
        assert scores.tolist() == pytest.approx([expected[number] for number in best], rel=1e-6)


def test_scores_of_named_passages(index: Index) -> None:
    ids, query = np.array([5, 0, 5, 7]), ENCODER.encode_questions(["역전파"])[0]
    assert index.score_dense(query, ids).tolist() == pytest.approx([dense_scores(query)[number] for number in ids], abs=1e-7)
    expected = lexical_scores({"역전파": 1.5, "빈도": 1.0})
    assert index.score_lexical({"역전파": 1.5, "빈도": 1.0}, ids).tolist() == pytest.approx([expected[number] for number in ids], rel=1e-6)
    assert index.score_dense(query, np.empty(0, np.int64)).tolist() == []


def test_legs_agree_with_scores_of_named_passages(index: Index) -> None:
    query = ENCODER.encode_questions(["역전파 빈도"])
    ids, scores = index.dense(query, 8)
    assert index.score_dense(query[0], ids[0]).tolist() == scores[0].tolist()
    ids, scores = index.lexical({"역전파": 1.0, "빈도": 2.0}, 8)
    assert index.score_lexical({"역전파": 1.0, "빈도": 2.0}, ids).tolist() == scores.tolist()


def test_document_frequency_counts_living_passages(index: Index) -> None:
    assert index.document_frequency(["역전파", "옛", "있다", "받는다", "를"]) == [3, 0, 0, 1, 2]


def test_the_vocabulary_is_every_term_of_a_living_passage(index: Index) -> None:
    known = index.vocabulary()
    assert (known["역전파"], known["받는다"], known["를"]) == (3, 1, 2) and not known.keys() & {"옛", "있다"}
    assert list(known.values()) == index.document_frequency(list(known))
    assert reopened(index.apply(Changes(remove=[item.document.doc_id for item in NOTES]))).vocabulary() == {}


@pytest.mark.parametrize(
    ("filter", "kept"),
    [
        (Filter(folders=("week02",)), {3, 4}),
        (Filter(folders=("week1",)), set()),
        (Filter(notes=("*/bm25.md",)), {5, 6, 7}),
        (Filter(notes=("week01/backprop.md",), folders=("week10/",)), {0, 1, 2, 5, 6, 7}),
        (Filter(weeks=(1, 10)), {0, 1, 2, 5, 6, 7}),
        (Filter(folders=("week01",), weeks=(10,)), set()),
        (Filter(types=("pdf",)), set()),
        (Filter(weeks=(2,), types=("pdf", ".MD")), {3, 4}),
        (Filter(), set(range(8))),
        (None, set(range(8))),
    ],
)
def test_filter_is_part_of_both_legs(index: Index, filter: Filter | None, kept: set[int]) -> None:
    query = ENCODER.encode_questions(["역전파"])
    expected = [number for number in sorted_by(dense_scores(query[0]), 8) if number in kept]
    ids, scores = index.dense(query, 4, filter)
    assert ids[0].tolist() == (expected + [-1] * 4)[:4]
    assert np.isneginf(scores[0]).sum() == max(4 - len(kept), 0)
    weights = lexical_scores({"역전파": 1.0, "는": 1.0})  # a filter narrows the choice, it does not change a score
    ids, scores = index.lexical({"역전파": 1.0, "는": 1.0}, 8, filter)
    assert ids.tolist() == [number for number in sorted_by(np.float32(weights), 8) if number in kept and weights[number] > 0]
    assert scores.tolist() == pytest.approx([weights[number] for number in ids], rel=1e-6)


def test_asking_twice_gives_the_same(index: Index) -> None:
    assert state(index) == state(index)


@pytest.mark.parametrize("together", [True, False])
def test_ties_are_in_passage_order(index: Index, together: bool) -> None:
    twins = [note(f"twin{number}.md", "같은 문장\n같은 문장") for number in (3, 1, 2)]
    index = index.apply(put(*twins)) if together else index.apply(put(twins[0])).apply(put(twins[1])).apply(put(twins[2]))
    first = [info.doc_id for info in index.documents()].index("twin1.md")
    assert first == 0
    assert index.dense(twins[0].vectors[:1], 6)[0][0].tolist() == [0, 1, 2, 3, 4, 5]
    assert index.dense(twins[0].vectors[:1], 4)[0][0].tolist() == [0, 1, 2, 3]
    assert index.lexical({"문장": 1.0}, 5)[0].tolist() == [0, 1, 2, 3, 4]


def test_apply_leaves_the_old_generation_as_it_is(index: Index) -> None:
    before = state(index)
    new = index.apply(Changes(put=[note("week01/backprop.md", "새 글")], remove=["week10/bm25.md"]))
    assert (new.generation, index.generation) == (4, 3)
    assert state(index) == before
    assert [passage.text for passage in new.passages(range(len(new)))] == ["새 글", "attention 은 가중합 이다", "질의 와 키 의 내적"]
    assert new.document_frequency(["역전파"]) == [0]


def test_everything_removed(index: Index) -> None:
    empty = reopened(index.apply(Changes(remove=[item.document.doc_id for item in NOTES])))
    assert (len(empty), empty.documents(), empty.passages([])) == (0, [], [])
    ids, scores = empty.dense(ENCODER.encode_questions(["가", "나"]), 2)
    assert (ids.tolist(), scores.tolist()) == ([[-1, -1]] * 2, [[-np.inf] * 2] * 2)
    assert empty.lexical({"역전파": 1.0}, 3)[0].tolist() == []
    assert empty.document_frequency(["역전파"]) == [0]
    again = reopened(empty.apply(put(*NOTES)))
    assert {**state(again), "sources": ()} == {**state(index), "sources": ()}


def test_history_tells_every_generation(index: Index) -> None:
    rows = [(one.number, one.documents, one.passages, one.summary, one.current) for one in index.history()]
    assert rows == [
        (3, 4, 8, "+1 ~1 -1 notes", True),
        (2, 4, 7, "+2 ~0 -0 notes", False),
        (1, 2, 4, "+2 ~0 -0 notes", False),
    ]
    assert index.history()[0].created.endswith("+00:00")
    assert index.apply(Changes(), "by hand").history()[0].summary == "by hand"


def test_rollback_is_a_new_generation_with_the_old_content(index: Index) -> None:
    before = state(index)
    back = index.rollback(2)
    assert [info.doc_id for info in back.documents()] == ["gone.md", "week01/backprop.md", "week02/attention.md", "week10/bm25.md"]
    assert back.document("week01/backprop.md").text == "옛 글 역전파"
    assert back.document_frequency(["역전파"]) == [3]
    assert [(one.number, one.summary) for one in back.history()[:2]] == [(4, "back to generation 2"), (3, "+1 ~1 -1 notes")]
    assert state(reopened(back.rollback(3))) == before


def test_rollback_to_what_is_not_kept(index: Index) -> None:
    for number in (0, 3, 99):
        with pytest.raises(UsageError, match=str(number)):
            index.rollback(number)
    assert index.history()[0].number == 3


def test_ten_generations_are_kept(index: Index) -> None:
    for number in range(12):
        index = index.apply(put(note("counter.md", f"판 {number}")))
    assert [one.number for one in index.history()] == list(range(15, 5, -1))
    assert index.rollback(6).document("counter.md").text == "판 2"


def wrong_vectors(values: list[list[float]]) -> IndexedDocument:
    item = note("a.md", "글")
    return IndexedDocument(item.document, item.content_hash, item.passages, np.array(values, np.float32), item.terms)


@pytest.mark.parametrize(
    "changes",
    [
        Changes(remove=["nowhere.md"]),
        Changes(put=[note("a.md", "글"), note("a.md", "글")]),
        Changes(put=[NOTES[0]], remove=["week01/backprop.md"]),
        put(wrong_vectors([[1.0, 0.0]])),
        put(wrong_vectors([[0.5] + [0.0] * 7])),
        put(wrong_vectors([[np.nan] + [0.0] * 7])),
        put(IndexedDocument(note("a.md", "글").document, "h", note("a.md", "글").passages, note("a.md", "글").vectors, [])),
        put(IndexedDocument(note("a.md", "글").document, "h", note("b.md", "글").passages, note("a.md", "글").vectors, [["글"]])),
        put(IndexedDocument(note("a.md", "글").document, "h", note("a.md", "말").passages, note("a.md", "글").vectors, [["글"]])),
    ],
)
def test_refuses_what_cannot_be_right(index: Index, changes: Changes) -> None:
    before = state(index)
    with pytest.raises(ValueError, match=r"[a-z]+\.md|twice"):
        index.apply(changes)
    assert state(reopened(index)) == before


texts = st.lists(st.lists(st.sampled_from(["역전파", "학습", "a", "b", "확률", "\u2028", "é"]), max_size=4).map(" ".join), max_size=4).map(
    "\n".join
)
names = st.sampled_from(["a.md", "b/c.md", "b/d.md", "가.md", "z.md"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.dictionaries(names, texts, max_size=3), st.sets(names, max_size=2), st.booleans()), min_size=1, max_size=7),
    st.sampled_from([1, 2, 8]),
)
def test_folder_and_memory_agree_after_any_commits(commits: list[tuple[dict[str, str], set[str], bool]], segments: int) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "MOST_SEGMENTS", segments)
        judge, tested = memory(), folder(Path(place) / "index")
        for new, gone, back in commits:
            known = {info.doc_id for info in judge.documents()}
            changes = Changes([note(*item) for item in new.items()], sorted((gone & known) - set(new)))
            judge, tested = judge.apply(changes), tested.apply(changes)
            if back and judge.generation > 2:
                judge, tested = judge.rollback(judge.generation - 2), tested.rollback(tested.generation - 2)
            assert state(tested) == state(judge)
        assert state(FolderIndex.open(tested.path)) == state(judge)
        assert [(one.number, one.summary, one.passages) for one in tested.history()] == [
            (one.number, one.summary, one.passages) for one in judge.history()
        ]
        assert verify(tested.path) == []
