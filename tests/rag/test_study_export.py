"""Cards for other programs: CSV as a spreadsheet reads it, and the package as Anki's own library imports it."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from index.types import Locator
from rag.citations import Citation
from rag.study.cards import Card, make_cards
from rag.study.export import FIELDS, FORMATS, apkg, guarded, html_row, place, row, table
from tests.rag.study_notes import NOTES

CARDS = make_cards(NOTES)
NASTY = Card(
    "definition:x:1", "definition", '<b>X</b> & "Y"란?', ("=SUM(A1)", "<img src=x onerror=alert(1)>"), "제목", ("절",),
    Locator(3, page=2), (Citation("week 1/한 글.pdf", 0, 5, "첫 줄\n둘째", "", ""),),
)  # fmt: skip


def test_a_spreadsheet_reads_every_cell() -> None:
    data = table([*CARDS, NASTY])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == FIELDS and len(rows) == len(CARDS) + 1
    assert rows[0] == row(CARDS[0])
    assert rows[-1]["back"] == "'=SUM(A1)\n<img src=x onerror=alert(1)>"
    assert (rows[-1]["note"], rows[-1]["place"], rows[-1]["quote"]) == ("week 1/한 글.pdf", "p.2", "첫 줄\n둘째")


@pytest.mark.parametrize("value", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\n=1"])
def test_no_cell_is_a_formula(value: str) -> None:
    assert guarded(value) == f"'{value}"


def test_other_cells_stay() -> None:
    assert [guarded(text) for text in ("", "역전파", "1-2", "a=b")] == ["", "역전파", "1-2", "a=b"]


def test_fields_of_anki_are_escaped() -> None:
    cells = html_row(NASTY)
    assert cells["front"] == "&lt;b&gt;X&lt;/b&gt; &amp; &quot;Y&quot;란?"
    assert cells["back"] == "<ol><li>=SUM(A1)</li><li>&lt;img src=x onerror=alert(1)&gt;</li></ol>"
    assert cells["quote"] == "첫 줄<br>둘째"


def test_a_package_leaves_no_other_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert apkg(CARDS, "노트", 1_760_000_000.0)
    assert list(tmp_path.iterdir()) == []


def test_places_are_said() -> None:
    assert [place(replace(NASTY, locator=each)) for each in (Locator(7), Locator(1, slide=4), Locator(1, time="00:01:05"))] == [
        "line 7", "slide 4", "00:01:05",
    ]  # fmt: skip


def test_formats_are_known_by_their_ending() -> None:
    assert sorted(FORMATS) == [".apkg", ".csv"]
    assert FORMATS[".csv"](CARDS, "", 0.0) == table(CARDS)


def imported(collection: object, file: Path) -> None:
    from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest

    collection.import_anki_package(  # type: ignore[attr-defined]
        ImportAnkiPackageRequest(package_path=str(file), options=ImportAnkiPackageOptions(merge_notetypes=True))
    )


def test_anki_imports_the_package_and_a_second_one_brings_it_up_to_date(tmp_path: Path) -> None:
    from anki.collection import Collection

    file = tmp_path / "cards.apkg"
    collection = Collection(str(tmp_path / "collection.anki2"))
    try:
        file.write_bytes(apkg([*CARDS, NASTY], "강의 노트", 1_760_000_000.0))
        imported(collection, file)
        notes = [collection.get_note(number) for number in collection.find_notes("")]
        found = {note["Key"]: {name: note[name.capitalize()] for name in FIELDS} for note in notes}
        assert found == {card.key: html_row(card) for card in (*CARDS, NASTY)}
        assert {note.note_type()["name"] for note in notes} == {"Lecture notes"}  # type: ignore[index]
        assert sorted(collection.find_cards('deck:"강의 노트"')) == sorted(card for note in notes for card in note.card_ids())
        assert {tag for note in notes for tag in note.tags} == {card.kind for card in CARDS} | {
            "week10::overfit", "week12::serving", "week_1::한_글",
        }  # fmt: skip
        shown = notes[0].cards()[0].answer()
        assert html_row(CARDS[0])["back"] in shown and "week10/overfit.md" in shown

        changed = replace(CARDS[0], front="새로 쓴 앞면")
        file.write_bytes(apkg([changed, *CARDS[1:], NASTY], "강의 노트", 1_760_000_100.0))
        imported(collection, file)
        after = [collection.get_note(number) for number in collection.find_notes("")]
        assert [note.id for note in after] == [note.id for note in notes]
        assert {note["Key"]: note["Front"] for note in after}[changed.key] == "새로 쓴 앞면"
        assert collection.decks.all_names_and_ids(skip_empty_default=True)[0].name == "강의 노트"
    finally:
        collection.close()
