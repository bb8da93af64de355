"""`rag study`: cards, their export and notes at a glance, in the shell."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from index.build import update
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.study.book import book_of
from rag.study.cards import make_cards
from tests.fakes import HashEncoder
from tests.rag.study_notes import NOTES
from ui import cli

CARDS = make_cards(NOTES)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for note in NOTES:
        (folder / "notes" / note.doc_id).parent.mkdir(parents=True, exist_ok=True)
        (folder / "notes" / note.doc_id).write_text(note.text, encoding="utf-8")
    update(folder / "index", [folder / "notes"], encoder=HashEncoder(), analyse=Analyser().terms, settings=IndexSettings())
    return folder / "index"


def rag(index: Path, *arguments: str) -> int:
    return cli.main(["study", *arguments, "--index", str(index)])


def test_cards_are_shown(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, "cards", "--format", "json") == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["key"], row["front"], row["back"]) for row in rows] == [(card.key, card.front, list(card.back)) for card in CARDS]
    assert [(row["note"], row["start"], row["end"]) for row in rows] == [
        (card.doc_id, card.sources[0].start, card.sources[0].end) for card in CARDS
    ]
    assert err == "6 cards: 2 definition, 2 cloze, 1 list, 1 fact\n"


def test_cards_are_text_for_people(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, "cards", "--kind", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["  1  텍스트 증강 EDA의 연산은 무엇인가요?", "    동의어 교체", "    무작위 삽입", "    무작위 삭제"]
    assert lines[4].startswith("    week10/overfit.md › 데이터 증강 · line 13 · list · list:")


def test_filters_and_samples(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, "--week", "12", "--format", "json") == 0
    assert {json.loads(line)["note"] for line in capsys.readouterr().out.splitlines()} == {"week12/serving.md"}
    assert rag(index, "--sample", "2", "--seed", "5", "--format", "json") == 0
    first = capsys.readouterr().out
    assert len(first.splitlines()) == 2 and rag(index, "--sample", "2", "--seed", "5", "--format", "json") == 0
    assert capsys.readouterr().out == first
    assert rag(index, "--folder", "nowhere") == 2


def test_a_card_left_out_is_neither_shown_nor_exported(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book_of(index).leave_out(CARDS[0], True)
    try:
        assert rag(index, "--format", "json") == 0
        assert CARDS[0].key not in capsys.readouterr().out
    finally:
        book_of(index).leave_out(CARDS[0], False)


def test_export_follows_the_ending(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, "export", str(tmp_path / "c.csv")) == 0
    assert capsys.readouterr().out == f"6 cards written to {tmp_path / 'c.csv'}\n"
    rows = list(csv.DictReader(io.StringIO((tmp_path / "c.csv").read_text(encoding="utf-8-sig"), newline="")))
    assert [row["key"] for row in rows] == [card.key for card in CARDS]
    assert rag(index, "export", str(tmp_path / "c.APKG"), "--week", "10") == 0
    assert "collection.anki2" in zipfile.ZipFile(tmp_path / "c.APKG").namelist()


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"],
        ["cards", "x.csv"],
        ["export", "x.txt"],
        ["export", "missing/x.csv"],
        ["overview", "--kind", "list"],
        ["overview", "--sample", "2"],
        ["cards", "-n", "2"],
    ],
)
def test_what_cannot_be_meant_is_refused(index: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, *arguments) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_notes_at_a_glance(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rag(index, "overview", "--week", "10", "-n", "1") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "1 note\n"
    assert lines[0] == "과적합  week10/overfit.md" and len(lines) == 2
    assert lines[1].startswith("    - 과적합(overfitting)은 모델이 훈련 데이터의 잡음까지") and lines[1].endswith(
        "(과적합이 뭔가 › line 5)"
    )
    assert rag(index, "overview", "--format", "json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["note"] for row in found] == [note.doc_id for note in NOTES]
    texts = {note.doc_id: note.text for note in NOTES}
    assert all(texts[row["note"]][point["start"] : point["end"]] == point["quote"] for row in found for point in row["points"])
