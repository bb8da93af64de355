"""An index moved between engines: nothing is lost, a stopped copy goes on, and what differs is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index import copying
from index.engines import Stored, open_index
from index.errors import IndexMissing, UsageError
from index.folder import FolderIndex
from index.index import Changes, IndexedDocument
from index.places import Place
from index.postgres.uri import Database
from index.types import Passage
from tests.index.samples import folder, note, postgresql, put, state
from tests.index.test_index_seam import NOTES

DIRECTIONS = ["folder to folder", "folder to postgresql", "postgresql to folder"]


@pytest.fixture(params=DIRECTIONS)
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Stored, Place]:
    """An index of four notes with a past, and a place for its copy."""
    old, new = request.param.split(" to ")
    database: Database | None = request.getfixturevalue("database") if "postgresql" in request.param else None
    source: Stored = postgresql(database) if old == "postgresql" and database else folder(tmp_path / "old")
    source = source.apply(put(NOTES[3], note("gone.md", "역전파 는 여기 에 도"))).apply(put(*NOTES[:3]))
    source = source.apply(Changes(remove=["gone.md"]))
    return source, database if new == "postgresql" and database else tmp_path / "new"


def test_a_copy_is_the_same_index(ends: tuple[Stored, Place]) -> None:
    source, target = ends
    done = copying.copy(source.path, target)
    assert state(open_index(target)) == state(source)
    assert (done.same, done.notes, done.passages, done.generation, done.differing) == (True, 4, 8, 1, ())
    assert done.legs == {"dense": copying.Leg(1.0, 0.0, 0), "lexical": copying.Leg(1.0, 0.0, 0)}
    assert done.questions == 8 and "vectors of passages" in done.asked_by
    assert open_index(target).history()[0].summary == "copy of generation 3"


def test_a_copy_that_was_stopped_goes_on(ends: tuple[Stored, Place], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = ends
    monkeypatch.setattr(copying, "GROUP", 2)
    seen: list[int] = []

    def stop(stage: str, done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(source.path, target, progress=stop)
    there = len(open_index(target).documents())
    assert 0 < there < 4 and open_index(target).unfinished
    seen.clear()
    assert copying.copy(source.path, target, progress=lambda stage, done, total: seen.append(total)).same
    assert seen[0] == 4 - there
    assert state(open_index(target)) == state(source)


def test_no_note_is_counted_again_for_those_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    every = FolderIndex.every

    class Counted(list[Passage]):
        def __init__(self, passages: Iterable[Passage]) -> None:
            super().__init__(passages)
            self.number = len(looks)
            looks.append(0)

        def __len__(self) -> int:
            looks[self.number] += 1
            return super().__len__()

    def counted(index: FolderIndex, doc_ids: Collection[str] | None = None) -> Iterator[IndexedDocument]:
        return (replace(item, passages=Counted(item.passages)) for item in every(index, doc_ids))

    source = folder(tmp_path / "old").apply(put(*(note(f"{number}.md", "글") for number in range(9))))
    monkeypatch.setattr(FolderIndex, "every", counted)
    assert copying.copy(source.path, tmp_path / "new").same
    assert len(looks) == 9 and len(set(looks)) == 1


def test_what_is_there_is_replaced_only_when_asked(ends: tuple[Stored, Place]) -> None:
    source, target = ends
    copying.copy(source.path, target)
    source.apply(put(note("new.md", "새 노트")))
    with pytest.raises(UsageError, match=r"holds an index of 4 notes already.*--replace"):
        copying.copy(source.path, target)
    done = copying.copy(source.path, target, replace=True)
    assert (done.same, done.notes, done.generation) == (True, 5, 2)
    assert [one.number for one in open_index(target).history()] == [2, 1]


def test_a_replacement_that_is_stopped_leaves_what_is_there(ends: tuple[Stored, Place], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = ends
    copying.copy(source.path, target)
    before = state(open_index(target))
    monkeypatch.setattr(copying, "GROUP", 2)

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(source.path, target, replace=True, progress=stop)
    assert state(open_index(target)) == before


def test_differences_are_told(tmp_path: Path) -> None:
    old = folder(tmp_path / "old").apply(put(*NOTES))
    new = folder(tmp_path / "new").apply(put(*NOTES[:3], note("week10/bm25.md", "딴 글 역전파")))
    found = copying.compared(old, new)
    assert not found.same and found.differing == ("week10/bm25.md",)
    assert found.legs["dense"].overlap < 0.98 and not found.legs["lexical"].same


def test_an_empty_index_and_none(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        copying.copy(tmp_path / "nothing", tmp_path / "new")
    empty = folder(tmp_path / "old").apply(Changes())
    done = copying.copy(empty.path, tmp_path / "new")
    assert (done.same, done.notes, done.legs) == (True, 0, {})
