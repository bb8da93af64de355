"""The gate: what counts as fallen, over which questions, and the file that is compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.errors import DataError, UsageError
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.gate import (
    GATED,
    QUESTION_SET,
    Baseline,
    blind,
    fallen,
    gate,
    left_out,
    question_set,
    read_baseline,
    refuse_unknown,
    scores_of,
    write_baseline,
)
from rag.evaluation.report import Cell, HitRow, QuestionRow, Report


def report(scores: dict[str, dict[str, Sequence[float]]], facts: dict[str, Cell] | None = None) -> Report:
    """System → metric → the scores of questions 0, 1, 2 …"""
    rows = [
        QuestionRow(
            system, str(number), "", "test", {metric: values[number] for metric, values in of_system.items()}, (HitRow("d", 0, 1, 1.0, 1),)
        )
        for system, of_system in scores.items()
        for number in range(len(next(iter(of_system.values()))))
    ]
    return Report(facts or {}, (), tuple(rows))


def baseline(of: Report) -> Baseline:
    return Baseline(of.facts, scores_of(of.rows))


def verdicts(old: Report, new: Report, metrics: Sequence[str] | None = None) -> dict[str, Cell]:
    return {f"{line['system']} {line['metric']}": line["verdict"] for line in gate(baseline(old), new, metrics).records()}


HALF, ALL, NONE = [1.0, 0.0] * 20, [1.0] * 40, [0.0] * 40


def test_a_metric_falls_rises_or_stays() -> None:
    old = report({"a": {"hit@1": HALF, "hit@5": HALF, "F1": HALF}})
    new = report({"a": {"hit@1": NONE, "hit@5": ALL, "F1": HALF}})
    assert verdicts(old, new) == {"a hit@1": "fell", "a hit@5": "rose", "a F1": ""}
    assert fallen(gate(baseline(old), new)) == ["a hit@1"]


def test_fewer_refusals_of_the_answerable_are_no_fall() -> None:
    old = report({"p": {"refused answerable": HALF, "refused unanswerable": HALF}})
    assert verdicts(old, report({"p": {"refused answerable": NONE, "refused unanswerable": NONE}})) == {
        "p refused answerable": "rose",
        "p refused unanswerable": "fell",
    }
    assert verdicts(old, report({"p": {"refused answerable": ALL, "refused unanswerable": ALL}})) == {
        "p refused answerable": "fell",
        "p refused unanswerable": "rose",
    }


def test_chance_is_no_fall() -> None:
    old, new = HALF, [*HALF[:-4], 0.0, 0.0, 0.0, 0.0]
    (line,) = gate(baseline(report({"a": {"hit@1": old}})), report({"a": {"hit@1": new}})).records()
    assert (line["questions"], line["baseline"], line["now"]) == (40, 0.5, 0.45)
    assert (line["difference"], line["p"], line["verdict"]) == (pytest.approx(-0.05), 0.5, "")
    assert float(str(line["2.5 %"])) <= -0.05 <= float(str(line["97.5 %"]))


def test_what_is_compared_with_much_else_must_be_clearer() -> None:
    worse = [0.0] * 6 + [1.0] * 34  # six of forty lost: p = 2 / 2^6 in the exact test
    old, new = report({"a": {"hit@1": ALL}}), report({"a": {"hit@1": worse}})
    (alone,) = gate(baseline(old), new).records()
    assert (alone["p"], alone["p (Holm)"], alone["verdict"]) == (pytest.approx(2 / 2**6), alone["p"], "fell")
    others = dict.fromkeys(GATED[1:], HALF)
    among = gate(baseline(report({"a": {"hit@1": ALL} | others})), report({"a": {"hit@1": worse} | others})).records()[0]
    assert (among["p"], among["p (Holm)"], among["verdict"]) == (alone["p"], pytest.approx(len(GATED) * 2 / 2**6), "")


def test_metrics_may_be_chosen_and_systems_left_out() -> None:
    old = report({"a": {"hit@1": ALL, "MAP": ALL}, "b": {"hit@1": ALL}})
    new = report({"a": {"hit@1": NONE, "MAP": NONE}})
    assert verdicts(old, new, ["MAP"]) == {"a MAP": "fell"}
    assert left_out(baseline(old), new) == ["b"]
    with pytest.raises(UsageError, match=r"nothing to compare: the baseline holds c: hit@1; measured now: a: hit@1, MAP"):
        gate(baseline(report({"c": {"hit@1": ALL}})), new)


def test_a_metric_asked_for_by_name_is_never_left_out_silently(tmp_path: Path) -> None:
    old, new = report({"a": {"hit@1": ALL, "MAP": ALL}, "b": {"hit@5": ALL}}), report({"a": {"hit@1": ALL, "hit@7": ALL}})
    for metric in ("hit@7", "MAP", "hit@5", "hit@9"):  # of the baseline, of the run, of a system of the baseline alone, of neither
        with pytest.raises(UsageError, match=f"nothing to compare of {metric}: the baseline holds a: hit@1, MAP; b: hit@5; measured"):
            gate(baseline(old), new, ["hit@1", metric])
    with pytest.raises(UsageError, match=r"the baseline holds no hit@7, but MAP, hit@1, hit@5$"):
        refuse_unknown(baseline(old), ["hit@1", "hit@7"])
    refuse_unknown(baseline(old), ["hit@1", "hit@5"])
    with pytest.raises(UsageError, match="not measured, so not kept: MAP; measured now: a: hit@1, hit@7"):
        write_baseline(tmp_path / "b.json", new, ["hit@1", "MAP"])
    assert not (tmp_path / "b.json").exists()
    assert len(gate(baseline(old), new, ["hit@1", "hit@1"]).rows) == 1


def test_what_is_not_measured_now_is_named() -> None:
    old = report({"a": {"hit@1": ALL, "hit@5": ALL, "MAP": ALL}, "b": {"hit@5": ALL, "MAP": ALL}, "c": {"F1": ALL}})
    new = report({"a": {"hit@1": ALL, "MAP": ALL}, "b": {"hit@1": ALL}})
    assert left_out(baseline(old), new) == ["c", "hit@5", "b MAP"]
    assert left_out(baseline(old), new, ["MAP"]) == ["b MAP"]  # what was not asked for is not missed
    assert left_out(baseline(old), new, ["hit@1"]) == []


@pytest.mark.parametrize(
    ("questions", "metrics", "seen"),
    [(5, 1, False), (6, 1, True), (6, 5, False), (7, 5, False), (8, 5, True), (9, 10, True), (8, 10, False)],
)
def test_it_is_said_where_no_fall_could_be_seen(questions: int, metrics: int, seen: bool) -> None:
    """The promise of `blind` against the gate itself: everything falls."""
    names = GATED[:8][:metrics] if metrics < 10 else (*GATED[:8], "MAP", "hit@3")
    old, new = (report({"a": {name: [score] * questions for name in names}}) for score in (1.0, 0.0))
    table = gate(baseline(old), new, names)
    dull, enough = blind(baseline(old), table)
    assert (dull == {}) == (fallen(table) != []) == seen
    if not seen:
        assert dull == {f"a {name}": questions for name in names}
        more, none = (report({"a": {name: [score] * enough for name in names}}) for score in (1.0, 0.0))
        assert len(fallen(gate(baseline(more), none, names))) == len(names)
        fewer, zero = (report({"a": {name: [score] * (enough - 1) for name in names}}) for score in (1.0, 0.0))
        assert fallen(gate(baseline(fewer), zero, names)) == []


def test_only_questions_that_can_fall_count() -> None:
    few = [1.0] * 4 + [0.0] * 36
    old = report({"a": {"hit@1": ALL, "hit@5": few, "F1": NONE, "refused answerable": ALL, "refused unanswerable": few}})
    assert blind(baseline(old), gate(baseline(old), old)) == ({"a hit@5": 4, "a refused unanswerable": 4}, 8)
    old = report({"a": {"hit@1": ALL, "tokens/passage": [90.0] * 40, "refused answerable": [1.0] * 37 + [0.0] * 3}})
    assert blind(baseline(old), gate(baseline(old), old, ["hit@1", "tokens/passage", "refused answerable"])) == (
        {"a refused answerable": 3},
        6,
    )


def test_other_questions_are_an_error() -> None:
    old, new = report({"a": {"hit@1": ALL}}), report({"a": {"hit@1": ALL[:-2]}})
    with pytest.raises(DataError, match=r"a hit@1: not the same questions, 2 only in the baseline \(the first is 'test/38'\)\. Measure"):
        gate(baseline(old), new)
    with pytest.raises(DataError, match=r"2 only now \(the first is 'test/38'\)"):
        gate(baseline(new), old)


def test_other_gold_under_the_same_ids_is_an_error() -> None:
    questions = [Question("a", "하나?", ("1",), (Evidence("d", "1"),)), Question("b", "둘?")]
    other = [Question("a", "하나?", ("1",), (Evidence("d", "11"),)), Question("b", "둘?")]
    assert question_set(questions) == question_set(questions[::-1]) != question_set(other)
    old, new = (report({"a": {"hit@1": ALL}}, {QUESTION_SET: question_set(each)}) for each in (questions, other))
    assert verdicts(old, old) == {"a hit@1": ""}
    with pytest.raises(DataError, match=r"the questions, their gold or the --split are not .*--write-baseline FILE"):
        gate(baseline(old), new)


def test_sets_may_share_ids() -> None:
    rows = [QuestionRow("a", "q1", "", name, {"hit@1": 1.0}) for name in ("klue", "hf")]
    assert scores_of(rows) == {"a": {"hit@1": {"klue/q1": 1.0, "hf/q1": 1.0}}}
    with pytest.raises(ValueError, match="a has two rows of the question 'hf/q1'"):
        scores_of([*rows, rows[1]])


def test_a_baseline_keeps_scores_and_no_hits(tmp_path: Path) -> None:
    thirds = [1 / 3, 2 / 3, 1.0, 0.0]
    whole = report({"a": {"MRR@10": thirds, "confidence": thirds}, "pipeline": {"F1": thirds[:2]}}, {"encoder": "e5"})
    write_baseline(tmp_path / "b.json", whole)
    kept = (tmp_path / "b.json").read_text("utf-8")
    assert json.loads(kept) == {
        "facts": {"encoder": "e5"},
        "questions": ["test/0", "test/1", "test/2", "test/3"],
        "systems": {"a": {"MRR@10": [0.333333, 0.666667, 1, 0]}, "pipeline": {"F1": [0.333333, 0.666667, None, None]}},
    }
    assert [line.strip()[:9] for line in kept.splitlines() if "MRR" in line] == ['"MRR@10":']  # a line of its own, for readable changes
    found = read_baseline(tmp_path / "b.json")
    assert found.scores == {system: {name: of[name] for name in of if name in GATED} for system, of in scores_of(whole.rows).items()}
    assert {line["difference"] for line in gate(found, whole).records()} == {0.0}  # though 1/3 is not .333333


def test_a_whole_report_is_a_baseline_too(tmp_path: Path) -> None:
    whole = report({"a": {"hit@1": HALF}}, {"encoder": "e5"})
    (tmp_path / "r.json").write_text(json.dumps(whole.to_dict()), "utf-8")
    assert read_baseline(tmp_path / "r.json") == baseline(whole)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rows": [{}], "facts": {}}', '{"systems": {"a": {"m": [1]}}, "questions": [], "facts": {}}']
)
def test_what_is_no_baseline_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"b\.json is no baseline .*--write-baseline FILE or --json FILE"):
        read_baseline(tmp_path / "b.json")


def test_a_baseline_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the baseline .*No such file.*rag eval --write-baseline"):
        read_baseline(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot write the baseline"):
        write_baseline(tmp_path / "no" / "b.json", report({"a": {"hit@1": HALF}}))
