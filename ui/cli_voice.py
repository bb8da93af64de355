"""A spoken question at the shell: what was heard is told before it is asked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from ui import view

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


def add_audio(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--audio",
        type=Path,
        metavar="WAV",
        help="ask the Korean question that a recording says, and show how it was heard (needs the extra voice)",
    )


def questions(options: argparse.Namespace, pipeline: Pipeline) -> list[str]:
    """What the recording asks, in the words of the notes; none where nothing was heard. Raises ModelError, UsageError."""
    if options.question or options.file:
        raise UsageError("--audio is the question: leave out the words and --file")
    from rag import voice
    from rag.spoken import wording

    sound = _read(options.audio)
    texts = (pipeline.index.document(note.doc_id).text for note in pipeline.index.documents())
    heard = voice.heard(sound, wording(texts, voice.knows))
    if not heard.text:
        print(f"nothing was heard in {options.audio}", file=sys.stderr)
    if heard.other:
        print(f"or was it: {view.printable(heard.other)}", file=sys.stderr)
    return [heard.text] if heard.text else []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise UsageError(f"cannot read {file}: {problem.strerror}") from problem
