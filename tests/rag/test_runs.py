"""Rankings of systems whose passages nobody knows: parts of documents and whole ones, against quotes, answers and documents."""

from __future__ import annotations

import random

import pytest
import pytrec_eval

from index.errors import DataError
from index.memory import MemoryIndex
from index.types import Document
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.evaluate import evaluate_retrieval
from rag.evaluation.report import Report
from rag.evaluation.runs import evaluate_run, library
from tests.fakes import HashEncoder
from tests.rag.test_evaluate import NOTE, QUESTIONS, Canned
from tests.rag.test_gold import index_of

NOTES = library([Document("n", "제목", NOTE), Document("m", "다른", "하나 둘"), Document("n/1", "밑", "글")])


def scored(run: dict[str, dict[str, float]], ks: tuple[int, ...] = (1, 2, 3), questions: tuple[Question, ...] = QUESTIONS) -> Report:
    return evaluate_run(run, "other", NOTES, questions, HashEncoder(), ks)


def metric(report: Report, question: str, name: str) -> float:
    (row,) = (row for row in report.rows if row.question_id == question)
    return row.metrics[name]


def test_passages_cut_anyhow_are_judged_against_quotes() -> None:
    report = scored({"q1": {"n#1-6": 2.0, "n#0-23": 1.0}, "q2": {"n#0-12": 3.0, "m": 2.0, "n#12-23": 1.0}})
    assert [metric(report, "q1", f"hit@{k}") for k in (1, 2)] == [0, 1]  # five of seven characters are less than 80 %
    assert [metric(report, "q2", f"recall@{k}") for k in (1, 2, 3)] == [0.5, 0.5, 1.0]
    assert metric(report, "q2", "precision@3") == pytest.approx(2 / 3)
    assert metric(report, "q3", "hit@3") == 0  # a question that the run lacks
    assert {row.system for row in report.rows} == {"other"}
    assert len(report.rows) == 3
    assert metric(report, "q1", "answer@1") == 0 and metric(report, "q1", "answer@2") == 1


def test_a_whole_document_is_a_passage_too() -> None:
    report = scored({"q1": {"n": 1.0}})
    assert metric(report, "q1", "hit@1") == 1
    assert metric(report, "q1", "tokens/passage") == len(NOTE.split())
    assert report.rows[0].hits[0].end == len(NOTE)


def test_what_the_run_names_and_what_it_does_not() -> None:
    report = scored({"q1": {"n#0-7": 1.0, "gone": 2.0, "n#0-99": 3.0, "n#5-5": 4.0}, "q9": {"n": 1.0}, "q4": {"n": 1.0}})
    assert metric(report, "q1", "MRR@10") == 0.25  # unknown ids keep their places
    assert [hit.gain for hit in report.rows[0].hits] == [0, 0, 0, 1]
    assert report.facts == {
        "run": "other",
        "questions": 3,
        "questions that the run lacks": 2,
        "queries of the run that are no answerable question": 2,
        "ids of the run": 4,
        "ids of the run that are no passage": 3,
        "gold quotes": 4,
    }


def test_a_run_orders_as_trec_eval_does() -> None:
    report = scored({"q1": {"n#0-7": 1.0, "m": 1.0 + 1e-9}})
    assert metric(report, "q1", "MRR@10") == 1.0  # equal as float32, and then by descending id


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({}, "the run is empty"),
        ({"x1": {"n": 1.0}}, "answers none of the questions: its queries are such as 'x1', the questions' ids such as 'q1'"),
        ({"q1": {"doc7": 1.0}}, "names no passage: its ids are such as 'doc7'; expected documents such as 'm', or m#0-100"),
        ({"q1": {"n": 1.0, f"n#0-{len(NOTE)}": 2.0}}, "'q1' holds the passage 'n#0-23' twice"),
    ],
)
def test_a_run_of_something_else_is_an_error(run: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        scored(run)


def test_a_document_that_no_ranking_names_is_still_no_folder() -> None:
    whole = (Question("d", "?", (), (Evidence("n"),)),)
    assert metric(scored({"d": {"n/1": 1.0}}, questions=whole), "d", "hit@1") == 0
    folder = (Question("d", "?", (), (Evidence("l"),)),)
    lessons = library([Document("l/1", "", "가"), Document("l/2", "", "나")])
    report = evaluate_run({"d": {"l/2": 1.0}}, "other", lessons, folder, HashEncoder(), (1,))
    assert metric(report, "d", "hit@1") == 1


def test_our_own_rankings_score_the_same_as_a_run() -> None:
    index: MemoryIndex = index_of({"n": (NOTE, [(0, 7), (8, 12), (13, 23)])})
    canned = Canned(index, {"알파?": (0, 1, 2), "베타와 감마?": (0, 2, 1), "잃은 것?": (1,)})
    ours = evaluate_retrieval({"other": canned}, index, HashEncoder(), QUESTIONS, (1, 2, 3))
    run = {row.question_id: {f"{hit.doc_id}#{hit.start}-{hit.end}": hit.score for hit in row.hits} for row in ours.rows}
    assert scored(run).rows == ours.rows


def test_documents_with_grades_score_as_in_trec_eval() -> None:
    rng = random.Random(7)
    texts = {f"d{number}": "글" for number in range(12)}
    documents = library([Document(name, "", text) for name, text in texts.items()])
    qrels = {f"q{n}": {name: rng.choice((0, 1, 1, 2, 3)) for name in rng.sample(sorted(texts), 6)} for n in range(40)}
    run = {query: {name: round(rng.random(), 1) for name in rng.sample(sorted(texts), rng.randint(1, 12))} for query in qrels}
    questions = [
        Question(query, "?", (), tuple(Evidence(name, grade=grade) for name, grade in grades.items() if grade))
        for query, grades in qrels.items()
        if any(grades.values())
    ]
    report = evaluate_run(run, "r", documents, questions, HashEncoder(), (1, 5))
    names = {"hit@5": "success_5", "recall@5": "recall_5", "precision@5": "P_5", "nDCG@10": "ndcg_cut_10", "MAP": "map"}
    wanted = pytrec_eval.RelevanceEvaluator(qrels, {"success.5", "recall.5", "P.5", "ndcg_cut.10", "map"}).evaluate(run)
    assert len(report.rows) > 30
    for row in report.rows:
        assert {name: row.metrics[name] for name in names} == pytest.approx(
            {name: wanted[row.question_id][theirs] for name, theirs in names.items()}
        )
