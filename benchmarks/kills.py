"""A process that writes all the time is killed (`kill -9`) at random moments, over and over; a reader looks on, and all is checked then.

The writer gives every note the same next version, brings the index up to date in one commit, and keeps a review, a question and a piece of
gold of that version. So a reader that ever sees two versions at once has seen a mixture, and a version that was told as done must last.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from unittest.mock import patch

from benchmarks.results import Figure, Findings
from benchmarks.toys import HashEncoder, words
from benchmarks.writers import NOW, book, book_seen, cards, entries, gold, here, log, log_seen, rows_seen
from index import disk
from index.build import update
from index.errors import IndexMissing, RagError
from index.files import DISK, put
from index.folder import FolderIndex, rollback
from index.inbox import Offered, take
from index.settings import IndexSettings
from index.types import Progress
from index.verify import verify
from rag.types import Span

KILLS = 200
NOTES = 6
LONGEST = 1.5
"""Seconds that a writer may work before it is killed, at most; how many is drawn."""


@dataclass(slots=True)
class Seen:
    """What the reader saw beside the writer."""

    looks: int = 0
    versions: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def measure(count: int = KILLS, seed: int = 0, progress: Progress | None = None) -> Findings:
    """Kills so many writers of one folder, one after another."""
    chance, seen, failures, amid = random.Random(seed), Seen(), list[str](), 0
    with TemporaryDirectory() as folder:
        root = Path(folder)
        end = Event()
        reader = Thread(target=_look, args=(root, seen, end), daemon=True)
        reader.start()
        told = 0
        for number in range(count):
            if progress:
                progress("kill", number, count)
            began, told_now = _killed(root, chance.uniform(0, LONGEST))
            amid += began > told_now
            failures += [f"kill {number}: {problem}" for problem in judged(root, max(told, told_now) if told_now >= 0 else 0)]
            with suppress(RagError):
                told = _versions(root)[0]
        end.set()
        reader.join()
        version, _ = _versions(root)
    figures = (
        Figure("writers killed", count),
        Figure("of them in the middle of a change", amid),
        Figure("versions that were written", version),
        Figure("looks of the reader beside them", seen.looks),
        Figure("versions that it saw", len(seen.versions)),
        Figure("mixtures or errors that it saw", len(seen.faults), "", 0),
        Figure("kills that were not survived", len(failures), "", 0),
    )
    for line in [*seen.faults, *failures][:20]:
        print(line, file=sys.stderr)
    return Findings({"kills": count, "seed": seed}, figures)


def _killed(root: Path, seconds: float) -> tuple[int, int]:
    """Starts a writer and kills it: the last version that it began, and the last that it told to be done; -1 while it went back."""
    command = [sys.executable, "-m", "benchmarks.kills", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        if first != "ready\n":
            raise RagError(f"{' '.join(command)} said {first!r} where it should have been ready")
        time.sleep(seconds)
        writer.kill()
        lines = [line.split() for line in writer.stdout.read().split("\n")]
    numbers = {word: max((int(line[1]) for line in lines if len(line) == 2 and line[0] == word), default=0) for word in ("begin", "done")}
    return numbers["begin"], -1 if lines[-2:-1] and lines[-2][0] == "back" else numbers["done"]


def judged(root: Path, told: int) -> list[str]:
    """What is wrong with what a killed writer left; `told` is the version that it told to be done."""
    problems: list[str] = []
    try:
        version, count = _versions(root)
        problems += verify(root / "index")
        if version < told:
            problems.append(f"version {told} was told to be done, the index holds {version}")
        if count != NOTES:
            problems.append(f"{count} notes of {NOTES}")
    except IndexMissing:
        if told:
            problems.append(f"version {told} was told to be done, and there is no index")
    except RagError as error:
        problems.append(str(error))
    checks: tuple[Callable[[Path], object], ...] = (rows_seen, book_seen, log_seen)
    for check in checks:
        try:
            check(root)
        except RagError as error:
            problems.append(str(error))
    for file in (root / "index.study.sqlite", root / "questions.sqlite"):
        if file.exists():
            with closing(sqlite3.connect(file)) as database:
                found = database.execute("PRAGMA integrity_check").fetchone()[0]
                problems += [f"{file.name}: {found}"] if found != "ok" else []
    return problems


def _versions(root: Path) -> tuple[int, int]:
    """The one version of all notes of the index, and how many there are. Raises RagError for a mixture."""
    index = FolderIndex.open(root / "index")
    texts = [index.document(info.doc_id).text for info in index.documents()]
    found = {int(text.split()[2]) for text in texts}
    if len(found) > 1:
        raise RagError(f"a mixture of the versions {sorted(found)} in generation {index.generation}")
    return max(found, default=0), len(texts)


def _look(root: Path, seen: Seen, end: Event) -> None:
    """A reader that opens each generation as it comes, and never waits."""
    while not end.is_set():
        try:
            version, count = _versions(root)
            seen.versions.add(version)
            if count != NOTES:
                seen.faults.append(f"the reader saw {count} notes of {NOTES}")
        except IndexMissing:
            pass
        except RagError as error:
            seen.faults.append(f"the reader: {error}")
        seen.looks += 1
        time.sleep(0.005)


# The writer


def write(root: Path) -> None:
    """Writes version after version until it is killed."""
    chance = random.Random()
    print("ready", flush=True)
    with suppress(FileNotFoundError), patch("index.build.read_notes", here), patch.dict("os.environ", {"RAG_VECTORS": "0"}):
        while True:
            version = 1 + int((root / "version").read_text() if (root / "version").exists() else 0)
            put(DISK, root / "version", str(version).encode())
            print("begin", version, flush=True)
            _one(root, version, chance)
            print("done", version, flush=True)


def _one(root: Path, version: int, chance: random.Random) -> None:
    body = "\n\n".join(f"## 절 {number}\n\n본문 {chance.random()}이다." for number in range(3))
    for number in range(NOTES):
        (root / "notes").mkdir(exist_ok=True)
        (root / "notes" / f"{number}.md").write_text(f"# 판 {version} 노트\n\n{body}\n", encoding="utf-8")
    update(root / "index", [root / "notes"], encoder=HashEncoder(), analyse=words, settings=IndexSettings())
    book(root).rate(cards()[version % 40], 3, NOW)
    log(root).add(entries(version, 1))
    index = FolderIndex.open(root / "index")
    document = index.document("0.md")
    gold(root).toggle(f"판 {version % 3}?", document, Span("0.md", 2, 5, document.text[2:5]), str(version))
    if version % 7 == 0 and disk.archived(root / "index"):
        print("back", version, flush=True)
        rollback(root / "index", disk.archived(root / "index")[0])
        update(root / "index", [root / "notes"], encoder=HashEncoder(), analyse=words, settings=IndexSettings())
    shutil.copyfile(root / "version", root / "offered.md")
    take(root / "index.inbox", [Offered("version.md", root / "offered.md")], "replace")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
