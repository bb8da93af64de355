"""What was embedded once is not embedded again, whatever became of the note, the index or the process; and a broken cache stops nobody."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import build, cache
from index.cache import VectorCache, embed, key, users_cache
from index.encoder import Vectors
from index.folder import FolderIndex
from index.settings import IndexSettings
from index.types import Progress
from tests.fakes import HashEncoder
from tests.index.samples import state


class Counting(HashEncoder):
    """Remembers what it was asked to embed, batch by batch."""

    def __init__(self, name: str = "hash") -> None:
        super().__init__(dim=8, name=name)
        self.batches: list[list[str]] = []

    @property
    def seen(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.batches.append(list(texts))
        return super().encode_passages(texts, progress)


@pytest.fixture
def kept(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "kept" / "vectors.sqlite")


# --------------------------------------------------------------------------- embedding


@given(st.lists(st.sampled_from(["가 나", "가", "", "다 라 마", "a b c d"]), max_size=9), st.integers(1, 4), st.booleans())
def test_every_text_is_embedded_once_and_stands_in_its_place(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], batch: int, keeps: bool
) -> None:
    kept = VectorCache(tmp_path_factory.mktemp("kept") / "vectors.sqlite") if keeps else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "BATCH", batch)
        first, again, told = Counting(), Counting(), list[tuple[str, int, int]]()
        vectors = embed(first, texts, kept, lambda *what: told.append(what))
        assert vectors.dtype == np.float32
        assert vectors.tolist() == HashEncoder(8).encode_passages(texts).tolist()
        assert sorted(first.seen) == sorted(set(texts))
        lengths = first.count_tokens(first.seen)
        assert lengths == sorted(lengths, reverse=True)
        assert all(len(each) <= batch for each in first.batches)
        assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
        assert embed(again, texts, kept).tolist() == vectors.tolist()
        assert again.seen == ([] if keeps else first.seen)


def test_progress_ends_at_the_total(kept: VectorCache) -> None:
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        embed(Counting(), ["가", "나", "가"], kept, lambda *what: told.append(what))
        assert told[-1] == ("encode", 3, 3)


def test_encoders_do_not_share_vectors(kept: VectorCache) -> None:
    one, other = Counting(), Counting("other")
    embed(one, ["가"], kept)
    embed(other, ["가"], kept)
    assert (one.seen, other.seen) == (["가"], ["가"])
    assert key(one, "가") != key(other, "가")


def test_hardly_anything_is_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages of 10 to 260 words, padded to the longest of their batch of 32: half as much again in the order of the notes."""
    rng = np.random.default_rng(0)
    texts = [" ".join(["낱말"] * int(size)) + f" {row}" for row, size in enumerate(rng.integers(10, 260, 2048))]

    def padded(ordered: Sequence[str]) -> float:
        sizes = [np.array(HashEncoder().count_tokens(ordered[start : start + 32])) for start in range(0, len(ordered), 32)]
        return float(sum(size.max() * len(size) for size in sizes) / sum(size.sum() for size in sizes) - 1)

    encoder = Counting()
    monkeypatch.setattr(encoder, "_encode", lambda texts: np.ones((len(texts), 8), np.float32))
    embed(encoder, texts, None)
    assert padded(texts) > 0.5
    assert padded(encoder.seen) < 0.02


# --------------------------------------------------------------------------- the file


def some(count: int, first: int = 0) -> dict[bytes, Vectors]:
    return {number.to_bytes(32, "big"): np.full(64, number, np.float32) for number in range(first, first + count)}


def test_what_is_kept_is_found_to_the_bit(kept: VectorCache) -> None:
    vectors = some(1200)
    assert kept.find(list(vectors), 64) == {}
    kept.keep(vectors)
    found = VectorCache(kept.file).find([*vectors, b"unknown"], 64)
    assert {name: vector.tolist() for name, vector in found.items()} == {name: vector.tolist() for name, vector in vectors.items()}
    assert kept.find(list(vectors), 32) == {}
    assert oct(kept.file.parent.stat().st_mode)[-2:] == "00" or sys.platform == "win32"


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path) -> None:
    kept = VectorCache(tmp_path / "vectors.sqlite", limit=300_000)
    for first in range(0, 4000, 100):
        kept.keep(some(100, first))
    names = list(some(4000))
    found = kept.find(names, 64)
    assert set(names[-100:]) <= set(found)
    assert sorted(found) == names[-len(found) :]
    assert 300 < len(found) < 1200
    assert kept.file.stat().st_size < 400_000


def damaged(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    if how == "other file":
        data = bytearray(b"no database at all" * 1000)
    elif how == "truncated":
        data = data[: len(data) // 2 + 100]
    elif how == "pages":
        data[100:20_000] = b"\xff" * 19_900
    file.write_bytes(data)
    if how == "other layout":
        file.unlink()
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE vectors (name TEXT)")
        database.close()


@pytest.mark.parametrize("how", ["other file", "truncated", "pages", "other layout"])
def test_a_damaged_cache_is_dropped_and_told(kept: VectorCache, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = some(500)
    kept.keep(vectors)
    damaged(kept.file, how)
    found = kept.find(list(vectors), 64)
    assert all(vector.tolist() == vectors[name].tolist() for name, vector in found.items())
    kept.keep(some(3, 9000))
    assert "were damaged" in capsys.readouterr().err
    kept.keep(vectors)
    assert set(kept.find(list(vectors), 64)) == set(vectors)


def test_an_altered_vector_is_not_believed(kept: VectorCache) -> None:
    vectors = some(3)
    kept.keep(vectors)
    names = list(vectors)
    with sqlite3.connect(kept.file) as database:
        (data,) = database.execute("SELECT vector FROM vectors WHERE key = ?", (names[1],)).fetchone()
        database.execute("UPDATE vectors SET vector = ? WHERE key = ?", (b"\x01" + data[1:], names[1]))
        database.execute("UPDATE vectors SET vector = 'text' WHERE key = ?", (names[2],))
    database.close()
    assert list(kept.find(names, 64)) == [names[0]]


def test_what_cannot_be_written_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    nowhere = VectorCache(tmp_path / "file" / "vectors.sqlite")
    assert embed(Counting(), ["가"], nowhere).shape == embed(Counting(), ["가"], nowhere).shape == (1, 8)
    assert capsys.readouterr().err.count("cannot be used now") == 1
    monkeypatch.setattr(cache, "PATIENCE", 0.01)
    kept = VectorCache(tmp_path / "vectors.sqlite")
    kept.keep(some(1))
    with sqlite3.connect(kept.file, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert kept.find(list(some(1)), 64) == {}
    other.close()
    assert "locked" in capsys.readouterr().err
    assert len(kept.find(list(some(1)), 64)) == 1  # busy is not damaged


def test_processes_and_threads_share_it(kept: VectorCache) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: VectorCache(kept.file).keep(some(20, 20 * number)), range(12)))
    assert len(kept.find(list(some(240)), 64)) == 240


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def place() -> Path:
        found = users_cache()
        assert found is not None
        return found.file

    monkeypatch.setenv("RAG_VECTORS", "0")
    assert users_cache() is None
    monkeypatch.setenv("RAG_VECTORS", str(tmp_path))
    assert place() == tmp_path / "vectors.sqlite"
    monkeypatch.delenv("RAG_VECTORS")
    assert place().parts[-3:] == ("lecture-notes-rag", "vectors", "vectors.sqlite")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        assert place() == Path("/caches/lecture-notes-rag/vectors/vectors.sqlite")


# --------------------------------------------------------------------------- with an index


class Desk:
    """Notes, a cache, and as many indexes of them as are asked for."""

    def __init__(self, place: Path) -> None:
        self.place, self.notes = place, place / "notes"
        self.notes.mkdir()
        for number in range(4):
            (self.notes / f"{number}.md").write_text(f"# 노트 {number}\n낱말 {number} 하나\n\n## 절\n둘째 문단 {number}", "utf-8")

    def update(self, index: str = "index", encoder: HashEncoder | None = None, replace: bool = False, *notes: Path) -> Counting:
        counting = Counting() if encoder is None else encoder
        assert isinstance(counting, Counting)
        folders = notes or (self.notes,)
        build.update(self.place / index, folders, encoder=counting, analyse=str.split, settings=IndexSettings(), replace=replace)
        return counting

    def state(self, index: str = "index") -> dict[str, object]:
        return state(FolderIndex.open(self.place / index))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("RAG_VECTORS", str(tmp_path / "kept"))
    return Desk(tmp_path)


def test_notes_that_were_indexed_before_cost_no_encoding(desk: Desk) -> None:
    first, before = desk.update().seen, desk.state()
    assert len(first) == 8
    assert desk.update("another").seen == []
    assert desk.update(replace=True).seen == []
    assert desk.state() == before
    (desk.notes / "1.md").rename(desk.notes / "renamed.md")
    (desk.notes / "copied.md").write_bytes((desk.notes / "2.md").read_bytes())
    assert desk.update().seen == []
    assert len(desk.update(encoder=Counting("other")).seen) == len(first)
    assert desk.update().seen == []  # back to the first encoder
    (desk.notes / "3.md").write_text("# 노트 3\n낱말 3 하나\n\n## 절\n다른 문단", "utf-8")
    assert len(desk.update().seen) == 1


CHILD = """
import os, signal, sys
from pathlib import Path
from index import build, cache
from index.settings import IndexSettings
from tests.fakes import HashEncoder

cache.BATCH = 2
log, kill_at, place = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])

class Logging(HashEncoder):
    calls = 0
    def encode_passages(self, texts, progress=None):
        self.calls += 1
        with log.open("a", encoding="utf-8") as file:
            file.writelines(text.replace("\\n", "|") + "\\n" for text in texts)
        if self.calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_passages(texts, progress)

build.update(place / "index", [place / "notes"], encoder=Logging(8), analyse=str.split, settings=IndexSettings())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kill_at", [1, 3])
def test_killed_at_any_batch_embeds_no_more_than_that_batch_twice(desk: Desk, kill_at: int) -> None:
    log = desk.place / "log"

    def run(kill: int) -> list[str]:
        log.write_text("")
        done = subprocess.run([sys.executable, "-c", CHILD, str(log), str(kill), str(desk.place)], cwd=Path(__file__).parents[2])
        assert done.returncode == (-signal.SIGKILL if kill else 0)
        return log.read_text("utf-8").splitlines()

    first, second = run(kill_at), run(0)
    passages = FolderIndex.open(desk.place / "index")
    texts = [passage.embedded.replace("\n", "|") for passage in passages.passages(range(len(passages)))]
    assert sorted(first[: 2 * (kill_at - 1)] + second) == sorted(texts)
    assert set(first) & set(second) == set(first[2 * (kill_at - 1) :])
    desk.update("plain")
    assert desk.state("plain") == desk.state()
