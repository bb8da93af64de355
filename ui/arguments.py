"""Arguments that several verbs of the program share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from index.places import Place, place_of
from rag.types import READERS
from ui.console import probability

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

Options = argparse.Namespace

DEFAULT_INDEX = "data/index"
QUESTIONS = Path("data/questions.jsonl")
CACHE = Path(".cache/vectors")
INDEX_HELP = (
    f"where the index is: a folder, or postgresql://USER@HOST:PORT/DATABASE?schema=NAME (default: $RAG_INDEX, else {DEFAULT_INDEX})"
)


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
    verb.add_argument("--index", type=place, metavar="PLACE", default=os.environ.get("RAG_INDEX") or DEFAULT_INDEX, help=INDEX_HELP)


def place(text: str) -> Place:
    """A place of an index, as an argument."""
    try:
        return place_of(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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


def add_questions(verb: argparse.ArgumentParser) -> None:
    """What is asked, and where the vectors of that are kept."""
    add = verb.add_argument
    add(
        "--questions",
        type=Path,
        metavar="PATH",
        help="gold questions: our JSON Lines, SQuAD/KorQuAD/KLUE-MRC JSON, a BEIR folder, TREC topics, or a CSV of question and answer; "
        f"a set that brings passages is measured on those, any other over --index (default: {QUESTIONS})",
    )
    add(
        "--qrels",
        type=Path,
        metavar="FILE",
        help="judgements of TREC topics or of a BEIR folder, in TREC's or BEIR's columns; alone they judge runs",
    )
    add("--split", metavar="SPLIT", help="which of the questions: dev, test, all (default: test, where they name splits)")
    add("--drafted", action="store_true", help="take in questions that are only drafted, which nobody has accepted yet")
    add("--cache", type=Path, metavar="DIR", default=CACHE, help=f"where vectors are kept between runs (default: {CACHE})")


def add_report_files(verb: argparse.ArgumentParser) -> None:
    """The files that hold the whole report."""
    add = verb.add_argument
    add("--json", type=Path, metavar="FILE", help="write the report with a row for every system and question to a file")
    add("--html", type=Path, metavar="FILE", help="write the report as a page with plots, in one file")
    add("--lang", choices=("ko", "en"), default="ko", help="the language of that page (default: ko)")
    add("--texts", action="store_true", help="show the questions' words on that page even where the set brings its own passages")


def add_llm(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--llm",
        metavar="URL",
        help="let a large language model answer too, its sentences checked against the passages: an OpenAI-compatible API "
        "(default: $RAG_LLM_URL, else none; the key comes from $OPENAI_API_KEY)",
    )
    verb.add_argument("--llm-model", metavar="NAME", help="the model to ask there (default: $RAG_LLM_MODEL)")


def add_reader(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--reader",
        choices=READERS,
        help="answer with exact words (span) or with whole sentences (default: span, where its model is)",
    )
    verb.add_argument(
        "--threshold", type=probability, metavar="P", help="refuse where the notes hold an answer with less than this probability, 0 to 1"
    )
