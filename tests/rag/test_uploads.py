"""Loose files become one set of questions, whichever of them is which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.errors import DataError, UsageError
from rag.evaluation.uploads import load_loose, of_split, splits_of
from tests.miniature import write_questions, write_sets


def test_our_own_questions_and_their_splits(tmp_path: Path) -> None:
    data = load_loose([write_questions(tmp_path / "q.jsonl")])
    assert splits_of(data) == ("dev", "test")
    assert [len(of_split(data, split).questions) for split in ("dev", "test", "all")] == [1, 3, 4]
    with pytest.raises(UsageError, match="no question of split train: there are dev, test, or all"):
        of_split(data, "train")


def test_a_set_of_several_files(tmp_path: Path) -> None:
    write_sets(tmp_path)
    beir = sorted((tmp_path / "dev" / "autorag_ko").iterdir())
    assert len(load_loose(beir).contexts) == len(load_loose(beir).questions) == 5
    pair = sorted((tmp_path / "dev").glob("klue_mrc_val.*"))
    assert len(load_loose(pair).questions) == 5
    assert len(load_loose([tmp_path / "dev" / "korquad1_dev" / "KorQuAD_v1.0_dev.json"]).contexts) == 5


def test_topics_come_with_their_judgements(tmp_path: Path) -> None:
    topics, qrels = tmp_path / "topics.tsv", tmp_path / "my.qrels"
    topics.write_text("t1\t풀링이란?\n", encoding="utf-8")
    qrels.write_text("t1 0 pool.md 1\n", encoding="utf-8")
    (question,) = load_loose([qrels, topics]).questions
    assert (question.text, question.evidence[0].doc) == ("풀링이란?", "pool.md")


def test_a_csv_names_no_splits(tmp_path: Path) -> None:
    file = tmp_path / "질문.csv"
    file.write_text("질문,답\n풀링이란?,줄이기\n", encoding="utf-8")
    data = load_loose([file])
    assert (splits_of(data), of_split(data, "test").questions) == ((), data.questions)


def test_what_cannot_be_told_apart_is_said(tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_text(json.dumps({"no": "set"}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.txt, b\.txt: cannot tell which"):
        load_loose(files)
    with pytest.raises(DataError, match="not a set of questions"):
        load_loose(files[:1])
