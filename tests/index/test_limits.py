"""A full disk, a folder that may not be written, too little memory: an error that says so, and the index as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index.build import update
from index.errors import IndexProblem
from index.folder import FolderIndex
from index.settings import IndexSettings
from index.verify import verify
from tests.fakes import HashEncoder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and rights as Linux keeps them")
ROOT = Path(__file__).parents[2]
NOBODY = 65534
TEXT = "# 역전파\n\n역전파 는 기울기 를 구한다.\n"
PROGRAM = """
import os, resource, shutil, sys
from pathlib import Path
import index.build
from index.errors import RagError
from index.notes import read_note
from index.settings import IndexSettings
from tests.fakes import HashEncoder
index.build.read_notes = lambda notes, **_: map(read_note, notes)
def bring(root):
    index.build.update(root / "index", [root / "notes"], encoder=HashEncoder(8), analyse=str.split, settings=IndexSettings())
root, limit, user = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
bring(root / "warm")  # what is imported late may not be readable any more
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if user:
    os.seteuid(user)
try:
    bring(root)
except RagError as problem:
    print(problem)
    sys.exit(3)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of one note, and a second note that is not in it yet."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text(TEXT, encoding="utf-8")
    bring(tmp_path)
    (tmp_path / "notes" / "b.md").write_text("# 확률\n\n" + "확률 은 0 과 1 사이 이다.\n\n" * 40, encoding="utf-8")
    return tmp_path


def bring(root: Path) -> None:
    update(root / "index", [root / "notes"], encoder=HashEncoder(8), analyse=str.split, settings=IndexSettings())


def child(root: Path, limit: int = 0, user: int = 0) -> subprocess.CompletedProcess[str]:
    """The note indexed in a process of its own, no file larger than `limit` bytes, with the rights of that user."""
    (root / "warm" / "notes").mkdir(parents=True, exist_ok=True)
    (root / "warm" / "notes" / "a.md").write_text(TEXT, encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, str(root), str(limit), str(user)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "RAG_VECTORS": "0"}, timeout=120)


def held(root: Path) -> list[str]:
    assert verify(root / "index") == []
    return [info.doc_id for info in FolderIndex.open(root / "index").documents()]


@pytest.mark.parametrize("limit", [1, 300, 900, 2000])
def test_a_full_disk(root: Path, limit: int) -> None:
    done = child(root, limit)
    assert (done.returncode, done.stderr) == (3, "")
    assert "cannot be written: [Errno 27] File too large" in done.stdout and "free space" in done.stdout
    assert held(root) == ["a.md"]
    bring(root)
    assert held(root) == ["a.md", "b.md"]


def readable(root: Path) -> None:
    for folder in (root, *root.parents):
        if folder != Path("/") and folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o055)


def only_read(root: Path) -> None:
    (root / "index").chmod(0o555)


def closed_segments(root: Path) -> None:
    for path in root.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (root / "index" / "segments").chmod(0o555)


@pytest.mark.parametrize("rights", [only_read, closed_segments])
def test_a_folder_that_may_not_be_written(root: Path, rights: Callable[[Path], None]) -> None:
    readable(root)
    rights(root)
    done = child(root, user=0 if os.getuid() else NOBODY)
    (root / "index").chmod(0o755)
    (root / "index" / "segments").chmod(0o755)
    assert (done.returncode, done.stderr) == (3, "")
    assert "cannot be written: [Errno 13] Permission denied" in done.stdout
    assert held(root) == ["a.md"]


def test_an_index_that_may_not_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(IndexProblem, match=r"cannot be read: Permission denied.*right to read"):
        FolderIndex.open(root / "index")


@pytest.mark.parametrize("megabytes", [150, 300])
def test_too_little_memory(tmp_path: Path, megabytes: int) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text(TEXT, encoding="utf-8")
    assert rag(tmp_path).returncode == 0
    (tmp_path / "notes" / "b.md").write_text("# 확률\n\n확률은 0과 1 사이이다.\n", encoding="utf-8")
    done = rag(tmp_path, megabytes)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ") and "memory" in done.stderr and "Traceback" not in done.stderr
    assert held(tmp_path) == ["a.md"]


def rag(root: Path, megabytes: int = 0) -> subprocess.CompletedProcess[str]:
    """`rag index` by the shipped encoder, in so much memory."""
    import resource

    def limit() -> None:
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))

    command = [sys.executable, "-m", "ui.cli", "index", "--index", str(root / "index"), str(root / "notes")]
    environment = {**os.environ, "RAG_VECTORS": "0", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, preexec_fn=limit, env=environment)
