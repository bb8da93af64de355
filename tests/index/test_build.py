"""An index mirrors its folders: only what changed is read and embedded, and whatever happens on the way, nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import build, disk, folder
from index.encoder import Vectors
from index.errors import IndexBusy, IndexCorrupt, IndexProblem, NoteError, SourceMismatch, UsageError
from index.files import DISK
from index.folder import FolderIndex
from index.lexical import Postings
from index.notes import NoteFile
from index.notes.read import read_note
from index.settings import IndexSettings, SplitSettings
from index.types import Document, NoteProblem, Progress, UpdateReport
from index.verify import verify
from tests.fakes import HashEncoder
from tests.index.samples import FailingDisk, Killed, full_disk, state


class Watched(HashEncoder):
    """Remembers what it embedded, and can be interrupted at its n-th call."""

    def __init__(self, name: str = "hash", interrupted_at: int | None = None) -> None:
        super().__init__(dim=8, name=name)
        self.seen: list[str] = []
        self.calls = 0
        self.interrupted_at = interrupted_at

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.calls += 1
        if self.calls == self.interrupted_at:
            raise KeyboardInterrupt
        self.seen += texts
        return super().encode_passages(texts, progress)


class Desk:
    """A folder of notes, an index, and what the last run looked at."""

    def __init__(self, place: Path) -> None:
        self.notes = place / "notes"
        self.index = place / "index"
        self.encoder = Watched()
        self.analysed: list[str] = []
        self.write("a.md", "# 역전파\n기울기 를 구한다")
        self.write("week2/b.txt", "확률 은 0 과 1 사이")
        self.write("week2/c.md", "# 셋째\n첫 문단\n\n## 절\n둘째 문단")

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.notes / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def analyse(self, text: str) -> list[str]:
        self.analysed.append(text)
        return text.split()

    def update(self, *notes: Path, encoder: HashEncoder | None = None, settings: IndexSettings | None = None, **more: Any) -> UpdateReport:
        self.encoder.seen, self.analysed = [], []
        return build.update(
            self.index, notes, encoder=encoder or self.encoder, analyse=self.analyse, settings=settings or IndexSettings(), **more
        )

    def opened(self) -> FolderIndex:
        return FolderIndex.open(self.index)

    def doc_ids(self) -> list[str]:
        return [info.doc_id for info in self.opened().documents()]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here needs the platter; those that count operations have a disk of their own."""
    monkeypatch.setattr(DISK, "sync", lambda descriptor: None)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Notes are read in this process; `test_reads_in_a_child_process` has the real way."""
    monkeypatch.setattr(build, "read_notes", read_here)
    return Desk(tmp_path)


def read_here(files: Sequence[NoteFile], progress: Progress | None = None) -> Iterator[Document | NoteProblem]:
    for done, file in enumerate(files, start=1):
        try:
            yield read_note(file)
        except NoteError as error:
            yield NoteProblem(file.doc_id, str(error))
        if progress:
            progress("read", done, len(files))


# ----------------------------------------------------------------- what a run does


def test_first_run(desk: Desk) -> None:
    report = desk.update(desk.notes)
    index = desk.opened()
    assert report == UpdateReport(1, added=("a.md", "week2/b.txt", "week2/c.md"), passages=len(index))
    assert index.sources == (str(desk.notes.resolve()),)
    assert [one.summary for one in index.history()] == ["+3 ~0 -0 notes"]
    passages = index.passages(range(len(index)))
    assert desk.analysed == [passage.embedded for passage in passages]
    assert desk.encoder.seen == sorted(desk.analysed, key=lambda text: -len(text.split()))
    assert index.dense(HashEncoder(8).encode_passages([passages[-1].embedded]), 1)[0].tolist() == [[len(index) - 1]]
    assert index.document_frequency(["확률", "문단"]) == [1, sum("문단" in passage.embedded for passage in passages)]
    assert verify(desk.index) == []


def test_reads_in_a_child_process(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("broken.docx", b"no zip file")
    report = desk.update(desk.notes)
    assert (report.added, [problem.doc_id for problem in report.problems]) == (("a.md", "week2/b.txt", "week2/c.md"), ["broken.docx"])


def test_second_run_looks_at_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.update(desk.notes)
    before = {path: path.stat().st_mtime_ns for path in desk.index.rglob("*.json*")}
    read: list[NoteFile] = []
    monkeypatch.setattr(build, "read_notes", lambda files, progress: iter(read.extend(files) or []))
    report = desk.update()
    assert report == UpdateReport(1, unchanged=3, passages=len(desk.opened()))
    assert (read, desk.encoder.seen, desk.analysed) == ([], [], [])
    assert {path: path.stat().st_mtime_ns for path in desk.index.rglob("*.json*") if path.name != "writer.json"} == {
        path: at for path, at in before.items() if path.name != "writer.json"
    }


def test_added_changed_and_removed(desk: Desk) -> None:
    desk.update(desk.notes)
    desk.write("a.md", "# 역전파\n연쇄 법칙")
    desk.write("d.md", "새 노트")
    (desk.notes / "week2/b.txt").unlink()
    report = desk.update(desk.notes)
    assert report == UpdateReport(2, added=("d.md",), changed=("a.md",), removed=("week2/b.txt",), unchanged=1, passages=len(desk.opened()))
    index = desk.opened()
    assert desk.doc_ids() == ["a.md", "d.md", "week2/c.md"]
    assert desk.encoder.seen == [passage.embedded for passage in index.passages(range(len(index))) if passage.doc_id in ("a.md", "d.md")]
    assert index.document("a.md").text == "# 역전파\n연쇄 법칙"
    assert [one.summary for one in index.history()] == ["+1 ~1 -1 notes", "+3 ~0 -0 notes"]
    assert verify(desk.index) == []


def test_equals_an_index_made_at_once(desk: Desk, tmp_path: Path) -> None:
    desk.update(desk.notes)
    desk.write("week2/c.md", "짧게")
    desk.update()
    desk.write("d.md", "새 노트 역전파")
    desk.update()
    grown = state(desk.opened())
    desk.index = tmp_path / "other"
    desk.update(desk.notes)
    assert state(desk.opened()) == grown


def test_moved_notes_are_not_embedded_again(desk: Desk) -> None:
    desk.update(desk.notes)
    before = {doc_id: desk.opened().indexed(doc_id) for doc_id in desk.doc_ids()}
    (desk.notes / "a.md").rename(desk.notes / "week2" / "a.md")
    desk.encoder.calls = 0
    report = desk.update()
    assert (report.added, report.removed, desk.encoder.calls, desk.analysed) == (("week2/a.md",), ("a.md",), 0, [])
    after = desk.opened().indexed("week2/a.md")
    assert [passage.passage_id for passage in after.passages] == [f"week2/{passage.passage_id}" for passage in before["a.md"].passages]
    assert np.array_equal(after.vectors, before["a.md"].vectors)
    assert after.terms == before["a.md"].terms
    assert verify(desk.index) == []


def test_a_folder_that_is_renamed_is_looked_through_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        desk.write(f"old/{number}.md", f"글 {number} 이다")
    desk.update(desk.notes)
    looked, real = list[int](), folder.terms_of

    def counted(postings: Postings, first: int, end: int) -> list[list[str]]:
        looked.append(first)
        return real(postings, first, end)

    monkeypatch.setattr(folder, "terms_of", counted)
    shutil.copytree(desk.notes / "old", desk.notes / "copied")
    (desk.notes / "old").rename(desk.notes / "new")
    desk.encoder.calls = 0
    report = desk.update()
    assert (len(report.added), len(report.removed), desk.encoder.calls) == (18, 9, 0)
    assert len(looked) == 1
    assert desk.opened().document("copied/3.md").text == desk.opened().document("new/3.md").text == "글 3 이다"


def test_a_renamed_note_without_heading_has_a_new_title(desk: Desk) -> None:
    desk.write("name.md", "본문 만 있다")
    desk.update(desk.notes)
    (desk.notes / "name.md").rename(desk.notes / "other.md")
    desk.update()
    assert desk.opened().document("other.md").title == "other"


def test_progress(desk: Desk) -> None:
    told: list[tuple[str, int, int]] = []
    desk.update(desk.notes, progress=lambda *what: told.append(what))
    passages = len(desk.opened())
    assert told == [("read", 1, 3), ("read", 2, 3), ("read", 3, 3), ("encode", passages, passages)]


def test_progress_of_a_long_run_guesses_from_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    for number in range(4):
        desk.write(f"week3/{number}.md", "# 같은 길이\n한 문단")
    told: list[tuple[str, int, int]] = []
    desk.update(desk.notes, progress=lambda *what: told.append(what))
    passages = len(desk.opened())
    stages = [stage for stage, _, _ in told]
    assert stages == sorted(stages, reverse=True)  # reading is told until the first passage is embedded
    assert told[-1] == ("encode", passages, passages)
    assert all(0 <= done <= total for _, done, total in told)
    assert told[stages.index("encode")][2] in range(passages - 2, passages + 3)


def test_commits_grow_with_the_index() -> None:
    assert [build._size(passages) for passages in (0, 2048, 4096, 20_000, 10**6)] == [512, 512, 1024, 5000, 8192]


def test_a_long_run_holds_one_group(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 2)
    for number in range(12):
        desk.write(f"week3/{number:02}.md", f"문단 {number}")
    sizes: list[int] = []
    real = build._embedded

    def watched(notes: Sequence[Any], tools: Any) -> list[Any]:
        sizes.append(sum(len(note.passages) for note in notes))
        return real(notes, tools)

    monkeypatch.setattr(build, "_embedded", watched)
    monkeypatch.setattr(build, "LARGEST_COMMIT", 3)
    desk.update(desk.notes)
    assert (sum(sizes), max(sizes)) == (len(desk.opened()), 3)
    assert desk.opened().generation == len(sizes)


# ------------------------------------------------------------------ notes that fail


def test_unreadable_note_keeps_its_earlier_version(desk: Desk) -> None:
    desk.write("d.md", "네 번째")
    desk.update(desk.notes)
    text = desk.opened().document("d.md")
    desk.write("d.md", b"\x00" * 50)
    report = desk.update()
    assert [problem.doc_id for problem in report.problems] == ["d.md"]
    assert [(warning.doc_id, warning.reason) for warning in report.warnings] == [("d.md", "its earlier version stays in the index")]
    assert (report.generation, report.changed, report.removed, desk.opened().document("d.md")) == (1, (), (), text)
    assert desk.update(encoder=Watched("other")).changed == ("a.md", "d.md", "week2/b.txt", "week2/c.md")
    assert desk.opened().document("d.md") == text
    desk.write("d.md", "고쳤다")
    assert desk.update(encoder=Watched("other")).changed == ("d.md",)
    assert desk.opened().document("d.md").text == "고쳤다"


def test_unreadable_new_note_costs_one_line(desk: Desk) -> None:
    desk.write("d.pdf", b"not a pdf")
    report = desk.update(desk.notes)
    assert (report.added, [problem.doc_id for problem in report.problems]) == (("a.md", "week2/b.txt", "week2/c.md"), ["d.pdf"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_costs_one_line(desk: Desk) -> None:
    os.mkfifo(desk.notes / "pipe.md")
    (desk.notes / "week2" / "gone.md").symlink_to("nothing.md")
    report = desk.update(desk.notes)
    assert report.added == ("a.md", "week2/b.txt", "week2/c.md")
    told = [
        NoteProblem("pipe.md", "cannot be read: a named pipe, not a file"),
        NoteProblem("week2/gone.md", "cannot be read: a link that leads nowhere"),
    ]
    assert report.problems == tuple(told)
    assert desk.update().problems == tuple(told)


def test_a_note_whose_link_breaks_stays(desk: Desk, tmp_path: Path) -> None:
    far = tmp_path / "far.md"
    far.write_text("# 먼 글\n멀리 있다", encoding="utf-8")
    (desk.notes / "far.md").symlink_to(far)
    desk.update(desk.notes)
    far.unlink()
    report = desk.update()
    assert (report.removed, [problem.doc_id for problem in report.problems]) == ((), ["far.md"])
    assert report.warnings == (NoteProblem("far.md", "its earlier version stays in the index"),)
    assert "far.md" in desk.doc_ids()
    (desk.notes / "far.md").unlink()
    assert desk.update().removed == ("far.md",)


def test_documents_that_are_never_read_are_told_and_harm_nothing(desk: Desk) -> None:
    (desk.notes / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    for report in (desk.update(desk.notes), desk.update()):
        assert [problem.doc_id for problem in report.problems] == ["old.doc"] and not report.warnings
    assert desk.update().unchanged == len(desk.doc_ids()) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_folder_of_pipes_alone_takes_no_note_with_it(desk: Desk) -> None:
    desk.update(desk.notes)
    for file in [path for path in desk.notes.rglob("*") if path.is_file()]:
        file.unlink()
    os.mkfifo(desk.notes / "pipe.md")
    with pytest.raises(UsageError, match="holds no notes"):
        desk.update()
    assert len(desk.doc_ids()) == 3


def test_file_that_cannot_be_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.update(desk.notes)
    real = build.content_hash

    def locked(path: Path) -> str:
        if path.name == "a.md":
            raise NoteError("cannot be read: Permission denied")
        return real(path)

    monkeypatch.setattr(build, "content_hash", locked)
    report = desk.update()
    assert [(problem.doc_id, problem.reason) for problem in report.problems] == [("a.md", "cannot be read: Permission denied")]
    assert desk.doc_ids() == ["a.md", "week2/b.txt", "week2/c.md"]


def test_no_note_can_be_read(desk: Desk, tmp_path: Path) -> None:
    desk.update(desk.notes)
    before = state(desk.opened())
    other = tmp_path / "other"
    other.mkdir()
    (other / "d.pdf").write_bytes(b"not a pdf")
    with pytest.raises(NoteError, match="None of 1 notes"):
        desk.update(other, replace=True)
    assert state(desk.opened()) == before


def test_warnings_of_notes_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    warned = "page 4 holds no text: a scan?"
    monkeypatch.setattr(build, "read_notes", lambda files, progress: (replace(read_note(file), warnings=(warned,)) for file in files[:1]))
    (desk.notes / "week2/b.txt").unlink()
    (desk.notes / "week2/c.md").unlink()
    assert desk.update(desk.notes).warnings == (NoteProblem("a.md", warned),)
    assert desk.opened().documents()[0].warnings == (warned,)


# --------------------------------------------------------------------------- sources


def test_other_folders_are_refused(desk: Desk, tmp_path: Path) -> None:
    desk.update(desk.notes)
    other = tmp_path / "other"
    other.mkdir()
    (other / "z.md").write_text("다른 폴더")
    with pytest.raises(SourceMismatch, match=rf"mirrors {desk.notes}, not {other}.*--add.*--replace"):
        desk.update(other)
    assert desk.doc_ids() == ["a.md", "week2/b.txt", "week2/c.md"]

    report = desk.update(other, add=True)
    assert desk.encoder.seen == ["z\n다른 폴더"]
    assert desk.doc_ids() == ["notes/a.md", "notes/week2/b.txt", "notes/week2/c.md", "other/z.md"]
    assert report.removed == ("a.md", "week2/b.txt", "week2/c.md")
    assert desk.opened().sources == (str(desk.notes), str(other))
    assert desk.update(desk.notes).unchanged == 4  # naming one of several mirrors them all
    assert desk.update().unchanged == 4

    report = desk.update(other, replace=True)
    assert (report.added, len(report.removed), desk.doc_ids()) == (("z.md",), 4, ["z.md"])
    assert desk.opened().sources == (str(other),)
    assert [info.doc_id for info in desk.opened().rollback(1).documents()] == ["a.md", "week2/b.txt", "week2/c.md"]


def test_a_single_file_is_a_source(desk: Desk) -> None:
    desk.update(desk.notes / "a.md")
    assert desk.doc_ids() == ["a.md"]
    assert desk.update().unchanged == 1


def test_sources_that_make_no_sense(desk: Desk, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="holds no notes"):
        desk.update(empty)
    with pytest.raises(UsageError, match="is not there"):
        desk.update(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="mirrors no folder yet"):
        desk.update()
    with pytest.raises(UsageError, match="exclude"):
        desk.update(desk.notes, add=True, replace=True)
    with pytest.raises(UsageError, match="lies in"):
        desk.update(desk.notes, desk.notes / "week2")
    assert not desk.index.exists()


def test_folder_that_is_gone_takes_nothing_with_it(desk: Desk) -> None:
    desk.update(desk.notes)
    before = state(desk.opened())
    desk.notes.rename(desk.notes.with_name("unplugged"))
    with pytest.raises(UsageError, match="is not there"):
        desk.update()
    desk.notes.mkdir()
    with pytest.raises(UsageError, match="holds no notes"):
        desk.update()
    assert state(desk.opened()) == before


# --------------------------------------------------------- another encoder, other settings


def test_other_encoder_embeds_everything_anew_in_one_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    desk.update(desk.notes)
    reader, first = desk.opened(), desk.opened().generation
    other = Watched("other")
    report = desk.update(encoder=other)
    assert (report.changed, other.calls) == (("a.md", "week2/b.txt", "week2/c.md"), 3)
    assert (desk.opened().encoder_name, reader.encoder_name) == ("other", "hash")
    assert len(other.seen) == len(reader) == len(desk.opened())
    assert [one.number for one in desk.opened().history()] == [report.generation, first]
    assert verify(desk.index) == []
    assert desk.update(encoder=other).generation == report.generation


@pytest.mark.parametrize("call", [1, 2, 3])
def test_killed_rebuild_leaves_the_old_index(desk: Desk, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    desk.update(desk.notes)
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    before, other = state(desk.opened()), Watched("other")
    with pytest.raises(KeyboardInterrupt):
        desk.update(encoder=Watched("other", interrupted_at=call))
    assert state(desk.opened()) == before
    desk.update(encoder=other)
    assert (desk.opened().encoder_name, len(desk.opened()), other.calls) == ("other", len(before["passages"]), 3)
    assert len(list((desk.index / "segments").iterdir())) == len({*desk.opened().manifest.segments, "000001"})
    assert verify(desk.index) == []


def test_other_settings_split_everything_anew(desk: Desk) -> None:
    desk.write("long.md", "\n\n".join(f"문단 {number} 은 여러 단어 로 되어 있다" for number in range(30)))
    desk.update(desk.notes)
    settings = IndexSettings(split=SplitSettings(max_tokens=40, target_tokens=20))
    passages = len(desk.opened())
    report = desk.update(settings=settings)
    assert (len(report.changed), desk.opened().settings) == (4, settings)
    assert report.passages == len(desk.opened()) > passages
    assert desk.update(settings=settings).generation == report.generation


# -------------------------------------------------------------- interrupted and broken


def test_interrupted_run_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    with pytest.raises(KeyboardInterrupt):
        desk.update(desk.notes, encoder=Watched(interrupted_at=3))
    assert desk.doc_ids() == ["a.md", "week2/b.txt"]
    assert desk.opened().history()[0].summary.endswith("new passages")
    report = desk.update()
    assert (report.added, report.unchanged) == (("week2/c.md",), 2)
    assert all("셋째" in text for text in desk.encoder.seen)
    assert [(one.number, one.summary) for one in desk.opened().history()] == [(3, "+1 ~0 -0 notes")]


def test_partial_generation_is_finished_even_if_nothing_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    with pytest.raises(KeyboardInterrupt):
        desk.update(desk.notes, encoder=Watched(interrupted_at=3))
    (desk.notes / "week2/c.md").unlink()
    assert desk.update().generation == 3
    assert (desk.opened().manifest.partial, desk.opened().history()[0].summary) == (False, "+0 ~0 -0 notes")
    assert desk.update().generation == 3


@pytest.mark.parametrize("error", [full_disk, Killed])
def test_cut_short_anywhere_the_next_run_ends_right(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Killed]
) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 2)
    desk.update(desk.notes)
    expected = state(desk.opened())
    for step in count():
        desk.index, failing = tmp_path / f"cut{step}", FailingDisk(step, error)
        with suppress(IndexProblem, Killed):
            desk.update(desk.notes, fs=failing)
        if not failing.failed:
            break
        if (desk.index / "manifest.json").exists():
            assert verify(desk.index) == []
        desk.update(desk.notes)
        assert state(desk.opened()) == expected
        assert not desk.opened().manifest.partial
    assert step > 30


def test_broken_index_is_mended_by_replace(desk: Desk) -> None:
    desk.update(desk.notes)
    before = state(desk.opened())
    for name in ("segments/000001/vectors.npy", "manifest.json"):
        place = next(desk.index.glob("segments/*")) / "vectors.npy" if "vectors" in name else desk.index / name
        data = bytearray(place.read_bytes())
        data[-1] ^= 1
        place.write_bytes(data)
        with pytest.raises(IndexCorrupt):
            desk.update(desk.notes)
        desk.update(desk.notes, replace=True)
        assert state(desk.opened()) == before
        assert desk.encoder.seen != []


def test_replace_without_names_keeps_the_folders(desk: Desk) -> None:
    desk.update(desk.notes)
    before = state(desk.opened())
    report = desk.update(replace=True)
    assert (report.generation, len(report.changed), state(desk.opened())) == (2, 3, before)


def test_busy(desk: Desk) -> None:
    desk.update(desk.notes)
    with disk.writing(desk.index, DISK), pytest.raises(IndexBusy, match="is being written by process"):
        desk.update()
