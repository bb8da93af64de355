"""What programs may ask of the notes: checked values in, the JSON of the shell's `--format json` out. HTTP and MCP both call these."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from index.errors import RagError, UsageError
from index.places import Place
from index.types import Filter
from rag.types import RETRIEVERS, RetrieverName
from ui import scope, view
from ui.view import Json
from ui.web_index import Asks, Notes

MOST_CHARACTERS = 1000
"""Of a question, as on the page."""
MOST_PASSAGES = 50
MOST_NAMES = scope.MOST
"""Of notes, folders, weeks and formats, each."""
LONGEST_NAME = 300
FAULT = "the program failed; its terminal shows where"
"""What others are told of a crash."""


class NoteMissing(RagError):
    """The index holds no note of that name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the shell takes it. Raises UsageError beyond the limits: HTTP knows most of them by its schema, MCP only these."""

    question: str
    k: int = 5
    retriever: RetrieverName = "hybrid"
    kept: Filter | None = None
    as_typed: bool = False

    def __post_init__(self) -> None:
        if len(self.question) > MOST_CHARACTERS:
            raise UsageError(f"the question has {len(self.question)} characters: at most {MOST_CHARACTERS}")
        if not self.question.strip():
            raise UsageError("the question is empty")
        if not 1 <= self.k <= MOST_PASSAGES:
            raise UsageError(f"k is {self.k}: from 1 to {MOST_PASSAGES}")
        if self.retriever not in RETRIEVERS:
            raise UsageError(f"no retriever {self.retriever!r}; there are {', '.join(RETRIEVERS)}")


Answering = Callable[[Asks, Asked], Json]
"""`search` or `ask`."""


def search(asks: Asks, asked: Asked) -> Json:
    """What `rag search --format json` prints. Raises RagError."""
    question = asked.question.strip()
    return view.hits_dict(question, asks.search(question, asked.k, asked.kept, asked.retriever, as_typed=asked.as_typed))


def ask(asks: Asks, asked: Asked) -> Json:
    """What `rag ask --format json` prints. Raises RagError."""
    question = asked.question.strip()
    return view.answer_dict(asks.ask(question, filter=asked.kept, k=asked.k, retriever=asked.retriever, as_typed=asked.as_typed))


def notes(asks: Asks, kept: Filter | None) -> Json:
    """Every note that the filter keeps, in `doc_id` order."""
    return {"notes": [asdict(each) for each in asks.index.documents() if kept is None or kept.keeps(each.doc_id)]}


def note(asks: Asks, doc_id: str, start: int = 0, end: int | None = None) -> Json:
    """The text of a note from `start` to `end`, in code points, cut where the note ends. Raises NoteMissing, UsageError."""
    try:
        document = asks.index.document(unicodedata.normalize("NFC", doc_id))
    except KeyError as problem:
        raise NoteMissing(f"the index holds no note {doc_id!r}: its notes are listed by `rag status` and /api/notes") from problem
    last = len(document.text) if end is None else min(end, len(document.text))
    if not 0 <= start <= len(document.text) or last < start:
        raise UsageError(f"start {start} and end {end} are no part of {doc_id}, which has {len(document.text)} characters")
    return {
        "doc_id": document.doc_id,
        "title": document.title,
        "structure": document.structure,
        "warnings": list(document.warnings),
        "characters": len(document.text),
        "start": start,
        "end": last,
        "text": document.text[start:last],
    }


def status(index_dir: Place, pipeline: Callable[[], Asks] | None = None) -> Json:
    """What `rag status --format json` prints, of the index that `pipeline` holds open if it can. Raises IndexProblem."""
    from index.engines import Stored, open_index
    from index.recorded import has_changed

    opened: Notes | None = None
    if pipeline:
        with suppress(RagError):  # of a model, too, without which the index can be told of
            opened = pipeline().index
    if not isinstance(opened, Stored):
        opened = open_index(index_dir)
    return view.status_dict(str(index_dir), opened, has_changed(opened.encoder))


def kept(notes: Sequence[str] = (), folders: Sequence[str] = (), weeks: Sequence[int] = (), types: Sequence[str] = ()) -> Filter | None:
    """The filter of `--note`, `--folder`, `--week` and `--type`, None where it keeps everything. Raises UsageError beyond the limits."""
    most = max(map(len, (notes, folders, weeks, types)))
    if most > MOST_NAMES:
        raise UsageError(f"{most} notes, folders, weeks or formats are named: at most {MOST_NAMES} of each")
    if any(len(each) > LONGEST_NAME for each in (*notes, *folders, *types)):
        raise UsageError(f"the name of a note, folder or format is longer than {LONGEST_NAME} characters")
    return Filter(tuple(notes), tuple(folders), tuple(weeks), tuple(types)) or None
