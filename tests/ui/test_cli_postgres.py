"""The program over an index in PostgreSQL: every verb does what it does over a folder, or says in one line why not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from index.engines import open_index
from index.inbox import inbox_of
from index.places import beside
from index.postgres.uri import Database
from index.refresh import Refresher
from rag.drafting.gold_file import gold_path
from rag.study.book import book_of
from ui import cli
from ui.web_index import shelf_of

BACKPROP = """# 역전파

역전파는 손실의 기울기를 출력층에서 입력층으로 되돌려 구하는 알고리즘이다.

연쇄 법칙을 층마다 적용한다.
"""
ATTENTION = """# 어텐션

어텐션은 값의 가중합이다. 가중치는 질의와 키의 내적으로 구한다.

- 장점: 병렬 계산
- 단점: 메모리
"""
NOTES = {"week01/backprop.md": BACKPROP, "week02/attention.md": ATTENTION}


class Shell:
    """The program over one index, in this process."""

    def __init__(self, place: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.place, self.capsys = str(place), capsys

    def run(self, verb: str, *arguments: str) -> tuple[int, str, str]:
        code = cli.main([verb, "--index", self.place, *arguments])
        return code, *self.capsys.readouterr()

    def json(self, verb: str, *arguments: str) -> Any:
        code, out, err = self.run(verb, *arguments, "--format", "json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    for name, text in NOTES.items():
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "notes"


@pytest.fixture
def shell(database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Shell(database, capsys)


def test_every_verb(shell: Shell, notes: Path, tmp_path: Path) -> None:
    assert shell.json("index", str(notes))["added"] == sorted(NOTES)
    folder = Shell(tmp_path / "index", shell.capsys)
    folder.json("index", str(notes))

    for question in ("역전파란 무엇인가?", "어텐션의 단점은?"):
        for verb in ("search", "ask"):
            assert shell.json(verb, question) == folder.json(verb, question)
    assert shell.run("search", "기울기", "--retriever", "lexical", "--week", "2", "--type", "md")[0] == 1
    assert "no note matches --folder week09" in shell.run("search", "기울기", "--folder", "week09")[2]

    about, same = shell.json("status"), folder.json("status")
    assert {**about, "index": ""} == {**same, "index": ""} and about["index"] == shell.place
    assert [row["number"] for row in shell.json("history")["generations"]] == [1]
    assert shell.json("verify") == {"index": shell.place, "whole": True, "problems": []}

    (notes / "week01" / "backprop.md").unlink()
    assert shell.json("index")["removed"] == ["week01/backprop.md"]
    assert len(shell.json("rollback")["generations"]) == 3
    assert len(shell.json("status")["documents"]) == 2
    assert shell.run("study")[0] in (0, 1)
    code, out, _ = shell.run("doctor")
    assert code == 0 and "index: generation 3, " in out and "lies in a database" in out


def test_evaluation_gives_the_same_figures(shell: Shell, notes: Path, tmp_path: Path) -> None:
    asked = (("역전파는 무엇을 구하나?", "week01/backprop.md", "손실의 기울기"), ("어텐션의 단점은?", "week02/attention.md", "메모리"))
    rows = [
        {"id": f"q{number}", "question": question, "answers": [answer], "evidence": [{"doc": doc, "quote": answer}]}
        for number, (question, doc, answer) in enumerate(asked)
    ]
    gold = tmp_path / "questions.jsonl"
    gold.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    folder = Shell(tmp_path / "index", shell.capsys)
    reports = []
    for each in (shell, folder):
        each.json("index", str(notes))
        code, _, err = each.run(
            "eval", "--questions", str(gold), "--cache", str(tmp_path / "cache"), "--json", str(tmp_path / "report.json")
        )
        assert code == 0, err
        reports.append(json.loads((tmp_path / "report.json").read_text("utf-8"))["rows"])
    assert reports[0] == reports[1] and len(reports[0]) >= 6


def test_a_verb_that_cannot_says_why(shell: Shell, notes: Path) -> None:
    shell.json("index", str(notes))
    code, _, err = shell.run("verify", "--repair")
    assert code == 2 and err.startswith("error: a database is mended from its backup") and err.count("\n") == 1


def test_no_index_there(shell: Shell) -> None:
    for verb in ("status", "history", "rollback", "verify", "study"):
        code, _, err = shell.run(verb)
        assert code == 3 and "There is no index in postgresql://" in err
    assert shell.run("search", "역전파")[0] == 3


def test_a_password_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    place = "postgresql://u:geheim@127.0.0.1:1/db"
    for verb in (["status"], ["search", "x"], ["index", "."], ["verify"], ["doctor"]):
        assert cli.main([verb[0], "--index", place, *verb[1:]]) in (1, 2, 3)
        out, err = capsys.readouterr()
        assert "geheim" not in out + err and "u:***@127.0.0.1:1" in out + err
    with pytest.raises(SystemExit):
        cli.main(["status", "--index", "postgresql://u:geheim@h/db?schema=public"])
    assert "geheim" not in "".join(capsys.readouterr())


def test_copy_there_and_back(shell: Shell, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = Shell(tmp_path / "first", shell.capsys), tmp_path / "last"
    first.json("index", str(notes))
    for source, target in ((first.place, shell.place), (shell.place, str(last))):
        assert cli.main(["copy", source, target]) == 0
        assert "the same results: 2 notes" in shell.capsys.readouterr().out
    assert open_index(last).documents() == open_index(Path(first.place)).documents()
    assert cli.main(["copy", first.place, shell.place]) == 2
    assert "--replace" in shell.capsys.readouterr().err
    monkeypatch.setattr("index.copying.OVERLAP", 1.1)
    assert cli.main(["copy", first.place, shell.place, "--replace", "--format", "json"]) == 3
    found = json.loads(shell.capsys.readouterr().out)
    assert (found["same"], found["notes"], found["legs"]["lexical"]["apart"]) == (False, 2, 0.0)


def test_the_page_opens_it_again_when_somebody_commits(shell: Shell, database: Database, notes: Path) -> None:
    shell.json("index", str(notes))
    shelf = shelf_of(database)
    before = shelf()
    assert shelf() is before and [hit.passage.doc_id for hit in before.search("역전파", 1)] == ["week01/backprop.md"]
    (notes / "week03.md").write_text("# 드롭아웃\n\n드롭아웃은 뉴런을 무작위로 끈다.\n", "utf-8")
    shell.json("index")
    assert [hit.passage.doc_id for hit in shelf().search("드롭아웃", 1)] == ["week03.md"]


def test_what_the_page_keeps_lies_with_the_user(shell: Shell, database: Database, notes: Path, tmp_path: Path) -> None:
    shell.json("index", str(notes))
    home = tmp_path / "data" / "lecture-notes-rag" / "postgresql"
    if sys.platform == "linux":
        assert beside(database).parent == home
    assert {path.parent for path in (inbox_of(database), book_of(database).file, gold_path(database))} == {
        beside(database).parent.resolve()
    }
    inbox_of(database).mkdir(parents=True)
    (inbox_of(database) / "mine.md").write_text("# 내 노트\n\n내가 올린 글이다.\n", "utf-8")
    refresher = Refresher(database)
    assert refresher.start()
    refresher.wait(60)
    held = [info.doc_id for info in open_index(database).documents()]
    assert f"{inbox_of(database).name}/mine.md" in held and len(held) == 3
