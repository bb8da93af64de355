"""`rag compare`: systems, questions and judgements of every kind reach the comparison, and its result every file and the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.build import update
from index.encoder import Encoder
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.evaluation.report import Report, Table
from tests.ui.test_cli import NOTES, write_notes
from ui import cli
from ui.cli_compare import with_words

GOLD = [
    {
        "id": "mrr",
        "question": "MRR이란?",
        "answers": ["첫 정답 순위의 역수를 평균한 값"],
        "evidence": [{"doc": "week05/eval.md", "quote": "첫 정답 순위의 역수를 평균한 값"}],
        "kind": "definition",
        "split": "test",
    },
    {
        "id": "pool",
        "question": "max pooling은 무엇을 남기나?",
        "answers": ["가장 큰 값"],
        "evidence": [{"doc": "week06/cnn.md", "quote": "최대 풀링은 창 안의 가장 큰 값을 남긴다."}],
        "kind": "factoid",
        "split": "test",
    },
    {"id": "none", "question": "점심은?", "answers": [], "evidence": [], "kind": "unanswerable", "split": "test"},
]


@pytest.fixture(scope="module")
def index(shipped: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of three notes; not to be changed."""
    folder = tmp_path_factory.mktemp("notes")
    write_notes(folder / "notes", NOTES)
    update(folder / "index", [folder / "notes"], encoder=shipped, analyse=Analyser().terms, settings=IndexSettings())
    return folder / "index"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, with questions in it."""
    monkeypatch.chdir(tmp_path)
    written("gold.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in GOLD))
    return tmp_path


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def compared(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What `rag compare` prints as JSON."""
    assert cli.main(["compare", "--format", "json", *map(str, arguments)]) == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def table(found: dict[str, Any], title: str) -> list[dict[str, Any]]:
    (one,) = [each for each in found["tables"] if each["title"] == title]
    return [dict(zip(one["columns"], row, strict=True)) for row in one["rows"]]


def test_retrievers_sizes_and_runs_over_notes(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = ("--questions", "gold.jsonl", "--index", index)
    assert cli.main(["eval", *map(str, notes), "--no-answers", "--retriever", "dense", "--trec", "dense.trec"]) == 0
    capsys.readouterr()
    found = compared(capsys, "dense", "run=dense.trec", "lexical", "dense,passage=16", *notes)
    assert [line["system"] for line in table(found, "systems")] == ["dense", "run=dense.trec", "lexical", "dense,passage=16"]
    assert table(found, "systems")[3]["tokens aimed at"] == 16
    lines = {(line["systems"], line["metric"]): line for line in table(found, "compared")}
    for metric in ("hit@1", "hit@5", "MRR@10", "nDCG@10"):
        same = lines["dense - run=dense.trec", metric]
        assert [same[name] for name in ("questions", "difference", "won", "tied", "lost", "p", "p (Holm)")] == [2, 0, 0, 2, 0, 1, 1]
    assert found["facts"]["questions"] == 2
    assert found["facts"]["differences tested together"] == len(lines) == 12
    assert list(Path(".cache/vectors").iterdir()) != []


def test_readers_are_compared_by_their_answers(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "sentence", "sentence,lexical", "--questions", "gold.jsonl", "--index", index)
    assert [line["metric"] for line in table(found, "compared")] == ["EM", "F1", "refused answerable", "refused unanswerable"]
    assert [line["questions"] for line in table(found, "compared")] == [2, 2, 2, 1]


def test_drafted_questions_are_left_out_and_counted(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = (
        "dense",
        "lexical",
        "--questions",
        written("drafted.jsonl", Path("gold.jsonl").read_text("utf-8").replace('"id": "pool",', '"id": "pool", "status": "drafted",')),
        "--index",
        index,
    )
    assert compared(capsys, *given, "--drafted")["facts"]["questions"] == 2
    assert cli.main(["compare", *map(str, given)]) == 0
    shown = capsys.readouterr()
    assert "\nquestions: 1\n" in shown.out and "left out: 1 question that is only drafted" in shown.err


def test_metrics_pairs_and_how_many_changed(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("hybrid", "dense", "lexical", "--questions", "gold.jsonl", "--index", index, "--metric", "hit@2", "--metric", "MAP")
    found = compared(capsys, *given, "--all-pairs", "--changed", "0")
    assert [(line["systems"], line["metric"]) for line in table(found, "compared")] == [
        (pair, metric) for pair in ("hybrid - dense", "hybrid - lexical", "dense - lexical") for metric in ("hit@2", "MAP")
    ]
    assert not any("chang" in each["title"] for each in found["tables"])


TOPICS = "mrr\tMRR이란?\npool\t최대 풀링이란?\n"
QRELS = "mrr 0 week05/eval.md 1\npool 0 week06/cnn.md 1\n"
GOOD = "mrr Q0 week05/eval.md 1 2 x\npool Q0 week06/cnn.md 1 2 x\n"
BAD = "mrr Q0 english.md 1 2 x\nmrr Q0 week05/eval.md 2 1 x\n"


def test_runs_are_compared_by_judgements_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("qrels", QRELS), written("good.trec", GOOD), written("bad.trec", BAD)
    found = compared(capsys, "run=good.trec", "run=bad.trec", "--qrels", "qrels", "--index", place / "none")
    (mrr,) = [line for line in table(found, "compared") if line["metric"] == "MRR@10"]
    assert (mrr["difference"], mrr["won"], mrr["p"]) == (0.75, 2, 0.5)
    ranks = {line["question"]: (line["first's rank"], line["second's rank"]) for line in table(found, "changed most")}
    assert ranks == {"pool": (1, None), "mrr": (1, 2)}
    assert table(found, "rankings of the changed")[1]["second"] == "english.md"


def test_runs_of_places_are_judged_through_the_notes(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    end = len(NOTES["week05/eval.md"])
    written("qrels", QRELS), written("places.trec", f"mrr Q0 week05/eval.md#0-{end} 1 2 x\n"), written("bad.trec", BAD)
    found = compared(capsys, "run=places.trec", "run=bad.trec", "--qrels", "qrels", "--index", index, "--metric", "MRR@10")
    assert [line["MRR@10"] for line in table(found, "means")] == [0.5, 0.25]


def test_topics_over_an_index(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("qrels", QRELS), written("topics", TOPICS), written("bad.trec", BAD)
    found = compared(capsys, "lexical", "run=bad.trec", "--questions", "topics", "--qrels", "qrels", "--index", index)
    assert [line["MRR@10"] for line in table(found, "means")] == [1.0, 0.25]


def test_files_and_the_terminal(index: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Words of the questions stand on the terminal and on the page of one's own questions, and in no JSON."""
    systems = ["hybrid", f"run={written('bad.trec', BAD)}"]
    given = [*systems, "--questions", "gold.jsonl", "--index", str(index), "--html", "c.html", "--lang", "en"]
    assert cli.main(["compare", *given, "--json", "c.json"]) == 0
    shown = capsys.readouterr().out
    report = json.loads(Path("c.json").read_text(encoding="utf-8"))
    assert [each["title"] for each in report["tables"]][:3] == ["systems", "means", "compared"]
    assert "\ncompared\nsystems                metric   questions" in shown
    assert "max pooling은 무엇을 남기나?" not in json.dumps(report, ensure_ascii=False)
    assert "max pooling은 무엇을 남기나?" in Path("c.html").read_text(encoding="utf-8")
    assert [line["question"] for line in table(report, "changed most")] == ["pool", "mrr"]
    assert any(line.endswith("max pooling은 무엇을 남기나?") for line in shown.splitlines())
    assert cli.main(["compare", *given, "--json", "no/c.json"]) == 2


def test_words_stand_beside_the_questions_that_changed() -> None:
    changed = Table("changed most", ("systems", "question"), (("a - b", "q1"), ("a - b", "q2")))
    other = Table("means", ("system",), (("a",),))
    found = with_words(Report({}, (other, changed)), {"q1": "무엇?"})
    assert found.tables == (
        other,
        Table("changed most", ("systems", "question", "words"), (("a - b", "q1", "무엇?"), ("a - b", "q2", None))),
    )
    assert with_words(Report({}, (other, changed)), {}).tables == (other, changed)


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["hybrid"], 2, "nothing to compare"),
        (["hybrid", "fuzzy"], 2, "cannot read 'fuzzy'"),
        (["hybrid", "span"], 2, "names no reader"),
        (["hybrid", "lexical", "--qrels", "qrels"], 2, "judges runs alone: add --questions PATH"),
        (["hybrid", "lexical", "--questions", "gone.jsonl"], 3, "gone.jsonl"),
        (["run=gone.trec", "lexical", "--questions", "gold.jsonl"], 3, "gone.trec"),
        (["hybrid", "lexical", "--questions", "gold.jsonl", "--metric", "MRR@3"], 2, "no metric 'MRR@3'; there are hit@1, "),
        (["hybrid", "lexical", "--questions", "gold.jsonl", "--split", "dev"], 2, "no question of split dev"),
        (["hybrid", "mixture=gone.json", "--questions", "gold.jsonl"], 3, "gone.json is no mixture"),
        (["hybrid", "index=gone", "--questions", "gold.jsonl"], 3, "There is no index in gone"),
        (["hybrid", "passage=900", "--questions", "gold.jsonl"], 2, "at most passage=320"),
    ],
)
def test_what_is_refused_says_why(
    index: Path, place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, complaint: str
) -> None:
    assert cli.main(["compare", *arguments, "--index", str(index)]) == code
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and complaint in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("arguments", [[], ["a", "b", "--changed", "-1"], ["a", "b", "--changed", "x"]])
def test_arguments_that_argparse_refuses(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", *arguments])
    assert stop.value.code == 2
