"""What the view that measures stands on: its questions, the one job that runs, what the last ones found, and the gold of the page."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from index.errors import DataError, UsageError
from index.job import Job
from index.places import Place, beside
from index.split import locator
from index.types import Document, Locator, Passage, Progress
from rag.drafting.gold_file import Gold, GoldFile, gold_path, quote_of
from rag.types import RETRIEVERS, RetrieverName
from ui.html_note import digest, parse_target
from ui.web_index import Asks, ByWords

if TYPE_CHECKING:
    from rag.evaluation.datasets import Context, Dataset, Question
    from rag.evaluation.report import Report
    from rag.evaluation.setups import Setup
    from rag.pipeline import Pipeline

Which = Literal["index", "page", "file"]
BESIDE = "questions.jsonl"
"""The file of questions that came with the notes: it lies beside the index."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A set of questions that can be measured with."""

    which: Which
    name: str
    count: int
    splits: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a run or a comparison found, equal to itself alone; of a run `setups` has one for each retriever."""

    report: Report
    setups: tuple[Setup, ...]
    questions: Mapping[str, Question]
    contexts: Mapping[str, Context]
    name: str
    split: str
    generation: int
    seconds: float
    answers: bool


@dataclass(slots=True)
class Bench:
    """One for a page: `place` is the folder of the index. At most one job runs; it ends with what it found, or how many it drafted."""

    pipeline: Callable[[], Asks]
    place: Place | None
    job: Job[Outcome | int] | None = None
    run: Outcome | None = None
    compared: Outcome | None = None
    uploaded: tuple[Path, ...] = ()
    which: Which | None = None
    split: str = "dev"
    _lock: Lock = field(default_factory=Lock)

    def home(self) -> Place:
        """The place of the index; UsageError where the page has no place of its own."""
        if self.place is None:
            raise UsageError("this page stands before no index folder: open it with `rag ui`")
        return self.place

    @property
    def gold(self) -> GoldFile:
        """The page's own gold; UsageError where the page has no place of its own."""
        return GoldFile(gold_path(self.home()))

    def measured(self) -> tuple[Pipeline, tuple[RetrieverName, ...]]:
        """The pipeline, and the retrievers that it can be asked with. RagError where it cannot be opened."""
        self.home()
        opened = self.pipeline()
        if isinstance(opened, ByWords):
            return cast("Pipeline", opened.pipeline), ("lexical",)
        return cast("Pipeline", opened), RETRIEVERS

    @property
    def is_running(self) -> bool:
        return self.job is not None and self.job.is_running

    # Questions

    def choices(self) -> list[Choice]:
        """The sets that hold any question; one that cannot be read is left out."""
        found = []
        for which in get_args(Which):
            try:
                found.append(_choice(which, self.load(which)))
            except (DataError, UsageError):
                continue
        return found

    def chosen(self, choices: Sequence[Choice]) -> Which | None:
        """The set that was picked last, else the first there is."""
        names = [choice.which for choice in choices]
        return self.which if self.which in names else next(iter(names), None)

    def splits(self, choices: Sequence[Choice]) -> tuple[str, ...]:
        """What the chosen set may be narrowed to: its splits or all; nothing where it names none."""
        chosen = self.chosen(choices)
        names = next((choice.splits for choice in choices if choice.which == chosen), ())
        return (*names, "all") if names else ()

    def chosen_split(self, choices: Sequence[Choice]) -> str:
        """The split that was picked last, else the one to tune on, else all."""
        names = self.splits(choices)
        return next((name for name in (self.split, "dev") if name in names), "all")

    def load(self, which: Which) -> Dataset:
        """All questions of a set; DataError, UsageError."""
        from rag.evaluation.inputs import load_input
        from rag.evaluation.uploads import load_loose

        if which == "file":
            return load_loose(self.uploaded)
        return load_input(beside(self.home()).parent / BESIDE if which == "index" else self.gold.path, None, "all")

    def upload(self, files: Sequence[Path]) -> Choice:
        """Takes files as a set of questions instead of those before; DataError, UsageError, and then those before stay."""
        from rag.evaluation.uploads import load_loose

        folder = Path(mkdtemp(prefix="rag-questions-"))
        copies = tuple(folder / file.name for file in files)
        for file, copy in zip(files, copies, strict=True):
            shutil.copyfile(file, copy)
        try:
            data = load_loose(copies)
        except (DataError, UsageError):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        for before in self.uploaded[:1]:
            shutil.rmtree(before.parent, ignore_errors=True)
        self.uploaded, self.which = copies, "file"
        return _choice("file", data)

    # Jobs

    def start_run(self, which: Which, split: str, names: Sequence[RetrieverName], k: int, answers: bool) -> None:
        """Measures; RagError where that cannot begin."""
        from rag.evaluation.setups import Setup, run_costs
        from rag.evaluation.setups import run as measure
        from rag.evaluation.uploads import of_split

        pipeline, there = self.measured()
        names = [name for name in names if name in there] or there[:1]
        data = of_split(self.load(which), split)

        def work(progress: Progress) -> Outcome:
            began = time.monotonic()
            report = measure(pipeline, data, names, k, answers, progress)
            setups = tuple(Setup(name, k) for name in names)
            self.run = _outcome(report, setups, data, split, pipeline, began, answers and not data.contexts)
            return self.run

        self._start("run", work, run_costs(data, names, answers))

    def start_compare(self, which: Which, split: str, first: Setup, second: Setup) -> None:
        """Compares; RagError where that cannot begin."""
        from rag.evaluation.setups import compare, compare_costs
        from rag.evaluation.uploads import of_split

        pipeline, there = self.measured()
        if first.retriever not in there or second.retriever not in there:
            raise UsageError(f"{first.retriever} or {second.retriever} cannot be asked now; there is {', '.join(there)}")
        data = of_split(self.load(which), split)

        def work(progress: Progress) -> Outcome:
            began = time.monotonic()
            report = compare(pipeline, data, first, second, progress)
            if not report.rows:
                raise UsageError(f"{data.name} holds no question that these settings could be compared by")
            self.compared = _outcome(report, (first, second), data, split, pipeline, began, bool(first.reader))
            return self.compared

        self._start("compare", work, compare_costs(data, first, second))

    def start_draft(self, count: int) -> None:
        """Drafts so many more questions out of the notes of the index; RagError where that cannot begin."""
        index, gold = self.pipeline().index, self.gold
        documents = [index.document(info.doc_id) for info in index.documents()]
        self._start("draft", partial(self._draft, documents, count, gold))

    def _draft(self, documents: Sequence[Document], count: int, gold: GoldFile, progress: Progress) -> int:
        from rag.drafting.make import draft_questions
        from rag.drafting.question_file import read
        from rag.drafting.spread import spread

        drafted = draft_questions(documents, progress)
        file = read(gold.path)
        return gold.add(spread(file.new(drafted.drafts), count, list(file.kept())), self.pipeline().index)

    def _start(self, name: str, work: Callable[[Progress], Outcome | int], costs: Mapping[str, float] | None = None) -> None:
        with self._lock:
            if self.is_running:
                raise UsageError("something else is running: wait for its end, or cancel it")
            self.job = Job(name, work, costs)

    # Gold

    def golds(self) -> list[Gold]:
        """The page's gold over today's notes; what moved is written down first. RagError."""
        index, gold = self.pipeline().index, self.gold
        gold.anchor(index)
        return gold.questions(index)

    def mark(self, request: Mapping[str, Any]) -> Any:
        """What the page asks of an answer's passages: which are gold of the question, or to turn one into gold or back.

        None where nothing can be kept, or the passage is no longer what it was.
        """
        question, places = request.get("question"), request.get("places")
        if self.place is None or not isinstance(question, str) or not question.strip() or not isinstance(places, list):
            return None
        found = [self._evidence(place) for place in places]
        if request.get("turn") is True and len(found) == 1 and found[0]:
            document, span, version = found[0]
            self.gold.toggle(question, document, span, version)
        marked = set(self.gold.marked(question))
        return [each is not None and (each[1].doc_id, each[1].quote) in marked for each in found]

    def _evidence(self, place: object) -> tuple[Document, Any, str] | None:
        """The words of a place that would be gold, where they still stand there."""
        from rag.types import Span

        try:
            target = parse_target(place)
            index = self.pipeline().index
            document = index.document(target.doc)
        except (ValueError, KeyError):
            return None
        spans = [Span(target.doc, start, end, document.text[start:end]) for start, end in target.spans]
        words = document.text[target.start : target.end]
        if digest([words, *(span.quote for span in spans)]) != target.check or not words.strip():
            return None
        passage = Passage(target.doc, document.title, (), words, target.start, target.end, Locator(1))
        version = next((info.content_hash for info in index.documents() if info.doc_id == target.doc), "")
        return document, quote_of(document, passage, spans), version

    # Passages

    def around(self, doc_id: str, start: int, end: int) -> Passage | None:
        """The passage of the index that holds most of a place, else the words there; None where there is no such note."""
        index: Any = self.pipeline().index
        try:
            document: Document = index.document(doc_id)
        except KeyError:
            return None
        near: list[Passage] = [each for each in index.passages(index.rows_of(doc_id)) if each.start < end and start < each.end]
        if not near:
            return Passage(doc_id, document.title, (), document.text[start:end], start, end, locator(document)(start))
        return max(near, key=lambda each: (min(each.end, end) - max(each.start, start), -each.start))

    def document(self, doc_id: str) -> Document | None:
        """A note, None where there is no such one."""
        try:
            return self.pipeline().index.document(doc_id)
        except KeyError:
            return None

    def generation(self) -> int:
        """That of the index now; 0 where it has none."""
        return int(getattr(self.pipeline().index, "generation", 0))


def _choice(which: Which, data: Dataset) -> Choice:
    from rag.evaluation.uploads import splits_of

    return Choice(which, data.name, len(data.questions), splits_of(data))


def _outcome(
    report: Report, setups: tuple[Setup, ...], data: Dataset, split: str, pipeline: Pipeline, began: float, answers: bool
) -> Outcome:
    from rag.evaluation.uploads import splits_of

    questions = {each.id: each for each in data.questions}
    contexts = {each.id: each for each in data.contexts}
    shown = split if splits_of(data) else ""
    return Outcome(report, setups, questions, contexts, data.name, shown, pipeline.index.generation, time.monotonic() - began, answers)
