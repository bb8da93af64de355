"""The tables of `docs/benchmarks.md`, from the newest results: `python -m benchmarks tables`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import CPU
from benchmarks.results import RESULTS, ROOT, Figure, Result, newest
from rag.evaluation.report import Cell, Table

PAGE = ROOT / "docs" / "benchmarks.md"
READMES = (ROOT / "README.md", ROOT / "README.ko.md")
BEGIN, END = "<!-- results: written by `python -m benchmarks tables` -->", "<!-- end of results -->"

NUMBER = re.compile(r"(([≤≥] |-?[\d.]+( \S+)? → )?-?[\d.]+( \S+)?( \(-?[\d.]+ to -?[\d.]+\))?|–)?")
"""`≤ 1.5 s`, `0.731`, `0.7 → 0.8 (0.75 to 0.85)`, `–` or nothing."""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark on the page: the command that measures it, and which tables and columns of its result are shown."""

    benchmark: str
    title: str
    command: str
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


RETRIEVAL = (
    "set",
    "kind",
    "system",
    "sets",
    "questions",
    "hit@1",
    "hit@5",
    "hit@20",
    "MRR@10",
    "nDCG@10",
    "recall@1000c",
    "tokens/passage",
)
ANSWERS = ("EM", "F1", "cites gold", "refused answerable", "refused unanswerable", "measure", "value")
MODELS = ("hit@1", "reading KorQuAD", "F1 on our notes", "answerability")
DPR = ("top-1", "top-5", "top-20", "top-100", "MRR@10", "answer@1", "answer@5", "answer@20", "answer@100")
DPR_FURTHER = ("top-1 of hybrid against the others", "sets", "systems")
ACCURACY = ("retrieval", "retrieval by kind", "answers", "answers by kind", "confidence", "sets", "mean over sets", "sets compared")
SCALE_DENSE = ("by size", "what doubling does", "beside plain FAISS indexes", "distance to the nearest")
MEAN = "mean over sets"
COMPARISON = ("systems", "metric", "difference", "2.5 %", "97.5 %", "p")

SCALE_LEXICAL = ("engines", "when the corpus doubles")
SURVIVORS = tuple(
    f"survivors of {file}" for file in ("index/disk.py", "rag/evaluation/metrics.py", "index/split.py", "rag/spans.py", "rag/trim.py")
)
SCALE_POSTGRES = ("hybrid in PostgreSQL", "what a passage weighs")

SECTIONS = (
    Section("latency", "Speed and memory", "python -m benchmarks latency"),
    Section("page", "The page", "python -m benchmarks page"),
    Section("typing", "While typing", "python -m benchmarks typing"),
    Section("encoder", "Encoder", "python -m benchmarks encoder --wheel WHEEL", ("round by round",)),
    Section("install", "Installation", "python -m benchmarks install"),
    Section("scoring", "Scoring", "python -m benchmarks scoring"),
    Section("answers", "What holds an answer", "python -m benchmarks answers --data DIR", ("answer rules",)),
    Section("support", "What citations hold", "python -m benchmarks support"),
    Section("pictures", "Pictures", "python -m benchmarks pictures --seed 1"),
    Section("load", "Load", "python -m benchmarks load", ("answers by user",)),
    Section("soak", "Soak", "python -m benchmarks soak", ("memory",)),
    Section("scale-lexical", "A million passages by words", "python -m benchmarks scale-lexical --data DIR", SCALE_LEXICAL),
    Section("scale-postgres", "PostgreSQL", "python -m benchmarks scale-postgres --data DIR", SCALE_POSTGRES),
    Section("scale-dense", "Very many vectors", "python -m benchmarks scale-dense --data DIR", SCALE_DENSE),
    Section("models", "Models", "python -m benchmarks models --data DIR --before FOLDER", MODELS),
    Section("dpr", "Top-k accuracy beside others", "python -m benchmarks dpr --data DIR --wheel WHEEL", DPR + DPR_FURTHER),
    Section("faults", "Cut short", "python -m benchmarks faults", ("commands cut short", "what was not survived")),
    Section("kills", "Killed", "python -m benchmarks kills --count 200"),
    Section("hostile", "Hostile files", "python -m benchmarks hostile", ("hostile files", "ended by a limit")),
    Section("fuzz", "Fuzzed", "python -m benchmarks fuzz --seconds 60", ("readers fuzzed",)),
    Section("mutation", "Mutants", "python -m benchmarks mutation", SURVIVORS),
    Section("accuracy", "Accuracy", "python -m benchmarks accuracy --data DIR", ACCURACY, RETRIEVAL + ANSWERS + COMPARISON),
)


def write(page: Path = PAGE, folder: Path = RESULTS, readmes: Sequence[Path] = ()) -> None:
    """Puts the tables between the page's marks, and the few that the READMEs show between theirs."""
    for path, fill in [(page, filled), *((readme, summarised) for readme in readmes)]:
        path.write_text(fill(path.read_text(encoding="utf-8"), folder), encoding="utf-8", newline="\n")


def filled(page: str, folder: Path = RESULTS) -> str:
    """The page with what the results give between its marks; ValueError where it has no such marks."""
    return _between(page, "\n\n".join("\n".join(_section(section, newest(section.benchmark, folder))) for section in SECTIONS))


def summarised(readme: str, folder: Path = RESULTS) -> str:
    """A README with hit@1 and hit@5 of each retriever, by kind of question and on the public sets, and ours beside others, between
    its marks."""
    shown = {"accuracy": _summary, "dpr": _beside_others}
    parts = [summary(result) for name, summary in shown.items() if (result := newest(name, folder)) is not None]
    return _between(readme, "\n\n".join("\n".join(lines) for lines in parts) or "Not measured yet.")


def _between(page: str, text: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}, between which the tables stand")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def _summary(result: Result) -> Iterator[str]:
    found = {table.title: table.records() for table in result.findings.tables}
    shown = {"retrieval": "", "retrieval by kind": "kind", "sets": "set"}
    rows: dict[str, dict[str, Cell]] = {}
    for title, column in shown.items():
        for record in found.get(title, ()):
            name = f"{record[column]}" if column else "**our notes, all**"
            row = rows.setdefault(name, {"": name, "questions": record["questions"]})
            row |= {f"{record['system']} {metric}": record[metric] for metric in ("hit@1", "hit@5")}
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    yield from markdown(columns, [[cell(row.get(name)) for name in columns] for row in rows.values()])
    yield f"\n`python -m benchmarks accuracy --data DIR`, commit {result.commit}, split `test`."


def _beside_others(result: Result) -> Iterator[str]:
    """Top-1 of every system on every set, and its means over the sets: one line a system."""
    found = {table.title: table for table in result.findings.tables}
    means = {title: {record["system"]: record[MEAN] for record in found[title].records()} for title in DPR[:4]}
    sets = found["top-1"].columns[1:-1]
    columns = ("top-1", *sets, *(f"mean {title}" for title in means))
    rows = [[record["system"], *(record[name] for name in sets)] for record in found["top-1"].records()]
    lines = [[*row, *(by_system[row[0]] for by_system in means.values())] for row in rows]
    yield from markdown(columns, [[cell(value) for value in line] for line in lines])
    yield f"\n`python -m benchmarks dpr --data DIR --wheel WHEEL`, commit {result.commit}."


def _section(section: Section, result: Result | None) -> Iterator[str]:
    yield f"## {section.title}\n\n`{section.command}`\n"
    if result is None:
        yield "Not measured yet."
        return
    yield from markdown(("measure", "found", "goal", ""), [figure_cells(each) for each in result.findings.figures])
    for table in result.findings.tables:
        if table.title in section.tables:
            shown = _chosen(table, section.columns)
            yield f"\n### {table.title[:1].upper()}{table.title[1:]}\n"
            yield from markdown(shown.columns, [tuple(map(cell, row)) for row in shown.rows])
    yield f"\n{_origin(result)}"


def _chosen(table: Table, columns: Sequence[str]) -> Table:
    """The table with these columns only, or all of them where none are named."""
    places = [i for i, name in enumerate(table.columns) if not columns or name in columns]
    rows = (tuple(row[i] for i in places) for row in table.rows)
    return Table(table.title, tuple(table.columns[i] for i in places), tuple(rows))


def figure_cells(figure: Figure) -> tuple[str, ...]:
    if figure.goal is None:
        return figure.name, _found(figure), "", ""
    goal = f"{'≥' if figure.at_least else '≤'} {_with_unit(figure.goal, figure.unit, exact=True)}"
    return figure.name, _found(figure), goal, "kept" if figure.met else "**missed**"


def _found(figure: Figure) -> str:
    """`0.777 → 0.881 (0.873 to 0.889)`: what it was before and the 95 % interval, where they are known."""
    before = "" if figure.before is None else f"{_with_unit(figure.before, figure.unit)} → "
    interval = "" if figure.low is None else f" ({cell(figure.low)} to {cell(figure.high)})"
    return f"{before}{_with_unit(figure.value, figure.unit)}{interval}"


def _with_unit(value: float, unit: str, exact: bool = False) -> str:
    return f"{f'{value:g}' if exact else cell(value)} {unit}".strip()


def cell(value: Cell) -> str:
    """A cell as a person reads it: three digits behind the point of a fraction, fewer of what is larger."""
    if value is None:
        return "–"
    if isinstance(value, str | int):
        return str(value)
    digits = 3 if abs(value) <= 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table, columns of numbers to the right."""
    numeric = [all(NUMBER.fullmatch(row[i]) for row in rows) and any(row[i] for row in rows) for i in range(len(columns))]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'|'.join('---:' if right else '---' for right in numeric)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _origin(result: Result) -> str:
    """Where the figures come from, and what speaks against them."""
    machine = result.machine
    settings = ", ".join(f"{name} {cell(value)}" for name, value in result.findings.settings.items())
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    changed = " with changes that are not committed" if result.changed else ""
    parts = [
        f"Commit {result.commit}{changed}, {result.made[:10]}. {settings[:1].upper()}{settings[1:]}.",
        f"{machine.cpu}, {machine.cores} cores, {machine.memory:g} GiB; {machine.system}; Python {machine.python}; {libraries}.",
    ]
    if result.others > CPU or not result.load.is_quiet(machine.cores):
        parts.append(
            f"**The machine was busy**: load average {result.load.average:g} before the run, "
            f"{result.others:.0%} of the CPU used by other processes during it."
        )
    return "\n".join(parts)
