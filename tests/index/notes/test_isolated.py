"""Reading in a child process: what a bad file costs, and what it does not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docx
import pptx
import psutil
import pytest

from index.errors import NoteError
from index.notes import NoteFile, discover, read_note, read_notes
from index.types import Document, NoteProblem
from tests.index.notes.make import MUST, hwp, hwp_paragraph, hwp_table, hwpx, hwpx_paragraph, hwpx_table, pdf

_SLOW = "<p>" + "가나다라 " * 3 + "</p>"


def _notes(folder: Path, **texts: str) -> list[NoteFile]:
    for name, text in texts.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return discover([folder])


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "index.notes.worker" in child.cmdline()]


def test_results_come_in_order_and_equal_those_of_this_process(tmp_path: Path) -> None:
    _notes(tmp_path, b_md="# 둘째\n" + MUST[0], a_txt="\n".join(MUST), d_html=f"<p>{MUST[2]}", e_srt="글뿐")
    pdf(tmp_path / "c.pdf", [[], [(72, 700, 11, MUST[0])]])
    files = discover([tmp_path])
    seen: list[tuple[str, int, int]] = []
    results = list(read_notes(files, progress=lambda *step: seen.append(step)))
    assert results[:4] == [read_note(file) for file in files[:4]]
    assert isinstance(results[2], Document) and results[2].marks and results[2].warnings
    assert results[4] == NoteProblem("e.srt", "not a caption file (found no times)")
    assert seen == [("read", done, 5) for done in range(1, 6)]
    assert _children() == []


def test_nothing_is_started_for_no_files() -> None:
    assert list(read_notes([])) == []


def test_a_file_that_takes_too_long_costs_one_line(tmp_path: Path) -> None:
    files = _notes(tmp_path, a_md="# 앞", b_html=_SLOW * 400_000, c_md="# 뒤")
    before, slow, after = read_notes(files, timeout=1.0)
    assert slow == NoteProblem("b.html", "takes more than the limit of 1 seconds to read")
    assert isinstance(before, Document) and before.title == "앞"
    assert isinstance(after, Document) and after.title == "뒤"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit on memory reliably")
def test_a_file_that_takes_too_much_memory_costs_one_line(tmp_path: Path) -> None:
    files = _notes(tmp_path, a_md="# 앞", b_txt="가" * 15_000_000, c_md="# 뒤")
    before, large, after = read_notes(files, memory_mb=160)
    assert large == NoteProblem("b.txt", "takes more than the limit of 160 MB of memory to read")
    assert isinstance(before, Document) and isinstance(after, Document)


def _kill_a_busy_child() -> None:
    """Waits for a worker that has worked longer than it takes to start, and kills it."""
    for _ in range(6000):
        for child in _children():
            if child.cpu_times().user > 0.7:
                child.kill()
                return
        time.sleep(0.01)


def test_a_crash_costs_one_line(tmp_path: Path) -> None:
    files = _notes(tmp_path, a_html=_SLOW * 400_000, b_md="# 뒤")
    killer = threading.Thread(target=_kill_a_busy_child)
    killer.start()
    crashed, after = read_notes(files)
    killer.join()
    assert isinstance(crashed, NoteProblem)
    assert crashed.reason.startswith("the reader crashed on it (")
    assert isinstance(after, Document) and after.title == "뒤"


def test_a_worker_that_died_between_two_files_costs_nothing(tmp_path: Path) -> None:
    files = _notes(tmp_path, a_md="# 하나", b_md="# 둘")
    results: Iterator[Document | NoteProblem] = read_notes(files)
    assert isinstance(next(results), Document)
    (child,) = _children()
    child.kill()
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert isinstance(next(results), Document)
    results.close()  # type: ignore[attr-defined]
    assert _children() == []


def test_the_worker_ends_with_its_parent(tmp_path: Path) -> None:
    (note,) = _notes(tmp_path, a_md="# 하나")
    script = (
        "import os; from pathlib import Path; from index.notes import discover, read_notes\n"
        f"results = read_notes(discover([Path({str(tmp_path)!r})]) * 2)\n"
        "next(results); import psutil\n"
        "print(psutil.Process().children()[0].pid, flush=True); os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)
    for _ in range(500):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the worker still runs")
    assert note.doc_id == "a.md"


def test_files_in_the_current_folder_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "index.py", "srt.py", "selectolax.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    (result,) = read_notes(_notes(tmp_path, a_html="<p>글</p>"))
    assert isinstance(result, Document) and result.text == "글\n"


def test_what_a_library_prints_does_not_disturb(tmp_path: Path) -> None:
    """python-docx, lxml and PDFium may print; the worker's standard output is not the channel they would print to."""
    code = "import os, sys; sys.argv = ['worker', '2048']; sys.path.insert(0, sys.argv.pop() and os.getcwd()); sys.argv.append('2048')\n"
    code += "from index.notes import worker; read = worker.read_note\nnoise = lambda: (os.write(1, b'noise'), print('noise', flush=True))\n"
    code += "worker.read_note = lambda file, pictures: (noise(), read(file, pictures))[1]\nworker.main()"
    from index.notes.frames import receive, send

    (note,) = _notes(tmp_path, a_md="# 하나")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None and child.stdout is not None
        assert receive(child.stdout) == {"ready": True}
        send(child.stdin, {"doc_id": "a.md", "path": str(note.path), "root": str(note.root), "timeout": 60})
        reply = receive(child.stdout)
        child.stdin.close()
    assert reply is not None and reply["title"] == "하나"


def test_a_worker_that_cannot_start_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.notes.isolated._COMMAND", (sys.executable, "-P", "-m", "index.notes.gone"))
    with pytest.raises(NoteError, match=r"ended with exit code 1; to see why: "):
        list(read_notes(_notes(tmp_path, a_md="# 하나")))


def test_no_heavy_library_is_loaded_for_markdown(tmp_path: Path) -> None:
    """The worker is started for every run: what it imports before it knows the format is paid each time."""
    (note,) = _notes(tmp_path, a_md="# 하나")
    script = (
        "import sys; from pathlib import Path; from index.notes import discover, read_note\n"
        f"read_note(discover([Path({str(note.path)!r})])[0])\n"
        "heavy = {'charset_normalizer', 'docx', 'lxml', 'nbformat', 'numpy', 'olefile', 'pptx', 'pypdfium2', 'selectolax', 'srt'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=os.getcwd())
    assert done.stdout.strip() == "[]"


def test_damaged_files_cost_one_line_each(tmp_path: Path) -> None:
    """Bytes changed and ends cut off at random places (the seed is fixed): always a result, always on one line."""
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "a.html").write_text(f"<h1>제목</h1><p>{MUST[0]}</p>" * 20, encoding="utf-8")
    pdf(whole / "a.pdf", [[(72, 700, 11, MUST[0])]])
    hwp(whole / "a.hwp", [hwp_paragraph(MUST[0]) + hwp_table([["가", "나"]])], flags=0)
    hwpx(whole / "a.hwpx", [[hwpx_paragraph(MUST[0]), hwpx_paragraph(hwpx_table([["가", "나"]]))]])
    docx.Document().save(str(whole / "a.docx"))
    pptx.Presentation().save(str(whole / "a.pptx"))
    chance = random.Random(7)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for path in sorted(whole.iterdir()):
        for number in range(12):
            data = bytearray(path.read_bytes())
            for _ in range(number * 4):
                data[chance.randrange(len(data))] = chance.randrange(256)
            (damaged / f"{number}{path.suffix}").write_bytes(data if number % 4 else data[: chance.randrange(len(data))])
    files = discover([damaged])
    results = list(read_notes(files, timeout=20))
    assert [result.doc_id for result in results] == [file.doc_id for file in files]
    problems = [result.reason for result in results if isinstance(result, NoteProblem)]
    assert len(problems) >= 20
    assert [reason for reason in problems if "\n" in reason or len(reason) > 300] == []
