"""Readers of notes under bytes that nobody wrote: whole files of each format altered again and again, each in a process of its own.

Where atheris is installed (`pip install atheris`; it is not needed for anything else), libFuzzer chooses what is altered by the branches of
the readers that it reaches; else chance alone chooses.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from unicodedata import is_normalized

from benchmarks.hostile_files import DAMAGES, whole_files
from benchmarks.results import ROOT, Figure, Findings
from index.errors import NoteError
from index.notes import NoteFile, read_note
from index.notes.extract import clean
from index.split import split
from index.types import Document, Progress
from rag.evaluation.report import Cell, Table

FORMATS = ("md", "txt", "html", "xhtml", "srt", "vtt", "ipynb", "docx", "pptx", "hwpx", "hwp", "pdf")
_DONE = re.compile(r"Done (\d+) runs")


def measure(seconds: int = 20, formats: Sequence[str] = FORMATS, seed: int = 0, progress: Progress | None = None) -> Findings:
    """So many seconds for each format."""
    guided = find_spec("atheris") is not None
    rows: list[tuple[Cell, ...]] = []
    for number, kind in enumerate(formats):
        if progress:
            progress("fuzz", number, len(formats))
        runs, failures = _fuzzed(kind, seconds, seed)
        rows.append((kind, runs, len(failures), "; ".join(failures)[:300]))
    figures = (
        Figure("executions", sum(int(str(row[1])) for row in rows)),
        Figure("errors that were no refusal", sum(int(str(row[2])) for row in rows), "", 0),
    )
    settings = {"seconds a format": seconds, "seed": seed, "guided by atheris": "yes" if guided else "no"}
    return Findings(settings, figures, (Table("readers fuzzed", ("format", "executions", "errors", "the first of them"), tuple(rows)),))


def _fuzzed(kind: str, seconds: int, seed: int) -> tuple[int, list[str]]:
    """Executions of one format's reader, and what it raised or how its process ended."""
    command = [sys.executable, "-m", "benchmarks.fuzz", kind, str(seconds), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds * 4 + 120)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"runs"')]
    guided = _DONE.search(done.stderr)
    runs = int(guided[1]) if guided else told[-1]["runs"] if told else 0
    failures = list(told[-1]["failures"]) if told else []
    if done.returncode:
        last = next((line for line in done.stderr.splitlines() if "Error" in line or "ERROR" in line), "")
        failures.append(f"exit code {done.returncode}: {last}")
    return runs, failures


def checked(path: Path) -> None:
    """Reads one file: a document that keeps what every document promises, or a refusal in one line. Raises AssertionError for others."""
    try:
        document = read_note(NoteFile(path.name, path, path.parent))
    except NoteError as refusal:
        assert len(str(refusal).splitlines()) == 1, str(refusal)
        return
    promised(document)


def promised(document: Document) -> None:
    """What every document promises: clean NFC text, marks in order inside it, and passages that are its words."""
    text = document.text
    assert is_normalized("NFC", text) and clean(text) == text, "text that is not clean"
    places = [mark.start for mark in document.marks]
    assert places == sorted(places) and all(0 <= place <= len(text) for place in places), "marks out of order"
    if len(text) < 100_000:
        from index.settings import SplitSettings

        for passage in split(document, SplitSettings(), lambda texts: [len(each.split()) for each in texts]):
            assert passage.text == text[passage.start : passage.end] and passage.text.strip(), "a passage that is not of the text"


# In the child


def main(kind: str, seconds: int, seed: int) -> None:
    """Reads altered files of one format for so many seconds, and prints how many."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RAG_PICTURES"] = str(Path(folder) / "pictures")
        path = Path(folder) / f"a.{kind}"

        def run(data: bytes) -> None:
            path.write_bytes(data)
            checked(path)

        if find_spec("atheris") is None:
            _by_chance(kind, seconds, seed, run)
        else:
            _guided(kind, seconds, seed, run, Path(folder) / "seeds")


def _by_chance(kind: str, seconds: int, seed: int, run: Callable[[bytes], None]) -> None:
    chance, whole, runs = random.Random(f"{seed} {kind}"), whole_files()[kind], 0
    failures: dict[str, int] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = whole
        for _ in range(chance.randrange(1, 4)):
            data = DAMAGES[chance.choice(list(DAMAGES))](data or b"x", chance)[:1_000_000]
        try:
            run(data)
        except Exception as problem:  # whatever it is, it is what is looked for
            failures[f"{type(problem).__name__}: {problem}"[:200]] = runs
        runs += 1
    print(json.dumps({"runs": runs, "failures": list(failures)}), flush=True)


def _guided(kind: str, seconds: int, seed: int, run: Callable[[bytes], None], seeds: Path) -> None:
    atheris = import_module("atheris")

    seeds.mkdir()
    (seeds / "whole").write_bytes(whole_files()[kind])
    for name in [name for name in sys.modules if name.startswith("index.notes")]:
        for value in vars(sys.modules[name]).values():
            if callable(value) and getattr(value, "__module__", "") == name and hasattr(value, "__code__"):
                atheris.instrument_func(value)
    options = [f"-max_total_time={seconds}", f"-seed={seed + 1}", "-max_len=100000", "-timeout=60", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
