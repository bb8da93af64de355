"""Many notes read in a child process, so that one bad file costs one line and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index.errors import NoteError
from index.notes.files import NoteFile
from index.notes.frames import OUT_OF_MEMORY, receive, send
from index.notes.limits import MEMORY_MB, TIMEOUT_SECONDS
from index.types import Document, Mark, NoteProblem, Progress

_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-P", "-m", "index.notes.worker")
"""`-P` keeps the current folder, which may hold anybody's files, off the import path."""


def read_notes(
    files: Sequence[NoteFile], *, timeout: float = TIMEOUT_SECONDS, memory_mb: int = MEMORY_MB, progress: Progress | None = None
) -> Iterator[Document | NoteProblem]:
    """One result per file, in their order; a file that takes longer than `timeout` seconds, needs more memory, or crashes is a problem.

    A note of many pictures may take this time several times over, as long as each time some of them are read.
    The child starts with the first file, serves all of them, is replaced after a crash, and ends with the iterator.
    Raises NoteError where no child can be started.
    """
    worker: subprocess.Popen[bytes] | None = None
    try:
        for done, file in enumerate(files, 1):
            if worker is None or worker.poll() is not None:
                worker = _restarted(worker, memory_mb)
            result, late = _ask(worker, file, timeout, memory_mb)
            before = late + 1
            while 0 < late < before and worker.poll() is None:  # pictures are read a few at a time, and what was read is kept
                if progress:
                    progress("read", done - 1, len(files))
                before = late
                again, late = _ask(worker, file, timeout, memory_mb)
                result = again if isinstance(again, Document) else result
            yield result
            if progress:
                progress("read", done, len(files))
    finally:
        if worker is not None:
            _stop(worker)


def _restarted(dead: subprocess.Popen[bytes] | None, memory_mb: int) -> subprocess.Popen[bytes]:
    """A worker that has said it is ready."""
    if dead is not None:
        _stop(dead)
    worker = subprocess.Popen(
        [*_COMMAND, str(memory_mb)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert worker.stdout is not None
    if receive(worker.stdout) is None:
        _stop(worker)
        raise NoteError(
            f"the process that reads notes ended with exit code {worker.returncode}; to see why: {' '.join(_COMMAND)} {memory_mb}"
        )
    return worker


def environment() -> dict[str, str]:
    """What a child process needs to find this package, whatever its current folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _stop(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.communicate()


def _ask(worker: subprocess.Popen[bytes], file: NoteFile, timeout: float, memory_mb: int) -> tuple[Document | NoteProblem, int]:
    """The worker's answer, and how many pictures it had no time for.

    The clock is a timer that kills it: Windows cannot read from a pipe with a time limit.
    """
    assert worker.stdin is not None and worker.stdout is not None
    late = threading.Event()

    def stop() -> None:
        late.set()
        worker.kill()

    timer = threading.Timer(timeout, stop)
    timer.start()
    try:
        send(worker.stdin, {"doc_id": file.doc_id, "path": str(file.path), "root": str(file.root), "timeout": timeout})
        reply = receive(worker.stdout)
    except OSError:  # the pipe is broken: it died before it could listen
        reply = None
    finally:
        timer.cancel()
        timer.join()  # a kill that comes too late must not hit the next file
    if late.is_set() or reply is None:
        worker.wait()
    if reply is None:
        return NoteProblem(file.doc_id, _death(worker.returncode, late.is_set(), timeout, memory_mb)), 0
    unread = int(reply.pop("late", 0))
    return (NoteProblem(file.doc_id, str(reply["problem"])) if "problem" in reply else _document(reply)), unread


def _death(code: int, late: bool, timeout: float, memory_mb: int) -> str:
    if late:
        return f"takes more than the limit of {timeout:g} seconds to read"
    if code == OUT_OF_MEMORY:
        return f"takes more than the limit of {memory_mb:,} MB of memory to read"
    return f"the reader crashed on it ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


def _document(reply: dict[str, Any]) -> Document:
    marks = tuple(Mark(**mark) for mark in reply["marks"])
    return Document(**{**reply, "marks": marks, "warnings": tuple(reply["warnings"])})
