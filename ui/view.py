"""What people and programs are shown: values in, text or JSON-able dictionaries out. Pure functions; every door uses them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from index.types import Generation, Locator, Passage, UpdateReport
from rag.evaluation.report import Report
from rag.types import Answer, Hit, Leg, Span
from ui.count import Count
from ui.highlight import Interval, merged

if TYPE_CHECKING:
    from index.index import Index

Json = dict[str, Any]

P_VALUES = ("p", "p (Holm)")


@dataclass(frozen=True, slots=True)
class Style:
    """How text is set off: pairs of strings put before and after it."""

    strong: tuple[str, str] = ("", "")
    faint: tuple[str, str] = ("", "")
    mark: tuple[str, str] = ("«", "»")
    evidence: tuple[str, str] = ("«", "»")


PLAIN = Style()
COLOUR = Style(
    strong=("\x1b[1m", "\x1b[0m"),
    faint=("\x1b[2m", "\x1b[0m"),
    mark=("\x1b[33m", "\x1b[0m"),
    evidence=("\x1b[1;4;32m", "\x1b[0m"),
)


def wrapped(text: str, ends: tuple[str, str]) -> str:
    return f"{ends[0]}{text}{ends[1]}" if text else ""


# Text


def printable(text: str) -> str:
    """The text with every control character but line feed and tab replaced, one for one: notes must not drive a terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) == "Cc" and char not in "\n\t" else char for char in text)


def marked(text: str, marks: Sequence[Interval], ends: tuple[str, str]) -> str:
    """The text with each marked place between `ends`."""
    pieces, last = [], 0
    for start, end in merged(marks, 0, len(text)):
        pieces += [text[last:start], wrapped(text[start:end], ends)]
        last = end
    return "".join([*pieces, text[last:]])


def source(passage: Passage, line: int | None = None) -> str:
    """`note.md:12 › heading`; `line` takes the place of the passage's first line where the passage is located by lines."""
    place = str(line) if line is not None and by_line(passage.locator) else str(passage.locator)
    return " › ".join((f"{passage.doc_id}:{place}", *passage.section))


def by_line(locator: Locator) -> bool:
    return str(locator) == str(locator.line)


def home(span: Span, hits: Sequence[Hit]) -> Hit | None:
    """The hit whose passage holds the span."""
    return next(
        (hit for hit in hits if hit.passage.doc_id == span.doc_id and hit.passage.start <= span.start and span.end <= hit.passage.end), None
    )


def span_source(span: Span, hits: Sequence[Hit]) -> str:
    """Where a span stands, to the line."""
    hit = home(span, hits)
    if hit is None:
        return span.doc_id
    before = hit.passage.text[: span.start - hit.passage.start]
    return source(hit.passage, hit.passage.locator.line + before.count("\n"))


def evidence(hit: Hit, spans: Sequence[Span]) -> list[Interval]:
    """The parts of a hit's passage that the spans cover, as offsets of its text."""
    passage = hit.passage
    inside = [span for span in spans if span.doc_id == passage.doc_id and span.start < passage.end and passage.start < span.end]
    return [(max(span.start, passage.start) - passage.start, min(span.end, passage.end) - passage.start) for span in inside]


def scores_text(hit: Hit) -> str:
    """`0.812 (dense 0.71 #2, lexical 12.30 #1)`: the score, then score and rank of each leg that found the passage."""
    legs = ", ".join(f"{name} {leg.score:.2f} #{leg.rank}" for name, leg in hit.legs.items() if leg.rank is not None)
    return f"{hit.score:.3f} ({legs})" if legs else f"{hit.score:.3f}"


def hit_head(number: int, hit: Hit, style: Style = PLAIN) -> str:
    """One line: the hit's number, source and scores."""
    return f"{number:2}  {wrapped(printable(source(hit.passage)), style.strong)}  {wrapped(scores_text(hit), style.faint)}"


def hit_text(number: int, hit: Hit, style: Style = PLAIN, spans: Sequence[Span] = ()) -> str:
    """The hit's head, then its passage, indented; the evidence is marked where it holds any, else the matched words."""
    passage, text, covered = hit.passage, printable(hit.passage.text), evidence(hit, spans)
    body = marked(text, covered, style.evidence) if covered else marked(text, hit.marks, style.mark)
    above = [wrapped("› " + printable(" › ".join(passage.parents)), style.faint)] if passage.parents else []
    return "\n".join([hit_head(number, hit, style), *(f"    {line}".rstrip() for line in [*above, *body.strip("\n").split("\n")])])


def search_text(question: str, hits: Sequence[Hit], style: Style = PLAIN) -> str:
    """The hits, or that there are none."""
    if not hits:
        return f"nothing found for: {printable(question)}"
    return "\n\n".join(hit_text(number, hit, style) for number, hit in enumerate(hits, 1))


def answer_text(answer: Answer, style: Style = PLAIN) -> str:
    """The answer, where it stands and its confidence, or why there is none; then the passages, in full where they hold the evidence."""
    head = [wrapped(printable(answer.text or answer.message), style.strong)]
    if not answer.abstained:
        places = dict.fromkeys(span_source(span, answer.hits) for span in answer.spans)
        head += [f"    {wrapped(printable(line), style.faint)}" for line in (*places, f"confidence {answer.confidence:.2f}")]
    head += [f"note: {notice}" for notice in answer.notices]
    passages = [
        hit_text(number, hit, style, answer.spans) if answer.abstained or evidence(hit, answer.spans) else hit_head(number, hit, style)
        for number, hit in enumerate(answer.hits, 1)
    ]
    title = wrapped("-- closest passages" if answer.abstained else "-- passages", style.faint)
    return "\n".join([*head, "", title, *passages] if passages else head)


# JSON


def number(value: float) -> float | None:
    """A float that JSON can hold: six digits, None where it is not finite."""
    return round(float(value), 6) if math.isfinite(value) else None


def locator_dict(locator: Locator) -> Json:
    """`line`, whichever of `page`, `slide`, `cell` and `time` the format has, and `label`, all of it for a person."""
    return {name: value for name, value in asdict(locator).items() if value is not None} | {"label": str(locator)}


def leg_dict(leg: Leg) -> Json:
    return {"score": number(leg.score), "rank": leg.rank}


def hit_dict(hit: Hit) -> Json:
    passage = hit.passage
    return {
        "passage_id": passage.passage_id,
        "doc_id": passage.doc_id,
        "title": passage.title,
        "section": list(passage.section),
        "parents": list(passage.parents),
        "locator": locator_dict(passage.locator),
        "source": source(passage),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "score": number(hit.score),
        "legs": {name: leg_dict(leg) for name, leg in hit.legs.items()},
        "matched": list(hit.matched),
        "marks": [list(mark) for mark in hit.marks],
    }


def hits_dict(question: str, hits: Sequence[Hit]) -> Json:
    return {"question": question, "hits": [hit_dict(hit) for hit in hits]}


def answer_dict(answer: Answer) -> Json:
    return {
        "question": answer.question,
        "searched": answer.searched,
        "text": answer.text,
        "message": answer.message,
        "abstained": answer.abstained,
        "confidence": number(answer.confidence),
        "spans": [asdict(span) for span in answer.spans],
        "notices": list(answer.notices),
        "repairs": [asdict(repair) for repair in answer.repairs],
        "hits": [hit_dict(hit) for hit in answer.hits],
    }


# Tables


def width(text: str) -> int:
    """Columns that a terminal gives the text: two for a wide character (한), none for a combining one."""
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under their heads, numbers to the right with three decimals, everything else to the left."""
    cells = [["< .001" if is_tiny(cell, name) else cell_text(cell) for name, cell in zip(head, row, strict=True)] for row in rows]
    right = [all(isinstance(row[column], int | float | None) for row in rows) for column in range(len(head))]
    widths = [max(width(line[column]) for line in [list(head), *cells]) for column in range(len(head))]
    lines = [list(head), ["-" * each for each in widths], *cells]
    return "\n".join("  ".join(padded(*each) for each in zip(line, widths, right, strict=True)).rstrip() for line in lines)


def cell_text(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.3f}" if isinstance(cell, float) else printable(str(cell)).replace("\n", " ")


def is_tiny(value: object, column: str) -> bool:
    """Whether three decimals would make 0 of a p-value, which it never is."""
    return column in P_VALUES and isinstance(value, float) and value < 0.0005


def padded(text: str, columns: int, right: bool) -> str:
    gap = " " * (columns - width(text))
    return gap + text if right else text + gap


def report_text(report: Report, style: Style = PLAIN) -> str:
    """The facts of an evaluation, then its tables."""
    facts = "\n".join(f"{name}: {cell_text(value)}" for name, value in report.facts.items())
    tables = [f"{wrapped(each.title, style.strong)}\n{table(each.columns, each.rows)}" for each in report.tables]
    return "\n\n".join([facts, *tables] if facts else tables)


# The index


def update_text(report: UpdateReport, style: Style = PLAIN) -> str:
    """One line of what indexing did."""
    counts = f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed, {report.unchanged} unchanged"
    return f"{wrapped(f'generation {report.generation}', style.strong)}: {counts}; {Count(report.passages):passage|passages}"


def history_text(generations: Sequence[Generation], style: Style = PLAIN) -> str:
    """The generations as a table, the current one with a star."""
    rows = [
        (f"{each.number}{' *' if each.current else ''}", each.created, each.documents, each.passages, each.summary) for each in generations
    ]
    return table(("generation", "created", "notes", "passages", "what it did"), rows)


def status_dict(place: str, index: Index, changed: bool) -> Json:
    """`changed` says that the encoder which built the index is not today's of that name."""
    return {
        "index": place,
        "generation": index.generation,
        "encoder": {"name": index.encoder_name, "fingerprint": index.encoder_fingerprint, "changed": changed},
        "sources": list(index.sources),
        "passages": len(index),
        "settings": asdict(index.settings),
        "documents": [asdict(document) for document in index.documents()],
    }


def status_text(place: str, index: Index, changed: bool, style: Style = PLAIN, search: Sequence[str] = ()) -> str:
    """What an index holds: its own facts, `search` among them, then a table of its notes, then what their readers warned of."""
    documents = index.documents()
    held = f"{Count(len(documents)):note|notes}, {Count(len(index)):passage|passages}"
    head = f"{wrapped(place, style.strong)}: generation {index.generation}, {held}"
    facts = [f"mirrors {', '.join(index.sources) or 'no folder'}", f"encoder {index.encoder_name}"]
    facts += [f"search: {line}" for line in search]
    facts += [f"the encoder has changed since: embed the notes anew with `rag index --index {place}`"] if changed else []
    notes = table(
        ("note", "title", "passages", "characters"), [(each.doc_id, each.title, each.passages, each.characters) for each in documents]
    )
    warnings = [f"{each.doc_id}: {printable(warning)}" for each in documents for warning in each.warnings]
    return "\n".join([head, *facts, "", notes, *([""] if warnings else []), *warnings])


def verify_text(place: str, problems: Sequence[str], style: Style = PLAIN) -> str:
    """That an index is whole, or a line for each thing that is wrong with it."""
    return "\n".join(problems) if problems else f"{wrapped(place, style.strong)}: whole"
