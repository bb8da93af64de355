"""Question sets: our own `questions.jsonl`, SQuAD/KorQuAD/KLUE-MRC JSON, contexts + questions as JSON Lines, and BEIR folders.

Every text is made NFC on the way in, so that a quote is found in a document of an index as it stands.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from index.errors import DataError, UsageError
from rag.evaluation.trec import read_qrels

Row = Mapping[str, Any]

Status = Literal["drafted", "accepted", "rejected"]
"""Nobody has judged it, it may be asked (with other words where it was mended), it may not."""
STATUSES: tuple[Status, ...] = get_args(Status)
PASSAGE = "passage"
"""What made a question whose evidence a reader called right on the page: its answer in words is not known."""
_FIELDS: Mapping[str, type] = {"id": str, "question": str, "answers": list, "evidence": list}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote of a document, and what it is worth. Without a quote it is all of `doc`, or every document below it (`doc/…`, `doc#…`)."""

    doc: str
    quote: str = ""
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """One gold question. Without evidence, whatever passage contains one of its answers, or matches one of its patterns, is gold.

    With none of them it is unanswerable, and `near` is the note whose topic it borrows.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    kind: str = ""
    split: str = ""
    near: str = ""
    patterns: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        return bool(self.evidence or self.answers or self.patterns)


@dataclass(frozen=True, slots=True)
class Context:
    """A ready passage of a public set: indexed whole, as one document of one passage."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public set: passages, and questions whose evidence names them. `waiting` counts the drafted questions that were left out."""

    name: str
    contexts: tuple[Context, ...]
    questions: tuple[Question, ...]
    waiting: int = 0


def load_questions(path: Path, statuses: Collection[str] = ("accepted",)) -> tuple[Question, ...]:
    """Our own gold, one JSON object a line, those of a status (none given: accepted); DataError names the line that is wrong."""
    questions = []
    for place, row in jsonl_rows(path):
        if wrong := form_fault(row):
            raise DataError(f"{place}: {wrong}")
        with _reading(place):
            if status_of(row) in statuses:
                questions.append(_own_question(row))
    _refuse_duplicates((question.id for question in questions), "question", path)
    return tuple(questions)


def load_squad(path: Path) -> Dataset:
    """SQuAD layout (KorQuAD 1.0; KLUE-MRC, whose ids are `guid`). Paragraphs that differ in white space only are one context."""
    contexts: dict[str, Context] = {}
    questions = []
    with _reading(path):
        for article in json.loads(_text(path))["data"]:
            title = nfc(article["title"])
            for paragraph in article["paragraphs"]:
                text = nfc(paragraph["context"])
                context = contexts.setdefault("".join(text.split()), Context(f"{title}/{len(contexts)}", title, text))
                questions += [_span_question(row, context.id) for row in paragraph["qas"]]
    return make_dataset(path, contexts.values(), questions)


def load_contexts(stem: Path) -> Dataset:
    """`STEM.contexts.jsonl[.zst]` `{context_id, title, text}` and `STEM.qa.jsonl[.zst]` `{id, question, context_id, answers [{text}]}`."""
    contexts, questions = [], []
    for place, row in jsonl_rows(Path(f"{stem}.contexts.jsonl")):
        with _reading(place):
            contexts.append(Context(str(row["context_id"]), nfc(row["title"]), nfc(row["text"])))
    for place, row in jsonl_rows(Path(f"{stem}.qa.jsonl")):
        with _reading(place):
            questions.append(_span_question(row, str(row["context_id"])))
    return make_dataset(stem, contexts, questions)


def load_beir(folder: Path, qrels: str | Path = "qrels.tsv") -> Dataset:
    """BEIR layout: `corpus` and `queries` as JSON Lines, judgements as TSV. Queries without relevant documents are left out.

    A judged id that is no document but a folder of documents (`id/…`, `id#…`) makes each of them hold it.
    """
    contexts, questions = [], []
    for place, row in jsonl_rows(folder / "corpus.jsonl"):
        with _reading(place):
            contexts.append(Context(_id(row), nfc(row.get("title", "")), nfc(row["text"])))
    gold = read_qrels(folder / qrels)
    for place, row in jsonl_rows(folder / "queries.jsonl"):
        with _reading(place):
            answers = tuple(nfc(answer) for answer in row.get("answers", ()))
            questions.append(Question(_id(row), nfc(row["text"]), answers, relevant(gold.get(_id(row), {}))))
    unknown = gold.keys() - {question.id for question in questions}
    if unknown:
        raise DataError(f"{folder / qrels}: judges the query {min(unknown)!r}, which queries.jsonl does not hold")
    return make_dataset(folder, contexts, [question for question in questions if question.evidence])


def status_of(row: Row) -> str:
    """Questions without a status were written by a person."""
    return str(row.get("status", "accepted"))


def form_fault(row: Any) -> str:
    """What is wrong with the form of a line of our own questions; empty where nothing is."""
    if not isinstance(row, dict):
        return f"expected an object, found {type(row).__name__}"
    for name, kind in _FIELDS.items():
        if not isinstance(row.get(name), kind):
            return f"the field {name!r} is missing" if name not in row else f"{name!r} is no {kind.__name__}"
    if not row["question"].strip() or not all(isinstance(answer, str) and answer.strip() for answer in row["answers"]):
        return "the question or an answer is empty"
    if bool(row["answers"]) != bool(row["evidence"]) and not (row["evidence"] and row.get("made") == PASSAGE):
        return "answers without evidence, or evidence without answers"
    if not all(isinstance(item, dict) and {type(item.get("doc")), type(item.get("quote"))} == {str} for item in row["evidence"]):
        return 'evidence is expected as [{"doc": …, "quote": …}]'
    if not all(item["quote"].strip() for item in row["evidence"]):
        return "an empty quote"
    return "" if status_of(row) in STATUSES else f"the status is {row['status']!r}; expected one of {', '.join(STATUSES)}"


def _own_question(row: Row) -> Question:
    evidence = tuple(Evidence(nfc(item["doc"]), nfc(item["quote"])) for item in row["evidence"])
    answers = tuple(nfc(answer) for answer in row["answers"])
    kind, split, near = (nfc(row.get(name) or "") for name in ("kind", "split", "near"))
    return Question(nfc(row["id"]), nfc(row["question"]), answers, evidence, kind, split, near)


def _span_question(row: Row, context_id: str) -> Question:
    """A question on one context, which does not answer it where the row says `is_impossible`."""
    name = nfc(str(row["id"] if "id" in row else row["guid"]))
    kind = f"type {row['question_type']}" if "question_type" in row else ""
    if row.get("is_impossible"):
        return Question(name, nfc(row["question"]), kind=kind, near=context_id)
    answers = dict.fromkeys(nfc(answer["text"]) for answer in row["answers"] if answer["text"])
    return Question(name, nfc(row["question"]), tuple(answers), (Evidence(context_id),), kind)


def relevant(grades: Mapping[str, int]) -> tuple[Evidence, ...]:
    """The documents that are judged relevant, each as one piece of evidence."""
    return tuple(Evidence(nfc(document), grade=grade) for document, grade in grades.items() if grade > 0)


def make_dataset(path: Path, contexts: Iterable[Context], questions: Sequence[Question]) -> Dataset:
    """A set named after its file; DataError where an id stands twice."""
    contexts = tuple(contexts)
    _refuse_duplicates((context.id for context in contexts), "context", path)
    _refuse_duplicates((question.id for question in questions), "question", path)
    return Dataset(path.name, contexts, tuple(questions))


def _refuse_duplicates(ids: Iterable[str], what: str, path: Path) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"{path}: {len(twice)} {what} ids stand more than once, the first is {twice[0]!r}; expected each once")


@contextmanager
def _reading(place: str | Path) -> Iterator[None]:
    """Turns what a malformed file raises into one DataError with its place."""
    try:
        yield
    except KeyError as error:
        raise DataError(f"{place}: the field {error} is missing") from error
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"{place}: not the expected form: {error}") from error


def jsonl_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The place (`file:line`) and value of each line, from `path` or its `.zst` twin."""
    if not path.exists():
        path = Path(f"{path}.zst")
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            place = f"{path}:{number}"
            with _reading(place):
                row = json.loads(line)
            yield place, row


def _text(path: Path) -> str:
    data = read_bytes(path)
    with _reading(path):
        return data.decode("utf-8-sig")


def read_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked where it is `.zst`; DataError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return _unpacked(path, data) if path.suffix == ".zst" else data


def _unpacked(path: Path, data: bytes) -> bytes:
    import zstandard

    parts = []
    try:
        while data:
            frame = zstandard.ZstdDecompressor().decompressobj()
            parts.append(frame.decompress(data))
            if not frame.eof:  # a truncated frame raises nothing
                raise zstandard.ZstdError("it ends in the middle")
            data = frame.unused_data
    except zstandard.ZstdError as error:
        raise DataError(f"{path}: not a whole zstd file: {error}") from error
    return b"".join(parts)


def _id(row: Row) -> str:
    """BEIR writes `_id`, others `id`."""
    return nfc(str(row["_id"] if "_id" in row else row["id"]))


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A public set: where it lies under the data folder, how it is read, what it is and how a user obtains it."""

    path: str
    load: Callable[[Path], Dataset]
    origin: str


_CONTEXT_FILES = (
    "write it as NAME.contexts.jsonl {context_id, title, text} and NAME.qa.jsonl {id, question, context_id, answers: [{text, start}]}"
)
_BEIR_FILES = (
    "write it as a BEIR folder: corpus.jsonl {id, title, text}, queries.jsonl {id, text}, qrels as TSV (query-id, corpus-id, score)"
)
_KLUE = f"KLUE-MRC (klue-benchmark.com, CC BY-SA 4.0); {_CONTEXT_FILES}"

PUBLIC_SETS: Mapping[str, PublicSet] = {
    "korquad": PublicSet(
        "dev/korquad1_dev/KorQuAD_v1.0_dev.json",
        load_squad,
        "KorQuAD 1.0 dev (korquad.github.io, CC BY-ND 2.0 KR); the original file as it is",
    ),
    "klue-mrc": PublicSet("dev/klue_mrc_val", load_contexts, _KLUE),
    "mlfb": PublicSet(
        "dev/mlfb_ko",
        partial(load_beir, qrels="lesson_level.qrels.tsv"),
        f"the sections and quizzes of ML-For-Beginners in Korean (github.com/microsoft/ML-For-Beginners, MIT); {_BEIR_FILES}",
    ),
    "hf": PublicSet(
        "dev/hf_course_ko",
        partial(load_beir, qrels="chapter_level.qrels.tsv"),
        f"the sections and quizzes of the Hugging Face course in Korean (github.com/huggingface/course, Apache-2.0); {_BEIR_FILES}",
    ),
    "autorag": PublicSet(
        "dev/autorag_ko", load_beir, f"AutoRAG's Korean embedding benchmark (github.com/Marker-Inc-Korea, no licence stated); {_BEIR_FILES}"
    ),
    "klue-mrc-train": PublicSet("train/klue_mrc", load_contexts, _KLUE),
    "tydiqa-train": PublicSet(
        "train/tydiqa_ko",
        load_contexts,
        f"TyDi QA GoldP, Korean (github.com/google-research-datasets/tydiqa, Apache-2.0); {_CONTEXT_FILES}",
    ),
}
"""The sets the project is measured on (`dev/`) and fitted on (`train/`)."""

YARDSTICKS = ("korquad", "klue-mrc", "mlfb", "hf", "autorag")


def data_root(given: Path | None = None) -> Path:
    """The folder of public sets: the one given, else `$RAG_DATA`; UsageError where neither names a folder."""
    root = given or Path(os.environ.get("RAG_DATA", ""))
    if root == Path() or not root.is_dir():
        found = f"{root} is no folder" if root != Path() else "none was given"
        raise UsageError(
            f"The public question sets are not part of the project: {found}. Name their folder with --data DIR or RAG_DATA=DIR."
        )
    return root


def load_set(name: str, root: Path) -> Dataset:
    """One public set by name; DataError says how to obtain a missing one, UsageError which names there are."""
    if name not in PUBLIC_SETS:
        raise UsageError(f"There is no public set {name!r}; expected one of {', '.join(PUBLIC_SETS)}.")
    public = PUBLIC_SETS[name]
    path = root / public.path
    if not any(path.parent.glob(f"{path.name}*")):
        raise DataError(f"{path} is not there. To obtain it: {public.origin}.")
    return replace(public.load(path), name=name)
