"""Arguments that several verbs of the program share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types import READERS
from ui.console import probability

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

Options = argparse.Namespace

DEFAULT_INDEX = "data/index"
INDEX_HELP = f"the folder of the index (default: $RAG_INDEX, else {DEFAULT_INDEX})"


def add_verb(verbs: Verbs, name: str, handle: Callable[[Options], int], help: str, formats: bool = True) -> argparse.ArgumentParser:
    """A verb over an index; its description is its help as a sentence. `formats` adds the choice of text or JSON."""
    verb = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    verb.set_defaults(handle=handle)
    add_place(verb)
    if formats:
        verb.add_argument(
            "--format", choices=("text", "json"), default="text", help="text for people, or JSON, one line for each result (default: text)"
        )
    return verb


def add_place(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--index", type=Path, metavar="DIR", default=Path(os.environ.get("RAG_INDEX") or DEFAULT_INDEX), help=INDEX_HELP)


def add_encoder(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--encoder",
        type=_model,
        metavar="MODEL",
        help="a sentence-transformers model by name or folder (default: the index's own, else the shipped one)",
    )


def _model(text: str) -> str:
    """A folder by its whole path: the index remembers it, and may be asked from elsewhere."""
    return str(Path(text).resolve()) if Path(text).is_dir() else text


def add_reader(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--reader",
        choices=READERS,
        help="answer with exact words (span) or with whole sentences (default: span, where its model is)",
    )
    verb.add_argument(
        "--threshold", type=probability, metavar="P", help="refuse where the notes hold an answer with less than this probability, 0 to 1"
    )
