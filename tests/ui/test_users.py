"""Who may come in: hashed passwords in a file that only its owner reads."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import UsageError
from ui import cli, users
from ui.users import Hashed, Users

SECRET = "역전파 is 되돌리기"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost next to nothing; what a line costs stands in the line."""
    monkeypatch.setattr(users, "LOG2_N", 4)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "users"


def test_a_password_opens_and_no_other_does(file: Path) -> None:
    assert users.add(file, "민지", SECRET)
    found = users.read_users(file)["민지"]
    assert found.matches(SECRET)
    assert not any(found.matches(other) for other in ("", SECRET[:-1], SECRET + " ", SECRET.upper()))
    assert users.NOBODY.matches("") is False


@settings(max_examples=15)
@given(st.text(min_size=8, max_size=40), st.text(max_size=40))
def test_only_the_same_text_matches(password: str, other: str) -> None:
    found = users.hashed(password)
    assert found.matches(password)
    one, two = (unicodedata.normalize("NFC", text).encode("utf-8", "replace") for text in (password, other))
    assert found.matches(other) == (one == two)


def test_the_file_holds_no_password_and_only_its_owner_reads_it(file: Path) -> None:
    users.add(file, "a", SECRET)
    users.add(file, "b", SECRET)
    text = file.read_text(encoding="utf-8")
    assert SECRET not in text
    assert len({line.rpartition("$")[2] for line in text.splitlines()}) == 2  # a salt each
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or os.name == "nt"
    assert list(file.parent.iterdir()) == [file]


def test_a_hash_is_not_shown(file: Path) -> None:
    users.add(file, "a", SECRET)
    found = users.read_users(file)["a"]
    shown = f"{found!r} {Users(file)!r}"
    assert shown == f"Hashed(log2_n=4, block=8, lanes=3) Users({str(file)!r})"


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(file: Path, mode: int) -> None:
    users.add(file, "a", SECRET)
    file.chmod(mode)
    with pytest.raises(UsageError, match=f"mode {mode:o}.*chmod 600"):
        Users(file)


@pytest.mark.parametrize(
    "line", [SECRET, "a:plain", "a:$scrypt$ln=99,r=8,p=3$AA==$AA==", "a:$scrypt$ln=30,r=8,p=3$AA==$AA==", "a:$scrypt$ln=4,r=8,p=3$!$AA=="]
)
def test_a_line_that_is_no_user_is_named_and_not_shown(file: Path, line: str) -> None:
    users.add(file, "a", SECRET)
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"line 2 of .* is no user") as caught:
        users.read_users(file)
    assert line not in str(caught.value)


def test_a_file_that_is_missing_or_empty_names_the_command(file: Path) -> None:
    with pytest.raises(UsageError, match="rag users add NAME --auth"):
        Users(file)
    file.touch(0o600)
    with pytest.raises(UsageError, match="holds no user: rag users add NAME --auth"):
        Users(file)


def test_changes_are_seen_and_a_lost_file_lets_nobody_in(file: Path) -> None:
    users.add(file, "a", SECRET)
    opened = Users(file)
    before = opened.find("a")
    users.add(file, "a", "another password")
    assert isinstance(before, Hashed) and opened.find("a") != before
    users.add(file, "b", SECRET)
    users.remove(file, "a")
    assert (opened.find("a"), opened.find("b") is None) == (None, False)
    file.unlink()
    assert opened.find("b") is None
    users.add(file, "b", SECRET)
    assert opened.find("b") is not None


# The shell


def rag(*arguments: str, stdin: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    return cli.main(["users", *arguments])


def test_users_are_added_listed_and_removed(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag("add", "민지", "--auth", str(file), stdin=f"{SECRET}\n", monkeypatch=monkeypatch) == 0
    assert rag("add", "민지", "--auth", str(file), stdin="another one\n", monkeypatch=monkeypatch) == 0
    assert users.read_users(file)["민지"].matches("another one")
    assert rag("list", "--auth", str(file), "--format", "json", stdin="", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [f"민지 may come in: rag ui --auth {file}", f"the password of 민지 is set anew: rag ui --auth {file}"]
    assert json.loads(out[2]) == {"users": ["민지"]}
    assert rag("remove", "민지", "--auth", str(file), stdin="", monkeypatch=monkeypatch) == 0
    assert rag("list", "--auth", str(file), stdin="", monkeypatch=monkeypatch) == 1


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("add", "a"), "short\n", "the password has 5 characters: from 8"),
        (("add", "a"), "x" * 257, "has 257 characters"),
        (("add", "a:b"), "long enough\n", "is no name for a user"),
        (("add",), "", "take one"),
        (("list", "a"), "", "takes no name"),
        (("remove", "nobody"), "", "cannot read the users"),
    ],
)
def test_what_cannot_be_meant_is_said(
    file: Path, arguments: tuple[str, ...], stdin: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rag(*arguments, "--auth", str(file), stdin=stdin, monkeypatch=monkeypatch) == 2
    assert said in capsys.readouterr().err
    assert not file.exists()


def test_a_password_is_no_argument(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["users", "add", "a", SECRET, "--auth", str(file)])
    assert not file.exists()
    assert "password" not in {action.dest for action in cli.parser()._actions}
