"""What the page measures is what `evaluate` measures, and a comparison counts what each setup shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.encoder import Encoder
from index.morphemes import Analyser
from rag.evaluation import setups
from rag.evaluation.datasets import Context, Dataset, Evidence, Question
from rag.evaluation.evaluate import evaluate
from rag.evaluation.report import QuestionRow, Report
from rag.evaluation.setups import SHOWN, Asking, Setup, compare, compare_costs, run, run_costs, share_right, sides
from rag.pipeline import Pipeline
from rag.sentence_reader import refused
from rag.types import Answer, Hit
from tests.rag.samples import ENCODER, memory_index

TEXT = "풀링은 크기를 줄인다.\n\n드롭아웃은 뉴런을 끈다.\n\n정규화는 평균을 맞춘다.\n\n학습률은 보폭을 정한다."
QUESTIONS = (
    Question("q1", "풀링은 무엇을 줄이나?", ("크기",), (Evidence("n.md", "풀링은 크기를 줄인다."),), "factoid", "dev"),
    Question("q2", "드롭아웃은 무엇을 끄나?", ("뉴런",), (Evidence("n.md", "드롭아웃은 뉴런을 끈다."),), "factoid", "test"),
    Question("q3", "화성의 위성은?", kind="unanswerable", split="test"),
)
DATA = Dataset("q.jsonl", (), QUESTIONS)


@pytest.fixture
def pipeline(analyser: Analyser) -> Pipeline:
    encoder: Encoder = ENCODER
    return Pipeline.over(memory_index(analyser, {"n.md": TEXT}), encoder, reader="sentence")


def test_a_run_is_an_evaluation(pipeline: Pipeline) -> None:
    stages: defaultdict[str, int] = defaultdict(int)

    def told(stage: str, done: int, total: int) -> None:
        stages[stage] = done

    found = run(pipeline, DATA, ("hybrid", "lexical"), 5, answers=True, progress=told)
    assert found == evaluate(pipeline, QUESTIONS, names=("hybrid", "lexical"))
    assert stages.keys() == run_costs(DATA, ("hybrid", "lexical"), answers=True).keys()


def test_k_is_a_rank_that_is_cut_at(pipeline: Pipeline) -> None:
    assert "hit@2" in run(pipeline, DATA, ("dense",), 2).rows[0].metrics


def test_a_set_with_passages_is_measured_on_those(pipeline: Pipeline) -> None:
    contexts = (Context("c1", "", "풀링은 크기를 줄인다."), Context("c2", "", "드롭아웃은 뉴런을 끈다."))
    data = Dataset("squad.json", contexts, (Question("s1", "뉴런을 끄는 것은?", ("드롭아웃",), (Evidence("c2"),)),))
    found = run(pipeline, data, ("lexical",), 1, answers=True)
    assert [(row.system, row.first_rank, row.hits[0].doc_id) for row in found.rows] == [("lexical", 1, "c2")]
    assert list(run_costs(data, ("lexical",), answers=True)) == ["encode passages", "retrieve lexical"]


def test_each_setup_is_judged_by_what_it_shows(pipeline: Pipeline) -> None:
    first, second = Setup("lexical", 1), Setup("lexical", 4)
    stages: set[str] = set()
    found = compare(pipeline, DATA, first, second, lambda stage, done, total: stages.add(stage))
    rows = {(row.system, row.question_id): row.metrics for row in found.rows}
    assert rows.keys() == {("a", "q1"), ("a", "q2"), ("b", "q1"), ("b", "q2")}
    assert all(
        rows["a", name][SHOWN] == rows["a", name]["hit@1"] and rows["b", name][SHOWN] == rows["b", name]["hit@4"] for name in ("q1", "q2")
    )
    assert [line["metric"] for line in found.table("compared").records()] == [SHOWN, "hit@1", "MRR@10", "nDCG@10"]
    assert stages == compare_costs(DATA, first, second).keys() == {"a retrieve lexical", "b retrieve lexical"}


def test_readers_are_compared_by_their_answers(pipeline: Pipeline) -> None:
    found = compare(pipeline, DATA, Setup("lexical", 5, "sentence"), Setup("lexical", 1, "sentence"))
    assert {row.question_id for row in found.rows} == {"q1", "q2", "q3"}
    assert "F1" in [line["metric"] for line in found.table("compared").records()]


def test_the_reader_that_is_named_reads(pipeline: Pipeline) -> None:
    silent = replace(pipeline, reader=Silent())
    assert (silent.reader_name, setups._reading(silent, "sentence").reader_name) == ("Silent", "sentence")
    assert setups._reading(pipeline, "sentence") is pipeline


class Silent:
    def read(self, question: str, hits: Sequence[Hit]) -> Answer:
        return refused(question, hits)


def test_a_pipeline_is_asked_as_its_setup_says(pipeline: Pipeline) -> None:
    hits = Asking(pipeline, Setup("lexical", 2)).ask("크기와 뉴런과 평균").hits
    assert [set(hit.legs) for hit in hits] == [{"lexical"}] * 2


def row(system: str, name: str, **metrics: float) -> QuestionRow:
    return QuestionRow(system, name, "", "", {key.replace("_", "@"): value for key, value in metrics.items()})


def test_questions_are_won_lost_or_the_same() -> None:
    rows = (
        row("a", "far", found=1, MRR_10=1), row("a", "near", found=1, MRR_10=1), row("a", "even", found=0, MRR_10=0),
        row("a", "lost", found=1, MRR_10=0.5), row("b", "far", found=0, MRR_10=0), row("b", "near", found=1, MRR_10=0.5),
        row("b", "even", found=0, MRR_10=0), row("b", "lost", found=1, MRR_10=1),
    )  # fmt: skip
    assert sides(Report({}, (), rows)) == {"won": ["far", "near"], "lost": ["lost"], "same": ["even"]}


def test_the_share_of_right_answers_counts_refused_ones() -> None:
    found = share_right([row("p", "1", F1=0.5), row("p", "2", F1=0.49), row("p", "3", F1=0), row("p", "4", confidence=1)])
    assert found and found.items == 3
    assert found.value == pytest.approx(1 / 3)
    assert share_right([]) is None
