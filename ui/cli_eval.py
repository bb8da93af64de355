"""The verb `rag eval`: any set of questions, over an index, over the set's own passages, or against the run of another system."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from rag.types import RETRIEVERS, ReaderName, RetrieverName
from ui import view
from ui.arguments import QUESTIONS, Options, add_encoder, add_questions, add_reader, add_report_files, add_verb
from ui.console import count, need_folders, progress, save, show
from ui.count import Count

if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.index import Index
    from rag.evaluation.datasets import Dataset
    from rag.evaluation.gate import Baseline
    from rag.evaluation.report import Report
    from rag.evaluation.trec import Run
    from rag.pipeline import Pipeline
    from rag.types import Retriever
    from ui.arguments import Verbs

KS = (1, 3, 5, 10, 20)
MOST = 100
NAMED = 5
"""How many documents are told by name."""
NOTHING_FELL, FELL = 0, 1


@dataclass(frozen=True, slots=True)
class Found:
    """A report, which of its systems are rankings, the words of the questions where they may be shown, and whether hits are documents."""

    report: Report
    rankings: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


def evaluate(options: Options) -> int:
    """Measures, writes what was asked for, and prints the report; 1 where a metric fell significantly below the baseline."""
    _check(options)
    need_folders(options.json, options.html, options.trec, options.write_baseline)
    baseline = _baseline(options.baseline, options.metric or ())
    found = _measured(options)
    fell: list[str] = []
    if baseline is not None:
        found, fell = _gated(found, baseline, options.metric)
    _write(options, found)
    show(options, found.report.to_dict(), partial(view.report_text, found.report))
    if fell:
        print(f"fell significantly: {', '.join(fell)}", file=sys.stderr)
    return FELL if fell else NOTHING_FELL


def _check(options: Options) -> None:
    """UsageError for options that exclude each other."""
    given = {name for name, value in vars(options).items() if value is not None and value is not False}
    idle = {
        "run": ("sets", "retriever", "answers", "reader", "threshold"),
        "sets": ("questions", "qrels", "split", "drafted", "answers", "reader", "threshold", "trec"),
    }
    for option, without in idle.items():
        clash = [name for name in without if option in given and name in given]
        if clash:
            raise UsageError(f"--{option} leaves nothing to do for --{', --'.join(clash)}: leave one or the other out")
    if options.metric and not (options.baseline or options.write_baseline):
        raise UsageError("--metric names what --baseline compares or --write-baseline keeps: give one of them, or leave it out")


# What is measured


def _measured(options: Options) -> Found:
    if options.sets is not None:
        return Found(_public_sets(options), _names(options))
    if options.run:
        return _foreign_run(options)
    data = questions_of(options)
    report = _over_passages(options, data) if data.contexts else _over_notes(options, data)
    return Found(_named(report, data), _names(options), shown_texts(options, data), whole=bool(data.contexts))


def questions_of(options: Options) -> Dataset:
    """The questions asked for, those that are only drafted left out with a word on stderr."""
    from rag.evaluation.inputs import load_input

    if not options.questions and not QUESTIONS.exists():
        raise UsageError(f"there is no {QUESTIONS} here: name your questions with --questions PATH")
    data = load_input(options.questions or QUESTIONS, options.qrels, options.split, options.drafted)
    if data.waiting:
        print(
            f"left out: {Count(data.waiting):question that is|questions that are} only drafted (--drafted takes them in)", file=sys.stderr
        )
    return data


def _named(report: Report, data: Dataset) -> Report:
    """The report with a fact that tells one set of questions from another."""
    from rag.evaluation.gate import QUESTION_SET, question_set

    return replace(report, facts={QUESTION_SET: question_set(data.questions), **report.facts})


def shown_texts(options: Options, data: Dataset) -> dict[str, str]:
    """A set with passages is somebody else's: its words are shown on request only."""
    return {each.id: each.text for each in data.questions} if options.texts or not data.contexts else {}


def _names(options: Options) -> tuple[RetrieverName, ...]:
    return (options.retriever,) if options.retriever else RETRIEVERS


def _over_notes(options: Options, data: Dataset) -> Report:
    from rag.pipeline import Pipeline

    answers = options.answers is not False
    pipeline = Pipeline.open(
        options.index,
        encoder=options.encoder,
        retriever=_names(options)[0],
        reader=_reader(options, answers),
        threshold=options.threshold,
    )
    _name_missing(options, data, {each.doc_id for each in pipeline.index.documents()})
    return _evaluate(options, pipeline, data, answers)


def _name_missing(options: Options, data: Dataset, doc_ids: Set[str]) -> None:
    """Says on stderr which documents of the gold the index does not hold: none of their questions can be found right."""
    from rag.evaluation.gold import missing_documents

    missing = missing_documents(doc_ids, data.questions)
    if not missing:
        return
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    now = next((name for name in sorted(doc_ids) if name.endswith(f"/{missing[0]}")), "")
    renamed = f"; {missing[0]} may be {now} now" if now else ""
    check = "" if options.qrels else f"`rag questions --check {options.questions or QUESTIONS} --index {options.index}` names each line, "
    print(
        f"the index does not hold {Count(len(missing)):document|documents} of the gold: {', '.join(missing[:NAMED])}{more}{renamed}. "
        f"Name them in the gold as the index does: {check}`rag status` lists its notes",
        file=sys.stderr,
    )


def _over_passages(options: Options, data: Dataset) -> Report:
    from index.encoder import open_encoder
    from index.morphemes import Analyser
    from rag.evaluation.yardstick import CachedEncoder, set_index
    from rag.pipeline import Pipeline

    encoder, answers = open_encoder(options.encoder), options.answers is True
    cached = CachedEncoder(encoder, options.cache)
    with set_index(data, cached, Analyser().terms, progress()) as index:
        reader = _reader(options, answers)
        pipeline = Pipeline.over(index, encoder, retriever=_names(options)[0], reader=reader, threshold=options.threshold)
        # retrieval alone takes the vectors kept: the reader's sentences are not worth a file for each question
        return _evaluate(options, replace(pipeline, encoder=cached), data, answers)


def _reader(options: Options, answers: bool) -> ReaderName | None:
    """Where nothing is read the span model need not be loaded."""
    reader: ReaderName | None = options.reader if answers else "sentence"
    return reader


def _evaluate(options: Options, pipeline: Pipeline, data: Dataset, answers: bool) -> Report:
    from rag.evaluation.evaluate import evaluate as measure
    from rag.span_reader import Noticed

    if isinstance(pipeline.reader, Noticed):
        print(pipeline.reader.notice, file=sys.stderr)
    return measure(pipeline, data.questions, options.ks, names=_names(options), answers=answers, progress=progress())


def _public_sets(options: Options) -> Report:
    from index.encoder import open_encoder
    from index.morphemes import Analyser
    from rag.evaluation.datasets import YARDSTICKS, data_root
    from rag.evaluation.yardstick import evaluate_sets

    root, encoder, analyse = data_root(options.data), open_encoder(options.encoder), Analyser().terms
    names, retrievers = options.sets or YARDSTICKS, partial(_retrievers, _names(options))
    return evaluate_sets(root, encoder, analyse, retrievers, names, options.ks, cache=options.cache, progress=progress())


def _retrievers(names: Sequence[RetrieverName], index: Index, encoder: Encoder) -> dict[str, Retriever]:
    from rag.pipeline import Pipeline

    pipeline = Pipeline.over(index, encoder, reader="sentence")  # nothing is read: the span model need not be loaded
    return {name: pipeline.retriever(name) for name in names}


# The run of another system


def _foreign_run(options: Options) -> Found:
    """Judged by ids where the judgements name the run's ids, as trec_eval does; else by what the passages hold."""
    from rag.evaluation.inputs import load_judgements
    from rag.evaluation.runs import evaluate_judged, shares_ids
    from rag.evaluation.trec import read_qrels, read_run

    run, system = read_run(options.run), options.run.stem
    qrels = read_qrels(options.qrels) if options.qrels and not (options.questions and options.questions.is_dir()) else None
    if qrels is not None and shares_ids(run, qrels):
        return Found(evaluate_judged(run, system, qrels, options.ks), (system,))
    data = load_judgements(options.qrels) if qrels is not None and not options.questions else questions_of(options)
    return Found(_named(_judged_by_content(options, run, data, system), data), (system,), shown_texts(options, data))


def _judged_by_content(options: Options, run: Run, data: Dataset, system: str) -> Report:
    from index.encoder import open_encoder
    from rag.evaluation.runs import evaluate_run, open_library

    encoder = open_encoder(options.encoder)  # it only counts tokens
    library = open_library(data, options.index)
    if not data.contexts:
        _name_missing(options, data, library.ids)
    return evaluate_run(run, system, library, data.questions, encoder, options.ks)


# What is made of it


def _baseline(path: Path | None, metrics: Sequence[str]) -> Baseline | None:
    from rag.evaluation.gate import read_baseline, refuse_unknown

    baseline = read_baseline(path) if path else None
    if baseline is not None:
        refuse_unknown(baseline, metrics)
    return baseline


def _gated(found: Found, baseline: Baseline, metrics: Sequence[str] | None) -> tuple[Found, list[str]]:
    """The report with the comparison before its other tables, and what fell."""
    from rag.evaluation.gate import blind, fallen, gate, left_out

    table = gate(baseline, found.report, metrics)
    if missing := left_out(baseline, found.report, metrics):
        print(f"not measured now, so not compared: {', '.join(missing)}", file=sys.stderr)
    dull, enough = blind(baseline, table)
    if dull:
        print(_too_few(dull, enough, len(table.rows)), file=sys.stderr)
    return replace(found, report=replace(found.report, tables=(table, *found.report.tables))), fallen(table)


def _too_few(dull: Mapping[str, int], enough: int, lines: int) -> str:
    """What the gate cannot see: `dull` names lines with their questions that can fall, `enough` is how many could."""
    named = ", ".join(f"{name} ({questions})" for name, questions in dull.items())
    what = named if len(dull) < lines else f"anything compared (at most {Count(max(dull.values())):question|questions})"
    return (
        f"too few questions: no fall could be significant of {what}, even if every question fell that can; "
        f"{Count(lines):comparison needs|comparisons need} at least {enough} such questions each"
    )


def _write(options: Options, found: Found) -> None:
    """The files asked for; UsageError where one cannot be written."""
    from rag.evaluation.gate import write_baseline

    write_report(options, found.report, found.texts)
    if options.trec:
        _write_runs(options.trec, found)
    if options.write_baseline:
        write_baseline(options.write_baseline, found.report, options.metric)


def write_report(options: Options, report: Report, texts: Mapping[str, str]) -> None:
    """The report as `--json` and `--html` ask for it."""
    if options.json:
        save(options.json, json.dumps(report.to_dict(), ensure_ascii=False))
    if options.html:
        from ui.html_report import report_html

        save(options.html, report_html(report, options.lang, texts))


def _write_runs(file: Path, found: Found) -> None:
    """A run holds one system: several go to FILE.hybrid.trec and so on."""
    from rag.evaluation.trec import write_run

    measured = {row.system for row in found.report.rows}
    for system in (name for name in found.rankings if name in measured):
        place = file if len(found.rankings) == 1 else file.with_suffix(f".{system}{file.suffix}")
        write_run(place, found.report.rows, system, found.whole)
        print(place, file=sys.stderr)


# Arguments


def add_eval(verbs: Verbs) -> None:
    """`rag eval`."""
    verb = add_verb(verbs, "eval", evaluate, "measure retrieval and answers on gold questions")
    _add_inputs(verb)
    _add_outputs(verb)
    add_encoder(verb)
    add_reader(verb)


def _add_inputs(verb: argparse.ArgumentParser) -> None:
    add_questions(verb)
    add = verb.add_argument
    add("--run", type=Path, metavar="FILE", help="score this TREC run of any other system instead of retrieving")
    add("--sets", nargs="*", metavar="SET", help="measure retrieval on public sets instead: these, or all of the usual ones")
    add("--data", type=Path, metavar="DIR", help="the folder of the public sets (default: $RAG_DATA)")
    add("--retriever", choices=RETRIEVERS, help="measure this one only, and answer with it (default: each; answers with hybrid)")
    add("--ks", type=_ranks, default=KS, metavar="K,…", help=f"ranks to cut at, at most {MOST} (default: {','.join(map(str, KS))})")
    add(
        "--answers",
        action=argparse.BooleanOptionalAction,
        help="answer the questions too, or do not (default: over an index yes, over a set's own passages no)",
    )


def _add_outputs(verb: argparse.ArgumentParser) -> None:
    add_report_files(verb)
    add = verb.add_argument
    add("--trec", type=Path, metavar="FILE", help="write the rankings as a TREC run, several systems as FILE.hybrid.trec and so on")
    add("--baseline", type=Path, metavar="FILE", help="compare with an earlier result, and exit with 1 where a metric fell significantly")
    add("--write-baseline", type=Path, metavar="FILE", help="keep this result, ids and scores alone, to compare with")
    add("--metric", action="append", metavar="NAME", help="compare or keep this metric instead of the usual ones; may be repeated")


def _ranks(text: str) -> tuple[int, ...]:
    """Ascending ranks from `1,5,20`."""
    ranks = tuple(sorted({count(part) for part in text.split(",")}))
    if ranks[-1] > MOST:
        raise argparse.ArgumentTypeError(f"{ranks[-1]} is more than {MOST}")
    return ranks


_ranks.__name__ = "list of ranks"  # what argparse says that a text is not
