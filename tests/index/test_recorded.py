"""The encoder that an index was built with: found again, changed since, or gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.encoder import SHIPPED, Encoder, fingerprint_of
from index.errors import IndexMissing, ModelError
from index.folder import FolderIndex
from index.manifest import EncoderEntry
from index.recorded import has_changed, open_recorded
from index.settings import IndexSettings
from tests.index.samples import QuickDisk, put


def built_by(place: Path, name: str, fingerprint: str = "f") -> Path:
    FolderIndex.empty(place, encoder=EncoderEntry(name, fingerprint, 8), settings=IndexSettings(), fs=QuickDisk()).apply(put())
    return place


def test_the_shipped_encoder_is_found_by_its_name(shipped: Encoder, tmp_path: Path) -> None:
    opened = open_recorded(built_by(tmp_path / "index", shipped.name, "of an earlier version"))
    assert (opened.name, opened.fingerprint) == (shipped.name, shipped.fingerprint)


def test_a_folder_that_is_gone_is_named_with_the_way_back(shipped: Encoder, tmp_path: Path) -> None:
    place = built_by(tmp_path / "index", str(tmp_path / "adapted"))
    with pytest.raises(ModelError) as error:
        open_recorded(place)
    assert f"the model in {tmp_path / 'adapted'}, which is not there any more" in str(error.value)
    assert str(error.value).endswith(f"rag index --index {place} --encoder {shipped.name}")


def test_no_index_has_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        open_recorded(tmp_path)


def test_what_has_changed(shipped: Encoder, tmp_path: Path) -> None:
    assert fingerprint_of(SHIPPED) == shipped.fingerprint
    assert not has_changed(EncoderEntry(shipped.name, shipped.fingerprint, shipped.dim))
    assert has_changed(EncoderEntry(shipped.name, "of an earlier version", shipped.dim))
    assert not has_changed(EncoderEntry("owner/model-of-the-hub", "any", 8))
    folder = tmp_path / "adapted"
    assert has_changed(EncoderEntry(str(folder), "any", 8))
    folder.mkdir()
    assert not has_changed(EncoderEntry(str(folder), "any", 8)), "a folder without a listing of hashes cannot be judged"
    (folder / "hashes.json").write_text("{}")
    assert not has_changed(EncoderEntry(str(folder), fingerprint_of(folder), 8))
    assert has_changed(EncoderEntry(str(folder), "any", 8))
