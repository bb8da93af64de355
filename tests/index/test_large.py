"""A folder index whose segments are large: what their lists change, what is put off until after a commit, and what a lost file costs."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

from index import commit, disk, near, vectors
from index.files import DISK
from index.folder import FolderIndex
from index.index import Changes
from index.types import Filter
from index.verify import verify
from tests.index.samples import ENCODER, QuickDisk, folder, memory, note, put, state

NOTES = [
    note(f"{week:02}/{number}.md", "\n".join(f"{week} 주 {number} 노트 {line}" for line in range(12)))
    for week in range(5)
    for number in range(4)
]


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DISK, "sync", lambda descriptor: None)
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 100)
    monkeypatch.setattr(near, "FEW", 10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder(tmp_path / "index").apply(put(*NOTES))
    return tmp_path / "index"


def lists(root: Path) -> list[Path]:
    return sorted(root.glob("segments/*/lists-*"))


def test_a_large_segment_has_lists_and_says_so(root: Path) -> None:
    index = FolderIndex.open(root)
    assert index.searching() == ["240 vectors: more than 100, so 62 inverted lists lead to candidates, which are compared exactly"]
    assert (index.generation, len(lists(root)), verify(root)) == (1, 1, [])
    assert state(index) == state(memory().apply(put(*NOTES)))


@pytest.mark.parametrize("filter", [Filter(folders=("03",)), Filter(notes=("*/2.md",)), Filter(folders=("01", "02", "04"))])
def test_filters_and_removals_equal_the_judge(root: Path, filter: Filter) -> None:
    gone = ["03/0.md", "01/2.md"]
    index, judge = FolderIndex.open(root).apply(Changes(remove=gone)), memory().apply(put(*NOTES)).apply(Changes(remove=gone))
    for one in (None, filter):
        found, expected = (each.dense(ENCODER.encode_questions(["3 주 노트", "2"]), 15, one) for each in (index, judge))
        assert [part.tolist() for part in found] == [part.tolist() for part in expected]
    assert len(lists(root)) == 1  # made once


def test_nothing_holds_on_to_the_lists_of_an_index_that_nobody_holds(root: Path) -> None:
    index = FolderIndex.open(root)
    index.dense(ENCODER.encode_questions(["노트"]), 3, Filter(folders=("01", "02", "04")))
    lists = ref(index._ways[0]._near[0])
    gc.disable()
    try:
        del index
        assert lists() is None
    finally:
        gc.enable()


def test_a_small_commit_leaves_the_lists_alone(root: Path) -> None:
    before = [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in root.glob("segments/000001/*")]
    index = FolderIndex.open(root).apply(put(note("new.md", "새 노트")))
    assert [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in root.glob("segments/000001/*")] == before
    assert index.searching()[0] == "1 vectors: all are compared, no segment having very many"
    ids, _ = index.dense(ENCODER.encode_questions(["새 노트"]), 1)
    assert index.passages(ids[0])[0].text == "새 노트"


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"), lambda path: path.write_bytes(b"")]
)
def test_lost_lists_cost_time_only(root: Path, harm: object) -> None:
    expected = state(FolderIndex.open(root))
    harm(lists(root)[0])  # type: ignore[operator]
    index = FolderIndex.open(root)
    assert state(index) == expected
    [said] = index.searching()
    assert "slowly" in said and str(lists(root)[0] if lists(root) else "missing") in said and "rag index" in said
    [told] = verify(root)
    assert "lists-" in told and "rag index" in told
    again = index.apply(put(note("new.md", "새 노트")))
    assert "62 inverted lists" in again.searching()[1]
    assert verify(root) == []


def test_a_large_merge_waits_until_the_commit_is_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "AT_ONCE", 20)
    monkeypatch.setattr(commit, "MOST_SEGMENTS", 2)
    index = FolderIndex.open(root)
    with disk.writing(root, DISK):
        for number in range(3):
            index = index.commit(put(note(f"{number}.md", "\n".join(f"{number} {line}" for line in range(150 if number else 300)))))
        assert index.generation == 4
        assert list(index.manifest.segments) == ["000001", "000002", "000003", "000004"]  # found, though nothing was brought together
        before = state(index)
        told: list[str] = []
        done = index.compact(lambda stage, now, total: told.append(stage))
        assert done.compact() is done
    assert len(done.manifest.segments) < 4
    assert (done.generation, state(done)) == (5, before)
    assert {"group", "list"} == set(told)
    assert [each.number for each in done.history()] == [5, 3, 2, 1]
    assert verify(root) == []


def test_mostly_dead_large_segments_are_given_up_after_the_commit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "AT_ONCE", 20)
    index = FolderIndex.open(root)
    with disk.writing(root, DISK):
        index = index.commit(Changes(remove=[item.document.doc_id for item in NOTES[:15]]))
        assert list(index.manifest.segments) == ["000001"]
        done = index.compact()
    assert {name: entry.rows for name, entry in done.manifest.segments.items()} == {"000003": 60}
    assert state(done) == state(index)


def test_two_processes_share_an_index_that_a_third_changes(root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from index import vectors; from index.folder import FolderIndex\n"
        "from tests.index.samples import ENCODER; vectors.EXACT_UP_TO = 100\n"
        "index = FolderIndex.open(Path(sys.argv[1])); query = ENCODER.encode_questions(['3 주'])\n"
        "print(index.generation, index.dense(query, 5)[0].tolist(), flush=True); sys.stdin.readline()\n"
        "print(index.generation, index.dense(query, 5)[0].tolist(), len(index.passages(range(len(index)))), flush=True)"
    )
    command = [sys.executable, "-c", program, str(root)]
    expected = FolderIndex.open(root).dense(ENCODER.encode_questions(["3 주"]), 5)[0].tolist()
    readers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None and reader.stdout.readline() == f"1 {expected}\n"
    index = FolderIndex.open(root, keep=1, fs=QuickDisk())
    for number in range(3):
        index = index.apply(
            Changes(put=[note(f"{number}.md", "글")], remove=[item.document.doc_id for item in NOTES[number * 6 : number * 6 + 6]])
        )
    assert not (root / "segments" / "000001").exists()
    for reader in readers:
        assert reader.communicate("\n", timeout=60)[0] == f"1 {expected} 240\n"
    assert len(index) == 27


def test_vectors_are_streamed(tmp_path: Path) -> None:
    index = folder(tmp_path / "index").apply(put(*NOTES))
    written = np.load(tmp_path / "index" / "segments" / "000001" / "vectors.npy")
    assert written.tolist() == index.vectors(range(len(index))).tolist()
