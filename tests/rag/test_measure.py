"""Systems over three notes: each is measured over the index that it asks for, and that index is the one that would have been built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from index.build import update
from index.encoder import Vectors
from index.errors import EncoderMismatch, ModelError, UsageError
from index.morphemes import Analyser
from index.settings import IndexSettings, SplitSettings
from index.types import Progress
from rag.evaluation import measure
from rag.evaluation.datasets import Context, Dataset, Evidence, Question
from rag.evaluation.gate import question_set
from rag.evaluation.measure import SETUP, aimed_at, judged, load_mixture, measured
from rag.evaluation.report import QuestionRow, Report, Table
from rag.evaluation.systems import parse_system
from rag.evaluation.trec import write_run
from tests.fakes import HashEncoder


class Counting(HashEncoder):
    """Keeps count of what it really encoded."""

    def __init__(self, name: str = "hash", dim: int = 32) -> None:
        super().__init__(dim, name)
        self.encoded: list[str] = []

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return super().encode_questions(texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += texts
        return super().encode_passages(texts, progress)


def paragraphs(word: str, count: int) -> str:
    return "".join(
        f"{word} {number}번 문단은 {word}의 성질 {number}번을 말한다. " + "덧붙이는 말이 이어진다. " * 6 + "\n\n" for number in range(count)
    )


NOTES = {
    "a.md": f"# 풀링\n\n최대 풀링은 가장 큰 값을 고른다.\n\n{paragraphs('풀링', 8)}",
    "b.md": f"# 평가\n\nMRR은 역순위의 평균이다.\n\n{paragraphs('평가', 8)}",
    "c.md": "# 짧은 노트\n\n드롭아웃은 뉴런을 무작위로 끈다.\n",
}
QUESTIONS = (
    Question(
        "q1", "최대 풀링은 무엇을 고르나?", ("가장 큰 값",), (Evidence("a.md", "최대 풀링은 가장 큰 값을 고른다."),), "factoid", "test"
    ),
    Question("q2", "MRR이란?", ("역순위의 평균",), (Evidence("b.md", "MRR은 역순위의 평균이다."),), "definition", "test"),
    Question("q3", "드롭아웃은 무엇을 끄나?", ("뉴런",), (Evidence("c.md", "드롭아웃은 뉴런을 무작위로 끈다."),), "factoid", "test"),
    Question("q4", "화성의 위성은?", kind="unanswerable", split="test", near="c.md"),
)
DATA = Dataset("own", (), QUESTIONS)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """The encoder of every index, and that of the name `other` is another one."""
    opened, other = Counting(), Counting("other", 48)
    monkeypatch.setattr(measure, "open_recorded", lambda place: opened)
    monkeypatch.setattr(measure, "open_encoder", lambda name=None: other if name == "other" else opened)
    return opened


def built(folder: Path, settings: IndexSettings | None = None, encoder: HashEncoder | None = None) -> Path:
    for name, text in NOTES.items():
        (folder / "notes").mkdir(parents=True, exist_ok=True)
        (folder / "notes" / name).write_text(text, "utf-8")
    used = encoder or HashEncoder()
    update(folder / "index", [folder / "notes"], encoder=used, analyse=Analyser().terms, settings=settings or IndexSettings())
    return folder / "index"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return built(tmp_path / "base")


def measure_all(place: Path, *names: str, data: Dataset = DATA, cache: Path | None = None) -> Report:
    return measured([parse_system(name) for name in names], data, place, cache=cache)


def of(report: Report, system: str) -> list[QuestionRow]:
    """One system's rows under no name, to be held against another's."""
    return [replace(row, system="") for row in report.rows if row.system == system]


def setup(report: Report, system: str) -> tuple[object, ...]:
    (line,) = [line for line in report.table("systems").rows if line[0] == system]
    return line[1:]


def test_every_system_has_a_row_for_every_answerable_question(encoder: Counting, place: Path) -> None:
    report = measure_all(place, "hybrid", "lexical")
    assert [(row.system, row.question_id) for row in report.rows] == [
        (name, q) for name in ("hybrid", "lexical") for q in ("q1", "q2", "q3")
    ]
    assert report.facts == {"question set": question_set(QUESTIONS)}
    assert setup(report, "lexical") == ("lexical", None, "hash", setup(report, "hybrid")[3], 160)
    assert [row.metrics["hit@5"] for row in of(report, "lexical")] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", ["passage=40", "passage=40,dense", "encoder=other", "encoder=other,passage=100,lexical"])
def test_notes_cut_or_embedded_anew_are_what_indexing_them_so_would_give(encoder: Counting, place: Path, tmp_path: Path, name: str) -> None:
    system = parse_system(name)
    settings = aimed_at(SplitSettings(), system.passage, 512)
    other = HashEncoder(48, "other") if system.encoder else HashEncoder()
    judge = built(tmp_path / "judge", IndexSettings(settings), other)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    found = measure_all(place, name, "hybrid")
    plain = f"{system.retriever}{',encoder=other' if system.encoder else ''}"
    expected = measure_all(judge, plain)
    assert of(found, name) == of(expected, plain)
    assert setup(found, name) == setup(expected, plain)
    assert setup(found, name)[2:] == (other.name, setup(expected, plain)[3], settings.target_tokens)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_smaller_passages_are_more_of_them(encoder: Counting, place: Path) -> None:
    report = measure_all(place, "hybrid", "passage=40", "passage=100")
    assert setup(report, "passage=40")[3] > setup(report, "passage=100")[3] > setup(report, "hybrid")[3]  # type: ignore[operator]


def test_the_size_that_the_index_has_is_the_index_itself(encoder: Counting, place: Path) -> None:
    report = measure_all(place, "hybrid", "passage=160")
    assert of(report, "hybrid") == of(report, "passage=160")
    assert encoder.encoded == [question.text for question in QUESTIONS]


def test_what_was_encoded_once_is_kept(encoder: Counting, place: Path, tmp_path: Path) -> None:
    first = measure_all(place, "hybrid", "passage=40", "dense,passage=40", cache=tmp_path / "cache")
    assert len(encoder.encoded) == len(QUESTIONS) + int(str(setup(first, "passage=40")[3]))
    encoder.encoded.clear()
    assert measure_all(place, "hybrid", "passage=40", "dense,passage=40", cache=tmp_path / "cache") == first
    assert encoder.encoded == []


def test_another_index(encoder: Counting, place: Path, tmp_path: Path) -> None:
    other = built(tmp_path / "other", IndexSettings(SplitSettings(target_tokens=48)))
    report = measure_all(place, "hybrid", f"index={other}")
    assert of(report, f"index={other}") == of(measure_all(other, "hybrid"), "hybrid")
    assert setup(report, f"index={other}")[4] == 48


def test_an_index_of_another_encoder_is_asked_by_words_alone(encoder: Counting, tmp_path: Path) -> None:
    strange = built(tmp_path / "strange", encoder=HashEncoder(32, "strange"))
    assert len(measure_all(strange, "lexical", "passage=100").rows) == 6
    with pytest.raises(EncoderMismatch, match="embed the notes anew"):
        measure_all(strange, "hybrid")


def test_a_mixture_from_a_file(encoder: Counting, place: Path, tmp_path: Path) -> None:
    """With words that count a million times over, hybrid ranks what both legs found as the lexical leg does."""
    (tmp_path / "words.json").write_text('{"weights": [1e6, 0, 0, 0, 0]}', "utf-8")
    name = f"mixture={tmp_path / 'words.json'}"
    report = measure_all(place, "hybrid", "lexical", name)
    for mixed, lexical in zip(of(report, name), of(report, "lexical"), strict=True):
        places = [(hit.doc_id, hit.start) for hit in lexical.hits]
        assert [(hit.doc_id, hit.start) for hit in mixed.hits][: len(places)] == places
        assert mixed.hits[0].score > 1e5
    assert of(report, name) != of(report, "hybrid")


@pytest.mark.parametrize("text", ["", "{}", '{"weights": 5}', '{"weights": ["x", 0, 0, 0, 0]}', '{"weights": [1, 2]}', "[]"])
def test_what_is_no_mixture(text: str, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match="expected"):
        load_mixture(tmp_path / "w.json")
    with pytest.raises(ModelError):
        load_mixture(tmp_path / "gone.json")


def test_a_run_is_judged_as_the_system_that_wrote_it(encoder: Counting, place: Path, tmp_path: Path) -> None:
    own = measure_all(place, "dense,passage=40", "lexical")
    write_run(tmp_path / "own.trec", own.rows, "dense,passage=40")
    name = f"run={tmp_path / 'own.trec'}"
    report = measure_all(place, "lexical", name)
    assert [row.metrics for row in of(report, name)] == [row.metrics for row in of(own, "dense,passage=40")]
    assert setup(report, name) == ("run", None, None, None, None)
    assert report.facts[f"{name}: questions that the run lacks"] == 0


def test_readers_answer_every_question(encoder: Counting, place: Path) -> None:
    report = measure_all(place, "sentence", "lexical,sentence")
    assert [row.question_id for row in of(report, "sentence")] == ["q1", "q2", "q3", "q4"]
    assert setup(report, "lexical,sentence")[:2] == ("lexical", "sentence")
    assert {"EM", "F1", "refused answerable"} <= of(report, "sentence")[0].metrics.keys()
    assert "refused unanswerable" in of(report, "sentence")[3].metrics


CONTEXTS = (Context("c1", "제목", "벡터 검색은 가까운 것을 찾는다"), Context("c2", "", "형태소 분석은 낱말을 나눈다"))
PUBLIC = Dataset("public", CONTEXTS, (Question("q", "벡터 검색은 무엇을 찾나", ("가까운 것",), (Evidence("c1"),)),))


def test_a_set_that_brings_passages_needs_no_index(encoder: Counting, tmp_path: Path) -> None:
    report = measure_all(tmp_path / "none", "hybrid", "dense,encoder=other", data=PUBLIC)
    assert [(row.system, row.metrics["hit@1"]) for row in report.rows] == [("hybrid", 1.0), ("dense,encoder=other", 1.0)]
    assert report.table("systems").rows == (
        ("hybrid", "hybrid", None, "hash", 2, None),
        ("dense,encoder=other", "dense", None, "other", 2, None),
    )


@pytest.mark.parametrize("name", ["passage=96", "index=elsewhere"])
def test_a_set_that_brings_passages_is_not_cut(encoder: Counting, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="public brings its own passages"):
        measure_all(tmp_path, "hybrid", name, data=PUBLIC)


def test_runs_against_judgements_of_their_own_ids() -> None:
    runs = {"a": {"1": {"x": 2.0, "y": 1.0}}, "b": {"1": {"y": 2.0}, "2": {"z": 2.0}}}
    report = judged(runs, {"1": {"y": 1}, "2": {"z": 1}})
    assert [(row.system, row.metrics["hit@1"], row.metrics["MRR@10"]) for row in report.rows] == [
        ("a", 0.0, 0.5),
        ("a", 0.0, 0.0),
        ("b", 1.0, 1.0),
        ("b", 1.0, 1.0),
    ]
    assert report.facts == {"a: questions that the run lacks": 1, "b: questions that the run lacks": 0}
    assert report.tables == (Table("systems", SETUP, (("a", "run", None, None, None, None), ("b", "run", None, None, None, None))),)


def test_the_limit_of_a_passage_keeps_its_proportion() -> None:
    usual = SplitSettings()
    assert aimed_at(usual, None, 10) is usual
    assert aimed_at(usual, usual.target_tokens, 512) == usual
    assert [aimed_at(usual, tokens, 512).max_tokens for tokens in (16, 80, 100, 320)] == [128, 128, 160, 512]
    with pytest.raises(UsageError, match="at most passage=320"):
        aimed_at(usual, 321, 512)
