"""An index that version 0.5.0 wrote (format 1, tests/golden/index-format-1.zip) is read, searched, verified and brought up to date."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from index import disk
from index.build import update
from index.folder import FolderIndex
from index.manifest import dump
from index.mend import repair
from index.settings import IndexSettings, SplitSettings
from index.verify import verify
from tests.fakes import HashEncoder

OLD_RULES = IndexSettings(SplitSettings(rules="structure/1"))
OLD = Path(__file__).parents[1] / "golden" / "index-format-1.zip"
A = "# 역전파\n\n역전파 는 기울기 를 연쇄 법칙 으로 구한다.\n"
B = "# 확률\n\n확률 은 0 과 1 사이 이다.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(tmp_path / "index")
    return tmp_path


def moved(root: Path) -> None:
    """The notes lie where this test has put them."""
    manifest = disk.read_manifest(root / "index")
    (root / "index" / "manifest.json").write_bytes(dump(replace(manifest, sources=(str(root / "notes"),))))


def test_it_is_read_and_searched(root: Path) -> None:
    index = FolderIndex.open(root / "index", fingerprint="hash-8")
    assert [(info.doc_id, index.document(info.doc_id).text) for info in index.documents()] == [("a.md", A), ("b.md", B)]
    question = HashEncoder(8).encode_questions(["확률 은 0 과 1 사이 이다."])
    ids, scores = index.dense(question, 1)
    assert index.passages(ids[0])[0].doc_id == "b.md" and scores[0, 0] > 0.7
    assert index.passages(index.lexical({"기울기": 1.0}, 5)[0])[0].doc_id == "a.md"
    assert verify(root / "index") == []
    assert [one.number for one in disk.history(root / "index")] == [2, 1]


def test_it_is_brought_up_to_date_returned_to_and_mended(root: Path) -> None:
    moved(root)
    (root / "notes").mkdir()
    for name, text in (("a.md", A), ("b.md", B), ("c.md", "# 행렬\n\n고윳값 은 성질 이다.\n")):
        (root / "notes" / name).write_text(text, encoding="utf-8")
    report = update(root / "index", (), encoder=HashEncoder(8), analyse=str.split, settings=OLD_RULES)
    assert (report.added, report.changed, report.unchanged) == (("c.md",), (), 2)
    assert [info.doc_id for info in FolderIndex.open(root / "index").rollback(1).documents()] == ["a.md"]
    moved(root)
    anew = update(root / "index", (), encoder=HashEncoder(8), analyse=str.split, settings=IndexSettings())
    assert anew.unchanged == 0, "notes are cut anew by the rules of today"
    assert [info.doc_id for info in FolderIndex.open(root / "index").rollback(1).documents()] == ["a.md"]
    moved(root)
    shutil.rmtree(root / "index" / "segments" / "000001")
    repair(root / "index", analyse=str.split, opened=lambda name: HashEncoder(8))
    assert verify(root / "index") == []
    assert FolderIndex.open(root / "index").document("a.md").text == A
