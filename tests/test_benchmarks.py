"""The benchmarks' own machinery: the load guard, the machine's description, results as files, and the page that is generated from them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import accuracy, encoder, install, latency, load, machine, page, results, tables, typing
from benchmarks.__main__ import main
from benchmarks.encoder import Round
from benchmarks.machine import Clock, Load, Machine, MachineBusy
from benchmarks.results import RESULTS, Figure, Findings, Result
from index.errors import DataError, IndexMissing, RagError
from index.types import Locator, Passage
from rag.evaluation.report import Cell, Report, Table

QUIET, BUSY = Load(0.1, 0.02), Load(3.17, 0.98)
MACHINE = Machine("Some CPU", 2, 24.0, "Some Linux, x86_64", "3.11.7", {"numpy": "2.4.6"})
FINDINGS = Findings(
    {"cold runs": 15},
    (Figure("`rag search`, cold, median", 0.6123, "s", 1.5), Figure("`ask`, warm, p50", 301.2, "ms", 300), Figure("p95", 12.34, "ms")),
    (Table("round by round", ("round", "ratio"), ((1, 1.234), (2, None))),),
)
RESULT = Result("latency", "abc1234", False, "2026-01-02T03:04:05+00:00", MACHINE, QUIET, 0.01, False, FINDINGS)


def figure(found: list[Figure], name: str) -> float:
    (value,) = (each.value for each in found if each.name == name)
    return value


# What is committed


def test_the_page_says_what_the_results_say() -> None:
    page = tables.PAGE.read_text(encoding="utf-8")
    assert tables.filled(page) == page, "run: python -m benchmarks tables"
    for readme in tables.READMES:
        text = readme.read_text(encoding="utf-8")
        assert tables.summarised(text) == text, "run: python -m benchmarks tables"


def test_every_result_can_be_read_and_bears_its_name() -> None:
    found = {path.name: results.load(path) for path in RESULTS.glob("*")}
    assert [name for name, result in found.items() if result.file_name != name] == []
    assert [name for name, result in found.items() if not result.findings.figures] == []
    assert {result.benchmark for result in found.values()} <= {section.benchmark for section in tables.SECTIONS}


def test_every_section_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    for section in tables.SECTIONS:
        assert section.command.split()[:4] == ["python", "-m", "benchmarks", section.benchmark]
        with pytest.raises(SystemExit, match="0"):
            main([section.benchmark, "--help"])
        shown = capsys.readouterr().out
        assert [word for word in section.command.split()[4:] if word.startswith("--") and word not in shown] == []


# The load guard


@pytest.mark.parametrize(
    ("load", "cores", "quiet"),
    [
        (Load(0.0, 0.0), 1, True),
        (Load(0.5, 0.1), 2, True),
        (Load(0.51, 0.0), 2, False),
        (Load(0.51, 0.0), 4, True),
        (Load(0.0, 0.11), 64, False),
    ],
)
def test_what_quiet_means(load: Load, cores: int, quiet: bool) -> None:
    assert load.is_quiet(cores) is quiet


def test_a_busy_machine_is_refused_with_what_was_found_and_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    with pytest.raises(MachineBusy, match=r"load average 3\.17.*98% of the CPU.*at most 0\.50 and 10% on 2 cores.*--even-if-busy"):
        machine.require_quiet(look=lambda: BUSY)


def test_a_busy_machine_is_measured_on_demand_and_its_load_kept() -> None:
    assert machine.require_quiet(even_if_busy=True, look=lambda: BUSY) == BUSY


def test_waiting_ends_when_the_machine_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, naps = [QUIET, BUSY, BUSY], list[float]()
    monkeypatch.setattr(time, "sleep", naps.append)
    assert machine.require_quiet(wait=3600, look=looks.pop) == QUIET
    assert naps == [machine.PAUSE, machine.PAUSE]


def test_the_load_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (3.168, 2.0, 1.0))
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: 42.0 * interval)
    assert machine.sample() == Load(3.17, 0.42)


@pytest.mark.parametrize(
    ("all", "own", "cores", "share"), [(20.0, 20.0, 2, 0.0), (20.0, 15.0, 2, 0.25), (9.0, 10.0, 2, 0.0), (50.0, 0.0, 2, 1.0)]
)
def test_the_share_of_others(all: float, own: float, cores: int, share: float) -> None:
    assert machine.others(Clock(100.0, 1000.0, 7.0), Clock(110.0, 1000.0 + all, 7.0 + own), cores) == share


def test_the_clock_counts_the_work_of_this_process_and_of_its_children() -> None:
    before, start = machine.clock(), time.process_time()
    subprocess.run([sys.executable, "-S", "-c", "import time\nwhile time.process_time() < .3: pass"], check=True)
    while time.process_time() < start + 0.3:
        pass
    after = machine.clock()
    assert after.own - before.own == pytest.approx(0.6, abs=0.15)
    assert after.wall - before.wall >= (after.own - before.own) - 0.05
    assert after.all - before.all >= 0.5


# The machine


def test_the_machine_is_described() -> None:
    found = machine.describe()
    assert (found.cores, found.python) == (os.cpu_count(), platform.python_version())
    assert found.libraries["numpy"] == np.__version__
    assert found.libraries["onnxruntime"] == version("onnxruntime")
    assert found.memory == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.1)
    assert found.cpu and found.system.endswith(platform.machine())


# Results


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "met"),
    [(1.4, 1.5, False, True), (1.6, 1.5, False, False), (1.6, 1.5, True, True), (1.4, 1.5, True, False), (9e9, None, False, True)],
)
def test_goals(value: float, goal: float | None, at_least: bool, met: bool) -> None:
    assert Figure("x", value, "s", goal, at_least).met is met


numbers = st.floats(allow_nan=False, allow_infinity=False)
cells = st.one_of(st.none(), st.text(), st.integers(), numbers)


@given(numbers, st.text(), st.lists(st.tuples(cells, cells), max_size=3))
def test_what_is_saved_is_read_again(value: float, name: str, rows: list[tuple[Cell, Cell]]) -> None:
    findings = Findings({name: value}, (Figure(name, value, "s", 1.0, True),), (Table("t", ("a", "b"), tuple(rows)),))
    result = replace(RESULT, findings=findings)
    with TemporaryDirectory() as folder:
        path = results.save(result, Path(folder))
        assert (path.name, results.load(path)) == ("latency-abc1234.json", result)


def test_the_newest_result_is_the_one_made_last(tmp_path: Path) -> None:
    later = replace(RESULT, commit="0000000", made="2026-02-01T00:00:00+00:00")
    for result in (later, RESULT, replace(later, benchmark="encoder", made="2027-01-01T00:00:00+00:00")):
        results.save(result, tmp_path)
    assert results.newest("latency", tmp_path) == later
    assert results.newest("install", tmp_path) is None


@pytest.mark.parametrize(
    "spoil", [lambda row: row.pop("machine"), lambda row: row.update(more=1), lambda row: row["findings"]["figures"][0].pop("value")]
)
def test_a_spoilt_result_is_named(tmp_path: Path, spoil: Callable[[dict[str, object]], object]) -> None:
    path = results.save(RESULT, tmp_path)
    row = json.loads(path.read_text(encoding="utf-8"))
    spoil(row)
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(DataError, match=r"latency-abc1234\.json is no result.*run the benchmark again"):
        results.load(path)


def test_the_commit_is_the_one_checked_out() -> None:
    whole = subprocess.run(["git", "rev-parse", "HEAD"], cwd=results.ROOT, capture_output=True, text=True, check=True).stdout
    assert whole.startswith(results.commit()[0])


# The page

PAGE = f"# Title\n\nBefore.\n\n{tables.BEGIN}\nold\n{tables.END}\n\nAfter.\n"


def test_the_page_shows_figures_goals_and_where_they_come_from(tmp_path: Path) -> None:
    results.save(RESULT, tmp_path)
    page = tables.filled(PAGE, tmp_path)
    lines = page.splitlines()
    assert (lines[0], lines[-1]) == ("# Title", "After.") and "old" not in lines
    at = lines.index("| measure | found | goal |  |")
    assert lines[at + 1 : at + 5] == [
        "|---|---:|---:|---|",
        "| `rag search`, cold, median | 0.612 s | ≤ 1.5 s | kept |",
        "| `ask`, warm, p50 | 301 ms | ≤ 300 ms | **missed** |",
        "| p95 | 12.3 ms |  |  |",
    ]
    assert "Commit abc1234, 2026-01-02. Cold runs 15." in lines
    assert "Some CPU, 2 cores, 24 GiB; Some Linux, x86_64; Python 3.11.7; numpy 2.4.6." in lines
    assert "busy" not in page and page.count("Not measured yet.") == len(tables.SECTIONS) - 1
    assert tables.filled(page, tmp_path) == page


def test_only_the_chosen_tables_and_columns_are_shown(tmp_path: Path) -> None:
    table = Table("retrieval", ("system", "hit@1", "hit@3", "MRR@10"), (("hybrid", 1.0, 0.5, 0.25), ("dense", None, 0.5, 0.75)))
    findings = replace(FINDINGS, tables=(table, Table("notes on the side", ("a",), ((1,),))))
    results.save(replace(RESULT, benchmark="accuracy", findings=findings), tmp_path)
    page = tables.filled(PAGE, tmp_path)
    assert "### Retrieval\n\n| system | hit@1 | MRR@10 |\n|---|---:|---:|\n| hybrid | 1.000 | 0.250 |\n| dense | – | 0.750 |\n" in page
    assert "notes on the side" not in page.lower()


@pytest.mark.parametrize(("load", "others"), [(BUSY, 0.0), (QUIET, 0.5)])
def test_the_page_says_that_the_machine_was_busy(tmp_path: Path, load: Load, others: float) -> None:
    results.save(replace(RESULT, load=load, others=others, changed=True), tmp_path)
    page = tables.filled(PAGE, tmp_path)
    assert f"**The machine was busy**: load average {load.average:g} before the run, {others:.0%} of the CPU" in page
    assert "Commit abc1234 with changes that are not committed" in page


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="end of results"):
        tables.filled(f"{tables.END} {tables.BEGIN}", tmp_path)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), ("dense", "dense"), (7, "7"), (0.91749, "0.917"), (1.0, "1.000"), (1.234, "1.23"), (12.3, "12.3"), (1234.5, "1234")],
)
def test_cells(value: str | float | None, shown: str) -> None:
    assert tables.cell(value) == shown


# The command


def test_a_busy_machine_ends_the_command_with_3_and_leaves_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (99.0, 99.0, 99.0))
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: 100.0)
    assert main(["latency", "--results", str(tmp_path)]) == 3
    assert "error: the machine is busy: load average 99.00" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of one note, and two questions over it."""
    folder = tmp_path_factory.mktemp("notes")
    (folder / "notes").mkdir()
    (folder / "notes" / "bm25.md").write_text(
        "# BM25\n\n- BM25는 단어 빈도로 문서를 찾는 방법이다.\n- k1은 1.2를 쓴다.\n", encoding="utf-8"
    )
    rows = [
        {"id": str(i), "question": text, "answers": [], "evidence": [], "kind": "k", "split": "test"}
        for i, text in enumerate(("BM25란?", "k1은?"))
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = [sys.executable, "-m", "ui.cli", "index", str(folder / "notes"), "--index", str(folder / "index")]
    subprocess.run(command, cwd=results.ROOT, check=True, capture_output=True)
    return folder


def test_latency_from_end_to_end(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--index", str(notes / "index"), "--questions", str(notes / "questions.jsonl"), "--results", str(tmp_path)]
    assert main(["latency", "--even-if-busy", "--runs", "1", "--passages", "7", "--cache", str(tmp_path / "vectors"), *place]) in (0, 1)
    (path,) = tmp_path.glob("*.json")
    result = results.load(path)
    found = list(result.findings.figures)
    assert (result.even_if_busy, result.commit) == (True, results.commit()[0])
    assert result.findings.settings == {"cold runs": 1, "warm questions": 2, "passages": 1, "passages of the large index": 7}
    assert 50 < figure(found, "`rag ask`, peak memory") < 1000
    assert figure(found, "`rag search`, cold, median") > 0.1
    assert 0 < figure(found, "`ask`, warm, p50") <= figure(found, "`ask`, warm, p95")
    assert 0 < figure(found, "`search`, warm, 7 passages, p50") <= figure(found, "`search`, warm, 7 passages, p95")
    assert {each.name: each.goal for each in found if "7 passages, p50" in each.name and each.goal} == {
        "`search`, warm, 7 passages, p50": 60,
        "`ask`, warm, 7 passages, p50": 400,
    }
    assert capsys.readouterr().out.startswith("`rag search`, cold, median  ")


def test_a_large_index_holds_the_passages_and_altered_copies_of_them() -> None:
    texts = ("- a b\n  - c d e f", "가 나 다")
    first, second = (Passage("n", "제목", ("절",), text, at, at + len(text), Locator(1)) for at, text in enumerate(texts))
    found = list(latency.altered([first, second], 6))
    assert [each.text for each in found] == [
        *texts,
        "- 가 b\n  - 나 d e 다",
        "가 - 다",
        "- a -\n  - c a e f",
        "가 나 가",
    ]
    assert len({each.text for each in found}) == len({each.id for each in found}) == 6
    assert {each.title for each in found} == {"제목 › 절"}
    assert list(latency.altered([first, second], 6)) == found


def test_a_figure_shows_what_it_was_and_its_interval() -> None:
    change = Figure("x", 0.8812, "", 0.88, True, 0.8731, 0.8889, 0.777)
    assert tables.figure_cells(change) == ("x", "0.777 → 0.881 (0.873 to 0.889)", "≥ 0.88", "kept")
    assert tables.figure_cells(Figure("x", 2.5, "ms", before=3.0)) == ("x", "3.00 ms → 2.50 ms", "", "")
    shown = ["0.777 → 0.881 (0.873 to 0.889)", "3.00 ms → 2.50 ms", "0.881 (-0.873 to 0.889)", "≤ 1.5 s", "–", ""]
    assert [text for text in shown if not tables.NUMBER.fullmatch(text)] == []


def test_a_program_that_crashes_is_no_answer() -> None:
    assert latency._run([sys.executable, "-c", "print('{}'); raise SystemExit(1)"]) == "{}\n"
    with pytest.raises(RagError, match=r"(?s)ended with 1: .*ZeroDivisionError"):
        latency._run([sys.executable, "-c", "1 / 0"])


@pytest.mark.parametrize("measure", [latency.measure, typing.measure, lambda index, _: page.measure(index)])
def test_without_an_index_it_says_how_to_make_one(tmp_path: Path, measure: Callable[[Path, Path], Findings]) -> None:
    with pytest.raises(IndexMissing, match="Make one: rag index"):
        measure(tmp_path, tmp_path / "questions.jsonl")


@pytest.mark.browser
def test_typing_from_end_to_end(notes: Path) -> None:
    found = typing.measure(notes / "index", notes / "questions.jsonl", limit=1)
    assert (found.settings["questions"], found.settings["ms between keys"]) == (1, typing.BETWEEN)
    assert 0 < figure(list(found.figures), "first key with passages, p50") < 5000
    assert {each.name: each.goal for each in found.figures if each.goal} == {"first key with passages, p50": 150}
    assert 0 <= figure(list(found.figures), "keys without passages of their own") < 100


@pytest.mark.browser
def test_the_page_from_end_to_end(notes: Path) -> None:
    found = page.measure(notes / "index", runs=1)
    assert found.settings == {"runs": 1}
    goals = {"server answers": 6.0, "page can be used": 3.0}
    assert {each.name: each.goal for each in found.figures} == {
        f"{name}, {which}": goal for name, goal in goals.items() for which in ("median", "slowest")
    }
    assert all(0.05 < each.value < 60 for each in found.figures)


# The encoder


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    pairs = [(Round(1.0, 0.010), Round(2.0, 0.040)), (Round(4.0, 0.010), Round(4.0, 0.020)), (Round(2.0, 0.020), Round(10.0, 0.020))]
    found = list(encoder.figures(pairs, 8, (0.996, 0.997)))
    assert [(each.name, each.value, each.unit) for each in found] == [
        ("passages, ours", 4.0, "/s"),
        ("one question, ours", 10.0, "ms"),
        ("passages, torch", 2.0, "/s"),
        ("one question, torch", 20.0, "ms"),
        ("passages, ours to torch", 2.0, "×"),
        ("one question, ours to torch", 2.0, "×"),
        ("cosine of the two, passages", 0.996, ""),
        ("cosine of the two, questions", 0.997, ""),
    ]
    assert [each.name for each in found if each.goal == 1.1 and each.at_least] == ["passages, ours to torch", "one question, ours to torch"]


def test_pieces_are_whole_lines_of_at_least_so_many_tokens(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("b b b b b b", encoding="utf-8")
    (tmp_path / "a.md").write_text("a a\n\na a a\na a a a a\na", encoding="utf-8")

    def count(texts: object) -> list[int]:
        return [len(text.split()) for text in texts]  # type: ignore[attr-defined]

    assert encoder.pieces(tmp_path, count, 5, 3) == ["a a\na a a", "a a a a a", "b b b b b b"]
    with pytest.raises(DataError, match="hold 3 pieces of 5 tokens, not 4"):
        encoder.pieces(tmp_path, count, 5, 4)


def test_the_cosine_is_the_mean_over_rows() -> None:
    rows = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    assert encoder.cosine(rows, rows[::-1]) == pytest.approx(0.6)
    assert encoder.cosine(rows, rows) == pytest.approx(1.0)


# The installation

MAKE = """
from pathlib import Path
def set_up(kind):
    assert kind == "run"
    torch = Path(".venv/lib/python3.11/site-packages/torch")
    torch.mkdir(parents=True, exist_ok=True)
    (torch / "lib.so").write_bytes(bytes(3_000_000))
    Path(".venv/bin").mkdir(exist_ok=True)
    rag = Path(".venv/bin/rag")
    rag.write_text('#!/bin/sh\\n[ "$1 $2 $3 $4" = "index data/notes --index data/index" ] && mkdir -p $4 && printf 0123456789 > $4/rows\\n')
    rag.chmod(0o755)
    Path(".venv/lib64").is_symlink() or Path(".venv/lib64").symlink_to("lib")
"""


def project(folder: Path, script: str) -> Path:
    """A committed project of one script."""
    (folder / "make.py").write_text(script, encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the program is a shell script")
def test_install_measures_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "ROOT", project(tmp_path, MAKE))
    found = list(install.measure().figures)
    assert figure(found, "of it torch") == 3.0
    assert 3.0 < figure(found, "`.venv`") < 3.01
    assert figure(found, "the index") == 10 / 1e6
    assert figure(found, "the project with models and notes") == len(MAKE.encode()) / 1e6
    assert 0 < figure(found, "set-up from nothing") < 60
    assert not (tmp_path / ".venv").exists()


def test_a_set_up_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "ROOT", project(tmp_path, "def set_up(kind):\n    raise SystemExit('no torch to be had')\n"))
    with pytest.raises(RagError, match="no torch to be had"):
        install.measure()


# The accuracy


def test_figures_of_our_own_notes() -> None:
    retrieval = Table("retrieval", ("system", "questions", "hit@1", "hit@5"), (("hybrid", 9, 0.81, 0.94), ("dense", 9, 0.5, 0.6)))
    columns = ("system", "EM", "F1", "refused unanswerable", "refused answerable")
    found = accuracy.own_figures(Report({}, (retrieval, Table("answers", columns, (("pipeline", 0.3, 0.6, 0.5, 0.06),)))))
    assert [each.value for each in found] == [0.81, 0.94, 0.5, 0.06, 0.3, 0.6]
    assert [each.met for each in found] == [True, False, True, False, True, True]


def test_figures_of_the_public_sets() -> None:
    lines = [("korquad", "hybrid", 90, 0.93), ("korquad", "dense", 90, 0.80), ("korquad", "lexical", 90, 0.92)]
    lines += [("hf", "hybrid", 10, 0.70), ("hf", "dense", 10, 0.80), ("hf", "lexical", 10, 0.50)]
    tests = [("korquad", "hit@1", 0.13, 0.001), ("hf", "hit@1", -0.1, 0.04), ("hf", "MRR@10", -0.1, 0.001), ("mlfb", "hit@1", -0.1, 0.2)]
    report = Report(
        {},
        (
            Table("sets", ("set", "system", "questions", "hit@1"), tuple(lines)),
            Table("sets compared", ("set", "metric", "difference", "p"), tuple(tests)),
        ),
    )
    found = accuracy.public_figures(report)
    assert [each.name for each in found] == [
        "KorQuAD, hit@1",
        "hit@1 above the better leg, mean over sets",
        "hit@1 above the better leg, mean over questions",
        "sets significantly below a leg",
    ]
    assert [each.value for each in found] == pytest.approx([0.93, 0.815 - 0.80, 0.907 - 0.878, 1])
    assert [each.met for each in found] == [True, True, True, False]


def test_an_undefined_metric_is_no_figure() -> None:
    with pytest.raises(ValueError, match="None where a number is expected"):
        accuracy.number(None)


# Load


def test_users_at_the_page_and_at_the_api_while_the_index_changes(notes: Path) -> None:
    found = load.measure(notes / "notes", notes / "questions.jsonl", users=4, minutes=0.05)
    values = {each.name: each.value for each in found.figures}
    assert found.tables[1].rows == ()
    assert (values["errors"], found.settings["users"]) == (0, 4)
    assert [row[:2] for row in found.tables[0].rows] == [("page", 2), ("api", 2)]
    assert values["answers"] >= 8 and 0 < values["page, slowest user's answers to the busiest's"] <= 1
    assert 0 < values["page, p50"] <= values["page, p95"] and 0 < values["api, p50"] <= values["api, p95"]
    assert 50 < values["memory, highest"] < 3000
    assert values["indexings meanwhile"] >= 1 and 0 < values["longest time without an answer"] < 60


def test_a_soak_asks_what_it_is_told_to(notes: Path) -> None:
    found = load.measure(notes / "notes", notes / "questions.jsonl", soak=True, asked=10, searched=70)
    values = {each.name: each.value for each in found.figures}
    assert (values["errors"], values["requests"], found.settings) == (0, 80, {"questions": 10, "searches": 70})
    assert {each.name: each.goal for each in found.figures if each.goal is not None} == {
        "errors": 0,
        "memory, rise per 1,000 requests, second half": load.SLOPE,
    }
    assert found.tables[0].rows and found.tables[1].rows == ()


def test_a_server_that_fails_its_users_is_seen() -> None:
    answers: dict[tuple[load.Way, int], int] = {("page", 1): 1, ("page", 3): 9, ("api", 0): 0}
    done = load.Asked({"page": [1.0], "api": [1.0]}, answers, [0.5, 2.0, 9.0], ["api: 503 broken"])
    process: Any = None
    found = {each.name: each for each in load._load_figures(done, load.Server("", process, [(3.0, 100.0), (8.0, 190.0)]), 10.0)}
    assert {name: each.value for name, each in found.items() if not each.met} == {
        "errors": 1,
        "longest time without an answer": 7,
        "memory, rise from the second quarter to the last": 90,
        "page, slowest user's answers to the busiest's": pytest.approx(1 / 9),
        "api, slowest user's answers to the busiest's": 0,
    }


@given(st.floats(-5, 5), st.floats(0, 1000), st.integers(2, 60))
def test_the_slope_of_a_line_is_its_own(rise: float, begin: float, length: int) -> None:
    points = [(float(x), begin + rise * x) for x in range(length)]
    assert load.slope(points) == pytest.approx(rise, abs=1e-6)
    assert load.slope(points[:1]) == 0
    assert 1 <= len(list(load.thinned(points, 7))) <= 7
