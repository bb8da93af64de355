from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.errors import NoteError
from index.notes.decode import damage, decode
from index.notes.extract import clean
from tests.index.notes.make import MUST, read

_SYLLABLES = [bytes((lead, trail)).decode("euc_kr") for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF)]
_KOREAN = st.text(st.sampled_from([*_SYLLABLES, *" \n.,()1aB①가나다한국어"]), max_size=80)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"])
@given(text=_KOREAN)
def test_what_was_encoded_is_decoded(codec: str, text: str) -> None:
    data = text.encode(codec)
    if codec == "cp949" and not text.isascii():
        assume(not _is_utf8(data))
    assert clean(decode(data)) == unicodedata.normalize("NFC", text)


def _is_utf8(data: bytes) -> bool:
    """The one case that cannot be told apart: syllables from 촁 on whose two bytes make a UTF-8 character."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_must_have_strings_survive(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes("\r\n".join(MUST).encode(codec))
    assert read(path).text == "\n".join(MUST)


def test_twenty_two_bytes_of_cp949() -> None:
    data = "고윳값은 성질이다 A, B".encode("cp949")
    assert len(data) == 22
    assert decode(data) == "고윳값은 성질이다 A, B"


def test_old_windows_korean(tmp_path: Path) -> None:
    text = "\r\n".join(MUST[:4])
    (tmp_path / "note.txt").write_bytes(text.encode("cp949"))
    assert read(tmp_path / "note.txt").text == text.replace("\r", "")


def test_decomposed_text_is_composed(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text(unicodedata.normalize("NFD", MUST[0]), encoding="utf-8")
    assert read(tmp_path / "note.md").text == MUST[0]


def test_western_text_is_not_taken_for_korean() -> None:
    assert decode("“Hello”, she said. It’s a café.".encode("cp1252")) == "“Hello”, she said. It’s a café."
    assert decode("a · b ± 5 × 3".encode()) == "a · b ± 5 × 3"


def test_a_declared_encoding_is_used_where_utf_8_fails() -> None:
    assert decode("Привет мир".encode("koi8_r"), "koi8-r") == "Привет мир"
    assert decode("똠방각하".encode("cp949"), "EUC-KR") == "똠방각하"
    assert decode("똠방각하".encode("cp949"), "ks_c_5601-1987") == "똠방각하"
    assert decode("한국어".encode(), "euc-kr") == "한국어"


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_a_broken_byte_costs_one_character_and_is_said(codec: str) -> None:
    text = " ".join(MUST[:4]) * 3
    broken = text.encode(codec).replace("질의".encode(codec), "질의".encode(codec)[:-1] + b"\xff", 1)
    decoded = decode(broken)
    assert decoded.count("\ufffd") in (1, 2)
    assert MUST[3] in decoded
    assert "unreadable" in damage(decoded)[0]
    assert damage(text) == ()


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\x00\x01\x02\x03" * 100, b"text\0\x01\x02" * 50])
def test_bytes_that_are_no_text(data: bytes) -> None:
    with pytest.raises(NoteError, match="not a text file"):
        decode(data)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"%PDF-1.7 ...", "not a text file (found PDF bytes)"),
        ("a.md", b"PK\x03\x04....", "not a Markdown file (found ZIP bytes)"),
        ("a.html", b"\x89PNG\r\n\x1a\n", "not an HTML file (found PNG bytes)"),
        ("a.srt", b"\xff\xd8\xff\xe0", "not a caption file (found JPEG bytes)"),
        ("a.ipynb", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not an IPYNB file (found OLE bytes)"),
    ],
)
def test_other_files_under_a_text_suffix(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NoteError) as caught:
        read(tmp_path / name)
    assert str(caught.value) == reason


def test_an_empty_note_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"")
    document = read(tmp_path / "a.md")
    assert (document.text, document.title, document.warnings) == ("", "a", ("holds no text",))
