"""Hybrid search in PostgreSQL at a toy's size: on one server and over three shards, judged by the exact index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from benchmarks.scale_postgres import COLUMNS, measure
from tests.fakes import HashEncoder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    topics = ("역전파", "경사 하강법", "합성곱 신경망", "어텐션", "드롭아웃", "배치 정규화", "전이 학습", "토큰화")
    texts = [
        f"# {topic}\n\n{topic}은 {topics[place - 1]}과 함께 {place + 3}번째 주에 배우는 방법이다." for place, topic in enumerate(topics)
    ]
    rows = [{"id": f"{place}", "path": f"{place}.md", "title": "노트", "text": text} for place, text in enumerate(texts)]
    (tmp_path / "notes").mkdir()
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "notes" / "a.jsonl.zst").write_bytes(zstandard.compress(lines.encode()))
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
    table, weights = found.tables
    one, three, folder = table.records()
    assert (one["index"], three["index"], folder["index"]) == ("one server", "three shards", "folder")
    assert [name for name in COLUMNS[1:] if not (one[name] > 0 and three[name] > 0)] == []
    held = {record["of one passage"]: record["found"] for record in weights.records()}
    assert held["terms, repeats counted"] >= held["postings"] > 1
    assert held["bytes of vectors"] > 4 * 8 and held["bytes of postings, rows"] > 24 * held["postings"]
