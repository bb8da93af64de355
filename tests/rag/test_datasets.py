"""Every form of gold is read, and what is wrong in it is named with its place."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import zstandard

from index.errors import DataError, UsageError
from rag.evaluation.datasets import (
    PUBLIC_SETS,
    Context,
    Evidence,
    Question,
    data_root,
    load_beir,
    load_contexts,
    load_questions,
    load_set,
    load_squad,
)

OWN = {
    "id": "dpr-01",
    "question": "DPR은 언제 나왔나?",
    "answers": ["2020년"],
    "evidence": [{"doc": "week05/dpr.md", "quote": "DPR은 2020년에 발표됨"}],
    "kind": "factoid",
    "split": "dev",
}


def jsonl(path: Path, *rows: Any) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(zstandard.compress(text.encode()) if path.suffix == ".zst" else text.encode())
    return path


def test_our_questions(tmp_path: Path) -> None:
    unanswerable = {
        "id": "dpr-02",
        "question": "DPR의 가격은?",
        "answers": [],
        "evidence": [],
        "kind": "unanswerable",
        "split": "test",
        "near": "d.md",
    }
    first, second = load_questions(jsonl(tmp_path / "questions.jsonl", OWN, unanswerable))
    evidence = (Evidence("week05/dpr.md", "DPR은 2020년에 발표됨"),)
    assert first == Question("dpr-01", "DPR은 언제 나왔나?", ("2020년",), evidence, "factoid", "dev")
    assert second == Question("dpr-02", "DPR의 가격은?", kind="unanswerable", split="test", near="d.md")
    assert (first.answerable, second.answerable) == (True, False)


def test_kind_and_split_may_be_left_out(tmp_path: Path) -> None:
    (question,) = load_questions(jsonl(tmp_path / "q.jsonl", {name: OWN[name] for name in ("id", "question", "answers", "evidence")}))
    assert (question.kind, question.split) == ("", "")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "q.jsonl", OWN)
    path.write_bytes("\ufeff".encode() + path.read_bytes())
    assert [question.id for question in load_questions(path)] == ["dpr-01"]


def test_texts_become_nfc(tmp_path: Path) -> None:
    row = json.loads(unicodedata.normalize("NFD", json.dumps(OWN, ensure_ascii=False)))
    assert row != OWN
    assert load_questions(jsonl(tmp_path / "q.jsonl", row)) == load_questions(jsonl(tmp_path / "r.jsonl", OWN))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "dpr-00"}, r"1 question ids stand more than once, the first is 'dpr-00'"),
        ({"answers": []}, r"q\.jsonl:2: .*evidence without answers"),
        ({"evidence": []}, r"q\.jsonl:2: .*answers without evidence"),
        ({"evidence": [{"doc": "a.md", "quote": " "}]}, r"q\.jsonl:2: .*an empty quote"),
        ({"evidence": [{"doc": "a.md"}]}, r"q\.jsonl:2: evidence is expected as"),
        ({"question": None}, r"q\.jsonl:2: 'question' is no str"),
        ({"id": 5}, r"q\.jsonl:2: 'id' is no str"),
        ({"status": "good"}, r"q\.jsonl:2: the status is 'good'; expected one of drafted, accepted, rejected"),
    ],
)
def test_a_broken_question_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = jsonl(tmp_path / "q.jsonl", OWN | {"id": "dpr-00"}, OWN | change)
    with pytest.raises(DataError, match=message):
        load_questions(path)


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": \n', "utf-8")
    with pytest.raises(DataError, match=r"q\.jsonl:1: not the expected form"):
        load_questions(tmp_path / "q.jsonl")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.jsonl.*cannot be read: No such file"):
        load_questions(tmp_path / "nothing.jsonl")


def test_squad_layout_and_paragraphs_that_differ_in_white_space_only(tmp_path: Path) -> None:
    def paragraph(text: str, *names: str) -> dict[str, Any]:
        answers = [{"text": "1443년", "answer_start": 0}, {"text": "1443년", "answer_start": 9}]
        return {"context": text, "qas": [{"id": name, "question": f"{name}?", "answers": answers} for name in names]}

    article = {
        "title": "훈민정음",
        "paragraphs": [paragraph("1443년 창제", "q1", "q2"), paragraph("다른 글", "q3"), paragraph("1443년  창제\n", "q4")],
    }
    (tmp_path / "dev.json").write_text(json.dumps({"version": "1", "data": [article]}), "utf-8")
    data = load_squad(tmp_path / "dev.json")
    assert data.contexts == (Context("훈민정음/0", "훈민정음", "1443년 창제"), Context("훈민정음/1", "훈민정음", "다른 글"))
    assert {question.id: question.evidence[0].doc for question in data.questions} == {
        "q1": "훈민정음/0",
        "q2": "훈민정음/0",
        "q3": "훈민정음/1",
        "q4": "훈민정음/0",
    }
    assert data.questions[0] == Question("q1", "q1?", ("1443년",), (Evidence("훈민정음/0"),))


def test_klue_names_its_questions_otherwise_and_leaves_some_without_an_answer(tmp_path: Path) -> None:
    answers = [{"text": "1443년", "answer_start": 0}]
    asked = [
        {"guid": 7, "question": "언제?", "answers": answers, "question_type": 1, "is_impossible": False},
        {"guid": "k2", "question": "왜?", "answers": [], "plausible_answers": answers, "question_type": 3, "is_impossible": True},
    ]
    article = {"title": "훈민정음", "news_category": None, "source": "wikipedia", "paragraphs": [{"context": "1443년 창제", "qas": asked}]}
    (tmp_path / "klue.json").write_text(json.dumps({"version": "klue-mrc-v1.1", "data": [article]}), "utf-8")
    first, second = load_squad(tmp_path / "klue.json").questions
    assert first == Question("7", "언제?", ("1443년",), (Evidence("훈민정음/0"),), "type 1")
    assert second == Question("k2", "왜?", kind="type 3", near="훈민정음/0")
    assert not second.answerable


@pytest.mark.parametrize("ending", ["", ".zst"])
def test_contexts_and_questions(tmp_path: Path, ending: str) -> None:
    jsonl(tmp_path / f"set.contexts.jsonl{ending}", {"context_id": "c1", "title": "제목", "text": "글\u2028둘째 줄"})
    jsonl(
        tmp_path / f"set.qa.jsonl{ending}", {"id": "q1", "question": "무엇?", "context_id": "c1", "answers": [{"text": "글", "start": 0}]}
    )
    data = load_contexts(tmp_path / "set")
    assert data.contexts == (Context("c1", "제목", "글\u2028둘째 줄"),)
    assert data.questions == (Question("q1", "무엇?", ("글",), (Evidence("c1"),)),)


def beir(folder: Path, qrels: str, *, queries: tuple[str, ...] = ("q1", "q2", "q3")) -> Path:
    jsonl(folder / "corpus.jsonl.zst", {"id": "l/1#0", "title": "T", "text": "a"}, {"_id": "l/1#1", "text": "b"})
    jsonl(folder / "queries.jsonl.zst", *({"_id": name, "text": f"{name}?"} for name in queries))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + qrels, "utf-8")
    return folder


def test_beir_folder(tmp_path: Path) -> None:
    data = load_beir(beir(tmp_path, "q1\tl/1\t1\nq2\tl/1#0\t0\nq3\tl/1#1\t2\nq3\tgone\t1\n"))
    assert data.contexts == (Context("l/1#0", "T", "a"), Context("l/1#1", "", "b"))
    assert data.questions == (
        Question("q1", "q1?", (), (Evidence("l/1"),)),
        Question("q3", "q3?", (), (Evidence("l/1#1", grade=2), Evidence("gone"))),
    )


@pytest.mark.parametrize(
    ("qrels", "queries", "message"),
    [
        ("q1\tl/1\t1\nq1\tl/1\t1\n", ("q1",), r"qrels\.tsv:3: 'l/1' stands a second time for the query 'q1'"),
        ("q1\tl/1\n", ("q1",), r"qrels\.tsv:2: 2 columns"),
        ("q9\tl/1\t1\n", ("q1",), r"judges the query 'q9', which queries\.jsonl does not hold"),
        ("q1\tl/1\t1\n", ("q1", "q1"), r"1 question ids stand more than once"),
    ],
)
def test_broken_judgements_are_named(tmp_path: Path, qrels: str, queries: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_beir(beir(tmp_path, qrels, queries=queries))


def test_a_context_that_stands_twice_is_refused(tmp_path: Path) -> None:
    context = {"context_id": "c1", "title": "", "text": "글"}
    jsonl(tmp_path / "set.contexts.jsonl", context, context)
    jsonl(tmp_path / "set.qa.jsonl")
    with pytest.raises(DataError, match="1 context ids stand more than once, the first is 'c1'"):
        load_contexts(tmp_path / "set")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "set.contexts.jsonl.zst").write_bytes(b"not zstd")
    with pytest.raises(DataError, match=r"set\.contexts\.jsonl\.zst: not a whole zstd file"):
        load_contexts(tmp_path / "set")


def test_a_cut_off_archive_is_named(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "set.contexts.jsonl.zst", *({"context_id": str(n), "title": "", "text": f"글 {n * n}"} for n in range(999)))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=r"set\.contexts\.jsonl\.zst: not a whole zstd file: it ends in the middle"):
        load_contexts(tmp_path / "set")


def test_an_archive_may_have_several_frames(tmp_path: Path) -> None:
    one, two = (jsonl(tmp_path / f"{name}.zst", OWN | {"id": name}).read_bytes() for name in ("a", "b"))
    (tmp_path / "questions.jsonl.zst").write_bytes(one + two)
    assert [question.id for question in load_questions(tmp_path / "questions.jsonl")] == ["a", "b"]


def test_the_data_folder_comes_from_the_option_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_DATA", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root(tmp_path / "..") == tmp_path / ".."
    with pytest.raises(UsageError, match="is no folder"):
        data_root(tmp_path / "none")
    monkeypatch.delenv("RAG_DATA")
    with pytest.raises(UsageError, match=r"none was given.*--data DIR"):
        data_root()


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_a_missing_set_says_where_it_comes_from(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"is not there\. To obtain it: .*\.(com|io)"):
        load_set(name, tmp_path)


def test_an_unknown_set_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no public set 'squad'; expected one of korquad, klue-mrc"):
        load_set("squad", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif("RAG_DATA" not in os.environ, reason="RAG_DATA does not name the folder of public sets")
def test_the_public_sets_have_the_sizes_they_are_known_by() -> None:
    root = data_root()
    sizes = {name: (len(data.contexts), len(data.questions)) for name in PUBLIC_SETS for data in [load_set(name, root)]}
    assert sizes == {
        "korquad": (960, 5774),
        "klue-mrc": (229, 234),
        "mlfb": (264, 87),
        "hf": (320, 65),
        "autorag": (720, 114),
        "klue-mrc-train": (3136, 3731),
        "tydiqa-train": (1019, 1303),
    }
