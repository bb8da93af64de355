"""What becomes of hostile files: each is read or refused with one line, within bounds of time and memory, and costs no other note."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from benchmarks.hostile_files import Hostile, hostile_files, whole_files
from benchmarks.results import Figure, Findings
from benchmarks.toys import HashEncoder, words
from index.build import update
from index.folder import FolderIndex
from index.notes import NoteFile, discover, read_notes
from index.settings import IndexSettings
from index.types import Document, NoteProblem, Progress
from index.verify import verify
from rag.evaluation.report import Cell, Table

LEAST = 300
TIMEOUT, MEMORY_MB = 30.0, 1024
"""Seconds and megabytes that one file may cost here; the program itself allows twice as much."""
LONGEST_LINE = 400
"""Characters of a line that says why."""
CRASHED, LATE, LARGE = "the reader crashed", "takes more than the limit of", "of memory to read"


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one file of the folder, and the seconds it took."""

    file: NoteFile
    result: Document | NoteProblem
    seconds: float


def measure(seed: int = 0, every: int = 1, progress: Progress | None = None) -> Findings:
    """Makes the hostile files, or every n-th of them, indexes them among whole ones, and counts what became of them."""
    made = list(hostile_files(seed))[::every]
    with TemporaryDirectory() as folder:
        root = Path(folder)
        written = put_down(root / "notes", made)
        reads, faults = indexed(root, progress)
        told = {read.file.path for read in reads}
        silent = (path for path in written if path not in told and not path.is_dir() and not path.name.startswith("."))
        faults += [f"{path} was passed over without a line" for path in silent]
    settings: dict[str, Cell] = {"seed": seed, "every n-th file": every, "seconds a file": TIMEOUT, "MB a file": MEMORY_MB}
    return Findings(settings, *counted(written, reads, faults, every))


def put_down(folder: Path, made: Sequence[Hostile]) -> dict[Path, Hostile]:
    """Writes the files, each in a folder of its kind of damage, and a whole one of each format beside them."""
    written: dict[Path, Hostile] = {}
    numbers: dict[str, int] = {}
    for each in made:
        place = folder / f"{numbers.setdefault(each.damage, len(numbers)):03}" / each.name
        place.parent.mkdir(parents=True, exist_ok=True)
        each.write(place)
        written[place] = each
    for kind, data in whole_files().items():
        if kind not in ("png", "jpg"):
            (folder / f"whole.{kind}").write_bytes(data)
    return written


def indexed(root: Path, progress: Progress | None = None) -> tuple[list[Read], list[str]]:
    """Indexes the folder: what became of each file, those that were not even opened last, and what went wrong for the others."""
    reads: list[Read] = []

    def watched(notes: Sequence[NoteFile], **_: object) -> Iterator[Document | NoteProblem]:
        before = time.perf_counter()
        for done, (file, result) in enumerate(zip(notes, read_notes(notes, timeout=TIMEOUT, memory_mb=MEMORY_MB), strict=True), 1):
            now = time.perf_counter()
            reads.append(Read(file, result, now - before))
            before = now
            if progress:
                progress("read", done, len(notes))
            yield result

    with patch("index.build.read_notes", watched), patch.dict("os.environ", {"RAG_VECTORS": "0"}):
        report = update(root / "index", [root / "notes"], encoder=HashEncoder(), analyse=words, settings=IndexSettings())
    asked = {read.file.doc_id for read in reads}
    unread = {problem.doc_id: problem for problem in report.problems if problem.doc_id not in asked}
    reads += [Read(file, unread[file.doc_id], 0.0) for file in discover([root / "notes"]) if file.doc_id in unread]
    index = FolderIndex.open(root / "index")
    known = {info.doc_id for info in index.documents()}
    faults = [f"whole.{kind} is not indexed" for kind in whole_files() if f"whole.{kind}" not in known and kind not in ("png", "jpg")]
    refused = {problem.doc_id for problem in report.problems}
    faults += [f"{each.file.doc_id!r} is neither indexed nor refused" for each in reads if each.file.doc_id not in known | refused]
    faults += [f"{problem.doc_id!r}: {problem.reason!r} is no line" for problem in report.problems if not is_line(problem)]
    return reads, faults + verify(root / "index")


def is_line(problem: NoteProblem) -> bool:
    """Whether a refusal is one line that says something."""
    text = f"{problem.doc_id}: {problem.reason}"
    return bool(problem.reason.strip()) and len(text.splitlines()) == 1 and len(problem.reason) <= LONGEST_LINE


def counted(
    written: dict[Path, Hostile], reads: Sequence[Read], faults: Sequence[str], every: int = 1
) -> tuple[tuple[Figure, ...], tuple[Table, ...]]:
    """Figures, a line for each kind of damage, and what took the reading process down."""
    hostile = [read for read in reads if read.file.path in written]
    ends = Counter(fate(read.result) for read in hostile)
    rows: list[tuple[Cell, ...]] = []
    for damage in dict.fromkeys(each.damage for each in written.values()):
        own = [read for read in hostile if written[read.file.path].damage == damage]
        fates = Counter(fate(read.result) for read in own)
        files = sum(each.damage == damage for each in written.values())
        slowest = max((read.seconds for read in own), default=0.0)
        rows.append((damage, files, fates["read"], files - fates["read"], slowest))
    figures = (
        Figure("hostile files", len(written), "", LEAST // every, at_least=True),
        Figure("read, with what was left of them", ends["read"]),
        Figure("refused with a line", ends["refused"]),
        Figure("passed over: folders, hidden files", len(written) - len(hostile)),
        Figure("ended by the limit of time", ends["late"]),
        Figure("ended by the limit of memory", ends["large"]),
        Figure("crashes of the reading process", ends["crashed"], "", 0),
        Figure("slowest file", max(read.seconds for read in hostile), "s", TIMEOUT + 2),
        Figure("notes lost, lines that are none, faults of the index", len(faults), "", 0),
    )
    for fault in faults:
        print(fault, file=sys.stderr)
    ended = tuple((repr(read.file.doc_id), _reason(read)) for read in hostile if fate(read.result) in ("late", "large", "crashed"))
    tables = [Table("hostile files", ("damage", "files", "read", "refused or passed over", "slowest, s"), tuple(rows))]
    return figures, tuple(tables + ([Table("ended by a limit", ("file", "reason"), ended)] if ended else []))


def _reason(read: Read) -> str:
    return read.result.reason if isinstance(read.result, NoteProblem) else ""


def fate(result: Document | NoteProblem) -> str:
    """read, refused, late, large or crashed."""
    if isinstance(result, Document):
        return "read"
    reason = result.reason
    return "crashed" if CRASHED in reason else "large" if LARGE in reason else "late" if reason.startswith(LATE) else "refused"
