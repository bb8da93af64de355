"""`rag eval`: what is measured for each kind of questions, what is written, and when it exits with 1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from index.build import update
from index.encoder import Encoder
from index.morphemes import Analyser
from index.settings import IndexSettings
from index.types import DocumentInfo
from rag.evaluation.datasets import Question
from rag.evaluation.evaluate import KS
from rag.evaluation.report import QuestionRow, Report, Table
from rag.span_reader import Noticed
from rag.types import RETRIEVERS
from tests.ui.test_cli import NOTES, write_notes
from ui import cli, cli_eval

GOLD = [
    {
        "id": "q1",
        "question": "MRR이란?",
        "answers": ["평균"],
        "evidence": [{"doc": "a.md", "quote": "평균"}],
        "kind": "definition",
        "split": "dev",
    },
    {
        "id": "q2",
        "question": "풀링이란?",
        "answers": ["줄임"],
        "evidence": [{"doc": "a.md", "quote": "줄임"}],
        "kind": "definition",
        "split": "test",
    },
]
ROWS = tuple(QuestionRow("hybrid", str(number), "definition", "test", {"hit@1": 1.0, "F1": 0.5}) for number in range(20))
REPORT = Report({"questions": 1}, (Table("retrieval", ("system", "hit@1"), (("hybrid", 0.5),)),), ROWS)


@dataclass
class Bare:
    """A pipeline of which only the reader, and the names of the notes, are looked at."""

    reader: object = None

    @property
    def index(self) -> Bare:
        return self

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo("a.md", "a", "hash", 1, 9)]


@dataclass
class Seen:
    """What was measured, and with what."""

    ids: list[list[str]] = field(default_factory=list)
    opened: list[dict[str, object]] = field(default_factory=list)
    settings: list[dict[str, object]] = field(default_factory=list)
    pipeline: Bare = field(default_factory=Bare)
    report: Report = REPORT


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Seen:
    """`rag eval` over two questions without an index."""
    found = Seen()

    def measure(pipeline: object, questions: Sequence[Question], ks: Sequence[int], **settings: object) -> Report:
        found.ids.append([question.id for question in questions])
        found.settings.append({"ks": ks, **settings})
        return found.report

    def open_pipeline(place: Path, **settings: object) -> Bare:
        found.opened.append(settings)
        return found.pipeline

    monkeypatch.setattr("rag.evaluation.evaluate.evaluate", measure)
    monkeypatch.setattr("rag.pipeline.Pipeline.open", open_pipeline)
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in GOLD), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return found


def evaluate(*arguments: str) -> int:
    return cli.main(["eval", "--questions", "gold.jsonl", *arguments])


@pytest.mark.parametrize(("split", "ids"), [([], ["q2"]), (["--split", "dev"], ["q1"]), (["--split", "all"], ["q1", "q2"])])
def test_one_split_is_measured(seen: Seen, capsys: pytest.CaptureFixture[str], split: list[str], ids: list[str]) -> None:
    assert evaluate(*split) == 0
    assert seen.ids == [ids]
    shown = capsys.readouterr().out
    assert shown.startswith("question set: ") and shown.endswith(
        "\nquestions: 1\n\nretrieval\nsystem  hit@1\n------  -----\nhybrid  0.500\n"
    )


def test_a_split_without_questions_exits_2(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gold.jsonl").write_text(json.dumps(GOLD[0]) + "\n", encoding="utf-8")
    assert evaluate("--split", "test") == 2
    assert "has no question of split test" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "opened", "settings"),
    [
        ([], ("hybrid", None, None), (KS, RETRIEVERS, True)),
        (["--reader", "sentence", "--threshold", "0.25"], ("hybrid", "sentence", 0.25), (KS, RETRIEVERS, True)),
        (["--retriever", "lexical", "--ks", "100,1,5,5"], ("lexical", None, None), ((1, 5, 100), ("lexical",), True)),
        (["--no-answers"], ("hybrid", "sentence", None), (KS, RETRIEVERS, False)),
    ],
)
def test_what_is_asked_for_is_measured(seen: Seen, arguments: list[str], opened: tuple[object, ...], settings: tuple[object, ...]) -> None:
    assert evaluate(*arguments) == 0
    assert [tuple(each[name] for name in ("retriever", "reader", "threshold")) for each in seen.opened] == [opened]
    assert [tuple(each[name] for name in ("ks", "names", "answers")) for each in seen.settings] == [settings]


def test_it_is_said_when_another_reader_stands_in(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    seen.pipeline.reader = Noticed(seen, "sentences answer")  # type: ignore[arg-type]
    assert evaluate() == 0
    assert capsys.readouterr().err == "sentences answer\n"


def test_the_report_is_written(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--json", "report.json", "--format", "json") == 0
    assert json.loads(Path("report.json").read_text(encoding="utf-8")) == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("option", ["--json", "--html", "--trec", "--write-baseline"])
def test_a_file_without_a_folder_is_told_before_anything_is_measured(seen: Seen, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert evaluate(option, "no/file") == 2
    assert capsys.readouterr().err == "error: cannot write no/file: there is no folder no\n"
    assert seen.ids == []


def test_without_questions_it_is_said_how_to_name_them(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval"]) == 2
    assert "name your questions with --questions PATH" in capsys.readouterr().err


def test_the_defaults_are_those_of_the_evaluator() -> None:
    assert cli_eval.KS == KS


@pytest.mark.parametrize("ks", ["0", "1,0", "101", "x", "", "1,,2"])
def test_ranks_are_whole_numbers_up_to_a_hundred(ks: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["eval", "--ks", ks])
    assert stop.value.code == 2
    assert "argument --ks: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--run", "r", "--retriever", "dense"], "--run leaves nothing to do for --retriever"),
        (["--run", "r", "--threshold", "0"], "--run leaves nothing to do for --threshold"),
        (["--run", "r", "--no-answers", "--reader", "span"], "--run leaves nothing to do for --reader"),
        (["--sets", "--questions", "q"], "--sets leaves nothing to do for --questions"),
        (["--sets", "hf", "--split", "dev", "--answers"], "--sets leaves nothing to do for --split, --answers"),
        (["--sets", "hf", "klue-mrc", "--trec", "r"], "--sets leaves nothing to do for --trec"),
    ],
)
def test_options_that_exclude_each_other(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_public_sets_need_their_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("RAG_DATA", raising=False)
    assert cli.main(["eval", "--sets", "korquad"]) == 2
    assert "--data DIR" in capsys.readouterr().err


# The gate


def test_a_fall_exits_1_and_is_named(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--write-baseline", "b.json") == 0
    assert evaluate("--baseline", "b.json") == 0
    assert capsys.readouterr().err == ""
    seen.report = Report({}, (), tuple(QuestionRow("hybrid", row.question_id, "", "test", {"hit@1": 0.0, "F1": 0.5}) for row in ROWS))
    assert evaluate("--baseline", "b.json", "--json", "now.json") == 1
    shown = capsys.readouterr()
    assert shown.err == "fell significantly: hybrid hit@1\n"
    line = next(line.split() for line in shown.out.splitlines() if line.startswith("hybrid  hit@1"))
    assert (line[2:6], line[-1]) == (["20", "1.000", "0.000", "-1.000"], "fell")
    assert json.loads(Path("now.json").read_text(encoding="utf-8"))["tables"][0]["title"] == "compared with the baseline"
    assert evaluate("--baseline", "b.json", "--metric", "F1") == 0


def test_a_system_that_was_not_measured_is_named(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    seen.report = Report({}, (), (*ROWS, QuestionRow("dense", "0", "", "test", {"hit@1": 1.0})))
    evaluate("--write-baseline", "b.json")
    seen.report = REPORT
    assert evaluate("--baseline", "b.json") == 0
    assert capsys.readouterr().err == "not measured now, so not compared: dense\n"


def test_a_metric_that_was_not_measured_is_named(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    seen.report = Report({}, (), tuple(replace(row, metrics={**row.metrics, "hit@5": 1.0}) for row in ROWS))
    evaluate("--write-baseline", "b.json")
    seen.report = REPORT
    assert evaluate("--baseline", "b.json", "--ks", "1") == 0
    assert capsys.readouterr().err == "not measured now, so not compared: hit@5\n"


def test_a_metric_asked_for_that_cannot_be_compared_or_kept_exits_2(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate("--write-baseline", "b.json")
    measured = len(seen.ids)
    assert evaluate("--baseline", "b.json", "--metric", "hit@1", "--metric", "hit@7") == 2
    assert capsys.readouterr().err == "error: the baseline holds no hit@7, but F1, hit@1\n"
    assert evaluate("--metric", "hit@1") == 2
    assert "--metric names what --baseline compares or --write-baseline keeps" in capsys.readouterr().err
    assert len(seen.ids) == measured  # both before anything is measured
    seen.report = Report({}, (), tuple(QuestionRow("hybrid", row.question_id, "", "test", {"F1": 0.5}) for row in ROWS))
    assert evaluate("--baseline", "b.json", "--metric", "F1", "--metric", "hit@1") == 2
    assert "nothing to compare of hit@1: the baseline holds hybrid: hit@1, F1; measured now: hybrid: F1" in capsys.readouterr().err
    assert evaluate("--write-baseline", "c.json", "--metric", "hit@1") == 2
    assert "not measured, so not kept: hit@1" in capsys.readouterr().err


def test_too_few_questions_to_see_a_fall_are_told(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("hit@1", "hit@5", "MRR@10", "nDCG@10", "recall@1000c")

    def of(system: str, questions: int, score: float) -> list[QuestionRow]:
        return [QuestionRow(system, str(number), "", "test", dict.fromkeys(names, score)) for number in range(questions)]

    for system, questions, told in (
        ("hybrid", 6, "anything compared (at most 6 questions), even if every question fell that can; 5 comparisons need at least 8 "),
        ("dense", 8, ""),
    ):
        seen.report = Report({}, (), tuple(of(system, questions, 1.0)))
        evaluate("--write-baseline", "b.json")
        seen.report = Report({}, (), tuple(of(system, questions, 0.0)))
        assert evaluate("--baseline", "b.json") == (0 if told else 1)
        err = capsys.readouterr().err
        assert told in err and ("too few questions" in err) == bool(told)
    seen.report = Report({}, (), (*of("hybrid", 20, 1.0), QuestionRow("pipeline", "0", "", "test", {"F1": 1.0})))
    evaluate("--write-baseline", "b.json")
    assert evaluate("--baseline", "b.json") == 0
    assert "no fall could be significant of pipeline F1 (1), even if" in capsys.readouterr().err


def test_a_broken_baseline_is_told_before_anything_is_measured(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--baseline", "gold.jsonl") == 3
    assert "gold.jsonl is no baseline" in capsys.readouterr().err
    assert seen.ids == []


def test_other_questions_than_the_baseline_s_are_an_error(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate("--write-baseline", "b.json", "--split", "dev")
    assert evaluate("--baseline", "b.json") == 3
    assert "the questions, their gold or the --split are not those of the baseline" in capsys.readouterr().err


# Every kind of questions, through the program, over three notes


@pytest.fixture(scope="module")
def index(shipped: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of three notes; not to be changed."""
    folder = tmp_path_factory.mktemp("notes")
    write_notes(folder / "notes", NOTES)
    update(folder / "index", [folder / "notes"], encoder=shipped, analyse=Analyser().terms, settings=IndexSettings())
    return folder / "index"


def measured(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    """What `rag eval` prints as JSON."""
    assert cli.main(["eval", "--format", "json", *map(str, arguments)]) == code, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows(found: dict[str, Any], system: str = "lexical") -> dict[str, dict[str, Any]]:
    return {row["question_id"]: row for row in found["rows"] if row["system"] == system}


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


CSV = "id,question,answer\nmrr,MRR이란?,평균한 값\npool,최대 풀링은 무엇을 남기나?,가장 큰 값\nnone,점심은?,\nlost,MRR은 누가?,보어히스\n"


def test_a_table_over_the_index(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = written(tmp_path / "q.csv", CSV)
    found = measured(capsys, "--questions", table, "--index", index, "--retriever", "lexical", "--reader", "sentence", "--ks", "1,3")
    assert {name: (row["metrics"]["hit@1"], row["metrics"]["answer@1"]) for name, row in rows(found).items()} == {
        "mrr": (1, 1),
        "pool": (1, 1),
        "lost": (0, 0),
    }
    assert rows(found)["mrr"]["hits"][0]["doc_id"] == "week05/eval.md"
    assert rows(found, "pipeline").keys() == {"mrr", "pool", "none", "lost"}
    assert rows(found, "pipeline")["mrr"]["metrics"]["cites gold"] == 1
    assert found["facts"]["gold quotes that no passage holds"] == 1


def test_topics_over_the_index_as_documents_and_as_places(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topics = written(tmp_path / "topics.tsv", "mrr\tMRR이란?\npool\t최대 풀링이란?\n")
    place = NOTES["week06/cnn.md"].index("최대 풀링은")
    qrels = written(tmp_path / "qrels", f"mrr 0 week05/eval.md 1\npool 0 week06/cnn.md#{place}-{place + 20} 1\npool 0 english.md 0\n")
    found = measured(
        capsys, "--questions", topics, "--qrels", qrels, "--index", index, "--retriever", "lexical", "--trec", tmp_path / "run"
    )
    assert {name: row["metrics"]["hit@1"] for name, row in rows(found).items()} == {"mrr": 1, "pool": 1}
    again = measured(capsys, "--questions", topics, "--qrels", qrels, "--index", index, "--run", tmp_path / "run")
    assert [row["metrics"] for row in rows(again, "run").values()] == [row["metrics"] for row in rows(found).values()]
    without_topics = measured(capsys, "--qrels", qrels, "--index", index, "--run", tmp_path / "run")
    assert without_topics["rows"] == again["rows"]


def test_documents_of_the_gold_that_the_index_does_not_hold_are_named(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = [{"doc": name, "quote": "평균"} for name in ("eval.md", "b", "c", "d", "e", "f", "week05/eval.md")]
    gold = {"id": "q", "question": "MRR이란?", "answers": ["평균"], "evidence": evidence}
    questions = written(tmp_path / "gold.jsonl", json.dumps(gold, ensure_ascii=False) + "\n")
    given = ["eval", "--questions", str(questions), "--index", str(index), "--ks", "1"]
    told = (
        "the index does not hold 6 documents of the gold: eval.md, b, c, d, e and 1 more; eval.md may be week05/eval.md now. "
        f"Name them in the gold as the index does: `rag questions --check {questions} --index {index}` names each line, "
        "`rag status` lists its notes\n"
    )
    assert cli.main([*given, "--retriever", "lexical", "--no-answers"]) == 0
    assert told in capsys.readouterr().err
    run = written(tmp_path / "r", "q Q0 week05/eval.md 1 1 x\n")
    assert cli.main([*given, "--run", str(run)]) == 0
    assert told in capsys.readouterr().err
    assert cli.main(["questions", "--check", str(questions), "--index", str(index)]) == 3
    assert "gold.jsonl:1: there is no note 'eval.md'" in capsys.readouterr().out


def test_a_run_of_judged_documents_needs_no_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    qrels = written(tmp_path / "qrels", "t1 0 d1 2\nt1 0 d2 1\nt2 0 d3 1\n")
    run = written(tmp_path / "bm25.trec", "t1 Q0 d2 1 9.5 x\nt1 Q0 d1 2 9.0 x\nt9 Q0 d1 1 1.0 x\n")
    found = measured(capsys, "--run", run, "--qrels", qrels, "--ks", "1,2", "--index", tmp_path / "none")
    by_question = rows(found, "bm25")
    assert [by_question["t1"]["metrics"][name] for name in ("hit@1", "recall@1", "recall@2", "MAP")] == [1, 0.5, 1, 1]
    assert by_question["t2"]["metrics"]["hit@2"] == 0
    assert found["facts"] == {
        "run": "bm25",
        "questions": 2,
        "questions that the run lacks": 1,
        "queries of the run that are not judged": 1,
    }


def test_a_run_against_quotes_is_judged_through_the_notes(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quote = "최대 풀링은 창 안의 가장 큰 값을 남긴다."
    at = NOTES["week06/cnn.md"].index(quote)
    gold = {"id": "q", "question": "?", "answers": ["가장 큰 값"], "evidence": [{"doc": "week06/cnn.md", "quote": quote}]}
    questions = written(tmp_path / "gold.jsonl", json.dumps(gold, ensure_ascii=False) + "\n")
    run = written(tmp_path / "r", f"q Q0 week06/cnn.md#0-{at} 1 3 x\nq Q0 english.md 2 2 x\nq Q0 week06/cnn.md#{at}-{at + 20} 3 1 x\n")
    found = measured(capsys, "--questions", questions, "--run", run, "--index", index, "--ks", "1,3")
    metrics = rows(found, "r")["q"]["metrics"]
    assert [metrics[name] for name in ("hit@1", "hit@3", "answer@1", "answer@3")] == [0, 1, 0, 1]
    assert metrics["MRR@10"] == pytest.approx(1 / 3)


SQUAD = {
    "data": [
        {
            "title": name,
            "paragraphs": [
                {"context": text, "qas": [{"id": name, "question": f"{name}?", "answers": [{"text": word, "answer_start": 0}]}]}
            ],
        }
        for name, text, word in (("사과 나무", "사과는 가을에 익는다", "가을"), ("배", "배는 나주에서 난다", "나주"))
    ]
}


def test_a_set_with_passages_is_measured_on_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    squad = written(tmp_path / "squad.json", json.dumps(SQUAD))
    given = ("--questions", squad, "--cache", tmp_path / "vectors", "--index", tmp_path / "none")
    found = measured(capsys, *given, "--ks", "1,2", "--trec", tmp_path / "run.trec")
    assert {row["system"] for row in found["rows"]} == set(RETRIEVERS)  # nothing is answered unless asked for
    assert {name: row["metrics"]["hit@1"] for name, row in rows(found).items()} == {"사과 나무": 1, "배": 1}
    assert list((tmp_path / "vectors").iterdir()) != []
    files = {path.name for path in tmp_path.glob("run*")}
    assert files == {"run.hybrid.trec", "run.dense.trec", "run.lexical.trec"}
    again = measured(capsys, *given, "--ks", "1,2", "--run", tmp_path / "run.lexical.trec")
    assert [row["metrics"] for row in rows(again, "run.lexical").values()] == [row["metrics"] for row in rows(found).values()]


def test_a_set_with_passages_may_be_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    squad = written(tmp_path / "squad.json", json.dumps(SQUAD))
    found = measured(
        capsys,
        "--questions",
        squad,
        "--cache",
        tmp_path / "v",
        "--answers",
        "--reader",
        "sentence",
        "--retriever",
        "lexical",
        "--threshold",
        0,
    )
    assert [row["metrics"]["refused answerable"] for row in rows(found, "pipeline").values()] == [0, 0]
    assert rows(found, "pipeline")["배"]["metrics"]["F1"] > 0.3


def test_the_page_shows_the_words_of_our_own_questions_only(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, table, squad = tmp_path / "r.html", written(tmp_path / "q.csv", CSV), written(tmp_path / "squad.json", json.dumps(SQUAD))
    given = ("--retriever", "lexical", "--no-answers", "--cache", tmp_path / "v", "--html", page)
    measured(capsys, "--questions", table, "--index", index, *given, "--lang", "en")
    own = page.read_text("utf-8")
    assert own.startswith("<!doctype html>") and '<html lang="en">' in own and "최대 풀링은 무엇을 남기나?" in own
    measured(capsys, "--questions", squad, *given)
    theirs = page.read_text("utf-8")
    assert '<html lang="ko">' in theirs and "사과 나무" in theirs and "사과 나무?" not in theirs
    measured(capsys, "--questions", squad, *given, "--texts")
    assert "사과 나무?" in page.read_text("utf-8")


def test_a_beir_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "corpus.jsonl", '{"_id": "d1", "text": "사과는 가을에 익는다"}\n{"_id": "d2", "text": "배는 나주에서 난다"}\n')
    written(tmp_path / "queries.jsonl", '{"_id": "q", "text": "나주 배"}\n')
    (tmp_path / "qrels").mkdir()
    written(tmp_path / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore\nq\td2\t2\nq\td1\t1\n")
    given = ("--questions", tmp_path, "--retriever", "lexical", "--cache", tmp_path / "v", "--ks", "1")
    found = measured(capsys, *given, "--trec", tmp_path / "own.trec")
    assert [line.split()[2] for line in (tmp_path / "own.trec").read_text("utf-8").splitlines()] == ["d2"]  # as the judgements name it
    assert rows(found)["q"]["metrics"] | {"tokens/passage": 0} == {
        "hit@1": 1,
        "recall@1": 0.5,
        "precision@1": 1,
        "MRR@10": 1,
        "nDCG@10": pytest.approx(2 / (2 + 1 / 1.584962500721156)),
        "MAP": 0.5,
        "recall@1000c": 0.5,
        "tokens/passage": 0,
    }
    run = written(tmp_path / "r", "q Q0 d1 1 2 x\nq Q0 d2 2 1 x\n")
    found = measured(capsys, "--questions", tmp_path, "--run", run, "--ks", "1")
    assert rows(found, "r")["q"]["metrics"]["nDCG@10"] == pytest.approx((1 + 2 / 1.584962500721156) / (2 + 1 / 1.584962500721156))


def test_what_is_no_set_of_questions_exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "--questions", str(written(tmp_path / "note.md", "# 노트\n\n글\n"))]) == 3
    assert "Accepted are:\n  our questions" in capsys.readouterr().err
