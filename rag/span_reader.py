"""Answers with the exact words that the span model marks, or with a whole sentence or list where that answers better.

Every sentence offers up to two answers: the best span that starts in it, and what `answer_spans` makes of it. One linear model chooses
among all of them; it knows what the sentence reader thinks of the sentence and what the span model thinks of the span. Two logistic
models over what was found give the confidence and the refusal, as in the sentence reader.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from index.encoder import Encoder
from index.errors import ModelError, UsageError
from index.index import Index
from index.morphemes import Analyser
from rag import abbreviations, sentence_reader
from rag.clauses import defining
from rag.compared import sides, told_apart
from rag.continued import Notes, opened, stretch, whole_spans
from rag.marks import is_term, only_asks, says_nothing
from rag.questions import Wants, asks_cause, asks_number, count_asked, place_asked, wants
from rag.sentence_reader import (
    KINDS,
    Candidate,
    Features,
    SentenceReader,
    Weights,
    Words,
    by_score,
    described,
    evidence_of,
    has_number,
    judged,
    refused,
    sentences_of,
    shortlist,
)
from rag.snippets import form_asked, in_block, snippets
from rag.span_model import Floats, Found, SpanModel, Window, WindowReader, best_spans, best_within, log_probabilities
from rag.spans import announced, children, gives_cause, is_bare, item_asked, labelled, may_list, names_what_is_asked, told_before
from rag.trim import trimmed
from rag.types import READERS, Answer, Hit, Reader, ReaderName, Span

READER = Path(__file__).parent / "models" / "span_reader.json"
READ = 5
"""How many hits the span model reads."""
WINDOWS = 8
"""How many windows it reads for one question."""
MARKED = 4
"""How many sentences that it marks are looked at whatever their words."""
LOWEST = -8.0
"""Where log probabilities end, and with the other sign the logit of being answerable."""
CLEAR = 5.0
"""Where the margin to the second span ends."""
FAR_WORSE = 2.5
"""By how much the score of a sentence may lie below the best one's where it gives code, which is asked for."""

CAUSE = 3.0
"""What it adds to the score of a sentence that it gives a cause, where one is asked for; chosen on `dev`."""

_COUNTED = "개|가지|명|번|년|월|일|장|층|차원|배|%|시간|분|초"
_COURSE = "주차|단계|강|장|일차"
_NUMBERED = re.compile(
    rf"([^\W\d_]{{2,}})[ #-]+(\d{{1,3}})(?!\w*[\dA-Za-z]|[.,]\d| ?(?:{_COUNTED}|{_COURSE}))|(?<![\d.])(\d{{1,3}}) ?({_COURSE})"
)
"""A word and the number that tells it from others of its name; not how many there are of something."""

CHOICE = (
    "sentence score",
    "hit margin",
    "rank",
    "answerable",
    "mass",
    "unread",
    "span",
    "number missing",
    "says nothing new",
    "whole",
    "whole list",
    "whole definition",
    "words of a whole definition",
    "whole reason",
    "whole narrowed",
)
EVIDENCE = (
    *sentence_reader.EVIDENCE[:-KINDS],
    "answerable",
    "highest answerable",
    "mass",
    "span",
    "span margin",
    "readers agree",
    "answered whole",
    *sentence_reader.EVIDENCE[-KINDS:],
)


@cache
def shipped() -> Weights:
    """The weights of the package; `sentence` are those over CHOICE."""
    return Weights.load(READER, CHOICE, EVIDENCE)


Grids = Mapping[int, Sequence[tuple[Window, Floats]]]
"""The windows of every hit that was read, by its rank, with their `log_probabilities`."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What the span model says of one sentence: the best span that starts in it, and the log probability that the answer does."""

    span: Found
    mass: float


@dataclass(frozen=True, slots=True)
class Option:
    """A possible answer: exact spans found through one sentence, `whole` or marked in it, and the values of CHOICE."""

    sentence: Candidate
    spans: tuple[Span, ...]
    whole: bool
    marked: Marked | None
    features: tuple[float, ...] = ()

    def value(self, feature: str) -> float:
        return self.features[CHOICE.index(feature)]


@dataclass(frozen=True, slots=True)
class Reading:
    """The possible answers to one question, best first, and the values of EVIDENCE."""

    candidates: Sequence[Option]
    evidence: Features


@dataclass(frozen=True, slots=True)
class Offers:
    """The possible answers to one question before they are weighed, and what their evidence is made of."""

    words: Words
    hits: Sequence[Hit]
    candidates: Sequence[Option]
    spans: Sequence[Found]

    def ranked(self, weights: Sequence[float] | Features) -> Reading:
        """The possible answers in the order of their scores, by weights over CHOICE."""
        order, scores = by_score(weights, [each.features for each in self.candidates])
        ordered = [self.candidates[at] for at in order]
        return Reading(ordered, _evidence(self.words, self.hits, ordered, scores, self.spans))


@dataclass(frozen=True, slots=True)
class SpanReader:
    """Reads the hits of one index."""

    index: Index
    encoder: Encoder
    analyser: Analyser
    model: WindowReader
    weights: Weights | None = None

    def read(self, question: str, hits: Sequence[Hit]) -> Answer:
        """The best span, sentence or list with its exact place, or a refusal."""
        weights = self.weights or shipped()
        reading = self.weigh(question, hits, weights.sentence)
        if reading is None:
            return refused(question, hits)
        if name := _written_out(question, hits):
            return judged(question, hits, name, replace(weights, threshold=0.0), reading.evidence)
        return judged(question, hits, reading.candidates[0].spans, weights, reading.evidence)

    def weigh(self, question: str, hits: Sequence[Hit], weights: Sequence[float] | Features) -> Reading | None:
        """The possible answers in the order of their scores, by weights over CHOICE; None where there is none."""
        offers = self.offers(question, hits)
        return offers.ranked(weights) if offers else None

    def offers(self, question: str, hits: Sequence[Hit]) -> Offers | None:
        """The possible answers, in the order of the hits; None where there is none."""
        found = [candidate for rank, hit in enumerate(hits) for candidate in sentences_of(hit, rank)]
        if not found:
            return None
        numbered = _numbered(question)
        sentences = [each for each in found if not (numbered and _stands_elsewhere(each, numbered))] or found
        words = Words(self.index, self.analyser, question)
        windows = self.model.read(question, [(hit.passage.context, hit.passage.text) for hit in hits[:READ]], WINDOWS)
        best = best_spans(windows, MARKED)
        chosen = shortlist(words, sentences, _holders(sentences, best))
        known = described(words, self.encoder, chosen, hits[0].score)
        return Offers(words, hits, _weighed(words, known, windows, opened(self.index), self.analyser), best)


# Possible answers


def _holders(sentences: Sequence[Candidate], spans: Sequence[Found]) -> Collection[int]:
    """The numbers of the sentences in which a span starts."""
    starts = {(span.passage, span.start) for span in spans}
    return {at for at, each in enumerate(sentences) if any(rank == each.rank and each.start <= start < each.end for rank, start in starts)}


def _written_out(question: str, hits: Sequence[Hit]) -> tuple[Span, ...]:
    """What the letters stand for that the question asks of, in the first hit that writes them out; nothing where none does."""
    letters = abbreviations.asked(question)
    for passage in [hit.passage for hit in hits] if letters else ():
        if place := abbreviations.written_out(passage.text, letters):
            start, end = place
            return (Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end]),)
    return ()


def _numbered(text: str) -> set[tuple[str, str]]:
    """The words that a number stands beside: "Trend 3", "GPT-2", "2주차"; not "BM25", whose number is a part of it."""
    return {(word, number) for each in _NUMBERED.finditer(text.lower()) for word, number in [(each[1] or each[4], each[2] or each[3])]}


def _stands_elsewhere(sentence: Candidate, asked: Collection[tuple[str, str]]) -> bool:
    """Whether what it stands under has none of the numbers that the question asks for ("Trend 1"), and it names none of them itself."""
    above = _numbered(sentence.context)
    found = above | _numbered(sentence.text)
    return any(found.isdisjoint(each for each in asked if each[0] == word) for word, _ in asked if word in {name for name, _ in above})


def _weighed(words: Words, sentences: Sequence[Candidate], windows: Sequence[Window], notes: Notes, analyser: Analyser) -> list[Option]:
    """What each of the sentences offers, with the values of CHOICE."""
    grids: dict[int, list[tuple[Window, Floats]]] = {}
    for window in windows:
        grids.setdefault(window.passage, []).append((window, log_probabilities(window)))
    known = {token.term for token in analyser.tokens(words.question)}
    listed = _listed(words.question, known, sentences, notes)
    holders = [each for each in sentences if item_asked(each.hit.passage.text, each.start, each.end, words.question, known)]
    others = [each for each in sentences if not any(each.rank == rank and low <= each.start < high for rank, low, high in listed)]
    offered = list(
        _of_both(words, others, grids, analyser)
        or _as_code(words, others, grids)
        or (
            option
            for sentence in holders or others
            for option in _offered(words.question, known, sentence, _marked(sentence, grids), notes, analyser)
        )
    )
    told = [each for each in offered if not all(only_asks(words.question, span.quote) for span in each.spans)]
    return [replace(option, features=_choice(words.question, known, option)) for option in told or offered]


def _of_both(words: Words, sentences: Sequence[Candidate], grids: Grids, analyser: Analyser) -> list[Option]:
    """The one answer to how two things differ that are told of apart: the sentence of each; none where that is not asked, or not told."""
    both = sides(words.question, analyser) if wants(words.question) is not Wants.LIST else None
    prose = [each for each in sentences if not (each.text.startswith("#") or in_block(each.hit.passage.text, each.start))] if both else []
    told = told_apart(words, both, prose, _sentence_score) if both and prose else ()
    if not told:
        return []
    spans = [span for each in told for span in labelled(each.hit.passage, each.start, each.end)]
    best = max(told, key=_sentence_score)
    return [Option(best, tuple(spans), True, _marked(best, grids))]


def _as_code(words: Words, sentences: Sequence[Candidate], grids: Grids) -> list[Option]:
    """The code that a question asks for out of the best sentence that gives such; none where only far worse ones do."""
    form = form_asked(words.question)
    found = [(each, snippets(each.hit.passage.text, each.start, each.end, form)) for each in sentences] if form else []
    given = [(each, parts) for each, parts in found if parts]
    if not given:
        return []
    best, parts = max(given, key=lambda each: _sentence_score(each[0]))
    if _sentence_score(best) < max(map(_sentence_score, sentences)) - FAR_WORSE:
        return []
    passage = best.hit.passage
    spans = [Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end]) for start, end in parts]
    return [Option(best, tuple(spans), False, _marked(best, grids))]


def _listed(question: str, known: Collection[str], sentences: Sequence[Candidate], notes: Notes) -> list[tuple[int, int, int]]:
    """What hangs under sentences that only name what is asked for (rank, start, end): only all of it answers."""
    found = []
    for each in sentences:
        if not may_list(each.text, question, known):
            continue
        wide = stretch(notes, each.hit.passage)
        start, end = (at + each.hit.passage.start - wide.start for at in (each.start, each.end))
        below = children(wide.text, start, end)
        most = count_asked(question) or len(below)
        bare = wants(question) is Wants.LIST and 1 < len(below) <= most and is_bare(each.text, known)
        if bare or names_what_is_asked(wide.text, start, end, question, known):
            found.append((each.rank, each.end, below[-1][1] - start + each.start))
    return found


def _marked(sentence: Candidate, grids: Grids) -> Marked | None:
    """The better of the windows that overlap here."""
    found = [best_within(window, grid, sentence.start, sentence.end) for window, grid in grids.get(sentence.rank, ())]
    marked = [Marked(span, max(LOWEST, span.log_answerable + math.log(max(mass, 1e-9)))) for span, mass in filter(None, found)]
    return max(marked, key=lambda each: each.span.score, default=None)


def _offered(
    question: str, known: Collection[str], sentence: Candidate, marked: Marked | None, notes: Notes, analyser: Analyser
) -> Iterator[Option]:
    passage = sentence.hit.passage
    whole = whole_spans(notes, passage, sentence.start, sentence.end, question, known)
    yield Option(sentence, whole, True, marked)
    named = names_what_is_asked(passage.text, sentence.start, sentence.end, question, known)
    if marked and not (named or place_asked(question) or announced(passage.text, sentence.start, sentence.end)):
        start, end = trimmed(passage.text, marked.span.start, marked.span.end, analyser)
        if start < sentence.end < end and wants(question) is not Wants.REASON:
            start, end = trimmed(passage.text, start, sentence.end, analyser)
        if wants(question) is Wants.DEFINITION:
            end = defining(passage.text, start, end, sentence.end)
        span = Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end])
        names = wants(question) is Wants.DEFINITION and is_term(passage.text, start, end, known)
        if names and told_before(passage.text, sentence.start, sentence.end):
            yield Option(sentence, whole, False, marked)  # "이를 캐시라고 한다": what was told before it answers
        elif not (names or says_nothing(question, known, passage.text, start, end, analyser)):
            yield Option(sentence, (span,), False, marked)


def _choice(question: str, known: Collection[str], option: Option) -> tuple[float, ...]:
    """Values of CHOICE."""
    sentence, marked, whole, wanted = option.sentence, option.marked, option.whole, wants(question)
    caused = whole and asks_cause(question) and any(gives_cause(span.quote) for span in option.spans)
    defines = whole and wanted is Wants.DEFINITION
    return (
        _sentence_score(sentence) + CAUSE * caused,
        sentence.value("hit margin"),
        float(sentence.rank),
        _bounded(marked.span.answerable) if marked else LOWEST,
        marked.mass if marked else LOWEST,
        float(marked is None),
        0.0 if whole or not marked else max(LOWEST, marked.span.log_probability),
        float(asks_number(question) and not any(has_number(span.quote) for span in option.spans)),
        float(is_bare(" ".join(span.quote for span in option.spans), known)),
        float(whole),
        float(whole and wanted is Wants.LIST and len(option.spans) > 1),
        float(defines),
        float(defines) * len(question.split()),
        float(whole and wanted is Wants.REASON),
        float(whole and wanted is Wants.FACT and sum(len(span.quote) for span in option.spans) < 0.8 * len(sentence.text)),
    )


def _sentence_score(sentence: Candidate) -> float:
    return float(np.dot(sentence_reader.shipped().sentence, sentence.features))


def _bounded(logit: float) -> float:
    return min(-LOWEST, max(LOWEST, logit))


# Confidence and refusal


def _evidence(words: Words, hits: Sequence[Hit], options: Sequence[Option], scores: Features, spans: Sequence[Found]) -> Features:
    """Values of EVIDENCE. The margin is that to the best answer out of another sentence: the two of one sentence are much the same."""
    best = options[0]
    others = [score for option, score in zip(options, scores, strict=True) if option.sentence is not best.sentence]
    base = evidence_of(words, hits, best.sentence, np.array([scores[0], *others[:1]]))
    favourite = max(options, key=lambda each: each.value("sentence score")).sentence
    own = (
        best.value("answerable"),
        _bounded(max((span.answerable for span in spans), default=LOWEST)),
        best.value("mass"),
        max(LOWEST, best.marked.span.log_probability) if best.marked else LOWEST,
        min(CLEAR, spans[0].score - spans[1].score) if len(spans) > 1 else CLEAR * len(spans),
        float(favourite is best.sentence),
        float(best.whole),
    )
    return np.array((*base[:-KINDS], *own, *base[-KINDS:]))


# Opening

NO_SPANS = "답을 짚는 모델을 열지 못해 문장으로 답합니다"


@dataclass(frozen=True, slots=True)
class Noticed:
    """A reader that stands in for another; every answer says so."""

    reader: Reader
    notice: str

    def read(self, question: str, hits: Sequence[Hit]) -> Answer:
        answer = self.reader.read(question, hits)
        return replace(answer, notices=(*answer.notices, self.notice))


def open_reader(
    index: Index, encoder: Encoder, analyser: Analyser, name: ReaderName | None = None, threshold: float | None = None
) -> Reader:
    """The reader named. Without a name the span reader, or where its model cannot be opened the sentence reader with a notice.

    `threshold` (default: the reader's own) is the probability of being answerable below which it refuses.
    Raises ModelError where the span reader is asked for by name and cannot be opened; UsageError for any other name or threshold.
    """
    if name not in (None, *READERS):
        raise UsageError(f"no reader {name!r}; there are {', '.join(READERS)}")
    if threshold is not None and not 0 <= threshold <= 1:
        raise UsageError(f"no threshold {threshold}; it is a probability, 0 to 1")
    sentences = SentenceReader(index, encoder, analyser, _refusing_below(threshold, sentence_reader.shipped()))
    if name == "sentence":
        return sentences
    try:
        return SpanReader(index, encoder, analyser, SpanModel(), _refusing_below(threshold, shipped()))
    except ModelError as error:
        if name:
            raise
        return Noticed(sentences, f"{NO_SPANS}: {error}")


def over(index: Index, reader: Reader) -> Reader:
    """A reader that `open_reader` made, over another index; its model stays open."""
    match reader:
        case Noticed():
            return replace(reader, reader=over(index, reader.reader))
        case SpanReader() | SentenceReader():
            return replace(reader, index=index)
    return reader


def reader_name(reader: Reader) -> str:
    """What `open_reader` calls a reader, or the class of one that it does not make."""
    match reader:
        case Noticed():
            return reader_name(reader.reader)
        case SpanReader():
            return "span"
        case SentenceReader():
            return "sentence"
    return type(reader).__name__


def _refusing_below(threshold: float | None, weights: Weights) -> Weights:
    return weights if threshold is None else replace(weights, threshold=threshold)
