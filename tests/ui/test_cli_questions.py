"""`rag questions`: what is added to a file, what its check says, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.build import update
from index.settings import IndexSettings
from tests.chat_server import Reply, says, serving
from tests.fakes import HashEncoder
from ui import cli

OS = """# 운영체제

## 교착

- **교착 상태(deadlock)**: 서로가 가진 자원을 기다리며 아무도 나아가지 못하는 상태
- 가상 메모리란 디스크를 주기억 장치처럼 쓰는 기법이다.

## 캐시

- LRU: 가장 오래 안 쓰인 것부터 버림
"""
NET = "# 네트워크\n\n- 로그를 JSON으로 남기는 이유: 필드 이름으로 바로 거르고 집계할 수 있음\n- TTL: 정해 둔 시간이 지나면 버림\n"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "os.md").write_text(OS, "utf-8")
    (folder / "net.md").write_text(NET, "utf-8")
    return folder


def run(*arguments: str | Path) -> int:
    return cli.main(["questions", *map(str, arguments)])


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_drafts_are_added_and_told(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    assert run(notes, "--out", file) == 0
    found = rows(file)
    assert {(row["evidence"][0]["doc"], row["made"]) for row in found} == {
        ("os.md", "definition"),
        ("os.md", "term"),
        ("net.md", "heading"),
        ("net.md", "term"),
    }
    assert {(row["status"], row["split"]) for row in found} == {("drafted", "test")}
    shown = capsys.readouterr().out
    assert shown.startswith(f"{len(found)} questions added to {file}: ")
    assert f"It holds {len(found)} drafted." in shown and '"accepted"' in shown
    assert run(notes, "--check", file) == 0
    assert capsys.readouterr().out == f"{file}: nothing is wrong\n"


def test_running_again_adds_only_what_is_new(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    run(notes, "--out", file, "--split", "dev")
    first = file.read_text("utf-8").replace('"drafted"', '"rejected"', 1)
    file.write_text(first, "utf-8")
    capsys.readouterr()
    assert run(notes, "--out", file, "--format", "json") == 0
    assert file.read_text("utf-8") == first
    (notes / "db.md").write_text("# 데이터베이스\n\n- BTree: 차례대로 정렬된 키를 여러 갈래로 나눠 담음\n", "utf-8")
    assert run(notes, "--out", file, "--format", "json") == 0
    again, later = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (again["added"], later["added"]) == ({}, {"term": 1})
    assert later["holds"] == {"rejected": 1, "drafted": len(rows(file)) - 1}
    assert file.read_text("utf-8").startswith(first) and rows(file)[-1]["evidence"][0]["doc"] == "db.md"


def test_n_counts_what_was_not_rejected(notes: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    run(notes, "--out", file, "-n", "2")
    assert sorted(row["evidence"][0]["doc"] for row in rows(file)) == ["net.md", "os.md"]
    run(notes, "--out", file, "-n", "2")
    assert len(rows(file)) == 2
    file.write_text(file.read_text("utf-8").replace('"drafted"', '"rejected"', 1), "utf-8")
    run(notes, "--out", file, "-n", "2")
    assert [row["status"] for row in rows(file)] == ["rejected", "drafted", "drafted"]


def test_without_folders_the_notes_of_the_index_are_read(notes: Path, tmp_path: Path) -> None:
    index, file, same = tmp_path / "index", tmp_path / "q.jsonl", tmp_path / "same.jsonl"
    update(index, [notes], encoder=HashEncoder(), analyse=str.split, settings=IndexSettings())
    assert run("--index", index, "--out", file) == run(notes, "--out", same) == 0
    assert file.read_text("utf-8") == same.read_text("utf-8")
    (notes / "os.md").unlink()
    assert (run("--index", index, "--check", file), run(notes, "--check", file)) == (0, 3)


def test_the_check_names_file_and_line(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    run(notes, "--out", file)
    file.write_text(file.read_text("utf-8").replace("정해 둔 시간이", "정한 시간이"), "utf-8")
    line = next(number for number, row in enumerate(rows(file), 1) if row["question"].startswith("TTL"))
    capsys.readouterr()
    assert run(notes, "--check", file) == 3
    assert capsys.readouterr().out == f"{file}:{line}: the quote stands 0 times in net.md, expected once: 'TTL: 정한 시간이 지나면 버림'\n"
    assert run(notes, "--check", file, "--format", "json") == 3
    assert [each["place"] for each in json.loads(capsys.readouterr().out)["problems"]] == [f"{file}:{line}"]


def test_notes_that_give_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("안녕하세요.\n", "utf-8")
    assert run(tmp_path, "--out", tmp_path / "q.jsonl") == 1
    assert not (tmp_path / "q.jsonl").exists()


def test_a_note_that_cannot_be_read_costs_one_line(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (notes / "broken.pdf").write_bytes(b"no pdf")
    assert run(notes, "--out", tmp_path / "q.jsonl") == 0
    assert capsys.readouterr().err.startswith("broken.pdf: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either --out FILE, to draft questions into, or --check FILE"),
        (["--out", "q.jsonl", "--check", "q.jsonl"], "give either --out FILE"),
        (["--out", "q.jsonl", "--model", "m"], "--endpoint URL and --model NAME go together"),
        (["--out", "q.jsonl", "--endpoint", "http://localhost/v1"], "--endpoint URL and --model NAME go together"),
        (["--out", "no/q.jsonl"], "cannot write no/q.jsonl"),
    ],
)
def test_what_cannot_be_meant_exits_2(
    arguments: list[str], message: str, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(notes, *arguments) == 2
    assert message in capsys.readouterr().err


# -------------------------------------------------------------------- with a model


def written(body: dict[str, Any]) -> Reply:
    """A question on whatever span it is given, but for one that it makes up a quote for."""
    span = json.loads(body["messages"][1]["content"])["span"]
    quote = "지어낸 문장" if span.startswith("TTL") else span
    return says(json.dumps({"question": f"학생이 묻는 말 {len(span)}?", "answer": span[-12:], "quote": quote}))


def test_a_model_words_the_questions(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    with serving(written) as server:
        assert run(notes, "--out", file, "--endpoint", server.url, "--model", "m", "--format", "json") == 0
    found = rows(file)
    assert {row["made"] for row in found} == {"natural"} and len(found) == 4
    told = json.loads(capsys.readouterr().out)
    assert (told["added"], told["dropped"]) == ({"natural": 4}, {"quote not in the note": 1})
    with serving(written) as server:
        assert run(notes, "--out", file, "--endpoint", server.url, "--model", "m") == 0
        assert {json.loads(body["messages"][1]["content"])["span"][:3] for _, _, body in server.asked} == {"TTL"}
    assert rows(file) == found


def test_a_model_that_fails_leaves_what_was_written(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.drafting.natural.THREADS", 1)
    refused = Reply(401, "no such key")
    file = tmp_path / "q.jsonl"

    def once(body: dict[str, Any]) -> Reply:
        return written(body) if len(server.asked) == 1 else refused

    with serving(once) as server:
        assert run(notes, "--out", file, "--endpoint", server.url, "--model", "m") == 3
    shown = capsys.readouterr()
    assert "refused the key" in shown.err and shown.out.startswith("1 question added")
    assert len(rows(file)) == 1
