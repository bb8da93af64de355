"""What the readers are fitted on: questions with hits to read, some of which hold the answer and some of which do not.

Our own notes are asked questions of their own and of other subjects, whole and with half of the notes away; public sets are asked the
questions whose passages no model was trained on: of those that it knows it would read too well.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from index.encoder import Encoder
from index.folder import FolderIndex
from index.index import Changes
from index.morphemes import Analyser
from rag.evaluation.datasets import Question, load_set
from rag.evaluation.gold import Gold, gold_of
from rag.evaluation.yardstick import CachedEncoder, passage_index
from rag.reading import evenly
from rag.retriever import IndexRetriever
from rag.types import Hit

PUBLIC = ("klue-mrc-train", "tydiqa-train")
OWN = "own"
FOLDS = 10
READ = 5
"""How many hits are read, as where a user asks."""
DEEP = 20
"""How many hits are searched for those that do not answer."""
STRANGERS = 60
"""Questions of each public set that are asked of our notes, which know nothing of them."""


class How(Enum):
    """How a question and its hits came together."""

    ASKED = "as asked"
    NEAR = "written to have no answer"
    WITHOUT = "without its passages"
    ELSEWHERE = "asked of other notes"
    STRANGE = "of other subjects"


@dataclass(frozen=True, slots=True)
class Source:
    """Questions and the index that is asked; `gold` is by question id. Where it is not asked as it is, the index holds no answer."""

    name: str
    retriever: IndexRetriever
    questions: Sequence[Question]
    gold: Mapping[str, Gold]
    how: How = How.ASKED


@dataclass(frozen=True, slots=True)
class Case:
    """A question with hits to read; `held` are the ids of the passages that answer it, whether they are among the hits or not."""

    source: Source
    question: Question
    hits: Sequence[Hit]
    how: How
    held: Collection[str] = ()

    @property
    def there(self) -> bool:
        """Whether the hits hold the answer."""
        return any(hit.passage.passage_id in self.held for hit in self.hits)

    @property
    def fold(self) -> int:
        """Questions of one passage or note are in one fold, however they are asked."""
        about = self.question.evidence[0].doc if self.question.answerable else self.question.near or self.question.id
        return int.from_bytes(hashlib.sha256(about.encode()).digest()[4:8]) % FOLDS  # held_out looks at the first four


def cases(source: Source, question: Question) -> Iterator[Case]:
    """The question as it is asked; one with an answer once more without the passages that give it: to refuse that is right."""
    hits = source.retriever.retrieve(question.text, DEEP)
    held = source.gold[question.id].holders if question.id in source.gold else {}
    silent = [hit for hit in hits if hit.passage.passage_id not in held and not _tells(hit, question)][:READ]
    if source.how is not How.ASKED:
        yield Case(source, question, silent, source.how)
    else:
        yield Case(source, question, hits[:READ], How.ASKED if question.answerable else How.NEAR, held)
        if question.answerable and silent != hits[:READ]:
            yield Case(source, question, silent, How.WITHOUT, held)


def _tells(hit: Hit, question: Question) -> bool:
    """Whether words of an answer stand in a passage, be it by chance; a single letter stands anywhere."""
    return any(len(answer) > 1 and answer in hit.passage.text for answer in question.answers)


# Sources


def public_sources(root: Path, encoder: Encoder, analyser: Analyser, cache: Path, folder: Path) -> list[Source]:
    """The held-out questions of PUBLIC over all passages of their set."""
    from rag.training.examples import held_out

    out = []
    for name in PUBLIC:
        data = load_set(name, root)
        index = passage_index(data.contexts, CachedEncoder(encoder, cache), analyser.terms, folder / name)
        questions = [question for question in data.questions if held_out(name, question.evidence[0].doc)]
        out.append(Source(name, IndexRetriever(index, encoder, analyser), questions, gold_of(index, questions)))
    return out


def own_sources(place: Path, questions: Sequence[Question], encoder: Encoder, analyser: Analyser, folder: Path) -> list[Source]:
    """The questions asked of our notes, and asked of every second note where the others hold the answer."""
    index = FolderIndex.open(place, fingerprint=encoder.fingerprint)
    out = [Source(OWN, IndexRetriever(index, encoder, analyser), questions, gold_of(index, questions))]
    notes = [info.doc_id for info in index.documents()]
    for half in (0, 1):
        shutil.copytree(place, folder / f"half {half}")
        left = FolderIndex.open(folder / f"half {half}").apply(Changes(remove=notes[half::2]))
        asked = [each for each in questions if each.answerable and {item.doc for item in each.evidence} <= set(notes[half::2])]
        out.append(Source(OWN, IndexRetriever(left, encoder, analyser), asked, {}, How.ELSEWHERE))
    return out


def strangers(own: Source, public: Sequence[Source]) -> Source:
    """Some questions of the public sets, asked of our notes."""
    asked = [question for source in public for question in evenly(source.questions, STRANGERS)]
    unanswered = [replace(question, answers=(), evidence=(), near=question.evidence[0].doc) for question in asked]
    return replace(own, questions=unanswered, gold={}, how=How.STRANGE)
