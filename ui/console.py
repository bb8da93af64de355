"""What every command of the program needs of the terminal: progress, and numbers among its arguments."""

from __future__ import annotations

import argparse
import sys

from index.types import Progress


def progress() -> Progress | None:
    """A line on stderr that is written over as work goes on; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(stage: str, done: int, total: int) -> None:
        print(f"\r\x1b[K{stage} {done}/{total}" if done < total else "\r\x1b[K", end="", file=sys.stderr, flush=True)

    return show


def count(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
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
