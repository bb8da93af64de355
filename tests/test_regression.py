"""The gate on our own notes: `data/baseline.json` is what retrieval and answers were worth when it was written; nothing may fall below it.

Where a fall is meant, or the questions or models have changed: `rag index data/notes && rag eval --write-baseline data/baseline.json`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from index.build import update
from index.encoder import Encoder
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.evaluation.gate import GATED, QUESTION_SET, question_set, read_baseline
from rag.evaluation.inputs import load_input
from rag.mixture import Mixture
from rag.types import RETRIEVERS
from ui import cli

DATA = Path(__file__).parents[1] / "data"
BASELINE = DATA / "baseline.json"
QUESTIONS = DATA / "questions.jsonl"


@pytest.fixture(scope="module")
def index(shipped: Encoder, analyser: Analyser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of our own notes, made with what is shipped."""
    place = tmp_path_factory.mktemp("own") / "index"
    update(place, [DATA / "notes"], encoder=shipped, analyse=analyser.terms, settings=IndexSettings())
    return place


def evaluate(index: Path, *options: str) -> int:
    return cli.main(["eval", "--index", str(index), "--questions", str(QUESTIONS), "--baseline", str(BASELINE), *options])


def test_the_baseline_is_of_these_questions_and_of_everything_that_is_measured() -> None:
    kept = read_baseline(BASELINE)
    assert kept.facts[QUESTION_SET] == question_set(load_input(QUESTIONS).questions)
    assert kept.scores.keys() == {*RETRIEVERS, "pipeline"}
    assert {metric for of_system in kept.scores.values() for metric in of_system} == set(GATED)
    assert BASELINE.stat().st_size < 50_000


def test_nothing_fell_on_our_own_notes(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(index) == 0, capsys.readouterr().err


def test_a_spoiled_mixture_is_caught(index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("rag.retriever.shipped", lambda: Mixture((5.0, 0.0, 0.0, 0.0, 0.0)))  # words drown meaning
    assert evaluate(index, "--retriever", "hybrid", "--no-answers") == 1
    assert "fell significantly: " in (said := capsys.readouterr().err) and "hybrid MRR@10" in said
