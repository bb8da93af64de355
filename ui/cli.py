"""The program `rag`: one handler for each verb. Results go to stdout, everything else to stderr.

Exit: 0 answered or done, 1 nothing found or abstained (every question of several), 2 wrong usage, 3 input or index error, 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexProblem, ModelError, RagError, UsageError
from index.types import Filter
from rag import __version__
from rag.types import RETRIEVERS
from ui import (
    cli_compare,
    cli_copy,
    cli_doctor,
    cli_eval,
    cli_llm,
    cli_log,
    cli_mend,
    cli_questions,
    cli_study,
    cli_train,
    cli_users,
    cli_voice,
    scope,
    view,
)
from ui.arguments import Options, add_encoder, add_llm, add_place, add_reader, add_verb
from ui.console import count, progress, show

if TYPE_CHECKING:
    from index.encoder import Encoder
    from rag.pipeline import Pipeline

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

ANSWERED, NOTHING, INTERRUPTED = 0, 1, 130
NO_MEMORY = ("bad_alloc", "failed to map segment", "Cannot allocate memory")
"""What libraries say where Python would raise MemoryError."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
EXITS = (
    "Exit status: 0 answered or done, 1 nothing found, abstained, or a metric fell, 2 wrong usage, 3 input or index error, 130 interrupted."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; SystemExit(2) where argparse refuses the arguments."""
    _speak_utf8()
    options = parser().parse_args(arguments)
    try:
        code: int = options.handle(options)
        sys.stdout.flush()
        return code
    except RagError as problem:
        return _failed(f"error: {problem}", problem.exit_code)
    except KeyboardInterrupt:
        return _failed("stopped", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is still buffered must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ANSWERED
    except Exception as problem:
        if said := _of_the_machine(problem):
            return _failed(f"error: {said}", RagError.exit_code)
        raise


def _of_the_machine(problem: Exception) -> str:
    """What to tell of an error that is neither the program's nor the user's: no memory, no room, no right to write; empty for others."""
    if isinstance(problem, MemoryError) or any(sign in str(problem) for sign in NO_MEMORY):
        return "this takes more memory than there is; what was committed before is whole. Close other programs"
    if isinstance(problem, OSError) and problem.errno in NO_ROOM:
        return f"{problem}. What was committed before is whole: make room, or give yourself the right, then repeat the command"
    return ""


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _speak_utf8() -> None:
    """Notes and JSON are UTF-8 wherever they go; a Windows pipe would be in the system's code page."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="strict" if stream is sys.stdin else "replace")


# Output


def _announce(options: Options, question: str) -> None:
    """Names a question above its result, where there may be several."""
    if options.format == "text" and options.question in ([], ["-"]):
        print(f"? {view.printable(question)}")


# Input


def _questions(options: Options) -> Iterator[str]:
    """The question given, or one for each line of a file or of stdin, blank lines left out."""
    given = " ".join(options.question).strip()
    if options.question and options.file:
        raise UsageError("a question and --file exclude each other: leave one out")
    if options.question and given != "-":
        yield _whole(given)
    else:
        yield from _lines(options.file or "-")


def _lines(name: str) -> Iterator[str]:
    if name == "-" and sys.stdin.isatty():
        raise UsageError('no question: give one (rag ask "BM25란?"), or lines on stdin, or --file FILE')
    try:
        with nullcontext(sys.stdin) if name == "-" else open(name, encoding="utf-8") as lines:
            yield from (line.strip().removeprefix("\ufeff") for line in lines if line.strip())
    except OSError as problem:
        raise UsageError(f"cannot read questions from {name}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"the questions of {name} are not UTF-8 (byte {problem.start}): save them as UTF-8") from problem


def _whole(question: str) -> str:
    """The question, if it is text: bytes that the shell could not decode arrive as lone surrogates."""
    try:
        question.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise UsageError("the question is not UTF-8: set the terminal to UTF-8") from problem
    return question


def _filter(options: Options) -> Filter | None:
    return Filter(tuple(options.note), tuple(options.folder), tuple(options.week), tuple(options.type)) or None


def _pipeline(options: Options) -> Pipeline:
    """The pipeline asked for; UsageError where the filter leaves none of its notes."""
    pipeline = _opened(options)
    if (kept := _filter(options)) and not scope.keeps_any(kept, pipeline.index.documents()):
        given = [f"--{name} {value}" for name in ("note", "folder", "week", "type") for value in getattr(options, name)]
        raise UsageError(f"no note matches {' '.join(given)}: `rag status` lists the notes")
    return pipeline


def _opened(options: Options) -> Pipeline:
    from rag.pipeline import Pipeline

    return Pipeline.open(
        options.index, encoder=options.encoder, retriever=options.retriever, reader=options.reader, threshold=options.threshold
    )


# Verbs


def search(options: Options) -> int:
    """The passages nearest to each question."""
    from rag.pipeline import repair_notices

    pipeline, found = _pipeline(options), 0
    for question in _questions(options):
        _announce(options, question)
        meant = pipeline.repaired(question, options.as_typed)
        for notice in repair_notices(meant):
            print(f"note: {notice}", file=sys.stderr)
        hits = pipeline.search(meant.text, options.k, _filter(options), as_typed=True)
        found += len(hits)
        show(options, view.hits_dict(question, hits), partial(view.search_text, question, hits))
    return ANSWERED if found else NOTHING


def ask(options: Options) -> int:
    """The answer to each question, with its source; the lines of a file are a trial, which is not kept as what was asked."""
    from rag.language_model import open_model
    from rag.querylog import Recorder, open_log

    model, pipeline, answered = open_model(options.llm, options.llm_model), _pipeline(options), 0
    with Recorder(open_log(), options.index) as recorder:
        for question in cli_voice.questions(options, pipeline) if options.audio else _questions(options):
            _announce(options, question)
            asking = partial(pipeline.ask, question, filter=_filter(options), k=options.k, as_typed=options.as_typed)
            reader = pipeline.reader_name
            answer = asking() if options.file else recorder.watch("shell", asking, retriever=options.retriever, reader=reader)
            answered += not answer.abstained
            cli_llm.beside(options, model, answer)
    return ANSWERED if answered else NOTHING


def index(options: Options) -> int:
    """Makes the index mirror its folders of notes."""
    from index.build import update
    from index.morphemes import Analyser
    from index.settings import IndexSettings

    report = update(
        options.index,
        options.notes,
        encoder=_encoder(options),
        analyse=Analyser().terms,
        settings=IndexSettings(),
        add=options.add,
        replace=options.replace,
        progress=progress(),
    )
    for problem in (*report.problems, *report.warnings):
        print(f"{problem.doc_id}: {problem.reason}", file=sys.stderr)
    show(options, asdict(report), partial(view.update_text, report))
    return ANSWERED


def _encoder(options: Options) -> Encoder:
    """The encoder named, else the one that built the index, so that bringing it up to date does not change it, else the one shipped."""
    from index.encoder import open_encoder
    from index.recorded import open_recorded

    try:
        return open_encoder(options.encoder) if options.encoder else open_recorded(options.index)
    except IndexProblem:
        return open_encoder()
    except ModelError as problem:
        if options.encoder or not options.replace:
            raise
        print(f"{problem}\nThe shipped model takes its place.", file=sys.stderr)
        return open_encoder()


def status(options: Options) -> int:
    """What the index holds."""
    from index.engines import open_index
    from index.folder import FolderIndex
    from index.recorded import has_changed

    opened = open_index(options.index)
    shown = str(options.index), opened, has_changed(opened.encoder)
    search = opened.searching() if isinstance(opened, FolderIndex) else []
    show(options, view.status_dict(*shown), partial(view.status_text, *shown, search=search))
    return ANSWERED


def history(options: Options) -> int:
    """The generations that can be returned to."""
    from index import engines

    kept = engines.history(options.index)
    show(options, {"generations": [asdict(each) for each in kept]}, partial(view.history_text, kept))
    return ANSWERED


def rollback(options: Options) -> int:
    """Returns to an earlier generation, even where the current one is broken."""
    from index import engines

    earlier = [each.number for each in engines.history(options.index) if not each.current]
    if not earlier:
        raise UsageError(f"{options.index} has no earlier generation to return to: `rag history` lists what is kept")
    engines.rollback(options.index, options.generation or earlier[0])
    return history(options)


def verify(options: Options) -> int:
    """Compares every file and every row of the index with its manifest; with `--repair`, mends it before."""
    from index import verify as inspection

    lost = cli_mend.repaired(options) if options.repair else False
    problems = inspection.verify(options.index)
    found = {"index": str(options.index), "whole": not problems, "problems": problems}
    show(options, found, partial(view.verify_text, str(options.index), problems))
    return RagError.exit_code if problems else NOTHING if lost else ANSWERED


def page(options: Options) -> int:
    """Serves the page until Ctrl-C, which is how it is meant to end."""
    from rag.language_model import open_model
    from ui.door import Door
    from ui.observe import watch
    from ui.users import Users
    from ui.web import serve

    users = Users(options.auth) if options.auth else None
    door = Door(tuple(options.host_name), users, options.rate, watch(options.log_format))
    llm = open_model(options.llm, options.llm_model)
    with suppress(KeyboardInterrupt):
        serve(options.index, options.host, options.port, open_browser=options.open, llm=llm, door=door, insecure=options.insecure)
    return ANSWERED


# Arguments


def parser() -> argparse.ArgumentParser:
    """The command line; `ui.reference` writes its page of the manual from it."""
    program = argparse.ArgumentParser(
        prog="rag", description="Ask your lecture notes: every answer is a quote with its source.", epilog=EXITS
    )
    program.add_argument("--version", action="version", version=f"rag {__version__}")
    verbs = program.add_subparsers(metavar="COMMAND", required=True)
    evaluation = (cli_eval.add_eval, cli_compare.add_compare, cli_questions.add_questions)
    for add in (_add_index, _add_search, _add_ask, *evaluation, _add_ui, _add_status, _add_history, _add_rollback, _add_verify):
        add(verbs)
    cli_study.add_study(verbs)
    cli_log.add_log(verbs)
    cli_train.add_verbs(verbs, add_place)
    cli_copy.add_copy(verbs)
    cli_users.add_users(verbs)
    cli_doctor.add_doctor(verbs)
    return program


def _add_index(verbs: Verbs) -> None:
    verb = add_verb(verbs, "index", index, "make the index mirror a folder of notes")
    verb.add_argument("notes", type=Path, nargs="*", metavar="NOTES", help="folders of notes (default: those it mirrors already)")
    mode = verb.add_mutually_exclusive_group()
    mode.add_argument("--add", action="store_true", help="mirror these folders too, beside those it mirrors already")
    mode.add_argument("--replace", action="store_true", help="forget what the index holds and mirror these folders alone")
    add_encoder(verb)


def _add_search(verbs: Verbs) -> None:
    verb = add_verb(verbs, "search", search, "show the passages nearest to a question")
    verb.set_defaults(reader="sentence", threshold=None)  # nothing is read: the span model need not be loaded
    _add_question(verb)


def _add_ask(verbs: Verbs) -> None:
    verb = add_verb(verbs, "ask", ask, "answer a question from the notes, with the source")
    _add_question(verb)
    cli_voice.add_audio(verb)
    add_reader(verb)
    add_llm(verb)


def _add_question(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("question", nargs="*", metavar="QUESTION", help="the question; none, or -, reads one from each line of stdin")
    verb.add_argument("--file", metavar="FILE", help="read one question from each line of a file")
    verb.add_argument("-k", type=count, default=5, metavar="N", help="how many passages at most (default: 5)")
    verb.add_argument(
        "--retriever", choices=RETRIEVERS, default="hybrid", help="by words (lexical), by meaning (dense), or both (default: hybrid)"
    )
    verb.add_argument(
        "--note", action="append", default=[], metavar="GLOB", help="only notes of this name, such as 'week05/*.md'; may be repeated"
    )
    verb.add_argument("--folder", action="append", default=[], metavar="PATH", help="only notes of this folder; may be repeated")
    verb.add_argument(
        "--week",
        type=count,
        action="append",
        default=[],
        metavar="N",
        help="only notes and folders named after this week (week03, 3주차); may be repeated",
    )
    verb.add_argument(
        "--type", action="append", default=[], metavar="SUFFIX", help="only notes of this format, such as pdf or ipynb; may be repeated"
    )
    verb.add_argument(
        "--as-typed",
        action="store_true",
        help="mend no slips: by default ㅇㅈㅍ, durwjsvk or 백터 is searched as the word of the notes it stands for",
    )
    add_encoder(verb)


def _add_ui(verbs: Verbs) -> None:
    verb = add_verb(verbs, "ui", page, "open the page in the browser", formats=False)
    verb.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine only)")
    verb.add_argument("--port", type=int, default=7860, help="port to listen at (default: 7860)")
    verb.add_argument("--open", action="store_true", help="open a browser window on the page")
    verb.add_argument("--auth", type=Path, metavar="FILE", help="ask for a name and a password of this file (rag users add NAME)")
    verb.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which others reach the page, such as that of a proxy before it; may be repeated",
    )
    verb.add_argument("--insecure", action="store_true", help="let whoever reaches the page in, without --auth")
    verb.add_argument(
        "--rate",
        type=_any_count,
        default=20,
        metavar="N",
        help="requests a second of one client on the average, ten times as many at once; 0 for any number (default: 20)",
    )
    verb.add_argument(
        "--log-format", choices=("text", "json"), help="a line on stderr for each request and each answer (default: for warnings alone)"
    )
    add_llm(verb)


def _any_count(text: str) -> int:
    return count(text, 0)


_any_count.__name__ = count.__name__


def _add_status(verbs: Verbs) -> None:
    add_verb(verbs, "status", status, "show what the index holds")


def _add_history(verbs: Verbs) -> None:
    add_verb(verbs, "history", history, "list the generations that can be returned to")


def _add_rollback(verbs: Verbs) -> None:
    verb = add_verb(verbs, "rollback", rollback, "return to an earlier generation")
    verb.add_argument(
        "generation", type=count, nargs="?", metavar="GENERATION", help="its number, as `rag history` shows it (default: the one before)"
    )


def _add_verify(verbs: Verbs) -> None:
    verb = add_verb(verbs, "verify", verify, "check every file of the index against its manifest")
    verb.add_argument(
        "--repair",
        action="store_true",
        help="first mend what is harmed: whole parts are kept, notes are read and embedded again where they must be",
    )


if __name__ == "__main__":
    sys.exit(main())
