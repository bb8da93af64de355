"""The measurement of many vectors at toy size: what is drawn is like what is real, and every figure is there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import scale_dense
from benchmarks.corpus import Alike, distances, note_passages
from benchmarks.scale_dense import measure, recall
from index.errors import DataError
from tests.fakes import HashEncoder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sixty notes of three sections."""
    zstandard = pytest.importorskip("zstandard")
    rows = [
        {
            "id": f"repo/{n}.md",
            "path": f"{n}.md",
            "title": f"노트 {n}",
            "text": "\n\n".join(f"# 절 {n} {m}\n\n낱말{n} 낱말{m} 는 값{n * m} 이다." for m in range(3)),
        }
        for n in range(60)
    ]
    (tmp_path / "notes").mkdir()
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in [*rows, {**rows[0], "path": "0.pdf"}])
    (tmp_path / "notes" / "repo.jsonl.zst").write_bytes(zstandard.compress(lines.encode()))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_every_figure_is_measured(data: Path) -> None:
    found = measure(data, HashEncoder(32), None, 150, 20, (300, 600))
    figures = {figure.name: figure.value for figure in found.figures}
    assert figures["recall@10, 600 vectors"] == figures["filtered recall@10, 600 vectors"] == 1.0
    assert all(value > 0 for value in figures.values())
    assert all(figure.goal is None for figure in found.figures)
    tables = {table.title: table for table in found.tables}
    assert [record["vectors"] for record in tables["by size"].records()] == [300, 600]
    [doubling] = tables["what doubling does"].records()
    assert doubling["disk"] == pytest.approx(2, abs=0.3)
    assert {record["index"] for record in tables["beside plain FAISS indexes"].records()} == {
        "Flat",
        "IVF, SQ8, 64 lists looked at",
        "HNSW32, ef 64",
    }
    real, *drawn = tables["distance to the nearest"].records()
    assert all(record["50 %"] == pytest.approx(real["50 %"], rel=0.2) for record in drawn)


def test_notes_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data DIR"):
        note_passages(tmp_path, HashEncoder(8), 10)


def test_what_is_drawn_is_as_far_apart_as_what_is_real() -> None:
    rng = np.random.default_rng(0)
    real = rng.standard_normal((400, 24)).astype(np.float32) + 2
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    like = Alike.of(real).fitted(2000)
    apart = like.neighbour_distances(2000)
    assert float(np.median(apart)) == pytest.approx(float(np.median(like.nearest)), rel=0.05)
    assert like.draw(0, 50).tolist() == like.draw(0, 50).tolist()
    assert np.linalg.norm(like.draw(0, 50), axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert distances(real[:1], real[:2], np.array([0]))[0] == pytest.approx(np.linalg.norm(real[0] - real[1]), abs=1e-5)


def test_recall_is_the_share_of_the_right_ones() -> None:
    assert recall(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [3, 9]])) == 0.75


def test_a_figure_has_its_goal_at_a_million_only() -> None:
    row = dict.fromkeys(("search p50", "recall@10", "filtered p50", "filtered recall@10", "resident", "open", "add one note"), 1.0)
    goals = {figure.name: (figure.goal, figure.met) for figure in scale_dense._figures([{"vectors": 1_000_000, **row}])}
    assert goals["search p50, 1000000 vectors"] == (10.0, True)
    assert goals["resident, 1000000 vectors"] == (600.0, True)
