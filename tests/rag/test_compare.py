"""A small comparison worked out by hand, and how often two systems of equal worth are told apart by mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import UsageError
from rag.evaluation.compare import RETRIEVAL, compare, pairs_of, ranks_of, significance
from rag.evaluation.gate import read_baseline
from rag.evaluation.report import HitRow, QuestionRow, Report, Table
from rag.evaluation.stats import holm, paired, paired_bootstrap, randomisation

BASELINE = Path(__file__).parents[2] / "data" / "baseline.json"


def row(system: str, name: str, mrr: float, hit: float, kind: str = "k", hits: tuple[HitRow, ...] = ()) -> QuestionRow:
    return QuestionRow(system, name, kind, "test", {"MRR@10": mrr, "hit@1": hit, "tokens/passage": 5.0}, hits)


def hits(*gains: int) -> tuple[HitRow, ...]:
    return tuple(HitRow("n.md", 10 * at, 10 * at + 5, 1 / (at + 1), gain) for at, gain in enumerate(gains))


ROWS = (
    row("a", "q1", 1.0, 1.0, "factoid", hits(1, 0)),
    row("a", "q2", 1.0, 1.0, "list", hits(1)),
    row("a", "q3", 0.0, 0.0, "list", hits(0, 0)),
    row("a", "q4", 1.0, 1.0, "list"),
    row("b", "q4", 1.0, 1.0, "list"),
    row("b", "q3", 0.5, 0.0, "list", hits(0, 1, 0)),
    row("b", "q2", 0.5, 0.0, "list", hits(0, 1)),
    row("b", "q1", 0.0, 0.0, "factoid"),
    *(row("c", name, 0.0, 0.0, kind) for name, kind in (("q1", "factoid"), ("q2", "list"), ("q3", "list"), ("q4", "list"))),
)


@pytest.fixture
def report() -> Report:
    return compare(Report({"question set": "x"}, (Table("systems", ("system",), (("a",),)),), ROWS))


def test_every_table_in_its_order(report: Report) -> None:
    assert [table.title for table in report.tables] == [
        "systems",
        "means",
        "compared",
        "means by kind",
        "changed most",
        "rankings of the changed",
    ]
    assert report.rows == ROWS
    assert report.facts == {
        "question set": "x",
        "questions": 4,
        "differences tested together": 4,
        "significant after Holm's correction": 0,
    }


def test_the_first_system_is_set_against_each_other_one(report: Report) -> None:
    lines = {(line["systems"], line["metric"]): line for line in report.table("compared").records()}
    assert list(lines) == [("a - b", "hit@1"), ("a - b", "MRR@10"), ("a - c", "hit@1"), ("a - c", "MRR@10")]
    mrr, whole = lines["a - b", "MRR@10"], paired([1.0, 1.0, 0.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    assert (mrr["questions"], mrr["won"], mrr["tied"], mrr["lost"]) == (4, 2, 1, 1)
    assert (mrr["difference"], mrr["2.5 %"], mrr["97.5 %"], mrr["effect"]) == (0.25, whole.low, whole.high, whole.effect)
    assert mrr["p"] == pytest.approx(6 / 8)  # of the 8 ways to swap 1, .5 and -.5 but ±(1 - .5 - .5) all reach 1
    assert [line["p (Holm)"] for line in lines.values()] == pytest.approx(holm([float(str(line["p"])) for line in lines.values()]))


def test_of_what_is_to_be_low_the_lower_wins() -> None:
    metrics = [("refused answerable", 0.0, 1.0), ("F1", 0.2, 0.1)]
    rows = [QuestionRow(name, "q", "", "", {metric: (a, b)[name == "b"] for metric, a, b in metrics}) for name in ("a", "b")]
    lines = significance(pairs_of(rows), [metric for metric, _, _ in metrics]).records()
    assert [(line["difference"], line["won"], line["lost"]) for line in lines] == [(-1.0, 1, 0), (pytest.approx(0.1), 1, 0)]


def test_every_pair_on_request() -> None:
    found = compare(Report({}, (), ROWS), ["hit@1"], all_pairs=True)
    assert [line["systems"] for line in found.table("compared").records()] == ["a - b", "a - c", "b - c"]
    assert found.facts["differences tested together"] == 3


def test_means_over_all_and_by_kind(report: Report) -> None:
    assert report.table("means").rows == (("a", 4, 0.75, 0.75), ("b", 4, 0.25, 0.5), ("c", 4, 0.0, 0.0))
    assert report.table("means by kind").rows[:2] == (("factoid", "a", 1, 1.0, 1.0), ("factoid", "b", 1, 0.0, 0.0))


def test_most_won_then_most_lost_with_both_rankings(report: Report) -> None:
    """Mean gains of a over b: q1 1, q2 .75, q3 -.25; q4 did not change."""
    changed = report.table("changed most")
    assert changed.columns == ("systems", "question", "kind", "split", "first's rank", "second's rank", "hit@1", "MRR@10")
    assert changed.rows[:3] == (
        ("a - b", "q1", "factoid", "test", 1, None, 1.0, 1.0),
        ("a - b", "q2", "list", "test", 1, 2, 1.0, 0.5),
        ("a - b", "q3", "list", "test", None, 2, 0.0, -0.5),
    )
    assert [line[1] for line in changed.rows[3:]] == ["q1", "q2", "q4"]
    assert report.table("rankings of the changed").rows[:7] == (
        ("a - b", "q1", 1, "n.md#0-5", 1, None, None),
        ("a - b", "q1", 2, "n.md#10-15", 0, None, None),
        ("a - b", "q2", 1, "n.md#0-5", 1, "n.md#0-5", 0),
        ("a - b", "q2", 2, None, None, "n.md#10-15", 1),
        ("a - b", "q3", 1, "n.md#0-5", 0, "n.md#0-5", 0),
        ("a - b", "q3", 2, "n.md#10-15", 0, "n.md#10-15", 1),
        ("a - b", "q3", 3, None, None, "n.md#20-25", 0),
    )


def test_how_many_that_changed_are_shown() -> None:
    found = compare(Report({}, (), ROWS), changed=1)
    assert [line[:2] for line in found.table("changed most").rows] == [("a - b", "q1"), ("a - b", "q3"), ("a - c", "q1")]
    with pytest.raises(KeyError):
        compare(Report({}, (), ROWS), changed=0).table("changed most")


def test_a_refusal_that_was_right_is_a_question_won() -> None:
    def answered(system: str, refused: float) -> QuestionRow:
        return QuestionRow(system, "q", "", "", {"EM": 0.0, "F1": 0.0, "refused answerable": refused, "confidence": 0.5})

    found = compare(Report({}, (), (answered("a", 0.0), answered("b", 1.0))))
    assert [line["metric"] for line in found.table("compared").records()] == ["EM", "F1", "refused answerable"]
    assert [line["refused answerable"] for line in found.table("changed most").records()] == [-1.0]


def test_a_metric_is_paired_over_the_questions_that_both_have_it_for() -> None:
    rows = [
        QuestionRow("a", "1", "", "", {"F1": 1.0, "F1 if answered": 1.0}),
        QuestionRow("a", "2", "", "", {"F1": 0.0}),
        QuestionRow("a", "3", "", "", {"F1": 0.5, "F1 if answered": 0.5}),
        QuestionRow("b", "1", "", "", {"F1": 0.0}),
        QuestionRow("b", "2", "", "", {"F1": 0.0}),
        QuestionRow("b", "3", "", "", {"F1": 1.0, "F1 if answered": 1.0}),
    ]
    (line,) = significance(pairs_of(rows), ["F1 if answered"]).records()
    assert (line["questions"], line["difference"]) == (1, -0.5)


def test_metrics_that_are_not_there_are_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"no metric 'MRR@5'; there are MRR@10, hit@1, tokens/passage"):
        compare(Report({}, (), ROWS), ["hit@1", "MRR@5"])
    with pytest.raises(UsageError, match="no question"):
        compare(Report({}, (), ()))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([row("a", "q1", 1, 1), row("a", "q2", 1, 1), row("b", "q1", 1, 1)], "not the same questions: 2 and 1"),
        ([row("a", "q1", 1, 1), row("a", "q1", 0, 0)], "two rows of the question 'q1'"),
    ],
)
def test_rows_that_cannot_be_paired_are_refused(rows: list[QuestionRow], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pairs_of(rows)


def test_metrics_say_how_deep_to_look() -> None:
    assert ranks_of([]) == (1, 3, 5, 10, 20)
    assert ranks_of(["hit@100", "recall@1000c", "MAP", "recall@7", "hit@0"]) == (1, 3, 5, 7, 10, 20, 100)


# Two real systems on our own questions


Scores = NDArray[np.float64]


def scores_of(*metrics: str) -> tuple[Scores, Scores]:
    """`(metrics, questions)` of the hybrid and of the lexical retriever."""
    scores = read_baseline(BASELINE).scores
    names = sorted(scores["hybrid"][metrics[0]])
    hybrid, lexical = (
        np.array([[scores[system][metric][name] for name in names] for metric in metrics]) for system in ("hybrid", "lexical")
    )
    return hybrid, lexical


def swapped(a: Scores, b: Scores, seed: int = 0) -> Iterator[tuple[Scores, Scores]]:
    """200 times the two with their labels swapped, or not, at random for each question: all that is left between them is chance."""
    for swap in np.random.default_rng(seed).random((200, a.shape[-1])) < 0.5:
        yield np.where(swap, a, b), np.where(swap, b, a)


def by_bootstrap(a: Sequence[float], b: Sequence[float]) -> float:
    return paired_bootstrap(a, b, samples=1000).p


def by_randomisation(a: Sequence[float], b: Sequence[float]) -> float:
    return randomisation(a, b, samples=1000)


@pytest.mark.parametrize("metric", ["MRR@10", "nDCG@10"])
@pytest.mark.parametrize("p_value", [by_randomisation, by_bootstrap])
def test_systems_whose_labels_were_swapped_are_seldom_told_apart(
    p_value: Callable[[Sequence[float], Sequence[float]], float], metric: str
) -> None:
    """At a level of 5 %, 2 to 9 % of the times."""
    ps = [p_value(list(a[0]), list(b[0])) for a, b in swapped(*scores_of(metric))]
    assert 4 <= sum(p < 0.05 for p in ps) <= 18


def test_few_questions_that_differ_are_told_apart_even_less_often() -> None:
    """Of 0s and 1s only few p-values are possible: McNemar's exact test stays below its level, the more so the fewer questions differ."""
    hybrid, lexical = scores_of("hit@1")
    differ = int((hybrid != lexical).sum())
    possible = [randomisation([1.0] * wins + [0.0] * (differ - wins), [0.0] * wins + [1.0] * (differ - wins)) for wins in range(differ + 1)]
    share = sum(math.comb(differ, wins) for wins, p in enumerate(possible) if p < 0.05) / 2**differ
    found = sum(randomisation(list(a[0]), list(b[0])) < 0.05 for a, b in swapped(hybrid, lexical)) / 200
    assert 0.005 < share < 0.05
    assert found == pytest.approx(share, abs=0.03)


def test_any_of_many_differences_is_seldom_found_where_there_is_none() -> None:
    """All of the usual metrics at once, corrected by Holm: any rejection in at most 9 % of 200 such comparisons."""
    families = [[by_randomisation(list(x), list(y)) for x, y in zip(a, b, strict=True)] for a, b in swapped(*scores_of(*RETRIEVAL))]
    assert sum(min(holm(ps)) < 0.05 for ps in families) <= 18
    assert sum(min(ps) < 0.05 for ps in families) > sum(min(holm(ps)) < 0.05 for ps in families)


def test_two_real_systems_that_differ_are_told_apart() -> None:
    """What the swapped ones are held against."""
    hybrid, lexical = scores_of(*RETRIEVAL)
    assert min(holm([by_randomisation(list(a), list(b)) for a, b in zip(hybrid, lexical, strict=True)])) < 0.05
