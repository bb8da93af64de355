"""Faults, kills and hostile files: the same trials that `python -m benchmarks faults`, `kills` and `hostile` run, a part of them here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import pytest

from benchmarks import faults, hostile, kills
from benchmarks.cutting import WAYS, Killed, Trial, cut
from benchmarks.faults import Outcome, trials
from benchmarks.hostile_files import hostile_files
from benchmarks.results import Findings
from benchmarks.writers import Command, commands
from index import files
from index.files import DISK, Bytes, FileSystem, Stored, create, put
from index.types import NoteProblem

COMMANDS = {command.name: command for command in commands()}
SLOW = {
    "index, in several commits",
    "index, a long history",
    "index --replace",
    "index, another encoder",
    "index, lists of very many vectors",
    "train, a checkpoint",
}
"""Commands that take longest. All of them at every place: `python -m benchmarks faults`."""


def values(found: Findings) -> dict[str, float]:
    return {figure.name: figure.value for figure in found.figures}


# Cut short


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in COMMANDS])
def test_a_command_cut_short_leaves_the_old_or_the_new(name: str, tmp_path: Path) -> None:
    outcome = trials(COMMANDS[name], tmp_path, stride=11, sizes=3)
    assert outcome.failures == []
    assert outcome.injected >= 5 and outcome.points


def test_what_is_counted_over_commands() -> None:
    found = faults.measure(stride=20, only=["notes taken out", "log off"])
    assert values(found)["commands"] == 2
    assert [figure.name for figure in found.figures if not figure.met] == []
    assert values(found)["faults injected"] >= values(found)["distinct places of a fault"] > 2
    assert [row[0] for row in found.tables[0].rows] == ["notes taken out", "log off"]


def unsynced(fs: FileSystem, path: Path, parts: Iterable[Bytes]) -> Stored:
    """`create` by a writer that forgets to wait for the disk."""

    class Forgetful(FileSystem):
        def write(self, file: BinaryIO, data: Bytes) -> None:
            fs.write(file, data)

        def sync(self, descriptor: int) -> None:
            pass

    return create(Forgetful(), path, parts)


def in_place(fs: FileSystem, path: Path, data: bytes) -> None:
    """`put` by a writer that writes over the old file."""
    with path.open("wb") as file:
        fs.write(file, data)


@pytest.mark.parametrize(
    ("where", "broken", "way"),
    [
        ("index.segment.create", unsynced, "power"),
        ("index.disk.put", in_place, "killed"),
        ("index.files.sync_folder", lambda fs, folder: None, "power"),
    ],
)
def test_a_writer_with_a_fault_is_found_out(
    where: str, broken: object, way: faults.Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, broken)
    outcome = trials(COMMANDS["index, notes changed"], tmp_path, ways=(way,), sizes=0)
    assert outcome.failures


def test_a_command_that_changes_nothing_is_no_trial(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        trials(Command("idle", lambda root: None, lambda root: None, lambda root: 1), tmp_path)


def test_what_a_loss_of_power_takes(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    with cut(Trial(99, "power"), tmp_path):
        put(DISK, tmp_path / "synced", b"data")
        with (tmp_path / "lost").open("xb") as file:
            DISK.write(file, b"data")
        DISK.replace(tmp_path / "synced", tmp_path / "renamed")
        DISK.remove(tmp_path / "old")
        DISK.make(tmp_path / "folder")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"synced": "data", "old": "old"}


def test_what_a_kill_leaves(tmp_path: Path) -> None:
    for at, left in ((0, {"file.new": "ab"}), (1, {"file.new": "abcd"}), (2, {"file.new": "abcd"}), (3, {"file": "abcd"})):
        with pytest.raises(Killed), cut(Trial(at, "killed"), tmp_path):
            put(DISK, tmp_path / "file", b"abcd")
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == left
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path) -> None:
    put(DISK, tmp_path / "file", b"old")
    for way in ("error", "full"):
        for at in range(3):
            with pytest.raises(OSError), cut(Trial(at, way), tmp_path):
                files.save(tmp_path / "file", b"new")
            assert (tmp_path / "file").read_bytes() == b"old"
    assert WAYS[:2] == ("full", "error")


def test_a_failure_is_told_with_its_place(tmp_path: Path) -> None:
    command = Command(
        "careless",
        lambda root: in_place(DISK, root / "a", b"old old"),
        lambda root: in_place(DISK, root / "a", b"new new"),
        lambda root: (root / "a").read_bytes(),
    )
    outcome: Outcome = trials(command, tmp_path, ways=("killed",), sizes=0)
    assert outcome.failures == ["careless, killed, write 0: NotWhole: neither the old nor the new is left"]


# Killed


def test_a_killed_writer_leaves_a_whole_index() -> None:
    found = values(kills.measure(4, seed=1))
    assert found["writers killed"] == 4 and found["looks of the reader beside them"] > 4
    assert (found["mixtures or errors that it saw"], found["kills that were not survived"]) == (0, 0)


@pytest.mark.slow
def test_more_killed_writers() -> None:
    """Two hundred: `python -m benchmarks kills`."""
    found = kills.measure(12)
    assert [figure.name for figure in found.figures if not figure.met] == []
    assert values(found)["of them in the middle of a change"] > 6


def test_a_lost_version_and_a_lost_note_are_noticed(tmp_path: Path) -> None:
    assert kills.judged(tmp_path, 0) == []
    assert kills.judged(tmp_path, 3) == ["version 3 was told to be done, and there is no index"]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# 판 2 노트\n\n글.\n", encoding="utf-8")
    faults_of = COMMANDS["index, the first time"]
    faults_of.act(tmp_path)
    assert kills.judged(tmp_path, 3) == ["version 3 was told to be done, the index holds 2", "1 notes of 6"]
    (tmp_path / "notes" / "b.md").write_text("# 판 3 노트\n\n글.\n", encoding="utf-8")
    faults_of.act(tmp_path)
    assert kills.judged(tmp_path, 3) == ["a mixture of the versions [2, 3] in generation 2"]


# Hostile files


def test_hostile_files_cost_nothing_but_themselves() -> None:
    found = hostile.measure(every=9)
    assert [figure for figure in found.figures if not figure.met] == []
    assert values(found)["hostile files"] > 45
    assert values(found)["refused with a line"] > 15 and values(found)["read, with what was left of them"] > 15


@pytest.mark.slow
def test_other_hostile_files() -> None:
    """All of them: `python -m benchmarks hostile`."""
    found = hostile.measure(seed=1, every=4)
    assert [figure for figure in found.figures if not figure.met] == []
    assert (values(found)["ended by the limit of time"], values(found)["ended by the limit of memory"]) == (0, 0)


def test_hostile_files_are_many_kinds_and_the_same_again(tmp_path: Path) -> None:
    made = list(hostile_files(0))
    assert len(made) >= 450 and len({each.damage for each in made}) >= 75 and len({each.format for each in made}) >= 14
    assert len({(each.damage, each.name) for each in made}) == len(made)
    assert digests(tmp_path / "one", 0) == digests(tmp_path / "two", 0) != digests(tmp_path / "three", 1)


def digests(folder: Path, seed: int) -> list[str]:
    folder.mkdir()
    found = []
    for number, each in enumerate(islice(hostile_files(seed), 120)):
        each.write(folder / str(number))
        found.append(hashlib.sha256((folder / str(number)).read_bytes()).hexdigest())
    return found


def test_what_is_a_line() -> None:
    assert hostile.is_line(NoteProblem("a.md", "broken"))
    assert not any(
        hostile.is_line(NoteProblem(doc_id, reason)) for doc_id, reason in (("a.md", ""), ("a.md", "two\nlines"), ("a\nb.md", "x"))
    )
