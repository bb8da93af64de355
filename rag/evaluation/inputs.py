"""Question sets of any kind that is in use, recognised by what the file holds, not by its name."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.errors import DataError, UsageError
from rag.evaluation.answer_recall import answer_pattern
from rag.evaluation.datasets import (
    Dataset,
    Question,
    load_beir,
    load_contexts,
    load_questions,
    load_squad,
    make_dataset,
    nfc,
    read_bytes,
    relevant,
)
from rag.evaluation.trec import read_qrels, read_topics

ACCEPTED = """Accepted are:
  our questions    JSON Lines {id, question, answers, evidence: [{doc, quote}], kind, split}
  SQuAD JSON       SQuAD, KorQuAD 1.0, KLUE-MRC: {"data": [{title, paragraphs: [{context, qas}]}]}
  NAME.qa.jsonl    {id, question, context_id, answers: [{text}]} beside NAME.contexts.jsonl {context_id, title, text}
  a BEIR folder    corpus.jsonl, queries.jsonl and qrels.tsv or qrels/SPLIT.tsv
  TREC topics      lines ID<TAB>QUESTION or <top> … </top>, with --qrels FILE
  CSV              a header that names question and answer (질문, 답), UTF-8 or CP949"""

DEFAULT_SPLIT = "test"

_COLUMNS = {
    "id": re.compile(r"(?:question[ _]?)?id|번호", re.IGNORECASE),
    "question": re.compile(r"questions?|query|질문|문제|물음", re.IGNORECASE),
    "answers": re.compile(r"(?:gold[ _]?)?answers?[ _]?\d*|(?:정답|답변|답안|답)[ _]?\d*", re.IGNORECASE),
    "patterns": re.compile(r"(?:answer[ _]?)?(?:pattern|regex)[ _]?\d*|정규식[ _]?\d*", re.IGNORECASE),
    "kind": re.compile(r"kind|type|종류|유형", re.IGNORECASE),
    "split": re.compile(r"split", re.IGNORECASE),
}
"""What a column of a CSV is called, numbered where there are several answers."""

_HEADER = 100_000  # characters: no header is longer, and the csv module refuses longer cells


def load_input(path: Path, qrels: Path | None = None, split: str | None = None, drafted: bool = False) -> Dataset:
    """The questions of a file or folder of any kind in ACCEPTED; a set that brings no passages has no contexts.

    `split` keeps the questions of that split, or picks a BEIR folder's judgements: by default `test`, where the set names splits.
    `drafted` takes in those of our own questions that nobody has accepted yet.
    Raises DataError for a file that is none of them or is broken, UsageError for a split or judgements that the set has no use for.
    """
    if path.is_dir():
        return load_beir(path, _judgements(path, qrels, split or DEFAULT_SPLIT).resolve())
    text = _text(path)
    form = _form(text)
    if not form:
        raise DataError(f"{path}: not a set of questions that is known. {ACCEPTED}")
    if (qrels is None) == (form == "topics"):
        wanted = "are topics: name their judgements with --qrels FILE" if qrels is None else "brings its own gold: leave --qrels out"
        raise UsageError(f"{path} {wanted}")
    if qrels is not None:
        data = _judged_topics(path, qrels)
    elif form == "csv":
        data = make_dataset(path, (), _csv_questions(path, text))
    elif form == "own":
        data = _own(path, drafted)
    elif form == "contexts":
        data = load_contexts(_stem(path))
    else:
        data = load_squad(path)
    return replace(data, questions=of_split(data.questions, split, path))


def _own(path: Path, drafted: bool) -> Dataset:
    """Our own questions: those that were accepted, and where asked for those that nobody has judged."""
    waiting = load_questions(path, ("drafted",))
    accepted = load_questions(path)
    if waiting and not accepted and not drafted:
        raise UsageError(
            f'{path} holds {len(waiting)} drafted questions and no accepted one: set the "status" of the good ones to "accepted", or '
            "measure them as they are with --drafted"
        )
    return replace(make_dataset(path, (), (*accepted, *waiting) if drafted else accepted), waiting=0 if drafted else len(waiting))


def of_split(questions: Sequence[Question], split: str | None, path: Path) -> tuple[Question, ...]:
    """The questions of a split; all of them where they name none and none is asked for.

    DataError where there are none to begin with, UsageError where none is left.
    """
    if not questions:
        raise DataError(f"{path} holds no question")
    names = sorted({question.split for question in questions} - {""})
    wanted = split or (DEFAULT_SPLIT if names else "all")
    kept = tuple(question for question in questions if wanted in ("all", question.split))
    if not kept:
        there = f"there are {', '.join(names)}, or all" if names else "it names no splits: leave --split out"
        raise UsageError(f"{path} has no question of split {wanted}: {there}")
    return kept


def _text(path: Path) -> str:
    """What the file says, its lines ended by `\\n`."""
    from index.errors import NoteError
    from index.notes.decode import decode

    try:
        return decode(read_bytes(path)).replace("\r\n", "\n").replace("\r", "\n")
    except NoteError as problem:
        raise DataError(f"{path}: {problem}. {ACCEPTED}") from problem


def _form(text: str) -> str:
    """Which of the accepted kinds a file's text is; empty where it is none of them."""
    head = text.lstrip("\ufeff \t\r\n")
    if head[:1] == "{":
        return _json_form(head)
    if re.search(r"<top>.*<num>", head, re.IGNORECASE | re.DOTALL):
        return "topics"
    if _dialect(text):
        return "csv"
    lines = [line for line in text.splitlines() if line.strip()]
    return "topics" if lines and all(re.match(r"\S+\t\s*\S", line) for line in lines) else ""


def _json_form(text: str) -> str:
    first = _parsed(text.split("\n", 1)[0]) or _parsed(text)
    if not isinstance(first, dict):
        return ""
    if isinstance(first.get("data"), list):
        return "squad"
    known = {"own": {"question", "evidence"}, "contexts": {"question", "context_id"}}
    return next((form for form, fields in known.items() if fields <= first.keys()), "")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _stem(path: Path) -> Path:
    """`NAME` of `NAME.qa.jsonl[.zst]`."""
    stem = re.sub(r"\.qa\.jsonl(\.zst)?$", "", str(path))
    if stem == str(path):
        raise DataError(f"{path}: its questions name contexts, which are looked for beside NAME.qa.jsonl in NAME.contexts.jsonl: rename it")
    return Path(stem)


def _judgements(folder: Path, given: Path | None, split: str) -> Path:
    """The judgements of a BEIR folder; DataError where it is none."""
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).exists() and not (folder / f"{name}.zst").exists():
            raise DataError(f"{folder}: a folder without {name} is no BEIR set. {ACCEPTED}")
    found = next((place for place in (folder / "qrels.tsv", folder / "qrels" / f"{split}.tsv") if place.exists()), None)
    if given or found:
        return given or found or folder
    there = ", ".join(sorted(str(place.relative_to(folder)) for place in folder.rglob("*.tsv"))) or "no TSV file"
    raise UsageError(f"{folder}: neither qrels.tsv nor qrels/{split}.tsv is there, but {there}: name the judgements with --qrels FILE")


def load_judgements(qrels: Path) -> Dataset:
    """Questions without words, for rankings that are there already; those without a relevant document are left out."""
    judged = {name: relevant(grades) for name, grades in read_qrels(qrels).items()}
    return make_dataset(qrels, (), [Question(name, "", evidence=found) for name, found in judged.items() if found])


def _judged_topics(path: Path, qrels: Path) -> Dataset:
    """Topics with the documents judged relevant as their evidence; topics without any are left out."""
    topics, judged = read_topics(path), load_judgements(qrels)
    unknown = {question.id for question in judged.questions} - topics.keys()
    if unknown:
        raise DataError(f"{qrels}: judges {len(unknown)} topics that {path} does not hold, the first is {min(unknown)!r}")
    return make_dataset(path, (), [replace(question, text=nfc(topics[question.id])) for question in judged.questions])


# CSV


@dataclass(frozen=True, slots=True)
class _Table:
    """How a CSV is written: its delimiter, the places of each known column, and how many columns there are up to the last with a name."""

    delimiter: str
    places: Mapping[str, Sequence[int]]
    width: int


def _dialect(text: str) -> _Table | None:
    """None where no header names question and answer."""
    for delimiter in ",\t;":
        header = next(csv.reader(io.StringIO(text.removeprefix("\ufeff")[:_HEADER]), delimiter=delimiter), [])
        places = {name: [at for at, cell in enumerate(header) if form.fullmatch(cell.strip())] for name, form in _COLUMNS.items()}
        if len(places["question"]) == 1 and (places["answers"] or places["patterns"]):
            return _Table(delimiter, places, max(at for at, cell in enumerate(header, 1) if cell.strip()))
    return None


def _csv_questions(path: Path, text: str) -> list[Question]:
    """One question a row; every cell is one answer, a row without any is unanswerable."""
    table = _dialect(text)
    assert table is not None
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=table.delimiter, strict=True)
    questions: dict[str, Question] = {}
    try:
        next(reader)
        for row in reader:
            if any(cell.strip() for cell in row):
                question = _csv_question(row, table, f"{path}:{reader.line_num}")
                if question.id in questions:
                    raise DataError(f"{path}:{reader.line_num}: this question, or its id, stands further up already: {question.text}")
                questions[question.id] = question
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not the expected form: {error}") from error
    return list(questions.values())


def _csv_question(row: Sequence[str], table: _Table, place: str) -> Question:
    """Without an id it is named by a hash of its words, so that rows may be added anywhere. DataError where a cell would be lost."""
    lost = [cell.strip() for cell in row[table.width :] if cell.strip()]
    if lost:
        raise DataError(
            f"{place}: {len(row)} cells, and the header names {table.width}: {lost[0]!r} belongs to no column. "
            f'A cell that holds {table.delimiter!r} needs quotes: "one{table.delimiter} two"'
        )
    cells = {name: [nfc(row[at].strip()) for at in columns if at < len(row) and row[at].strip()] for name, columns in table.places.items()}
    if not cells["question"]:
        raise DataError(f"{place}: the question is missing")
    (question,) = cells["question"]
    name = next(iter(cells["id"]), "") or hashlib.sha256(question.encode()).hexdigest()[:12]
    kind, split = (next(iter(cells[column]), "") for column in ("kind", "split"))
    for pattern in cells["patterns"]:
        _refuse_broken(pattern, place)
    return Question(name, question, tuple(dict.fromkeys(cells["answers"])), kind=kind, split=split, patterns=tuple(cells["patterns"]))


def _refuse_broken(pattern: str, place: str) -> None:
    try:
        answer_pattern(pattern)
    except ValueError as error:
        raise DataError(f"{place}: {error}") from error
