"""What passes between the reading process and its parent: a length of four bytes, then so much JSON."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

OUT_OF_MEMORY = 77
"""Exit code of a worker that met its memory limit: what is left of it is not used again."""


def send(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Writes one frame."""
    data = json.dumps(message).encode()
    stream.write(struct.pack("<I", len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Reads one frame; None where the other side is gone."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack("<I", head)
    data = stream.read(length)
    return dict(json.loads(data)) if len(data) == length else None
