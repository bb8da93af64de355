"""BM25 at a toy's size: what is measured is what the engines really do, and they agree."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import zstandard

from benchmarks import scale_lexical
from benchmarks.scale_lexical import Bm25s, Corpus, Ours, Tantivy, measure, recombined, write_corpus
from index.types import Locator, Passage
from tests.fakes import HashEncoder

TOPICS = ("역전파", "경사 하강법", "합성곱 신경망", "어텐션", "드롭아웃", "배치 정규화", "전이 학습", "토큰화")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two notes about eight things."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "notes").mkdir()
    rows = []
    for number in range(2):
        lines = [f"# 노트 {number}"]
        for place, topic in enumerate(TOPICS):
            other = TOPICS[(place + number + 1) % len(TOPICS)]
            lines.append(
                f"\n## {topic}\n{topic}은 {other}과 함께 {place + 3}번째 주에 배우는 방법이다. {other}보다 {number + 2}배 자주 쓴다."
            )
        rows.append({"id": f"n{number}", "path": f"n{number}.md", "title": f"노트 {number}", "text": "\n".join(lines)})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "notes" / "a.jsonl.zst").write_bytes(zstandard.compress(text.encode()))
    return folder


def test_every_engine_is_measured_and_ranks_as_the_others(data: Path) -> None:
    found = measure(data, HashEncoder(8), (60,), queries=12)
    figures = {figure.name: figure.value for figure in found.figures}
    assert found.settings["questions"] == 12
    assert figures["top 10 as bm25s ranks them"] > 0.9
    assert 0 < figures["search, 60 passages, p50"] <= figures["search, 60 passages, p95"]
    engines, growth = found.tables
    assert [(row[0], row[1]) for row in engines.rows] == [(60, "ours"), (60, "bm25s"), (60, "tantivy")]
    assert [record["top 10 as bm25s"] for record in engines.records()][1] == 1.0
    assert all(record["disk MB"] > 0 and record["add s"] > 0 for record in engines.records())
    assert growth.rows == ()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    texts = [f"{topic}은 중요하다. {TOPICS[number - 1]}과 다르다.\n- {topic} 예제" for number, topic in enumerate(TOPICS)]
    write_corpus(folder, [Passage("n", "제목", (), text, 0, len(text), Locator(1)) for text in texts], 500, 20)
    return Corpus.open(folder, 500)


def test_ours_ranks_alike_however_it_was_committed(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rankings = []
    for group in (500, 33, 7):
        monkeypatch.setattr(scale_lexical, "GROUP", group)
        place, ours = tmp_path / str(group), Ours()
        place.mkdir()
        ours.build(place, corpus)
        ours.open(place)
        rankings.append([ours.search(question) for question in corpus.questions])
        assert len(json.loads((place / "segments.json").read_text())) <= Ours.most
        assert len(list(place.iterdir())) <= Ours.most + 1  # what was brought together is removed
    assert rankings[0] == rankings[1] == rankings[2]
    assert all(len(ranking) == 10 for ranking in rankings[0])


@pytest.mark.parametrize("other", [Bm25s, Tantivy])
def test_the_others_are_given_the_same_terms(corpus: Corpus, tmp_path: Path, other: type[Bm25s | Tantivy]) -> None:
    def scores(ranking: list[int], question: dict[str, float]) -> list[float]:
        return sorted((sum(list(texts[number]).count(term) > 0 for term in question) for number in ranking), reverse=True)

    texts = list(corpus.terms())
    engine, ours = other(), Ours()
    for each in (engine, ours):
        (tmp_path / type(each).__name__).mkdir()
        each.build(tmp_path / type(each).__name__, corpus)
        each.open(tmp_path / type(each).__name__)
    for question in corpus.questions:
        even = dict.fromkeys(question, 1.0)
        left, right = scores(ours.search(even), even), scores(engine.search(even), even)
        assert (len(left), fmean(left)) == (len(right), pytest.approx(fmean(right), rel=0.25))


def test_further_passages_are_sentences_of_the_real_ones() -> None:
    real = [[0, 1, 2], [3], [4, 5]]
    made = recombined(real, 50, np.random.default_rng(0))
    assert [each.tolist() for each in made[:3]] == real
    assert (len(made), {len(each) for each in made}) == (50, {1, 2, 3})
    assert {int(sentence) for each in made for sentence in each} == set(range(6))
    assert [each.tolist() for each in recombined(real, 2, np.random.default_rng(0))] == real[:2]


def test_growth_is_the_factor_of_a_doubling() -> None:
    row = dict.fromkeys(scale_lexical._FIELDS, 1.0)
    table = scale_lexical._growth({("ours", 10): row, ("ours", 40): {**row, "disk": 4.0, "add": None}}, (10, 40), ("ours",))
    (record,) = table.records()
    assert (record["passages"], record["disk"], record["p50"], record["add"]) == ("10 to 40", 2.0, 1.0, None)
