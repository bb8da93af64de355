"""Indexing beside a page: the inbox among the folders, one run at a time, stopped and gone on with, and what the folders hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from index import build, disk, refresh
from index.encoder import Vectors
from index.errors import UsageError
from index.files import DISK
from index.folder import FolderIndex
from index.holdings import holdings
from index.inbox import Offered, Taken, inbox_of, remove, take
from index.job import Failed, Stopped
from index.refresh import Refresher
from index.settings import IndexSettings
from index.sources import choose_sources, find_notes
from index.types import Progress, UpdateReport
from index.verify import verify
from tests.fakes import HashEncoder


class Slow(HashEncoder):
    """Tells one passage at a time, and waits before each as long as the gate is shut."""

    def __init__(self) -> None:
        super().__init__(dim=8)
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        for number in range(len(texts)):
            self.began.set()
            assert self.gate.wait(20)
            if progress:
                progress("encode", number + 1, len(texts))
        return super().encode_passages(texts)


class Desk:
    """A folder of notes, an index over it, and its inbox."""

    def __init__(self, place: Path) -> None:
        self.index, self.notes = place / "index", place / "notes"
        self.inbox = inbox_of(self.index)
        self.uploads = place / "uploads"
        self.encoder = Slow()
        self.refresher = Refresher(self.index, lambda _: self.encoder)
        for folder in (self.notes / "week1", self.uploads):
            folder.mkdir(parents=True)
        (self.notes / "week1" / "a.md").write_text("# 역전파\n\n기울기를 구한다", encoding="utf-8")

    def mirror(self, *notes: Path, add: bool = False) -> UpdateReport:
        return build.update(self.index, notes or (self.notes,), encoder=self.encoder, analyse=str.split, settings=IndexSettings(), add=add)

    def put_in(self, name: str, content: str) -> Taken:
        path = self.uploads / "file"
        path.write_text(content, encoding="utf-8")
        return take(self.inbox, [Offered(name, path)])

    def ran(self, taken: Taken | None = None) -> UpdateReport | Failed | Stopped:
        assert self.refresher.start(taken)
        return self.ended()

    def ended(self) -> UpdateReport | Failed | Stopped:
        self.refresher.wait(30)
        run = self.refresher.run
        assert run is not None and run.now.outcome is not None
        return run.now.outcome

    def doc_ids(self) -> list[str]:
        return [info.doc_id for info in FolderIndex.open(self.index).documents()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(DISK, "sync", lambda descriptor: None)
    return Desk(tmp_path.resolve())


def test_what_is_put_in_during_a_run_is_indexed_by_it(desk: Desk) -> None:
    desk.encoder.gate.clear()
    assert desk.refresher.start(desk.put_in("b.md", "둘째"))
    assert desk.encoder.began.wait(20)
    assert not desk.refresher.start(desk.put_in("c.md", "셋째"))
    assert not desk.refresher.start()
    desk.encoder.gate.set()
    report, run = desk.ended(), desk.refresher.run
    assert isinstance(report, UpdateReport) and run is not None and run.taken is not None
    assert (report.added, run.taken.placed) == (("index.notes/b.md", "index.notes/c.md"), ("b.md", "c.md"))
    assert desk.doc_ids() == ["index.notes/b.md", "index.notes/c.md"]
    assert isinstance(desk.ran(desk.put_in("d.md", "넷째")), UpdateReport), "the next one is a run of its own"


def test_a_run_that_starts_as_another_ends_is_the_only_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real, restarted = Refresher._is_asked_again, list[bool]()

    def between(refresher: Refresher) -> bool:
        again = real(refresher)
        if not again and not restarted:
            desk.encoder.gate.clear()
            restarted.append(refresher.start(desk.put_in("c.md", "셋째")))
        return again

    monkeypatch.setattr(Refresher, "_is_asked_again", between)
    desk.refresher.start(desk.put_in("b.md", "둘째"))
    first = desk.refresher._job
    assert first is not None
    first.wait(30)
    assert restarted == [True] and desk.refresher.is_running
    assert not desk.refresher.start(), "the one before does not end it"
    desk.encoder.gate.set()
    desk.ended()
    assert desk.doc_ids() == ["index.notes/b.md", "index.notes/c.md"]


def test_a_run_that_is_stopped_does_not_look_again(desk: Desk) -> None:
    desk.encoder.gate.clear()
    desk.refresher.start(desk.put_in("b.md", "둘째"))
    assert desk.encoder.began.wait(20)
    desk.refresher.start(desk.put_in("c.md", "셋째"))
    desk.refresher.stop()
    desk.encoder.gate.set()
    assert isinstance(desk.ended(), Stopped)
    assert isinstance(desk.ran(), UpdateReport) and desk.doc_ids() == ["index.notes/b.md", "index.notes/c.md"]


# ------------------------------------------------------------------------ the inbox among the folders


def test_what_is_put_in_gives_no_other_note_a_new_name(desk: Desk) -> None:
    desk.mirror()
    report = desk.ran(desk.put_in("강의/b.md", "# 어텐션\n\n질의와 키"))
    assert isinstance(report, UpdateReport)
    assert (report.added, report.changed, report.removed, report.unchanged) == (("index.notes/강의/b.md",), (), (), 1)
    assert desk.doc_ids() == ["index.notes/강의/b.md", "week1/a.md"]
    assert FolderIndex.open(desk.index).sources == (str(desk.notes), str(desk.inbox))


def test_the_shell_goes_on_as_before(desk: Desk) -> None:
    desk.mirror()
    desk.ran(desk.put_in("b.md", "둘째"))
    assert desk.mirror().unchanged == 2
    other = desk.notes.with_name("other")
    other.mkdir()
    (other / "c.md").write_text("셋째", encoding="utf-8")
    desk.mirror(other, add=True)
    assert desk.doc_ids() == ["index.notes/b.md", "notes/week1/a.md", "other/c.md"]


def test_an_index_that_began_with_the_inbox_takes_the_first_folder_named(desk: Desk) -> None:
    desk.ran(desk.put_in("b.md", "둘째"))
    assert desk.doc_ids() == ["index.notes/b.md"]
    assert desk.mirror().added == ("week1/a.md",)
    assert choose_sources(desk.index, [str(desk.inbox)], [desk.notes], add=False, replace=True) == (str(desk.notes),)


def test_the_last_note_of_the_inbox_may_go(desk: Desk) -> None:
    desk.mirror()
    desk.ran(desk.put_in("b.md", "둘째"))
    remove(desk.inbox, "b.md")
    report = desk.ran()
    assert isinstance(report, UpdateReport)
    assert (report.removed, desk.doc_ids()) == (("index.notes/b.md",), ["week1/a.md"])
    desk.inbox.rmdir()
    assert desk.mirror().unchanged == 1


def test_an_index_may_become_empty(desk: Desk) -> None:
    desk.ran(desk.put_in("b.md", "둘째"))
    remove(desk.inbox, "b.md")
    assert isinstance(desk.ran(), UpdateReport)
    assert (desk.doc_ids(), verify(desk.index)) == ([], [])
    desk.ran(desk.put_in("c.md", "셋째"))
    assert desk.doc_ids() == ["index.notes/c.md"]


def test_an_inbox_inside_a_folder_that_is_mirrored_is_read_as_part_of_it(desk: Desk) -> None:
    index = desk.notes / "index"
    build.update(index, [desk.notes], encoder=desk.encoder, analyse=str.split, settings=IndexSettings())
    inbox = inbox_of(index)
    inbox.mkdir()
    (inbox / "b.md").write_text("둘째", encoding="utf-8")
    assert refresh.added(index) == []
    refresher = Refresher(index, lambda _: desk.encoder)
    refresher.start()
    refresher.wait(30)
    assert [note.put_in for note in holdings(index, FolderIndex.open(index).documents()).notes] == ["b.md", ""]


def test_a_folder_of_the_name_of_the_inbox(desk: Desk) -> None:
    (desk.notes / "index.notes").mkdir()
    (desk.notes / "index.notes" / "b.md").write_text("둘째", encoding="utf-8")
    with pytest.raises(UsageError, match="another name"):
        find_notes([str(desk.notes), str(desk.inbox)], desk.inbox)


# ------------------------------------------------------------------------ running


def test_a_run_says_how_far_it_is(desk: Desk) -> None:
    desk.encoder.gate.clear()
    assert desk.refresher.run is None
    taken = desk.put_in("b.md", "둘째")
    assert desk.refresher.start(taken)
    assert desk.encoder.began.wait(20)
    run = desk.refresher.run
    assert run is not None and (run.taken, run.now.outcome, desk.refresher.is_running) == (taken, None, True)
    assert (run.now.stage, run.now.done, run.now.total) == ("read", 1, 1)
    assert not desk.refresher.start()
    desk.refresher.dismiss()
    assert desk.refresher.run is not None
    desk.encoder.gate.set()
    assert isinstance(desk.ended(), UpdateReport)
    assert not desk.refresher.is_running
    desk.refresher.dismiss()
    assert desk.refresher.run is None


def test_a_stopped_run_leaves_the_index_whole_and_the_next_goes_on(desk: Desk) -> None:
    desk.mirror()
    before = FolderIndex.open(desk.index)
    desk.encoder.gate.clear()
    desk.encoder.began.clear()
    desk.refresher.start(desk.put_in("b.md", "둘째"))
    assert desk.encoder.began.wait(20)
    desk.refresher.stop()
    run = desk.refresher.run
    assert run is not None and run.now.stopping
    desk.encoder.gate.set()
    assert isinstance(desk.ended(), Stopped)
    after = FolderIndex.open(desk.index)
    assert (after.generation, after.documents(), verify(desk.index)) == (before.generation, before.documents(), [])
    report = desk.ran()
    assert isinstance(report, UpdateReport)
    assert (report.added, report.unchanged) == (("index.notes/b.md",), 1)


def test_what_was_committed_before_the_stop_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMMIT_PASSAGES", 1)
    desk.put_in("b.md", "둘째")
    desk.put_in("c.md", "셋째")

    class AtSecond(Slow):
        calls = 0

        def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            self.calls += 1
            if self.calls == 2:
                desk.refresher.stop()
            return super().encode_passages(texts, progress)

    desk.encoder = AtSecond()
    assert isinstance(desk.ran(), Stopped)
    assert (desk.doc_ids(), verify(desk.index)) == (["index.notes/b.md"], [])
    report = desk.ran()
    assert isinstance(report, UpdateReport)
    assert (report.added, report.unchanged) == (("index.notes/c.md",), 1)


def test_another_writer_is_told_of(desk: Desk) -> None:
    desk.mirror()
    desk.put_in("b.md", "둘째")
    with disk.writing(desk.index, DISK):
        outcome = desk.ran()
    assert isinstance(outcome, Failed) and outcome.busy and "is being written by process" in outcome.message
    assert isinstance(desk.ran(), UpdateReport)


def test_an_error_is_told_and_the_next_run_may_start(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = desk.ran()
    assert isinstance(outcome, Failed) and "mirrors no folder yet" in outcome.message and not outcome.crashed

    def broken(_: Path) -> HashEncoder:
        raise ZeroDivisionError("oh")

    refresher = Refresher(desk.index, broken)
    refresher.start()
    refresher.wait(20)
    assert refresher.run is not None and refresher.run.now.outcome == Failed("ZeroDivisionError: oh", crashed=True)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_broken_file_among_good_ones(desk: Desk) -> None:
    desk.mirror()
    desk.put_in("good.md", "좋은 글")
    report = desk.ran(desk.put_in("bad.pdf", "%PDF-1.4 broken"))
    assert isinstance(report, UpdateReport)
    assert (report.added, [problem.doc_id for problem in report.problems]) == (("index.notes/good.md",), ["index.notes/bad.pdf"])


# ------------------------------------------------------------------------ what is held


def test_holdings_compare_the_index_with_the_folders(desk: Desk) -> None:
    desk.mirror()
    desk.ran(desk.put_in("강의/b.md", "# 둘째\n\n글"))
    desk.put_in("c.md", "셋째")
    (desk.notes / "week1" / "a.md").unlink()
    (desk.notes / "new.txt").write_text("넷째", encoding="utf-8")
    held = holdings(desk.index, FolderIndex.open(desk.index).documents())
    assert [(note.doc_id, note.state, note.put_in) for note in held.notes] == [
        ("index.notes/c.md", "waiting", "c.md"),
        ("index.notes/강의/b.md", "indexed", "강의/b.md"),
        ("new.txt", "waiting", ""),
        ("week1/a.md", "gone", ""),
    ]
    assert (held.folders, held.inbox, held.trouble) == ((desk.notes,), desk.inbox, "")
    assert (held.notes[1].title, held.notes[1].passages, held.notes[1].file) == ("둘째", 1, desk.inbox / "강의" / "b.md")


def test_a_folder_that_is_away_is_told_of(desk: Desk) -> None:
    desk.mirror()
    desk.notes.rename(desk.notes.with_name("away"))
    held = holdings(desk.index, FolderIndex.open(desk.index).documents())
    assert ([note.doc_id for note in held.notes], "is not there" in held.trouble) == (["week1/a.md"], True)


def test_without_an_index_what_was_put_in_waits(desk: Desk) -> None:
    assert holdings(desk.index, []).notes == ()
    desk.put_in("b.md", "둘째")
    assert [(note.doc_id, note.state) for note in holdings(desk.index, []).notes] == [("index.notes/b.md", "waiting")]
