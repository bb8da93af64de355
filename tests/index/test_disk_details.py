"""The folder in its details: what its errors say, which files it counts as its own, and what it makes durable."""

from __future__ import annotations

import errno
import gc
import json
import os
from pathlib import Path

import pytest

from index import disk, segment
from index.engines import standing
from index.errors import IndexCorrupt, IndexMissing, IndexProblem, UsageError
from index.folder import FolderIndex
from index.manifest import Manifest
from tests.index.samples import QuickDisk, few_files, folder, note, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three generations of one note, in three segments."""
    index = folder(tmp_path / "index")
    for text in ("첫 글", "둘째 글", "셋째 글"):
        index = index.apply(put(note("a.md", text)))
    return tmp_path / "index"


class Watched(QuickDisk):
    """Remembers which folders it made durable, and what it removed."""

    def __init__(self, root: Path) -> None:
        self.root, self.done = root, list[str]()

    def sync(self, descriptor: int) -> None:
        synced = os.fstat(descriptor)
        self.done += [f"sync {path.name}" for path in self.root.rglob("*") if os.path.samestat(path.stat(), synced)]

    def remove(self, file: Path) -> None:
        super().remove(file)
        self.done.append(f"remove {file.name}")


def test_a_generation_that_is_not_kept_is_told_with_those_that_are(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Generation 7 is not kept in .*\. Earlier generations kept: 2, 1 \(rag history\)\.$"):
        disk.read_archived(root, 7)
    with pytest.raises(UsageError, match=r"kept: none \(rag history\)"):
        disk.read_archived(tmp_path, 1)
    assert disk.read_archived(root, 1).generation == 1


def test_only_numbered_files_are_generations(root: Path) -> None:
    (root / "manifests" / "copy of 000002.json").write_text("{}")
    assert disk.archived(root) == [2, 1]
    assert [(each.number, each.current) for each in disk.history(root)] == [(3, True), (2, False), (1, False)]


def test_a_generation_kept_twice_is_told_once(root: Path) -> None:
    (root / "manifests" / "000003.json").write_bytes((root / "manifest.json").read_bytes())
    assert [(each.number, each.current) for each in disk.history(root)] == [(3, True), (2, False), (1, False)]


def test_the_last_number_is_the_highest_that_can_be_told(root: Path, tmp_path: Path) -> None:
    assert (disk.last_number(root), disk.last_number(tmp_path)) == (3, 0)
    (root / "manifest.json").write_bytes((root / "manifests" / "000001.json").read_bytes())
    assert disk.last_number(root) == 2
    (root / "manifest.json").write_text("{")
    assert disk.last_number(root) == 3, "the file that cannot be read was one more"
    (root / "manifest.json").unlink()
    assert disk.last_number(root) == 2


def test_the_manifest_is_read_once_for_each_commit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = list[Path](), disk.read_manifest

    def counted(path: Path) -> Manifest:
        read.append(path)
        return real(path)

    monkeypatch.setattr(disk, "read_manifest", counted)
    assert [standing(root)[0] for _ in range(3)] == [3, 3, 3] and len(read) == 1
    FolderIndex.open(root).apply(put(note("b.md", "다른 글")))
    read.clear()
    assert [standing(root)[0] for _ in range(3)] == [4, 4, 4] and len(read) == 1
    (root / "manifest.json").unlink()
    with pytest.raises(IndexMissing):
        standing(root)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted as Linux shows them")
def test_an_index_that_nobody_holds_is_closed(root: Path) -> None:
    def held() -> int:
        return len(list(Path("/proc/self/maps").read_text().split(str(root)))) + len(os.listdir("/proc/self/fd"))

    gc.disable()
    try:
        before = held()
        for _ in range(3):
            index = FolderIndex.open(root)
            assert index.document("a.md").text and index.lexical({"글": 1.0}, 3) and held() > before
            del index
        assert held() == before
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("number", "kind", "mend"),
    [
        (errno.EMFILE, IndexProblem, r"\. End programs .*ulimit -n"),
        (errno.EACCES, IndexProblem, r"\. Give yourself the right to read it"),
        (errno.EIO, IndexCorrupt, "its hash is not the manifest's"),
        (errno.ENOENT, IndexCorrupt, "its hash is not the manifest's"),
    ],
)
def test_only_what_the_file_is_at_fault_for_is_called_harm(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[IndexProblem], mend: str
) -> None:
    def refuse(path: Path) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(segment, "sha256", refuse)
    with pytest.raises(IndexProblem, match=mend) as told:
        FolderIndex.open(root)
    assert type(told.value) is kind


def test_too_many_open_files_harm_no_index(root: Path) -> None:
    for most in range(1, 6):  # a segment takes six
        with few_files(most), pytest.raises(IndexProblem, match=r"cannot be read: Too many open files") as told:
            FolderIndex.open(root)
        assert type(told.value) is IndexProblem


def test_a_commit_between_two_looks_at_a_file_is_followed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = Path.stat, [FolderIndex.open(root, keep=1)]

    def swept(path: Path, **how: bool) -> os.stat_result:
        found = real(path, **how)
        if "segments" in path.parts and left:
            left.pop().apply(put(note("a.md", "넷째 글")))
        return found

    monkeypatch.setattr(Path, "stat", swept)
    assert FolderIndex.open(root).document("a.md").text == "넷째 글" and not left


def test_the_history_leaves_out_what_a_commit_sweeps_away_meanwhile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = Path.read_bytes, [FolderIndex.open(root, keep=1)]

    def swept(path: Path) -> bytes:
        if path.parent.name == "manifests" and left:
            left.pop().apply(put(note("a.md", "넷째 글")))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", swept)
    assert [each.number for each in disk.history(root)] == [3] and not left


def test_what_cannot_be_read_is_told_in_words(root: Path) -> None:
    (root / "manifest.json").unlink()
    (root / "manifest.json").mkdir()
    with pytest.raises(IndexProblem, match=r"cannot be read: Is a directory\. Give"):
        disk.read_manifest(root)


def test_an_index_of_up_to_64_mb_is_hashed_when_it_is_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (disk.HASHED_ON_OPEN, disk.KEEP) == (67_108_864, 10)
    manifest = disk.read_manifest(root)
    vectors = root / "segments" / "000003" / "vectors.npy"
    data = bytearray(vectors.read_bytes())
    data[-1] ^= 1
    vectors.write_bytes(data)
    total = sum(stored.bytes for entry in manifest.segments.values() for stored in entry.files.values())
    for most, found in ((total - 1, False), (total, True)):
        monkeypatch.setattr(disk, "HASHED_ON_OPEN", most)
        try:
            disk.open_segments(root, manifest)
            harmed = False
        except IndexCorrupt:
            harmed = True
        assert harmed == found


def test_the_first_of_several_harmed_files_is_named(root: Path) -> None:
    for name in ("vectors.npy", "terms.npy", "notes.jsonl"):
        (root / "segments" / "000003" / name).unlink()
    entry = disk.read_manifest(root).segments["000003"]
    first = next(name for name in entry.files if name in ("vectors.npy", "terms.npy", "notes.jsonl"))
    with pytest.raises(IndexCorrupt, match=first):
        FolderIndex.open(root)


def test_a_generation_is_forgotten_for_good(root: Path) -> None:
    watched = Watched(root)
    disk.forget(watched, root, 1)
    assert watched.done == ["remove 000001.json", "sync manifests"]
    assert disk.archived(root) == [2]


def test_a_segment_is_given_back_unless_it_is_in_use(root: Path) -> None:
    for name, is_left in (("000003", True), ("000002", False), ("000009", False)):
        disk.discard(QuickDisk(), root, name)
        assert (root / "segments" / name).exists() == is_left
    disk.discard(watched := Watched(root), root, "000009")
    assert watched.done == []
    (root / "manifest.json").unlink()
    disk.discard(QuickDisk(), root, "000003")
    assert not (root / "segments" / "000003").exists()


def test_a_sweep_keeps_so_many_generations_and_their_segments(root: Path) -> None:
    (root / "segments" / "notes of mine").mkdir()
    disk.sweep(QuickDisk(), root, 3)
    assert disk.archived(root) == [2, 1]
    disk.sweep(QuickDisk(), root, 2)
    assert (disk.archived(root), sorted(path.name for path in (root / "segments").iterdir())) == (
        [2],
        ["000002", "000003", "notes of mine"],
    )
    (root / "manifests" / "000002.json").write_text("{")
    disk.sweep(QuickDisk(), root, 2)
    assert (disk.archived(root), sorted(path.name for path in (root / "segments").iterdir())) == ([], ["000003", "notes of mine"])


def test_a_sweep_removes_nothing_where_the_manifest_does_not_say_what_is_needed(root: Path) -> None:
    (root / "manifest.json").write_text("{")
    disk.sweep(QuickDisk(), root, 1)
    assert (disk.archived(root), len(list((root / "segments").iterdir()))) == ([2, 1], 3)


def test_the_first_foreign_file_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    for name in ("b.docx", "a.docx", ".lock", "manifests"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"holds other files \(a\.docx\)"), disk.writing(tmp_path, QuickDisk()):
        raise AssertionError("no right to write was given")
    assert len(list(tmp_path.iterdir())) == 4


def test_own_files_alone_are_no_obstacle(tmp_path: Path) -> None:
    for name in ("manifest.json.new", "writer.json", "writer.json.new", ".lock"):
        (tmp_path / name).touch()
    with disk.writing(tmp_path, QuickDisk()):
        owner = json.loads((tmp_path / "writer.json").read_bytes())
    assert (owner["pid"], owner["started"][:2], owner["started"][-6:]) == (os.getpid(), "20", "+00:00")


@pytest.mark.parametrize(
    ("told", "expected"), [(b"{", "another process"), (b'{"pid": 7, "host": "h", "started": "s"}', "process 7 on h, started s")]
)
def test_the_owner_is_named_as_far_as_it_says_who_it_is(tmp_path: Path, told: bytes, expected: str) -> None:
    (tmp_path / "writer.json").write_bytes(told)
    assert disk._owner(tmp_path) == expected
