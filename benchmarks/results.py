"""What a benchmark found, where and when, as one JSON file under the hash of the commit that was measured."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.machine import Load, Machine
from index.errors import DataError, RagError
from rag.evaluation.report import Cell, Table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; `goal` is the most it may be, or the least where `at_least`.

    `low` and `high` are its 95 % interval where it has one, `before` is what was found for what was shipped before.
    """

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    at_least: bool = False
    low: float | None = None
    high: float | None = None
    before: float | None = None

    @property
    def met(self) -> bool:
        """Whether the goal is kept; a figure without one cannot miss it."""
        return self.goal is None or (self.value >= self.goal if self.at_least else self.value <= self.goal)


@dataclass(frozen=True, slots=True)
class Findings:
    """What one benchmark measured, and with which settings."""

    settings: Mapping[str, Cell]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Findings with all that is needed to judge them. `made` is ISO 8601 in UTC.

    `changed` says that files differed from the commit, `load` is that before the run, and `others` the share of the CPU that
    other processes used during it.
    """

    benchmark: str
    commit: str
    changed: bool
    made: str
    machine: Machine
    load: Load
    others: float
    even_if_busy: bool
    findings: Findings

    @property
    def file_name(self) -> str:
        return f"{self.benchmark}-{self.commit}.json"


def save(result: Result, folder: Path = RESULTS) -> Path:
    """Writes a result, over an earlier one of the same commit."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / result.file_name
    path.write_text(json.dumps(asdict(result), ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def load(path: Path) -> Result:
    """One result; DataError where the file is not what `save` writes."""
    try:
        return _result(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no result of a benchmark ({error!r}); run the benchmark again, or delete the file") from error


def _result(row: Mapping[str, Any]) -> Result:
    findings = row["findings"]
    tables = [Table(each["title"], tuple(each["columns"]), tuple(map(tuple, each["rows"]))) for each in findings["tables"]]
    parsed = Findings(findings["settings"], tuple(Figure(**each) for each in findings["figures"]), tuple(tables))
    return Result(**{**row, "machine": Machine(**row["machine"]), "load": Load(**row["load"]), "findings": parsed})


def completed(result: Result, folder: Path = RESULTS) -> Result:
    """A result of a part, together with what is kept of the same commit; what both hold is taken from this one."""
    path = folder / result.file_name
    if not path.exists():
        return result
    earlier = load(path)
    old, new = earlier.findings, result.findings
    figures = {figure.name: figure for figure in (*old.figures, *new.figures)}
    tables = {table.title: table for table in (*old.tables, *new.tables)}
    findings = Findings({**old.settings, **new.settings}, tuple(figures.values()), tuple(tables.values()))
    return replace(
        result,
        changed=earlier.changed or result.changed,
        load=max(earlier.load, result.load, key=lambda each: each.average),
        others=max(earlier.others, result.others),
        even_if_busy=earlier.even_if_busy or result.even_if_busy,
        findings=findings,
    )


def newest(benchmark: str, folder: Path = RESULTS) -> Result | None:
    """The latest result of a benchmark, whichever commit it measured."""
    found = [load(path) for path in sorted(folder.glob(f"{benchmark}-*.json"))]
    return max(found, key=lambda result: result.made, default=None)


def commit() -> tuple[str, bool]:
    """The short hash of the commit checked out, and whether any file but the results and the pages differs from it."""
    changes = _git("status", "--porcelain", "--", ".", ":!benchmarks/results", ":!docs")
    return _git("rev-parse", "--short=7", "HEAD"), bool(changes)


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise RagError(
            f"git does not tell which commit this is ({error}); measure in a clone of the project, with git installed"
        ) from error
