"""The one layer through which the index writes: every write, fsync, rename and removal passes a `FileSystem`.

So tests can make any of them fail.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Bytes = bytes | memoryview

NEW = ".new"
"""Ending of a file that is not yet renamed to its real name."""


_HEADER = 128
"""Length of the header of an npy file of version 1 with one or two dimensions."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file must be to be the one that was written."""

    bytes: int
    sha256: str


class FileSystem:
    """The operations that change a disk, one method each."""

    def make(self, folder: Path) -> None:
        folder.mkdir()

    def write(self, file: BinaryIO, data: Bytes) -> None:
        file.write(data)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Renames over the target.

        Windows refuses while another process has the target open for reading, which takes milliseconds: hence the retries.
        """
        for pause in (0.05, 0.1, 0.2, 0.4) if os.name == "nt" else ():
            try:
                return os.replace(source, target)
            except PermissionError:
                time.sleep(pause)
        os.replace(source, target)

    def remove(self, file: Path) -> None:
        file.unlink()

    def remove_folder(self, folder: Path) -> None:
        folder.rmdir()


DISK = FileSystem()


def create(fs: FileSystem, path: Path, parts: Iterable[Bytes]) -> Stored:
    """Writes a file that must not exist yet, and waits until it is on the disk."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for part in parts:
            fs.write(file, part)
            digest.update(part)
            size += len(part)
        file.flush()
        fs.sync(file.fileno())
    return Stored(size, digest.hexdigest())


def put(fs: FileSystem, path: Path, data: Bytes) -> None:
    """Replaces a file in one step: whoever reads meanwhile sees the old content or the new, never a part."""
    new = path.with_name(path.name + NEW)
    if new.exists():
        fs.remove(new)
    try:
        create(fs, new, [data])
        fs.replace(new, path)
    except OSError:
        with suppress(OSError):
            fs.remove(new)
        raise
    sync_folder(fs, path.parent)


def save(path: Path, data: bytes) -> None:
    """Writes a file that a person named: the file that a link leads to is replaced in one step, a pipe or a device is written to."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        target.write_bytes(data)
    else:
        put(DISK, target, data)


def make_folder(fs: FileSystem, folder: Path) -> None:
    """Makes a folder and those above it where they are missing, each entered durably in its parent."""
    if not folder.is_dir():
        make_folder(fs, folder.parent)
        fs.make(folder)
        sync_folder(fs, folder.parent)


def sync_folder(fs: FileSystem, folder: Path) -> None:
    """Makes the names in a folder durable; Windows has no such call and journals names by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fs.sync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(fs: FileSystem, folder: Path) -> None:
    """Removes a folder of files."""
    for file in sorted(folder.iterdir()):
        fs.remove(file)
    fs.remove_folder(folder)


def json_bytes(value: Any) -> bytes:
    """Readable UTF-8 JSON. A lone surrogate, which a broken note may hold, survives the round trip through `json.loads`."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


def npy_parts(array: NDArray[Any]) -> list[Bytes]:
    """The bytes of an npy file without a second copy of the array."""
    array = np.ascontiguousarray(array)
    return [_npy_header(array.dtype, array.shape), array.reshape(-1).view(np.uint8).data]


def stacked_npy_parts(arrays: Sequence[NDArray[Any]]) -> Iterator[Bytes]:
    """The bytes of an npy file of arrays `(n, dim)` one below the other, at least one, which are never brought together."""
    yield _npy_header(arrays[0].dtype, (sum(map(len, arrays)), arrays[0].shape[1]))
    for array in arrays:
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def map_npy(path: Path, kind: np.dtype[Any], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Maps an npy file into memory; one length of the shape may be None, and follows from the size of the file.

    The header must be, byte for byte, the one that `npy_parts` writes: NumPy's own reader fails on an altered header in a dozen ways,
    and not on every one. Raises ValueError.
    """
    known = math.prod(length for length in shape if length is not None)
    cells = (path.stat().st_size - _HEADER) // kind.itemsize
    full = tuple(cells // max(known, 1) if length is None else length for length in shape)
    with path.open("rb") as file:
        if file.read(_HEADER) != _npy_header(kind, full):
            raise ValueError(f"{path.name} is no array of {kind} {full}.")
    return np.asarray(np.memmap(path, kind, "r", _HEADER, full))


def _npy_header(kind: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, facts)
    return header.getvalue()


def sha256(path: Path) -> str:
    """The hash of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
