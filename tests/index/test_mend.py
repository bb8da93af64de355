"""`rag verify --repair`: whatever file of an index is harmed, it is found, nothing false is answered, and the index is mended."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import disk
from index import mend as mend_module
from index.build import update
from index.encoder import Encoder, Vectors
from index.errors import IndexBusy, IndexCorrupt, IndexFormat, IndexMissing, IndexProblem, ModelError
from index.files import DISK, FileSystem
from index.folder import FolderIndex
from index.manifest import SegmentEntry, dump
from index.mend import Fate, repair
from index.notes import NoteFile, read_note
from index.settings import IndexSettings
from index.types import Document, NoteProblem, Progress
from index.verify import verify
from tests.fakes import HashEncoder
from tests.index.samples import few_files, files, state

TEXTS = {
    "a.md": "# 역전파\n\n기울기 를 연쇄 법칙 으로 구한다.\n\n## 학습\n\n가중치 를 고친다.\n",
    "b.md": "# 확률\n\n확률 은 0 과 1 사이 이다.\n",
    "c/d.md": "# 행렬\n\n고윳값 은 행렬 의 성질 이다.\n",
    "c/e.txt": "질의어 와 문서 의 관련도\n",
}


class Counting(HashEncoder):
    """Remembers what it embedded."""

    def __init__(self, dim: int = 8, name: str = "hash") -> None:
        super().__init__(dim, name)
        self.embedded: list[str] = []

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.embedded += texts
        return super().encode_passages(texts, progress)


def words(text: str) -> list[str]:
    return text.split()


def here(notes: Sequence[NoteFile], *, progress: Progress | None = None) -> Iterator[Document | NoteProblem]:
    """Notes read in this process: what is tested is the index."""
    yield from map(read_note, notes)


def bring(place: Path, encoder: Encoder | None = None, *notes: Path) -> None:
    update(place, notes, encoder=encoder or Counting(), analyse=words, settings=IndexSettings())


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DISK, "sync", lambda descriptor: None)
        patch.setattr("index.build.read_notes", here)
        patch.setattr("index.mend.read_notes", here)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `notes` and their `index` of three generations in two segments."""
    root = tmp_path_factory.mktemp("whole")
    for name in ("a.md", "b.md", "c/d.md"):
        (root / "notes" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "notes" / name).write_text(TEXTS[name] if name != "a.md" else "# 옛 글\n\n옛 역전파.\n", encoding="utf-8")
    bring(root / "index", None, root / "notes")
    (root / "notes" / "c" / "e.txt").write_text(TEXTS["c/e.txt"], encoding="utf-8")
    bring(root / "index")
    (root / "notes" / "a.md").write_text(TEXTS["a.md"], encoding="utf-8")
    bring(root / "index")
    assert verify(root / "index") == []
    assert len(FolderIndex.open(root / "index").manifest.segments) == 3
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return copied(whole, tmp_path / "copy")


def copied(whole: Path, target: Path) -> Path:
    """A copy whose index mirrors the copied notes."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(whole, target)
    index = target / "index"
    for number in (None, *disk.archived(index)):
        manifest = disk.read_manifest(index) if number is None else disk.read_archived(index, number)
        file = index / "manifest.json" if number is None else index / "manifests" / f"{number:06d}.json"
        file.write_bytes(dump(replace(manifest, sources=(str(target / "notes"),))))
    return target


def facts(index: Path) -> dict[str, object]:
    """All that can be asked, whatever folder it mirrors."""
    return {name: value for name, value in state(FolderIndex.open(index)).items() if name != "sources"}


def mend(index: Path, encoder: Counting | None = None) -> tuple[list[Fate], list[str]]:
    """What became of notes, and which texts were embedded."""
    encoder = encoder or Counting()
    found = repair(index, analyse=words, opened=lambda name: encoder)
    assert verify(index) == []
    return list(found.mended), encoder.embedded


def segment_of(index: Path, doc_id: str) -> Path:
    return index / "segments" / FolderIndex.open(index).manifest.documents[doc_id].segment


def flip(path: Path, at: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 8
    path.write_bytes(data)


def embedded(index: Path, doc_id: str) -> list[str]:
    opened = FolderIndex.open(index)
    return [passage.embedded for passage in opened.indexed(doc_id).passages]


# ------------------------------------------------------------------- any harm to any file


HARMS = ("flip", "cut", "empty", "delete", "longer", "zeros")


def harm(path: Path, how: str, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    if how == "delete":
        path.unlink()
        return
    if how == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif how == "zeros":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
    path.write_bytes({"cut": data[:at], "empty": b"", "longer": data + b"0"}.get(how, data))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(HARMS), count=st.sampled_from((1, 1, 1, 2, 4)))
def test_any_harm_is_found_and_mended(whole: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, how: str, count: int) -> None:
    root, chance = copied(whole, tmp_path_factory.getbasetemp() / "any"), random.Random(seed)
    index = root / "index"
    before, bytes_before = facts(index), {file: file.read_bytes() for file in files(index)}
    for file in chance.sample(files(index), count):
        harm(file, how, chance)
    after = {file: file.read_bytes() for file in files(index)}
    if after == bytes_before:  # zeros over zeros
        return
    if found := verify(index):
        assert all("\n" not in line for line in found)
        with suppress(IndexProblem):
            assert facts(index) == before
    else:  # a bit that JSON does not read
        assert facts(index) == before
    repair(index, analyse=words, opened=lambda name: Counting())
    assert verify(index) == []
    assert facts(index) == before
    bring(index)
    assert facts(index) == before


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(HARMS))
def test_without_their_files_notes_are_never_made_up(whole: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, how: str) -> None:
    root, chance = copied(whole, tmp_path_factory.getbasetemp() / "gone"), random.Random(seed)
    index = root / "index"
    truth = {(doc.doc_id, doc.text) for number in (1, 2) for doc in _documents(root, number)} | set(TEXTS.items())
    shutil.rmtree(root / "notes")
    for file in chance.sample(files(index), 2):
        harm(file, how, chance)
    with suppress(IndexCorrupt, IndexMissing):
        found = repair(index, analyse=words, opened=lambda name: Counting())
        assert verify(index) == []
        opened = FolderIndex.open(index)
        documents = [opened.document(info.doc_id) for info in opened.documents()]
        assert {(document.doc_id, document.text) for document in documents} <= truth
        assert {problem.doc_id for problem in found.lost}.isdisjoint({document.doc_id for document in documents})


def _documents(root: Path, generation: int) -> list[Document]:
    place = root.with_name("earlier")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(root, place)
    opened = FolderIndex.open(place / "index").rollback(generation)
    return [opened.document(info.doc_id) for info in opened.documents()]


# ------------------------------------------------------------------------ what is kept


def test_a_whole_index_is_left_alone(root: Path) -> None:
    before = {file: file.read_bytes() for file in files(root / "index")}
    found = repair(root / "index", analyse=words, opened=lambda name: pytest.fail("no model is needed"))
    assert (found.generation, found.whole, found.mended, found.lost, found.dropped) == (3, 4, (), (), ())
    assert {file: file.read_bytes() for file in files(root / "index")} == before


@pytest.mark.parametrize("name", ["terms.npy", "bounds.npy", "entries.npy", "lengths.npy"])
def test_harmed_lists_cost_no_embedding(root: Path, name: str) -> None:
    before = facts(root / "index")
    (segment_of(root / "index", "a.md") / name).unlink()
    assert mend(root / "index") == ([Fate("a.md", "kept", False)], [])
    assert facts(root / "index") == before


def test_harmed_vectors_are_embedded_and_no_others(root: Path) -> None:
    before, texts = facts(root / "index"), embedded(root / "index", "a.md")
    flip(segment_of(root / "index", "a.md") / "vectors.npy")
    assert mend(root / "index") == ([Fate("a.md", "kept", True)], texts)
    assert facts(root / "index") == before


def test_a_harmed_text_is_read_again_and_keeps_its_vectors(root: Path) -> None:
    before = facts(root / "index")
    flip(segment_of(root / "index", "a.md") / "notes.jsonl")
    assert mend(root / "index") == ([Fate("a.md", "read again", False)], [])
    assert facts(root / "index") == before


def test_a_text_that_changed_meanwhile_is_embedded(root: Path) -> None:
    flip(segment_of(root / "index", "a.md") / "notes.jsonl")
    (root / "notes" / "a.md").write_text("# 새\n\n아주 새 글.\n", encoding="utf-8")
    fates, texts = mend(root / "index")
    assert fates == [Fate("a.md", "read again", True)]
    assert texts == embedded(root / "index", "a.md")
    encoder = Counting()
    bring(root / "index", encoder)
    assert encoder.embedded == []


def test_a_note_whose_file_is_gone_comes_from_an_earlier_generation(root: Path) -> None:
    flip(segment_of(root / "index", "a.md") / "notes.jsonl")
    (root / "notes" / "a.md").unlink()
    assert mend(root / "index") == ([Fate("a.md", "earlier generation", False)], [])
    assert FolderIndex.open(root / "index").document("a.md").text == "# 옛 글\n\n옛 역전파.\n"


@pytest.fixture
def gone(tmp_path: Path) -> Path:
    """An index without its files, the newest texts of which are harmed."""
    notes, index = tmp_path / "gone" / "notes", tmp_path / "gone" / "index"
    notes.mkdir(parents=True)
    for text in ("옛", "새"):
        for number in range(3):
            (notes / f"{number}.md").write_text(f"# {text} 글 {number}\n\n글.", encoding="utf-8")
        bring(index, None, notes)
    shutil.rmtree(notes)
    (segment_of(index, "0.md") / "notes.jsonl").unlink()
    return index


def test_an_earlier_generation_is_opened_once_for_all_its_notes(gone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, real = list[str](), mend_module._opened

    def counted(path: Path, name: str, entry: SegmentEntry, dim: int) -> mend_module._Parts:
        opened.append(name)
        return real(path, name, entry, dim)

    monkeypatch.setattr(mend_module, "_opened", counted)
    fates, _ = mend(gone)
    assert fates == [Fate(f"{number}.md", "earlier generation", False) for number in range(3)]
    assert opened.count("000001") <= 2, "once to see what is whole, once to read from"


def test_too_many_open_files_lose_no_note(gone: Path, tmp_path: Path) -> None:
    ends = []
    for most in range(1, 40):
        index = tmp_path / "few"
        shutil.rmtree(index, ignore_errors=True)
        shutil.copytree(gone, index)
        try:
            with few_files(most):
                found = repair(index, analyse=words, opened=lambda name: Counting())
            ends.append((len(found.mended), len(found.lost), found.dropped))
        except IndexProblem as problem:
            assert "Too many open files" in str(problem) and type(problem) is IndexProblem
    assert set(ends) == {(3, 0, (2,))}


class Strict(FileSystem):
    """Removes, as Windows does, no file that this process has mapped."""

    def remove(self, file: Path) -> None:
        if str(file) in Path("/proc/self/maps").read_text(encoding="utf-8"):
            raise PermissionError(13, "in use", str(file))
        super().remove(file)


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="maps are found as Linux shows them")
def test_no_file_that_a_repair_removes_is_open(gone: Path) -> None:
    body = disk.read_archived(gone, 1)
    harmed = replace(body, generation=0, segments={**body.segments, "000009": body.segments["000001"]})
    (gone / "manifests" / "000000.json").write_bytes(dump(harmed))
    (gone / "manifests" / "000001.json").unlink()
    found = repair(gone, analyse=words, opened=lambda name: Counting(), fs=Strict())
    assert (len(found.mended), found.dropped) == (3, (0, 2))
    assert [path.name for path in (gone / "segments").iterdir()] == ["000003"] and verify(gone) == []


def test_what_cannot_be_mended_is_said(root: Path) -> None:
    flip(segment_of(root / "index", "c/e.txt") / "notes.jsonl")
    (root / "notes" / "c" / "e.txt").unlink()
    found = repair(root / "index", analyse=words, opened=lambda name: Counting())
    assert found.lost == (NoteProblem("c/e.txt", "its stored text is harmed, its file is gone, and no earlier generation holds it"),)
    assert found.dropped == (2, 3)
    assert verify(root / "index") == []
    assert [info.doc_id for info in FolderIndex.open(root / "index").documents()] == ["a.md", "b.md", "c/d.md"]


def test_generations_that_are_harmed_are_given_up(root: Path) -> None:
    flip(root / "index" / "manifests" / "000001.json")
    found = repair(root / "index", analyse=words, opened=lambda name: Counting())
    assert (found.generation, found.dropped) == (3, (1,))
    assert [one.number for one in disk.history(root / "index")] == [3, 2]


# ------------------------------------------------------------------- manifest and encoder


def test_a_stale_manifest_is_found_and_replaced_by_the_newest(root: Path) -> None:
    index = root / "index"
    (root / "notes" / "b.md").write_text("# 확률\n\n새 확률.\n", encoding="utf-8")
    bring(index)
    after = facts(index)
    shutil.copyfile(index / "manifests" / "000002.json", index / "manifest.json")
    [problem] = verify(index)
    assert "is stale: it is generation 2, and generation 3 was kept after it" in problem
    mend(index)
    assert facts(index) == after  # generation 4 was named by the lost manifest alone: its note was read again


@pytest.mark.parametrize("how", ["flip", "cut", "delete"])
def test_a_manifest_that_cannot_be_read(root: Path, how: str) -> None:
    before = facts(root / "index")
    file = root / "index" / "manifest.json"
    harm(file, how, random.Random(3))
    assert any("manifest.json" in problem for problem in verify(root / "index"))
    mend(root / "index")
    assert facts(root / "index") == before


def test_a_broken_manifest_keeps_whole_segments_without_embedding(root: Path) -> None:
    file = root / "index" / "manifest.json"
    body = json.loads(file.read_bytes())
    file.write_text(json.dumps({**body, "summary": "altered"}))
    assert mend(root / "index") == ([], [])


def test_nothing_that_can_be_read(root: Path) -> None:
    shutil.rmtree(root / "index" / "manifests")
    (root / "index" / "manifest.json").write_bytes(b"{")
    with pytest.raises(IndexCorrupt, match=r"no generation that can be read.*--replace NOTES"):
        repair(root / "index", analyse=words)
    (root / "index" / "manifest.json").unlink()
    for place in (root / "index", root / "nowhere"):
        with pytest.raises(IndexMissing):
            repair(place, analyse=words)
    assert not (root / "nowhere").exists()


def test_an_index_of_a_newer_program_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = disk.read_manifest(root / "index")
    monkeypatch.setattr("index.manifest.FORMAT", 99)
    data = dump(manifest)
    monkeypatch.undo()
    (root / "index" / "manifest.json").write_bytes(data)
    with pytest.raises(IndexFormat):
        repair(root / "index", analyse=words)
    assert (root / "index" / "manifest.json").read_bytes() == data


def test_another_encoder_embeds_everything(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.verify.has_changed", lambda entry: entry.fingerprint == "hash-8")
    monkeypatch.setattr("index.mend.has_changed", lambda entry: entry.fingerprint == "hash-8")
    assert "which is another encoder by now, or gone" in verify(root / "index")[0]
    fates, texts = mend(root / "index", Counting(16, "other"))
    assert len(fates) == 4 and len(texts) == 5
    opened = FolderIndex.open(root / "index")
    assert (opened.encoder_fingerprint, opened.manifest.encoder.dim) == ("other-16", 16)
    assert opened.document("a.md").text == TEXTS["a.md"]


def test_an_encoder_that_is_gone_gives_way_to_the_shipped_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.mend.has_changed", lambda entry: True)

    def opened(name: str) -> Encoder:
        if name:
            raise ModelError("gone")
        return Counting(16, "shipped")

    repair(root / "index", analyse=words, opened=opened)
    assert FolderIndex.open(root / "index").encoder_fingerprint == "shipped-16"


def test_one_writer_at_a_time(root: Path) -> None:
    with disk.writing(root / "index", DISK), pytest.raises(IndexBusy):
        repair(root / "index", analyse=words)
