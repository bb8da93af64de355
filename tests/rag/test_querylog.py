"""The log of questions: what is written is read back, whatever it is; it stays bounded; and nothing about it can break an answer."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import LogError
from index.types import Locator, Passage
from rag.querylog import (
    LONGEST,
    MOST_PASSAGES,
    Entry,
    Limits,
    QueryLog,
    Rating,
    Recorder,
    Retrieved,
    key_of,
    note_of,
    open_log,
)
from rag.types import Answer, Hit

ENTRY = Entry(1000.5, "shell", "/notes", "역전파는?", "역전파는?", "hybrid", "span", ("a.md#0-5", "b.md#3-9"), "기울기", False, 0.75, 41.5)
HIT = Hit(Passage("a.md", "역전파", (), "기울기", 0, 3, Locator(1)), 1.0)
ANSWER = Answer("역전파는?", "기울기", (), 0.75, (HIT,), searched="역전파는?")

texts = st.text(max_size=40)  # NUL, line ends, emoji and right-to-left included; lone surrogates are cut on the way in
numbers = st.floats(0, 1e9)
entries = st.builds(
    Entry, numbers, st.sampled_from(("page", "shell", "api")), texts, texts, texts, texts, texts, st.lists(texts, max_size=4).map(tuple),
    texts, st.booleans(), st.floats(0, 1), numbers, st.sampled_from((-1, 0, 1)),
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> QueryLog:
    return QueryLog(tmp_path / "state" / "questions.sqlite")


@pytest.fixture
def recorder(log: QueryLog, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(log, tmp_path) as recorder:
        yield recorder


def ask(recorder: Recorder, answer: Answer = ANSWER) -> Answer:
    return recorder.watch("shell", lambda: answer, retriever="hybrid", reader="span")


# What is written is read back, bounded


@given(st.lists(entries, max_size=12))
def test_entries_are_read_back_newest_first(written: list[Entry]) -> None:
    with TemporaryDirectory() as folder:
        log = QueryLog(Path(folder) / "log")
        log.add(written)
        assert log.read() == written[::-1]


@given(st.lists(st.lists(entries, max_size=5), max_size=4), st.integers(1, 6), st.integers(1, 1500))
def test_the_newest_are_kept_within_both_bounds(batches: list[list[Entry]], rows: int, size: int) -> None:
    with TemporaryDirectory() as folder:
        log = QueryLog(Path(folder) / "log", limits=Limits(rows, size))
        expected: list[Entry] = []
        for batch in batches:
            log.add(batch)
            expected = within([*reversed(batch), *expected][:rows], size)
            assert log.read() == expected


def within(newest: list[Entry], size: int) -> list[Entry]:
    """The longest beginning whose entries weigh so much at most."""
    held = list(accumulate(map(weight, newest)))
    return newest[: sum(each <= size for each in held)]


def weight(entry: Entry) -> int:
    """Bytes of an entry's texts, its key among them."""
    words = (entry.door, entry.index, entry.question, entry.searched, entry.retriever, entry.reader, entry.answer, entry.key)
    return sum(len(text.encode()) for text in (*words, json.dumps(entry.passages, ensure_ascii=False)))


def test_many_entries_keep_the_file_small(tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "log", limits=Limits(rows=10_000, size=200_000))
    for n in range(40):
        log.add([replace(ENTRY, question=f"{n}-{m} " + "가" * 300) for m in range(50)])
    kept = log.read()
    assert kept[0].question.startswith("39-49 ")
    assert 150 < len(kept) < 2000
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 1_500_000


def test_a_thumb_is_for_the_latest_entry_with_those_words(log: QueryLog) -> None:
    other = replace(ENTRY, question="다른 질문")
    log.add([ENTRY, ENTRY, other, Rating(ENTRY.key, 1), Rating("0" * 16, -1)])
    assert [entry.thumb for entry in log.read()] == [0, 1, 0]
    log.add([Rating(ENTRY.key, -1)])
    assert log.read("thumbs") == [replace(ENTRY, thumb=-1)]
    log.add([Rating(ENTRY.key, 0)])
    assert log.read("thumbs") == []


def test_each_choice_of_entries(log: QueryLog) -> None:
    fast, slow = replace(ENTRY, milliseconds=3.0, time=10.0), replace(ENTRY, milliseconds=900.0, time=20.0, index="/other")
    refused = replace(ENTRY, answer="", abstained=True, time=30.0)
    log.add([slow, fast, refused])
    assert log.read() == [refused, fast, slow]
    assert log.read("slow") == [slow, refused, fast]
    assert log.read("refused") == [refused]
    assert log.read(since=20) == [refused, slow]
    assert log.read(index="/other") == [slow]
    assert log.read(most=1) == [refused]


def test_there_is_nothing_where_nothing_was_asked(log: QueryLog) -> None:
    assert log.read() == [] and log.delete() == 0
    assert not log.file.parent.exists()


# The switch, and deleting


def test_the_switch_is_remembered_and_holds_for_every_process(log: QueryLog, recorder: Recorder) -> None:
    assert log.is_on
    QueryLog(log.file).turn(False)
    ask(recorder)
    assert not recorder.rate(ENTRY.key, 1)
    recorder.close()
    assert not log.is_on and not log.file.exists()
    log.turn(True)
    ask(recorder)
    recorder.close()
    assert [entry.question for entry in log.read()] == ["역전파는?"]


def test_the_environment_outdoes_the_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_LOG", "0")
    log = replace(open_log(), file=tmp_path / "log")
    log.turn(True)
    recorder = Recorder(log, tmp_path)
    ask(recorder)
    recorder.close()
    assert not log.is_on and not log.file.exists()


def test_what_waits_when_the_log_is_turned_off_is_not_written(log: QueryLog, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_start", lambda: None)
    ask(recorder)
    log.turn(False)
    monkeypatch.undo()
    recorder._start()
    recorder.close()
    log.turn(True)
    assert log.read() == []


def test_deleting_leaves_no_word_behind(log: QueryLog) -> None:
    log.add([replace(ENTRY, question="비밀스러운 질문")] * 30)
    log.turn(False)
    assert log.delete() == 30
    assert log.read() == [] and not log.is_on
    assert all("비밀".encode() not in file.read_bytes() for file in log.file.parent.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the profile's folder private by itself")
def test_nobody_else_may_read_it(log: QueryLog) -> None:
    log.add([ENTRY])
    assert stat.S_IMODE(log.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.file.parent.stat().st_mode) == 0o700


# Nothing about it breaks an answer


MENDS = {
    "damaged": "Throw it away: rag log delete",
    "no database": "is no log of questions: remove it yourself",
    "a newer layout": "is no log of questions: remove it yourself",
    "a folder": "See whether .* can be written to",
    "no home": "See whether .* can be written to",
}


@pytest.mark.parametrize("broken", MENDS)
def test_a_log_that_cannot_be_written_is_said_once(broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = QueryLog(Path("~/log") if broken == "no home" else tmp_path / "log")
    spoil(log, broken)
    with Recorder(log, tmp_path) as recorder:
        for _ in range(3):
            assert ask(recorder) is ANSWER
            settle(recorder)
    assert recorder.dropped == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "RAG_LOG=0" in said and re.search(f"answers go on. .*{MENDS[broken]}", said)
    if broken != "no home":
        with pytest.raises(LogError, match=MENDS[broken]):
            log.read()


@pytest.mark.parametrize("kept", [16, 100, 5000])
def test_a_damaged_log_can_be_thrown_away(kept: int, log: QueryLog) -> None:
    log.add([ENTRY] * 40)
    whole = log.file.read_bytes()
    log.file.write_bytes(whole[:kept] + b"broken" * 500)
    with pytest.raises(LogError, match="Throw it away: rag log delete"):
        log.read()
    assert log.delete() == 0
    assert not log.file.exists()
    log.add([ENTRY])
    assert log.read() == [ENTRY]


@pytest.mark.parametrize("broken", ["no database", "a newer layout", "another program's"])
def test_what_is_no_log_of_ours_is_never_deleted(broken: str, log: QueryLog) -> None:
    log.file.parent.mkdir()
    spoil(log, broken)
    before = log.file.read_bytes()
    with pytest.raises(LogError, match=r"cannot be deleted .* is no log of questions: remove it yourself"):
        log.delete()
    assert log.file.read_bytes() == before


def test_an_empty_file_is_an_empty_log(log: QueryLog) -> None:
    log.file.parent.mkdir()
    log.file.touch()
    assert (log.read(), log.delete()) == ([], 0)


def test_a_damaged_log_that_may_not_be_removed_is_told(log: QueryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    log.file.parent.mkdir()
    spoil(log, "damaged")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(LogError, match=f"cannot be deleted .* See whether {log.file.parent} can be written to"):
        log.delete()


def spoil(log: QueryLog, broken: str) -> None:
    if broken == "no database":
        log.file.write_bytes(b"no database at all" * 500)
    elif broken == "damaged":
        log.file.write_bytes(b"SQLite format 3\0" + b"broken" * 500)
    elif broken == "another program's":
        with closing(sqlite3.connect(log.file)) as database:
            database.execute("CREATE TABLE visited (url TEXT)")
            database.execute("PRAGMA user_version = 1")
    elif broken == "a newer layout":
        with closing(sqlite3.connect(log.file)) as database:
            database.execute("PRAGMA user_version = 9")
    elif broken == "a folder":
        log.file.mkdir()


def settle(recorder: Recorder) -> None:
    until = time.monotonic() + 10
    while recorder._waiting.qsize() and time.monotonic() < until:
        time.sleep(0.005)


def test_a_log_is_read_while_another_process_writes(log: QueryLog) -> None:
    log.add([ENTRY])
    with closing(sqlite3.connect(log.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert log.read() == [ENTRY] and len(log.marks()) == 1
        with pytest.raises(LogError, match=r"cannot be deleted .* Another process is writing: try again"):
            log.delete()


def test_reading_writes_nothing(log: QueryLog) -> None:
    log.add([ENTRY])
    with closing(sqlite3.connect(log.file)) as other:  # keeps what was written beside the file
        other.execute("SELECT count(*) FROM asked").fetchone()
        before = {file.name: file.stat().st_size for file in log.file.parent.iterdir()}
        for _ in range(5):
            assert log.read() == [ENTRY] and len(log.marks()) == 1
        assert {file.name: file.stat().st_size for file in log.file.parent.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="rights are Unix's")
def test_a_log_that_may_only_be_read_is_read(log: QueryLog) -> None:
    log.add([ENTRY])
    for folder in (log.file.parent, *log.file.parent.parents):
        if folder != Path("/") and folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o055)
    log.file.parent.chmod(0o777)
    log.file.chmod(0o444)
    code = (
        "import os, sys; from pathlib import Path; from rag.querylog import QueryLog\n"
        "os.getuid() or os.setuid(65534)\n"
        "print(len(QueryLog(Path(sys.argv[1])).read()))\n"
    )
    command = [sys.executable, "-c", code, str(log.file)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_locked_log_holds_up_no_answer(log: QueryLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.add([ENTRY])
    recorder = Recorder(log, tmp_path)
    with closing(sqlite3.connect(log.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        for _ in range(50):
            ask(recorder)
        assert time.perf_counter() - began < 0.5
        recorder.close(patience=0.1)
        other.execute("ROLLBACK")
    assert "answers go on" in capsys.readouterr().err


def test_what_is_too_much_is_dropped_and_counted(
    log: QueryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate, add = threading.Event(), QueryLog.add
    monkeypatch.setattr(QueryLog, "add", lambda self, items: gate.wait(10) and add(self, items))
    recorder = Recorder(log, tmp_path, room=5)
    ask(recorder)
    settle(recorder)  # the first is held at the gate
    for _ in range(8):
        ask(recorder)
    gate.set()
    recorder.close()
    assert (recorder.dropped, len(log.read())) == (3, 6)
    assert "3 entries could not be written in time" in capsys.readouterr().err


def test_an_error_of_the_question_is_the_doors_own(recorder: Recorder, log: QueryLog) -> None:
    def fails() -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        recorder.watch("page", fails, retriever="hybrid", reader="span")
    recorder.close()
    assert log.read() == []


# What a door hands over


def test_an_answer_becomes_an_entry(recorder: Recorder, log: QueryLog, tmp_path: Path) -> None:
    before = time.time()
    ask(recorder)
    ask(recorder, Answer("점심은?", "", (), float("nan"), (), abstained=True, searched="오늘 점심은?"))
    recorder.rate(key_of("역전파는?", "기울기"), 1)
    recorder.close()
    refused, answered = log.read()
    assert before <= answered.time <= time.time() and 0 <= answered.milliseconds < 1000
    assert replace(answered, time=0, milliseconds=0) == Entry(
        0, "shell", str(tmp_path.resolve()), "역전파는?", "역전파는?", "hybrid", "span", ("a.md#0-3",), "기울기", False, 0.75, 0, 1
    )
    assert (refused.question, refused.searched, refused.answer, refused.abstained) == ("점심은?", "오늘 점심은?", "", True)
    assert (refused.confidence, refused.passages, refused.thumb) == (0.0, (), 0)


def test_long_texts_are_cut_and_surrogates_replaced(recorder: Recorder, log: QueryLog) -> None:
    ask(recorder, replace(ANSWER, question="가" * 5000 + "\ud800", text="\udc00", hits=(HIT,) * 80))
    assert recorder.rate(key_of("가" * 5000 + "\ud800", "\udc00"), -1)
    recorder.close()
    (entry,) = log.read()
    assert entry.question == "가" * (LONGEST - 1) + "…" and entry.answer == "?"
    assert len(entry.passages) == MOST_PASSAGES and entry.thumb == -1


def test_several_processes_write_at_once(log: QueryLog, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.querylog import QueryLog, Recorder; from rag.types import Answer\n"
        "with Recorder(QueryLog(Path(sys.argv[1])), Path()) as recorder:\n"
        "    for n in range(40): recorder.watch('shell', lambda: Answer(f'{sys.argv[2]}-{n}', '', (), 0.0, ()), retriever='', reader='')\n"
        "    recorder.close(30)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, log.file, name], cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    assert [process.communicate(timeout=60)[1] for process in running] == ["", "", ""]
    asked = [entry.question for entry in reversed(log.read())]
    assert sorted(asked) == sorted(f"{name}-{n}" for name in "abc" for n in range(40))
    assert [question for question in asked if question[0] == "a"] == [f"a-{n}" for n in range(40)]


# Where it is


@pytest.mark.parametrize(("setting", "forbidden"), [("0", True), ("off", True), ("False", True), ("", False), ("1", False), ("on", False)])
def test_the_environment_turns_it_off(setting: str, forbidden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_LOG", setting)
    log = open_log()
    assert log.forbidden is forbidden
    assert log.file.parts[-2:] == ("lecture-notes-rag", "questions.sqlite")


def test_the_environment_puts_it_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_LOG", str(tmp_path / "mine"))
    assert open_log() == QueryLog(tmp_path / "mine")


def test_notes_that_questions_brought_up(log: QueryLog) -> None:
    assert log.retrieved("/notes") == Retrieved()
    log.add([ENTRY, replace(ENTRY, passages=("b.md#9-12", "w#1/c.md#0-2")), replace(ENTRY, index="/other", passages=("d.md#0-1",))])
    log.add([replace(ENTRY, passages=())])
    assert log.retrieved("/notes") == Retrieved(3, frozenset({"a.md", "b.md", "w#1/c.md"}))
    assert note_of("w#1/c.md#0-2") == "w#1/c.md"
