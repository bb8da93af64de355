"""A small evaluation whose every figure was worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from index.index import Index
from index.memory import MemoryIndex
from index.types import Filter
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.evaluate import averaged, compared, evaluate, evaluate_answers, evaluate_retrieval
from rag.evaluation.report import QuestionRow, Report
from rag.types import Answer, Hit, RetrieverName, Span
from tests.fakes import HashEncoder
from tests.rag.test_gold import index_of

NOTE = "알파 하나 둘\n베타 셋\n감마 넷 다섯 여섯"
QUESTIONS = (
    Question("q1", "알파?", ("하나 둘",), (Evidence("n", "알파 하나 둘"),), "factoid", "dev"),
    Question("q2", "베타와 감마?", ("셋과 넷",), (Evidence("n", "베타 셋"), Evidence("n", "감마 넷 다섯 여섯")), "comparison", "test"),
    Question("q3", "잃은 것?", ("없음",), (Evidence("n", "노트에 없는 말"),), "factoid", "test"),
    Question("q4", "모르는 것?", (), (), "unanswerable", "test", "n"),
)


@pytest.fixture
def index() -> MemoryIndex:
    return index_of({"n": (NOTE, [(0, 7), (8, 12), (13, 23)])})


@dataclass
class Canned:
    """Answers each question with the passages named, and keeps what it was asked."""

    index: Index
    rankings: Mapping[str, Sequence[int]]
    asked: list[tuple[str, int]] = field(default_factory=list)

    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]:
        self.asked.append((question, k))
        ids = self.rankings.get(question, ())[:k]
        return [Hit(passage, 1.0 / rank) for rank, passage in enumerate(self.index.passages(ids), 1)]


def cell(report: Report, title: str, column: str, **group: str) -> object:
    """The one cell of a table's line that is meant."""
    (line,) = [line for line in report.table(title).records() if all(line[name] == value for name, value in group.items())]
    return line[column]


@pytest.fixture
def report(index: MemoryIndex) -> Report:
    good = Canned(index, {"알파?": (0, 1, 2), "베타와 감마?": (0, 2, 1), "잃은 것?": (1,)})
    bad = Canned(index, {"알파?": (1, 0)})
    found = evaluate_retrieval({"good": good, "bad": bad}, index, HashEncoder(), QUESTIONS, ks=(1, 2, 3))
    assert good.asked == [("알파?", 10), ("베타와 감마?", 10), ("잃은 것?", 10)]
    return found


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("questions", 3, 3),
        ("hit@1", 1 / 3, 0),
        ("hit@2", 2 / 3, 1 / 3),
        ("hit@3", 2 / 3, 1 / 3),
        ("recall@1", 1 / 3, 0),
        ("recall@2", (1 + 0.5 + 0) / 3, 1 / 3),
        ("recall@3", (1 + 1 + 0) / 3, 1 / 3),
        ("MRR@10", (1 + 1 / 2 + 0) / 3, 1 / 6),
        ("nDCG@10", (1 + (0.63093 + 0.5) / (1 + 0.63093)) / 3, 0.63093 / 3),
        ("recall@1000c", 2 / 3, 1 / 3),
        ("tokens/passage", (3 + 3 + 2) / 3, 2.5),
    ],
)
def test_means_over_all_questions(report: Report, column: str, good: float, bad: float) -> None:
    assert cell(report, "retrieval", column, system="good") == pytest.approx(good, abs=1e-5)
    assert cell(report, "retrieval", column, system="bad") == pytest.approx(bad, abs=1e-5)


@pytest.mark.parametrize(
    ("column", "good"),
    [
        ("precision@1", 1 / 3),
        ("precision@2", 1 / 3),
        ("precision@3", (1 / 3 + 2 / 3 + 0) / 3),
        ("MAP", (1 + (1 / 2 + 2 / 3) / 2 + 0) / 3),
        ("answer@1", 1 / 3),  # "셋과 넷" joins two places and stands in neither
        ("answer@3", 1 / 3),
    ],
)
def test_further_metrics_have_a_table_of_their_own(report: Report, column: str, good: float) -> None:
    assert cell(report, "retrieval, further metrics", column, system="good") == pytest.approx(good)
    assert column not in report.table("retrieval").columns
    assert next(row for row in report.rows if row.question_id == "q1").metrics.keys() >= {column, "hit@1"}


def test_one_system_is_compared_with_none(index: MemoryIndex) -> None:
    alone = evaluate_retrieval({"good": Canned(index, {})}, index, HashEncoder(), QUESTIONS, ks=(1,))
    assert "retrieval compared" not in [table.title for table in alone.tables]


def test_a_pattern_is_an_answer_too(index: MemoryIndex) -> None:
    question = Question("q", "알파?", patterns=("베타 .",))
    found = evaluate_retrieval({"a": Canned(index, {"알파?": (0, 1)})}, index, HashEncoder(), [question], ks=(1, 2))
    assert [found.rows[0].metrics[name] for name in ("hit@1", "hit@2", "answer@1", "answer@2")] == [0, 1, 0, 1]
    assert evaluate_answers(Scripted(index, {}), [question]).rows == ()  # there are no words to compare an answer with


def test_means_by_kind_and_by_split(report: Report) -> None:
    assert cell(report, "retrieval by kind", "hit@1", kind="factoid", system="good") == 0.5
    assert cell(report, "retrieval by kind", "recall@2", kind="comparison", system="good") == 0.5
    assert cell(report, "retrieval by kind", "hit@2", kind="comparison", system="good") == 1
    assert cell(report, "retrieval by split", "hit@1", split="dev", system="good") == 1
    assert cell(report, "retrieval by split", "questions", split="test", system="bad") == 2
    assert "unanswerable" not in {line["kind"] for line in report.table("retrieval by kind").records()}


def test_lost_quotes_are_counted_and_reported(report: Report) -> None:
    assert report.facts == {
        "encoder": "hash",
        "passages": 3,
        "tokens per indexed passage": 3.0,
        "questions": 3,
        "gold quotes": 4,
        "gold quotes that no passage holds": 1,
    }


def test_rows_hold_ids_offsets_and_scores_and_no_text(report: Report) -> None:
    row = next(row for row in report.rows if (row.system, row.question_id) == ("good", "q2"))
    assert [(hit.doc_id, hit.start, hit.end, hit.score, hit.gain) for hit in row.hits] == [
        ("n", 0, 7, 1.0, 0),
        ("n", 13, 23, 0.5, 1),
        ("n", 8, 12, 1 / 3, 1),
    ]
    written = json.dumps(report.to_dict(), ensure_ascii=False)
    assert json.loads(written)["rows"][0]["metrics"]["hit@1"] == 1.0
    for text in [*NOTE.split("\n"), *(question.text for question in QUESTIONS)]:
        assert text not in written


def test_the_first_system_is_tested_against_the_others(report: Report) -> None:
    (hit, mrr) = report.table("retrieval compared").records()
    assert (hit["systems"], hit["metric"], hit["questions"], mrr["metric"]) == ("good - bad", "hit@1", 3, "MRR@10")
    assert [hit["difference"], mrr["difference"]] == [pytest.approx(1 / 3)] * 2
    assert 0 < float(str(hit["p"])) <= 1


def test_a_difference_on_many_questions_is_found() -> None:
    rows = [
        QuestionRow(system, str(n), "", "", {"hit@1": float(n % 10 < wins)}) for system, wins in (("a", 9), ("b", 5)) for n in range(100)
    ]
    (line,) = compared("t", rows, ["hit@1"]).records()
    assert line["difference"] == pytest.approx(0.4)
    assert line["p"] == pytest.approx(2 / 10_001)


def test_a_metric_is_averaged_over_the_rows_that_define_it() -> None:
    rows = [
        QuestionRow("a", "1", "x", "", {"m": 1.0}),
        QuestionRow("a", "2", "x", "", {"m": 0.0, "n": 0.5}),
        QuestionRow("a", "3", "y", "", {"m": 0.5}),
    ]
    assert averaged("t", ("kind",), rows, lambda row: (row.kind,)).rows == (("x", 2, 0.5, 0.5), ("y", 1, 0.5, None))


def test_the_systems_of_one_kind_stand_together(report: Report) -> None:
    groups = [(line["kind"], line["system"]) for line in report.table("retrieval by kind").records()]
    assert groups == [("factoid", "good"), ("factoid", "bad"), ("comparison", "good"), ("comparison", "bad")]


def test_no_questions_and_no_hits_are_no_error(index: MemoryIndex) -> None:
    assert (
        evaluate_retrieval({"a": Canned(index, {}), "b": Canned(index, {})}, index, HashEncoder(), QUESTIONS[3:]).table("retrieval").rows
        == ()
    )
    nothing = evaluate_retrieval({"a": Canned(index, {})}, index, HashEncoder(), QUESTIONS)
    assert cell(nothing, "retrieval", "hit@1", system="a") == 0
    assert "tokens/passage" not in nothing.table("retrieval").columns


@dataclass
class Scripted:
    """A pipeline that answers from a script."""

    index: Index
    script: Mapping[str, tuple[str, float, tuple[int, int] | None]]

    def ask(self, question: str) -> Answer:
        text, confidence, span = self.script[question]
        spans = (Span("n", *span, NOTE[slice(*span)]),) if span else ()
        return Answer(question, text, spans, confidence, (), abstained=not text)


@pytest.fixture
def answers(index: MemoryIndex) -> Report:
    script = {
        "알파?": ("하나 둘", 0.9, (3, 7)),
        "베타와 감마?": ("", 0.2, None),
        "잃은 것?": ("셋", 0.6, (10, 11)),
        "모르는 것?": ("", 0.1, None),
    }
    return evaluate_answers(Scripted(index, script), QUESTIONS)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("questions", 4),
        ("confidence", 0.45),
        ("EM", 1 / 3),  # an abstention is a wrong answer to a question that has one
        ("F1", 1 / 3),
        ("cites gold", 1 / 3),
        ("F1 if answered", 0.5),
        ("refused answerable", 1 / 3),
        ("refused unanswerable", 1.0),
        ("KLUE EM", 2 / 4),  # there a refusal is the right answer to a question that has none
        ("KLUE ROUGE-W", 2 / 4),
    ],
)
def test_answers_on_average(answers: Report, column: str, value: float) -> None:
    assert cell(answers, "answers", column, system="pipeline") == pytest.approx(value)


def test_refusals_by_kind(answers: Report) -> None:
    assert cell(answers, "answers by kind", "refused unanswerable", kind="unanswerable") == 1.0
    assert cell(answers, "answers by kind", "EM", kind="unanswerable") is None
    assert cell(answers, "answers by kind", "refused answerable", kind="factoid") == 0.0


def test_confidence_is_judged_on_what_was_answered(answers: Report) -> None:
    found = {line["measure"]: [line["questions"], line["value"]] for line in answers.table("confidence").records()}
    assert found == {
        "AUROC, answerable against unanswerable": [4, 1.0],
        "AUROC, right against wrong": [2, 1.0],
        "ECE": [2, pytest.approx((0.1 + 0.6) / 2)],
        "AURC": [2, 0.25],
        "right": [2, 0.5],
    }


def test_an_answered_unanswerable_question_is_wrong(index: MemoryIndex) -> None:
    report = evaluate_answers(Scripted(index, {"모르는 것?": ("하나", 1.0, (3, 5))}), QUESTIONS[3:])
    assert cell(report, "answers", "refused unanswerable", system="pipeline") == 0.0
    assert cell(report, "confidence", "value", measure="ECE") == 1.0
    assert cell(report, "confidence", "value", measure="AUROC, answerable against unanswerable") is None


@dataclass
class Whole(Scripted):
    """A pipeline with retrievers."""

    encoder: HashEncoder = field(default_factory=HashEncoder)

    def retriever(self, name: RetrieverName) -> Canned:
        return Canned(self.index, {"알파?": (0,)} if name == "hybrid" else {})


def test_one_report_of_retrieval_and_answers(index: MemoryIndex) -> None:
    report = evaluate(Whole(index, {"알파?": ("하나 둘", 0.9, (3, 7))}), QUESTIONS[:1])
    assert [table.title for table in report.tables] == [
        "retrieval",
        "retrieval, further metrics",
        "retrieval by kind",
        "retrieval compared",
        "answers",
        "answers by kind",
        "confidence",
        "reliability",
    ]
    assert [cell(report, "retrieval", "hit@1", system=name) for name in ("hybrid", "dense", "lexical")] == [1, 0, 0]
    assert cell(report, "answers", "EM", system="pipeline") == 1
    assert [row.system for row in report.rows] == ["hybrid", "dense", "lexical", "pipeline"]
    assert (report.facts["questions"], report.facts["answerable questions"]) == (1, 1)


def test_one_retriever_and_no_answers(index: MemoryIndex) -> None:
    report = evaluate(Whole(index, {}), QUESTIONS[:1], (1,), names=["lexical"], answers=False)
    assert [(row.system, row.metrics["hit@1"]) for row in report.rows] == [("lexical", 0)]
