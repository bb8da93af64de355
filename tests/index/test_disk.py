"""The folder: what a commit touches, what is noticed when a file is broken, and what is left when a commit is cut short."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from index import commit, disk
from index import folder as folder_module
from index.errors import EncoderMismatch, IndexBusy, IndexCorrupt, IndexFormat, IndexMissing, IndexProblem, UsageError
from index.files import DISK, FileSystem, create
from index.folder import FolderIndex, rollback
from index.index import Changes
from index.lexical import Postings
from index.manifest import Outline, dump, is_whole, load, outline
from index.verify import verify
from tests.index.samples import FailingDisk, Killed, QuickDisk, files, folder, full_disk, note, put, state

A, B = note("a.md", "역전파 는 기울기 를 구한다\n연쇄 법칙", warnings=("page 4 holds no text",)), note("b.md", "확률 은 0 과 1 사이")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here needs the platter; those that count operations have a disk of their own."""
    monkeypatch.setattr(DISK, "sync", lambda descriptor: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three generations: A; A and B; A changed and B."""
    index = folder(tmp_path / "index").apply(put(A)).apply(put(B))
    index.apply(put(note("a.md", "새 글 역전파")))
    return tmp_path / "index"


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in files(root)}


# ------------------------------------------------------------- what a commit touches


def test_update_writes_only_its_own_segment(root: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files(root)}
    FolderIndex.open(root).apply(put(note("c.md", "셋째 노트")))
    after = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files(root)}
    changed = {str(path.relative_to(root)) for path in after if before.get(path) != after[path]}
    segment = {
        f"segments/000004/{name}" for name in ("notes.jsonl", "vectors.npy", "terms.npy", "bounds.npy", "entries.npy", "lengths.npy")
    }
    assert changed == {"manifest.json", "manifests/000003.json"} | segment
    assert set(before) <= set(after)


def test_removal_writes_no_segment(root: Path) -> None:
    FolderIndex.open(root).apply(Changes(remove=["b.md"]))
    assert "segments/000004" not in {name.rpartition("/")[0] for name in names(root)}


def test_too_many_segments_are_brought_together(tmp_path: Path) -> None:
    index = folder(tmp_path / "index")
    for number in range(30):
        index = index.apply(put(note(f"{number:02}.md", f"노트 {number}")))
        assert len(index.manifest.segments) <= commit.MOST_SEGMENTS
    assert [passage.text for passage in index.passages(range(30))] == [f"노트 {number}" for number in range(30)]


def test_the_largest_segment_is_left_alone(tmp_path: Path) -> None:
    index = folder(tmp_path / "index").apply(put(note("big.md", "\n".join(f"줄 {number}" for number in range(50)))))
    for number in range(10):
        index = index.apply(put(note(f"{number:02}.md", f"노트 {number}")))
    assert "000001" in index.manifest.segments
    assert len(index.manifest.segments) < 8


def test_mostly_dead_rows_are_given_up(tmp_path: Path) -> None:
    index = folder(tmp_path / "index").apply(put(*(note(f"{number}.md", "한 줄") for number in range(10))))
    index = index.apply(Changes(remove=[f"{number}.md" for number in range(5)]))
    assert {name: entry.rows for name, entry in index.manifest.segments.items()} == {"000001": 10}
    index = index.apply(Changes(remove=["5.md"]))
    assert {name: entry.rows for name, entry in index.manifest.segments.items()} == {"000003": 4}
    assert verify(tmp_path / "index") == []


def test_generations_not_kept_give_back_their_segments(tmp_path: Path) -> None:
    index = folder(tmp_path / "index", keep=2)
    for number in range(5):
        index = index.apply(put(note("a.md", f"판 {number}")))
    assert {name.split("/")[1] for name in names(tmp_path / "index") if "/" in name} == {"000004.json", "000004", "000005"}
    assert [one.number for one in index.history()] == [5, 4]


def test_partial_generations_leave_the_history(tmp_path: Path) -> None:
    index = folder(tmp_path / "index").apply(put(A))
    with disk.writing(index.path, QuickDisk()):
        for number in range(12):
            index = index.commit(put(note(f"{number}.md", "글")), unfinished=number < 11)
    assert [one.number for one in index.history()] == [13, 1]
    assert [info.doc_id for info in index.rollback(1).documents()] == ["a.md"]


def test_readers_keep_their_generation(root: Path) -> None:
    reader = FolderIndex.open(root)
    before = state(reader)
    index = reader
    for number in range(12):
        index = index.apply(put(note("a.md", f"판 {number}"), note("b.md", f"판 {number}")))
    assert not (root / "segments" / "000003").exists()
    assert state(reader) == before


def test_notes_far_apart_are_taken_without_the_terms_between_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = folder(tmp_path / "index").apply(put(*(note(f"{number:02}.md", f"글 {number}\n둘째 줄") for number in range(50))))
    rows, real = 0, folder_module.terms_of

    def counted(postings: Postings, first: int, end: int) -> list[list[str]]:
        nonlocal rows
        rows += end - first
        return real(postings, first, end)

    monkeypatch.setattr(folder_module, "terms_of", counted)
    for names, most in ((("03.md", "47.md"), 4), (("08.md", "09.md"), 4), (tuple(index.manifest.documents), 100)):
        rows = 0
        found = list(index.every(names))
        assert rows == most
        for name, item in zip(names, found, strict=True):
            alone = index.indexed(name)
            assert (item.document, item.passages, item.terms) == (alone.document, alone.passages, alone.terms)
            assert np.array_equal(item.vectors, alone.vectors)


def test_a_reader_that_meets_a_commit_reads_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = disk.read_manifest(root)
    index = FolderIndex.open(root, keep=1).apply(put(note("a.md", "판"), note("b.md", "판")))
    answers = [stale]
    real = disk.read_manifest
    monkeypatch.setattr(disk, "read_manifest", lambda path: answers.pop() if answers else real(path))
    assert state(FolderIndex.open(root)) == state(index)


def test_stale_generation_cannot_commit(root: Path) -> None:
    stale = FolderIndex.open(root)
    stale.apply(put(note("c.md", "먼저")))
    with pytest.raises(IndexBusy, match="moved on from generation 3"):
        stale.apply(put(note("d.md", "나중")))
    assert [info.doc_id for info in FolderIndex.open(root).documents()] == ["a.md", "b.md", "c.md"]


# ---------------------------------------------------------------------- load checks


def test_missing(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexMissing, match="rag index --index"):
            FolderIndex.open(place)
        with pytest.raises(IndexMissing):
            verify(place)


def test_unreadable(root: Path) -> None:
    (root / "manifest.json").unlink()
    (root / "manifest.json").mkdir()
    with pytest.raises(IndexProblem, match="cannot be read"):
        FolderIndex.open(root)


def test_format(root: Path) -> None:
    body = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps({**body, "format": 99}))
    with pytest.raises(IndexFormat, match=r"99.*rag index --replace"):
        FolderIndex.open(root)
    with pytest.raises(IndexFormat):
        load(dump(disk.read_archived(root, 2)).replace(b'"format": 2', b'"format": "2"'), "here")


def test_settings_of_another_version(root: Path) -> None:
    manifest = disk.read_manifest(root)
    head, documents, _ = dump(manifest).replace(b'"k1"', b'"k2"').splitlines(keepends=True)
    signed = head + documents + f'"sha256": "{sha256(head + documents).hexdigest()}"}}'.encode()
    with pytest.raises(IndexFormat, match="another version"):
        load(signed, "here")


def test_the_format_before_is_read(root: Path) -> None:
    manifest = disk.read_manifest(root)
    body = {**json.loads(dump(manifest)), "format": 1}
    del body["sha256"]
    for segment in body["segments"].values():
        del segment["caches"]
    digest = sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    earlier = json.dumps({**body, "sha256": digest}, ensure_ascii=False, indent=1)
    assert load(earlier.encode(), "here") == manifest
    assert outline(earlier.encode()) == outline(dump(manifest)) == Outline(3, False, frozenset({"000002", "000003"}))
    assert is_whole(earlier.encode()) and is_whole(dump(manifest))
    altered = earlier.replace("+0 ~1", "+1 ~1").encode()
    assert not is_whole(altered) and not is_whole(dump(manifest).replace(b"a.md", b"c.md"))
    with pytest.raises(IndexCorrupt):
        load(altered, "here")


def test_encoder(root: Path) -> None:
    assert FolderIndex.open(root, fingerprint="hash-8").generation == 3
    with pytest.raises(EncoderMismatch, match=r"hash \(hash-8\).*other-16"):
        FolderIndex.open(root, fingerprint="other-16")
    with pytest.raises(EncoderMismatch, match="8 numbers"):
        FolderIndex.open(root).dense(np.ones((1, 9), np.float32), 3)


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def flip_first(path: Path) -> None:
    flip(path, 0)


def flip_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2 * 8 + 3)


def flip_last(path: Path) -> None:
    flip(path, path.stat().st_size * 8 - 1)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"0")


@pytest.mark.parametrize("harm", [flip_first, flip_middle, flip_last, cut, emptied, longer, Path.unlink])
def test_each_broken_file_is_named(root: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    current = {f"{name}/" for name in FolderIndex.open(root).manifest.segments}
    for name in sorted(names(root)):
        place = tmp_path / "broken"
        shutil.copytree(root, place)
        harm(place / name)
        serves = name == "manifest.json" or any(segment in name for segment in current)
        if serves:
            expected = IndexMissing if (name, harm) == ("manifest.json", Path.unlink) else IndexCorrupt
            with pytest.raises(expected, match=r"rag (rollback|index)"):
                FolderIndex.open(place)
        else:
            assert FolderIndex.open(place).generation == 3
        if (place / "manifest.json").exists() and (place / name).exists():
            assert any(str(place / name) in problem for problem in verify(place)), name
        shutil.rmtree(place)


def test_no_flipped_bit_of_a_manifest_goes_unnoticed(root: Path) -> None:
    data = (root / "manifest.json").read_bytes()
    manifest = load(data, "here")
    quiet = 0
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            assert load(bytes(flipped), "here") == manifest
            quiet += 1
        except (IndexFormat, IndexCorrupt):
            pass
    assert quiet < len(data)  # only white space between the values


@pytest.mark.parametrize("bits", [range(0, 128 * 8, 17)])
def test_large_indexes_are_checked_by_size_and_shape(root: Path, monkeypatch: pytest.MonkeyPatch, bits: range) -> None:
    monkeypatch.setattr(disk, "HASHED_ON_OPEN", 0)
    before = FolderIndex.open(root)
    for path in sorted((root / "segments" / "000003").glob("*.npy")):
        data = path.read_bytes()
        for bit in bits:
            flip(path, bit)
            try:
                FolderIndex.open(root)
            except IndexCorrupt as error:
                assert "000003" in str(error)
            path.write_bytes(data)
        cut(path)
        with pytest.raises(IndexCorrupt, match="bytes"):
            FolderIndex.open(root)
        path.write_bytes(data)
        flip_last(path)
        if path.name != "bounds.npy":  # the others must be hashed to notice
            assert FolderIndex.open(root).generation == 3
        assert [str(path) in problem for problem in verify(root)] == [True]
        path.write_bytes(data)
    assert state(FolderIndex.open(root)) == state(before)
    flip(root / "segments" / "000003" / "notes.jsonl", 6)
    with pytest.raises(IndexCorrupt, match=r"a\.md"):
        FolderIndex.open(root).document("a.md")


def test_counts_must_agree(root: Path) -> None:
    manifest = disk.read_manifest(root)
    entry = manifest.documents["b.md"]
    for wrong in (replace(entry, rows=(0, 2)), replace(entry, bytes=(0, 10**6)), replace(entry, segment="000009")):
        (root / "manifest.json").write_bytes(dump(replace(manifest, documents={**manifest.documents, "b.md": wrong})))
        with pytest.raises(IndexCorrupt, match=r"b\.md lies outside"):
            FolderIndex.open(root)
    fewer = replace(manifest, segments={**manifest.segments, "000002": replace(manifest.segments["000002"], rows=7)})
    (root / "manifest.json").write_bytes(dump(fewer))
    with pytest.raises(IndexCorrupt, match=r"float32 \(7, 8\)"):
        FolderIndex.open(root)


def test_verify_looks_into_the_rows(root: Path) -> None:
    manifest = disk.read_manifest(root)
    assert verify(root) == []
    wrong = replace(manifest.documents["b.md"], title="다른 제목", characters=3)
    (root / "manifest.json").write_bytes(dump(replace(manifest, documents={**manifest.documents, "b.md": wrong})))
    [problem] = [problem for problem in verify(root) if "다른 제목" in problem]
    assert problem == "b.md: the manifest says '다른 제목', 3 characters; stored is b.md, '제목', 13 characters."
    shared = replace(manifest.documents["b.md"], rows=(0, 1))
    (root / "manifest.json").write_bytes(dump(replace(manifest, documents={"b.md": shared, "b2.md": shared})))
    assert "b.md and b2.md share rows." in verify(root)


def rewrite(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Alters a file of the segment that holds b.md, and its hash in the manifest: what only a bug of the writer could do."""
    manifest, path = disk.read_manifest(root), root / "segments" / "000002" / name
    data = change(path.read_bytes())
    path.unlink()
    entry = manifest.segments["000002"]
    files = {**entry.files, name: create(DISK, path, [data])}
    (root / "manifest.json").write_bytes(dump(replace(manifest, segments={**manifest.segments, "000002": replace(entry, files=files)})))


def swapped(data: bytes) -> bytes:
    """The bytes of an npy file with its first two cells of 8 bytes exchanged."""
    return data[:128] + data[136:144] + data[128:136] + data[144:]


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("vectors.npy", lambda data: data[:128] + b"\x00\x00\xc0\x7f" + data[132:], "b.md: a vector is not finite or not of unit length."),
        ("vectors.npy", lambda data: data[:128] + bytes(32), "b.md: a vector is not finite or not of unit length."),
        ("lengths.npy", lambda data: data[:128] + b"\x09\x00\x00\x00", "the lengths do not agree with the inverted lists."),
        ("entries.npy", lambda data: data[:128] + b"\x01" + data[129:], "an inverted list names a row that does not exist."),
        ("bounds.npy", swapped, "the terms are not in order."),
        ("notes.jsonl", lambda data: data.replace(b'"end":13', b'"end":14'), "b.md: passage 0-14 lies outside the text of 13 characters."),
        ("notes.jsonl", lambda data: data.replace(b'"start":0,"end":13', b'"start":9,"end":9 '), "passage 9-9 lies outside"),
        ("notes.jsonl", lambda data: data.replace(b'"doc_id":"b.md"', b'"doc_id":"c.md"'), "stored is c.md, '제목', 13 characters"),
        ("notes.jsonl", lambda data: data[:60] + b"\n" + data[61:], "b.md: its text cannot be read."),
    ],
)
def test_verify_looks_at_every_row(root: Path, name: str, change: Callable[[bytes], bytes], problem: str) -> None:
    rewrite(root, name, change)
    assert any(problem in told for told in verify(root)), verify(root)


def test_verify_counts_passages(root: Path) -> None:
    line = (root / "segments" / "000002" / "notes.jsonl").read_bytes()
    start = line.index(b'"passages":[')
    shorter = line[: start + 12] + b"]}"
    rewrite(root, "notes.jsonl", lambda data: shorter + b" " * (len(data) - len(shorter) - 1) + b"\n")
    assert "b.md: 0 passages for 1 rows." in verify(root)
    with pytest.raises(IndexCorrupt, match=r"passages of b\.md"):
        FolderIndex.open(root).document("b.md")


def test_manifest_says_what_it_holds(root: Path) -> None:
    body = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    assert (body["format"], body["generation"], body["summary"], body["sources"]) == (2, 3, "+0 ~1 -0 notes", ["/notes"])
    assert body["encoder"] == {"name": "hash", "fingerprint": "hash-8", "dim": 8}
    assert body["settings"]["lexical"] == {"k1": 1.2, "b": 0.75, "analyser": "mecab-ko/1"}
    assert body["documents"]["b.md"] | {"bytes": 0} == {
        "segment": "000002",
        "rows": [0, 1],
        "bytes": 0,
        "title": "제목",
        "characters": 13,
        "content_hash": "hash of 확률 은 0 과 1 사이",
        "warnings": [],
    }
    for segment, entry in body["segments"].items():
        for name, stored in entry["files"].items():
            assert (root / "segments" / segment / name).stat().st_size == stored["bytes"]
    assert json.loads((root / "manifests" / "000002.json").read_text())["documents"]["a.md"]["warnings"] == ["page 4 holds no text"]


# ------------------------------------------------------------------ roll-back by hand


def test_rollback_mends_a_broken_generation(root: Path) -> None:
    for harm in (emptied, flip_middle):
        harm(root / "manifest.json")
        assert [one.current for one in disk.history(root)] == [False] * len(disk.history(root))
        index = rollback(root, 2)
        assert index.document("a.md") == A.document
        assert verify(root) == []
    flip_middle(root / "segments" / "000001" / "vectors.npy")
    with pytest.raises(IndexCorrupt, match=r"000001.*rag index --replace"):
        rollback(root, 1)


def test_rollback_to_a_broken_generation_changes_nothing(root: Path) -> None:
    before = state(FolderIndex.open(root))
    flip_middle(root / "segments" / "000001" / "notes.jsonl")
    with pytest.raises(IndexCorrupt):
        rollback(root, 2)
    assert state(FolderIndex.open(root)) == before
    assert any("000001" in problem for problem in verify(root))


# ----------------------------------------------------------------------- cut short


@pytest.mark.parametrize("error", [full_disk, Killed])
@pytest.mark.parametrize("start", ["nothing", "three generations", "merge and sweep"])
def test_cut_short_anywhere(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Killed], start: str) -> None:
    keep = 2 if start == "merge and sweep" else 10
    if start == "merge and sweep":
        monkeypatch.setattr(commit, "MOST_SEGMENTS", 1)
    changes = Changes(put=[note("a.md", "고친 글\n둘째 줄"), note("c.md", "새 노트")], remove=[] if start == "nothing" else ["b.md"])

    def opened(place: Path, fs: FileSystem) -> FolderIndex:
        return folder(place, fs, keep) if start == "nothing" else FolderIndex.open(place, fs=fs, keep=keep)

    def fresh(name: str) -> Path:
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        if start != "nothing":
            shutil.copytree(root, tmp_path / name)
        return tmp_path / name

    old = None if start == "nothing" else state(FolderIndex.open(root))
    new = state(opened(fresh("whole"), QuickDisk()).apply(changes))
    seen = []
    for step in count():
        place, disk_ = fresh("cut"), FailingDisk(step, error)
        with suppress(IndexProblem, Killed):
            opened(place, disk_).apply(changes)
        if not disk_.failed:
            break
        try:
            left = state(FolderIndex.open(place))
            assert verify(place) == []
        except IndexMissing:
            left = None
        assert left in (old, new), (step, disk_.failed)
        seen.append(left == new)
        index = opened(place, QuickDisk()).apply(put(note("d.md", "다음 갱신")))
        assert index.document("d.md").text == "다음 갱신"
        assert verify(place) == []
        kept = {
            segment
            for one in (disk.read_manifest(place), *(disk.read_archived(place, n) for n in disk.archived(place)))
            for segment in one.segments
        }
        assert {path.name for path in (place / "segments").iterdir()} == kept
    assert seen == sorted(seen)  # old until the rename, new from then on
    assert len(seen) > 15
    assert set(seen) == {False, True}


def test_a_full_disk_gets_its_space_back(root: Path) -> None:
    before = names(root)
    for step in (5, 9):
        with pytest.raises(IndexProblem, match=r"No space left.*whole"):
            FolderIndex.open(root, fs=OnceFull(step)).apply(put(note("c.md", "새 노트")))
    assert names(root) == before


def test_what_cannot_be_removed_now_is_removed_later(root: Path) -> None:
    class Held(QuickDisk):
        """Windows, while a reader has the old files open."""

        def remove(self, file: Path) -> None:
            raise PermissionError(13, "in use")

    index = FolderIndex.open(root, fs=Held(), keep=1).apply(put(note("c.md", "새 노트")))
    assert (index.generation, (root / "segments" / "000001").exists()) == (4, True)
    FolderIndex.open(root, keep=1).apply(put(note("d.md", "새 노트")))
    assert (FolderIndex.open(root).generation, (root / "segments" / "000001").exists()) == (5, False)
    assert verify(root) == []


class OnceFull(FailingDisk):
    """Full at one step; removing works."""

    def __init__(self, at: int) -> None:
        super().__init__(at, full_disk)

    def remove(self, file: Path) -> None:
        file.unlink()

    def remove_folder(self, folder: Path) -> None:
        folder.rmdir()


# --------------------------------------------------------------------------- writers


def test_one_writer_at_a_time(root: Path) -> None:
    index = FolderIndex.open(root)
    with disk.writing(root, DISK):
        with pytest.raises(IndexBusy, match=f"process {os.getpid()} on .*, started 20"):
            index.apply(put(note("c.md", "글")))
        assert state(FolderIndex.open(root)) == state(index)  # readers are not held up
    assert index.apply(put(note("c.md", "글"))).generation == 4


def test_a_killed_writer_frees_the_index(root: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from index import disk; from index.files import DISK\n"
        "with disk.writing(Path(sys.argv[1]), DISK): print('holding', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "holding\n"
        with pytest.raises(IndexBusy, match=f"process {writer.pid} "):
            FolderIndex.open(root).apply(put(note("c.md", "글")))
        writer.kill()
    assert FolderIndex.open(root).apply(put(note("c.md", "글"))).generation == 4


def test_foreign_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UsageError, match=r"thesis\.docx.*--index DIR"):
        folder(tmp_path).apply(put(A))
    with pytest.raises(UsageError, match="is a file"):
        folder(tmp_path / "thesis.docx").apply(put(A))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_new_start_in_the_same_folder_goes_on_counting(root: Path) -> None:
    index = folder(root).apply(put(B))
    assert (index.generation, [info.doc_id for info in index.documents()]) == (4, ["b.md"])
    assert [one.number for one in index.history()] == [4, 3, 2, 1]
    assert set(index.rollback(3).manifest.documents) == {"a.md", "b.md"}
