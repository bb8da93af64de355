"""Hybrid search in PostgreSQL at a toy's size: on one server and over three shards, judged by the exact index."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import zstandard

from benchmarks.scale_postgres import COLUMNS, like, measure
from tests.fakes import HashEncoder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    topics = ("역전파", "경사 하강법", "합성곱 신경망", "어텐션", "드롭아웃", "배치 정규화", "전이 학습", "토큰화")
    lines = [
        f"\n## {topic}\n{topic}은 {topics[place - 1]}과 함께 {place + 3}번째 주에 배우는 방법이다." for place, topic in enumerate(topics)
    ]
    row = {"id": "n", "path": "n.md", "title": "노트", "text": "\n".join(["# 노트", *lines])}
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.jsonl.zst").write_bytes(zstandard.compress((json.dumps(row, ensure_ascii=False) + "\n").encode()))
    return tmp_path


def test_one_server_and_three_shards_find_what_the_exact_index_does(data: Path) -> None:
    found = measure(data, HashEncoder(8), passages=130, queries=9)
    figures = {figure.name: figure for figure in found.figures}
    assert [(name, figure.goal) for name, figure in figures.items()] == [
        ("hybrid, one server, p50", 40.0),
        ("hybrid, one server, top 10 as exact", 0.98),
        ("hybrid, three shards, p50", 80.0),
        ("hybrid, three shards, top 10 as exact", 0.98),
    ]
    assert figures["hybrid, one server, top 10 as exact"].value == figures["hybrid, three shards, top 10 as exact"].value == 1.0
    (table,) = found.tables
    one, three, folder = table.records()
    assert (one["index"], three["index"], folder["index"]) == ("one server", "three shards", "folder")
    assert [name for name in COLUMNS[1:] if not (one[name] > 0 and three[name] > 0)] == []


def test_vectors_are_as_near_each_other_as_the_real_ones() -> None:
    rng = np.random.default_rng(1)
    real = rng.standard_normal((200, 32)).astype(np.float32) + 2 * rng.standard_normal((10, 32)).astype(np.float32).repeat(20, axis=0)
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    drawn = like(real, 400, rng)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-5)

    def nearest(vectors: np.ndarray) -> float:
        near = vectors @ vectors.T
        np.fill_diagonal(near, -1)
        return float(np.median(near.max(axis=1)))

    assert nearest(drawn) == pytest.approx(nearest(real), abs=0.05)
