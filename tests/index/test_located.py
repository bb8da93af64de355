"""The file that a note of an index came from."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from index.located import candidates, unchanged
from index.notes import content_hash, discover


def notes(tmp_path: Path, *names: str) -> Path:
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


def test_every_note_is_found_under_the_name_that_it_was_given(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "강의/한글.md")
    one = notes(tmp_path / "one", "a.md", "week01/b.md", decomposed)
    two = notes(tmp_path / unicodedata.normalize("NFD", "둘"), "a.md")
    for roots in ([one], [one, two], [one / "a.md"]):
        sources = [str(root) for root in roots]
        for file in discover(roots):
            assert unchanged(candidates(sources, file.doc_id), content_hash(file.path)) == file.path


def test_of_two_files_that_the_name_may_mean_the_one_that_was_indexed_is_taken(tmp_path: Path) -> None:
    root = notes(tmp_path / "notes", "a.md", "notes/a.md")
    paths = candidates([str(root)], "notes/a.md")
    assert sorted(paths) == [root / "a.md", root / "notes" / "a.md"]
    assert unchanged(paths, content_hash(root / "a.md")) == root / "a.md"


def test_a_file_that_changed_or_went_is_none(tmp_path: Path) -> None:
    root = notes(tmp_path, "a.md")
    known = content_hash(root / "a.md")
    (root / "a.md").write_text("neu", encoding="utf-8")
    assert unchanged(candidates([str(root)], "a.md"), known) is None
    assert candidates([str(root)], "b.md") == candidates([str(root / "gone")], "a.md") == candidates([], "a.md") == []


def test_no_name_leads_out_of_the_folders(tmp_path: Path) -> None:
    root = notes(tmp_path / "in", "a.md")
    notes(tmp_path, "secret.md")
    for name in ("../secret.md", "x/../../secret.md", str(tmp_path / "secret.md"), "", "\0"):
        assert candidates([str(root)], name) == []
