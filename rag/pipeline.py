"""The only way to an answer: every door (Python, shell, page, evaluator) calls `Pipeline.ask`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

from index.encoder import Encoder, open_encoder
from index.errors import EncoderMismatch, ModelError, UsageError
from index.index import Index
from index.morphemes import BIGRAM, Analyser
from index.places import Place, place_of
from index.postgres.uri import Database
from index.types import Filter
from rag import hangul
from rag.continued import with_holders
from rag.mixture import Mixture
from rag.repair import Repaired, Repairer
from rag.retriever import IndexRetriever
from rag.span_reader import open_reader, over, reader_name
from rag.stages import stage
from rag.types import RETRIEVERS, Answer, Glance, Hit, Reader, ReaderName, RetrieverName, Turn

NO_SUMMARY = "요약은 하지 않습니다. 노트의 문장을 그대로 찾아 드리니, 궁금한 것을 하나씩 물어 주세요."
NO_QUESTION = "질문에 찾을 말이 없습니다."
REPAIRED = "{words} 검색했습니다"

_SUMMARY = re.compile(
    r"요약\s*(?:(?:좀\s*)?(?:해서?\s*(?:줘|주[세실십]|줄|달|봐|라|알려|보여|말해|설명|정리|[.!?]|$)|부탁)|좀\s*(?:[.!?]|$)|본\b|하[라시십])"
    r"|전체\s*(?:내용을?\s*)?정리|\bsummari[sz]e\b.{0,40}\b(?:notes?|lectures?|documents?|this|all)\b|^\s*summari[sz]e\b"
    r"|\b(?:give|make|write|need|want)\b.{0,20}\bsummary\b|^\s*(?:an? )?(?:short |brief )?summary of (?:the |this |these |all |my )+"
    r"(?:notes?|lectures?|documents?)\b",
    re.IGNORECASE,
)
_PRONOUN = r"(?-i:[Ii]ts?|[Tt]hey|[Tt]heir|[Tt]hem)"
_POINTS_BACK = re.compile(rf"\s*(?:그거|그건|그것|그게|이거|이건|이것|이게)|.*\b{_PRONOUN}\b", re.IGNORECASE)
_NAMES = re.compile(
    rf".*?\b(?:does|do|did|is|are|was|were|can|should|why|how)\s+(?!(?:{_PRONOUN}|you|we|people|one|i|there|not|to|does|do|did|is|are|was|were|can"
    rf"|should|many|much|large|big|long|well|often|fast|good)\b|(?:an?|the)\s+(?:\w+\s+){{1,3}}(?:of|to|with|for|in|behind|about)\s+{_PRONOUN}\b)"
    rf".*\b{_PRONOUN}\b",
    re.IGNORECASE,
)
"""What names itself what its pronoun stands for: "Why does LoRA keep its weights frozen?"."""
_CONNECTIVE = r"\s*(?:그럼|그러면|그렇다면|그리고|또|그 (?:다음|외)|and|then|what about|how about)\b"
_ENDING = r"[은는] *[?？]*\s*$"
_GOES_ON = re.compile(rf"{_CONNECTIVE}|.*{_ENDING}", re.IGNORECASE)
_FRAME = re.compile(rf"\A{_CONNECTIVE}|{_ENDING}", re.IGNORECASE)
_SUM = re.compile(r"[\d\s+*/×÷=()-]*[은는이가]?\s*[?？]*\s*$")
"""Figures alone: they ask nothing of what was said before."""
_ASPECT = re.compile(
    r"(?:장점|단점|특징|한계|차이점?|역할|이유|까닭|방법|종류|예시?|뜻|의미|정의|원리|과정|순서|목적|결과|효과|문제점?|해결책?|조건|구조|크기|개수|값|식|공식|이름|저자|연도"
    r"|pros|cons|advantages?|disadvantages?|limits?|examples?|reasons?|methods?)$"
)
"""What is asked of a topic, and is none."""
_NOUNS = frozenset(("NNG", "NNP", "SL", "SH", "XR"))
_NO_NOUNS = re.compile(
    r"(?:때|경우|an?|the|of|in|on|for|to|and|or|then|so|what|which|who|when|where|why|how|about|is|are|was|were|do|does|did)$"
)
_TOPIC = 2
"""A question of so many nouns or names says itself what it is about."""
_NEAR = 10
"""So many passages are what a topic is about."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A retriever and a reader over one index. `mixture` takes the place of the shipped one; without a repairer words stay as typed."""

    index: Index
    encoder: Encoder
    analyser: Analyser
    default: RetrieverName
    reader: Reader
    mixture: Mixture | None = None
    repairer: Repairer | None = None

    @classmethod
    def open(
        cls,
        path: str | Place,
        *,
        encoder: str | None = None,
        retriever: RetrieverName = "hybrid",
        reader: ReaderName | None = None,
        threshold: float | None = None,
    ) -> Self:
        """Opens the index in a folder, or of a `postgresql://` URI, with the encoder that built it (or the one named).

        Reader and threshold are as `over` takes them.

        The lexical retriever compares no vectors: it is given an index of another encoder, or of one that is gone, too.
        Raises IndexMissing, IndexFormat, IndexCorrupt, EncoderMismatch, ModelError, UsageError.
        """
        from index.engines import open_index

        place, by_words = path if isinstance(path, Path | Database) else place_of(path), retriever == "lexical"
        opened = open_encoder(encoder) if encoder else _recorded(place, or_shipped=by_words)
        index = open_index(place, fingerprint=None if by_words else opened.fingerprint)
        return cls.over(index, opened, retriever=retriever, reader=reader, threshold=threshold)

    @classmethod
    def over(
        cls,
        index: Index,
        encoder: Encoder,
        *,
        retriever: RetrieverName = "hybrid",
        reader: ReaderName | None = None,
        threshold: float | None = None,
    ) -> Self:
        """A pipeline over an index that is open already.

        Without a name for the reader it is the span reader, or where its model is missing the sentence reader, which says so in every
        answer. `threshold` is the probability of being answerable below which it refuses. Raises ModelError, UsageError.
        """
        analyser = Analyser()
        opened = open_reader(index, encoder, analyser, reader, threshold)
        return cls(index, encoder, analyser, retriever, opened, repairer=Repairer(index, analyser))

    def renewed(self, place: Place) -> Self:
        """The same over the index as it is now; the models stay open. Raises what `open` raises."""
        from index.engines import open_index

        index = open_index(place, fingerprint=self.encoder.fingerprint)
        return replace(self, index=index, reader=over(index, self.reader), repairer=Repairer(index, self.analyser))

    @property
    def reader_name(self) -> str:
        """The reader that answers, by its name among READERS, or one of another's by its class."""
        return reader_name(self.reader)

    def retriever(self, name: RetrieverName | None = None) -> IndexRetriever:
        """By default the pipeline's own. Raises EncoderMismatch where it would compare vectors of two encoders, UsageError."""
        name = name or self.default
        if name not in RETRIEVERS:
            raise UsageError(f"no retriever {name!r}; there are {', '.join(RETRIEVERS)}")
        if name != "lexical" and self.encoder.fingerprint != self.index.encoder_fingerprint:
            raise EncoderMismatch(
                f"the index was built by {self.index.encoder_name} ({self.index.encoder_fingerprint}), the encoder that asks is "
                f"{self.encoder.fingerprint}. Search by words (lexical), or embed the notes anew: rag index"
            )
        return IndexRetriever(self.index, self.encoder, self.analyser, name, self.mixture)

    def repaired(self, question: str, as_typed: bool = False) -> Repaired:
        """The question with slips mended by the words of the notes (`rag.repair`); `as_typed` leaves them."""
        question = _readable(question)
        return self.repairer(question) if self.repairer and not as_typed else Repaired(question)

    def carried(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it is searched: with the topic it carries on, unless it names one that no passage has together with that."""
        searched = carried(question, history, self.analyser)
        if searched == question or _points_back(question) or not self._apart(question, searched.removesuffix(question)):
            return searched
        return question

    def _apart(self, question: str, topic: str) -> bool:
        """Whether some passages hold all that the question names, and none of them is among the first for the topic."""
        named = _FRAME.sub("", question).strip()
        if _ASPECT.match(named):
            return False
        own = sorted(_nouns(named, self.analyser) | {term for term in self.analyser.terms(named) if term.startswith(BIGRAM)})
        held = min(zip(self.index.document_frequency(own), own, strict=True), default=(0, ""))
        if not held[0] or self._any_holds(own, dict.fromkeys(self.analyser.terms(topic), 1.0), _NEAR):
            return False
        return self._any_holds(own, {held[1]: 1.0}, held[0])

    def _any_holds(self, own: Sequence[str], terms: Mapping[str, float], k: int) -> bool:
        """Whether one of the first k passages for the terms holds each of its `own`."""
        rows, _ = self.index.lexical(terms, k)
        return any(all(scores) for scores in zip(*(self.index.score_lexical({term: 1.0}, rows) > 0 for term in own), strict=True))

    def search(
        self,
        question: str,
        k: int = 5,
        filter: Filter | None = None,
        retriever: RetrieverName | None = None,
        *,
        as_typed: bool = False,
    ) -> list[Hit]:
        """The k best passages for the question, mended or as typed."""
        with stage("search"):
            return self.retriever(retriever).retrieve(self.repaired(question, as_typed).text, k, filter)

    def glance(
        self, question: str, *, history: Sequence[Turn] = (), filter: Filter | None = None, k: int = 5, as_typed: bool = False
    ) -> Glance:
        """The k best passages by words for a question that may not be typed to its end, mended, completed and carried on."""
        question = _readable(question)
        meant = self.repairer.unfinished(question) if self.repairer and not as_typed else Repaired(question)
        searched = self.carried(meant.text, history)
        hits = self.retriever("lexical").retrieve(searched, k, filter)
        return Glance(question, tuple(hits), searched if searched != meant.text else "", meant.repairs)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filter: Filter | None = None,
        k: int = 5,
        retriever: RetrieverName | None = None,
        as_typed: bool = False,
    ) -> Answer:
        """The answer with its evidence, or an honest refusal with the closest passages. `as_typed` mends no slips."""
        with stage("mend"):
            question, meant = _readable(question), self.repaired(question, as_typed)
            earlier = [replace(turn, question=self.repaired(turn.question, as_typed).text) for turn in history]
            searched = self.carried(meant.text, earlier)
        if not any(char.isalpha() for char in searched):
            return Answer(question, "", (), 0.0, (), abstained=True, message=NO_QUESTION)
        hits = self.search(searched, k, filter, retriever, as_typed=True)
        if _SUMMARY.search(question):
            answer = Answer(question, "", (), 0.0, tuple(hits), abstained=True, message=NO_SUMMARY)
        else:
            with stage("read"):
                answer = with_holders(
                    self.reader.read(searched, hits), self.index, partial(self.retriever(retriever).scored, searched, filter=filter)
                )
        notices = (*repair_notices(meant), *answer.notices)
        return replace(answer, question=question, searched=searched, notices=notices, repairs=meant.repairs)


def repair_notices(meant: Repaired) -> tuple[str, ...]:
    """That other words than those typed were searched, where they were."""
    words = [repair.meant for repair in meant.repairs]
    return (REPAIRED.format(words=hangul.searched_for(words)),) if words else ()


def _recorded(place: Place, or_shipped: bool) -> Encoder:
    """The encoder that built an index, or the shipped one where that cannot be opened: reading needs one, whichever it is."""
    from index.recorded import open_recorded

    try:
        return open_recorded(place)
    except ModelError:
        if not or_shipped:
            raise
        return open_encoder()


def carried(question: str, history: Sequence[Turn], analyser: Analyser) -> str:
    """The question as it is searched: one that only carries on ("그럼 단점은?") takes the last one with a topic of its own along."""
    if not history or not question.strip() or not _carries_on(question, analyser):
        return question
    earlier = [turn.question for turn in history]
    topic = next((asked for asked in reversed(earlier) if not _carries_on(asked, analyser)), earlier[0])
    return f"{_readable(topic)} {question}"


def _carries_on(question: str, analyser: Analyser) -> bool:
    """Whether the question points back, or goes on without a topic of its own."""
    if _points_back(question):
        return True
    return len(_nouns(question, analyser)) < _TOPIC and _GOES_ON.match(question) is not None and not _SUM.match(question)


def _points_back(question: str) -> bool:
    return _POINTS_BACK.match(question) is not None and not _NAMES.match(question)


def _nouns(text: str, analyser: Analyser) -> set[str]:
    return {token.term for token in analyser.tokens(text) if token.tag in _NOUNS and not _NO_NOUNS.match(token.term)}


def _readable(question: str) -> str:
    """NFC, as notes are, and without lone surrogates, which neither tokenizer takes."""
    return unicodedata.normalize("NFC", question.encode("utf-8", "replace").decode("utf-8"))
