"""The child process that opens notes: `python -P -m index.notes.worker MEMORY_MB`, driven by `isolated`.

It says `ready`, then answers each request (a note, and the seconds it may take) with the document or the reason why there is none.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.errors import NoteError
from index.notes.files import NoteFile
from index.notes.frames import OUT_OF_MEMORY, receive, send
from index.notes.pictures import Pictures
from index.notes.read import read_note


def main() -> None:
    """Answers requests until standard input ends."""
    memory_mb = int(sys.argv[1])
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not run into the frames
    limit_memory(memory_mb)
    send(replies, {"ready": True})
    while (request := receive(sys.stdin.buffer)) is not None:
        limit_seconds(request["timeout"])
        try:
            send(replies, _reply(request))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)


def _reply(request: dict[str, Any]) -> dict[str, Any]:
    pictures = Pictures(request["timeout"])
    try:
        note = read_note(NoteFile(request["doc_id"], Path(request["path"]), Path(request["root"])), pictures)
        return {**asdict(note), "late": pictures.late}
    except NoteError as error:
        return {"problem": str(error)}


def limit_memory(memory_mb: int) -> None:
    """Caps the address space where the platform can; elsewhere (Windows, parts of macOS) only the time limit holds."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024**2, resource.getrlimit(resource.RLIMIT_AS)[1]))


def limit_seconds(timeout: float) -> None:
    """Lets this request use `timeout` more seconds of CPU, so that a worker whose parent died does not spin on."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + timeout) + 2, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
