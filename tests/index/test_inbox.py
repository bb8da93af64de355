"""What is put in beside an index: safe names, no surprise for what lies there, nothing outside it."""

from __future__ import annotations

import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import inbox
from index.errors import UsageError
from index.inbox import Offered, Taken, inbox_of, remove, safe_name, take
from index.notes import content_hash


class Box:
    """An inbox, and a folder outside it from which files are offered."""

    def __init__(self, place: Path) -> None:
        self.root = inbox_of(place / "index")
        self.uploads = place / "uploads"
        self.uploads.mkdir()

    def offer(self, name: str, content: str = "글") -> Offered:
        path = self.uploads / f"{len(list(self.uploads.iterdir()))}"
        path.write_text(content, encoding="utf-8")
        return Offered(name, path)

    def files(self) -> dict[str, str]:
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(found)}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path.resolve())


def refusals(taken: Taken) -> dict[str, str]:
    return {each.name: each.reason for each in taken.refused}


def test_the_inbox_lies_beside_the_index(tmp_path: Path) -> None:
    assert inbox_of(tmp_path / "data" / "index") == tmp_path.resolve() / "data" / "index.notes"


def test_files_and_folders_keep_their_places(box: Box) -> None:
    taken = take(box.root, [box.offer("a.md", "가"), box.offer("강의/3주차/b.txt", "나")])
    assert taken == Taken(placed=("a.md", "강의/3주차/b.txt"))
    assert box.files() == {"a.md": "가", "강의/3주차/b.txt": "나"}


def test_names_become_nfc(box: Box) -> None:
    name = unicodedata.normalize("NFD", "역전파.md")
    assert take(box.root, [box.offer(name)]).placed == ("역전파.md",)
    assert [path.name for path in box.root.iterdir()] == ["역전파.md"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.md", "name"),
        ("week/../../a.md", "name"),
        ("..\\a.md", "name"),
        ("", "name"),
        ("/", "name"),
        ("./a.md", "name"),
        ("/".join("x" * 14) + "/a.md", "name"),
        ("\ud800.md", "name"),
        (".secret.md", "hidden"),
        (".git/a.md", "hidden"),
        ("~$a.docx", "hidden"),
        ("a.exe", "kind"),
        ("md", "kind"),
    ],
)
def test_what_is_not_put_in(box: Box, name: str, reason: str) -> None:
    assert refusals(take(box.root, [box.offer(name)])) == {name: reason}
    assert not box.root.exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("/etc/a.md", "etc/a.md"),
        ("C:\\노트\\a.md", "C_/노트/a.md"),
        ('a<b>:"|?*.md', "a_b______.md"),
        ("week 1 /a .md", "week 1/a .md"),
        ("nul.md", "_nul.md"),
        ("com1/a.md", "_com1/a.md"),
        ("console.md", "console.md"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("가" * 100 + ".pdf", "가" * 65 + ".pdf"),
    ],
)
def test_names_that_are_mended(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_no_name_leads_out(name: str) -> None:
    try:
        parts = safe_name(name).split("/")
    except inbox._No:
        return
    assert all(part and part not in (".", "..") and not part.startswith(".") and not set(part) & set('\\<>:"|?*\0') for part in parts)
    assert all(len(part.encode()) <= 255 for part in parts)


def test_sizes_have_limits(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_FILE_BYTES", 10)
    taken = take(box.root, [box.offer("large.md", "x" * 11), box.offer("empty.md", ""), box.offer("good.md", "x" * 10)])
    assert refusals(taken) == {"large.md": "size", "empty.md": "empty"}
    assert taken.placed == ("good.md",)


def test_so_many_files_at_a_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_FILES", 2)
    taken = take(box.root, [box.offer(f"{n}.md", str(n)) for n in range(3)])
    assert (taken.placed, refusals(taken)) == (("0.md", "1.md"), {"2.md": "many"})


def test_a_name_in_use_is_asked_about(box: Box) -> None:
    take(box.root, [box.offer("a.md", "옛것")])
    again = box.offer("a.md", "새것")
    assert take(box.root, [again, box.offer("b.md", "다른 것")]) == Taken(placed=("b.md",), clashing=(again,))
    assert box.files()["a.md"] == "옛것"
    assert take(box.root, [again], "both").placed == ("a (2).md",)
    assert take(box.root, [box.offer("a.md", "셋째")], "both").placed == ("a (3).md",)
    assert take(box.root, [again], "replace").placed == ("a.md",)
    assert box.files() == {"a (2).md": "새것", "a (3).md": "셋째", "a.md": "새것", "b.md": "다른 것"}


def test_the_same_content_is_not_written_again(box: Box) -> None:
    take(box.root, [box.offer("a.md", "가")])
    assert take(box.root, [box.offer("a.md", "가")], "replace") == Taken(same=("a.md",))


def test_what_another_note_holds_is_not_put_in(box: Box) -> None:
    offered = box.offer("copy.md", "가")
    taken = take(box.root, [offered], known={content_hash(offered.path): "week1/a.md"})
    assert taken == Taken(twins={"copy.md": "week1/a.md"})
    assert box.files() == {}


def test_what_is_put_in_at_once_is_not_mixed_up(box: Box) -> None:
    """Each of the names is offered with two contents by two people at a time."""
    content = {who: who * 200_000 for who in "가나다라"}
    offers = {who: [box.offer(f"{number}.md", text) for number in range(12)] for who, text in content.items()}
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda who: take(box.root, offers[who]), offers))
    assert [each.refused for each in taken] == [()] * 4
    assert sum(len(each.placed) for each in taken) == 12 and sum(len(each.clashing) for each in taken) == 36
    placed = {name: who for who, each in zip(offers, taken, strict=True) for name in each.placed}
    assert box.files() == {name: content[who] for name, who in placed.items()}


def test_a_file_where_a_folder_should_be(box: Box) -> None:
    take(box.root, [box.offer("a.md", "가")])
    assert refusals(take(box.root, [box.offer("a.md/b.md", "나")])) == {"a.md/b.md": "disk"}
    assert box.files() == {"a.md": "가"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_lead_nowhere(box: Box, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "own.md").write_text("내 것", encoding="utf-8")
    box.root.mkdir()
    (box.root / "link").symlink_to(outside)
    (box.root / "own.md").symlink_to(outside / "own.md")
    taken = take(box.root, [box.offer("link/a.md"), box.offer("own.md", "남의 것")], "replace")
    assert refusals(taken) == {"link/a.md": "name", "own.md": "name"}
    for name in ("link/own.md", "own.md"):
        with pytest.raises(UsageError, match="does not lie in"):
            remove(box.root, name)
    assert [path.name for path in outside.iterdir()] == ["own.md"]
    assert (outside / "own.md").read_text(encoding="utf-8") == "내 것"


def test_a_note_is_taken_out_with_the_folders_it_leaves_empty(box: Box) -> None:
    take(box.root, [box.offer("w/1/a.md", "가"), box.offer("w/b.md", "나")])
    remove(box.root, "w/1/a.md")
    assert sorted(path.relative_to(box.root).as_posix() for path in box.root.rglob("*")) == ["w", "w/b.md"]
    remove(box.root, "w/b.md")
    assert list(box.root.iterdir()) == []


@pytest.mark.parametrize("name", ["../notes/a.md", "missing.md", "w", ".", "../index.notes/b.md"])
def test_nothing_else_is_taken_out(box: Box, name: str) -> None:
    own = box.root.parent / "notes" / "a.md"
    own.parent.mkdir()
    own.write_text("내 것", encoding="utf-8")
    take(box.root, [box.offer("w/b.md", "나")])
    with pytest.raises(UsageError):
        remove(box.root, name)
    assert own.exists() and box.files() == {"w/b.md": "나"}
