"""What scoring costs, and which rule says that a passage holds an answer: the measurements themselves, on little."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import answers, results, scoring
from benchmarks.__main__ import main
from index.encoder import open_encoder
from rag.evaluation.datasets import Context, Dataset, Evidence, Question


def test_scoring_from_end_to_end(tmp_path: Path) -> None:
    assert main(["scoring", "--even-if-busy", "--limit", "20", "--rounds", "1", "--results", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("scoring-*.json")
    findings = results.load(path).findings
    assert findings.settings == {"questions": 20, "hits of each": 100, "passages": 960, "rounds": 1}
    assert {figure.name: figure.goal for figure in findings.figures} == {
        "score the hits": 1.0,
        "score a TREC run": 1.0,
        "read a TREC run": None,
        "write a TREC run": None,
    }
    assert all(0 < figure.value < 1 for figure in findings.figures)


def test_what_is_scored_has_the_answers_metrics_and_as_many_hits_as_said() -> None:
    rng = random.Random(0)
    passages = [scoring._passage(number, rng) for number in range(120)]
    questions = [scoring._question(number, passages[number], rng) for number in range(30)]
    rankings = {question.text: scoring._ranking(passages[number], passages, rng) for number, question in enumerate(questions)}
    rows = scoring._scored(passages, questions, scoring.Ready(rankings), open_encoder())
    assert {len(row.hits) for row in rows} == {scoring.DEPTH} and len(rows) == 30
    assert all(row.metrics["recall@100"] == row.metrics["answer@100"] == 1 for row in rows)
    first = [ranking.index(passages[number]) == 0 for number, ranking in enumerate(rankings.values())]
    assert [row.metrics["hit@1"] for row in rows] == first and 10 < sum(first) < 30


def test_which_rule_finds_an_answer_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    contexts = (Context("a", "", "서울에서 열렸다."), Context("b", "", "서울대학교는 크다"), Context("c", "", "수도는 (서울) 이다"))
    questions = tuple(Question(name, "어디?", ("서울",), (Evidence(name),)) for name in "abc")
    monkeypatch.setattr(answers, "load_set", lambda name, root: Dataset(name, contexts, (*questions, Question("d", "왜?"))))
    findings = answers.measure(tmp_path, ["one"])
    others = {"DPR": 2 / 6, "ours": 4 / 6, "substring": 1.0}  # of each question the two other passages
    right = {"DPR": 1 / 3, "ours": 2 / 3, "substring": 1.0}
    (table,) = findings.tables
    assert table.rows == tuple(("one", 3, rule, right[rule], others[rule]) for rule in ("DPR", "ours", "substring"))
    assert [(figure.name, figure.value) for figure in findings.figures] == [("one, right passages found", 2 / 3)]
