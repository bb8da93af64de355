"""What was read in pictures, kept by their content: a picture that moved, or that another index holds, is not read again.

It lies in the user's cache folder and not beside an index, for it belongs to the pictures, and may be thrown away at any time.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from index.notes.ocr import READER, Word
from index.places import users

SETTING = "RAG_PICTURES"
"""The environment variable that names another folder."""


def folder() -> Path:
    """Where it is kept: in $RAG_PICTURES, else in the user's cache folder."""
    if given := os.environ.get(SETTING):
        return Path(given).expanduser().absolute()
    return users().user_cache_path / "pictures"


def get(key: str) -> tuple[Word, ...] | None:
    """What was read under a key; None where nothing is kept, or what is kept is damaged."""
    try:
        rows = json.loads(_place(key).read_text(encoding="utf-8"))["words"]
        words = tuple(_word(*row) for row in rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return words


def put(key: str, words: tuple[Word, ...]) -> None:
    """Keeps what was read; where that cannot be written, it is read again another time."""
    rows = [(word.text, [round(each, 5) for each in word.box], word.line, round(word.sure, 1), word.glued) for word in words]
    place = _place(key)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = place.with_suffix(f".{os.getpid()}")
        try:
            part.write_text(json.dumps({"words": rows}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)


def _place(key: str) -> Path:
    name = sha256(f"{READER}\0{key}".encode()).hexdigest()
    return folder() / name[:2] / f"{name}.json"


def _word(text: str, box: list[float], line: int, sure: float, glued: bool) -> Word:
    left, top, right, bottom = map(float, box)
    return Word(str(text), (left, top, right, bottom), int(line), float(sure), bool(glued))
