"""The verb `rag questions`: drafts a set of questions from notes, or checks one."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import DataError, NoteError, UsageError
from ui.arguments import Options, add_verb
from ui.console import count, need_folders, progress, show
from ui.count import Count

if TYPE_CHECKING:
    from index.types import Document
    from rag.drafting.draft import Draft
    from rag.drafting.make import Drafted
    from rag.drafting.natural import Written
    from rag.drafting.question_file import QuestionFile
    from ui.arguments import Verbs

DONE, NOTHING = 0, 1


def add_questions(verbs: Verbs) -> None:
    verb = add_verb(verbs, "questions", questions, "draft questions from notes for you to accept, mend or reject, or check a file of them")
    verb.add_argument("notes", type=Path, nargs="*", metavar="NOTES", help="folders of notes (default: the notes of the index)")
    verb.add_argument("--out", type=Path, metavar="FILE", help="the file of questions; lines that it holds are kept as they are")
    verb.add_argument("-n", type=count, metavar="N", help="how many questions, those not rejected counted, spread evenly (default: all)")
    verb.add_argument("--split", choices=("dev", "test"), default="test", help="the split of what is added (default: test)")
    verb.add_argument("--endpoint", metavar="URL", help="let a language model word them: an OpenAI-compatible API ($OPENAI_API_KEY)")
    verb.add_argument("--model", metavar="NAME", help="the model to ask there")
    verb.add_argument(
        "--check", type=Path, metavar="FILE", help="say what is wrong in a file of questions, line by line, and write nothing"
    )


def questions(options: Options) -> int:
    """Adds drafts to a file, or checks one: 3 where that finds anything wrong."""
    if bool(options.check) == bool(options.out):
        raise UsageError("give either --out FILE, to draft questions into, or --check FILE")
    if bool(options.endpoint) != bool(options.model):
        raise UsageError("--endpoint URL and --model NAME go together")
    return _check(options) if options.check else _draft(options)


def _check(options: Options) -> int:
    from rag.drafting.check import check

    problems = check(options.check, {document.doc_id: document.text for document in _documents(options)})
    found = {"file": str(options.check), "problems": [{"place": each.place, "reason": each.reason} for each in problems]}
    lines = [f"{each.place}: {each.reason}" for each in problems] or [f"{options.check}: nothing is wrong"]
    show(options, found, lambda _: "\n".join(lines))
    return DataError.exit_code if problems else DONE


def _draft(options: Options) -> int:
    from rag.drafting.make import draft_questions
    from rag.drafting.question_file import append, read

    need_folders(options.out)
    file = read(options.out)
    documents = _documents(options)
    drafted = draft_questions(documents, progress())
    chosen = _chosen(file, drafted, options.n)
    written = _written(options, chosen, documents, drafted) if options.endpoint else None
    added = file.new(written.drafts) if written else chosen
    if added:
        append(options.out, file, added, options.split)
    counts = file.counts() + Counter(drafted=len(added))
    _report(options, added, drafted, written, counts)
    if written and written.stopped:
        raise written.stopped
    return DONE if counts else NOTHING


def _chosen(file: QuestionFile, drafted: Drafted, most: int | None) -> list[Draft]:
    """What the file lacks, or an even choice of it."""
    from rag.drafting.spread import spread

    new, kept = file.new(drafted.drafts), list(file.kept())
    return new if most is None else spread(new, max(0, most - len(kept)), kept)


def _written(options: Options, spans: Sequence[Draft], documents: Sequence[Document], drafted: Drafted) -> Written:
    from rag.drafting.natural import write_questions
    from rag.endpoint import Endpoint

    with Endpoint(options.endpoint, options.model) as endpoint:
        return write_questions(endpoint, spans, {document.doc_id: document for document in documents}, drafted.corpus, progress())


def _documents(options: Options) -> list[Document]:
    """The notes under the folders given, else those of the index."""
    from index.engines import open_index
    from index.notes import discover, read_notes
    from index.types import NoteProblem

    if not options.notes:
        index = open_index(options.index)
        return [index.document(info.doc_id) for info in index.documents()]
    files = discover([folder.expanduser() for folder in options.notes])
    found: list[Document] = []
    for result in read_notes(files, progress=progress()):
        if isinstance(result, NoteProblem):
            print(f"{result.doc_id}: {result.reason}", file=sys.stderr)
        else:
            found.append(result)
    if not found:
        raise NoteError(f"None of {len(files)} notes can be read.")
    return found


def _report(options: Options, added: Sequence[Draft], drafted: Drafted, written: Written | None, counts: Mapping[str, int]) -> None:
    made = Counter[str](draft.made for draft in added)
    dropped = written.dropped if written else {}
    found = {
        "file": str(options.out),
        "added": dict(made),
        "left_out": dict(drafted.left_out),
        "dropped": dict(dropped),
        "holds": dict(counts),
    }
    lines = [
        f"{Count(len(added)):question|questions} added to {options.out}{_listed(': ', made)}.",
        f"It holds {_listed('', counts) or 'none'}.",
    ]
    if drafted.left_out:
        lines.append(f"Left out:{_listed(' ', drafted.left_out)}.")
    if dropped:
        lines.append(f"Replies dropped:{_listed(' ', dropped)}.")
    if added:
        lines.append('Go through the file: set each "status" to "accepted", with other words where you like, or to "rejected".')
    show(options, found, lambda _: "\n".join(lines))


def _listed(before: str, counts: Mapping[str, int]) -> str:
    return before + ", ".join(f"{number} {name}" for name, number in counts.items()) if counts else ""
