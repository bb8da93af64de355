from __future__ import annotations

import hashlib
import os
import socket
import sys
import unicodedata
from pathlib import Path

import pytest

from index.errors import NoteError, UsageError
from index.notes import SUFFIXES, NoteFile, content_hash, discover, read_note, read_notes, unread_kinds
from index.notes.files import DOCUMENTS
from index.types import Document


def _touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name, encoding="utf-8")


def _ids(*roots: Path) -> list[str]:
    return [file.doc_id for file in discover(roots)]


def test_every_issue_format_has_a_suffix() -> None:
    assert set(SUFFIXES.values()) == {"markdown", "text", "html", "pdf", "docx", "pptx", "ipynb", "captions", "hwp", "hwpx", "image"}


def test_notes_are_found_in_order_and_others_passed_over(tmp_path: Path) -> None:
    kept = ["a.md", "b/나.PDF", "b/가.txt", "_draft/c.ipynb", "z.vtt"]
    _touch(*(tmp_path / name for name in kept))
    _touch(*(tmp_path / name for name in (".hidden.md", ".git/x.md", "b/~$lock.docx", "image.svg", "noext")))
    assert _ids(tmp_path) == sorted(kept)
    assert [file.path.name for file in discover([tmp_path])] == [name.rpartition("/")[2] for name in sorted(kept)]


@pytest.mark.parametrize("name", ["a.mdx", "b.Rmd", "c.qmd"])
def test_kinds_of_markdown_are_markdown(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("import A from 'a'\n\n# 제목\n\n본문이다.\n", "utf-8")
    (file,) = discover([tmp_path])
    note = read_note(file)
    assert (note.structure, note.title) == ("markdown", "제목")


def test_documents_of_no_kind_that_is_read_are_told_one_for_each_kind(tmp_path: Path) -> None:
    _touch(
        *(
            tmp_path / name
            for name in ("a.md", "x/2.rst", "x/1.RST", "3.rst", "old.doc", "data.csv", ".hidden.doc", "~$old.doc", "image.svg")
        )
    )
    _touch(tmp_path / "paper.tex", tmp_path / "paper.pdf")  # the source of what is read
    (tmp_path / "nowhere.odt").symlink_to(tmp_path / "gone.odt")  # `discover` gives it
    told = {problem.doc_id: problem.reason for problem in unread_kinds([tmp_path])}
    assert list(told) == ["old.doc", "3.rst"]
    assert "(and 2 more .rst)" in told["3.rst"] and "more" not in told["old.doc"]
    assert [problem.doc_id for problem in unread_kinds([tmp_path / "x", tmp_path / "a.md"])] == ["x/1.RST"]
    assert not DOCUMENTS & SUFFIXES.keys()


def test_decomposed_file_names_get_composed_ids(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "한글/강의.md")
    _touch(tmp_path / name)
    (file,) = discover([tmp_path])
    assert file.doc_id == "한글/강의.md"
    assert file.path.read_text(encoding="utf-8")


def test_several_roots_are_told_apart_by_name(tmp_path: Path) -> None:
    _touch(tmp_path / "one/a.md", tmp_path / "two/a.md")
    assert _ids(tmp_path / "one", tmp_path / "two") == ["one/a.md", "two/a.md"]
    assert _ids(tmp_path / "one") == ["a.md"]


def test_two_notes_of_one_name_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path / "x/notes/a.md", tmp_path / "y/notes/a.md")
    with pytest.raises(UsageError, match=r"both be called 'notes/a\.md'"):
        discover([tmp_path / "x/notes", tmp_path / "y/notes"])
    with pytest.raises(UsageError, match="both be called"):
        discover([tmp_path / "x/notes", tmp_path / "x/notes"])


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file systems there hold one of the two spellings only")
def test_two_spellings_of_one_name_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path / "가.md", tmp_path / unicodedata.normalize("NFD", "가.md"))
    with pytest.raises(UsageError, match=r"both be called '가\.md'"):
        discover([tmp_path])


def test_a_single_file_may_be_a_root(tmp_path: Path) -> None:
    _touch(tmp_path / "a.md", tmp_path / "a.svg")
    assert _ids(tmp_path / "a.md") == ["a.md"]
    with pytest.raises(UsageError, match="not a kind of note"):
        discover([tmp_path / "a.svg"])


def test_a_missing_root_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such folder or file: .*gone"):
        discover([tmp_path / "gone"])


def test_links_are_followed_once(tmp_path: Path) -> None:
    notes, outside = tmp_path / "notes", tmp_path / "outside"
    _touch(notes / "sub/real.md", outside / "far.md")
    (notes / "sub/loop").symlink_to(notes, target_is_directory=True)
    (notes / "again").symlink_to(notes / "sub", target_is_directory=True)
    (notes / "alias.md").symlink_to(notes / "sub/real.md")
    (notes / "linked").symlink_to(outside, target_is_directory=True)
    assert _ids(notes) == ["linked/far.md", "sub/real.md"]


NO_FILES = {
    "circle.md": "a link that leads in a circle",
    "gone": "a link that leads nowhere",
    "gone.md": "a link that leads nowhere",
    "gone.png": "a link that leads nowhere",
    "links/circle.md": "a link that leads in a circle",
    "pipe.md": "a named pipe, not a file",
    "socket": "a socket, not a file",
    "zero.txt": "a link to a device, not a file",
}
"""What lies among the notes below, and is no file."""


def _make_no_files(folder: Path) -> None:
    (folder / "links").mkdir()
    os.mkfifo(folder / "pipe.md")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "circle.md").symlink_to("links/circle.md")
    (folder / "links/circle.md").symlink_to("../circle.md")
    for name in ("gone", "gone.md", "gone.png", ".#lock.md"):
        (folder / name).symlink_to(folder / "nothing.md")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.relpath(folder / "socket"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_is_found_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    _touch(tmp_path / "a.md", tmp_path / "folder.md/b.md", tmp_path / "shown.png")
    _make_no_files(tmp_path)
    files = {file.doc_id: file for file in discover([tmp_path])}
    assert files.keys() == NO_FILES.keys() | {"a.md", "folder.md/b.md", "shown.png"}
    for name, what in NO_FILES.items():
        for read in (content_hash, lambda path: read_note(NoteFile(path.name, path, tmp_path))):
            with pytest.raises(NoteError) as found:
                read(files[name].path)
            assert str(found.value) == f"cannot be read: {what}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_root_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(UsageError, match=r"neither a folder nor a file: .*pipe\.md"):
        discover([tmp_path / "pipe.md"])


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8 exist on Linux only")
def test_names_from_old_archives_are_read_as_cp949(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/" + "강의.txt".encode("cp949")
    with open(path, "wb") as file:
        file.write("내용".encode())
    (found,) = discover([tmp_path])
    (document,) = read_notes([found])
    assert isinstance(document, Document)
    assert (document.doc_id, document.title, document.text) == ("강의.txt", "내용", "내용")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may list anything, so the refusal is played: silence would take that folder's notes out of the index."""
    _touch(tmp_path / "a.md", tmp_path / "shut/b.md")
    listed = Path.iterdir

    def refusing(self: Path) -> object:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", refusing)
    with pytest.raises(NoteError, match=r"cannot list the folder .*shut: Permission denied"):
        discover([tmp_path])


def test_content_hash(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "a.pdf").write_bytes(data)
    assert content_hash(tmp_path / "a.pdf") == hashlib.sha256(data).hexdigest()
    with pytest.raises(NoteError, match="cannot be read: No such file"):
        content_hash(tmp_path / "gone.pdf")
