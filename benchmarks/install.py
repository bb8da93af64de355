"""How long the set-up takes from nothing in a fresh clone, and how much disk it fills.

Nothing comes from pip's cache, so the time holds the downloads: it is as much the network's as the machine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import ROOT, Figure, Findings
from index.errors import RagError

SET_UP = "import make; make.set_up('run')"
INHERITED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "RAG_INDEX", "RAG_DATA")
"""What would tie the clone to the environment that measures it."""


def measure() -> Findings:
    """Clones the commit checked out, sets it up as `make run` does, indexes its notes; the clone is deleted again."""
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    environment |= {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        project = Path(folder) / "project"
        _seconds(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(project)], ROOT, environment)
        cloned = size(project) - size(project / ".git")
        python = getattr(sys, "_base_executable", sys.executable)  # not the one of .venv, which has the packages already
        first, again = (_seconds([python, "-c", SET_UP], project, environment) for _ in range(2))
        indexing = _seconds([str(_program(project)), "index", "data/notes", "--index", "data/index"], project, environment)
        return Findings({"python": Path(python).name}, tuple(_figures(project, cloned, first, again, indexing)))


def _figures(project: Path, cloned: int, first: float, again: float, indexing: float) -> list[Figure]:
    torch = next((project / ".venv").rglob("site-packages/torch"))
    return [
        Figure("set-up from nothing", first, "s"),
        Figure("set-up, second time", again, "s"),
        Figure("index of `data/notes`", indexing, "s"),
        Figure("`.venv`", size(project / ".venv") / 1e6, "MB"),
        Figure("of it torch", size(torch) / 1e6, "MB"),
        Figure("the project with models and notes", cloned / 1e6, "MB"),
        Figure("the index", size(project / "data" / "index") / 1e6, "MB"),
    ]


def size(folder: Path) -> int:
    """Bytes of all files below a folder; links are not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _program(project: Path) -> Path:
    return project / ".venv" / ("Scripts/rag.exe" if os.name == "nt" else "bin/rag")


def _seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """How long a command takes; RagError with the end of what it said where it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise RagError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return time.perf_counter() - start
