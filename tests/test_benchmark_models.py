"""The benchmark of the models: how figures are put together, and all of it over public sets in miniature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import models, readers, retrievers, tasks
from benchmarks import tables as shown
from benchmarks.changes import COLUMNS, Change, changed
from benchmarks.readers import ANSWERABLE, NEAR, STRANGE, Asked
from benchmarks.results import Figure
from benchmarks.retrievers import HARD, POOLED
from benchmarks.tasks import FIFTH
from index.errors import UsageError
from index.morphemes import Analyser
from rag import span_reader
from rag.evaluation.datasets import Context, Dataset, Evidence, Question
from rag.evaluation.report import QuestionRow
from rag.evaluation.stats import Interval
from rag.pipeline import Pipeline
from rag.sentence_reader import Weights
from rag.span_model import Window, best_spans
from rag.training.examples import TYDI, held_out
from tests.fakes import HashEncoder
from tests.miniature import TEXTS, write_questions, write_sets
from tests.rag.samples import ENCODER, memory_index

# Changes


def test_a_change_knows_both_sides_and_whether_they_differ() -> None:
    change = changed([1.0] * 90 + [0.0] * 10, [1.0] * 60 + [0.0] * 40)
    assert change.after.value == 0.9 and change.before is not None and change.before.value == 0.6
    row = dict(zip(COLUMNS, change.cells(), strict=True))
    assert (row["before"], row["after"], row["difference"]) == (0.6, 0.9, pytest.approx(0.3))
    assert (row["before 2.5 %"], row["before 97.5 %"]) == pytest.approx((0.6 - 0.096, 0.6 + 0.096), abs=0.01)
    assert (row["2.5 %"], row["97.5 %"]) == pytest.approx((0.3 - 0.09, 0.3 + 0.09), abs=0.01)
    assert row["p"] == pytest.approx(2 / 10_001)
    found = change.figure("x", 0.95)
    assert found == Figure("x", 0.9, "", 0.95, True, change.after.low, change.after.high, 0.6) and not found.met


def test_without_a_before_nothing_is_compared() -> None:
    change = changed([0.5, 0.5])
    assert change.cells() == (None, None, None, 0.5, 0.5, 0.5, None, None, None, None)
    assert change.figure("x").before is None


# Retrieval


def row(group: str, number: int, system: str, hit: float) -> QuestionRow:
    return QuestionRow(system, f"q{number}", "", group, {"hit@1": hit})


def test_pooled_counts_questions_and_even_counts_sets() -> None:
    after = [row("mlfb", 0, "dense", 1.0), row("mlfb", 1, "dense", 0.0), *(row("hf", number, "dense", 1.0) for number in range(8))]
    before = [row("mlfb", 0, "dense", 0.0), row("mlfb", 1, "dense", 0.0), *(row("hf", number, "dense", 1.0) for number in range(8))]
    pooled = retrievers.moved(after, list(reversed(before)), ("mlfb", "hf"), "dense", even=False)
    even = retrievers.moved(after, list(reversed(before)), ("mlfb", "hf"), "dense", even=True)
    assert (pooled.after.value, even.after.value) == (0.9, pytest.approx((0.5 + 1.0) / 2))
    assert pooled.before and even.before and (pooled.before.value, even.before.value) == (0.8, pytest.approx((0 + 1) / 2))
    assert pooled.difference and pooled.difference.difference == pytest.approx(0.1)
    assert retrievers.moved(after, [], ("hf",), "dense", even=False).before is None


def test_the_fixed_fifth_keeps_all_passages_and_only_questions_that_no_training_saw() -> None:
    contexts = tuple(Context(f"tydi/{number}", "", "글") for number in range(200))
    questions = tuple(Question(f"q{number}", "?", ("글",), (Evidence(each.id),)) for number, each in enumerate(contexts))
    fifth = tasks.fixed_fifth(Dataset(TYDI, contexts, questions))
    assert fifth.contexts == contexts and fifth.name == FIFTH
    assert 20 < len(fifth.questions) < 60
    assert all(held_out(TYDI, question.evidence[0].doc) for question in fifth.questions)


# Our own notes


def own(kind: str, refused: float, **metrics: float) -> QuestionRow:
    return QuestionRow("x", f"{kind}{refused}{metrics}", kind, "test", {"confidence": 0.5, "refused": refused, **metrics})


ASKED = Asked(
    own=[own("list", 0.0, EM=1.0, F1=1.0), own("why", 1.0, EM=0.0, F1=0.0), own("unanswerable", 1.0), own("unanswerable", 0.0)],
    strange=[own("list", 1.0), own("why", 0.0)],
    own_support=[3.0, 1.0, -2.0, 2.0],
    strange_support=[-1.0, -3.0],
)


def test_answerable_near_and_strange_questions_are_told_apart() -> None:
    assert [ASKED.support(group) for group in (ANSWERABLE, NEAR, STRANGE)] == [[3.0, 1.0], [-2.0, 2.0], [-1.0, -3.0]]
    assert [ASKED.refused(group) for group in (ANSWERABLE, NEAR, STRANGE)] == [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    assert readers.separated(ASKED, ASKED, NEAR).after.value == 0.75  # of four pairs one is in the wrong order
    assert readers.separated(ASKED, ASKED, STRANGE) == Change(Interval(1.0, 1.0, 1.0, 4), Interval(1.0, 1.0, 1.0, 4))


def test_f1_is_listed_by_kind_and_over_all() -> None:
    worse = [own("list", 0.0, EM=0.0, F1=0.5), own("why", 0.0, EM=0.0, F1=0.2), own("unanswerable", 1.0), own("unanswerable", 1.0)]
    found = readers.f1_by_kind(worse, ASKED.own)
    assert {kind: (change.before and change.before.value, change.after.value) for (kind,), change in found.items()} == {
        "list": (0.5, 1.0),
        "why": (0.2, 0.0),
        "all": (pytest.approx(0.35), 0.5),
    }


def test_the_calibration_error_looks_at_what_was_answered() -> None:
    assert readers.ece([own("list", 0.0, F1=1.0), own("unanswerable", 0.0), own("why", 1.0, F1=0.0)]) == pytest.approx(0.0)
    assert readers.ece([own("list", 0.0, F1=0.6)]) == pytest.approx(0.5)
    assert readers.ece([own("list", 1.0, F1=0.6)]) == 0.0


# All of it


class Words:
    """A span model that marks the first word which the question does not hold; it finds an answer where the two share a word."""

    def read(self, question: str, passages: Sequence[tuple[str, str]], limit: int | None = None) -> list[Window]:
        return [self._window(number, question, text) for number, (_, text) in enumerate(passages)][:limit]

    def best_spans(self, question: str, context: str, text: str, count: int = 5) -> list[tuple[int, int, float]]:
        return [(each.start, each.end, each.score) for each in best_spans(self.read(question, [(context, text)]), count)]

    def _window(self, number: int, question: str, text: str) -> Window:
        words = text.split(" ")
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        starts = ends - [len(word) for word in words]
        new = np.array([0.0 if word[:2] in question else 4.0 for word in words], np.float32)
        return Window(number, starts, ends, new - np.arange(len(words), dtype=np.float32), new, 3.0 if new.min() == 0 else -3.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sets(tmp_path)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path / "questions.jsonl")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, analyser: Analyser) -> None:
    """Encoders by name, the span model of this file, and weights that know nothing but how to refuse nothing."""
    pipeline = Pipeline.over(memory_index(analyser, {"a": TEXTS[1], "b": TEXTS[0]}), ENCODER)
    choice = tuple({"span": 1.0, "answerable": 1.0, "whole": -10.0}.get(name, 0.0) for name in span_reader.CHOICE)
    evidence = tuple(float(name == "highest answerable") for name in span_reader.EVIDENCE)
    monkeypatch.setattr(models, "open_encoder", lambda name=None: HashEncoder(256, name or "new"))
    monkeypatch.setattr(models, "SpanModel", lambda remembered=0: Words())
    monkeypatch.setattr(models, "Pipeline", SimpleNamespace(open=lambda path: pipeline))
    monkeypatch.setattr(span_reader, "shipped", lambda: Weights(choice, evidence, evidence, 0.5))


def test_everything_from_end_to_end(fakes: None, data: Path, questions: Path, tmp_path: Path) -> None:
    told: list[str] = []
    before = models.Before(tmp_path / "old")
    cache = tmp_path / "cache"
    found = models.measure(tmp_path, questions, data, before, cache, 4, lambda stage, done, total: told.append(stage))
    assert found.settings == {"encoder": "new", "encoder before": f"{tmp_path}/old-256", "KorQuAD questions read": 4, "own questions": 3}
    tables = {table.title: table.records() for table in found.tables}
    assert tuple(tables) == shown.MODELS
    sets = ["korquad", "klue-mrc", "mlfb", "hf", "autorag", FIFTH, POOLED, HARD]
    counts = {(line["set"], line["system"]): line["questions"] for line in tables["hit@1"]}
    assert list(counts) == [(name, system) for name in sets for system in ("hybrid", "dense", "lexical")]
    assert [counts[name, "dense"] for name in sets] == [5, 5, 5, 5, 5, 4, 25, 15]
    for line in tables["hit@1"]:
        assert line["after"] == line["before"] if line["system"] != "lexical" else line["before"] is None, "both encoders give the same"
        assert float(line["after 2.5 %"] or 0) <= float(line["after"] or 0) <= float(line["after 97.5 %"] or 0)
    lexical = [float(line["after"] or 0) for line in tables["hit@1"] if line["system"] == "lexical"]
    assert fmean(lexical) > 0.9
    reading = {(line["passage"], line["metric"]): line["after"] for line in tables["reading KorQuAD"]}
    assert set(reading.values()) == {1.0}
    assert [(line["kind"], line["questions"]) for line in tables["F1 on our notes"]] == [("factoid", 1), ("why", 1), ("all", 2)]
    asked = {(line["measure"], line["questions asked"]): line["after"] for line in tables["answerability"]}
    assert (asked["refused", NEAR], asked["refused", STRANGE], asked["refused", ANSWERABLE]) == (1.0, 1.0, 0.0)
    assert asked["AUROC", NEAR] == asked["AUROC", STRANGE] == 1.0
    figures = {figure.name: figure for figure in found.figures}
    assert figures["KorQuAD, gold passage F1"].goal == 0.84 and figures["mean of mlfb, hf and autorag, dense, hit@1"].goal is not None
    assert figures["sets significantly below a leg"].value == 0 and 30 < figures["encoder and reader"].value < 60
    assert {"read, gold passage", "read, end to end", "read, span", "read, sentence", "weigh, span", "rank"} <= set(told)
    told.clear()
    reading_again = models.measure(tmp_path, questions, data, before, cache, 4, lambda stage, done, total: told.append(stage), ["reading"])
    assert reading_again.tables == tuple(table for table in found.tables if table.title == "reading KorQuAD")
    assert "read, all" in told and "read, end to end" not in told, "what was read is kept"


def test_without_a_data_folder_it_says_which_option_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAG_DATA", raising=False)
    with pytest.raises(UsageError, match="--data DIR"):
        models.measure(tmp_path, tmp_path / "questions.jsonl")
