"""What every command of the program needs of the terminal: results, progress, and numbers among its arguments."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from index.errors import UsageError
from index.job import Clock
from index.types import Progress
from ui import view


def show(options: argparse.Namespace, value: view.Json, text: Callable[[view.Style], str]) -> None:
    """Prints one result as `options.format` says: a line of JSON, or text that is coloured on a terminal."""
    if options.format == "json":
        print(json.dumps(value, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        print(text(_style()), flush=True)


def need_folders(*files: Path | None) -> None:
    """UsageError where a file that is to be written has no folder to stand in: said before the work, not after it."""
    for file in files:
        if file and not file.parent.is_dir():
            raise UsageError(f"cannot write {file}: there is no folder {file.parent}")


def save(file: Path, text: str) -> None:
    """Writes a file that was asked for; UsageError where it cannot be."""
    from index.files import save as save_bytes

    try:
        save_bytes(file, text.encode())
    except OSError as problem:
        raise UsageError(f"cannot write the report to {file}: {problem.strerror}") from problem


def _style() -> view.Style:
    return view.COLOUR if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else view.PLAIN


def progress(clock: Callable[[], float] = perf_counter) -> Progress | None:
    """A line on stderr that is written over as work goes on, with the time left; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return None
    times = Clock(clock)

    def show(stage: str, done: int, total: int) -> None:
        left = times.left(stage, done / total if total else 1.0)
        line = f"{stage} {done}/{total}{'' if left is None else ', {}:{:02} left'.format(*divmod(round(left), 60))}"
        print(f"\r\x1b[K{line if done < total else ''}", end="", file=sys.stderr, flush=True)

    return show


def count(text: str, least: int = 1) -> int:
    """A whole number, from 1 on if nothing else is said."""
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"{text} is less than {least}")
    return number


def probability(text: str) -> float:
    """A number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def share(text: str) -> float:
    """A number above 0, up to 1."""
    number = probability(text)
    if not number:
        raise argparse.ArgumentTypeError("0 leaves nothing")
    return number


count.__name__ = "whole number"  # what argparse says that a text is not
