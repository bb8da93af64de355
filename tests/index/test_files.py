"""The file layer: what is written can be read, and a failed write never shows under the real name."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.files import DISK, create, json_bytes, make_folder, map_npy, npy_parts, put, remove_tree, sha256
from tests.index.samples import FailingDisk, Killed, full_disk


def test_create_returns_size_and_hash(tmp_path: Path) -> None:
    stored = create(DISK, tmp_path / "a", [b"ab", memoryview(b"c")])
    assert (tmp_path / "a").read_bytes() == b"abc"
    assert (stored.bytes, stored.sha256) == (3, hashlib.sha256(b"abc").hexdigest())
    assert sha256(tmp_path / "a") == stored.sha256


def test_create_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        create(DISK, tmp_path / "a", [b"new"])
    assert (tmp_path / "a").read_bytes() == b"old"


def test_put_replaces_and_clears_what_a_killed_run_left(tmp_path: Path) -> None:
    (tmp_path / "a.new").write_bytes(b"half")
    put(DISK, tmp_path / "a", b"one")
    put(DISK, tmp_path / "a", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"two")]


@pytest.mark.parametrize("error", [full_disk, Killed])
def test_put_shows_old_or_new_wherever_it_fails(tmp_path: Path, error: type[Killed]) -> None:
    seen = set()
    for step in range(4):
        put(DISK, tmp_path / "a", b"old")
        disk = FailingDisk(step, error)
        with pytest.raises((OSError, Killed)):
            put(disk, tmp_path / "a", b"new content")
        seen.add((disk.failed, (tmp_path / "a").read_bytes()))
        (tmp_path / "a.new").unlink(missing_ok=True)
    # the second sync is that of the folder, after the rename
    assert seen == {("write", b"old"), ("sync", b"old"), ("replace", b"old"), ("sync", b"new content")}


@given(
    arrays.arrays(
        dtype=st.sampled_from([np.float32, np.int64, np.uint8, np.int32]), shape=arrays.array_shapes(min_dims=1, max_dims=2, min_side=0)
    )
)
def test_npy_parts_are_an_npy_file(array: np.ndarray) -> None:
    written = b"".join(npy_parts(array.T if array.ndim == 2 else array[::2]))
    again = np.load(io.BytesIO(written), allow_pickle=False)
    expected = array.T if array.ndim == 2 else array[::2]
    assert again.dtype == expected.dtype
    assert again.shape == expected.shape
    assert again.tobytes() == expected.tobytes()


def test_map_npy_reads_what_npy_parts_writes(tmp_path: Path) -> None:
    for number, (array, shape) in enumerate(
        [
            (np.arange(12, dtype=np.int32).reshape(2, 6), (2, None)),
            (np.zeros((0, 7), np.float32), (None, 7)),
            (np.zeros((3, 0), np.float32), (3, None)),
            (np.zeros(0, np.uint8), (0,)),
            (np.zeros((10**6, 2), np.uint8), (10**6, 2)),
        ]
    ):
        create(DISK, tmp_path / f"{number}.npy", npy_parts(array))
        again = map_npy(tmp_path / f"{number}.npy", array.dtype, shape)
        assert (again.dtype, again.shape, again.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_map_npy_takes_no_other_header(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6, dtype=np.int64))
    assert map_npy(path, np.dtype(np.int64), (None,)).tolist() == [0, 1, 2, 3, 4, 5]
    for kind, shape in ((np.float64, (6,)), (np.int64, (2, 3)), (np.int64, (5,)), (np.int64, (2, None))):
        with pytest.raises(ValueError, match=r"a\.npy is no array"):
            map_npy(path, np.dtype(kind), shape)


@pytest.mark.parametrize("value", [{"한글": ["역전파", 1, None]}, ["\ud800 lone"], "\u2028"])
def test_json_round_trip(value: object) -> None:
    assert json.loads(json_bytes(value)) == value


def test_json_is_readable_korean() -> None:
    assert "역전파" in json_bytes({"a": "역전파"}).decode()


def test_make_folder_makes_those_above_and_remove_tree_removes_one(tmp_path: Path) -> None:
    make_folder(DISK, tmp_path / "a" / "b")
    make_folder(DISK, tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "file").touch()
    remove_tree(DISK, tmp_path / "a" / "b")
    assert list(tmp_path.rglob("*")) == [tmp_path / "a"]
