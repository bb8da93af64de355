"""Do the tests notice a fault? Small ones are put into a module, one at a time; a mutant that no test fails on has survived.

Each module has a process: it runs the module's tests once, noting which lines each of them reaches, then forks one child per mutant. The
child puts the mutant into the module in memory, runs the tests that reach its lines, quickest first, and ends at the first that fails.
A test that takes ten times as long as before counts as failed. No file of the program is changed. What is known is kept until one is.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.mutants import Mutant, defined, graft, mutants
from benchmarks.results import ROOT, Figure, Findings
from benchmarks.survivors import EXPLAINED
from index.errors import RagError
from index.types import Progress
from rag.evaluation.report import Cell, Table

if TYPE_CHECKING:
    import pytest

MUTANTS = 300
KILLED = 0.9
"""Share of the mutants of a module that its tests must kill."""
STORE = ROOT / ".cache" / "mutation"

SLOWER, LEAST = 10, 2.0
"""A test is given so many times the time that it took, and at least so many seconds."""
MEMORY, FILE = 2**31, 2**26
"""Bytes that a mutant may take beyond what its parent has, and that it may write into one file."""
UNCHANGED = 3
"""Exit code of a child that found nothing to change."""
EXAMPLES = 25
"""Hypothesis examples of a property, the same ones in every run."""
NOT_AFTER_A_FORK = {"shipped", "postgres", "database"}
"""Fixtures with threads or connections, which a forked child would not have."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A module, the tests that concern it, and those among them that are left out: they measure time."""

    file: str
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")


SUBJECTS = (
    Subject("index/disk.py", ("tests/index/test_disk_details.py", "tests/index/test_disk.py")),
    Subject("rag/evaluation/metrics.py", ("tests/rag/test_metrics.py",)),
    Subject("index/split.py", ("tests/index/test_split.py",), ("test_time_grows_with_the_text", "test_a_megabyte_of_notes")),
    Subject("rag/spans.py", ("tests/rag/test_spans.py",)),
    Subject("rag/trim.py", ("tests/rag/test_trim.py",)),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One mutant and what became of it: `killed`, `timeout`, `crashed` or `survived`."""

    line: int
    text: str
    outcome: str


def measure(
    count: int = MUTANTS, seed: int = 0, files: Sequence[str] = (), store: Path = STORE, progress: Progress | None = None
) -> Findings:
    """At most so many mutants of each module, or of those named. Raises RagError where the tests fail without any mutant."""
    figures: list[Figure] = []
    tables: list[Table] = []
    unexplained = 0
    for subject in SUBJECTS:
        if not files or subject.file in files:
            tried = trials(subject, count, seed, store, progress)
            survivors = [each for each in tried if each.outcome == "survived"]
            rows = tuple(_row(subject, each) for each in survivors)
            unexplained += sum(not row[-1] for row in rows)
            figures += [
                Figure(f"{subject.file}: mutants", len(tried)),
                Figure(f"{subject.file}: killed", 1 - len(survivors) / max(1, len(tried)), "", KILLED, at_least=True),
            ]
            tables.append(Table(f"survivors of {subject.file}", ("line", "mutant", "why it lives"), rows))
            for each in survivors:
                print(f"{subject.file}:{each.line}: {each.text}", flush=True)
    figures.append(Figure("survivors without an explanation", unexplained, "", 0))
    return Findings({"mutants a module, at most": count, "seed": seed}, tuple(figures), tuple(tables))


def _row(subject: Subject, tried: Tried) -> tuple[Cell, ...]:
    reason = EXPLAINED.get((subject.file, tried.text), "")
    return tried.line, f"`` {tried.text} ``".replace("|", "\\|"), reason


# One module, seen from outside


def trials(subject: Subject, count: int, seed: int, store: Path, progress: Progress | None = None, root: Path = ROOT) -> list[Tried]:
    """What became of the module's mutants, in the order of its text; what the store knows of the same sources is not tried again.

    The files of the subject lie below `root`. Raises RagError where the tests fail without any mutant.
    """
    store.mkdir(parents=True, exist_ok=True)
    kept = store / f"{subject.module}-{seed}-{_digest(subject, root)}.jsonl"
    with TemporaryDirectory() as folder, open(Path(folder) / "output", "w+") as output:
        command = [sys.executable, "-m", "benchmarks.mutation", json.dumps(asdict(subject)), str(count), str(seed), str(kept), folder]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT) as process:
            while process.poll() is None:
                time.sleep(0.2)
                if progress:
                    progress(f"mutants of {subject.file}", min(len(_tried(kept)), count), count)
        if process.returncode:
            output.seek(0)
            raise RagError(f"the mutants of {subject.file} could not be tried: {output.read().strip()[-2000:]}")
    return sorted(_tried(kept)[:count], key=lambda each: (each.line, each.text))


def _tried(kept: Path) -> list[Tried]:
    with suppress(FileNotFoundError):
        return [Tried(**json.loads(line)) for line in kept.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    return []


def _digest(subject: Subject, root: Path) -> str:
    """Of everything that an outcome depends on: the program, the tests, and this file."""
    sources = sorted(path for part in ("index", "rag") for path in (ROOT / part).rglob("*.py"))
    helpers = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]
    own = [Path(__file__), Path(graft.__code__.co_filename)]
    digest = hashlib.sha256()
    for path in [*sources, *sorted(helpers), *(root / each for each in (subject.file, *subject.tests)), *own]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


# One module, in its own process


def chosen(tree: ast.Module, count: int, seed: int) -> list[Mutant]:
    """At most so many of the module's mutants, by chance; fewer of them are the first of more."""
    found = mutants(tree)
    random.Random(seed).shuffle(found)
    return found[:count]


def try_mutants(subject: Subject, count: int, seed: int, kept: Path, folder: Path) -> None:
    """Runs pytest, below the working directory, with a loop of its own; it writes to `kept` what became of each mutant not there yet."""
    import pytest
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutation",
        deadline=None,
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "--capture=no", "--hypothesis-profile=mutation"]
    options += ["-o", "tmp_path_retention_policy=none", "--basetemp", str(folder / "tests")]
    loop = _Loop(subject, count, seed, kept.resolve())
    pytest.main([*options, *subject.tests], plugins=[loop])
    if loop.problem:
        raise SystemExit(loop.problem)


@dataclass(slots=True)
class _Reached:
    """What one test does without any mutant: the lines that it runs, and for how many seconds."""

    item: pytest.Item
    lines: set[int] = field(default_factory=set)
    seconds: float = 0.0


class _NotTried(Exception):
    """Why no mutant can be tried."""


@dataclass(slots=True)
class _Loop:
    """Stands for pytest's own loop over the tests."""

    subject: Subject
    count: int
    seed: int
    kept: Path
    problem: str = "its tests cannot be collected"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.testsfailed:
            try:
                self._try_all([item for item in session.items if _is_asked(item, self.subject)])
                self.problem = ""
            except _NotTried as problem:
                self.problem = str(problem)
        return True

    def _try_all(self, items: Sequence[pytest.Item]) -> None:
        module = import_module(self.subject.module)
        tree = ast.parse(Path(self.subject.file).read_text(encoding="utf-8"))
        known = _tried(self.kept)
        self.kept.write_text("".join(map(_as_line, known)), encoding="utf-8")  # without a line that was cut off
        tests = sorted((_reached(item, str(module.__file__)) for item in items), key=lambda each: each.seconds)
        whole = partial(_any_fails, tests)
        if _in_child(whole) != "survived":
            raise _NotTried("a test fails in a forked process without any mutant")
        for mutant in chosen(tree, self.count, self.seed)[len(known) :]:
            outcome = _in_child(partial(_notice, mutant, tree, module, tests))
            if outcome == "unchanged":
                raise _NotTried(f"this could not be put into the module: {mutant.text}")
            with self.kept.open("a", encoding="utf-8") as file:
                file.write(_as_line(Tried(mutant.lines.start, mutant.text, outcome)))
        if _in_child(whole) != "survived":  # a mutant harmed what the tests stand on: then others only seem to be killed
            self.kept.unlink()
            raise _NotTried("a test fails without any mutant after they were tried")


def _as_line(tried: Tried) -> str:
    return json.dumps(asdict(tried), ensure_ascii=False) + "\n"


def _is_asked(item: pytest.Item, subject: Subject) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return not NOT_AFTER_A_FORK.intersection(fixtures) and getattr(item, "originalname", item.name) not in subject.without


def _reached(item: pytest.Item, source: str) -> _Reached:
    """Runs one test as it is. Raises _NotTried where it fails."""
    found = _Reached(item)

    def lines(frame: FrameType, event: str, argument: object) -> Any:
        found.lines.add(frame.f_lineno)
        return lines

    def calls(frame: FrameType, event: str, argument: object) -> Any:
        return lines if frame.f_code.co_filename == source else None

    started = time.perf_counter()
    threading.settrace(calls)
    sys.settrace(calls)
    try:
        failed = _fails(item)
    finally:
        sys.settrace(None)
        threading.settrace(None)
    if failed:
        raise _NotTried(f"{item.nodeid} fails without any mutant")
    found.seconds = time.perf_counter() - started
    return found


def _fails(item: pytest.Item) -> bool:
    """Runs a test, which may have run before. What lasts for the session is kept, all else is taken down."""
    from _pytest.runner import runtestprotocol

    session: Any = item.session
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=session))


def _any_fails(tests: Sequence[_Reached]) -> bool:
    for test in tests:
        signal.setitimer(signal.ITIMER_REAL, SLOWER * test.seconds + LEAST)  # what the signal does, unhandled, is to end the process
        if _fails(test.item):
            return True
    signal.setitimer(signal.ITIMER_REAL, 0)
    return False


def _notice(mutant: Mutant, tree: ast.Module, module: ModuleType, tests: Sequence[_Reached]) -> bool:
    """Whether the module cannot even be imported with the mutant, or one of the tests that reach it fails."""
    mutant.put_in()
    try:
        made = defined(tree, module)
    except Exception:
        return True
    if not graft(made, module):
        os._exit(UNCHANGED)
    return _any_fails([test for test in tests if (test.lines if mutant.at_import else test.lines.intersection(mutant.lines))])


def _in_child(noticed: Callable[[], bool]) -> str:
    """What becomes of a forked process that ends with whether something was noticed."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setsid()
            _limit(resource.RLIMIT_AS, psutil.Process().memory_info().vms + MEMORY)
            _limit(resource.RLIMIT_FSIZE, FILE)
            code = int(noticed())
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a test started and did not end
    return {0: "survived", 1: "killed", UNCHANGED: "unchanged", -signal.SIGALRM: "timeout"}.get(code, "crashed")


def _limit(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    subject, count, seed, kept, folder = sys.argv[1:]
    try_mutants(Subject(**json.loads(subject)), int(count), int(seed), Path(kept), Path(folder))
