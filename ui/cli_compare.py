"""The verb `rag compare`: systems against each other on one set of questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from index.errors import UsageError
from ui import view
from ui.arguments import Options, add_questions, add_report_files, add_verb
from ui.cli_eval import questions_of, shown_texts, write_report
from ui.console import count, need_folders, progress, show

if TYPE_CHECKING:
    from rag.evaluation.datasets import Dataset
    from rag.evaluation.report import Report, Table
    from rag.evaluation.systems import System
    from ui.arguments import Verbs

SYSTEM = (
    "hybrid, dense or lexical (a retriever), span or sentence (a reader), or KEY=VALUE, or several of these between commas: "
    "retriever=, reader=, encoder=MODEL, index=DIR (another index), passage=TOKENS (the notes cut anew, to about so many), mixture=FILE "
    "(weights such as rag/models/mixture.json), run=FILE (a TREC run of any other system). Such as: hybrid dense,passage=96 run=theirs.trec"
)


def compare(options: Options) -> int:
    """Measures every system, writes what was asked for, and prints the comparison."""
    from rag.evaluation.compare import compare as compared
    from rag.evaluation.compare import ranks_of
    from rag.evaluation.systems import parse_systems

    need_folders(options.json, options.html)
    data, found = _measured(options, parse_systems(options.systems), ranks_of(options.metric))
    report = compared(found, options.metric, options.all_pairs, options.changed)
    write_report(options, report, shown_texts(options, data) if data else {})
    texts = {each.id: each.text for each in data.questions} if data else {}
    show(options, report.to_dict(), partial(view.report_text, with_words(report, texts)))
    return 0


def _measured(options: Options, systems: Sequence[System], ks: Sequence[int]) -> tuple[Dataset | None, Report]:
    """The questions, where there are more than judgements of ids, and what the systems did with them."""
    from rag.evaluation.inputs import load_judgements
    from rag.evaluation.measure import judged, measured
    from rag.evaluation.runs import shares_ids
    from rag.evaluation.trec import read_qrels, read_run

    if options.questions or not options.qrels:
        data = questions_of(options)
    else:
        if not all(system.run for system in systems):
            raise UsageError(f"{options.qrels} does not say what was asked, so it judges runs alone: add --questions PATH")
        qrels = read_qrels(options.qrels)
        runs = {system.label: read_run(system.run) for system in systems if system.run}
        if all(shares_ids(run, qrels) for run in runs.values()):
            return None, judged(runs, qrels, ks)
        data = load_judgements(options.qrels)
    return data, measured(systems, data, options.index, ks, options.cache, progress())


def with_words(report: Report, texts: Mapping[str, str]) -> Report:
    """The report as a terminal shows it: the questions that changed with their words, which a report never holds."""
    from rag.evaluation.compare import CHANGED

    return replace(report, tables=tuple(_worded(each, texts) if texts and each.title == CHANGED else each for each in report.tables))


def _worded(table: Table, texts: Mapping[str, str]) -> Table:
    words = [texts.get(str(line["question"])) for line in table.records()]
    return replace(table, columns=(*table.columns, "words"), rows=tuple((*row, word) for row, word in zip(table.rows, words, strict=True)))


# Arguments


def add_compare(verbs: Verbs) -> None:
    """`rag compare`."""
    verb = add_verb(verbs, "compare", compare, "compare retrievers, encoders, sizes of passages, mixtures, readers or runs")
    add = verb.add_argument
    add("systems", nargs="+", metavar="SYSTEM", help=SYSTEM)
    add_questions(verb)
    add("--metric", action="append", default=[], metavar="NAME", help="compare by this metric instead of the usual ones; may be repeated")
    add("--all-pairs", action="store_true", help="compare every two systems (default: the first with each other one)")
    add(
        "--changed",
        type=_count_from_0,
        default=3,
        metavar="N",
        help="how many of the questions most won, and most lost, to show (default: 3)",
    )
    add_report_files(verb)


def _count_from_0(text: str) -> int:
    """A whole number from 0 on."""
    return count(text, least=0)


_count_from_0.__name__ = count.__name__  # what argparse says that a text is not
