"""Cuts a command short at its n-th change of the disk: every way in which a disk, or the machine, can fail it.

All that the program writes itself passes the one `FileSystem` of `index.files`; its methods are exchanged for the time of a trial. What
SQLite writes by itself is cut short by a limit on the size of files, at which the system refuses the write in its middle.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from index.files import DISK, Bytes, FileSystem

Way = Literal["full", "error", "killed", "power", "reordered"]
"""The disk is full from then on; one operation fails; the process is killed; the machine loses power, and all that was not synced is
lost, or the names of some folders only, since no order holds between folders."""
WAYS: tuple[Way, ...] = ("full", "error", "killed", "power", "reordered")


class Killed(BaseException):
    """Stands for the end of the process: no handler of the program may catch it."""


@dataclass(slots=True)
class _Unsafe:
    """What a loss of power would undo: names by the folder that was not synced since, and contents by the file."""

    names: list[tuple[Path, Callable[[], None]]] = field(default_factory=list)
    contents: dict[int, Path] = field(default_factory=dict)

    def named(self, path: Path, undo: Callable[[], None]) -> None:
        self.names.append((path.parent.resolve(), undo))

    def synced(self, descriptor: int) -> None:
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        self.contents.pop(os.fstat(descriptor).st_ino, None)
        self.names = [(folder, undo) for folder, undo in self.names if folder != place]

    def lose(self, root: Path, some: int | None = None) -> None:
        """Contents that were not synced end in their middle, then the latest names go; with `some`, those of every other folder."""
        for file in [each for each in root.rglob("*") if each.is_file() and not each.is_symlink()]:
            if file.stat().st_ino in self.contents:
                os.truncate(file, file.stat().st_size // 2)
        folders = sorted({folder for folder, _ in self.names})
        for folder, undo in reversed(self.names):
            if some is None or (folders.index(folder) + some) % 2:
                with suppress(OSError):
                    undo()


@dataclass(slots=True)
class Trial:
    """How a command is to fail; `failed` names the operation that did, and stays empty where the command ended before."""

    at: int
    way: Way
    done: int = 0
    failed: str = ""
    unsafe: _Unsafe = field(default_factory=_Unsafe)

    def step(self, name: str) -> None:
        self.done += 1
        if self.done <= self.at or (self.way == "error" and self.failed):
            return
        self.failed = self.failed or name
        if self.way in ("full", "error"):
            code = errno.ENOSPC if self.way == "full" else errno.EIO
            raise OSError(code, os.strerror(code))
        raise Killed


class _Disk(FileSystem):
    """The disk of a trial."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def make(self, folder: Path) -> None:
        self.trial.step("make")
        super().make(folder)
        self.trial.unsafe.named(folder, folder.rmdir)

    def write(self, file: BinaryIO, data: Bytes) -> None:
        path = Path(file.name)
        is_new = os.fstat(file.fileno()).st_ino not in self.trial.unsafe.contents
        self.trial.unsafe.contents[os.fstat(file.fileno()).st_ino] = path
        if is_new:
            self.trial.unsafe.named(path, path.unlink)
        try:
            self.trial.step("write")
        except BaseException:
            half = memoryview(data)
            file.write(half[: half.nbytes // 2])
            file.flush()
            raise
        super().write(file, data)

    def sync(self, descriptor: int) -> None:
        self.trial.step("sync")
        self.trial.unsafe.synced(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        self.trial.step("replace")
        before, after = _content(target), source.read_bytes()
        super().replace(source, target)
        self.trial.unsafe.named(target, lambda: _put_back(source, after, target, before))

    def remove(self, file: Path) -> None:
        self.trial.step("remove")
        before = file.read_bytes()
        super().remove(file)
        self.trial.unsafe.named(file, lambda: _written(file, before))

    def remove_folder(self, folder: Path) -> None:
        self.trial.step("remove_folder")
        super().remove_folder(folder)
        self.trial.unsafe.named(folder, folder.mkdir)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _written(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _put_back(source: Path, after: bytes, target: Path, before: bytes | None) -> None:
    source.write_bytes(after)
    if before is None:
        target.unlink()
    else:
        target.write_bytes(before)


@contextmanager
def cut(trial: Trial, root: Path) -> Iterator[None]:
    """Runs what is in the block on a disk that fails it; a loss of power is carried out on `root` when the block is left.

    Where the block ends before its trial's step, power is lost right behind it: what was told to be done must last.
    """
    disk = _Disk(trial)
    names = ("make", "write", "sync", "replace", "remove", "remove_folder")
    with _exchanged(DISK, {name: getattr(disk, name) for name in names}), _counting(trial):
        yield
    if trial.way in ("power", "reordered"):
        trial.unsafe.lose(root, trial.at if trial.way == "reordered" else None)


@contextmanager
def _exchanged(target: object, names: dict[str, object]) -> Iterator[None]:
    """Attributes of one object exchanged for a time."""
    before = {name: target.__dict__[name] for name in names if name in target.__dict__}
    for name, value in names.items():
        setattr(target, name, value)
    try:
        yield
    finally:
        for name in names:
            if name in before:
                setattr(target, name, before[name])
            else:
                delattr(target, name)


@contextmanager
def _counting(trial: Trial) -> Iterator[None]:
    """Every statement of SQLite that changes something is a step."""

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            word = statement.split(None, 1)[0].upper()
            if word not in ("SELECT", "PRAGMA"):
                try:
                    trial.step(word)
                except OSError as error:
                    raise sqlite3.OperationalError("database or disk is full") from error
            return super().execute(statement, *values)

    real = sqlite3.connect

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return cast(sqlite3.Connection, real(*arguments, **{"factory": Connection, **options}))

    with _exchanged(sqlite3, {"connect": connect}):
        yield


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the system itself refuses what goes over it (`RLIMIT_FSIZE`)."""
    import resource
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
