"""`rag log`: what it shows of the questions that the shell recorded, its switch, and what it deletes."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from rag.querylog import Entry, Limits, QueryLog
from tests.ui.test_cli import Canned, canned, says
from ui import cli
from ui.cli_log import DESCRIPTION, entry_text, moment
from ui.view import PLAIN

__all__ = ["canned"]

ENTRY = Entry(
    datetime(2026, 11, 22, 19, 24, 7, 250_000).timestamp(),
    "page", "/notes/index", "역전파는?", "역전파 단점은?", "hybrid", "span", ("a.md#0-5",), "기울기를\n뒤로 보낸다", False, 0.87, 143.4, 1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QueryLog:
    monkeypatch.setenv("RAG_LOG", str(tmp_path / "log.sqlite"))
    return QueryLog(tmp_path / "log.sqlite")


def test_the_shell_records_every_ask(
    canned: Canned, log: QueryLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    says(monkeypatch, "MRR이란?\n점심은?\n".encode())
    assert cli.main(["ask", "--index", str(tmp_path / "notes"), "--retriever", "lexical"]) == 0
    refused, answered = log.read()
    assert (answered.question, answered.answer, answered.confidence, answered.abstained) == ("MRR이란?", "역순위의 평균", 0.9, False)
    assert (answered.door, answered.index, answered.retriever, answered.reader) == ("shell", str(tmp_path / "notes"), "lexical", "span")
    assert answered.passages == ("week05/eval.md#40-55",)
    assert (refused.question, refused.abstained) == ("점심은?", True)
    assert capsys.readouterr().err == ""


def test_searching_is_not_asking(canned: Canned, log: QueryLog) -> None:
    cli.main(["search", "MRR"])
    assert log.read() == []


def test_a_file_of_questions_is_answered_and_not_kept(
    canned: Canned, log: QueryLog, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "questions.txt").write_text("MRR이란?\n점심은?\n", encoding="utf-8")
    assert cli.main(["ask", "--file", str(tmp_path / "questions.txt"), "--format", "json"]) == 0
    assert [json.loads(line)["abstained"] for line in capsys.readouterr().out.splitlines()] == [False, True]
    assert log.read() == []


def test_the_help_names_how_many_are_kept() -> None:
    assert f"the latest {Limits().rows:,} of them" in DESCRIPTION


def test_entries_for_people(log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    refused = replace(ENTRY, time=ENTRY.time + 60, question="점심\x1b[2J?", searched="", answer="", abstained=True, thumb=0)
    log.add([ENTRY, refused])
    assert cli.main(["log"]) == 0
    assert capsys.readouterr().out == (
        "2026-11-22 19:25  점심\ufffd[2J?\n"
        "    refused\n"
        "    confidence 0.87 · 143 ms · page · hybrid\n"
        "2026-11-22 19:24  역전파는?\n"
        "    기울기를 뒤로 보낸다\n"
        "    confidence 0.87 · 143 ms · page · hybrid · thumb up · searched as: 역전파 단점은?\n"
        f"The log is on: {log.file}\n"
    )


def test_long_questions_are_cut() -> None:
    assert entry_text(replace(ENTRY, question="가" * 200), PLAIN).splitlines()[0].endswith("가" * 99 + "…")


@pytest.mark.parametrize(
    ("arguments", "questions"),
    [
        ([], ["셋", "둘", "하나"]),
        (["-n", "2"], ["셋", "둘"]),
        (["refused"], ["둘"]),
        (["slow"], ["하나", "둘", "셋"]),
        (["thumbs"], ["셋"]),
        (["--since", "1h"], ["셋", "둘"]),
        (["--index", "/other"], ["하나"]),
        (["export"], ["하나", "둘", "셋"]),
        (["export", "-n", "1"], ["셋"]),
    ],
)
def test_choices_of_entries(arguments: list[str], questions: list[str], log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    log.add(
        [
            replace(ENTRY, time=now - 9000, question="하나", milliseconds=900.0, index=str(Path("/other").resolve()), thumb=0),
            replace(ENTRY, time=now - 60, question="둘", abstained=True, thumb=0, milliseconds=500.0),
            replace(ENTRY, time=now, question="셋"),
        ]
    )
    assert cli.main(["log", *arguments, "--format", "json"]) == 0
    assert [json.loads(line)["question"] for line in capsys.readouterr().out.splitlines()] == questions


def test_an_export_holds_everything(log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    log.add([ENTRY])
    assert cli.main(["log", "export"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(found.pop("time")).timestamp() == ENTRY.time
    assert found == {
        "door": "page", "index": "/notes/index", "question": "역전파는?", "searched": "역전파 단점은?", "retriever": "hybrid",
        "reader": "span", "passages": ["a.md#0-5"], "answer": "기울기를\n뒤로 보낸다", "abstained": False, "confidence": 0.87,
        "milliseconds": 143.4, "thumb": 1,
    }  # fmt: skip


def test_what_the_entries_add_up_to(log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    log.add([replace(ENTRY, time=now - 9000, abstained=True, milliseconds=900.0, thumb=-1), replace(ENTRY, time=now)])
    assert cli.main(["log", "summary"]) == 0
    assert capsys.readouterr().out == (
        f"2 asked · 1 refused · 1 thumbs up · 1 thumbs down\n143 ms in the middle · 900 ms for the slowest 5 %\nThe log is on: {log.file}\n"
    )
    assert cli.main(["log", "summary", "--since", "1h", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"asked": 1, "refused": 0, "up": 1, "down": 0, "median": 143.4, "high": 143.4}
    assert cli.main(["log", "summary", "--index", "/other"]) == 1


def test_nothing_to_show_exits_1(log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["log", "refused"]) == 1
    assert capsys.readouterr().out == f"Nothing to show. The log is on: {log.file}\n"
    assert cli.main(["log", "export"]) == 0
    assert capsys.readouterr().out == ""


def test_the_switch(canned: Canned, log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["log", "off"]) == 0
    cli.main(["ask", "MRR"])
    assert log.read() == []
    assert cli.main(["log", "on", "--format", "json"]) == 0
    cli.main(["ask", "MRR"])
    assert [entry.question for entry in log.read()] == ["MRR"]
    out = capsys.readouterr().out
    assert f"The log is off: {log.file}\n" in out and json.dumps({"on": True, "file": str(log.file)}) in out


def test_the_environment_is_named_where_it_turns_the_log_off(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RAG_LOG", "0")
    monkeypatch.setenv("XDG_STATE_HOME", "/nowhere")
    assert cli.main(["log"]) == 1
    assert capsys.readouterr().out == "Nothing to show. The log is off: RAG_LOG says so in the environment\n"


def test_deleting(log: QueryLog, capsys: pytest.CaptureFixture[str]) -> None:
    log.add([ENTRY, ENTRY])
    assert cli.main(["log", "delete"]) == 0
    assert capsys.readouterr().out == f"2 questions deleted from {log.file}\n"
    assert log.read() == []


def test_a_broken_log_exits_3_and_names_the_mend(log: QueryLog, canned: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    log.file.write_bytes(b"SQLite format 3\0" + b"broken" * 500)
    assert cli.main(["log"]) == 3
    assert "rag log delete" in capsys.readouterr().err
    assert cli.main(["ask", "MRR"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("역순위의 평균\n") and shown.err.count("\n") == 1 and "answers go on" in shown.err
    assert cli.main(["log", "delete"]) == 0
    assert cli.main(["ask", "MRR"]) == 0
    assert len(log.read()) == 1


def test_moments() -> None:
    assert moment("2026-11-22") == datetime(2026, 11, 22).timestamp()
    assert moment("2026-11-22T19:00:00+00:00") == 1795374000.0
    assert [round(time.time() - moment(text)) for text in ("30m", "12h", "7d", "2w")] == [1800, 43200, 604800, 1209600]


@pytest.mark.parametrize("text", ["yesterday", "7", "-7d", "", "9999999d"])
def test_no_moments(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["log", f"--since={text}"])
    assert "neither a date such as 2026-11-22 nor a time ago such as 7d" in capsys.readouterr().err
