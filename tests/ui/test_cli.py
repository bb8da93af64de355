"""The program `rag`: what goes to stdout and stderr, exit codes, and the whole way from notes to answers in a process of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from index.build import update
from index.disk import read_manifest
from index.encoder import Encoder
from index.errors import IndexMissing, UsageError
from index.morphemes import Analyser
from index.settings import IndexSettings
from index.types import Filter, Locator, Passage
from rag.repair import Repaired
from rag.span_reader import NO_SPANS
from rag.types import Answer, Hit, Leg, Repair, Span
from tests.fakes import HashEncoder
from ui import cli, console
from ui.door import Door
from ui.reference import reference

ROOT = Path(__file__).parents[2]
PASSAGE = Passage("week05/eval.md", "평가", ("정확도",), "MRR은 역순위의 평균이다.", 40, 55, Locator(line=7))
SLIP = Repair("ㅡㄱㄱ", "MRR")
HIT = Hit(PASSAGE, 0.75, {"dense": Leg(0.5, 1), "lexical": Leg(8.0, 2)}, ("MRR",), ((0, 3),))


@dataclass
class Canned:
    """A pipeline that knows what MRR is, and nothing else; it remembers what it was asked."""

    asked: list[tuple[str, int, Filter | None]] = field(default_factory=list)
    reader: object = None
    reader_name: str = "span"

    def repaired(self, question: str, as_typed: bool = False) -> Repaired:
        return Repaired(question) if as_typed else Repaired(question.replace("ㅡㄱㄱ", "MRR"), (SLIP,) * ("ㅡㄱㄱ" in question))

    def search(self, question: str, k: int = 5, filter: Filter | None = None, *, as_typed: bool = False) -> list[Hit]:
        assert as_typed, "the question was mended already"
        self.asked.append((question, k, filter))
        return [HIT] if "MRR" in question else []

    def ask(
        self, question: str, *, history: Sequence[object] = (), filter: Filter | None = None, k: int = 5, as_typed: bool = False
    ) -> Answer:
        self.asked.append((question, k, filter))
        if "MRR" in self.repaired(question, as_typed).text:
            return Answer(question, "역순위의 평균", (Span(PASSAGE.doc_id, 45, 52, "역순위의 평균"),), 0.9, (HIT,))
        return Answer(question, "", (), 0.02, (), abstained=True, message="노트에서 근거를 찾지 못했습니다")


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Canned:
    pipeline = Canned()
    monkeypatch.setattr(cli, "_pipeline", lambda options: pipeline)
    return pipeline


def says(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    """Puts bytes on stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))


def test_an_answer_for_people(canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "MRR이란?"]) == 0
    assert capsys.readouterr() == (
        "역순위의 평균\n"
        "    week05/eval.md:7 › 정확도\n"
        "    confidence 0.90\n"
        "\n"
        "-- passages\n"
        " 1  week05/eval.md:7 › 정확도  0.750 (dense 0.50 #1, lexical 8.00 #2)\n"
        "    MRR은 «역순위의 평균»이다.\n",
        "",
    )


def test_an_answer_for_programs_is_one_line_of_json(canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "MRR이란?", "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "" and shown.out.count("\n") == 1
    found = json.loads(shown.out)
    least = {"question", "text", "message", "abstained", "confidence", "spans", "hits"}
    assert least <= found.keys()
    assert (found["text"], found["abstained"], found["confidence"]) == ("역순위의 평균", False, 0.9)
    assert found["spans"] == [{"doc_id": "week05/eval.md", "start": 45, "end": 52, "quote": "역순위의 평균"}]
    assert {"passage_id", "doc_id", "title", "section", "locator", "text", "score", "legs"} <= found["hits"][0].keys()


def test_a_refusal_exits_1(canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "점심은?"]) == 1
    assert capsys.readouterr() == ("노트에서 근거를 찾지 못했습니다\n", "")


def test_nothing_found_exits_1(canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", "점심"]) == 1
    assert cli.main(["search", "점심", "--format", "json"]) == 1
    assert capsys.readouterr().out == 'nothing found for: 점심\n{"question": "점심", "hits": []}\n'


def test_a_filter_that_leaves_no_note_is_named(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("search", "ask"):
        assert cli.main([verb, "BM25", "--folder", "nope", "--week", "40", "--index", str(shelf)]) == 2
        assert "no note matches --folder nope --week 40: `rag status` lists the notes" in capsys.readouterr().err


def test_words_filters_and_k_reach_the_pipeline(canned: Canned) -> None:
    cli.main(["search", "MRR", "은", "무엇", "-k", "3", "--note", "a*.md", "--note", "b.md", "--folder", "week05"])
    cli.main(["ask", "MRR"])
    cli.main(["ask", ""])
    assert canned.asked == [("MRR 은 무엇", 3, Filter(("a*.md", "b.md"), ("week05",))), ("MRR", 5, None), ("", 5, None)]


def test_weeks_and_formats_narrow_the_notes(canned: Canned) -> None:
    cli.main(["ask", "MRR", "--week", "3", "--week", "12", "--type", "pdf", "--folder", "a"])
    assert canned.asked == [("MRR", 5, Filter(folders=("a",), weeks=(3, 12), types=("pdf",)))]
    with pytest.raises(SystemExit, match="2"):
        cli.main(["ask", "MRR", "--week", "세 번째"])


def test_a_slip_is_mended_and_said_unless_words_are_to_stay(canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", "ㅡㄱㄱ"]) == 0
    assert capsys.readouterr().err == "note: ‘MRR’로 검색했습니다\n"
    assert cli.main(["search", "ㅡㄱㄱ", "--as-typed"]) == 1
    assert capsys.readouterr() == ("nothing found for: ㅡㄱㄱ\n", "")
    assert [question for question, _, _ in canned.asked] == ["MRR", "ㅡㄱㄱ"]
    assert [cli.main(["ask", "ㅡㄱㄱ"]), cli.main(["ask", "ㅡㄱㄱ", "--as-typed"])] == [0, 1]


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "-"], ["search", "--format", "json"]])
def test_questions_come_from_stdin(
    canned: Canned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    says(monkeypatch, "\ufeffMRR이란?\r\n\n  점심은?  \n".encode())
    assert cli.main(arguments) == 0
    assert [question for question, _, _ in canned.asked] == ["MRR이란?", "점심은?"]


def test_questions_come_from_a_file(canned: Canned, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.txt").write_text("점심은?\n저녁은?\n", encoding="utf-8")
    assert cli.main(["ask", "--file", str(tmp_path / "q.txt"), "--format", "json"]) == 1
    assert [json.loads(line)["question"] for line in capsys.readouterr().out.splitlines()] == ["점심은?", "저녁은?"]


def test_several_results_stand_under_their_questions(
    canned: Canned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says(monkeypatch, "점심은?\n저녁은?\n".encode())
    assert cli.main(["ask"]) == 1
    assert capsys.readouterr().out == "? 점심은?\n노트에서 근거를 찾지 못했습니다\n? 저녁은?\n노트에서 근거를 찾지 못했습니다\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        (["ask", "MRR", "--file", "q.txt"], b"", "exclude each other"),
        (["ask", "--file", "gone.txt"], b"", "cannot read questions from gone.txt"),
        (["ask"], "평균은?".encode("cp949"), "not UTF-8"),
        (["ask", "\udcc6\udcf2"], b"", "not UTF-8"),
    ],
)
def test_wrong_usage_exits_2(
    canned: Canned,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    stdin: bytes,
    complaint: str,
) -> None:
    says(monkeypatch, stdin)
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("error: ") and complaint in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["ask", "q", "-k", "0"],
        ["ask", "q", "-k", "x"],
        ["ask", "q", "--reader", "word"],
        ["ask", "q", "--threshold", "1.1"],
        ["eval", "--threshold", "nan"],
        ["search", "q", "--reader", "span"],
        ["index", "n", "--add", "--replace"],
    ],
)
def test_arguments_that_argparse_refuses_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("usage: rag")


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (IndexMissing("no index at data/index: rag index NOTES"), 3, "error: no index at data/index: rag index NOTES\n"),
        (UsageError("no such set"), 2, "error: no such set\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
    ],
)
def test_errors_are_one_line_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: BaseException, code: int, said: str
) -> None:
    def fail(options: cli.Options) -> Canned:
        raise problem

    monkeypatch.setattr(cli, "_pipeline", fail)
    assert cli.main(["search", "q"]) == code
    assert capsys.readouterr() == ("", said)


def test_an_error_of_the_program_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_pipeline", lambda options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["search", "q"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
def test_colour_on_a_terminal(canned: Canned, monkeypatch: pytest.MonkeyPatch, no_colour: str, coloured: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", no_colour)
    cli.main(["ask", "MRR"])
    assert ("\x1b[1;4;32m역순위의 평균\x1b[0m" in terminal.getvalue()) == coloured


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert console.progress() is None
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    show = console.progress()
    assert show is not None
    show("encode", 1, 2)
    show("encode", 2, 2)
    assert terminal.getvalue() == "\r\x1b[Kencode 1/2\r\x1b[K"


def test_the_time_left_is_told_once_it_can_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, times = Terminal(), iter([0.0, 1.0, 30.0, 40.0, 50.0])
    monkeypatch.setattr(sys, "stderr", terminal)
    show = console.progress(lambda: next(times))
    assert show is not None
    for done in (10, 20, 110, 310):
        show("encode", done, 310)
    show("encode", 1, 9)  # the same stage again begins anew
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines == ["", "encode 10/310", "encode 20/310", "encode 110/310, 1:00 left", "", "encode 1/9"]


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["ask", "q"], (None, "hybrid", None, None)),
        (["ask", "q", "--reader", "span", "--threshold", "0.3", "--encoder", "owner/model"], ("owner/model", "hybrid", "span", 0.3)),
        (["search", "q", "--retriever", "lexical"], (None, "lexical", "sentence", None)),
    ],
)
def test_what_a_pipeline_is_opened_with(monkeypatch: pytest.MonkeyPatch, arguments: list[str], settings: tuple[object, ...]) -> None:
    opened: list[dict[str, object]] = []
    monkeypatch.setattr("rag.pipeline.Pipeline.open", lambda place, **settings: opened.append(settings) or Canned())
    cli.main(arguments)
    assert opened == [dict(zip(("encoder", "retriever", "reader", "threshold"), settings, strict=True))]


def test_an_encoder_in_a_folder_is_known_by_its_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "adapted").mkdir()
    monkeypatch.chdir(tmp_path)
    parse = cli.parser().parse_args
    assert parse(["index", "notes", "--encoder", "adapted"]).encoder == str((tmp_path / "adapted").resolve())
    assert parse(["index", "notes", "--encoder", "owner/adapted"]).encoder == "owner/adapted"


@pytest.mark.parametrize(("variable", "given", "expected"), [("", [], "data/index"), ("mine", [], "mine"), ("mine", ["--index", "x"], "x")])
def test_which_index(monkeypatch: pytest.MonkeyPatch, variable: str, given: list[str], expected: str) -> None:
    monkeypatch.setenv("RAG_INDEX", variable)
    assert cli.parser().parse_args(["search", "q", *given]).index == Path(expected)


def test_the_page_of_the_manual_is_up_to_date() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference(), "run: make docs"


def test_every_command_is_in_the_manual() -> None:
    page, train = reference(), [f"train {name}" for name in ("reader", "retriever", "adapt", "export")]
    names = ["index", "search", "ask", "eval", "compare", "questions", "ui", "status", "history", "rollback", "verify", "log", "train"]
    for name in (*names, *train):
        assert f"## `rag {name}`\n" in page
        assert f"(#rag-{name.replace(' ', '-')})" in page


def test_ui_serves_the_index_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[object, ...]] = []

    def serve(*arguments: object, open_browser: bool, llm: object, door: Door, insecure: bool) -> None:
        served.append((*arguments, open_browser, llm, insecure, door.names, door.users, door.rate, door.seen.log.format))

    monkeypatch.setattr("ui.web.serve", serve)
    assert cli.main(["ui", "--index", "x", "--port", "7999"]) == 0
    assert cli.main(["ui", "--index", "y", "--host", "127.0.0.2", "--open"]) == 0
    more = ["--insecure", "--host-name", "a.example", "--rate", "0", "--log-format", "json"]
    assert cli.main(["ui", "--index", "z", *more]) == 0
    assert served == [
        (Path("x"), "127.0.0.1", 7999, False, None, False, (), None, 20, None),
        (Path("y"), "127.0.0.2", 7860, True, None, False, (), None, 20, None),
        (Path("z"), "127.0.0.1", 7860, False, None, True, ("a.example",), None, 0, "json"),
    ]


def test_ctrl_c_is_how_the_page_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ui.web.serve", interrupted)
    assert cli.main(["ui"]) == 0
    assert capsys.readouterr() == ("", "")


# The whole way, each command in a process of its own

NOTES = {
    "week05/eval.md": "# 검색 평가\n\n## MRR\n- MRR은 첫 정답 순위의 역수를 평균한 값이다.\n- 정답이 3위에 있으면 역순위는 1/3이다.\n",
    "week06/cnn.md": "# CNN\n\n## 풀링\n- 풀링(pooling)은 특징 맵의 크기를 줄인다.\n- 최대 풀링은 창 안의 가장 큰 값을 남긴다.\n",
    "english.md": "# Gradient descent\n\nThe learning rate sets how far each step goes. A rate that is too large makes training diverge.\n",
}
HEAVY = ("torch", "transformers", "sentence_transformers", "gradio")


def rag(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the program as a shell would, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def write_notes(folder: Path, notes: dict[str, str]) -> Path:
    for name, text in notes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of three notes, made by the program; not to be changed."""
    folder = tmp_path_factory.mktemp("shelf")
    done = rag("index", str(write_notes(folder / "notes", NOTES)), "--index", str(folder / "index"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("generation 1: 3 added, 0 changed, 0 removed, 0 unchanged; ")
    return folder / "index"


def test_search_finds_the_note_and_says_why(shelf: Path) -> None:
    done = rag("search", "최대 풀링이란?", "--index", str(shelf), "--format", "json", "-k", "2")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert len(found["hits"]) <= 2
    first = found["hits"][0]
    assert first["doc_id"] == "week06/cnn.md"
    assert first["text"] == NOTES["week06/cnn.md"][first["start"] : first["end"]]
    assert set(first["legs"]) == {"dense", "lexical"} and first["legs"]["lexical"]["rank"] == 1
    assert {first["text"][start:end] for start, end in first["marks"]} >= {"풀링"}


def test_search_loads_nothing_heavy(shelf: Path) -> None:
    code = f"import sys; from ui.cli import main; print(main(sys.argv[1:]), [name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", code, "search", "역순위", "--index", str(shelf)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_ask_quotes_the_note(shelf: Path) -> None:
    done = rag("ask", "MRR이란?", "--format", "json", RAG_INDEX=str(shelf))
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert not answer["abstained"] and "평균" in answer["text"]
    assert all(notice.startswith(NO_SPANS) for notice in answer["notices"])
    for span in answer["spans"]:
        assert span["doc_id"] == "week05/eval.md"
        assert NOTES["week05/eval.md"][span["start"] : span["end"]] == span["quote"]


def test_folder_filters_keep_other_notes_out(shelf: Path) -> None:
    done = rag("search", "풀링", "--folder", "week05", "--index", str(shelf), "--format", "json")
    assert {hit["doc_id"] for hit in json.loads(done.stdout)["hits"]} <= {"week05/eval.md"}


def test_status_lists_the_notes(shelf: Path) -> None:
    found = json.loads(rag("status", "--index", str(shelf), "--format", "json").stdout)
    assert [document["doc_id"] for document in found["documents"]] == sorted(NOTES)
    assert found["sources"] == [str(shelf.parent / "notes")]
    assert found["encoder"]["changed"] is False
    assert found["passages"] == sum(document["passages"] for document in found["documents"])


def test_notes_change_and_return(tmp_path: Path) -> None:
    notes, index = write_notes(tmp_path / "notes", NOTES), str(tmp_path / "index")
    rag("index", str(notes), "--index", index)
    assert rag("index", "--index", index).stdout.startswith("generation 1: 0 added, 0 changed, 0 removed, 3 unchanged; ")
    write_notes(notes, {"english.md": "# Gradient descent\n\nMomentum remembers earlier steps.\n"})
    (notes / "week06" / "cnn.md").unlink()
    assert rag("index", "--index", index).stdout.startswith("generation 2: 0 added, 1 changed, 1 removed, 1 unchanged; ")
    back = rag("rollback", "--index", index, "--format", "json")
    assert back.returncode == 0
    assert [(each["number"], each["documents"], each["current"]) for each in json.loads(back.stdout)["generations"]] == [
        (3, 3, True),
        (2, 2, False),
        (1, 3, False),
    ]
    assert rag("search", "풀링", "--index", index).returncode == 0


def test_another_folder_is_refused_unless_meant(shelf: Path, tmp_path: Path) -> None:
    write_notes(tmp_path, {"other.md": "# 다른 노트\n\n다른 내용.\n"})
    done = rag("index", str(tmp_path), "--index", str(shelf))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ") and "--add" in done.stderr and "--replace" in done.stderr


# An index of a model that has changed, or is gone


def older_index(folder: Path, encoder_name: str) -> Path:
    """The index of three notes by another encoder than today's of that name."""
    notes = write_notes(folder / "notes", NOTES)
    update(folder / "index", [notes], encoder=HashEncoder(384, encoder_name), analyse=Analyser().terms, settings=IndexSettings())
    return folder / "index"


def test_a_model_that_has_changed_is_said_with_the_way_back(shipped: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = str(older_index(tmp_path, shipped.name))
    assert cli.main(["search", "풀링", "--index", index]) == 3
    assert capsys.readouterr().err.endswith(f"embed the notes anew: rag index --index {index}\n")
    assert cli.main(["search", "풀링", "--index", index, "--retriever", "lexical", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["doc_id"] == "week06/cnn.md"
    assert cli.main(["ask", "MRR이란?", "--index", index, "--retriever", "lexical", "--reader", "sentence"]) == 0
    assert cli.main(["status", "--index", index]) == 0
    shown = capsys.readouterr().out
    assert "첫 정답 순위의 역수를 평균한 값이다." in shown
    assert f"the encoder has changed since: embed the notes anew with `rag index --index {index}`\n" in shown
    assert cli.main(["index", "--index", index]) == 0
    assert cli.main(["search", "풀링", "--index", index]) == 0


def test_a_model_that_is_gone_is_said_with_the_way_back(shipped: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = str(older_index(tmp_path, str(tmp_path / "adapted")))
    way = f"rag index --index {index} --encoder {shipped.name}"
    for verb in (["search", "풀링"], ["index"]):
        assert cli.main([*verb, "--index", index]) == 3
        assert capsys.readouterr().err.endswith(f"{way}\n")
    assert cli.main(["search", "풀링", "--index", index, "--retriever", "lexical"]) == 0
    assert cli.main(way.split()[1:]) == 0
    assert cli.main(["search", "풀링", "--index", index]) == 0


def test_an_index_made_from_nothing_takes_the_shipped_model_where_its_own_is_gone(
    shipped: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = older_index(tmp_path, str(tmp_path / "adapted"))
    assert cli.main(["index", "--index", str(index), "--replace"]) == 0
    assert capsys.readouterr().err.endswith("The shipped model takes its place.\n")
    assert read_manifest(index).encoder.name == shipped.name


@pytest.mark.parametrize("verb", [["search", "q"], ["ask", "q"], ["status"], ["history"], ["rollback"], ["verify"]])
def test_without_an_index_the_error_names_the_command_that_makes_one(verb: list[str], tmp_path: Path) -> None:
    done = rag(*verb, "--index", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ") and "rag index" in done.stderr and done.stderr.count("\n") == 1


def test_verify_names_what_is_damaged(tmp_path: Path) -> None:
    index = tmp_path / "index"
    rag("index", str(write_notes(tmp_path / "notes", NOTES)), "--index", str(index))
    whole = rag("verify", "--index", str(index))
    assert (whole.returncode, whole.stdout, whole.stderr) == (0, f"{index}: whole\n", "")
    vectors = next(index.rglob("vectors.npy"))
    data = bytearray(vectors.read_bytes())
    data[-3] ^= 1
    vectors.write_bytes(data)
    damaged = rag("verify", "--index", str(index), "--format", "json")
    assert damaged.returncode == 3
    assert "vectors.npy" in json.loads(damaged.stdout)["problems"][0]
    asked = rag("ask", "MRR이란?", "--index", str(index))
    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr.startswith("error: ") and "rag verify --repair" in asked.stderr
    mended = rag("verify", "--repair", "--index", str(index))
    assert (mended.returncode, mended.stdout) == (0, f"{index}: whole\n")
    assert "mended (its text was whole, embedded anew)" in mended.stderr
    assert rag("ask", "MRR이란?", "--index", str(index)).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes and signals")
def test_a_reader_that_has_seen_enough_is_no_error(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("MRR\n풀링\n" * 40, encoding="utf-8")
    command = [sys.executable, "-m", "ui.cli", "search", "--file", str(tmp_path / "many.txt"), "--index", str(shelf)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes and signals")
def test_ctrl_c_stops_without_a_traceback(shelf: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "search", "--index", str(shelf)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as running:  # type: ignore[call-overload]
        running.stdin.write(b"MRR\n")
        running.stdin.flush()
        assert running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == b"stopped\n"
        assert running.wait(60) == 130
