"""TREC's files: runs, judgements and topics, read and written as trec_eval and BEIR have them.

Columns part at ASCII white space, as in trec_eval. An id that holds white space, or `%`, has these percent-encoded in a run that is
written; runs and four-column judgements are decoded again, every other `%` left alone. Ids and texts are made NFC.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

import numpy as np

from index.errors import DataError, UsageError
from index.files import save
from rag.evaluation.metrics import judge, ranking_metrics, refuse_twice, trec_order
from rag.evaluation.report import HitRow, QuestionRow, many_rows

Line = tuple[int, bytes]
Value = TypeVar("Value", int, float)

Run = dict[str, dict[str, float]]
"""Query → document → score."""

Qrels = dict[str, dict[str, int]]
"""Query → document → grade; a grade of at least 1 is relevant."""

_RUN = "query Q0 document rank score name"
_TREC_QRELS = "query iteration document grade"
_BEIR_QRELS = "query-id<TAB>corpus-id<TAB>score"

_NAMES = 100_000
"""Ids remembered: a run names the same documents for many queries."""

_NOT_IN_A_COLUMN = re.compile(r"[%\s\ufeff]")
_ENCODED = re.compile("|".join(quote(chr(code)) for code in range(0x10000) if _NOT_IN_A_COLUMN.match(chr(code))), re.IGNORECASE)
_GRADE = re.compile(rb"[+-]?[0-9]+")
_TOPIC = re.compile(r"^\s*<top\b.*?(?=</top>|^\s*<top\b|\Z)", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"<num>\s*(?:Number:)?([^<]*)", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*(?:Topic:)?([^<]*)", re.IGNORECASE)
_PASSAGE = re.compile(r"(.+)#(0|[1-9][0-9]*)-([1-9][0-9]*)", re.DOTALL)


def read_run(path: Path) -> Run:
    """A run file; the rank column is not looked at, as in trec_eval. DataError names the line that is wrong."""
    return _collected(path, _lines(path), _run_line)


def read_qrels(path: Path) -> Qrels:
    """Judgements in TREC's four columns or in BEIR's three between tabs, with a header or without. DataError as `read_run`."""
    lines = list(_lines(path))
    beir = bool(lines) and lines[0][1].count(b"\t") == 2
    headed = beir and not _GRADE.fullmatch(lines[0][1].split(b"\t")[2].strip())
    qrels = _collected(path, lines[1:] if headed else lines, _beir_line if beir else _trec_line)
    if not qrels:
        raise DataError(f"{path}: holds no judgement; expected lines `{_TREC_QRELS}`, or `{_BEIR_QRELS}` below a header")
    return qrels


def read_topics(path: Path) -> dict[str, str]:
    """Query → text, from lines `id<TAB>text` or from TREC's `<top> <num> … <title> …`, of which the title is the text."""
    try:
        text = _text(_read(path))
    except ValueError as error:
        raise DataError(f"{path}: no UTF-8: {error}") from error
    topics: dict[str, str] = {}
    for number, query, title in _tagged(text) if _TOPIC.search(text) else _tabbed(text):
        if not (query and title):
            raise DataError(f"{path}:{number}: no topic; expected `id<TAB>text`, or `<top> <num> id <title> text`")
        if query in topics:
            raise DataError(f"{path}:{number}: the topic {query!r} stands there a second time; expected each once")
        topics[query] = title
    if not topics:
        raise DataError(f"{path}: holds no topic; expected lines `id<TAB>text`, or `<top> <num> id <title> text`")
    return topics


def write_run(path: Path, rows: Sequence[QuestionRow], system: str, whole: bool = False) -> None:
    """Writes one system's rankings in one step, scores as float32; `whole` names documents and no parts of them.

    Where a score is not below the one before it, it is written as the next smaller one: trec_eval orders by score alone, ties by
    descending id, and would else rank otherwise than the system did. ValueError where no row is the system's, or an id stands twice.
    """
    own = [row for row in rows if row.system == system]
    if not own:
        raise ValueError(f"there are no rows of {system!r}; expected one of {sorted({row.system for row in rows})}")
    refuse_twice([row.question_id for row in own])
    tag = _encoded(system)
    data = "".join(line for row in own for line in _run_lines(row, tag, whole)).encode("utf-8", "surrogatepass")
    try:
        save(path, data)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; name a file in a folder that exists") from error


@many_rows()
def judged_run(
    run: Mapping[str, Mapping[str, float]], qrels: Mapping[str, Mapping[str, int]], ks: Sequence[int], system: str
) -> list[QuestionRow]:
    """One row for each judged query, in trec_eval's order of hits; a query that the run lacks scores 0 (`trec_eval -c`)."""
    return [_judged(query, run.get(query, {}), grades, ks, system) for query, grades in qrels.items()]


def passage_id(hit: HitRow) -> str:
    """The id of a hit's passage, `doc_id#start-end`; a hit without a span is a document as its run names it."""
    return f"{hit.doc_id}#{hit.start}-{hit.end}" if hit.end > hit.start else hit.doc_id


def hit_row(name: str, score: float, gain: int) -> HitRow:
    """The hit that an id stands for: `passage_id` gives the same id again."""
    return HitRow(*(passage_span(name) or (name, 0, 0)), score, gain)


@lru_cache(_NAMES)
def passage_span(name: str) -> tuple[str, int, int] | None:
    """Document, start and end of `doc_id#start-end`; None for any other id."""
    match = _PASSAGE.fullmatch(name)
    return (match[1], int(match[2]), int(match[3])) if match and int(match[2]) < int(match[3]) else None


def _judged(query: str, scores: Mapping[str, float], grades: Mapping[str, int], ks: Sequence[int], system: str) -> QuestionRow:
    ranking = trec_order(scores)
    judged = judge(ranking, grades)
    hits = tuple(hit_row(name, scores[name], gain) for name, gain in zip(ranking, judged.gains, strict=True))
    return QuestionRow(system, query, "", "", ranking_metrics(judged, ks), hits)


def _run_lines(row: QuestionRow, tag: str, whole: bool) -> Iterator[str]:
    hits = tuple(row.hits)
    names = [hit.doc_id if whole else passage_id(hit) for hit in hits]
    refuse_twice(names)
    query = _encoded(row.question_id)
    for rank, (name, score) in enumerate(zip(names, _falling([hit.score for hit in hits]), strict=True), 1):
        yield f"{query} Q0 {_encoded(name)} {rank} {score:.9g} {tag}\n"  # nine digits tell any two float32 apart


def _falling(scores: Sequence[float]) -> list[float]:
    """The scores as float32, each below the one before it."""
    rounded = np.asarray(scores, np.float32)
    if not (rounded[1:] < rounded[:-1]).all():
        for i in range(1, len(rounded)):
            rounded[i] = min(rounded[i], np.nextafter(rounded[i - 1], np.float32(-np.inf)))
    found: list[float] = rounded.tolist()
    return found


def _tabbed(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            query, _, title = line.partition("\t")
            yield number, query.strip(), " ".join(title.split())


def _tagged(text: str) -> Iterator[tuple[int, str, str]]:
    for topic in _TOPIC.finditer(text):
        query, title = (_field(pattern, topic[0]) for pattern in (_NUMBER, _TITLE))
        yield text.count("\n", 0, text.index("<", topic.start())) + 1, query, title


def _field(pattern: re.Pattern[str], topic: str) -> str:
    match = pattern.search(topic)
    return " ".join(html.unescape(match[1]).split()) if match else ""


def _collected(path: Path, lines: Iterable[Line], parse: Callable[[bytes], tuple[str, str, Value]]) -> dict[str, dict[str, Value]]:
    """What each line says of a query and a document; DataError where one is malformed, or says it of a pair that was there before."""
    found: dict[str, dict[str, Value]] = {}
    for number, line in lines:
        try:
            query, document, value = parse(line)
            if document in found.setdefault(query, {}):
                raise ValueError(f"{document!r} stands a second time for the query {query!r}; expected each document once a query")
        except ValueError as error:
            raise DataError(f"{path}:{number}: {error}") from error
        found[query][document] = value
    return found


def _run_line(line: bytes) -> tuple[str, str, float]:
    query, _, document, _, score, _ = _columns(line.split(), 6, _RUN)
    try:
        value = float(score)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{_text(score)!r} is no score; expected a finite number")
    return _name(query), _name(document), value


def _trec_line(line: bytes) -> tuple[str, str, int]:
    query, _, document, grade = _columns(line.split(), 4, _TREC_QRELS)
    return _name(query), _name(document), _grade(grade)


def _beir_line(line: bytes) -> tuple[str, str, int]:
    query, document, grade = _columns(line.split(b"\t"), 3, _BEIR_QRELS)
    return _text(query), _text(document), _grade(grade.strip())


def _columns(found: list[bytes], expected: int, names: str) -> list[bytes]:
    filled = sum(map(bool, found))
    if not filled == len(found) == expected:
        raise ValueError(f"{filled} columns; expected {expected}: `{names}`")
    return found


def _grade(field: bytes) -> int:
    if not _GRADE.fullmatch(field):
        raise ValueError(f"{_text(field)!r} is no grade; expected a whole number")
    return int(field)


def _lines(path: Path) -> Iterator[Line]:
    """The lines that hold anything."""
    lines = enumerate(_read(path).split(b"\n"), 1)
    return ((number, line) for number, line in lines if line.strip())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _text(field: bytes) -> str:
    """ValueError where it is no UTF-8."""
    return unicodedata.normalize("NFC", field.decode("utf-8", "surrogatepass"))


@lru_cache(_NAMES)
def _encoded(name: str) -> str:
    return _NOT_IN_A_COLUMN.sub(lambda match: quote(match[0]), name)


@lru_cache(_NAMES)
def _name(column: bytes) -> str:
    """What `_encoded` made into a column. Other codes stay: in the ids of others, which may be addresses, they are part of the name."""
    return _ENCODED.sub(lambda match: unquote(match[0]), _text(column))
